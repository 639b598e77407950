"""ConformalClassifier: the sets, their promise, and how it composes."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from skimgrec import ConformalClassifier, ImageFlattener, ImageLoader, KerasMLPClassifier, RejectingClassifier

METHODS = ["lac", "aps", "raps"]


class Told(ClassifierMixin, BaseEstimator):
    """A classifier whose rows are the probabilities that it answers with."""

    def fit(self, X, y=None):
        self.classes_ = np.array(["a", "b", "c"])
        return self

    def predict_proba(self, X):
        return np.asarray(X)

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def __sklearn_is_fitted__(self):
        return hasattr(self, "classes_")


CALIBRATION = np.array([[0.75, 0.25, 0.0], [0.5, 0.25, 0.25], [0.25, 0.625, 0.125], [0.125, 0.375, 0.5]])
LABELS = ["a", "a", "b", "b"]  # which lack 0.25, 0.5, 0.375 and 0.625 to 1
NEW = np.array([[0.5, 0.3125, 0.1875], [0.34375, 0.34375, 0.3125], [0.9375, 0.0625, 0.0]])


def test_lac_sets_by_hand():
    model = ConformalClassifier(FrozenEstimator(Told().fit(None)), confidence=0.6).fit(CALIBRATION, LABELS)
    # ceil(5 * 0.6) = 3, and the third of the four is 0.5: classes of a probability of 0.5 or more.
    assert model.calibration_scores_.tolist() == [0.25, 0.375, 0.5, 0.625]
    assert model.threshold_ == 0.5
    assert model.predict_set(NEW).tolist() == [[True, False, False], [False, False, False], [True, False, False]]
    model.set_params(confidence=0.8)
    assert model.threshold_ == 0.625
    assert model.predict_set(NEW).sum(axis=1).tolist() == [1, 0, 1]
    with pytest.raises(ValueError, match=r"confidence=0.9 needs 9 calibration pictures or more, and .* has 4"):
        model.set_params(confidence=0.9).predict_set(NEW)


def test_adaptive_sets_by_hand():
    frozen = FrozenEstimator(Told().fit(None))
    model = ConformalClassifier(frozen, confidence=0.8, method="aps", randomized=False).fit(CALIBRATION, LABELS)
    # "b" is second in the last row: 0.5 + 0.375.
    assert model.calibration_scores_.tolist() == [0.5, 0.625, 0.75, 0.875]
    assert model.predict_set(NEW).tolist() == [[True, True, False], [True, True, False], [False, False, False]]
    model.set_params(method="raps", penalty=0.25, k_reg=1)
    assert model.predict_set(NEW).sum(axis=1).tolist() == [2, 2, 0]  # what is learnt needs a fit
    model.fit(CALIBRATION, LABELS)
    assert model.threshold_ == 1.125
    assert model.predict_set(NEW).tolist() == [[True, True, False], [True, True, False], [True, False, False]]


def test_random_parts_are_the_same_for_the_same_call(digits, hog_pipe):
    X, y = digits
    model = ConformalClassifier(hog_pipe, method="aps", confidence=0.99, random_state=3).fit(X[:700], y[:700])
    first = model.predict_set(X[700:])
    np.testing.assert_array_equal(model.predict_set(X[700:]), first)
    np.testing.assert_array_equal(clone(model).fit(X[:700], y[:700]).predict_set(X[700:]), first)
    whole = clone(model).set_params(randomized=False).fit(X[:700], y[:700]).predict_set(X[700:])
    assert whole.sum() != first.sum()


@pytest.mark.parametrize("method", METHODS)
def test_sets_of_a_poor_classifier_keep_the_promise_as_well(digits, method):
    X, y = digits
    poor = make_pipeline(ImageFlattener(scale=True), GaussianNB(var_smoothing=0.5)).fit(X[:100], y[:100])
    held, rng = [], np.random.default_rng(2)
    for seed in range(40):
        rows = 100 + rng.permutation(800)
        model = ConformalClassifier(FrozenEstimator(poor), confidence=0.9, method=method, random_state=seed)
        model.fit(X[rows[:400]], y[rows[:400]])
        sets = model.predict_set(X[rows[400:]])
        held.append(sets[np.arange(400), y[rows[400:]]].mean())
    assert poor.score(X[100:], y[100:]) < 0.9
    # The 40 shares spread by about 0.02 each; their mean by less than a sixth of that.
    assert 0.89 < np.mean(held) < 0.92


def test_a_better_classifier_has_smaller_sets(digits, hog_pipe):
    X, y = digits
    poor = make_pipeline(ImageFlattener(scale=True), GaussianNB(var_smoothing=0.5))
    sizes = [
        ConformalClassifier(model, confidence=0.95, random_state=0).fit(X[:600], y[:600]).predict_set(X[600:]).sum()
        for model in (hog_pipe, poor)
    ]
    assert sizes[0] < sizes[1]


def test_predictions_are_those_of_the_estimator(digits, hog_pipe):
    X, y = digits
    model = ConformalClassifier(hog_pipe, random_state=0).fit(X[:600], y[:600])
    np.testing.assert_array_equal(model.predict(X[600:]), model.estimator_.predict(X[600:]))
    np.testing.assert_array_equal(model.predict_proba(X[600:]), model.estimator_.predict_proba(X[600:]))
    assert len(model.calibration_scores_) == 120


def test_a_frozen_classifier_uses_all_pictures_to_calibrate(digits, hog_pipe):
    X, y = digits
    hog_pipe.fit(X[:300], y[:300])
    model = ConformalClassifier(FrozenEstimator(hog_pipe)).fit(X[300:600], y[300:600])
    assert len(model.calibration_scores_) == 300


def test_a_classifier_without_probabilities_is_refused(digits):
    rows = digits[0].reshape(900, -1)
    with pytest.raises(ValueError, match=r"'estimator' parameter of ConformalClassifier must be .*predict_proba"):
        ConformalClassifier(LinearSVC()).fit(rows, digits[1])


def test_too_few_pictures_are_an_error_of_the_fit(digits, hog_pipe):
    X, y = digits
    with pytest.raises(ValueError, match=r"confidence=0.99 needs 99 calibration pictures or more, and .* has 40"):
        ConformalClassifier(hog_pipe, confidence=0.99).fit(X[:200], y[:200])


def test_paths_networks_and_rejection_compose(photos):
    paths, labels = photos
    network = KerasMLPClassifier(hidden_layer_sizes=(8,), epochs=20, learning_rate=0.01, random_state=0)
    rejecting = RejectingClassifier(make_pipeline(ImageLoader((6, 6)), network), coverage=0.8, random_state=0)
    model = ConformalClassifier(rejecting, confidence=0.8, random_state=0).fit(paths, labels)
    assert model.predict_set(paths).shape == (60, 2)
    assert set(model.predict(paths)) <= {"red", "blue", "unknown"}


def test_it_is_searched_like_any_classifier(digits):
    X, y = digits[0][:300], digits[1][:300]
    model = ConformalClassifier(make_pipeline(ImageFlattener(scale=True), LogisticRegression()), random_state=0)
    search = GridSearchCV(model, {"estimator__logisticregression__C": [1e-6, 1.0]}, cv=2).fit(X, y)
    assert search.best_params_ == {"estimator__logisticregression__C": 1.0}
    assert search.best_estimator_.predict_set(X).shape == (300, 10)
