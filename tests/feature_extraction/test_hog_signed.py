"""HOGTransformer with bins over 360 degrees, which scikit-image lacks."""

import numpy as np
import pytest
from skimage.feature import hog

from skimgrec import HOGTransformer
from skimgrec.feature_extraction._hog_votes import float_votes

DTYPES = ["uint8", "int16", "float32", "float64"]


def ramp(degrees, size=24):
    """Return a picture that brightens in the direction `degrees`, from the columns' direction to the rows'."""
    row, col = np.mgrid[:size, :size]
    angle = np.deg2rad(degrees)
    return 100 + 3 * (np.cos(angle) * col + np.sin(angle) * row)


def cells(pictures, **parameters):
    parameters = {"pixels_per_cell": (8, 8), "cells_per_block": (1, 1), "block_norm": "L1"} | parameters
    orientations = parameters.setdefault("orientations", 18)
    return HOGTransformer(**parameters).fit_transform(pictures).reshape(len(pictures), -1, orientations)


def reference(pictures, orientations, cell):
    """Return the L1-normalised signed histogram of each cell of grey pictures, in float64."""
    pictures = pictures.astype(np.float64)
    g_row, g_col = np.zeros_like(pictures), np.zeros_like(pictures)
    g_row[:, 1:-1] = pictures[:, 2:] - pictures[:, :-2]
    g_col[:, :, 1:-1] = pictures[:, :, 2:] - pictures[:, :, :-2]
    angles = np.rad2deg(np.arctan2(g_row, g_col)) % 360 % 360
    bins = np.searchsorted(360 / orientations * np.arange(1, orientations), angles, side="right")
    n, height, width = pictures.shape
    sums = np.zeros((n, height // cell, width // cell, orientations))
    for (i, row, col), magnitude in np.ndenumerate(np.hypot(g_row, g_col)):
        if row // cell < sums.shape[1] and col // cell < sums.shape[2]:
            sums[i, row // cell, col // cell, bins[i, row, col]] += magnitude / cell**2
    return (sums / (sums.sum(axis=-1, keepdims=True) + 1e-5)).reshape(n, -1, orientations)


@pytest.mark.parametrize("orientations", [1, 2, 7, 8, 9, 14, 18, 300])
@pytest.mark.parametrize("dtype", DTYPES)
def test_equal_to_a_plain_reference(rng, dtype, orientations):
    pictures = rng.integers(0, 200, size=(3, 21, 19)).astype(dtype)
    if np.dtype(dtype).kind == "f":
        pictures = (pictures / 7).astype(dtype)
        # float32 differences must be exact for a float64 reference to have the same ones.
        pictures = np.round(pictures * 64) / 64
    features = cells(pictures, signed_gradient=True, orientations=orientations, pixels_per_cell=(5, 5))
    np.testing.assert_allclose(features, reference(pictures, orientations, 5), rtol=0, atol=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("degrees", range(0, 360, 30))
def test_a_ramp_votes_for_its_direction(dtype, degrees):
    # A ramp a little past an edge, because rounding to integers turns it a little.
    features = cells(ramp(degrees + 10)[None].astype(dtype), signed_gradient=True, orientations=12)
    assert set(np.argmax(features[0], axis=-1)) == {degrees // 30}


@pytest.mark.parametrize("dtype", DTYPES)
def test_directions_along_the_axes_lie_on_edges_and_vote_for_the_later_bin(dtype):
    pictures = np.stack([ramp(degrees) for degrees in (0, 90, 180, 270)]).round().astype(dtype)
    inner = cells(pictures, signed_gradient=True, orientations=4)[:, 4]
    np.testing.assert_allclose(inner, np.eye(4), atol=1e-5)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_negative_moves_every_vote_by_half_a_turn(rng, dtype):
    pictures = rng.integers(0, 100, size=(4, 24, 24, 3)).astype(dtype)
    negatives = (100 - pictures).astype(dtype)
    for signed, shift in ((True, 9), (False, 0)):
        before, after = (cells(batch, signed_gradient=signed) for batch in (pictures, negatives))
        np.testing.assert_allclose(after, np.roll(before, shift, axis=-1), atol=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
def test_halves_folded_onto_each_other_are_the_unsigned_histogram(rng, dtype):
    picture = rng.integers(0, 256, size=(24, 24)).astype(dtype)
    # A block of one cell in L1 is the histogram over its sum; the sums are those of the unsigned one.
    signed = cells(picture[None], signed_gradient=True, orientations=18)[0]
    unsigned = hog(picture, orientations=9, cells_per_block=(1, 1), block_norm="L1").reshape(-1, 9)
    np.testing.assert_allclose(signed[:, :9] + signed[:, 9:], unsigned, atol=1e-6)


def test_an_angle_that_rounds_to_360_degrees_is_0():
    bins, magnitudes = np.full(1, 9, np.uint8), np.zeros(1)
    float_votes(np.array([-1e-17]), np.array([1.0]), 4, True, bins, magnitudes)
    assert (bins, magnitudes) == (0, 1)
