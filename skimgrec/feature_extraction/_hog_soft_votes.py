"""Compiled passes for soft binning: each pixel's vote is shared between neighbouring orientations and cells.

All three axes of the histograms are padded by one on either side, so that no vote needs to know about borders:
what falls into the padding is folded back for orientations, which are circular, and dropped for cells.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.utils._compile import compiled

# arctan(t) / t on 0..1 as a polynomial in t * t, within 1e-8; unlike the library's arctangent it can be vectorised.
_A0, _A1, _A2, _A3, _A4, _A5, _A6, _A7, _A8, _A9 = map(
    float,
    np.polynomial.Chebyshev.interpolate(lambda x: np.arctan(np.sqrt(x)) / np.sqrt(x), 9, domain=[0, 1])
    .convert(kind=np.polynomial.Polynomial)
    .coef,
)


@compiled()
def soft_positions(
    g_row: Any, g_col: Any, bins_per_radian: float, signed: bool, positions: Any, magnitudes: Any
) -> None:
    """Write each gradient's angle, in bins from 0 on, and its magnitude. All arrays are flat."""
    opposite = math.pi if signed else 0.0
    for p in range(g_row.size):
        row, col = np.float64(g_row[p]), np.float64(g_col[p])
        height, width = abs(row), abs(col)
        steep = height > width
        longer, shorter = (height, width) if steep else (width, height)
        t = shorter / (longer if longer > 0 else 1.0)
        x = t * t
        # Neither overflows nor loses digits, as the root of the sum of squares would.
        magnitudes[p] = longer * math.sqrt(1 + x)

        angle = _A5 + x * (_A6 + x * (_A7 + x * (_A8 + x * _A9)))
        angle = t * (_A0 + x * (_A1 + x * (_A2 + x * (_A3 + x * (_A4 + x * angle)))))
        angle = math.pi / 2 - angle if steep else angle
        angle = math.pi - angle if (row < 0) != (col < 0) else angle
        angle = angle + opposite if row < 0 else angle
        positions[p] = angle * bins_per_radian


@compiled()
def _neighbouring_cells(first: int, cell: int, lower: Any, shares: Any) -> None:
    """Write, for each row or column of pixels from `first` on, the padded cell before it and the share of the next."""
    for p in range(lower.size):
        # Cell i has its centre at (i + 1/2) * cell, and stands at i + 1.
        position = (first + p + 0.5) / cell + 0.5
        lower[p] = int(position)
        shares[p] = position - int(position)


@compiled()
def add_soft_votes(
    positions: Any, magnitudes: Any, width: int, cell_height: int, cell_width: int, first_row: int, padded: Any
) -> None:
    """Share each pixel's magnitude between two orientations, two rows and two columns of cells.

    `positions` and `magnitudes` (m, pixels) cover rows of cells from `first_row` on; `padded` is (m, cell rows + 2,
    cells a row + 2, orientations + 2). A share is 1 at a centre and falls linearly to 0 at the neighbouring centres.
    """
    m, n_pixels = positions.shape
    cell_step = padded.shape[3]
    row_step = padded.shape[2] * cell_step
    n_rows, n_cols = n_pixels // width, (padded.shape[2] - 2) * cell_width
    rows, row_shares = np.empty(n_rows, np.intp), np.empty(n_rows)
    cols, col_shares = np.empty(n_cols, np.intp), np.empty(n_cols)
    _neighbouring_cells(first_row * cell_height, cell_height, rows, row_shares)
    _neighbouring_cells(0, cell_width, cols, col_shares)
    for i in range(m):
        histograms = padded[i].reshape(-1)
        for y in range(n_rows):
            for x in range(n_cols):
                p = y * width + x
                # Bin k has its centre at k + 1/2, and stands at k + 1.
                orientation = positions[i, p] + 0.5
                lower = int(orientation)
                share = orientation - lower
                at = rows[y] * row_step + cols[x] * cell_step + lower
                below = magnitudes[i, p] * row_shares[y]
                above = magnitudes[i, p] - below
                above_right, below_right = above * col_shares[x], below * col_shares[x]
                _share(histograms, at, above - above_right, share)
                _share(histograms, at + cell_step, above_right, share)
                _share(histograms, at + row_step, below - below_right, share)
                _share(histograms, at + row_step + cell_step, below_right, share)


@compiled()
def _share(histograms: Any, at: int, vote: float, share: float) -> None:
    histograms[at] += vote * (1 - share)
    histograms[at + 1] += vote * share


def without_padding(padded: NDArray[np.float64]) -> NDArray[np.float32]:
    """Fold the padding of the orientations back, and drop that of the cells."""
    histograms = padded[:, 1:-1, 1:-1]
    sums = histograms[..., 1:-1].copy()
    sums[..., -1] += histograms[..., 0]
    sums[..., 0] += histograms[..., -1]
    return sums.astype(np.float32)
