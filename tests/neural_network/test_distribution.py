"""Training on several devices: two virtual ones, in a process of their own."""

import os
import subprocess
import sys

import keras
import pytest

BACKEND = keras.backend.backend()

ON_TENSORFLOW = """
import contextlib
import pickle
import keras
import numpy as np
import tensorflow as tf
device = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(device, [tf.config.LogicalDeviceConfiguration()] * 2)
from skimgrec import KerasCNNClassifier, KerasMLPClassifier, load_digits_images
digits = load_digits_images()
X, y = digits.images, digits.target
seen = []
class Replicas(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        seen.append(self.model.distribute_strategy.num_replicas_in_sync)
settings = {"filters": (8, 16), "epochs": 3, "random_state": 0, "callbacks": Replicas}
# One that the process keeps for the next fit, made for one device.
alone = KerasCNNClassifier(**settings).fit(X, y)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
with strategy.scope():
    together = KerasCNNClassifier(**settings).fit(X, y)
    assert together.partial_fit(X[:200], y[:200]).n_iter_ == 4
assert seen == [1, 2, 2], seen
for architecture in ("residual", "sequential"):
    for n, batch_size in ((33, 32), (7, 32), (35, 6)):
        with strategy.scope():
            KerasCNNClassifier(architecture=architecture, epochs=1, batch_size=batch_size).fit(X[:n], y[:n])
with strategy.scope():
    try:
        KerasCNNClassifier(epochs=1, batch_size=33).fit(X, y)
    except ValueError as error:
        assert "batch_size=33 cannot be divided among 2 devices" in str(error), error
    else:
        raise AssertionError
# Steps are those of one device, whatever the rows weigh and however many they are.
plain = dict(hidden_layer_sizes=(), optimizer="sgd", learning_rate=0.1, epochs=2, random_state=0)
for n, weight in ((32, 1), (32, 10), (35, 10), (33, 10)):
    weights = np.where(np.arange(n) % 4 == 0, weight, 1.0)
    one = KerasMLPClassifier(**plain).fit(X[:n], y[:n], sample_weight=weights)
    with strategy.scope():
        two = KerasMLPClassifier(**plain).fit(X[:n], y[:n], sample_weight=weights)
    for a, b in zip(one.weights_, two.weights_):
        np.testing.assert_allclose(a, b, atol=1e-5)
print(alone.score(X, y), together.score(X, y))
again = pickle.loads(pickle.dumps(together))
assert (again.predict_proba(X) == together.predict_proba(X)).all()
# So are the results of validation.
for n in (129, 300):
    judged = []
    weights = np.where(np.arange(2 * n) % 17 == 0, 300.0, 1.0) * np.where(np.arange(2 * n) < n, 1.0, 1e-3)
    for scope in (contextlib.nullcontext(), strategy.scope()):
        with scope:
            net = KerasMLPClassifier(**plain, early_stopping=True, validation_fraction=0.5)
            judged.append(net.fit(X[: 2 * n], y[: 2 * n], sample_weight=weights).history_)
    np.testing.assert_allclose(judged[0]["val_accuracy"], judged[1]["val_accuracy"], rtol=1e-4)
assert abs(alone.history_["loss"][0] - together.history_["loss"][0]) < 0.2
assert min(alone.score(X, y), together.score(X, y)) > 0.85
# Discarded networks leave nothing in TensorFlow's registry of gradients.
from tensorflow.python.framework import ops
from skimgrec.neural_network._pool import networks
networks.clear()
assert not [name for name in ops._gradient_registry.list() if name.startswith("CustomGradient")]
"""

ON_JAX = """
import jax
import keras
assert len(jax.devices()) == 2
from skimgrec import KerasCNNClassifier, load_digits_images
digits = load_digits_images()
X, y = digits.images, digits.target
alone = KerasCNNClassifier(filters=(8, 16), epochs=3, batch_size=64, random_state=0).fit(X, y)
keras.distribution.set_distribution(keras.distribution.DataParallel(devices=keras.distribution.list_devices()))
together = KerasCNNClassifier(filters=(8, 16), epochs=3, batch_size=64, random_state=0).fit(X, y)
kernel = together.model_.trainable_variables[0].value
assert len(kernel.sharding.device_set) == 2
print(alone.score(X, y), together.score(X, y))
assert min(alone.score(X, y), together.score(X, y)) > 0.85
"""


def run(program, **environment):
    done = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.skipif(BACKEND != "tensorflow", reason="tf.distribute is TensorFlow's")
def test_under_a_strategy_of_tensorflows():
    run(ON_TENSORFLOW)


@pytest.mark.skipif(BACKEND != "jax", reason="Keras distributes on JAX")
def test_under_a_distribution_of_kerass():
    run(ON_JAX, XLA_FLAGS="--xla_force_host_platform_device_count=2", JAX_PLATFORMS="cpu")
