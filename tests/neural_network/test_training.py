"""Schedules, smoothing, decay, validation, callbacks and interrupts."""

import copy
import os
import signal

import keras
import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skimgrec import ImageFlattener, KerasMLPClassifier, compare
from skimgrec.neural_network._schedule import rate_factor


class Rates(keras.callbacks.Callback):
    """Note the learning rate of each step in a list that all copies share."""

    def __init__(self, seen):
        super().__init__()
        self.seen = seen

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append(float(self.model.optimizer.learning_rate))


def rates_of(net, X, y, fit="fit"):
    seen = []
    getattr(net.set_params(callbacks=lambda: Rates(seen)), fit)(X, y)
    return seen


@pytest.mark.parametrize("schedule", ["cosine", "one_cycle"])
def test_rate_follows_the_schedule_in_every_step(network, digits, schedule):
    X, y = digits
    net = network(learning_rate_schedule=schedule, learning_rate=0.02, epochs=3)
    n_steps = 3 * -(-len(X) // 32)
    expected = [0.02 * rate_factor(schedule, step / n_steps) for step in range(n_steps)]
    np.testing.assert_allclose(rates_of(net, X, y), expected, rtol=1e-5)


@pytest.mark.parametrize("schedule", ["cosine", "one_cycle"])
def test_schedule_goes_on_exactly_in_partial_fit_and_begins_anew_in_a_warm_start(
    network, digits, same_weights, schedule
):
    X, y = digits
    parameters = {"learning_rate_schedule": schedule, "dropout": 0.2, "epochs": 4}
    whole = network(**parameters).fit(X, y)
    parts = network(**parameters)
    for _ in range(4):
        parts = copy.deepcopy(parts).partial_fit(X, y, classes=range(10))
    assert same_weights(whole, parts)
    assert whole.history_ == parts.history_
    last = rates_of(whole, X, y, "partial_fit")
    np.testing.assert_allclose(last, 0.01 * rate_factor(schedule, 1.0), rtol=1e-5)
    again = rates_of(whole.set_params(warm_start=True), X, y)
    assert again[0] == pytest.approx(0.01 * rate_factor(schedule, 0.0))
    assert max(again) == pytest.approx(0.01, rel=0.05)


def test_schedule_and_an_optimizer_with_one_of_its_own_are_refused(network, digits):
    optimizer = keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 9))
    net = network(optimizer=optimizer, learning_rate=None, learning_rate_schedule="cosine")
    with pytest.raises(ValueError, match="a learning_rate_schedule and an optimizer whose rate is a schedule"):
        net.fit(*digits)


def test_one_cycle_peaks_at_ten_times_the_rate_of_an_optimizer_by_name(network, digits):
    settings = {"learning_rate": None, "learning_rate_schedule": "one_cycle", "epochs": 4}
    for optimizer, peak in (("adam", 0.01), ("sgd", 0.1), (keras.optimizers.Adam(0.002), 0.002)):
        assert max(rates_of(network(**settings, optimizer=optimizer), *digits)) == pytest.approx(peak, rel=0.02)
    for schedule in ("cosine", "constant"):
        settings["learning_rate_schedule"] = schedule
        assert max(rates_of(network(**settings), *digits)) == pytest.approx(0.001)


@pytest.mark.parametrize(
    ("n", "n_steps"), [(300, 10), (6399, 200), (6400, 100), (12799, 200), (12800, 100), (20000, 157)]
)
def test_automatic_batch_size_leaves_a_hundred_steps(n, n_steps):
    X, y = np.zeros((n, 2, 2), np.uint8), np.arange(n) % 2
    net = KerasMLPClassifier(hidden_layer_sizes=(), epochs=1)
    assert net.batch_size == "auto"
    assert len(rates_of(net, X, y)) == n_steps


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="about TensorFlow's input")
def test_tensorflow_is_not_left_to_tune_the_input(network, digits, monkeypatch):
    from skimgrec.neural_network import _scikeras

    X, y = digits
    given = []

    def train(model, batches, **options):
        given.extend([batches, options["validation"]])
        assert options["steps_per_epoch"] == 9
        return original(model, batches, **options)

    original = _scikeras.train
    monkeypatch.setattr(_scikeras, "train", train)
    network(early_stopping=True).fit(X, y)
    for data in given:
        # A thread that tunes it would keep `fit` waiting at its end.
        assert data.options().autotune.enabled is False
    assert int(given[1].cardinality()) == 1


