"""The one thing that Keras leaves to its backend and explanations need: a gradient with respect to values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.neural_network._runtime import load_keras

if TYPE_CHECKING:
    import keras


def gradient(model: keras.Model, values: NDArray[np.float32], output: int) -> NDArray[np.float32]:
    """Return the gradient of one output of a model with respect to its inputs.

    Parameters
    ----------
    model : keras.Model
        With one input, and outputs of shape (n, n_outputs).
    values : ndarray of float32, of shape (1, ...)
        The inputs for which it is taken.
    output : int
        Which output.

    Returns
    -------
    gradient : ndarray of float32, of the shape of `values`
        How the output changes with each of them.

    Raises
    ------
    NotImplementedError
        If Keras runs on a backend without gradients.
    """
    backend = load_keras().backend.backend()
    if backend not in _OF_BACKENDS:
        raise NotImplementedError(
            f"Keras runs on {backend!r}, whose gradients are not supported. Set KERAS_BACKEND to one of "
            f"{', '.join(map(repr, _OF_BACKENDS))} before Python starts."
        )
    return _OF_BACKENDS[backend](model, values, output)


def as_numpy(tensor: Any) -> NDArray[np.float32]:
    """Return a tensor of any backend, float32 or narrower, as an array of float32."""
    if hasattr(tensor, "detach"):
        return tensor.detach().cpu().float().numpy()
    # Keras's own conversion of TensorFlow's tensors warns under NumPy 2.
    return np.asarray(tensor.numpy() if hasattr(tensor, "numpy") else tensor).astype(np.float32)


def _on_tensorflow(model: keras.Model, values: NDArray[np.float32], output: int) -> NDArray[np.float32]:
    import tensorflow as tf

    inputs = tf.constant(values)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(inputs)
        score = model(inputs, training=False)[0, output]
    return as_numpy(tape.gradient(score, inputs, unconnected_gradients=tf.UnconnectedGradients.ZERO))


def _on_jax(model: keras.Model, values: NDArray[np.float32], output: int) -> NDArray[np.float32]:
    import jax

    trainable, others = ([v.value for v in some] for some in (model.trainable_variables, model.non_trainable_variables))

    def score(inputs: Any) -> Any:
        outputs, _ = model.stateless_call(trainable, others, inputs, training=False)
        return outputs[0, output].astype("float32")

    return as_numpy(jax.grad(score)(jax.numpy.asarray(values)))


def _on_torch(model: keras.Model, values: NDArray[np.float32], output: int) -> NDArray[np.float32]:
    import torch

    with torch.enable_grad():
        inputs = load_keras().ops.convert_to_tensor(values).detach().requires_grad_(True)
        score = model(inputs, training=False)[0, output]
        (found,) = torch.autograd.grad(score, inputs)
    return as_numpy(found)


_OF_BACKENDS = {"tensorflow": _on_tensorflow, "jax": _on_jax, "torch": _on_torch}
