"""What a comparison keeps beside the scores: predictions, learning curves, memory."""

import math
import sys

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import LinearSVC

from skimgrec import compare
from skimgrec.model_selection._arguments import scorers_of
from skimgrec.model_selection._measure import FoldTask, Measures, measure


def test_predictions_are_those_of_cross_val_predict(blobs):
    X, y = blobs
    result = compare({"1nn": KNeighborsClassifier(1), "nb": GaussianNB()}, X, y, cv=3, random_state=0)
    splits = [(np.setdiff1d(np.arange(60), test), test) for test in map(np.array, result.test_rows)]
    for name, estimator in {"1nn": KNeighborsClassifier(1), "nb": GaussianNB()}.items():
        frame = result.predictions(name)
        assert frame["row"].tolist() == list(range(60))
        assert frame["target"].tolist() == y.tolist()
        assert frame["predicted"].tolist() == cross_val_predict(estimator, X, y, cv=splits).tolist()
        for fold, part in frame.groupby("fold"):
            row = next(row for row in result.rows if (row.estimator, row.fold) == (name, fold))
            assert row.scores["accuracy"] == accuracy_score(part["target"], part["predicted"])


def test_predictions_survive_being_saved(blobs, tmp_path):
    result = compare({"1nn": KNeighborsClassifier(1)}, *blobs, cv=3, random_state=0)
    result.to_json(tmp_path / "result.json")
    loaded = type(result).from_json(tmp_path / "result.json")
    assert loaded == result
    assert loaded.predictions().equals(result.predictions())


def test_nothing_is_predicted_twice_to_be_kept(blobs):
    class Counting(GaussianNB):
        calls = []  # noqa: RUF012  clones share it

        def predict(self, X):
            self.calls.append(len(X))
            return super().predict(X)

        def predict_proba(self, X):
            self.calls.append(-len(X))
            return super().predict_proba(X)

    compare({"nb": Counting()}, *blobs, cv=2)
    assert Counting.calls == [30, 30]
    Counting.calls.clear()
    compare({"nb": Counting()}, *blobs, cv=2, keep_probabilities=True, scoring=["accuracy", "neg_log_loss"])
    assert Counting.calls == [30, -30, 30, -30]


@pytest.mark.parametrize(
    ("model", "scoring", "n_passes"),
    [
        (LinearSVC(), ["accuracy", "f1_macro", "balanced_accuracy"], 1),
        # One that asks for a method that the model lacks.
        (LinearSVC(), ["accuracy", "f1_macro", "roc_auc_ovr", "balanced_accuracy"], 1),
        (LinearSVC(), ["roc_auc", "accuracy", "average_precision", "neg_log_loss"], 2),
        (LogisticRegression(), ["accuracy", "roc_auc"], 2),
        (GaussianNB(), ["roc_auc", "neg_log_loss", "accuracy"], 2),
        (GaussianNB(), {"roc_auc": "roc_auc", "mine": lambda model, X, y: (model.predict(X) == y).mean()}, 2),
    ],
)
def test_each_kind_of_prediction_is_made_once_and_charged_once(blobs, model, scoring, n_passes):
    passes = []

    def note(X):
        passes.append(len(X))
        return X

    X, y, train, test = blobs[0][:40, 1:], blobs[1][:40] == "dog", np.arange(0, 40, 2), np.arange(1, 39, 2)
    pipeline = make_pipeline(FunctionTransformer(note), model)
    task = FoldTask(name="a", estimator=pipeline, fold=0, train=train, test=test, shared_seconds=1e6)
    scorers = scorers_of(scoring)
    row, _ = measure(task, X, y, Measures(scorers=scorers, classes=np.array([False, True])))
    assert passes.count(19) == n_passes
    assert row.predict_time == pytest.approx(n_passes * 19e6, abs=1e6)
    pipeline.fit(X[train], y[train])
    lacking = [metric for metric, score in row.scores.items() if math.isnan(score)]
    assert {metric for metric in lacking if metric not in ("roc_auc_ovr", "neg_log_loss")} == set()
    for metric in set(scorers).difference(lacking):
        assert row.scores[metric] == scorers[metric](pipeline, X[test], y[test])


def test_probabilities_are_kept_when_asked_for_and_in_the_order_of_the_classes(blobs):
    X, y = blobs
    # The first fold never sees an owl.
    splits = [(np.arange(0, 40, 2), np.arange(1, 60, 2)), (np.arange(1, 60, 2), np.arange(0, 60, 2))]
    result = compare({"nb": GaussianNB()}, X, y, cv=splits, keep_probabilities=True)
    frame = result.predictions("nb")
    expected = np.zeros((60, 3), dtype="float32")
    for train, test in splits:
        model = GaussianNB().fit(X[train], y[train])
        expected[np.ix_(test, np.searchsorted(["cat", "dog", "owl"], model.classes_))] = model.predict_proba(X[test])
    assert frame[["proba_cat", "proba_dog", "proba_owl"]].to_numpy() == pytest.approx(expected)
    assert "proba_cat" not in compare({"nb": GaussianNB()}, X, y, cv=2).predictions().columns


