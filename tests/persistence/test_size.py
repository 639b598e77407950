"""The size of a model's file, told without writing it."""

import math

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skimgrec import HOGTransformer, ImageFlattener, KerasMLPClassifier, save_model
from skimgrec.persistence import model_file_size


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(HOGTransformer(), RandomForestClassifier(random_state=0)),
        make_pipeline(ImageFlattener(dtype="float32"), KNeighborsClassifier(1)),
        make_pipeline(ImageFlattener(), LogisticRegression(max_iter=20)),
        KerasMLPClassifier(hidden_layer_sizes=(100,), epochs=1, random_state=0),
    ],
    ids=["forest", "neighbours", "logistic", "network"],
)
def test_the_size_told_is_that_of_the_file(quietly_fitted, tmp_path, model):
    fitted = quietly_fitted(model)
    save_model(fitted, tmp_path / "model")
    size = (tmp_path / "model").stat().st_size
    # The card takes some room, too, and so do the names of many small arrays.
    assert model_file_size(fitted) == pytest.approx(size, rel=0.2, abs=15_000)


def test_arrays_are_counted_where_they_lie():
    model = KNeighborsClassifier(1, algorithm="brute").fit(np.zeros((10**4, 100), np.float32), np.arange(10**4) % 2)
    assert 4e6 < model_file_size(model) < 4.5e6


def test_what_cannot_be_pickled_has_no_size():
    model = KNeighborsClassifier(1)
    model.helper = lambda: None
    assert math.isnan(model_file_size(model))
