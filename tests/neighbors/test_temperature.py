"""Temperature scaling against scikit-learn's, and what it must not do."""

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC

from skimgrec.neighbors._temperature import class_logits, fit_temperature, tempered


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X / 16, y


@pytest.mark.parametrize("model", [GaussianNB(), LogisticRegression(max_iter=200)], ids=["naive Bayes", "logistic"])
def test_temperature_is_that_of_scikit_learn(digits, model):
    X, y = digits
    model.fit(X[:300], y[:300])
    # It takes a decision function where there is one; probabilities say the same.
    theirs = CalibratedClassifierCV(FrozenEstimator(model), method="temperature", cv=2).fit(X[300:900], y[300:900])
    logits = class_logits(model, X[300:900], 10)
    temperature = fit_temperature(logits, y[300:900], np.ones(600), prior=0.0)
    ours = tempered(class_logits(model, X[900:], 10), temperature)
    np.testing.assert_allclose(ours, theirs.predict_proba(X[900:]), atol=1e-5)


def test_probabilities_of_new_pictures_get_better(digits):
    X, y = digits
    model = GaussianNB().fit(X[:300], y[:300])  # much too sure of itself
    logits = class_logits(model, X[300:900], 10)
    temperature = fit_temperature(logits, y[300:900], np.ones(600))
    assert temperature > 3
    after = log_loss(y[900:], tempered(class_logits(model, X[900:], 10), temperature))
    assert after < 0.5 * log_loss(y[900:], model.predict_proba(X[900:]))


def test_labels_that_are_all_predicted_rightly_do_not_make_it_certain():
    logits = np.log(np.array([[0.9, 0.1], [0.2, 0.8]] * 20))
    codes = np.array([0, 1] * 20)
    assert tempered(logits, fit_temperature(logits, codes, np.ones(40), prior=0.0)).max() > 1 - 1e-9
    assert tempered(logits, fit_temperature(logits, codes, np.ones(40))).max() < 0.999


def test_weight_of_two_counts_as_the_picture_given_twice():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(50, 3))
    codes = rng.integers(3, size=50)
    twice = np.concatenate([np.arange(50), np.arange(10)])
    weights = np.r_[np.full(10, 2.0), np.ones(40)]
    assert fit_temperature(logits, codes, weights, prior=0) == pytest.approx(
        fit_temperature(logits[twice], codes[twice], np.ones(60), prior=0), rel=1e-4
    )


def test_decisions_stand_for_logits_where_there_are_no_probabilities(digits):
    X, y = digits
    machine = SVC().fit(X[:200], y[:200])
    assert (class_logits(machine, X[200:300], 10).argmax(axis=1) == machine.predict(X[200:300])).all()
    two = SVC().fit(X[:200], y[:200] > 4)
    assert (class_logits(two, X[200:300], 2).argmax(axis=1) == two.predict(X[200:300])).all()


def test_decisions_between_pairs_are_refused(digits):
    X, y = digits
    machine = SVC(decision_function_shape="ovo").fit(X[:200], y[:200])
    with pytest.raises(ValueError, match=r"45 decisions for 10 classes.*decision_function_shape"):
        class_logits(machine, X[:5], 10)
