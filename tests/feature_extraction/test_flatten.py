"""ImageFlattener: pictures to rows and back."""

import copy
import pickle

import numpy as np
import pytest
import skops.io
from sklearn.base import clone

from skimgrec import ImageFlattener


def pictures_of(rng, dtype, shape):
    return rng.integers(0, 200, size=(5, *shape)).astype(dtype)


@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 1), (4, 6, 3), (4, 6, 4)], ids=str)
@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32", "float64"])
@pytest.mark.parametrize("scale", [False, True])
def test_there_and_back(rng, dtype, shape, scale):
    pictures = pictures_of(rng, dtype, shape)
    flattener = ImageFlattener(scale=scale).fit(pictures)
    rows = flattener.transform(pictures)
    assert rows.dtype == ("float32" if scale else dtype)
    assert rows.shape == (5, np.prod(shape))
    back = flattener.inverse_transform(rows)
    assert back.dtype == dtype
    np.testing.assert_allclose(back, pictures, rtol=1e-6, atol=2e-5 if scale and pictures.dtype.kind == "f" else 0)


def test_nothing_is_copied_when_nothing_changes(rng):
    pictures = pictures_of(rng, "uint8", (4, 6, 3))
    flattener = ImageFlattener().fit(pictures)
    rows = flattener.transform(pictures)
    assert np.shares_memory(rows, pictures)
    assert np.shares_memory(flattener.inverse_transform(rows), pictures)


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-3, 5), (10, 20)])
def test_scale_maps_the_range_seen_in_fit(low, high):
    pictures = np.linspace(low, high, 32).reshape(2, 4, 4)
    flattener = ImageFlattener(scale=True, dtype="float64").fit(pictures)
    np.testing.assert_allclose(flattener.transform(pictures).ravel(), np.linspace(0, 1, 32), atol=1e-12)
    np.testing.assert_allclose(flattener.transform(pictures[:1]).max(), 15 / 31)


def test_uint8_is_scaled_by_255_whatever_it_holds():
    pictures = np.full((2, 3, 3), 51, np.uint8)
    np.testing.assert_allclose(ImageFlattener(scale=True).fit_transform(pictures), 0.2, rtol=1e-6)


def test_constant_pictures_scale_to_0():
    assert not ImageFlattener(scale=True).fit_transform(np.full((2, 3, 3), 4.0)).any()


def test_values_between_and_beyond_are_rounded_and_clipped_for_integers():
    flattener = ImageFlattener(scale=True).fit(np.zeros((1, 1, 4), np.uint8))
    back = flattener.inverse_transform([[-0.5, 0.4999, 1.0, 1.5]])
    np.testing.assert_array_equal(back, [[[0, 127, 255, 255]]])


@pytest.mark.parametrize(
    ("shape", "names"),
    [
        ((1, 2), ["pixel_r0_c0", "pixel_r0_c1"]),
        ((1, 2, 1), ["pixel_r0_c0", "pixel_r0_c1"]),
        ((1, 1, 3), ["pixel_r0_c0_red", "pixel_r0_c0_green", "pixel_r0_c0_blue"]),
        ((1, 1, 4), ["pixel_r0_c0_red", "pixel_r0_c0_green", "pixel_r0_c0_blue", "pixel_r0_c0_alpha"]),
    ],
    ids=str,
)
def test_names(shape, names):
    assert list(ImageFlattener().fit(np.zeros((2, *shape))).get_feature_names_out()) == names


def test_names_match_positions(rng):
    pictures = pictures_of(rng, "uint8", (4, 6, 3))
    frame = ImageFlattener().set_output(transform="pandas").fit_transform(pictures)
    np.testing.assert_array_equal(frame["pixel_r3_c5_blue"], pictures[:, 3, 5, 2])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"scale": True, "dtype": "uint8"}, "dtype='uint8': expected a floating dtype, because scale=True"),
        ({"dtype": "flaot"}, "dtype='flaot' is no dtype: expected an integer or floating one"),
        ({"dtype": "U3"}, "dtype='U3': expected an integer or floating one"),
    ],
    ids=str,
)
def test_dtypes_that_cannot_be(parameters, message):
    with pytest.raises(ValueError, match=message):
        ImageFlattener(**parameters).fit(np.zeros((1, 3, 3)))


def test_rows_of_another_length_are_refused():
    with pytest.raises(ValueError, match=r"rows of 7 values, .* shape \(3, 3\), that is 9 values"):
        ImageFlattener().fit(np.zeros((1, 3, 3))).inverse_transform(np.zeros((2, 7)))


def skops_round_trip(estimator):
    dumped = skops.io.dumps(estimator)
    return skops.io.loads(dumped, trusted=skops.io.get_untrusted_types(data=dumped))


@pytest.mark.parametrize(
    "round_trip",
    [lambda estimator: pickle.loads(pickle.dumps(estimator)), copy.deepcopy, skops_round_trip],
    ids=["pickle", "deepcopy", "skops"],
)
def test_round_trips(rng, round_trip):
    pictures = pictures_of(rng, "uint8", (4, 6, 3))
    flattener = ImageFlattener(scale=True).fit(pictures)
    rows = flattener.transform(pictures)
    np.testing.assert_array_equal(round_trip(flattener).inverse_transform(rows), pictures)
    np.testing.assert_array_equal(clone(flattener).fit_transform(pictures), rows)