@pytest.mark.parametrize(
    "callback", [keras.callbacks.ReduceLROnPlateau("loss"), keras.callbacks.LearningRateScheduler(lambda epoch: 0.1)]
)
@pytest.mark.filterwarnings("ignore:__array__ implementation")
def test_callback_that_sets_the_rate_beside_a_schedule_is_refused(network, digits, callback):
    net = network(callbacks=callback, learning_rate_schedule="one_cycle")
    with pytest.raises(ValueError, match=f"{type(callback).__name__} would have no effect.*'constant'"):
        net.fit(*digits)
    net.set_params(learning_rate_schedule="constant").fit(*digits)


def test_what_would_begin_with_another_epoch_is_refused(network, digits, tmp_path):
    net = network(callbacks=keras.callbacks.BackupAndRestore(tmp_path / "backup"))
    with pytest.raises(ValueError, match=r"BackupAndRestore begins with the epoch .* partial_fit, or warm_start=True"):
        net.fit(*digits)


def test_schedule_leaves_no_trace_in_the_next_fit(network, digits, same_weights):
    X, y = digits
    expected = network(learning_rate=None).fit(X, y)
    network(learning_rate_schedule="one_cycle").fit(X, y)
    assert same_weights(expected, network(learning_rate=None).fit(X, y))


def test_smoothed_labels_give_the_loss_of_keras(network, digits, two_digits):
    X, y = digits
    own = network(label_smoothing=0.2).fit(X, y)
    theirs = network(loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.2)).fit(X, y)
    np.testing.assert_allclose(own.loss_curve_, theirs.loss_curve_, rtol=1e-4)
    assert own.loss_ > network().fit(X, y).loss_
    by_name = network(loss="categorical_crossentropy", label_smoothing=0.2).fit(X, y)
    np.testing.assert_allclose(by_name.predict_proba(X), theirs.predict_proba(X), atol=1e-5)
    X, y = two_digits
    smooth = network(loss="binary_crossentropy", label_smoothing=0.4, epochs=30).fit(X, y)
    assert smooth.predict_proba(X).max() < 0.95
    assert smooth.history_["accuracy"][-1] > 0.9
    with pytest.raises(ValueError, match=r"label_smoothing=0\.1 goes with a cross-entropy that is given by name"):
        network(loss="mean_squared_error", label_smoothing=0.1).fit(X, y)


def test_weight_decay_shrinks_matrices_and_spares_vectors(network, digits):
    X, y = digits
    for optimizer in ("sgd", "adam"):
        parameters = {"optimizer": optimizer, "batch_normalization": True, "epochs": 1, "batch_size": 1024}
        plain, decayed = network(**parameters).fit(X, y), network(**parameters, weight_decay=10.0).fit(X, y)
        start = network(**parameters, learning_rate=1e-30).fit(X, y) if optimizer == "sgd" else None
        for w, (a, b) in enumerate(zip(plain.weights_, decayed.weights_, strict=True)):
            if a.ndim < 2:
                np.testing.assert_allclose(a, b, atol=1e-6)
            elif start is not None:
                np.testing.assert_allclose(a - b, 10.0 * 0.01 * start.weights_[w], atol=1e-5)
            else:
                assert np.abs(a).sum() > np.abs(b).sum()


def test_validation_part_is_stratified_and_never_trained_on(network, digits, monkeypatch):
    from skimgrec.neural_network import _training

    X, y = digits
    order = np.argsort(y, kind="stable")
    X, y = X[order], y[order]
    seen = []
    split = _training.rows_set_aside
    monkeypatch.setattr(_training, "rows_set_aside", lambda *a: (seen.append(split(*a)), seen[-1])[1])
    net = network(early_stopping=True, validation_fraction=0.2, epochs=3).fit(X, y)
    aside = seen[0]
    assert len(aside) == 60
    np.testing.assert_allclose(np.bincount(y[aside]), 6, atol=1)
    spoiled = X.copy()
    spoiled[aside] = 0
    np.testing.assert_array_equal(
        network(early_stopping=True, validation_fraction=0.2, epochs=3, n_iter_no_change=9).fit(spoiled, y).loss_curve_,
        net.loss_curve_,
    )


def test_training_stops_and_the_best_epoch_is_kept(network, digits):
    X, y = digits
    net = network(early_stopping=True, epochs=200, n_iter_no_change=3, learning_rate=0.02, validation_fraction=0.3)
    net.fit(X, y)
    scores = net.validation_scores_
    assert len(scores) == net.n_iter_ == len(net.loss_curve_) < 200
    assert max(scores[:-3]) == net.best_validation_score_ == max(scores)
    assert net.best_loss_ == min(net.loss_curve_)
    assert net.loss_ == net.loss_curve_[-1]


