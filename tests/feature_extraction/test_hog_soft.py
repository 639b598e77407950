"""HOGTransformer with interpolation="bilinear", which scikit-image lacks, against a plain reference and invariants."""

import numpy as np
import pytest

from skimgrec import HOGTransformer

DTYPES = ["uint8", "int16", "uint16", "float16", "float32", "float64"]
# Blocks of one cell, normalised by a norm that can be undone, are the cells.
ONE_CELL = {"interpolation": "bilinear", "cells_per_block": (1, 1), "block_norm": "L1"}


def reference_cells(picture, orientations, cell, signed):
    """Return the sums of shared votes (rows, cols, orientations) of one picture, pixel by pixel in float64."""
    picture = np.atleast_3d(picture).astype(np.float64)
    height, width, _ = picture.shape
    gradients = np.zeros((2, *picture.shape))
    gradients[0, 1:-1] = picture[2:] - picture[:-2]
    gradients[1, :, 1:-1] = picture[:, 2:] - picture[:, :-2]
    range_ = 2 * np.pi if signed else np.pi
    n_rows, n_cols = height // cell[0], width // cell[1]
    cells = np.zeros((n_rows, n_cols, orientations))
    for y, x in np.ndindex(n_rows * cell[0], n_cols * cell[1]):
        g_row, g_col = gradients[:, y, x, np.argmax(np.hypot(*gradients[:, y, x]))]
        position = np.arctan2(g_row, g_col) % range_ / range_ * orientations - 0.5
        row, col = (y + 0.5) / cell[0] - 0.5, (x + 0.5) / cell[1] - 0.5
        for r, c, k in np.ndindex(2, 2, 2):
            at = int(np.floor(row)) + r, int(np.floor(col)) + c
            share = 1 - abs(np.array([row - at[0], col - at[1], position - np.floor(position) - k]))
            if 0 <= at[0] < n_rows and 0 <= at[1] < n_cols:
                cells[(*at, int(np.floor(position) + k) % orientations)] += np.hypot(g_row, g_col) * share.prod()
    return cells


def normalised(sums, area, block_norm):
    histograms = sums / area
    if block_norm == "L1":
        return histograms / (histograms.sum(axis=-1, keepdims=True) + 1e-5)
    eps = 1e-10
    histograms = np.minimum(histograms / np.sqrt((histograms**2).sum(axis=-1, keepdims=True) + eps), 0.2)
    return histograms / np.sqrt((histograms**2).sum(axis=-1, keepdims=True) + eps)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("shape", "cell", "orientations"),
    [
        ((16, 16), (8, 8), 9),
        ((17, 23, 3), (4, 5), 9),
        ((9, 12, 4), (3, 6), 1),
        ((13, 12), (5, 2), 2),
        ((6, 5), (1, 1), 18),
        ((1, 12), (1, 3), 5),
    ],
    ids=str,
)
def test_equal_to_a_plain_reference(rng, dtype, shape, cell, orientations, signed):
    pictures = rng.integers(0, 256, size=(3, *shape)).astype(dtype)
    parameters = {"orientations": orientations, "pixels_per_cell": cell, "signed_gradient": signed}
    for block_norm in ("L1", "L2-Hys"):
        features = HOGTransformer(**(ONE_CELL | parameters | {"block_norm": block_norm})).fit_transform(pictures)
        expected = [
            normalised(reference_cells(picture, orientations, cell, signed), np.prod(cell), block_norm).ravel()
            for picture in pictures
        ]
        np.testing.assert_allclose(features, expected, rtol=0, atol=1e-6)


