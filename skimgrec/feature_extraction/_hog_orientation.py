"""Which orientation bin a gradient votes for: scikit-image's formula, to the last bit."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Differences of uint8 pixels run from -LARGEST to LARGEST.
LARGEST = 255
N_DIFFERENCES = 2 * LARGEST + 1
_LARGEST_CODE = LARGEST * N_DIFFERENCES + LARGEST


def bin_dtype(orientations: int) -> type[np.unsignedinteger]:
    """Return the smallest dtype that holds the bins and one number more, which marks unsure votes."""
    return np.uint8 if orientations <= np.iinfo(np.uint8).max else np.uint32


def exact_votes(
    g_row: NDArray[np.float64], g_col: NDArray[np.float64], orientations: int, signed: bool
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Return the bin and the magnitude of each gradient, as scikit-image computes them.

    A bin holds its lower edge and not its upper one. A gradient whose angle rounds to 180 degrees is in no bin: its
    vote weighs nothing. Signed gradients, which scikit-image lacks, have bins over 360 degrees and lose no vote.
    """
    range_ = 360.0 if signed else 180.0
    angles = np.arctan2(g_row, g_col) * (180 / np.pi) % range_
    if signed:
        angles[angles == range_] = 0
    edges = range_ / orientations * np.arange(orientations + 1)
    bins = np.searchsorted(edges, angles, side="right") - 1
    in_a_bin = bins < orientations
    magnitudes = np.where(in_a_bin, np.hypot(g_row, g_col), 0.0)
    return np.where(in_a_bin, bins, 0).astype(bin_dtype(orientations)), magnitudes


def code_shift(signed: bool) -> int:
    """Return what makes the codes of signed gradients positive."""
    return _LARGEST_CODE if signed else 0


@lru_cache(maxsize=8)
def bins_of_codes(orientations: int, signed: bool) -> NDArray[Any]:
    """Return the bin of every gradient of uint8 pixels, at its code.

    The code is ``abs(g_row * N_DIFFERENCES + g_col + code_shift(signed))``. Unless signed, a gradient and its opposite
    have one code, and one bin.
    """
    codes = np.arange(-code_shift(signed), _LARGEST_CODE + 1)
    g_row, g_col = np.divmod(codes + LARGEST, N_DIFFERENCES)
    return exact_votes(g_row.astype(np.float64), g_col.astype(np.float64) - LARGEST, orientations, signed)[0]
