"""The fused layer of batch normalisation gives what Keras's own does."""

import subprocess
import sys

import keras
import numpy as np
import pytest

from skimgrec import KerasCNNClassifier
from skimgrec.neural_network import residual_cnn, sequential_cnn
from skimgrec.neural_network._batch_normalization import BatchNormalization

BACKEND = keras.backend.backend()
TENSORFLOW = BACKEND == "tensorflow"


def results(kind, inputs, dtype, momentum=0.9):
    """Return outputs in training, moving mean and variance after it, and outputs in prediction."""
    layer = kind(momentum=momentum, dtype=dtype)
    layer.build(inputs.shape)
    layer.gamma.assign(np.linspace(0.5, 2, inputs.shape[-1]))
    layer.beta.assign(np.linspace(-1, 1, inputs.shape[-1]))
    trained = [layer(inputs, training=True), layer(3 * inputs + 1, training=True)]
    state = [layer.moving_mean.value, layer.moving_variance.value]
    found = [keras.ops.cast(part, "float32") for part in (*trained, *state, layer(inputs))]
    # Keras's own conversion warns under NumPy 2.
    convert = {"tensorflow": lambda part: part.numpy(), "jax": np.asarray}.get(BACKEND, keras.ops.convert_to_numpy)
    return [convert(part) for part in found]


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 2e-6), ("mixed_bfloat16", 2e-2), ("float64", 1e-7)])
@pytest.mark.parametrize("shape", [(8, 5, 6, 4), (2, 1, 1, 3), (1, 1, 1, 3), (7, 4)])
def test_the_same_numbers_as_keras(rng, shape, dtype, tolerance):
    if dtype == "float64" and BACKEND == "jax":
        pytest.skip("JAX has no float64 unless it is told to")
    inputs = rng.normal(2, 3, shape).astype(np.float32)
    expected = results(keras.layers.BatchNormalization, inputs, dtype)
    for one, other in zip(results(BatchNormalization, inputs, dtype), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


@pytest.mark.skipif(not TENSORFLOW, reason="takes gradients with TensorFlow")
def test_the_same_gradients_as_keras(rng):
    import tensorflow as tf

    inputs = rng.normal(2, 3, (8, 5, 6, 4)).astype(np.float32)
    mix = rng.normal(size=inputs.shape).astype(np.float32)

    def gradients(kind):
        layer = kind(dtype="float32")
        layer.build(inputs.shape)
        variable = tf.Variable(inputs)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(variable, training=True) * mix)
        return tape.gradient(loss, [variable, layer.gamma.value, layer.beta.value])

    for one, other in zip(gradients(BatchNormalization), gradients(keras.layers.BatchNormalization), strict=True):
        np.testing.assert_allclose(one, other, atol=5e-5)


@pytest.mark.skipif(not TENSORFLOW, reason="looks for TensorFlow's operation")
def test_the_networks_use_the_fused_operation():
    import tensorflow as tf

    for network in (residual_cnn((16, 16, 3), 3), sequential_cnn((16, 16, 3), 3, batch_normalization=True)):
        step = tf.function(lambda pictures, network=network: network(pictures, training=True))
        graph = step.get_concrete_function(tf.TensorSpec((4, 16, 16, 3))).graph
        kinds = [operation.type for operation in graph.get_operations()]
        assert kinds.count("FusedBatchNormV3") == sum(kind == "Conv2D" for kind in kinds)


def test_frozen_it_changes_nothing(rng):
    inputs = rng.normal(2, 3, (8, 5, 6, 4)).astype(np.float32)
    layer = BatchNormalization(trainable=False)
    layer.build(inputs.shape)
    np.testing.assert_allclose(layer(inputs, training=True), inputs, rtol=1e-3)
    assert not np.any(layer.moving_mean.value)


@pytest.mark.filterwarnings("ignore:__array__ implementation")
def test_a_saved_network_is_loaded_without_this_package(tmp_path, digits):
    X, y = digits
    net = KerasCNNClassifier(filters=(4, 8), epochs=1, random_state=0).fit(X, y)
    net.model_.save(tmp_path / "net.keras")
    program = """
import sys, keras, numpy as np
model = keras.models.load_model(sys.argv[1])
assert not any(name.startswith("skimgrec") for name in sys.modules)
assert model.loss.reduction == "mean_with_sample_weight"
np.save(sys.argv[2], model.predict(np.load(sys.argv[3]), verbose=0))
"""
    np.save(tmp_path / "pictures.npy", X[..., None])
    paths = [str(tmp_path / name) for name in ("net.keras", "found.npy", "pictures.npy")]
    subprocess.run([sys.executable, "-c", program, *paths], check=True)
    np.testing.assert_allclose(np.load(paths[1]), net.predict_proba(X), atol=1e-5)


@pytest.mark.parametrize("architecture", ["residual", "sequential"])
def test_the_model_has_kerass_own_layers_whatever_the_activation(digits, architecture):
    X, y = digits
    settings = {"architecture": architecture, "filters": (4,), "batch_normalization": True, "epochs": 1}
    if architecture == "residual":
        del settings["batch_normalization"]
    model = KerasCNNClassifier(activation=lambda x: keras.ops.relu(x), **settings).fit(X, y).model_
    assert keras.layers.BatchNormalization in map(type, model._flatten_layers())
    assert BatchNormalization not in map(type, model._flatten_layers())


def test_it_comes_back_from_its_configuration(rng):
    layer = BatchNormalization(momentum=0.8, epsilon=0.01)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert type(again) is BatchNormalization
    assert (again.momentum, again.epsilon) == (0.8, 0.01)
