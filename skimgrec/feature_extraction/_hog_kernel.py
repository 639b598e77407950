"""Histograms of oriented gradients of arrays of pictures, pass by pass; validation stands elsewhere.

The passes over a chunk of pictures are

1. gradients: for each pixel that of the channel where it is largest (`_hog_gradients`);
2. votes: its orientation bin, from a table for uint8 (`_hog_orientation`), else computed (`_hog_votes`);
3. cells: the votes added up (`_hog_blocks`);
4. blocks: overlapping groups of cells, normalised (`_hog_blocks`).

A chunk is small enough for its arrays to stay in the processor's cache. Large pictures go through the first three
passes in strips of whole rows of cells.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.feature_extraction._hog_blocks import NORMS, add_float_votes, add_integer_votes, block_features
from skimgrec.feature_extraction._hog_gradients import float_gradients, integer_gradients
from skimgrec.feature_extraction._hog_layout import HOGLayout
from skimgrec.feature_extraction._hog_orientation import bin_dtype, bins_of_codes, code_shift
from skimgrec.feature_extraction._hog_votes import float_votes
from skimgrec.utils import chunk_slices

_CHUNK_BYTES = 2**19
_INTEGER_VOTE_BYTES, _FLOAT_VOTE_BYTES = 8, 32


def hog_features(pictures: NDArray[Any], layout: HOGLayout, out: NDArray[np.float32]) -> None:
    """Write the features of `pictures` (n, h, w, c), of any real dtype and memory layout, to `out` (n, features)."""
    _, height, width, _ = pictures.shape
    by_code = pictures.dtype == np.uint8 and not layout.transform_sqrt
    pixels = _CHUNK_BYTES // (_INTEGER_VOTE_BYTES if by_code else _FLOAT_VOTE_BYTES)
    strip = max(1, pixels // (width * layout.cell[0]))
    for rows in chunk_slices(len(pictures), size=max(1, pixels // (width * height))):
        sums = _cell_sums(_working_copy(pictures[rows], layout), layout, strip)
        block_features(sums, layout.cell[0] * layout.cell[1], *layout.block, NORMS[layout.norm], out[rows])


def _working_copy(pictures: NDArray[Any], layout: HOGLayout) -> NDArray[Any]:
    """Return a chunk in C order, as uint8 or in the precision in which scikit-image would subtract."""
    if layout.transform_sqrt or pictures.dtype != np.uint8:
        pictures = pictures.astype(np.float32 if pictures.dtype in (np.float16, np.float32) else np.float64, copy=False)
    if layout.transform_sqrt:
        pictures = np.sqrt(pictures)
    # Numba compiles again for every other combination of layout and writability.
    pictures = np.ascontiguousarray(pictures).view()
    pictures.flags.writeable = False
    return pictures


def _cell_sums(pictures: NDArray[Any], layout: HOGLayout, strip: int) -> NDArray[np.float32]:
    """Return the sums of votes (m, cell rows, cells a row, orientations)."""
    m, height, width, _ = pictures.shape
    n_rows, n_cols = layout.n_cells(height, width)
    sums = np.zeros((m, n_rows, n_cols, layout.orientations), np.float32)
    add = _add_integer_votes if pictures.dtype == np.uint8 else _add_float_votes
    for rows in chunk_slices(n_rows, size=strip):
        add(pictures, layout, rows, sums)
    return sums


def _add_integer_votes(pictures: NDArray[np.uint8], layout: HOGLayout, rows: slice, sums: NDArray[np.float32]) -> None:
    m, height, width, channels = pictures.shape
    first, stop = rows.start * layout.cell[0], rows.stop * layout.cell[0]
    shape = m, (stop - first) * width
    codes, magnitudes = np.empty(shape, np.int32), np.empty(shape, np.float32)
    shift = np.float32(code_shift(layout.signed))
    integer_gradients(pictures.reshape(m, -1), height, width, channels, first, stop - first, shift, codes, magnitudes)
    bins = bins_of_codes(layout.orientations, layout.signed)
    # Unsigned indices spare the check for negative ones.
    add_integer_votes(codes.view(np.uint32), magnitudes, bins, width, *layout.cell, rows.start, sums)


def _add_float_votes(pictures: NDArray[Any], layout: HOGLayout, rows: slice, sums: NDArray[np.float32]) -> None:
    m, height, width, channels = pictures.shape
    first, stop = rows.start * layout.cell[0], rows.stop * layout.cell[0]
    shape = m, (stop - first) * width
    g_row, g_col = np.empty(shape, pictures.dtype), np.empty(shape, pictures.dtype)
    float_gradients(pictures.reshape(m, -1), height, width, channels, first, stop - first, g_row, g_col)
    bins, magnitudes = np.empty(shape, bin_dtype(layout.orientations)), np.empty(shape)
    float_votes(g_row.ravel(), g_col.ravel(), layout.orientations, layout.signed, bins.ravel(), magnitudes.ravel())
    add_float_votes(bins, magnitudes, width, *layout.cell, rows.start, sums)
