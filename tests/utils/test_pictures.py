"""The picture contract."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator

from skimgrec.utils import check_image_shape, validate_pictures


class Taker(BaseEstimator):
    def __init__(self, image_shape=None):
        self.image_shape = image_shape


def fitted_on(X, image_shape=None):
    estimator = Taker(image_shape)
    return estimator, validate_pictures(estimator, X, reset=True)


def refused(X, image_shape=None, error=ValueError):
    with pytest.raises(error) as caught:
        validate_pictures(Taker(image_shape), X, reset=True)
    return str(caught.value)


@pytest.mark.parametrize(
    ("shape", "image_shape", "expected", "unfolded"),
    [
        ((5, 8, 6), None, (8, 6), (5, 8, 6, 1)),
        ((5, 8, 6, 1), None, (8, 6, 1), (5, 8, 6, 1)),
        ((5, 8, 6, 3), None, (8, 6, 3), (5, 8, 6, 3)),
        ((5, 8, 6, 4), None, (8, 6, 4), (5, 8, 6, 4)),
        ((5, 64), None, (8, 8), (5, 8, 8, 1)),
        ((5, 7), None, (1, 7), (5, 1, 7, 1)),
        ((5, 48), (4, 12), (4, 12), (5, 4, 12, 1)),
        ((5, 3072), (32, 32, 3), (32, 32, 3), (5, 32, 32, 3)),
        ((5, 3072), (1, 3072), (1, 3072), (5, 1, 3072, 1)),
        ((5, 147), None, (1, 147), (5, 1, 147, 1)),
    ],
)
def test_pictures_of_every_layout_are_taken(shape, image_shape, expected, unfolded):
    estimator, pictures = fitted_on(np.zeros(shape, np.uint8), image_shape)
    assert pictures.shape == unfolded
    assert estimator.image_shape_ == expected
    assert estimator.n_features_in_ == np.prod(expected)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int64", "float16", "float32", "float64", ">f4"])
def test_dtype_is_kept_and_the_batch_is_a_view(dtype):
    X = np.arange(4 * 36).reshape(4, 6, 6).astype(dtype)
    _, pictures = fitted_on(X)
    assert pictures.dtype == X.dtype.newbyteorder("=")
    if X.dtype.isnative:
        assert np.shares_memory(X, pictures)


def test_booleans_and_long_floats_become_plain_floats():
    assert fitted_on(np.ones((3, 5, 5), bool))[1].dtype == np.float32
    assert fitted_on(np.ones((3, 5, 5), np.longdouble))[1].dtype == np.float64


@pytest.mark.parametrize(
    ("make", "n"),
    [
        (lambda X: list(X), 4),
        (lambda X: X.tolist(), 4),
        (lambda X: [image.tolist() for image in X], 4),
        (lambda X: np.array([*list(X), None], dtype=object)[:-1], 4),
        (lambda X: X.astype(object), 4),
        (lambda X: pd.DataFrame(X.reshape(4, -1)), 4),
    ],
    ids=["list", "nested list", "list of lists", "object array of pictures", "object array of numbers", "data frame"],
)
def test_containers_of_pictures_become_one_array(make, n):
    X = np.arange(4 * 36.0).reshape(4, 6, 6)
    _, pictures = fitted_on(make(X))
    np.testing.assert_array_equal(pictures[..., 0], X)


def test_data_frame_columns_are_remembered_and_forgotten():
    estimator, _ = fitted_on(pd.DataFrame(np.ones((3, 4)), columns=list("abcd")))
    assert list(estimator.feature_names_in_) == list("abcd")
    validate_pictures(estimator, np.ones((3, 5, 5)), reset=True)
    assert not hasattr(estimator, "feature_names_in_")


@pytest.mark.parametrize(
    ("X", "words"),
    [
        (np.zeros((10, 3, 32, 32)), ["(10, 3, 32, 32)", "channels first", "np.moveaxis(X, 1, -1)"]),
        (np.zeros((10, 9, 9, 2)), ["2 channels", "1 (grey), 3 (colour) or 4"]),
        (np.zeros((2, 2, 2, 2, 2)), ["5 dimensions", "(n, height, width)"]),
        (np.zeros((8, 8, 3)), ["(8, 8, 3)", "one colour picture", "X[None]", "X[..., None]"]),
        (np.zeros((4, 3072)), ["3072 features", "image_shape=(32, 32, 3)", "image_shape=(1, 3072)"]),
        (np.zeros((4, 192)), ["192 features", "image_shape=(8, 8, 3)"]),
        (np.zeros((0, 8, 8)), ["0 sample(s)", "(0, 8, 8)", "minimum of 1"]),
        (np.zeros((5, 0, 8)), ["empty pictures", "(5, 0, 8)"]),
        ([np.zeros((8, 8)), np.zeros((8, 9))], ["mixed sizes", "(8, 8), (8, 9)", "resize"]),
        (["a.png", "b.png"], ["2 strings", "make_pipeline(ImageLoader"]),
        (np.array(["a.png"]), ["1 strings", "make_pipeline(ImageLoader"]),
        (np.ones((3, 4, 4), complex), ["complex"]),
        (np.array([["a", "b"]] * 2).reshape(1, 2, 2), ["dtype <U1", "integer or floating"]),
        (np.ones(5), ["Expected 2D array, got 1D array"]),
    ],
)
def test_what_breaks_the_contract_is_named_with_its_rule_and_remedy(X, words):
    message = refused(X)
    for word in words:
        assert word in message


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("shape", [(6, 5, 5), (6, 25)])
def test_values_that_are_not_finite_are_located(value, shape):
    X = np.zeros(shape)
    X[4, 0] = value
    message = refused(X)
    assert ("NaN" if np.isnan(value) else "infinity") in message
    assert "picture 4" in message


def test_sparse_and_textual_input_is_a_type_error():
    assert "dense" in refused(sparse.csr_array(np.eye(4)), error=TypeError)
    assert "not numbers" in refused(np.array([[["a", {}]]], dtype=object), error=TypeError)


@pytest.mark.parametrize("shape", [(7, 8, 3), (8, 7, 3)])
def test_narrow_grey_pictures_below_the_limit_are_taken(shape):
    assert fitted_on(np.zeros(shape))[1].shape == (*shape, 1)


def test_declared_shape_settles_what_is_ambiguous():
    assert fitted_on(np.zeros((9, 9, 3)), (9, 3))[0].image_shape_ == (9, 3)
    assert "image_shape says (9, 9)" in refused(np.zeros((5, 9, 8)), (9, 9))
    assert "image_shape=(9, 9) needs 81 features" in refused(np.zeros((5, 80)), (9, 9))


@pytest.mark.parametrize("image_shape", [(8,), (8, 8, 2), (8, 0), "88", 64, (8.5, 8), (8, 8, 3, 1), (-8, -8)])
def test_image_shape_must_be_a_shape(image_shape):
    with pytest.raises(ValueError, match=r"expected \(height, width\)"):
        check_image_shape(image_shape)


def test_later_batches_must_have_the_fitted_shape():
    estimator, _ = fitted_on(np.zeros((4, 8, 6), np.uint8))
    for shape in [(2, 8, 6), (2, 8, 6, 1), (2, 48)]:
        assert validate_pictures(estimator, np.zeros(shape, np.uint8), reset=False).shape == (2, 8, 6, 1)
    with pytest.raises(ValueError, match=r"shape \(6, 8\), but it was fitted on \(8, 6\)"):
        validate_pictures(estimator, np.zeros((2, 6, 8), np.uint8), reset=False)
    with pytest.raises(ValueError, match="X has 50 features, but Taker is expecting 48 features as input"):
        validate_pictures(estimator, np.zeros((2, 50), np.uint8), reset=False)


@pytest.mark.parametrize("shape", [(8, 6), (9, 9, 3), (5, 5, 3)])
def test_one_picture_without_batch_axis_gets_the_remedy(shape):
    estimator, _ = fitted_on(np.zeros((4, *shape), np.uint8))
    with pytest.raises(ValueError, match=r"X\[None\]"):
        validate_pictures(estimator, np.zeros(shape, np.uint8), reset=False)


def test_uint8_always_stands_for_its_whole_range():
    assert fitted_on(np.full((3, 5, 5), 7, np.uint8))[0].value_range_ == (0, 255)
    assert fitted_on(np.full((3, 5, 5), 7, np.int16))[0].value_range_ == (7, 7)


@pytest.mark.parametrize(
    ("fitted", "later"),
    [
        (lambda X: X / 255, lambda X: X.astype(float)),
        (lambda X: X / 255, lambda X: X),
        (lambda X: X, lambda X: X / 255),
        (lambda X: X.astype(float), lambda X: X / 255),
        (lambda X: X * 257.0, lambda X: X.astype(float)),
        (lambda X: X / 127.5 - 1, lambda X: X),
        (lambda X: X.astype(float), lambda X: X / 127.5 - 1),
        (lambda X: X.astype(np.uint16) * 257, lambda X: X),
        (lambda X: (X // 16).astype(float), lambda X: X / 255),
        (lambda X: X / 255, lambda X: X.reshape(20, -1)),
    ],
)
def test_clearly_different_range_is_refused(fitted, later, rng):
    X = rng.integers(0, 256, (20, 8, 8)).astype(np.uint8)
    estimator, _ = fitted_on(fitted(X))
    with pytest.raises(ValueError, match=r"was fitted on values from .* rescale them"):
        validate_pictures(estimator, later(X), reset=False)


@pytest.mark.parametrize(
    ("fitted", "later"),
    [
        (lambda X: X / 255, lambda X: X[:2] / 300),
        (lambda X: X, lambda X: X.astype(float)),
        (lambda X: X, lambda X: (X // 128).astype(np.uint8)),
        (lambda X: X.astype(float), lambda X: np.zeros((1, 8, 8))),
        (lambda X: (X - 128.0) / 74, lambda X: (X - 128.0) / 60),
        (lambda X: np.zeros((2, 8, 8)), lambda X: X.astype(float)),
    ],
)
def test_dark_blank_and_slightly_wider_pictures_are_taken(fitted, later, rng):
    X = rng.integers(0, 256, (20, 8, 8)).astype(np.uint8)
    estimator, _ = fitted_on(fitted(X))
    validate_pictures(estimator, later(X), reset=False)


def test_rows_that_may_be_a_table_are_held_against_unit_and_bytes_only(rng):
    X = rng.random((20, 64))
    estimator, _ = fitted_on(X)
    validate_pictures(estimator, X * 20, reset=False)
    with pytest.raises(ValueError, match="rescale"):
        validate_pictures(estimator, X * 255, reset=False)
    estimator, _ = fitted_on(X * 255)
    with pytest.raises(ValueError, match="rescale"):
        validate_pictures(estimator, X, reset=False)
    declared, _ = fitted_on(X, (8, 8))
    with pytest.raises(ValueError, match="rescale"):
        validate_pictures(declared, X * 20, reset=False)
