"""A fitted network is numbers: they are reproducible, travel, and never mix with another's."""

import copy
import gc
import json
import pickle
import random
import subprocess
import sys
import threading
import weakref

import joblib
import keras
import numpy as np
import pytest
import skops.io
from sklearn.exceptions import NotFittedError

from skimgrec import KerasCNNClassifier
from skimgrec.neural_network import _pool
from skimgrec.neural_network._release import forget_gradients

PROCESS = """
import sys, numpy as np, json
from sklearn.datasets import load_digits
from skimgrec import KerasCNNClassifier
bunch = load_digits()
X, y = (bunch.images[:300] * 15.9375).astype(np.uint8), bunch.target[:300]
net = KerasCNNClassifier(**json.loads(sys.argv[1])).fit(X, y)
np.savez(sys.argv[2], *net.weights_, probabilities=net.predict_proba(X))
"""
PARAMETERS = {
    "architecture": "sequential",
    "filters": [4],
    "dense_units": [16],
    "epochs": 2,
    "learning_rate": 0.01,
    "random_state": 0,
    "dropout": 0.3,
    "batch_normalization": True,
}


def test_fit_is_bit_identical_to_one_in_a_fresh_process(digits, tmp_path):
    X, y = digits
    net = KerasCNNClassifier(**PARAMETERS)
    net.fit(X[:40], y[:40])
    net.fit(X, y)
    arguments = [json.dumps(PARAMETERS), str(tmp_path / "net.npz")]
    subprocess.run([sys.executable, "-c", PROCESS, *arguments], check=True)
    with np.load(tmp_path / "net.npz") as other:
        for i, weights in enumerate(net.weights_):
            np.testing.assert_array_equal(weights, other[f"arr_{i}"])
        np.testing.assert_array_equal(net.predict_proba(X), other["probabilities"])


def test_seed_decides_the_network(network, digits, same_weights):
    X, y = digits
    first, again, other = (network(random_state=seed, dropout=0.3).fit(X, y) for seed in (0, 0, 1))
    assert same_weights(first, again)
    assert not same_weights(first, other)


def test_global_generators_are_left_as_found(network, digits):
    before = random.getstate(), np.random.get_state()[1].copy()  # noqa: NPY002
    network(dropout=0.3).fit(*digits).predict(digits[0])
    assert random.getstate() == before[0]
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002


def test_second_fit_takes_the_network_of_the_first(network, digits, monkeypatch):
    X, y = digits
    network(epochs=1).fit(X, y)
    monkeypatch.setattr(_pool.Network, "__init__", lambda self, model: pytest.fail("a network was built again"))
    for parameters in ({"learning_rate": 0.5}, {"batch_size": 7}, {"epochs": 2}, {"random_state": 5}):
        network(**parameters).fit(X[:200], y[:200].astype(str)).predict(X)


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop", "nadam", "ftrl"])
def test_reused_network_shows_no_trace_of_its_last_user(network, digits, same_weights, optimizer):
    X, y = digits
    parameters = {"dropout": 0.3, "batch_normalization": True, "optimizer": optimizer}
    alone = network(**parameters).fit(X, y)
    network(random_state=3, **{**parameters, "learning_rate": 0.3}).fit(X[::-1], y)
    assert same_weights(alone, network(**parameters).fit(X, y))


def test_interleaved_partial_fits_do_not_meet(network, digits, same_weights):
    X, y = digits
    parameters = [{"random_state": seed, "dropout": 0.3, "batch_normalization": True} for seed in (0, 1)]
    alone = []
    for settings in parameters:
        net = network(**settings)
        for _ in range(3):
            net.partial_fit(X, y, classes=range(10))
        alone.append(net)
    mixed = [network(**settings) for settings in parameters]
    for _ in range(3):
        for net in mixed:
            net.partial_fit(X, y, classes=range(10))
            net.predict(X[:2])
    assert all(map(same_weights, alone, mixed))


