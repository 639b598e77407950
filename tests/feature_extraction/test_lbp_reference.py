"""LBPTransformer against skimage.feature.local_binary_pattern, pixel by pixel."""

import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from skimage.feature import local_binary_pattern

from skimgrec import LBPTransformer
from skimgrec.feature_extraction._lbp_layout import code_values, n_codes

METHODS = ["default", "ror", "uniform", "nri_uniform"]
DTYPES = ["uint8", "int8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16", "float32", "float64"]


def scikit_image(picture, points, radius, method):
    with warnings.catch_warnings():
        # It warns of noise in floating-point pictures.
        warnings.simplefilter("ignore", UserWarning)
        return local_binary_pattern(picture, points, radius, method)


def codes(pictures, points, radius, method):
    """Return the code of each pixel: the histogram of a cell of one pixel has one 1."""
    lbp = LBPTransformer(scales=[(points, radius)], method=method, pixels_per_cell=(1, 1), norm=None)
    features = lbp.fit_transform(pictures).reshape(*pictures.shape[:3], -1)
    assert (features.sum(axis=-1) == 1).all()
    return code_values(method, points)[features.argmax(axis=-1)]


def assert_equal_to_scikit_image(pictures, points, radius, method):
    expected = [scikit_image(picture, points, radius, method) for picture in pictures]
    np.testing.assert_array_equal(codes(pictures, points, radius, method), expected)


def flat_and_noisy(rng, shape, dtype):
    """Return pictures with many ties, in which rounding decides, and with few."""
    few = rng.integers(0, 3, size=(2, *shape))
    if np.dtype(dtype).kind == "f":
        return np.concatenate([few * 0.1, rng.normal(size=(2, *shape))]).astype(dtype)
    limits = np.iinfo(dtype)
    many = rng.integers(limits.min, limits.max, size=(2, *shape), dtype=dtype, endpoint=True)
    return np.concatenate([few.astype(dtype) * dtype_step(limits), many])


def dtype_step(limits):
    return limits.dtype.type(limits.max // 3)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("method", METHODS)
def test_every_method_and_dtype(rng, dtype, method):
    assert_equal_to_scikit_image(flat_and_noisy(rng, (9, 7), dtype), 8, 1, method)


@pytest.mark.parametrize("scale", [(4, 1), (8, 2), (8, 1.5), (7, 2.3), (12, 1.5), (5, 0.4), (1, 1), (2, 3), (8, 20)])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", ["uint8", "float64"])
def test_every_number_of_points_and_radius(rng, dtype, method, scale):
    assert_equal_to_scikit_image(flat_and_noisy(rng, (8, 10), dtype), *scale, method)


@pytest.mark.parametrize("scale", [(17, 2), (23, 2.5), (24, 3)])
@pytest.mark.parametrize("method", ["uniform", "nri_uniform"])
def test_more_points_than_a_table_is_kept_for(rng, method, scale):
    pictures = np.concatenate([flat_and_noisy(rng, (8, 10), "uint8"), np.zeros((1, 8, 10), np.uint8)])
    pictures[-1, :, 5:] = 9
    assert_equal_to_scikit_image(pictures, *scale, method)


@pytest.mark.parametrize("method", ["uniform", "nri_uniform"])
@pytest.mark.parametrize("points", [3, 8, 16])
def test_patterns_computed_and_looked_up_have_the_same_bins(method, points):
    from skimgrec.feature_extraction._lbp_kernel import _uniform_bins
    from skimgrec.feature_extraction._lbp_layout import bin_table

    patterns = np.arange(2**points, dtype=np.uint32)
    _uniform_bins(patterns, np.uint32(points), method == "nri_uniform")
    np.testing.assert_array_equal(patterns, bin_table(method, points))


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 2), (3, 3)], ids=str)
def test_pictures_of_a_few_pixels(rng, shape):
    assert_equal_to_scikit_image(flat_and_noisy(rng, shape, "uint8"), 8, 1, "nri_uniform")
    assert_equal_to_scikit_image(flat_and_noisy(rng, shape, "float32"), 8, 2.5, "uniform")


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("shape", [(530, 67), (40, 1100)], ids=str)
def test_pictures_that_are_worked_through_in_strips(rng, dtype, shape):
    # Weights round differently in rows and columns far from the first.
    assert_equal_to_scikit_image(rng.integers(0, 4, size=(1, *shape)).astype(dtype), 8, 1, "uniform")


@pytest.mark.parametrize("name", ["cifar10", "mnist"])
def test_histograms_of_real_pictures(name):
    path = Path(os.environ.get("SKIMGREC_DATA", ""), f"{name}.npz")
    if not path.is_file():
        pytest.skip(f"needs {name}.npz in the folder that SKIMGREC_DATA names")
    with np.load(path) as data:
        pictures = data["x_test"][:40]
    grey = pictures if pictures.ndim == 3 else pictures[..., 1]
    lbp = LBPTransformer(scales=[(8, 1), (12, 2)], pixels_per_cell=(6, 5), norm=None)
    features = lbp.fit_transform(grey)
    rows, cols = grey.shape[1] // 6, grey.shape[2] // 5
    for picture, found in zip(grey, features, strict=True):
        expected = []
        for points, radius in lbp.scales:
            n_bins = n_codes("nri_uniform", points)
            coded = scikit_image(picture, points, radius, "nri_uniform").astype(int)[: rows * 6, : cols * 5]
            cells = coded.reshape(rows, 6, cols, 5).swapaxes(1, 2).reshape(-1, 30)
            expected += [np.bincount(cell, minlength=n_bins) for cell in cells]
        np.testing.assert_array_equal(found, np.concatenate(expected))
