"""Compiled passes from votes to features: sums over cells, then blocks of cells, normalised."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from skimgrec.feature_extraction._compile import compiled

NORMS = {"L1": 0, "L1-sqrt": 1, "L2": 2, "L2-Hys": 3}
_L1_SQRT, _L2, _L2_HYS = NORMS["L1-sqrt"], NORMS["L2"], NORMS["L2-Hys"]

_EPS = 1e-5
_CLIP = np.float32(0.2)
# Cells are scaled down by this power of two, or the factor of a block, a float32 too, would lose digits where sums are
# near the largest float32.
_DOWN = np.float32(2.0**-20)


@compiled()
def add_integer_votes(
    codes: Any,
    magnitudes: Any,
    bins: Any,
    width: int,
    cell_height: int,
    cell_width: int,
    first_row: int,
    sums: Any,
) -> None:
    """Add each pixel's magnitude at the bin that `bins` has for its code.

    `codes` and `magnitudes` (m, pixels) cover rows of cells from `first_row` on; `sums` is (m, cell rows, cells a row,
    orientations). The sums are float32 and taken row by row within a cell, so they round as scikit-image's do.
    """
    m, n_pixels = codes.shape
    n_cols = sums.shape[2]
    for i in range(m):
        for y in range(n_pixels // width):
            row = first_row + y // cell_height
            for col in range(n_cols):
                start = y * width + col * cell_width
                cell_codes, votes = codes[i, start : start + cell_width], magnitudes[i, start : start + cell_width]
                histogram = sums[i, row, col]
                for p in range(cell_width):
                    histogram[bins[cell_codes[p]]] += votes[p]


@compiled()
def add_float_votes(
    bins: Any, magnitudes: Any, width: int, cell_height: int, cell_width: int, first_row: int, sums: Any
) -> None:
    """Add each pixel's float64 magnitude (m, pixels) at its bin, in the same order and precision."""
    m, n_pixels = bins.shape
    n_cols = sums.shape[2]
    for i in range(m):
        for y in range(n_pixels // width):
            row = first_row + y // cell_height
            for col in range(n_cols):
                start = y * width + col * cell_width
                cell_bins, votes = bins[i, start : start + cell_width], magnitudes[i, start : start + cell_width]
                histogram = sums[i, row, col]
                for p in range(cell_width):
                    histogram[cell_bins[p]] = np.float32(np.float64(histogram[cell_bins[p]]) + votes[p])


@compiled()
def _mean_cells(sums: Any, area: Any, cells: Any) -> None:
    for p in range(sums.size):
        cells[p] = sums[p] / area * _DOWN


@compiled(fastmath={"reassoc"})
def _cell_energies(cells: Any, orientations: int, squared: bool, energies: Any) -> None:
    """Write what each cell adds to the norm of its blocks: the sum of its values or of their squares."""
    for cell in range(energies.size):
        energy = 0.0
        for value in cells[cell * orientations : (cell + 1) * orientations]:
            wide = np.float64(value)
            energy += wide * wide if squared else wide
        energies[cell] = energy


@compiled()
def _block_energies(energies: Any, n_cols: int, height: int, width: int, n_block_cols: int, totals: Any) -> None:
    for block in range(totals.size):
        first = block // n_block_cols * n_cols + block % n_block_cols
        total = 0.0
        for row in range(height):
            for col in range(width):
                total += energies[first + row * n_cols + col]
        totals[block] = total


@compiled()
def _inverse_roots(totals: Any, eps: float, factors: Any) -> None:
    for block in range(totals.size):
        factors[block] = 1 / math.sqrt(totals[block] + eps)


@compiled()
def _inverses(totals: Any, eps: float, factors: Any) -> None:
    for block in range(totals.size):
        factors[block] = 1 / (totals[block] + eps)


@compiled()
def _copy(source: Any, target: Any) -> None:
    for p in range(source.size):
        target[p] = source[p]


@compiled()
def _scale(block: Any, factor: Any) -> None:
    for p in range(block.size):
        block[p] *= factor


@compiled()
def _scale_root(block: Any, factor: Any) -> None:
    for p in range(block.size):
        block[p] = math.sqrt(block[p] * factor)


@compiled(fastmath={"reassoc"})
def _scale_and_clip(block: Any, factor: Any) -> Any:
    """Return the sum of the squares after the clipping."""
    total = np.float32(0)
    for p in range(block.size):
        value = block[p] * factor
        value = _CLIP if value > _CLIP else value
        block[p] = value
        total += value * value
    return total


@compiled()
def block_features(sums: Any, area: int, height: int, width: int, norm: int, out: Any) -> None:
    """Write the normalised blocks of each picture to `out` (m, features).

    The factors of all blocks of a picture are computed together, so that no block waits for the root of another.
    """
    m, n_rows, n_cols, orientations = sums.shape
    n_block_cols = n_cols - width + 1
    run = width * orientations
    size = height * run
    cells = np.empty(n_rows * n_cols * orientations, np.float32)
    energies = np.empty(n_rows * n_cols, np.float64)
    totals = np.empty((n_rows - height + 1) * n_block_cols, np.float64)
    factors = np.empty(totals.size, np.float32)
    for i in range(m):
        _mean_cells(sums[i].reshape(-1), np.float32(area), cells)
        _cell_energies(cells, orientations, norm >= _L2, energies)
        _block_energies(energies, n_cols, height, width, n_block_cols, totals)
        if norm >= _L2:
            _inverse_roots(totals, (_EPS * _DOWN) ** 2, factors)
        else:
            _inverses(totals, _EPS * _DOWN, factors)
        for k in range(totals.size):
            block = out[i, k * size : (k + 1) * size]
            first = (k // n_block_cols * n_cols + k % n_block_cols) * orientations
            for row in range(height):
                start = first + row * n_cols * orientations
                _copy(cells[start : start + run], block[row * run : (row + 1) * run])
            if norm == _L2_HYS:
                totals[k] = _scale_and_clip(block, factors[k])
            elif norm == _L1_SQRT:
                _scale_root(block, factors[k])
            else:
                _scale(block, factors[k])
        if norm == _L2_HYS:
            _inverse_roots(totals, _EPS**2, factors)
            for k in range(totals.size):
                _scale(out[i, k * size : (k + 1) * size], factors[k])
