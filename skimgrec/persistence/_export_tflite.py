"""Networks for TFLite and LiteRT, by TensorFlow's own converter."""

from __future__ import annotations

import io
import warnings
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.neural_network import load_keras
from skimgrec.neural_network._runtime import without_backend_chatter
from skimgrec.persistence._export_keras import check_is_network, without_advice
from skimgrec.persistence._export_source import Source
from skimgrec.persistence._onnx_network import plain_core
from skimgrec.utils import with_channel_axis


def tflite_bytes(source: Source) -> bytes:
    """Return the content of a TFLite file, from pictures to probabilities.

    Raises
    ------
    ValueError
        If the estimator is no network, or Keras does not run on TensorFlow.
    """
    check_is_network(source, ".tflite")
    net = source.estimator
    backend = load_keras(net.n_threads).backend.backend()
    if backend != "tensorflow":
        raise ValueError(f".tflite is written by TensorFlow, but Keras runs on {backend}. Use the ending .onnx.")
    import tensorflow as tf

    core = plain_core(net)
    numbers = {id(v): weights for v, weights in zip(core.weights, net._weights, strict=True)}

    def constants(variables: Any) -> list[Any]:
        # Variables of a network would have no values in the file. Those without weights are of random generators.
        return [tf.constant(numbers.get(id(v), np.zeros(v.shape)), v.dtype) for v in variables]

    trainable, others = constants(core.trainable_variables), constants(core.non_trainable_variables)
    height, width, channels = with_channel_axis(net.image_shape_)
    low, high = net.value_range_
    factor = 1.0 if high == low else 1.0 / (high - low)

    def probabilities(pictures: Any) -> Any:
        x = tf.reshape(tf.cast(pictures, tf.float32), (-1, height, width, channels))
        outputs, _ = core.stateless_call(trainable, others, (x - low) * factor, training=False)
        return {"probabilities": tf.concat([1.0 - outputs, outputs], axis=1) if net.n_outputs_ == 1 else outputs}

    spec = tf.TensorSpec((None, *source.shape), source.dtype, name="pictures")
    module = tf.Module()
    module.probabilities = tf.function(probabilities, autograph=False)
    traced = module.probabilities.get_concrete_function(spec)
    with without_backend_chatter(), without_advice():
        content = io.BytesIO(tf.lite.TFLiteConverter.from_concrete_functions([traced], module).convert())
    # As TFLite has it: a zip archive behind the model.
    content.seek(0, io.SEEK_END)
    with zipfile.ZipFile(content, "a") as archive:
        lines = [" ".join(str(name).splitlines()) for name in source.classes]
        archive.writestr(zipfile.ZipInfo("labels.txt"), "\n".join(lines) + "\n")
    return content.getvalue()


def run_tflite(content: bytes, pictures: NDArray[Any]) -> NDArray[Any]:
    """Return what TensorFlow's interpreter makes of pictures with the content of a TFLite file."""
    import tensorflow as tf

    with warnings.catch_warnings(), without_backend_chatter():
        # It announces that it will move to a package of its own.
        warnings.simplefilter("ignore")
        interpreter = tf.lite.Interpreter(model_content=content)
        taken = interpreter.get_input_details()[0]["index"]
        given = interpreter.get_output_details()[0]["index"]
        interpreter.resize_tensor_input(taken, pictures.shape)
        interpreter.allocate_tensors()
    interpreter.set_tensor(taken, pictures)
    interpreter.invoke()
    return np.array(interpreter.get_tensor(given))
