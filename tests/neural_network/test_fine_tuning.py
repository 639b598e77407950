"""Networks of keras.applications as architectures: trained further from weights, first the outputs, then all."""

import copy
import pickle

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV

from skimgrec import KerasCNNClassifier, PretrainedTransformer, load_model, save_model
from skimgrec.neural_network._training import TrainableNetwork


@pytest.fixture(name="make")
def make_fixture(backbone_file):
    def make(**parameters):
        defaults = {
            **{"architecture": "mobilenet", "backbone_params": {"alpha": 0.1}, "image_size": (32, 32)},
            **{"weights": backbone_file, "epochs": 4, "freeze_epochs": 2, "random_state": 0},
            **{"batch_size": 60, "dropout": 0.2},
        }
        return KerasCNNClassifier(**{**defaults, **parameters})

    return make


@pytest.fixture(name="data")
def data_fixture(digits):
    return digits[0][:120], digits[1][:120]


@pytest.fixture
def stages(monkeypatch):
    """Return how many epochs each part of a training has, and how many variables it trains."""
    seen = []
    run = TrainableNetwork._run

    def watched(self, network, *sets, epochs, **others):
        outcome = run(self, network, *sets, epochs=epochs, **others)
        seen.append((epochs, len(network.model.trainable_variables)))
        return outcome

    monkeypatch.setattr(TrainableNetwork, "_run", watched)
    return seen


