import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.kernel_approximation import Nystroem
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC, LinearSVC

from skimgrec.model_selection import RBFSVMClassifier, _landmarks


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
    assert model.landmarks_.shape == (300, 64)
    exact = RBFSVMClassifier(max_exact=400).fit(X[:400], y[:400])
    assert isinstance(exact.estimator_, SVC)
    assert model.score(X[400:], y[400:]) > exact.score(X[400:], y[400:]) - 0.03


def test_more_components_than_rows_are_all_rows_without_a_warning(digits):
    X, y = digits
    model = RBFSVMClassifier(max_exact=10, n_components=1000, random_state=0).fit(X[:50], y[:50])
    assert model.landmarks_.shape == (50, 64)


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


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_classes", [2, 10])
def test_many_rows_are_learnt_as_by_nystroem_and_linear_svc(digits, monkeypatch, dtype, n_classes):
    monkeypatch.setattr(_landmarks, "_TOLERANCE", 1e-9)
    monkeypatch.setattr(_landmarks, "_MOST_STEPS", 1000)
    X, y = digits
    X, y = X.astype(dtype), y % n_classes
    weights = np.linspace(0.5, 2, 400)
    model = RBFSVMClassifier(max_exact=0, n_components=100, gamma=0.05, random_state=0)
    model.fit(X[:400], y[:400], sample_weight=weights)
    values = Nystroem(gamma=0.05, n_components=100).fit(model.landmarks_)
    linear = LinearSVC(C=3.0, tol=1e-8, max_iter=100_000, random_state=0)
    linear.fit(values.transform(X[:400]), y[:400], sample_weight=weights)
    decisions = model.decision_function(X[400:])
    assert decisions.dtype == dtype
    np.testing.assert_allclose(decisions, linear.decision_function(values.transform(X[400:])), rtol=0, atol=1e-2)


def test_at_the_default_c_nearly_all_rows_get_the_class_of_nystroem_and_linear_svc():
    X, y = load_digits(return_X_y=True)
    model = RBFSVMClassifier(max_exact=0, n_components=300, random_state=0).fit(X[:1200], y[:1200])
    values = Nystroem(gamma=model.gamma_, n_components=300).fit(model.landmarks_)
    linear = LinearSVC(C=3.0, max_iter=10_000, random_state=0).fit(values.transform(X[:1200]), y[:1200])
    assert (model.predict(X) == linear.predict(values.transform(X))).mean() >= 0.99


def test_a_kernel_too_large_to_keep_is_computed_anew(digits, monkeypatch):
    X, y = digits
    monkeypatch.setattr(_landmarks, "_ROWS", 150)
    model = RBFSVMClassifier(max_exact=0, n_components=100, random_state=0)
    kept = model.fit(X, y).decision_function(X)
    monkeypatch.setattr(_landmarks, "_MOST_BYTES", 0)
    assert (model.fit(X, y).decision_function(X) == kept).all()
    monkeypatch.undo()
    np.testing.assert_allclose(model.fit(X, y).decision_function(X), kept, rtol=0, atol=1e-6)


@pytest.mark.parametrize("max_exact", [0, 1000])
def test_a_weight_counts_as_so_many_rows(digits, max_exact):
    X, y = digits
    weights = np.arange(200) % 3
    model = RBFSVMClassifier(max_exact=max_exact, random_state=0)
    weighted = clone(model).fit(X[:200], y[:200], sample_weight=weights)
    repeated = clone(model).fit(np.repeat(X[:200], weights, axis=0), np.repeat(y[:200], weights))
    assert weighted.gamma_ == pytest.approx(repeated.gamma_)
    np.testing.assert_allclose(
        weighted.decision_function(X), repeated.decision_function(X), rtol=0, atol=1e-6 if max_exact == 0 else 1e-3
    )


def test_features_far_from_zero_lose_no_digits(digits):
    X, y = digits
    model = RBFSVMClassifier(max_exact=0, n_components=100, gamma=0.05, random_state=0)
    near, far = (clone(model).fit((X + shift).astype(np.float32), y) for shift in (0, 1000))
    assert (far.predict((X + 1000).astype(np.float32)) == near.predict(X.astype(np.float32))).mean() > 0.99


def test_rows_of_one_class_are_refused_by_those_that_count():
    model = RBFSVMClassifier()
    with pytest.raises(ValueError, match=r"greater than one; got 1 class, 3. Give RBFSVMClassifier rows of two"):
        model.fit(np.eye(3), [3, 3, 4], sample_weight=[1, 1, 0])
    with pytest.raises(ValueError, match="at least one non-zero number"):
        model.fit(np.eye(3), [3, 3, 4], sample_weight=[0, 0, 0])