def test_best_epoch_is_that_of_a_fit_of_as_many_epochs(network, digits, same_weights):
    X, y = digits
    parameters = {"early_stopping": True, "learning_rate": 0.1, "optimizer": "adam", "n_iter_no_change": 8}
    # Where the best epoch lies differs between backends: the first seed with one that is neither first nor last.
    for seed in range(3, 13):
        net = network(**parameters, random_state=seed, epochs=8).fit(X, y)
        ranks = list(zip(net.validation_scores_, [-loss for loss in net.history_["val_loss"]], strict=True))
        best = ranks.index(max(ranks)) + 1
        if 1 < best < 8:
            break
    else:
        pytest.fail("every seed has its best epoch at an end")
    shorter = network(**parameters, random_state=seed, epochs=best).fit(X, y)
    assert same_weights(net, shorter)


def test_given_validation_pictures_are_judged_by(network, digits):
    X, y = digits
    net = network(epochs=4, metrics=[]).fit(X[:200], y[:200].astype(str), X_val=X[200:], y_val=y[200:].astype(str))
    assert len(net.history_["val_loss"]) == 4
    assert net.validation_scores_ == [-loss for loss in net.history_["val_loss"]]
    for dtype in (np.uint8, np.float64):
        net = network(epochs=4).fit(X[:200], y[:200], X_val=X[200:].astype(dtype), y_val=y[200:])
        assert net.validation_scores_[-1] == pytest.approx(net.score(X[200:], y[200:]))
    assert network().fit(X, y).validation_scores_ is None


@pytest.mark.parametrize(
    ("X_val", "y_val", "words"),
    [
        (lambda X: X / 255, lambda y: y, "X_val and y_val do not go with X and y: .* fitted on values from 0 to 255"),
        (lambda X: X[:, :4], lambda y: y, "X_val and y_val do not go with"),
        (lambda X: X, lambda y: y + 5, r"was not told of: \[10"),
        (lambda X: X, lambda y: y[:-1], "inconsistent numbers of samples"),
        (lambda X: X, lambda y: None, "X_val is given without y_val"),
        (lambda X: None, lambda y: y, "y_val is given without X_val"),
    ],
)
def test_validation_pictures_that_do_not_fit_are_refused(network, digits, X_val, y_val, words):
    X, y = digits
    with pytest.raises(ValueError, match=words):
        network().fit(X, y, X_val=X_val(X), y_val=y_val(y))


def test_validation_pictures_pass_through_a_pipeline(network, digits):
    X, y = digits
    with sklearn.config_context(enable_metadata_routing=True):
        net = network(epochs=3).set_fit_request(X_val=True, y_val=True, sample_weight=True)
        pipe = make_pipeline(ImageFlattener(scale=True), net, transform_input=["X_val"])
        pipe.fit(X[:200], y[:200], X_val=X[200:], y_val=y[200:])
        assert pipe[-1].validation_scores_[-1] == pytest.approx(pipe.score(X[200:], y[200:]))
        untransformed = make_pipeline(ImageFlattener(scale=True), clone(net))
        with pytest.raises(ValueError, match="X_val and y_val do not go with X and y"):
            untransformed.fit(X[:200], y[:200], X_val=X[200:], y_val=y[200:])


def test_parts_too_small_to_set_aside_are_refused(network, digits):
    X, y = digits
    with pytest.raises(ValueError, match=r"early_stopping=True sets validation_fraction=0.1 of 40 pictures aside"):
        network(early_stopping=True).fit(X[:40], y[:40])
    with pytest.raises(ValueError, match="early_stopping=True is not supported for partial_fit"):
        network(early_stopping=True).partial_fit(X, y, classes=range(10))


def test_history_has_gaps_where_there_was_no_validation(network, digits):
    X, y = digits
    net = network().fit(X, y).set_params(warm_start=True)
    net.fit(X, y, X_val=X, y_val=y)
    assert np.isnan(net.history_["val_loss"]).tolist() == [True, True, False, False]
    assert net.best_validation_score_ == max(net.validation_scores_[2:])
    net.partial_fit(X, y)
    assert {len(values) for values in net.history_.values()} == {5} == {net.n_iter_}


class Counter(keras.callbacks.Callback):
    """Stop after three epochs of its own life."""

    def __init__(self):
        super().__init__()
        self.epochs = 0

    def on_epoch_end(self, epoch, logs=None):
        self.epochs += 1
        if self.epochs == 3:
            self.model.stop_training = True


@pytest.mark.parametrize("callbacks", [Counter(), [Counter()], [Counter], lambda: Counter()])
def test_callbacks_start_anew_in_every_fit(network, digits, callbacks):
    X, y = digits
    net = network(epochs=5, callbacks=callbacks)
    for fitted in (net.fit(X, y), net.fit(X, y), clone(net).fit(X, y), copy.deepcopy(net).fit(X, y)):
        assert fitted.n_iter_ == len(fitted.loss_curve_) == 3
    search = GridSearchCV(network(epochs=5, callbacks=callbacks), {"learning_rate": [0.01, 0.02]}, cv=2, n_jobs=1)
    assert search.fit(X, y).best_estimator_.n_iter_ == 3
    for one in np.ravel(callbacks):
        assert not isinstance(one, Counter) or one.epochs == 0


