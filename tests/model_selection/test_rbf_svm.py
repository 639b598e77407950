import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from skimgrec.model_selection import RBFSVMClassifier


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:600] / 16, y[:600]


def test_few_rows_are_learnt_exactly_as_by_svc(digits):
    X, y = digits
    model = RBFSVMClassifier().fit(X[:300], y[:300])
    exact = SVC(C=3.0).fit(X[:300], y[:300])
    assert (model.predict(X[300:]) == exact.predict(X[300:])).all()
    assert model.decision_function(X[300:]) == pytest.approx(exact.decision_function(X[300:]))


def test_many_rows_are_learnt_approximately_and_nearly_as_well(digits):
    X, y = digits
    model = RBFSVMClassifier(max_exact=399, n_components=300, random_state=0).fit(X[:400], y[:400])
    assert model.estimator_[0].components_.shape == (300, 64)
    exact = RBFSVMClassifier(max_exact=400).fit(X[:400], y[:400])
    assert isinstance(exact.estimator_, SVC)
    assert model.score(X[400:], y[400:]) > exact.score(X[400:], y[400:]) - 0.03


def test_more_components_than_rows_are_all_rows_without_a_warning(digits):
    X, y = digits
    model = RBFSVMClassifier(max_exact=10, n_components=1000, random_state=0).fit(X[:50], y[:50])
    assert model.estimator_[0].components_.shape == (50, 64)


def test_gamma_follows_the_scale_of_the_features(digits):
    X, y = digits
    for max_exact in (0, 600):
        model = RBFSVMClassifier(max_exact=max_exact, n_components=100, random_state=0)
        wide, narrow = (clone(model).fit(factor * X[:300], y[:300]) for factor in (16.0, 1.0))
        assert (wide.predict(16 * X[300:]) == narrow.predict(X[300:])).mean() > 0.99
    assert RBFSVMClassifier(gamma=0.5).fit(X[:50], y[:50]).estimator_.gamma == 0.5


def test_constant_features_are_no_division_by_zero():
    model = RBFSVMClassifier().fit(np.ones((6, 2)), [0, 0, 0, 0, 1, 1])
    assert model.predict(np.ones((1, 2))).tolist() == [0]


def test_the_seed_decides_the_approximation(digits):
    X, y = digits
    decisions = [
        RBFSVMClassifier(max_exact=0, n_components=50, random_state=seed).fit(X, y).decision_function(X)
        for seed in (0, 0, 1)
    ]
    assert (decisions[0] == decisions[1]).all()
    assert (decisions[0] != decisions[2]).any()


@pytest.mark.parametrize("max_exact", [0, 100])
def test_two_classes_have_one_decision(digits, max_exact):
    X, y = digits
    labels = np.where(y[:100] < 5, "low", "high")
    model = make_pipeline(RBFSVMClassifier(max_exact=max_exact, n_components=50, random_state=0)).fit(X[:100], labels)
    decisions = model.decision_function(X[:100])
    assert decisions.shape == (100,)
    assert (model.predict(X[:100]) == np.where(decisions > 0, "low", "high")).all()
