"""Histograms of oriented gradients of arrays of pictures, pass by pass; validation stands elsewhere.

The passes over a picture are

1. gradients: for each pixel that of the channel where it is largest (`_hog_gradients`);
2. votes: its orientation bin, from a table for uint8 (`_hog_orientation`), else computed (`_hog_votes`);
3. cells: the votes added up (`_hog_cells`), or shared between neighbouring cells (`_hog_soft_votes`);
4. blocks: overlapping groups of cells, normalised (`_hog_blocks`).

Large pictures go through the first three passes in strips of whole rows of cells, and small ones through the last in
groups, so that the arrays between the passes stay in the processor's cache. For uint8, one compiled call does all
passes over many pictures: threads would wait for each other between calls.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.feature_extraction._hog_blocks import NORMS, block_features
from skimgrec.feature_extraction._hog_cells import add_integer_votes, float_sums, home_cells, room_for_sums
from skimgrec.feature_extraction._hog_gradients import float_gradients, inner_columns, integer_gradients
from skimgrec.feature_extraction._hog_layout import HOGLayout
from skimgrec.feature_extraction._hog_orientation import bin_dtype, bins_of_codes, code_shift
from skimgrec.feature_extraction._hog_soft_votes import add_soft_votes, soft_positions, without_padding
from skimgrec.feature_extraction._hog_votes import float_votes
from skimgrec.utils import chunk_slices
from skimgrec.utils._compile import compiled

# How many pixels to take at once, measured: a strip, and the pictures that go through a pass together.
_INTEGER_STRIP, _INTEGER_GROUP = 2**13, 2**16
_FLOAT_STRIP, _FLOAT_GROUP = 2**15, 2**15
# Pixels of uint8 pictures handed to one compiled call, some milliseconds of work.
_CALL = 2**20


def hog_features(pictures: NDArray[Any], layout: HOGLayout, out: NDArray[np.float32]) -> None:
    """Write the features of `pictures` (n, h, w, c), of any real dtype and memory layout, to `out` (n, features)."""
    _, height, width, _ = pictures.shape
    by_code = pictures.dtype == np.uint8 and not (layout.transform_sqrt or layout.soft)
    write = _write_integer_features if by_code else _write_float_features
    chunk = (_CALL if by_code else _FLOAT_GROUP) // (height * width)
    strip = max(1, (_INTEGER_STRIP if by_code else _FLOAT_STRIP) // (width * layout.cell[0]))
    for rows in chunk_slices(len(pictures), size=max(1, chunk)):
        write(_working_copy(pictures[rows], layout), layout, strip, out[rows])


def _working_copy(pictures: NDArray[Any], layout: HOGLayout) -> NDArray[Any]:
    """Return a chunk in C order, as uint8 or in the precision in which scikit-image would subtract."""
    if layout.soft and pictures.dtype == np.uint8:
        pictures = pictures.astype(np.float32)
    elif layout.transform_sqrt or pictures.dtype != np.uint8:
        pictures = pictures.astype(np.float32 if pictures.dtype in (np.float16, np.float32) else np.float64, copy=False)
    if layout.transform_sqrt:
        pictures = np.sqrt(pictures)
    # Numba compiles again for every other combination of layout and writability.
    pictures = np.ascontiguousarray(pictures).view()
    pictures.flags.writeable = False
    return pictures


def _write_integer_features(
    pictures: NDArray[np.uint8], layout: HOGLayout, strip: int, out: NDArray[np.float32]
) -> None:
    _integer_features(
        pictures.reshape(len(pictures), -1),
        pictures.shape[1:],
        layout.cell,
        layout.block,
        layout.orientations,
        NORMS[layout.norm],
        strip,
        np.float32(code_shift(layout.signed)),
        bins_of_codes(layout.orientations, layout.signed),
        out,
    )


@compiled()
def _integer_features(
    pictures: Any,
    shape: Any,
    cell: Any,
    block: Any,
    orientations: int,
    norm: int,
    strip: int,
    shift: Any,
    bins: Any,
    out: Any,
) -> None:
    height, width, _ = shape
    n_rows, n_cols = height // cell[0], width // cell[1]
    group = min(len(pictures), max(1, _INTEGER_GROUP // (height * width)))
    strip = min(strip, n_rows)
    sums = np.empty((group, room_for_sums(n_rows, n_cols, strip, orientations)), np.float32)
    for start in range(0, len(pictures), group):
        stop = min(start + group, len(pictures))
        _integer_sums(pictures[start:stop], shape, cell, orientations, strip, shift, bins, sums)
        block_features(sums, orientations, n_cols, cell[0] * cell[1], block, norm, np.float32(1), out[start:stop])


@compiled()
def _integer_sums(
    pictures: Any, shape: Any, cell: Any, orientations: int, strip: int, shift: Any, bins: Any, sums: Any
) -> None:
    """Write the sums of votes of each picture's cells, from strips of `strip` rows of cells."""
    height, width, channels = shape
    n_rows, n_cols = height // cell[0], width // cell[1]
    n_pixels = strip * cell[0] * width
    inner, homes = np.empty(n_pixels, np.float32), np.empty(n_pixels, np.uint32)
    inner_columns(width, strip * cell[0], inner)
    home_cells(width, strip * cell[0], cell, n_cols, orientations, homes)
    planes = np.empty(channels * (n_pixels + 2 * width), np.float32)
    codes, magnitudes = np.empty(n_pixels, np.int32), np.empty(n_pixels, np.float32)
    for i in range(len(pictures)):
        for first in range(0, n_rows, strip):
            rows = min(strip, n_rows - first)
            n = rows * cell[0] * width
            integer_gradients(
                pictures[i],
                shape,
                first * cell[0],
                rows * cell[0],
                shift,
                inner,
                planes[: channels * (n + 2 * width)].reshape(channels, n + 2 * width),
                codes[:n],
                magnitudes[:n],
            )
            strip_sums = sums[i, first * n_cols * orientations :]
            strip_sums[:] = 0
            # Unsigned indices spare the check for negative ones.
            add_integer_votes(codes[:n].view(np.uint32), magnitudes[:n], bins, homes, strip_sums)


