"""Which orientation bin a gradient votes for: scikit-image's formula, to the last bit."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

# Differences of uint8 pixels run from -LARGEST to LARGEST.
LARGEST = 255
N_DIFFERENCES = 2 * LARGEST + 1


def bin_dtype(orientations: int) -> type[np.unsignedinteger]:
    """Return the smallest dtype that holds the bins, the slot for dropped votes and the mark for unsure ones."""
    return np.uint8 if orientations + 1 <= np.iinfo(np.uint8).max else np.uint32


def exact_bins(
    g_row: NDArray[np.floating], g_col: NDArray[np.floating], orientations: int
) -> NDArray[np.unsignedinteger]:
    """Return the bin of each gradient, in float64 as scikit-image computes it.

    A bin holds its lower edge and not its upper one. A gradient whose angle rounds to 180 degrees is in no bin: it gets
    the number `orientations`, one past the last.
    """
    angles = np.arctan2(g_row.astype(np.float64), g_col.astype(np.float64)) * (180 / np.pi) % 180
    edges = 180.0 / orientations * np.arange(orientations + 1)
    return (np.searchsorted(edges, angles, side="right") - 1).astype(bin_dtype(orientations))


@lru_cache(maxsize=8)
def integer_table(orientations: int) -> tuple[NDArray[np.unsignedinteger], NDArray[np.float32]]:
    """Return bin and magnitude of every gradient of uint8 pixels, at ``(g_row + 255) * 511 + g_col + 255``."""
    differences = np.arange(-LARGEST, LARGEST + 1, dtype=np.float64)
    g_row, g_col = (grid.ravel() for grid in np.meshgrid(differences, differences, indexing="ij"))
    table = exact_bins(g_row, g_col, orientations), np.hypot(g_row, g_col).astype(np.float32)
    for column in table:
        column.flags.writeable = False
    return table
