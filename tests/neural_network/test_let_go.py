"""What a fit leaves behind in the process: neither pictures, nor trouble for the next one."""

import gc
import subprocess
import sys
import threading
import weakref

import numpy as np
import pytest

from skimgrec import KerasCNNClassifier, KerasMLPClassifier
from skimgrec.neural_network import load_keras
from skimgrec.neural_network._batches import TrainingBatches
from skimgrec.neural_network._pool import NetworkPool


@pytest.mark.parametrize("early_stopping", [False, True])
def test_the_pictures_of_a_fit_are_let_go_of(monkeypatch, early_stopping):
    seen = []

    class Watched(np.ndarray):
        pass

    original = TrainingBatches.__init__

    def watching(self, pictures, *args, **kwargs):
        pictures = np.array(pictures).view(Watched)
        seen.append(weakref.ref(pictures))
        original(self, pictures, *args, **kwargs)

    monkeypatch.setattr(TrainingBatches, "__init__", watching)
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 256, (60, 8, 8), dtype=np.uint8), np.arange(60) % 3
    KerasMLPClassifier(hidden_layer_sizes=(4,), epochs=2, early_stopping=early_stopping, random_state=0).fit(X, y)
    gc.collect()
    assert len(seen) == 1 + early_stopping
    assert all(reference() is None for reference in seen)


def test_somebody_elses_discarded_network_is_no_trouble():
    program = """
import gc
import numpy as np
from skimgrec.neural_network import load_keras, KerasMLPClassifier
keras = load_keras()
X, y = np.random.default_rng(0).integers(0, 256, (60, 8, 8), dtype=np.uint8), np.arange(60) % 3
bare = keras.Sequential([keras.Input((8, 8)), keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")])
bare.compile("adam", "sparse_categorical_crossentropy")
bare.fit(X / 255, y, verbose=0)
del bare
gc.collect()
for n_units in range(1, 12):
    KerasMLPClassifier(hidden_layer_sizes=(n_units,), epochs=1, random_state=0).fit(X, y)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_an_architecture_may_use_another_network_while_it_is_built():
    pool = NetworkPool(capacity=2)

    class Nothing:
        compilation = holder = None
        is_unspoilt = True

        def release(self):
            pass

    def build():
        with pool.lend("inner", Nothing):
            return Nothing()

    def borrow():
        with pool.lend("outer", build):
            pass

    thread = threading.Thread(target=borrow, daemon=True)
    thread.start()
    thread.join(timeout=20)
    assert not thread.is_alive()


def test_a_fit_after_a_fit_learns_what_it_is_given():
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 256, (60, 8, 8), dtype=np.uint8), np.arange(60) % 3
    net = KerasCNNClassifier(filters=(4, 8), epochs=1, random_state=0)
    first = net.fit(X, y).predict_proba(X)
    net.fit(X[::-1], y)
    assert (net.fit(X, y).predict_proba(X) == first).all()


def test_classes_of_one_name_are_not_taken_for_one_another():
    keras = load_keras()

    def reporting(value):
        class Constant(keras.metrics.Metric):
            def update_state(self, *args, **kwargs):
                pass

            def result(self):
                return keras.ops.convert_to_tensor(float(value))

        return Constant(name="constant")

    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 256, (30, 8, 8), dtype=np.uint8), np.arange(30) % 3
    for value in (1, 2):
        net = KerasMLPClassifier(hidden_layer_sizes=(3,), epochs=1, metrics=[reporting(value)], random_state=0).fit(
            X, y
        )
        assert net.history_["constant"] == [value]


@pytest.mark.parametrize("settings", [{}, {"architecture": "sequential", "batch_normalization": True}])
def test_a_network_with_an_activation_of_the_users_own_is_had_as_a_keras_model(settings):
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 256, (30, 8, 8), dtype=np.uint8), np.arange(30) % 3
    keras = load_keras()
    net = KerasCNNClassifier(
        filters=(4, 8), activation=lambda x: keras.ops.maximum(x, 0.1), epochs=1, random_state=0, **settings
    ).fit(X, y)
    assert not any(type(layer).__module__.startswith("skimgrec") for layer in net.model_.layers)
    assert net.model_.predict(X, verbose=0) == pytest.approx(net.predict_proba(X), abs=1e-5)
