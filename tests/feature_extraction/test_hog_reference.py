"""HOGTransformer against skimage.feature.hog, picture by picture."""

import os
from pathlib import Path

import numpy as np
import pytest
from skimage.feature import hog

from skimgrec import HOGTransformer

TOLERANCE = 1e-6
NORMS = ["L1", "L1-sqrt", "L2", "L2-Hys"]
DTYPES = ["uint8", "int8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16", "float32", "float64"]
# The smallest legal picture of 3 x 2 cells of 5 x 4, one a row and a column more, one far from whole cells.
SHAPES = [(15, 8), (16, 9), (33, 23)]
SMALL_CELLS = {"pixels_per_cell": (5, 4), "cells_per_block": (3, 2)}


def scikit_image(pictures, **parameters):
    channel_axis = -1 if pictures.ndim == 4 else None
    with np.errstate(over="ignore", invalid="ignore"):
        return np.stack([hog(picture, channel_axis=channel_axis, **parameters) for picture in pictures])


def assert_equal_to_scikit_image(pictures, **parameters):
    features = HOGTransformer(**parameters).fit_transform(pictures)
    assert features.dtype == np.float32
    np.testing.assert_allclose(features, scikit_image(pictures, **parameters), rtol=0, atol=TOLERANCE)


def random_pictures(rng, shape, dtype, n=3):
    if np.dtype(dtype).kind == "f":
        return rng.normal(size=(n, *shape)).astype(dtype)
    limits = np.iinfo(dtype)
    return rng.integers(limits.min, limits.max, size=(n, *shape), dtype=dtype, endpoint=True)


