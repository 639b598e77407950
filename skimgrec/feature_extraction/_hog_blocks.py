"""Compiled pass from cells to features: overlapping blocks of cells, normalised."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from skimgrec.utils._compile import compiled

NORMS = {"L1": 0, "L1-sqrt": 1, "L2": 2, "L2-Hys": 3}
_L1_SQRT, _L2, _L2_HYS = NORMS["L1-sqrt"], NORMS["L2"], NORMS["L2-Hys"]

_EPS = 1e-5
_CLIP = np.float32(0.2)
# Cells are scaled down by this power of two, or the factor of a block, a float32 too, would lose digits where sums are
# near the largest float32.
_DOWN = 2.0**-20
# float32, so that they widen no float32 norm.
_EPS_DOWN, _SQUARED_EPS_DOWN, _SQUARED_EPS = (
    np.float32(_EPS * _DOWN),
    np.float32((_EPS * _DOWN) ** 2),
    np.float32(_EPS**2),
)
# Loops over multiples of these many values need no leftover iterations, which would take longer than the rest: plain
# copies, and blocks, which are padded with zeros.
_STRIDE, _BLOCK_STRIDE = 16, 32
# Rows of blocks are worked through in groups of about this many values, which stay in the fastest cache.
_GROUP = 2**12


@compiled()
def _scale_cells(sums: Any, factor: Any, cells: Any) -> None:
    for p in range(sums.size):
        cells[p] = sums[p] * factor


@compiled()
def _copy(source: Any, target: Any) -> None:
    for p in range(source.size):
        target[p] = source[p]


@compiled()
def _gather_blocks(
    cells: Any, row_step: int, orientations: int, first: int, n_block_cols: int, block: Any, stride: int, blocks: Any
) -> None:
    """Lay out the cells of whole rows of blocks, from row `first` on, each block in the order of its features.

    Blocks start `stride` values apart, with zeros after the last value of each. What is copied beyond the values that a
    block takes from a row of cells is overwritten by the next row, or by the zeros.
    """
    height, width = block
    run = width * orientations
    stretch = -(-run // _STRIDE) * _STRIDE
    at = 0
    for block_row in range(first, first + (blocks.size - _STRIDE) // (n_block_cols * stride)):
        for block_col in range(n_block_cols):
            start = block_row * row_step + block_col * orientations
            for row in range(height):
                to = at + row * run
                _copy(cells[start + row * row_step : start + row * row_step + stretch], blocks[to : to + stretch])
            for p in range(at + height * run, at + height * run + _STRIDE):
                blocks[p] = 0
            at += stride


@compiled(fastmath={"reassoc"})
def _sum(block: Any, one: Any) -> Any:
    total = one - one
    for p in range(block.size):
        total += block[p] * one
    return total


@compiled(fastmath={"reassoc"})
def _sum_of_squares(block: Any, one: Any) -> Any:
    total = one - one
    for p in range(block.size):
        value = block[p] * one
        total += value * value
    return total


@compiled(fastmath={"reassoc"})
def _clip(block: Any, factor: Any) -> Any:
    """Scale and clip a block in place, and return the sum of its squares."""
    total = np.float32(0)
    for p in range(block.size):
        value = block[p] * factor
        value = _CLIP if value > _CLIP else value
        block[p] = value
        total += value * value
    return total


@compiled()
def _inverse_roots(totals: Any, eps: Any, one: Any, factors: Any) -> None:
    for k in range(totals.size):
        factors[k] = one / math.sqrt(totals[k] + eps)


@compiled()
def _inverses(totals: Any, eps: Any, one: Any, factors: Any) -> None:
    for k in range(totals.size):
        factors[k] = one / (totals[k] + eps)


@compiled()
def _scale(block: Any, factor: Any, features: Any) -> None:
    for p in range(features.size):
        features[p] = block[p] * factor


@compiled()
def _scale_root(block: Any, factor: Any, features: Any) -> None:
    for p in range(features.size):
        features[p] = math.sqrt(block[p] * factor)


@compiled()
def _normalise(
    blocks: Any, stride: int, size: int, norm: int, one: Any, totals: Any, factors: Any, features: Any
) -> None:
    """Write each block of `size` values, normalised. What all blocks need is computed together, so that none waits.

    What is written beyond the values of a block is overwritten by the next one.
    """
    n = features.size // size
    for k in range(n):
        block = blocks[k * stride : (k + 1) * stride]
        totals[k] = _sum_of_squares(block, one) if norm >= _L2 else _sum(block, one)
    if norm >= _L2:
        _inverse_roots(totals[:n], _SQUARED_EPS_DOWN, one, factors)
    else:
        _inverses(totals[:n], _EPS_DOWN, one, factors)
    if norm == _L2_HYS:
        for k in range(n):
            totals[k] = _clip(blocks[k * stride : (k + 1) * stride], factors[k])
        _inverse_roots(totals[:n], _SQUARED_EPS, one, factors)
    for k in range(n):
        target = features[k * size : min(k * size + stride, features.size)]
        block = blocks[k * stride : k * stride + target.size]
        if norm == _L1_SQRT:
            _scale_root(block, factors[k], target)
        else:
            _scale(block, factors[k], target)


@compiled()
def block_features(
    sums: Any, orientations: int, n_cols: int, area: int, block: Any, norm: int, one: Any, out: Any
) -> None:
    """Write the normalised blocks of each picture to `out` (m, features).

    `sums` is (m, cell rows * `n_cols` * orientations or more), sums over cells of `area` pixels; `block` is (rows,
    columns) of cells. `one` is a 1 of the precision for the norms: float32 is enough for cells of uint8 pictures, but
    not for the squares of any float32.
    """
    m, n_features = out.shape
    height, width = block
    row_step = n_cols * orientations
    n_block_cols = n_cols - width + 1
    run = width * orientations
    size = height * run
    stride = -(-size // _BLOCK_STRIDE) * _BLOCK_STRIDE
    n_block_rows = n_features // (n_block_cols * size)
    n_values = (n_block_rows + height - 1) * row_step

    group = min(n_block_rows, max(1, _GROUP // (n_block_cols * stride)))
    cells = np.zeros(n_values + run + _STRIDE, np.float32)
    blocks = np.zeros(group * n_block_cols * stride + _STRIDE, np.float32)
    totals = np.full(group * n_block_cols, one)
    factors = np.empty(totals.size, np.float32)
    for i in range(m):
        _scale_cells(sums[i, :n_values], np.float32(_DOWN / area), cells)
        for first in range(0, n_block_rows, group):
            n_blocks = min(group, n_block_rows - first) * n_block_cols
            part = blocks[: n_blocks * stride + _STRIDE]
            _gather_blocks(cells, row_step, orientations, first, n_block_cols, block, stride, part)
            start = first * n_block_cols * size
            features = out[i, start : start + n_blocks * size]
            _normalise(part, stride, size, norm, one, totals, factors, features)
