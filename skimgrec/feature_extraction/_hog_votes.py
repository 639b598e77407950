"""Compiled pass from floating-point gradients to votes: an orientation bin and a magnitude for each pixel."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.feature_extraction._hog_orientation import exact_votes
from skimgrec.utils._compile import compiled

# arctan(t) / t on 0..1 as a polynomial in t * t. In float32 it is within 2e-6 radians of the arctangent; the angle made
# of it stays within _ANGLE_ERROR.
_A0, _A1, _A2, _A3, _A4, _A5 = (
    np.float32(coefficient)
    for coefficient in (0.99997722, -0.33262284, 0.19354042, -0.11642651, 0.052647326, -0.011719114)
)
_ANGLE_ERROR = 1e-5
_HALF_TURN, _QUARTER_TURN = np.float32(math.pi), np.float32(math.pi / 2)
_ZERO, _ONE = np.float32(0), np.float32(1)


@compiled()
def _approximate_votes(
    g_row: Any,
    g_col: Any,
    opposite: Any,
    bins_per_radian: Any,
    tolerance: Any,
    unsure_mark: int,
    bins: Any,
    magnitudes: Any,
) -> int:
    """Vote by an approximate angle; mark and count the gradients too near a bin's edge, or too extreme, for it.

    `opposite` is the angle between a gradient and its opposite: pi, or 0 where they are not told apart.
    """
    info = np.finfo(g_row.dtype)
    # Between these, sums of two squares neither lose digits nor overflow.
    small, large = info.tiny / info.eps, info.max * info.eps
    n_unsure = 0
    for p in range(g_row.size):
        row, col = g_row[p], g_col[p]
        size = row * row + col * col
        magnitudes[p] = math.sqrt(size)

        height, width = abs(row), abs(col)
        steep = height > width
        longer, shorter = (height, width) if steep else (width, height)
        tangent = np.float32(shorter / (longer if longer > 0 else _ONE))
        square = tangent * tangent
        angle = tangent * (_A0 + square * (_A1 + square * (_A2 + square * (_A3 + square * (_A4 + square * _A5)))))
        angle = _QUARTER_TURN - angle if steep else angle
        angle = _HALF_TURN - angle if (row < 0) != (col < 0) else angle
        angle = angle + opposite if row < 0 else angle
        at_zero = (row == 0) & ((col >= 0) | (opposite == 0))
        position = _ZERO if at_zero else angle * bins_per_radian
        # Truncation is enough: positions are not negative.
        whole = np.int32(position)
        fraction = position - np.float32(whole)
        extreme = ((size < small) & (longer > 0)) | (size > large)
        unsure = (((fraction < tolerance) | (fraction > _ONE - tolerance)) & ~at_zero) | extreme
        bins[p] = unsure_mark if unsure else whole
        n_unsure += unsure
    return n_unsure


def float_votes(
    g_row: NDArray[Any],
    g_col: NDArray[Any],
    orientations: int,
    signed: bool,
    bins: NDArray[Any],
    magnitudes: NDArray[Any],
) -> None:
    """Write each gradient's bin and magnitude, equal to those of `exact_votes`.

    All arrays are flat. A gradient that an approximate angle cannot place is handed to the exact formula, and to
    NumPy's own arctangent with it, because other ones differ in the last digit and so on the edges.
    """
    unsure_mark = orientations
    bins_per_radian = orientations / (2 * math.pi if signed else math.pi)
    n_unsure = _approximate_votes(
        g_row,
        g_col,
        _HALF_TURN if signed else _ZERO,
        np.float32(bins_per_radian),
        np.float32(bins_per_radian * _ANGLE_ERROR),
        unsure_mark,
        bins,
        magnitudes,
    )
    if n_unsure:
        where = np.flatnonzero(bins == unsure_mark)
        rows, cols = g_row[where].astype(np.float64), g_col[where].astype(np.float64)
        bins[where], magnitudes[where] = exact_votes(rows, cols, orientations, signed)