@pytest.mark.parametrize("channels", [(), (1,), (3,), (4,)], ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_and_number_of_channels(rng, dtype, channels):
    for shape in SHAPES:
        assert_equal_to_scikit_image(random_pictures(rng, (*shape, *channels), dtype), **SMALL_CELLS)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_every_norm(rng, dtype, norm):
    assert_equal_to_scikit_image(random_pictures(rng, (26, 21, 3), dtype), block_norm=norm, **SMALL_CELLS)


@pytest.mark.parametrize("orientations", [1, 2, 3, 4, 7, 8, 9, 12, 18, 300, 5000])
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_every_number_of_orientations(rng, dtype, orientations):
    pictures = random_pictures(rng, (17, 18), dtype)
    assert_equal_to_scikit_image(pictures, orientations=orientations, pixels_per_cell=(8, 6), cells_per_block=(1, 2))


@pytest.mark.parametrize("cell", [(1, 1), (2, 3), (8, 8), (40, 20)], ids=str)
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_every_size_of_cell(rng, dtype, cell):
    assert_equal_to_scikit_image(
        random_pictures(rng, (41, 27, 3), dtype, n=2), pixels_per_cell=cell, cells_per_block=(1, 1)
    )


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
def test_transform_sqrt(rng, dtype):
    pictures = abs(random_pictures(rng, (24, 25, 3), dtype))
    assert_equal_to_scikit_image(pictures, transform_sqrt=True, **SMALL_CELLS)


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_channels_of_equal_or_nearly_equal_gradients(rng, dtype):
    # Few levels give many ties; divided by 255 they are ties but for rounding.
    pictures = rng.integers(0, 6, size=(20, 24, 24, 3))
    scale = 1 if dtype == "uint8" else np.dtype(dtype).type(255)
    assert_equal_to_scikit_image((pictures / scale).astype(dtype), pixels_per_cell=(4, 4))


@pytest.mark.parametrize("cell", [(8, 8), (64, 64)], ids=str)
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_the_same_gradient_everywhere(dtype, cell):
    # The sums of equal votes round the same way at every step, so here float32 and float64 sums part.
    row, col = np.mgrid[:64, :64]
    pictures = np.stack([row + col, 3 * row + col, row - col + 64, row]).astype(dtype)
    assert_equal_to_scikit_image(pictures, pixels_per_cell=cell, cells_per_block=(1, 1), orientations=8)


@pytest.mark.parametrize("orientations", [4, 6, 9])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gradients_on_the_edges_of_bins(dtype, orientations):
    row, col = np.mgrid[:16, :16]
    angles = np.pi * np.arange(2 * orientations + 1) / orientations
    pictures = np.stack([np.cos(angle) * col + np.sin(angle) * row for angle in angles]).astype(dtype)
    assert_equal_to_scikit_image(pictures, orientations=orientations, pixels_per_cell=(4, 4))


def test_integer_gradients_on_the_edges_of_bins():
    row, col = np.mgrid[:16, :16]
    pictures = np.stack([row + col, row - col + 20, 20 - row + col, 40 - row - col, row, col, 20 - row, 20 - col])
    for orientations in (2, 4, 8, 12):
        assert_equal_to_scikit_image(pictures.astype(np.uint8), orientations=orientations, pixels_per_cell=(4, 4))


def test_a_vote_whose_angle_rounds_to_180_degrees():
    picture = np.zeros((1, 24, 24))
    picture[0] = np.arange(24.0)
    picture[0, 12, :] -= 1e-15
    assert_equal_to_scikit_image(picture[:, ::-1], pixels_per_cell=(8, 8))
    assert_equal_to_scikit_image(picture, pixels_per_cell=(8, 8))


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_constant_pictures_and_single_pixels(dtype):
    pictures = np.full((27, 24, 24), 7, dtype)
    for i, (row, col) in enumerate(np.ndindex(5, 5)):
        pictures[i + 2, 5 * row + 2 * (row == 4), 5 * col + 3 * (col == 4)] = 200
    assert_equal_to_scikit_image(pictures, pixels_per_cell=(8, 8))
    assert not HOGTransformer().fit_transform(pictures[:1]).any()


@pytest.mark.parametrize("size", [1e-300, 1e-200, 1e-160, 1e-45, 1e-30, 1e-10, 1e10, 1e30, 1e37, 1e160, 1e200, 1e300])
@pytest.mark.parametrize("channels", [(), (3,)], ids=str)
def test_tiny_and_huge_values(rng, size, channels):
    pictures = rng.random(size=(2, 24, 24, *channels)) * size
    pictures[1] = np.round(pictures[1] / size * 4) * size
    dtypes = [np.float64, np.float32] if 1e-46 < size < 1e38 else [np.float64]
    for dtype in dtypes:
        for norm in NORMS:
            with np.errstate(over="ignore", invalid="ignore"):
                assert_equal_to_scikit_image(pictures.astype(dtype), block_norm=norm, pixels_per_cell=(8, 8))


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 1), (2, 2), (1, 40), (40, 1), (3, 3)], ids=str)
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_strips_and_pictures_of_a_few_pixels(rng, dtype, shape):
    pictures = random_pictures(rng, shape, dtype, n=5)
    assert_equal_to_scikit_image(pictures, pixels_per_cell=(1, 1), cells_per_block=(1, 1))


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_pictures_that_are_worked_through_in_strips(rng, dtype):
    pictures = random_pictures(rng, (530, 517, 3), dtype, n=2)
    assert_equal_to_scikit_image(pictures, pixels_per_cell=(16, 16), cells_per_block=(2, 2))


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_real_pictures(dtype):
    folder = os.environ.get("SKIMGREC_DATA")
    if not folder or not (Path(folder) / "cifar10.npz").exists():
        pytest.skip("needs cifar10.npz in the folder that SKIMGREC_DATA names")
    with np.load(Path(folder) / "cifar10.npz") as data:
        pictures = data["x_test"][:200]
    pictures = pictures if dtype == "uint8" else (pictures / np.dtype(dtype).type(255)).astype(dtype)
    assert_equal_to_scikit_image(pictures, pixels_per_cell=(8, 8))