def rates_of(net, data):
    """Fit, and return the highest learning rate of each epoch."""
    rates = []

    class Watch(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            rates.append([])

        def on_train_batch_end(self, batch, logs=None):
            rates[-1].append(float(np.asarray(self.model.optimizer.learning_rate.value)))

    net.set_params(callbacks=[Watch]).fit(*data)
    return [max(epoch) for epoch in rates]


def test_the_outputs_are_trained_first_and_nothing_else_moves(make, backbone, data, stages):
    net = make(epochs=2).fit(*data)
    assert stages == [(2, 2)]
    for own, given in zip(net.weights_[:-2], backbone.get_weights(), strict=True):
        np.testing.assert_array_equal(own, given)
    assert net.n_iter_ == 2
    later = make(epochs=4).fit(*data)
    n_kernels = sum(weight.name == "kernel" for weight in backbone.weights)
    assert stages[1:] == [(2, 2), (2, n_kernels + 2)]
    for own, given, weight in zip(later.weights_[:-2], backbone.get_weights(), backbone.weights, strict=True):
        assert np.array_equal(own, given) == (weight.name != "kernel"), "normalisation keeps its means"
    assert len(later.loss_curve_) == later.n_iter_ == 4


def test_training_starts_from_the_weights(make, backbone, data):
    tuned = make(epochs=1, freeze_epochs=0, learning_rate=1e-6).fit(*data)
    drawn = make(epochs=1, freeze_epochs=None, learning_rate=1e-6, weights=None).fit(*data)
    given = backbone.get_weights()
    assert all(np.allclose(own, other, atol=1e-4) for own, other in zip(tuned.weights_[:-2], given, strict=True))
    assert not all(np.allclose(own, other, atol=1e-4) for own, other in zip(drawn.weights_[:-2], given, strict=True))
    assert not np.allclose(tuned.weights_[0], given[0], atol=1e-9), "it has been trained"


def test_what_the_frozen_network_sees_is_what_the_transformer_gives(make, data, backbone_file):
    net = make(epochs=1, freeze_epochs=1).fit(*data)
    settings = {"backbone_params": {"alpha": 0.1}, "image_size": (32, 32)}
    features = PretrainedTransformer("MobileNet", weights=backbone_file, **settings).fit_transform(data[0])
    np.testing.assert_allclose(net.transform(data[0]), features, atol=1e-3 * features.max())


def test_all_layers_are_trained_at_a_lower_rate(make, data):
    assert rates_of(make(learning_rate=0.02, learning_rate_schedule="constant"), data) == pytest.approx(
        [0.02] * 2 + [0.002] * 2
    )
    rates = rates_of(make(learning_rate=0.02, epochs=8, freeze_epochs=3, fine_tune_factor=0.5), data)
    assert 0.01 < max(rates[:3]) <= 0.02
    assert 0.005 < max(rates[3:]) <= 0.01
    assert rates[2] < 0.01, "each part has a cycle of its own"
    assert rates[7] < 0.002


@pytest.mark.parametrize(("epochs", "n_frozen"), [(1, 1), (4, 1), (20, 4)])
def test_a_fifth_of_the_epochs_is_frozen_by_default(make, epochs, n_frozen):
    assert make(epochs=epochs, freeze_epochs=None)._frozen_epochs() == n_frozen


def test_no_epoch_need_be_frozen(make, data, stages):
    make(epochs=1, freeze_epochs=0).fit(*data)
    make(epochs=1, freeze_epochs=None, weights=None).fit(*data)
    assert [n_variables > 2 for _, n_variables in stages] == [True, True]


def test_epoch_by_epoch_comes_to_the_same_weights(make, data, same_weights):
    whole = make(epochs=4).fit(*data)
    parts = make(epochs=4)
    for number in range(4):
        parts.partial_fit(*data, classes=np.arange(10))
        if number in (0, 1):
            parts = pickle.loads(pickle.dumps(parts))
    assert same_weights(whole, parts)
    assert whole.loss_curve_ == parts.loss_curve_
    assert same_weights(whole, clone(whole).fit(*data))
    assert not same_weights(whole, clone(whole).set_params(random_state=1).fit(*data))


def test_a_warm_start_goes_on_with_all_layers(make, data, stages):
    net = make(epochs=3, warm_start=True).fit(*data)
    net.fit(*data)
    assert [epochs for epochs, _ in stages] == [2, 1, 3]
    assert stages[1][1] == stages[2][1] > 2


def test_early_stopping_ends_each_part_and_keeps_the_best(make, data, stages):
    net = make(early_stopping=True, n_iter_no_change=1, epochs=20, freeze_epochs=10, learning_rate=1e-9).fit(*data)
    assert len(stages) == 2, "outputs that get no better are no reason not to train the rest"
    assert net.n_iter_ < 10
    assert net.best_validation_score_ == max(net.validation_scores_)
    assert len(net.validation_scores_) == net.n_iter_
    net.set_params(early_stopping=False).partial_fit(*data)
    assert stages[2][1] == stages[1][1], "it does not freeze again"


def test_early_stopping_in_the_last_epoch_of_the_outputs_ends_the_fit(make, data, stages):
    net = make(early_stopping=True, n_iter_no_change=1, epochs=2, freeze_epochs=2, learning_rate=1e-9).fit(*data)
    assert len(stages) == 1, "there is no epoch left for the rest"
    assert net.n_iter_ == len(net.validation_scores_) == 2
    net.set_params(early_stopping=False).partial_fit(*data)
    assert net.n_iter_ == 3
    assert stages[1][1] > stages[0][1], "what comes next trains all layers"


def test_a_callback_that_stops_training_stops_it(make, data, stages):
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch >= 0

    net = make(callbacks=[Stop]).fit(*data)
    assert net.n_iter_ == len(stages) == 1


def test_ctrl_c_in_the_second_part_keeps_the_first(make, data):
    class Interrupt(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if len(self.model.trainable_variables) > 2:
                raise KeyboardInterrupt

    net = make(callbacks=[Interrupt])
    with pytest.warns(ConvergenceWarning, match="interrupted by user after 2 epochs"):
        net.fit(*data)
    net.set_params(callbacks=None).partial_fit(*data)
    assert net.n_iter_ == 3


def test_a_search_varies_it(make, data):
    search = GridSearchCV(make(epochs=2), {"freeze_epochs": [1, 2], "dropout": [0.2]}, cv=2).fit(*data)
    assert {np.isfinite(score) for score in search.cv_results_["mean_test_score"]} == {True}
    assert search.best_estimator_.n_iter_ == 2


def test_a_model_file_needs_no_weights_and_goes_on(make, backbone, data, tmp_path, same_weights):
    path = tmp_path / "x.weights.h5"
    with pytest.warns():
        backbone.save_weights(path)
    net = make(weights=path, epochs=3).fit(*data)
    path.unlink()
    save_model(net, tmp_path / "model")
    back, copied = load_model(tmp_path / "model"), copy.deepcopy(net)
    np.testing.assert_array_equal(back.predict_proba(data[0]), net.predict_proba(data[0]))
    for other in (back, copied):
        assert same_weights(other.partial_fit(*data), copy.deepcopy(net).partial_fit(*data))
    with pytest.raises(FileNotFoundError, match="cannot be read"):
        clone(back).fit(*data)


def test_a_state_from_before_there_were_such_parameters_has_their_defaults():
    net = KerasCNNClassifier(filters=(4,))
    old = net.__getstate__()
    for name in ("weights", "freeze_epochs", "fine_tune_factor", "image_size", "backbone_params"):
        del old[name]
    new = KerasCNNClassifier.__new__(KerasCNNClassifier)
    new.__setstate__(old)
    assert new.get_params() == net.get_params()


def test_weights_of_another_network_and_a_failed_download_leave_it_as_it_was(make, data, monkeypatch, tmp_path):
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path))
    net = make(epochs=1).fit(*data)
    before = net.weights_
    with pytest.raises(OSError, match=r"ImageNet weights of MobileNet could not be had.*no_top\.h5"):
        net.set_params(weights="imagenet", backbone_params={"alpha": 0.25}).fit(*data)
    with pytest.raises(ValueError, match=r"not those of MobileNet with alpha=0\.25"):
        net.set_params(weights=make().weights).fit(*data)
    assert all(map(np.array_equal, net.weights_, before))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"architecture": "mobilnet"}, r"architecture='mobilnet' is unknown, did you mean 'MobileNet'\? .*'residual'"),
        ({"architecture": "residul"}, "did you mean 'residual'"),
        ({"filters": 3}, r"filters=3 is given, but .* It uses pooling, dropout, image_size, backbone_params\."),
        ({"pooling": "none"}, "pooling='none': MobileNet takes 'average' or 'max'"),
        ({"dropout": (0.1, 0.2)}, r"dropout=\(0\.1, 0\.2\): MobileNet takes one number"),
        ({"image_size": (8, 8)}, "MobileNet cannot be built for pictures of 8 x 8"),
        ({"backbone_params": {"depth": 2}}, "has 'depth', which MobileNet does not take"),
        ({"architecture": "residual", "image_size": None, "backbone_params": None}, "weights=.*does not use it"),
        ({"weights": None}, "freeze_epochs=2 is given, but weights=None leaves nothing to keep"),
    ],
)
def test_what_does_not_go_together_is_refused(make, data, parameters, message):
    with pytest.raises(ValueError, match=message):
        make(**parameters).fit(*data)


def test_keras_gets_a_model_of_the_same_answers(make, data):
    net = make(epochs=1).fit(*data)
    np.testing.assert_allclose(
        net.model_.predict(data[0][..., None].astype(np.float32), verbose=0), net.predict_proba(data[0]), atol=1e-3
    )
