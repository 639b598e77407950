"""Compiled passes from votes to cells: the votes of each cell added up by orientation.

Sums are float32 and taken in the order of the pixels, so that they round as scikit-image's do. The loops are flat, over
pixels of any cell, because the next cell's sums do not wait for this cell's.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skimgrec.utils._compile import compiled


@compiled()
def room_for_sums(n_rows: int, n_cols: int, strip: int, orientations: int) -> int:
    """Return how many sums a picture needs: whole strips of `strip` rows of cells, and one more histogram."""
    return (-(-n_rows // strip) * strip * n_cols + 1) * orientations


@compiled()
def home_cells(width: int, n_rows: int, cell: Any, n_cols: int, orientations: int, homes: Any) -> None:
    """Write where in the sums the histogram of each pixel's cell starts.

    The sums are (cell rows, n_cols, orientations), flat, with one more histogram for the pixels outside whole cells,
    where the next strip begins.
    """
    height, cell_width = cell
    for y in range(n_rows):
        for x in range(width):
            col = x // cell_width
            at = y // height * n_cols + col if col < n_cols else n_rows // height * n_cols
            homes[y * width + x] = at * orientations


@compiled()
def add_integer_votes(codes: Any, magnitudes: Any, bins: Any, homes: Any, sums: Any) -> None:
    """Add each pixel's magnitude at the bin that `bins` has for its code."""
    for p in range(codes.size):
        sums[homes[p] + bins[codes[p]]] += magnitudes[p]


@compiled()
def _add_float_votes(bins: Any, magnitudes: Any, homes: Any, sums: Any) -> None:
    for p in range(bins.size):
        sums[homes[p] + bins[p]] += magnitudes[p]


@compiled()
def float_sums(
    bins: Any, magnitudes: Any, width: int, cell: Any, n_cols: int, orientations: int, first: int, sums: Any
) -> None:
    """Write the sums of votes (m, pixels) of rows of cells from `first` on to `sums` (m, `room_for_sums`).

    float64 magnitudes are added in float64, and each sum is rounded to float32.
    """
    m, n_pixels = bins.shape
    homes = np.empty(n_pixels, np.uint32)
    home_cells(width, n_pixels // width, cell, n_cols, orientations, homes)
    for i in range(m):
        strip_sums = sums[i, first * n_cols * orientations :]
        strip_sums[:] = 0
        _add_float_votes(bins[i], magnitudes[i], homes, strip_sums)
