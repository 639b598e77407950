"""Likely label errors by confident learning."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import RepeatedStratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.svm import LinearSVC

from skimgrec import ComparisonResult, compare, load_digits_images
from skimgrec.model_selection._guessing import guessing_caution
from skimgrec.model_selection._label_errors import confident_learning, margins


def by_the_definition(probabilities, labels):
    """Return the likely errors by the definition, picture by picture."""
    n_classes = probabilities.shape[1]
    thresholds = [probabilities[labels == j, j].mean() if (labels == j).any() else np.inf for j in range(n_classes)]
    found = []
    for row, (p, given) in enumerate(zip(probabilities, labels, strict=True)):
        believed = [j for j in range(n_classes) if p[j] >= thresholds[j]]
        if believed:
            best = max(believed, key=lambda j: p[j])
            if p[best] > p[given]:
                found.append((p[given] - np.delete(p, given).max(), row, best))
    return sorted(found)


@pytest.mark.parametrize("seed", range(5))
def test_the_picks_are_those_of_the_definition(seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(4, size=200)
    probabilities = rng.dirichlet(np.ones(4) * 0.7, size=200)
    rows, suggested = confident_learning(probabilities, labels)
    expected = by_the_definition(probabilities, labels)
    assert list(zip(margins(probabilities, labels)[rows], rows, suggested, strict=True)) == expected
    assert 0 < len(rows) < 200
    assert (suggested != labels[rows]).all()


def test_a_class_without_pictures_is_never_suggested():
    rows, suggested = confident_learning(
        np.array([[0.2, 0.1, 0.7], [0.1, 0.8, 0.1], [0.1, 0.9, 0]]), np.array([0, 1, 0])
    )
    assert (rows.tolist(), suggested.tolist()) == ([2], [1])


def test_digits_with_flipped_labels_are_found():
    X, y = load_digits_images(return_X_y=True)
    X = X.reshape(len(X), -1)
    rng = np.random.default_rng(0)
    flipped = rng.choice(len(y), size=round(0.02 * len(y)), replace=False)
    wrong = y.copy()
    wrong[flipped] = (y[flipped] + rng.integers(1, 10, size=len(flipped))) % 10
    model = make_pipeline(MinMaxScaler(), LogisticRegression(max_iter=200))
    frame = compare({"lr": model}, X, wrong, keep_probabilities=True, random_state=0).label_errors()
    picked = np.isin(frame["row"], flipped)
    assert picked.sum() >= 0.6 * len(flipped)
    assert picked.mean() >= 0.8
    # The most certain ones are nearly all errors, and the suggestion is right.
    assert picked[:20].mean() >= 0.9
    assert (frame["suggested"][picked] == y[frame["row"][picked]]).mean() >= 0.9
    assert frame["margin"].is_monotonic_increasing


def test_columns_and_labels_of_the_callers_own(blobs):
    X, y = blobs
    y = y.copy()
    y[3] = "owl"
    result = compare({"nb": GaussianNB()}, X[:, 1:], y, cv=3, keep_probabilities=True, random_state=0)
    frame = result.label_errors()
    assert list(frame.columns) == ["row", "target", "suggested", "proba_target", "proba_suggested", "margin"]
    assert (frame["target"] == y[frame["row"]]).all()
    assert 3 in frame["row"].tolist()
    result.filenames = [f"{number}.png" for number in range(60)]
    assert result.label_errors()["filename"].tolist() == [f"{row}.png" for row in frame["row"]]


def test_repetitions_are_averaged(blobs):
    X, y = blobs
    cv = RepeatedStratifiedKFold(n_splits=3, n_repeats=4, random_state=0)
    result = compare({"nb": GaussianNB()}, X, y, cv=cv, keep_probabilities=True)
    frame, kept = result.label_errors(), result.predictions()
    assert frame["row"].is_unique
    for _, one in frame.iterrows():
        mean = kept.loc[kept["row"] == one["row"], f"proba_{one['suggested']}"].mean()
        assert one["proba_suggested"] == pytest.approx(mean)


def test_a_hold_out_speaks_of_its_test_pictures_alone(blobs):
    X, y = blobs
    y = np.roll(y, 5)
    result = compare({"nb": GaussianNB()}, X, y, cv="holdout", keep_probabilities=True, random_state=0)
    assert set(result.label_errors()["row"]) <= set(result.test_rows[0])


def test_without_probabilities_the_remedy_is_named(blobs):
    estimators = {"svm": LinearSVC(), "nb": GaussianNB(), "1nn": KNeighborsClassifier(1)}
    with pytest.raises(ValueError, match="keep_probabilities=True"):
        compare(estimators, *blobs, cv=2).label_errors()
    result = compare(estimators, *blobs, cv=2, keep_probabilities=True, random_state=0)
    with pytest.raises(ValueError, match=r"svm has probabilities in 0 of 2 folds.*nb, 1nn has them"):
        result.label_errors("svm")
    with pytest.raises(ValueError, match="estimator='forest': expected one of svm, nb, 1nn"):
        result.label_errors("forest")
    with pytest.raises(ValueError, match="a file of results does not hold them"):
        ComparisonResult.from_dict(result.to_dict()).label_errors()


def test_by_default_the_best_that_has_probabilities_is_asked(blobs):
    X, y = blobs
    estimators = {"svm": LinearSVC(), "chance": KNeighborsClassifier(40), "nb": GaussianNB()}
    result = compare(estimators, X[:, 1:], y, cv=2, keep_probabilities=True, random_state=0)
    ranking = [name for name in result.summary().index if name != "svm"]
    assert result.label_errors().equals(result.label_errors(ranking[0]))


def test_a_fold_that_failed_rules_an_estimator_out(blobs, make_classifier, fails):
    rows = np.arange(60)
    cv = [(rows[::2], rows[1::2]), (rows[1::2], rows[::2])]

    def only_the_first(X):
        if X[0, 0] == 1:
            raise ValueError("odd")

    result = compare({"odd": make_classifier(only_the_first)}, *blobs, cv=cv, keep_probabilities=True)
    with pytest.raises(ValueError, match="No estimator has probabilities in every fold"):
        result.label_errors()


@pytest.fixture
def without_owls(blobs):
    """Return a comparison whose first split has no owl to learn from, and tests on 5; the second has all classes."""
    X, y = blobs
    owls = np.flatnonzero(y == "owl")
    rest = np.setdiff1d(np.arange(60), owls)
    splits = [(rest[::2], np.r_[rest[1::2], owls[:5]]), (np.r_[rest[1::2], owls[5:]], rest[::2])]
    return compare({"nb": GaussianNB()}, X, y, cv=splits, keep_probabilities=True, random_state=0)


def test_pictures_of_a_class_that_was_not_learnt_are_left_out_and_said(without_owls):
    assert without_owls.not_taught == [[2], []]
    (note,) = without_owls.notes
    assert note.startswith("1 of 2 training parts lack a class that is tested on ('owl')")
    assert "5 test pictures of such classes count as wrong" in note
    assert "owl" not in set(without_owls.label_errors()["target"])
    # Without that knowledge, they come first.
    assert "owl" in set(replace(without_owls, not_taught=[]).label_errors()["target"].head(1))


def test_a_class_that_is_neither_learnt_nor_tested_is_no_matter(blobs):
    X, y = blobs
    rows = np.flatnonzero(y != "owl")
    result = compare({"nb": GaussianNB()}, X, y, cv=[(rows[::2], rows[1::2])], random_state=0)
    assert result.notes == []
    assert ComparisonResult.from_dict(result.to_dict()) == result


def test_a_class_of_the_models_own_takes_the_place_of_none(blobs):
    class WithReject(ClassifierMixin, BaseEstimator):
        def fit(self, X, y):
            self.model_ = GaussianNB().fit(X, y)
            self.classes_ = np.append(self.model_.classes_, "reject")
            return self

        def predict(self, X):
            return self.model_.predict(X)

        def predict_proba(self, X):
            return np.column_stack([self.model_.predict_proba(X) / 2, np.full(len(X), 0.5)])

    result = compare({"nb": WithReject()}, *blobs, cv=2, scoring="accuracy", keep_probabilities=True, random_state=0)
    probabilities = result.rows[0].probabilities
    assert probabilities.sum(axis=1) == pytest.approx(0.5, abs=1e-3)
    assert probabilities.argmax(axis=1).tolist() == result.rows[0].predicted


@pytest.mark.parametrize("model", [DummyClassifier(strategy="stratified", random_state=0), DummyClassifier()])
def test_what_guesses_is_listed_with_a_caution(model):
    X, y = load_digits_images(return_X_y=True)
    X, y = X[:300].reshape(300, -1), y[:300]
    # The commonest class is more than half of the pictures: a high score by itself shows nothing.
    y = np.where(y < 6, 0, y)
    models = {"guess": model, "nb": make_pipeline(MinMaxScaler(), GaussianNB())}
    result = compare(models, X, y, cv=3, keep_probabilities=True, random_state=0)
    assert result.label_errors("nb").attrs["caution"] is None
    caution = result.label_errors("guess").attrs["caution"]
    assert caution.startswith("guess is not shown to be better than guessing: 0.")
    assert caution.endswith("What it takes for a wrong label says little.")


def test_what_has_no_doubts_is_listed_with_a_caution():
    X, y = load_digits_images(return_X_y=True)
    X, y = X[:200].reshape(200, -1), y[:200]
    models = {"1nn": KNeighborsClassifier(1), "5nn": KNeighborsClassifier(5)}
    result = compare(models, X, y, cv=3, keep_probabilities=True, random_state=0)
    assert result.label_errors("1nn").attrs["caution"].startswith("1nn is always certain")
    assert result.label_errors("5nn").attrs["caution"] is None


def test_a_classifier_that_is_right_less_often_than_the_commonest_class_may_still_be_no_guess():
    rng = np.random.default_rng(0)
    labels = np.where(rng.random(600) < 0.9, "cat", "dog")
    seen = np.where(rng.random(600) < 0.6, labels, np.where(labels == "cat", "dog", "cat"))
    result = compare({"nb": GaussianNB()}, np.c_[seen == "cat", rng.random(600)], labels, cv=3, random_state=0)
    answers = [int(label == "dog") for label in seen]
    rows = [replace(row, predicted=[answers[i] for i in result.test_rows[row.fold]]) for row in result.rows]
    assert guessing_caution(replace(result, rows=rows), "nb") is None
    wrong = [replace(row, predicted=[1 - code for code in row.predicted]) for row in rows]
    assert guessing_caution(replace(result, rows=wrong), "nb").startswith("nb is not shown to be better than guessing")
    assert guessing_caution(replace(result, rows=[replace(row, predicted=None) for row in rows]), "nb") is None


def test_what_cannot_be_told_apart_from_guesses_is_cautioned_about_as_in_the_verdict():
    """Of few folds, the test does not tell what a look at all predictions may suggest."""
    rng = np.random.default_rng(0)
    labels = np.tile(["cat", "dog"], 150)
    X = rng.normal(size=(300, 1)) + 0.9 * (labels == "cat")[:, None]
    models = {"chance": DummyClassifier(strategy="stratified", random_state=0), "nb": GaussianNB()}
    result = compare(models, X, labels, cv=2, keep_probabilities=True, random_state=0)
    assert "It is not shown to be better than chance" in result.verdict()
    caution = (
        "nb is not shown to be better than chance, which only guesses. What it takes for a wrong label says little."
    )
    assert result.label_errors("nb").attrs["caution"] == caution
    alone = replace(
        result, rows=[row for row in result.rows if row.estimator == "nb"], estimators={"nb": result.estimators["nb"]}
    )
    assert alone.label_errors("nb").attrs["caution"] is None
