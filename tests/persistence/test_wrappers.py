"""Classifiers that wrap others arrive in one file, and what would make them answer everything is refused."""

import json

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline

from skimgrec import (
    ConformalClassifier,
    HOGTransformer,
    ImageFlattener,
    KerasMLPClassifier,
    RejectingClassifier,
    load_model,
    read_card,
    save_model,
)
from skimgrec.persistence import ModelFileError

HOG = HOGTransformer(pixels_per_cell=(2, 2), cells_per_block=(1, 1))
FOREST = make_pipeline(HOG, RandomForestClassifier(10, random_state=0))
NETWORK = KerasMLPClassifier(hidden_layer_sizes=(8,), epochs=1, random_state=0)
WRAPPED = {
    "combined": RejectingClassifier(FOREST, random_state=0),
    "distance": RejectingClassifier(
        FOREST, method="distance", feature_extractor=ImageFlattener(scale=True), random_state=0
    ),
    "softmax": RejectingClassifier(FOREST, method="softmax", random_state=0),
    "network": RejectingClassifier(NETWORK, random_state=0),
}


@pytest.mark.parametrize("name", WRAPPED)
def test_rejection_arrives(digits, opened, forge, tmp_path, name):
    X, y = digits
    names = np.array([f"digit {label}" for label in y])
    model = WRAPPED[name].fit(X, names)
    arrived = opened(forge.saved_bytes(model, tmp_path))
    np.testing.assert_array_equal(arrived.score_samples(X), model.score_samples(X))
    np.testing.assert_array_equal(arrived.predict(X), model.predict(X))
    np.testing.assert_array_equal(arrived.predict_proba(X), model.predict_proba(X))
    arrived.set_params(coverage=0.5)
    assert (arrived.predict(X) == "unknown").sum() > (model.predict(X) == "unknown").sum()


@pytest.mark.parametrize("method", ["lac", "raps"])
def test_prediction_sets_arrive(digits, opened, forge, tmp_path, method):
    X, y = digits
    model = ConformalClassifier(FOREST, method=method, random_state=0).fit(X, y)
    arrived = opened(forge.saved_bytes(model, tmp_path))
    np.testing.assert_array_equal(arrived.predict_set(X), model.predict_set(X))


def test_a_model_from_a_file_is_wrapped_and_saved_again(digits, tmp_path):
    X, y = digits
    save_model(NETWORK.fit(X[:100], y[:100]), tmp_path / "plain")
    model = RejectingClassifier(FrozenEstimator(load_model(tmp_path / "plain")), coverage=0.9, random_state=0)
    save_model(model.fit(X[100:], y[100:]), tmp_path / "wrapped")
    np.testing.assert_array_equal(load_model(tmp_path / "wrapped").predict(X), model.predict(X))
    card = read_card(tmp_path / "wrapped")
    assert card["estimator"] == "RejectingClassifier(KerasMLPClassifier)"
    assert card["image_shape"] == [8, 8]


def test_card_tells_what_is_wrapped(digits, tmp_path):
    save_model(WRAPPED["softmax"].fit(*digits), tmp_path / "model")
    card = read_card(tmp_path / "model")
    assert card["estimator"] == "RejectingClassifier(HOGTransformer -> RandomForestClassifier)"
    assert card["image_shape"] == [8, 8]
    assert card["classes"] == list(range(10))
    assert [text[:10] for text in card["preprocessing"]] == ["histograms"]
    assert card["parameters"]["coverage"] == 0.95
    assert card["trusted"] == []


@pytest.mark.parametrize(
    ("value", "fault"),
    [(np.nan, "not finite"), (-np.inf, "not finite"), (9.0, "out of order")],
)
def test_scores_that_would_answer_everything_are_refused(digits, opened, forge, tmp_path, value, fault):
    model = WRAPPED["softmax"].fit(*digits)
    content = forge.saved_bytes(model, tmp_path)

    def change(array):
        if array.shape == model.calibration_scores_.shape and array.dtype == np.float64:
            array[0] = value
            return array
        return None

    with pytest.raises(ModelFileError, match=fault):
        opened(forge.with_arrays(content, change))


def test_a_temperature_that_is_none_is_refused(digits, opened, forge, tmp_path):
    content = forge.saved_bytes(WRAPPED["softmax"].fit(*digits), tmp_path)

    def change(state):
        forge.attributes(state, "RejectingClassifier")["temperature_"] = -1.0
        return json.loads(json.dumps(state))

    with pytest.raises(ModelFileError, match="temperature that is none"):
        opened(forge.with_state(content, change))
