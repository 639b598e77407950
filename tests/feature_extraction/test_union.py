"""Several kinds of features at once, by name."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skimgrec import ColorHistogramTransformer, HOGTransformer, LBPTransformer, make_feature_union
from skimgrec.feature_extraction import feature_descriptions


@pytest.fixture
def pictures(rng):
    return rng.integers(0, 256, size=(12, 16, 16, 3), dtype=np.uint8)


def test_features_stand_one_after_another_under_their_names(pictures):
    union = make_feature_union("lbp+hog+color").set_output(transform="pandas")
    frame = union.fit_transform(pictures)
    parts = [kind().fit_transform(pictures) for kind in (LBPTransformer, HOGTransformer, ColorHistogramTransformer)]
    np.testing.assert_array_equal(frame.to_numpy(), np.hstack(parts))
    assert frame.columns[0] == "lbp__lbp_8_1_cell0_0_code0"
    assert frame.columns[-1] == "color__color_cell3_3_value7"
    assert make_feature_union(["lbp", "hog", "color"]).get_params().keys() == union.get_params().keys()


@pytest.mark.parametrize("name", feature_descriptions())
def test_every_kind_is_built_with_its_settings(pictures, name):
    rows = pictures.reshape(12, -1)
    union = make_feature_union(name, image_shape=(16, 16, 3), random_state=3, n_jobs=2)
    ((found, step),) = union.transformer_list
    assert found == name
    assert step.get_params().get("n_jobs", 2) == 2
    assert step.get_params().get("random_state", 3) == 3
    np.testing.assert_array_equal(union.fit_transform(rows), clone(step).fit_transform(rows))


def test_no_kind_of_features_drowns_the_others(pictures):
    lengths = []
    for name, n_parts in (("hog", 4), ("lbp", 16), ("color", 16)):
        features = make_feature_union(name).fit_transform(pictures).reshape(12, n_parts, -1)
        lengths.append(np.linalg.norm(features, axis=-1))
    np.testing.assert_allclose(np.hstack(lengths), 1, atol=1e-3)


def test_a_parameter_is_set_under_the_name_of_its_kind(pictures):
    model = make_pipeline(make_feature_union("hog+lbp"), LogisticRegression())
    model.set_params(featureunion__lbp__method="uniform").fit(pictures, np.arange(12) % 2)
    assert model.n_features_in_ == 768
    assert model[-1].n_features_in_ == 324 + 160


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ("", "No features are named. Known are hog, lbp, color"),
        ([], "No features are named"),
        ("hog+lpb", r"Unknown features 'lpb', did you mean 'lbp'\? Known are hog"),
        ("hog+", "Unknown features ''"),
        ("surf", r"Unknown features 'surf'"),
        ("hog+hog", "'hog' are named twice"),
        ([3], "Unknown features 3"),
    ],
)
def test_bad_names(features, message):
    with pytest.raises(ValueError, match=message):
        make_feature_union(features)
