"""Compiled passes from votes to features: sums over cells, then blocks of cells, normalised."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from skimgrec.feature_extraction._compile import compiled

NORMS = {"L1": 0, "L1-sqrt": 1, "L2": 2, "L2-Hys": 3}
_L1, _L1_SQRT, _L2, _L2_HYS = NORMS.values()

_EPS = 1e-5
_CLIP = np.float32(0.2)
# Cells are scaled down and the factors of the blocks up by this power of two, or a factor in float32 would lose digits
# where sums are near the largest float32.
_SCALE = 2.0**20


@compiled()
def add_votes_by_code(
    codes: Any, bins: Any, magnitudes: Any, width: int, cell_height: int, cell_width: int, first_row: int, sums: Any
) -> None:
    """Add the votes that a table has for each pixel's code.

    `codes` (m, pixels) covers rows of cells from `first_row` on; `sums` is (m, cell rows, cells a row, orientations +
    1). The sums are float32 and taken row by row within a cell, so they round as scikit-image's do.
    """
    m, n_pixels = codes.shape
    n_cols = sums.shape[2]
    for i in range(m):
        for y in range(n_pixels // width):
            row = first_row + y // cell_height
            for col in range(n_cols):
                start = y * width + col * cell_width
                histogram = sums[i, row, col]
                for code in codes[i, start : start + cell_width]:
                    histogram[bins[code]] += magnitudes[code]


@compiled()
def add_votes(
    bins: Any, magnitudes: Any, width: int, cell_height: int, cell_width: int, first_row: int, sums: Any
) -> None:
    """Add each pixel's magnitude (m, pixels) at its bin, in the same order and precision."""
    m, n_pixels = bins.shape
    n_cols = sums.shape[2]
    for i in range(m):
        for y in range(n_pixels // width):
            row = first_row + y // cell_height
            for col in range(n_cols):
                start = y * width + col * cell_width
                histogram = sums[i, row, col]
                for p in range(start, start + cell_width):
                    total = np.float64(histogram[bins[i, p]]) + magnitudes[i, p]
                    histogram[bins[i, p]] = np.float32(total)


@compiled(fastmath={"reassoc"})
def _mean_cells(sums: Any, area: Any, norm: int, cells: Any, energies: Any) -> None:
    """Divide the sums of one picture by the cell's area; take each cell's share in a block's norm."""
    n_rows, n_cols, n_slots = sums.shape
    orientations = n_slots - 1
    for row in range(n_rows):
        for col in range(n_cols):
            energy = 0.0
            for o in range(orientations):
                mean = sums[row, col, o] / area
                cells[row, col * orientations + o] = mean * np.float32(1 / _SCALE)
                wide = np.float64(mean)
                energy += wide if norm <= _L1_SQRT else wide * wide
            energies[row, col] = energy


@compiled(fastmath={"reassoc"})
def _clip_block(block: Any, factor: Any) -> Any:
    """Scale and clip a block; return the sum of its squares."""
    total = np.float32(0)
    for p in range(block.size):
        value = block[p] * factor
        value = _CLIP if value > _CLIP else value
        block[p] = value
        total += value * value
    return total


@compiled()
def _scale_block(block: Any, factor: Any) -> None:
    for p in range(block.size):
        block[p] *= factor


@compiled()
def _scale_block_sqrt(block: Any, factor: Any) -> None:
    for p in range(block.size):
        block[p] = math.sqrt(block[p] * factor)


@compiled()
def block_features(sums: Any, area: int, block_height: int, block_width: int, norm: int, out: Any) -> None:
    """Write the normalised blocks of each picture to `out` (m, features); the last slot of `sums` is left out."""
    m, n_rows, n_cols, n_slots = sums.shape
    orientations = n_slots - 1
    run = block_width * orientations
    size = block_height * run
    cells = np.empty((n_rows, n_cols * orientations), np.float32)
    energies = np.empty((n_rows, n_cols), np.float64)
    for i in range(m):
        _mean_cells(sums[i], np.float32(area), norm, cells, energies)
        at = 0
        for row in range(n_rows - block_height + 1):
            for col in range(n_cols - block_width + 1):
                block = out[i, at : at + size]
                at += size
                energy = 0.0
                for r in range(block_height):
                    first = col * orientations
                    block[r * run : (r + 1) * run] = cells[row + r, first : first + run]
                    for c in range(block_width):
                        energy += energies[row + r, col + c]
                if norm == _L1:
                    _scale_block(block, np.float32(_SCALE / (energy + _EPS)))
                elif norm == _L1_SQRT:
                    _scale_block_sqrt(block, np.float32(_SCALE / (energy + _EPS)))
                else:
                    factor = np.float32(_SCALE / math.sqrt(energy + _EPS * _EPS))
                    if norm == _L2:
                        _scale_block(block, factor)
                    else:
                        total = np.float64(_clip_block(block, factor))
                        _scale_block(block, np.float32(1 / math.sqrt(total + _EPS * _EPS)))