def cell_sums(pictures, cell=(8, 8), orientations=9, **parameters):
    """Return the sums of votes of each cell, the norm undone."""
    hog = HOGTransformer(**(ONE_CELL | parameters), pixels_per_cell=cell, orientations=orientations).fit(pictures)
    shares = hog.transform(pictures).astype(np.float64)
    rows, cols = (side // size for side, size in zip(hog.image_shape_, cell, strict=False))
    shares = shares.reshape(len(pictures), rows, cols, orientations)
    totals = shares.sum(axis=-1, keepdims=True)
    return shares / (1 - totals) * 1e-5 * np.prod(cell)


@pytest.mark.parametrize("signed", [False, True])
def test_one_inner_pixel_votes_with_its_whole_weight(signed):
    # So faint that the norm, sum / (sum + 1e-5), can be undone.
    pictures = np.zeros((1, 32, 32))
    pictures[0, 13, 15] = 1e-4
    sums = cell_sums(pictures, signed_gradient=signed)
    # The pixel has four neighbours with a gradient of its own value each, all between the centres of cells.
    assert sums.sum() == pytest.approx(4e-4, rel=1e-4)


def test_a_pixel_on_the_centre_of_a_cell_votes_there_only():
    pictures = np.zeros((1, 15, 15))
    pictures[0, 7, 6] = 1e-4
    pictures[0, 7, 8] = 2e-4
    # Pixel (7, 7) is the centre of cell (1, 1); its gradient has the angle 0, between the last and the first bin.
    weights = cell_sums(pictures, cell=(5, 5))
    alone = weights - cell_sums(np.where(np.arange(15) == 7, 0, pictures), cell=(5, 5))
    np.testing.assert_allclose(alone, 0, atol=1e-9)
    assert weights[0, 1, 1, 0] >= 0.5e-4


@pytest.mark.parametrize("orientations", [4, 8, 12])
@pytest.mark.parametrize("signed", [False, True])
def test_a_picture_turned_by_90_degrees_has_its_histograms_turned(rng, orientations, signed):
    pictures = rng.random(size=(3, 24, 32))
    parameters = ONE_CELL | {"orientations": orientations, "pixels_per_cell": (8, 8), "signed_gradient": signed}
    straight = HOGTransformer(**parameters).fit_transform(pictures).reshape(3, 3, 4, orientations)
    turned = HOGTransformer(**parameters).fit_transform(np.rot90(pictures, axes=(1, 2))).reshape(3, 4, 3, orientations)
    # Turned against the angles, which count clockwise.
    shift = -orientations // 4 if signed else orientations // 2
    np.testing.assert_allclose(turned, np.roll(np.rot90(straight, axes=(1, 2)), shift, axis=-1), atol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("signed", [False, True])
def test_a_ramp_turned_by_one_bin_moves_the_histogram_by_one_bin(dtype, signed):
    row, col = np.mgrid[:24, :24]
    orientations = 12
    angles = (2 if signed else 1) * np.pi / orientations * np.arange(orientations) + 0.1
    ramps = [np.cos(angle) * col + np.sin(angle) * row for angle in angles]
    parameters = ONE_CELL | {"orientations": orientations, "pixels_per_cell": (8, 8), "signed_gradient": signed}
    # The border has gradients of other directions, and does not reach half the middle cell.
    features = HOGTransformer(**parameters).fit_transform(np.array(ramps, dtype)).reshape(orientations, 9, -1)[:, 4]
    moved = [np.roll(features[0], turn) for turn in range(orientations)]
    np.testing.assert_allclose(features, moved, atol=1e-2)
    np.testing.assert_array_equal(np.argmax(features, axis=1), np.argmax(moved, axis=1))


def test_features_change_little_where_a_gradient_crosses_the_edge_of_a_bin():
    row, col = np.mgrid[:24, :24]
    pictures = np.stack([np.cos(angle) * col + np.sin(angle) * row for angle in np.pi / 9 + np.array([-1e-4, 1e-4])])
    soft, hard = (
        HOGTransformer(interpolation=interpolation, pixels_per_cell=(8, 8)).fit_transform(pictures)
        for interpolation in ("bilinear", None)
    )
    assert abs(soft[0] - soft[1]).max() < 1e-2 < 0.2 < abs(hard[0] - hard[1]).max()


@pytest.mark.parametrize("size", [1e-300, 1e-200, 1e-30, 1e30, 1e37])
def test_the_scale_of_the_values_does_not_matter(rng, size):
    pictures = rng.random(size=(2, 16, 16))
    sums = [
        HOGTransformer(interpolation="bilinear", pixels_per_cell=(4, 4)).fit_transform(pictures * factor)
        for factor in (1e4, size)
    ]
    if size > 1:
        np.testing.assert_allclose(*sums, atol=1e-6)
    assert np.isfinite(sums[1]).all()


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_pictures_that_are_worked_through_in_strips(rng, dtype):
    picture = rng.integers(0, 256, size=(300, 300)).astype(dtype)
    parameters = ONE_CELL | {"pixels_per_cell": (16, 16)}
    features = HOGTransformer(**parameters).fit_transform(picture[None]).reshape(18, 18, 9)
    expected = normalised(reference_cells(picture, 9, (16, 16), False), 256, "L1")
    np.testing.assert_allclose(features, expected, rtol=0, atol=1e-6)


def test_threads_and_transform_sqrt(rng):
    pictures = rng.integers(0, 256, size=(101, 32, 32, 3), dtype=np.uint8)
    serial, parallel = (
        HOGTransformer(interpolation="bilinear", transform_sqrt=True, n_jobs=n_jobs).fit_transform(pictures)
        for n_jobs in (1, 3)
    )
    np.testing.assert_array_equal(parallel, serial)
    roots = HOGTransformer(interpolation="bilinear").fit_transform(np.sqrt(pictures.astype(np.float32)))
    np.testing.assert_allclose(serial, roots, atol=1e-6)
