"""The scikit-learn protocol for transformers of paths and pictures, which scikit-learn's own checks do not cover."""

import copy
import inspect
import pickle
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline, make_union
from sklearn.utils import estimator_html_repr, get_tags
from sklearn.utils._param_validation import InvalidParameterError

from skimgrec import HOGTransformer, ImageFlattener, ImageLoader

# What each one takes: "paths" or "pictures".
TRANSFORMERS = {
    "ImageLoader": (ImageLoader((16, 16)), "paths"),
    "ImageLoader grey": (ImageLoader([12, 16], grey=True, resize="crop", n_jobs=2), "paths"),
    "ImageLoader lenient": (ImageLoader((16, 16), on_error="blank", resize="fit"), "paths"),
}
# A value that no parameter of that name takes, and what the error says.
UNUSABLE = {
    "image_size": [("64", InvalidParameterError), ((64,), ValueError), ((0, 8), ValueError), ((8.0, 8), ValueError)],
    "grey": [("yes", InvalidParameterError)],
    "resize": [("squash", InvalidParameterError), (None, InvalidParameterError)],
    "on_error": [("skip", InvalidParameterError)],
    "cache": [(3, InvalidParameterError)],
    "n_jobs": [(0, InvalidParameterError), (1.5, InvalidParameterError)],
}

every_transformer = pytest.mark.parametrize("name", TRANSFORMERS)


@pytest.fixture
def X(photos, request):
    paths, _ = photos
    takes = TRANSFORMERS[request.getfixturevalue("name")][1]
    return paths if takes == "paths" else np.asarray(ImageLoader((16, 16)).transform(paths))


@pytest.fixture
def transformer(name):
    return clone(TRANSFORMERS[name][0])


@every_transformer
def test_parameters_are_stored_as_given(name):
    kind = type(TRANSFORMERS[name][0])
    for parameter in inspect.signature(kind).parameters:
        value = object()
        assert getattr(kind(**{parameter: value}), parameter) is value


@every_transformer
def test_every_parameter_has_a_constraint_and_an_unusable_value(name):
    kind = type(TRANSFORMERS[name][0])
    parameters = set(inspect.signature(kind).parameters)
    assert set(kind._parameter_constraints) == parameters
    assert parameters <= set(UNUSABLE)


@every_transformer
def test_unusable_values_are_refused_by_name_not_before_use(name, transformer, X):
    for parameter in transformer.get_params():
        for value, error in UNUSABLE[parameter]:
            for call in ("fit", "fit_transform", "transform"):
                unusable = clone(transformer).set_params(**{parameter: value})
                with pytest.raises(error, match=parameter) as raised:
                    getattr(unusable, call)(X)
                assert repr(value) in str(raised.value)


@every_transformer
def test_clone_and_set_params(name, transformer, X):
    fitted = transformer.fit(X)
    assert clone(fitted).get_params() == fitted.get_params() == TRANSFORMERS[name][0].get_params()
    with pytest.raises(ValueError, match="Invalid parameter 'nonsense'"):
        fitted.set_params(nonsense=1)


@every_transformer
def test_fit_returns_self_leaves_parameters_alone_and_learns_nothing(name, transformer, X):
    before = copy.deepcopy(vars(transformer))
    assert transformer.fit(X) is transformer
    transformer.transform(X)
    assert vars(transformer) == before


@every_transformer
def test_results_do_not_depend_on_the_way(name, transformer, X):
    expected = np.asarray(transformer.fit(X).transform(X))
    rows = [5, 0, 7]
    for found, wanted in (
        (clone(transformer).fit_transform(X), expected),
        (clone(transformer).transform(X), expected),
        (transformer.transform(X[rows]), expected[rows]),
        (pickle.loads(pickle.dumps(transformer)).transform(X), expected),
        (copy.deepcopy(transformer).transform(X), expected),
    ):
        np.testing.assert_array_equal(np.asarray(found), wanted)


@every_transformer
def test_it_survives_joblib(name, transformer, X, tmp_path):
    joblib.dump(transformer, tmp_path / "transformer.joblib")
    loaded = joblib.load(tmp_path / "transformer.joblib")
    np.testing.assert_array_equal(np.asarray(loaded.transform(X)), np.asarray(transformer.transform(X)))


@every_transformer
def test_input_is_left_as_it_was(name, transformer, X):
    before = X.copy()
    np.asarray(transformer.fit_transform(X))
    np.testing.assert_array_equal(X, before)


@every_transformer
def test_tags(name, transformer):
    tags = get_tags(transformer)
    takes = TRANSFORMERS[name][1]
    assert not tags.requires_fit
    assert not tags.input_tags.two_d_array
    assert tags.input_tags.string == (takes == "paths")
    assert tags.input_tags.one_d_array == (takes == "paths")
    assert tags.input_tags.three_d_array == (takes == "pictures")
    assert tags.estimator_type is None
    assert tags.transformer_tags is not None


@every_transformer
def test_representations(name, transformer):
    assert repr(transformer).startswith(type(transformer).__name__ + "(")
    assert eval(repr(transformer)).get_params() == transformer.get_params()
    assert type(transformer).__name__ in estimator_html_repr(transformer)


@every_transformer
@pytest.mark.parametrize("how", ["set_output", "configuration"])
def test_output_as_data_frames_concerns_the_steps_behind(name, transformer, X, how):
    model = make_pipeline(transformer, HOGTransformer(pixels_per_cell=(4, 4)))
    expected = model.fit(X).transform(X)
    if how == "set_output":
        model.set_output(transform="pandas")
        frame = model.fit_transform(X)
    else:
        with config_context(transform_output="pandas"):
            frame = model.fit_transform(X)
    assert list(frame.columns) == list(model.get_feature_names_out())
    np.testing.assert_array_equal(frame.to_numpy(), expected)


@every_transformer
def test_pipelines_of_it_unite_with_names(name, transformer, X):
    union = make_union(
        make_pipeline(transformer, HOGTransformer(pixels_per_cell=(4, 4))), make_pipeline(transformer, ImageFlattener())
    ).set_output(transform="pandas")
    frame = union.fit_transform(X)
    assert frame.columns[-1].startswith("pipeline-2__pixel_")
    assert len(frame) == len(X)


@every_transformer
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_cross_validation_learns(name, transformer, X, photos, n_jobs):
    model = make_pipeline(transformer, ImageFlattener(scale=True), LogisticRegression())
    assert cross_val_score(model, X, photos[1], cv=3, n_jobs=n_jobs, error_score="raise").mean() > 0.9


@every_transformer
def test_steps_are_kept_by_a_pipelines_memory(name, transformer, X, photos, tmp_path):
    model = make_pipeline(transformer, ImageFlattener(scale=True), LogisticRegression(), memory=str(tmp_path))
    first = model.fit(X, photos[1]).predict(X)
    assert any(Path(tmp_path).rglob("*.pkl"))
    np.testing.assert_array_equal(model.fit(X, photos[1]).predict(X), first)
