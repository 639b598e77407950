"""What an estimator has kept of its training."""

import math

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skimgrec.utils._training_history import best_epoch, trained_part, training_history


class Trained(ClassifierMixin, BaseEstimator):
    def __init__(self, shift=0):
        self.shift = shift

    def fit(self, X, y):
        self.history_ = {"accuracy": [0.5, 0.75], "loss": [2.0, 1.0]}
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    return rng.normal(size=(60, 2)) + y[:, None], y


@pytest.mark.parametrize(
    "estimator",
    [
        Trained(),
        make_pipeline(StandardScaler(), Trained()),
        GridSearchCV(make_pipeline(StandardScaler(), Trained()), {"trained__shift": [0, 1]}, cv=2),
        make_pipeline(StandardScaler(), GridSearchCV(Trained(), {"shift": [0, 1]}, cv=2)),
    ],
)
def test_the_part_that_was_trained_is_found(estimator, data):
    part = trained_part(estimator.fit(*data))
    assert isinstance(part, Trained)
    assert list(training_history(part).items()) == [("loss", [2.0, 1.0]), ("accuracy", [0.5, 0.75])]
    assert best_epoch(part) is None


def test_most_estimators_keep_none(data):
    for estimator in (KNeighborsClassifier(), make_pipeline(StandardScaler(), LogisticRegression())):
        estimator.fit(*data)
        assert trained_part(estimator) is estimator
        assert training_history(estimator) is None
        assert best_epoch(estimator) is None


def test_the_perceptron_of_scikit_learn_keeps_its_best_epoch(data):
    X, y = np.tile(data[0], (4, 1)), np.tile(data[1], 4)
    net = MLPClassifier((4,), max_iter=30, early_stopping=True, n_iter_no_change=3, random_state=0).fit(X, y)
    history = training_history(net)
    assert history == {"loss": net.loss_curve_, "val_accuracy": net.validation_scores_}
    assert history["val_accuracy"][best_epoch(net) - 1] == max(net.validation_scores_)
    plain = MLPClassifier((4,), max_iter=5, random_state=0)
    with pytest.warns(match="Maximum iterations"):
        plain.fit(X, y)
    assert list(training_history(plain)) == ["loss"]
    assert best_epoch(plain) is None


def test_only_what_is_one_number_for_each_epoch_is_kept():
    net = Trained()
    net.history_ = {
        "loss": np.array([1.0, np.nan, np.inf], dtype=np.float32),
        "of_each_class": [[0.1, 0.2], [0.3, 0.4]],
        "uneven": [[0.1], [0.1, 0.2]],
        "words": ["a", "b"],
        "word": "abc",
        "number": 3.0,
        "nothing": [],
    }
    history = training_history(net)
    assert list(history) == ["loss"]
    assert history["loss"][::2] == [1.0, math.inf]
    # One NaN is like another: rows with the same gaps are equal.
    assert history["loss"][1] is math.nan
    net.history_ = {"words": ["a"]}
    assert training_history(net) is None
    net.history_ = [{"loss": 1.0}]
    assert training_history(net) is None


@pytest.mark.parametrize(("value", "epoch"), [(3, 3), (np.int64(2), 2), (None, None), (0, None), ("3", None)])
def test_a_best_epoch_is_a_number_from_one(value, epoch):
    net = Trained()
    net.best_epoch_ = value
    assert best_epoch(net) == epoch