def test_two_threads_never_see_each_others_weights(network, digits):
    X, y = digits
    nets = [network(random_state=seed).fit(X, y) for seed in (0, 1)]
    expected = [net.predict_proba(X[:40]) for net in nets]
    wrong = []

    def ask(i):
        for _ in range(150):
            if not np.array_equal(nets[i].predict_proba(X[:40]), expected[i]):
                wrong.append(i)

    threads = [threading.Thread(target=ask, args=(i % 2,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_fits_in_two_threads_equal_fits_alone(network, digits, same_weights):
    X, y = digits
    alone = [network(random_state=seed, dropout=0.3).fit(X, y) for seed in range(4)]
    together = [network(random_state=seed, dropout=0.3) for seed in range(4)]
    joblib.Parallel(2, backend="threading")(joblib.delayed(net.fit)(X, y) for net in together)
    assert all(map(same_weights, alone, together))


TRAVELS = {
    "pickle": lambda net: pickle.loads(pickle.dumps(net)),
    "deepcopy": copy.deepcopy,
    "joblib": lambda net, path: (joblib.dump(net, path), joblib.load(path))[1],
    "skops": lambda net: skops.io.loads(skops.io.dumps(net), trusted=[f"{type(net).__module__}.{type(net).__name__}"]),
}


@pytest.fixture(params=TRAVELS, name="travel")
def travel_fixture(request, tmp_path):
    travel = TRAVELS[request.param]
    return (lambda net: travel(net, tmp_path / "net.joblib")) if request.param == "joblib" else travel


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop"])
def test_two_epochs_a_journey_and_two_epochs_equal_four(network, digits, same_weights, travel, optimizer):
    X, y = digits
    parameters = {"dropout": 0.3, "batch_normalization": True, "optimizer": optimizer}
    four = network(epochs=4, **parameters).fit(X, y)
    two = network(epochs=2, warm_start=True, **parameters).fit(X, y)
    arrived = travel(two)
    np.testing.assert_array_equal(arrived.predict_proba(X), two.predict_proba(X))
    arrived.fit(X, y)
    assert same_weights(four, arrived)
    assert arrived.history_ == four.history_
    by_parts = travel(network(epochs=2, **parameters).fit(X, y)).partial_fit(X, y).partial_fit(X, y)
    assert same_weights(four, by_parts)


def test_state_is_plain_numbers(network, digits):
    net = network().fit(*digits)
    plain = (np.ndarray, int, float, str, tuple, list, dict, type(None), np.generic)
    assert all(isinstance(value, plain) for value in vars(net).values())
    # Two moments of Adam beside each weight, and little else.
    assert len(pickle.dumps(net)) < 3.2 * sum(w.nbytes for w in net.weights_) + 8_000


def test_weights_cannot_change_unnoticed(network, digits):
    X = digits[0][:3]
    net = network().fit(*digits)
    for fitted in (net, pickle.loads(pickle.dumps(net)), copy.deepcopy(net)):
        with pytest.raises(ValueError, match="read-only"):
            fitted.weights_[0][:] = 0
    expected = net.predict_proba(X)
    net.weights_[0] = np.zeros_like(net.weights_[0])
    np.testing.assert_array_equal(net.predict_proba(X), expected)
    net.weights_ = given = [np.zeros_like(w) for w in net.weights_]
    given[0][:] = 1
    np.testing.assert_allclose(net.predict_proba(X), 0.1)


def letters(y):
    return np.array(list("abcdefghij"))[y]


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_failed_fit_leaves_the_last_one_in_force(network, digits, monkeypatch, error):
    X, y = digits
    net = network(epochs=8).fit(X, y)
    score = net.score(X, y)

    def fail(*args, **kwargs):
        raise error

    for breaking in (
        lambda: net.fit(X, letters(y)),
        lambda: net.fit(X[:, :4, :4], y),
        lambda: net.partial_fit(X, y),
    ):
        with monkeypatch.context() as patched:
            patched.setattr("skimgrec.neural_network._scikeras.NetworkTrainer.fit", fail)
            with pytest.raises(error):
                breaking()
        assert net.score(X, y) == score
        assert net.n_iter_ == 8
    with pytest.raises(ValueError, match="only one class"):
        net.fit(X[:, :4, :4], np.zeros(len(X)))
    assert net.score(X, y) == score


def test_failed_first_fit_leaves_nothing(network, digits):
    net = network(optimizer="nope")
    with pytest.raises(ValueError, match="nope"):
        net.fit(*digits)
    with pytest.raises(NotFittedError):
        net.predict(digits[0])


def test_weights_stay_under_the_dtype_policy_of_their_fit(cnn, digits):
    X, y = digits
    plain = cnn(dropout=0.2, batch_normalization=True).fit(X, y)
    expected = plain.predict_proba(X)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        np.testing.assert_array_equal(plain.predict_proba(X), expected)
        mixed = cnn(dropout=0.2, batch_normalization=True, epochs=12).fit(X, y)
        expected = mixed.predict_proba(X)
    finally:
        keras.config.set_dtype_policy(before)
    assert mixed.score(X, y) > 0.3
    np.testing.assert_array_equal(mixed.predict_proba(X), expected)


@pytest.mark.parametrize(
    "parameters",
    [
        {"optimizer": keras.optimizers.SGD(0.05, momentum=0.9), "learning_rate": None},
        {"loss": keras.losses.CategoricalCrossentropy(label_smoothing=0.1)},
        {"metrics": [keras.metrics.SparseCategoricalAccuracy()]},
    ],
    ids=lambda parameters: next(iter(parameters)),
)
def test_keras_objects_among_the_parameters_travel(network, digits, same_weights, travel, parameters):
    X, y = digits
    net = network(**parameters).fit(X, y)
    arrived = travel(net)
    np.testing.assert_array_equal(arrived.predict_proba(X), net.predict_proba(X))
    assert same_weights(arrived.fit(X, y), net)
    assert type(next(iter(parameters.values()))) is type(arrived.get_params()[next(iter(parameters))])


def test_networks_survive_a_cleared_keras_session(network, digits, same_weights):
    X, y = digits
    net = network().fit(X, y)
    expected = net.predict_proba(X)
    keras.utils.clear_session()
    np.testing.assert_array_equal(net.predict_proba(X), expected)
    assert same_weights(net, network().fit(X, y))


class Interrupt(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        raise KeyboardInterrupt


def test_interrupted_fit_leaves_the_pool_sound(network, digits, same_weights):
    X, y = digits
    expected = network().fit(X, y)
    with pytest.raises(KeyboardInterrupt):
        network(callbacks=[Interrupt()]).fit(X, y)
    assert same_weights(expected, network().fit(X, y))


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow's registry")
def test_discarded_networks_leave_nothing_in_tensorflows_registry(cnn, digits, monkeypatch):
    from tensorflow.python.framework import ops

    X, y = digits
    monkeypatch.setattr(_pool.networks, "_capacity", 1)
    sizes = []
    for filters in range(11, 15):
        cnn(filters=filters, epochs=1).fit(X, y)
        sizes.append(len([name for name in ops._gradient_registry.list() if name.startswith("CustomGradient")]))
    assert sizes[1:] == sizes[:1] * 3


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow's registry")
def test_networks_trained_elsewhere_and_gone_do_not_fail_a_fit(digits):
    X, _ = digits
    model = keras.Sequential([keras.Input((8, 8)), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])
    model.compile("adam", "mse")
    model.fit(X[:8] / 255, np.eye(10)[:8], verbose=0)
    del model
    gc.collect()
    forget_gradients([keras.Variable(0.0)])


class _Fake:
    compilation = holder = None
    is_unspoilt = True

    def release(self):
        pass


def test_release_that_fails_does_not_fail_the_borrower():
    class Failing(_Fake):
        def release(self):
            raise AssertionError

    pool = _pool.NetworkPool(capacity=2)
    with pool.lend("key", Failing):
        pass
    pool.clear()


def test_a_network_can_be_lent_while_another_is_built():
    pool = _pool.NetworkPool(capacity=2)

    def build():
        with pool.lend("inner", _Fake):
            return _Fake()

    def lend():
        with pool.lend("outer", build):
            pass

    thread = threading.Thread(target=lend, daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()


def test_a_fit_keeps_no_training_pictures(network, digits, monkeypatch):
    from skimgrec.neural_network._batches import TrainingBatches

    made = []
    original = TrainingBatches.__init__

    def noted(self, *args, **kwargs):
        original(self, *args, **kwargs)
        made.append(weakref.ref(self))

    monkeypatch.setattr(TrainingBatches, "__init__", noted)
    network(early_stopping=True).fit(*digits)
    gc.collect()
    assert [batches() for batches in made] == [None, None]


def test_pool_forgets_what_was_unused_for_longest():
    pool = _pool.NetworkPool(capacity=2)

    class Fake(_Fake):
        def release(self):
            released.append(self)

    built, released = [], []

    def build():
        built.append(Fake())
        return built[-1]

    for key in "abcba":
        with pool.lend(key, build):
            pass
    assert len(built) == 4
    assert released == [built[0], built[2]]
    with pool.lend("a", build) as first, pool.lend("a", build) as second:
        assert first is not second


# Keras saves the optimizer without variables, as there are none before a fit, and says so as it loads.
@pytest.mark.filterwarnings("ignore:__array__ implementation", "ignore:Skipping variable loading")
@pytest.mark.parametrize("loss", [None, "mean_squared_error", "categorical_crossentropy", "binary_crossentropy"])
def test_keras_loads_the_model_that_it_saved_with_its_loss(two_digits, tmp_path, loss):
    X, y = two_digits
    net = KerasCNNClassifier(filters=(4,), epochs=1, random_state=0, loss=loss).fit(X, y)
    saved = net.model_
    saved.save(tmp_path / "net.keras")
    loaded = keras.models.load_model(tmp_path / "net.keras")
    target = y if saved.output_shape[1] == 1 or loss is None else np.eye(2)[y]
    given = {"sample_weight": np.linspace(0.5, 2, len(X)), "verbose": 0}
    expected = saved.evaluate(X[..., None], target, **given)
    np.testing.assert_allclose(loaded.evaluate(X[..., None], target, **given), expected, rtol=1e-5)


def test_the_summary_counts_the_networks_weights_alone(two_digits, capsys):
    net = KerasCNNClassifier(filters=(4,), epochs=1, random_state=0).fit(*two_digits)
    net.summary()
    assert "ptimizer params" not in capsys.readouterr().out