def test_a_model_without_probabilities_keeps_its_predictions(blobs):
    result = compare({"svm": LinearSVC()}, *blobs, cv=2, keep_probabilities=True)
    assert list(result.predictions().columns) == ["row", "fold", "target", "predicted"]
    assert [row.error for row in result.rows] == [None, None]


def test_an_answer_that_is_no_class_is_kept_as_none(blobs, make_classifier):
    class Shouts(KNeighborsClassifier):
        def predict(self, X):
            return np.char.upper(super().predict(X))

    frame = compare({"shouts": Shouts(1)}, *blobs, cv=2).predictions()
    assert set(frame["predicted"]) == {None}


def test_asking_for_what_is_not_there(blobs, make_classifier, fails):
    result = compare({"bad": make_classifier(fails(ValueError("bad")))}, *blobs, cv=2)
    with pytest.raises(ValueError, match="no estimator finished every fold"):
        result.predictions()
    with pytest.raises(ValueError, match="bad has no predictions"):
        result.predictions("bad")
    with pytest.raises(ValueError, match="expected one of bad"):
        result.predictions("good")


def test_every_repetition_is_kept(blobs):
    result = compare({"1nn": KNeighborsClassifier(1)}, *blobs, cv=RepeatedStratifiedKFold(n_splits=3, n_repeats=2))
    frame = result.predictions()
    assert len(frame) == 120
    assert frame.groupby("row")["fold"].nunique().eq(2).all()


def test_training_scores_on_demand(blobs):
    X, y = blobs
    result = compare({"1nn": KNeighborsClassifier(1)}, X, y, cv=2, return_train_score=True)
    assert [row.train_scores for row in result.rows] == [{"accuracy": 1.0, "f1_macro": 1.0}] * 2
    assert compare({"1nn": KNeighborsClassifier(1)}, X, y, cv=2).rows[0].train_scores is None
    assert type(result).from_dict(result.to_dict()) == result


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the peak of a piece of work")
def test_peak_memory_of_a_fit(blobs, make_classifier):
    def hungry(X):
        np.ones(2**25)  # 256 MiB, given back at once

    result = compare({"hungry": make_classifier(hungry), "modest": make_classifier()}, *blobs, cv=2)
    frame = result.summary()
    assert 250e6 < frame.loc["hungry", "peak_memory"] < 400e6
    assert frame.loc["modest", "peak_memory"] < 100e6


def test_pictures_per_second(blobs):
    result = compare({"1nn": KNeighborsClassifier(1)}, *blobs, cv=2)
    seconds = sum(row.predict_time for row in result.rows)
    assert result.summary().loc["1nn", "pictures_per_second"] == pytest.approx(60 / seconds)


def test_learning_curves_over_nested_training_sets(blobs, make_classifier):
    X, y = blobs
    seen = []
    estimators = {"a": make_classifier(lambda rows: seen.append(set(rows[:, 0].astype(int)))), "nb": GaussianNB()}
    result = compare(estimators, X, y, cv=2, train_sizes=[0.2, 0.5, 1.0], random_state=0)
    assert [row.train_size for row in result.rows] == [None] * 4
    assert [(row.fold, row.train_size, row.n_train) for row in result.partial_rows[:4]] == [
        (0, 0.2, 6), (0, 0.5, 15), (1, 0.2, 6), (1, 0.5, 15),
    ]  # fmt: skip
    for fold in (0, 1):
        sizes = sorted(seen[3 * fold : 3 * fold + 3], key=len)
        assert sizes[0] < sizes[1] < sizes[2]
    frame = result.learning_curves()
    assert frame["n_train"].tolist() == [6, 15, 30] * 2
    assert frame["n_folds"].eq(2).all()
    whole = frame[frame["n_train"] == 30].set_index("estimator")["mean_test_accuracy"]
    assert whole["a"] == result.summary().loc["a", "mean_test_accuracy"]
    assert type(result).from_dict(result.to_dict()) == result


@pytest.mark.parametrize("convert", [list, tuple, lambda sizes: [np.int64(sizes[0]), np.float64(sizes[1]), sizes[2]]])
def test_training_sizes_may_mix_numbers_and_shares(blobs, convert):
    result = compare({"nb": GaussianNB()}, *blobs, cv=2, train_sizes=convert([6, 0.5, 1.0]), random_state=0)
    assert [(row.train_size, row.n_train) for row in result.partial_rows] == [(6, 6), (0.5, 15)] * 2


@pytest.mark.parametrize("sizes", [[0], [-1], [1.5], [0.0], [31], ["half"], [True], [math.nan]])
def test_training_sizes_that_cannot_be(blobs, sizes):
    with pytest.raises(ValueError, match="train_sizes has"):
        compare(["chance"], *blobs, cv=2, train_sizes=sizes)


def test_a_part_smaller_than_the_number_of_classes_holds_one_of_each(blobs):
    X, y = blobs
    result = compare({"lr": LogisticRegression()}, X, y, cv=2, train_sizes=[1], random_state=0)
    assert [row.n_train for row in result.partial_rows] == [3, 3]
    assert [row.error for row in result.partial_rows] == [None, None]
