"""Faults of SciKeras 0.13 that must not reach our users, one test each."""

import pickle
import subprocess
import sys

import keras
import numpy as np
import pytest
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import VotingClassifier
from sklearn.model_selection import GridSearchCV, StratifiedKFold, check_cv, cross_val_score
from sklearn.utils import get_tags


def test_is_a_classifier_and_gets_stratified_folds(network, digits):
    X, y = digits
    net = network(epochs=8)
    assert is_classifier(net)
    assert get_tags(net).estimator_type == "classifier"
    assert isinstance(check_cv(3, y, classifier=is_classifier(net)), StratifiedKFold)
    order = np.argsort(y, kind="stable")
    assert cross_val_score(net, X[order], y[order], cv=3).min() > 0.5


def test_roc_auc_voting_and_calibration_know_it_for_a_classifier(network, two_digits):
    X, y = two_digits
    assert cross_val_score(network(epochs=8), X, y, cv=2, scoring="roc_auc").min() > 0.9
    voting = VotingClassifier([("a", network()), ("b", network(random_state=1))], voting="soft").fit(X, y)
    assert voting.predict_proba(X).shape == (len(X), 2)
    assert CalibratedClassifierCV(network(), cv=2).fit(X, y).predict(X).shape == y.shape


def test_parameters_are_those_of_the_signature(network):
    net = network(epochs=7)
    copy = clone(net)
    assert copy.get_params() == net.get_params()
    with pytest.raises(ValueError, match="Invalid parameter 'epoch'"):
        net.set_params(epoch=3)


def test_wider_dtypes_than_at_fit_are_predicted(network, digits):
    X, y = digits
    assert network().fit((X / 255).astype(np.float32), y).predict((X / 255).astype(np.float64)).shape == y.shape
    assert network().fit(X, y).predict(X.astype(np.float64)).shape == y.shape


def test_longer_labels_than_at_fit_are_scored(network, digits):
    X, y = digits
    assert 0 <= network().fit(X, y.astype(str)).score(X[:2], ["a much longer label", "0"]) <= 1


def test_one_picture_has_one_row_of_probabilities(network, digits, two_digits):
    for X, y in (digits, two_digits):
        assert network().fit(X, y).predict_proba(X[:1]).shape == (1, len(np.unique(y)))


def test_loss_follows_from_the_classes(network, digits, two_digits):
    for X, y in (digits, two_digits):
        assert network(loss=None).fit(X, y).n_outputs_ == len(np.unique(y))


@pytest.mark.filterwarnings("ignore:A column-vector y was passed")
def test_column_of_labels_predicts_a_vector(network, digits):
    X, y = digits
    assert network().fit(X, y[:, None]).predict(X).ndim == 1


@pytest.mark.parametrize("class_weight", ["balanced", {0: 3.0}])
def test_sample_weight_of_the_caller_stays_as_it_was(network, two_digits, class_weight):
    X, y = two_digits
    weight = np.linspace(0.5, 2, len(X))
    before = weight.copy()
    network(class_weight=class_weight).fit(X, y, sample_weight=weight)
    np.testing.assert_array_equal(weight, before)


@pytest.mark.parametrize("loss", [None, "categorical_crossentropy", keras.losses.CategoricalCrossentropy()])
def test_weighted_loss_is_divided_by_the_sum_of_the_weights(network, digits, loss):
    X, y = digits
    parameters = {"batch_size": 1024, "epochs": 3, "optimizer": "sgd", "loss": loss}
    plain = network(**parameters).fit(X, y)
    weighted = network(**parameters).fit(X, y, sample_weight=np.full(len(X), 7.0))
    np.testing.assert_allclose(weighted.predict_proba(X), plain.predict_proba(X), atol=1e-6)


def test_rows_are_shuffled_before_batches_are_cut(network, digits):
    X, y = digits
    order = np.argsort(y, kind="stable")
    assert network(epochs=8).fit(X[order], y[order]).score(X, y) > 0.7


def test_optimizer_instance_serves_any_number_of_fits(network, digits, same_weights):
    X, y = digits
    optimizer = keras.optimizers.SGD(0.05, momentum=0.9)
    net = network(optimizer=optimizer, learning_rate=None)
    first = clone(net).fit(X, y)
    second = net.fit(X, y)
    assert same_weights(first, second)
    assert not optimizer.built
    assert network(optimizer="sgd", learning_rate=0.05).fit(X, y).n_iter_ == 2
    pickle.loads(pickle.dumps(net))


def test_seeded_fit_leaves_tensorflow_as_it_was(network, digits):
    config = pytest.importorskip("tensorflow.python.framework.config", reason="about TensorFlow's settings")
    X, y = digits
    network(random_state=0, dropout=0.5).fit(X, y)
    assert not config.is_op_determinism_enabled()
    network(random_state=None, dropout=0.5).fit(X, y)


def test_random_state_instance_is_drawn_from(network, digits, same_weights):
    X, y = digits
    state = np.random.RandomState(0)
    first, second = network(random_state=state).fit(X, y), network(random_state=state).fit(X, y)
    assert not same_weights(first, second)
    assert same_weights(first, network(random_state=np.random.RandomState(0)).fit(X, y))


def test_keras_keeps_its_own_pickling():
    code = """
import pickle, warnings
import keras
methods = [(c, m) for c in (keras.Model, keras.losses.Loss, keras.metrics.Metric, keras.optimizers.Optimizer)
           for m in ("__reduce__", "__deepcopy__")]
before = [vars(c).get(m) for c, m in methods]
import numpy as np
from skimgrec import KerasMLPClassifier
KerasMLPClassifier(epochs=1).fit(np.eye(4), [0, 1, 0, 1])
import sys
assert "scikeras" in sys.modules
assert before == [vars(c).get(m) for c, m in methods]
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_grid_search_over_a_network_is_refitted(network, digits):
    X, y = digits
    search = GridSearchCV(network(), {"epochs": [1, 3], "learning_rate": [1e-5, 1e-2]}, cv=2).fit(X, y)
    assert search.best_params_ == {"epochs": 3, "learning_rate": 1e-2}
    assert search.best_estimator_.n_iter_ == 3