def _write_float_features(pictures: NDArray[Any], layout: HOGLayout, strip: int, out: NDArray[np.float32]) -> None:
    n_cols = layout.n_cells(*pictures.shape[1:3])[1]
    sums = (_soft_sums if layout.soft else _float_sums)(pictures, layout, strip)
    area = layout.cell[0] * layout.cell[1]
    block_features(sums, layout.orientations, n_cols, area, layout.block, NORMS[layout.norm], 1.0, out)


def _strip_gradients(pictures: NDArray[Any], layout: HOGLayout, rows: slice) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the gradients (m, pixels) along rows and columns in some rows of cells."""
    first, n_rows = rows.start * layout.cell[0], (rows.stop - rows.start) * layout.cell[0]
    shape = len(pictures), n_rows * pictures.shape[2]
    g_row, g_col = np.empty(shape, pictures.dtype), np.empty(shape, pictures.dtype)
    float_gradients(pictures.reshape(len(pictures), -1), pictures.shape[1:], first, n_rows, g_row, g_col)
    return g_row, g_col


def _float_sums(pictures: NDArray[Any], layout: HOGLayout, strip: int) -> NDArray[np.float32]:
    """Return the sums of votes (m, cells * orientations or more)."""
    m, height, width, _ = pictures.shape
    n_rows, n_cols = layout.n_cells(height, width)
    strip = min(strip, n_rows)
    sums = np.empty((m, room_for_sums(n_rows, n_cols, strip, layout.orientations)), np.float32)
    for rows in chunk_slices(n_rows, size=strip):
        g_row, g_col = _strip_gradients(pictures, layout, rows)
        bins, magnitudes = np.empty(g_row.shape, bin_dtype(layout.orientations)), np.empty_like(g_row)
        float_votes(g_row.ravel(), g_col.ravel(), layout.orientations, layout.signed, bins.ravel(), magnitudes.ravel())
        float_sums(bins, magnitudes, width, layout.cell, n_cols, layout.orientations, rows.start, sums)
    return sums


def _soft_sums(pictures: NDArray[Any], layout: HOGLayout, strip: int) -> NDArray[np.float32]:
    """Return the sums of shared votes (m, cells * orientations)."""
    m, height, width, _ = pictures.shape
    n_rows, n_cols = layout.n_cells(height, width)
    bins_per_radian = layout.orientations / (2 * np.pi if layout.signed else np.pi)
    padded = np.zeros((m, n_rows + 2, n_cols + 2, layout.orientations + 2))
    for rows in chunk_slices(n_rows, size=strip):
        g_row, g_col = _strip_gradients(pictures, layout, rows)
        positions, magnitudes = np.empty(g_row.shape), np.empty(g_row.shape)
        soft_positions(
            g_row.ravel(), g_col.ravel(), bins_per_radian, layout.signed, positions.ravel(), magnitudes.ravel()
        )
        add_soft_votes(positions, magnitudes, width, *layout.cell, rows.start, padded)
    return without_padding(padded).reshape(m, -1)
