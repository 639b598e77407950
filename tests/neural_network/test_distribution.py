"""Training on several devices: two virtual ones, in a process of their own."""

import os
import subprocess
import sys

import keras
import pytest

BACKEND = keras.backend.backend()

ON_TENSORFLOW = """
import pickle
import keras
import tensorflow as tf
device = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(device, [tf.config.LogicalDeviceConfiguration()] * 2)
from skimgrec import KerasCNNClassifier, load_digits_images
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
print(alone.score(X, y), together.score(X, y))
again = pickle.loads(pickle.dumps(together))
assert (again.predict_proba(X) == together.predict_proba(X)).all()
assert abs(alone.history_["loss"][0] - together.history_["loss"][0]) < 0.2
assert min(alone.score(X, y), together.score(X, y)) > 0.85
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
together = KerasCNNClassifier(filters=(8, 16), epochs=3, batch_size=64, random_state=0).fit(X[:1792], y[:1792])
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
    run(ON_JAX, XLA_FLAGS="--xla_force_host_platform_device_count=2")
