"""What rows keep of a network's training."""

import json
import math

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skimgrec import KerasMLPClassifier, compare
from skimgrec.model_selection import FoldRow


# Local to a function, it travels to worker processes by value.
@pytest.fixture
def net():
    class Net(ClassifierMixin, BaseEstimator):
        def fit(self, X, y):
            self.classes_ = np.unique(y)
            self.history_ = {"val_loss": [math.nan, 1.0, math.inf], "loss": np.array([3.0, 2.0, len(X)])}
            self.best_epoch_ = 2
            return self

        def predict(self, X):
            return np.full(len(X), self.classes_[0])

    return Net()


HISTORY = {"loss": [3.0, 2.0, 30.0], "val_loss": [math.nan, 1.0, math.inf]}


def test_a_network_at_the_end_of_a_pipeline_keeps_its_history_in_every_fold(blobs, net):
    models = {"net": net, "behind": make_pipeline(StandardScaler(), net), "nb": GaussianNB()}
    result = compare(models, *blobs, cv=2)
    for row in result.rows:
        expected = (None, None) if row.estimator == "nb" else (HISTORY, 2)
        assert (row.history, row.best_epoch) == expected


def test_a_history_survives_being_saved(blobs, net, tmp_path):
    result = compare({"net": net, "nb": GaussianNB()}, *blobs, cv=2, train_sizes=[0.5])
    result.to_json(tmp_path / "result.json")
    loaded = type(result).from_json(tmp_path / "result.json")
    assert loaded == result
    assert loaded.rows[0].history == HISTORY
    assert loaded.partial_rows[0].history == {**HISTORY, "loss": [3.0, 2.0, 15.0]}
    assert loaded.rows[0].best_epoch == 2


def test_rows_of_the_first_versions_load_and_rows_without_a_history_say_nothing_of_one():
    row = FoldRow(estimator="a", fold=0, n_train=4, n_test=2, scores={"accuracy": 0.5})
    content = json.loads(json.dumps(row.to_dict(), allow_nan=False))
    assert not {"history", "best_epoch"} & set(content)
    assert FoldRow.from_dict(content) == row
    with_history = FoldRow(**{**vars(row), "history": HISTORY})
    assert with_history != row
    assert FoldRow.from_dict(json.loads(json.dumps(with_history.to_dict(), allow_nan=False))) == with_history


def test_a_damaged_history_is_told(blobs, net):
    result = compare({"net": net}, *blobs, cv=2)
    content = result.to_dict()
    content["rows"][0]["history"] = ["loss"]
    with pytest.raises(ValueError, match="This saved comparison is damaged"):
        type(result).from_dict(content)


def test_a_run_goes_on_with_the_histories_that_it_has(blobs, net, tmp_path):
    first = compare({"net": net}, *blobs, cv=2, run_dir=tmp_path, random_state=0)
    again = compare({"net": net}, *blobs, cv=2, run_dir=tmp_path, random_state=0)
    assert again.rows == first.rows
    assert again.rows[1].history == HISTORY
    other = compare({"nb": GaussianNB()}, *blobs, cv=2, random_state=0)
    assert [row.history for row in first.join(other).rows] == [HISTORY, HISTORY, None, None]


def test_an_attribute_that_fails_costs_no_fit(blobs):
    class Odd(GaussianNB):
        @property
        def history_(self):
            raise RuntimeError("no")

    rows = compare({"odd": Odd()}, *blobs, cv=2).rows
    assert [(row.history, row.error) for row in rows] == [(None, None)] * 2


def test_the_epoch_that_early_stopping_keeps_is_the_best(blobs):
    X, y = blobs
    mlp = KerasMLPClassifier(
        hidden_layer_sizes=(4,), epochs=6, early_stopping=True, validation_fraction=0.3, random_state=0
    )
    (row, _) = compare({"mlp": mlp}, X, y, cv=2, random_state=0).rows
    assert sorted(row.history) == ["accuracy", "loss", "val_accuracy", "val_loss"]
    ranks = list(zip(row.history["val_accuracy"], [-loss for loss in row.history["val_loss"]], strict=True))
    assert len(ranks) == 6
    assert row.best_epoch == ranks.index(max(ranks)) + 1
