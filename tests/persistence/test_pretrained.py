"""A PretrainedTransformer in a model file: its weights lie in the file, and nothing else is needed or trusted."""

import warnings

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skimgrec import PretrainedTransformer, load_model, read_card, save_model
from skimgrec.persistence import ModelFileError


@pytest.fixture(scope="module")
def fitted(digits, backbone, tmp_path_factory):
    """Return a pipeline whose weights' file is gone."""
    path = tmp_path_factory.mktemp("gone") / "x.weights.h5"
    folder = path.parent / "cache"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        backbone.save_weights(path)
    settings = {"backbone_params": {"alpha": 0.1}, "image_size": (32, 32)}
    transformer = PretrainedTransformer("MobileNet", weights=path, cache=folder, **settings)
    model = make_pipeline(transformer, LogisticRegression(max_iter=2000)).fit(*digits)
    path.unlink()
    return model


def test_a_pipeline_with_it_comes_back_bit_for_bit(fitted, digits, tmp_path):
    save_model(fitted, tmp_path / "model")
    back = load_model(tmp_path / "model")
    np.testing.assert_array_equal(back.predict_proba(digits[0]), fitted.predict_proba(digits[0]))
    np.testing.assert_array_equal(back[0].transform(digits[0]), fitted[0].transform(digits[0]))
    assert list(back[0].get_feature_names_out()) == list(fitted[0].get_feature_names_out())
    assert back[0].cache is None, "a place to write to belongs to the machine that trained"
    assert back[0].backbone_params == {"alpha": 0.1}
    n_bytes = sum(array.nbytes for array in fitted[0].weights_)
    assert n_bytes < (tmp_path / "model").stat().st_size < 2 * n_bytes
    assert read_card(tmp_path / "model")["preprocessing"] == [
        "features of MobileNet with given weights for pictures of 32 x 32 pixels, averaged over the picture"
    ]


def test_fitting_again_what_was_loaded_asks_for_the_weights(fitted, digits, tmp_path):
    save_model(fitted, tmp_path / "model")
    back = load_model(tmp_path / "model")
    with pytest.raises(FileNotFoundError, match="cannot be read"):
        back.fit(*digits)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"backbone_": "os.system"}, "is unknown"),
        ({"backbone_": "mobilenet"}, "has a network that is none"),
        ({"backbone_": "MobileNetV2"}, "MobileNetV2|weights of"),
        ({"_fitted_pooling": "min"}, "has no network"),
        ({"_n_features_out": 10**9}, "another number of features"),
        ({"cache": "/tmp"}, "a file may name no place to write to"),
    ],
    ids=lambda part: next(iter(part.values())) if isinstance(part, dict) else "",
)
def test_what_fit_could_not_have_left_behind_is_refused(fitted, forge, opened, tmp_path, change, message):
    content = forge.saved_bytes(fitted, tmp_path)
    forged = forge.with_state(content, lambda state: forge.attributes(state, "PretrainedTransformer").update(change))
    with pytest.raises(ModelFileError, match=message):
        opened(forged)


def test_parameters_that_keras_would_act_on_are_refused(fitted, forge, opened, tmp_path):
    def change(state):
        entry = forge.attributes(state, "PretrainedTransformer")["_fitted_params"]
        entry["content"][0]["content"] = ["weights", "imagenet"]

    content = forge.with_state(forge.saved_bytes(fitted, tmp_path), change)
    with pytest.raises(ModelFileError, match="'weights', which MobileNet does not take here"):
        opened(content)


@pytest.mark.parametrize("value", [float("inf"), 10**400, 1e308], ids=["inf", "int", "float"])
def test_a_parameter_beyond_all_bounds_is_refused(fitted, forge, opened, tmp_path, value):
    def change(state):
        entry = forge.attributes(state, "PretrainedTransformer")["_fitted_params"]
        entry["content"][0]["content"] = ["alpha", value]

    content = forge.with_state(forge.saved_bytes(fitted, tmp_path), change)
    with pytest.raises(ModelFileError, match=r"expected a finite number|MobileNet cannot be built"):
        opened(content)


@pytest.mark.parametrize("size", [[10**9, 10**9], [1, 2, 3]], ids=["large", "three"])
def test_a_size_that_fit_would_not_take_is_refused(fitted, forge, opened, tmp_path, size):
    def change(state):
        forge.attributes(state, "PretrainedTransformer")["image_size_"]["content"] = size

    content = forge.with_state(forge.saved_bytes(fitted, tmp_path), change)
    with pytest.raises(ModelFileError, match=r"image_size=.* expected two integers"):
        opened(content)


def test_weights_that_are_not_finite_are_refused(fitted, forge, opened, tmp_path):
    content = forge.saved_bytes(fitted, tmp_path)
    changed = forge.with_arrays(content, lambda array: array * np.float32("nan") if array.ndim == 4 else None)
    with pytest.raises(ModelFileError, match="not all finite"):
        opened(changed)