# Keras reads its own variables in a way that NumPy deprecates.
@pytest.mark.filterwarnings("ignore:__array__ implementation")
def test_keras_own_callbacks_work_and_what_they_restore_is_kept(network, digits):
    X, y = digits
    stop = keras.callbacks.EarlyStopping("val_loss", patience=1, restore_best_weights=True, start_from_epoch=0)
    plateau = keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=0, min_delta=1e9)
    net = network(epochs=60, learning_rate=0.05, callbacks=[stop, plateau])
    net.fit(X[:150], y[:150], X_val=X[150:], y_val=y[150:])
    assert net.n_iter_ < 60
    rates = net.history_["learning_rate"]
    assert rates[-1] < rates[0]
    assert net.score(X[150:], y[150:]) == pytest.approx(
        net.validation_scores_[int(np.argmin(net.history_["val_loss"]))], abs=1e-6
    )


def test_what_is_no_callback_is_refused(network, digits):
    with pytest.raises(ValueError, match=r"callbacks: 'tensorboard' is no keras\.callbacks\.Callback and makes none"):
        network(callbacks=["tensorboard"]).fit(*digits)


class Interrupt(keras.callbacks.Callback):
    """Press Ctrl-C in the middle of an epoch."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch
        self.now = None

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.now, batch) == (self.epoch, 4):
            os.kill(os.getpid(), signal.SIGINT)


def test_interrupt_leaves_the_last_finished_epoch_and_training_can_go_on(network, digits, same_weights):
    X, y = digits
    parameters = {"dropout": 0.2, "learning_rate_schedule": "one_cycle", "epochs": 4}
    whole = network(**parameters).fit(X, y)
    net = network(**parameters, callbacks=Interrupt(2))
    with pytest.warns(ConvergenceWarning, match="interrupted by user after 2 epochs"):
        net.fit(X, y)
    assert net.n_iter_ == 2
    assert net.history_["loss"] == whole.history_["loss"][:2]
    net.set_params(callbacks=None).partial_fit(X, y).partial_fit(X, y)
    assert same_weights(net, whole)


def test_interrupt_ends_the_comparison_that_a_fit_is_part_of(network, digits):
    with pytest.raises(KeyboardInterrupt):
        compare({"net": network(epochs=4, callbacks=Interrupt(2))}, *digits, cv=2)


def test_interrupt_before_an_epoch_is_finished_is_passed_on(network, digits):
    X, y = digits
    net = network(callbacks=lambda: Interrupt(0))
    with pytest.raises(KeyboardInterrupt):
        net.fit(X, y)
    assert not hasattr(net, "classes_")


def test_interrupted_validation_does_not_reach_the_next_fit(network, digits):
    X, y = digits

    class Break(keras.callbacks.Callback):
        def on_test_batch_end(self, batch, logs=None):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        network(callbacks=Break).fit(X, y, X_val=X, y_val=y)
    net = network().fit(X, y, X_val=X[:50], y_val=y[:50])
    assert net.validation_scores_[-1] == pytest.approx(net.score(X[:50], y[:50]))


def test_progress_is_shown_on_request_only(network, digits, capfd):
    X, y = digits
    network(epochs=2).fit(X, y, X_val=X, y_val=y)
    assert capfd.readouterr() == ("", "")
    network(epochs=2, verbose=1).fit(X, y)
    out, err = capfd.readouterr()
    assert out == ""
    assert "epoch 2/2" in err
    assert "accuracy" in err
    network(epochs=2, verbose=2).fit(X, y)
    assert "Epoch 2/2" in capfd.readouterr().out


def test_dtype_policy_is_a_parameter(network, digits, monkeypatch):
    X, y = digits
    net = network(dtype_policy="mixed_bfloat16", epochs=12).fit(X, y)
    assert net.model_.layers[-2].compute_dtype == "bfloat16"
    assert net.score(X, y) > 0.8
    for has_instructions, policy in ((False, "float32"), (True, "mixed_bfloat16")):
        monkeypatch.setattr(
            "skimgrec.neural_network._precision._calculates_in_bfloat16", lambda has=has_instructions: has
        )
        assert network(dtype_policy="auto").fit(X, y)._dtype_policy == policy
    with pytest.raises(ValueError, match="dtype_policy changed since it was fitted"):
        network().fit(X, y).set_params(dtype_policy="mixed_bfloat16").partial_fit(X, y)
    with pytest.raises(ValueError, match="float3"):
        network(dtype_policy="float3").fit(X, y)
