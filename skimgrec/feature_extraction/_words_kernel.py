"""Dense SIFT descriptors of grey pictures, and the nearest words; validation stands elsewhere.

The weights of a descriptor are products of one along the rows and one along the columns, so gradients are added up over
rows first, once for all descriptors of a row, then over columns.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.feature_extraction._words_layout import CELLS, DENSE_LENGTH, N_ORIENTATIONS, WordsLayout, cell_weights
from skimgrec.utils._compile import compiled

_PER_RADIAN = np.float32(N_ORIENTATIONS / (2 * math.pi))


def dense_sift(pictures: NDArray[np.float32], layout: WordsLayout) -> NDArray[np.float32]:
    """Return the descriptors (m, n, 128) of grey pictures (m, h, w), by `WordsLayout.dense_places`."""
    m, height, width = pictures.shape
    side = CELLS * layout.cell
    if height < side or width < side:
        missing = ((0, 0), (0, max(0, side - height)), (0, max(0, side - width)))
        pictures = np.pad(pictures, missing, mode="edge")
    rows, cols = layout.grid(height), layout.grid(width)
    reach, weights = cell_weights(layout.cell)
    out = np.empty((m, len(rows) * len(cols), DENSE_LENGTH), np.float32)
    _dense_sift(_as_compiled(pictures), rows, cols, reach, weights, out)
    return out


class Words:
    """Words, in the order in which descriptors are compared with them.

    Parameters
    ----------
    vocabulary : ndarray of shape (k, d)
        The words.
    """

    def __init__(self, vocabulary: NDArray[np.float32]) -> None:
        self._columns = _as_compiled(vocabulary.T)
        self._half = np.float32(0.5) * np.einsum("kd,kd->k", vocabulary, vocabulary)

    def nearest(self, descriptors: NDArray[np.float32]) -> NDArray[np.int32]:
        """Return the word that is nearest to each of the `descriptors` (n, d)."""
        nearest = np.empty(len(descriptors), np.int32)
        _nearest(_as_compiled(descriptors), self._columns, self._half, nearest)
        return nearest


def _as_compiled(array: NDArray[np.float32]) -> NDArray[np.float32]:
    # Numba compiles again for every other combination of layout and writability.
    array = np.ascontiguousarray(array, np.float32).view()
    array.flags.writeable = False
    return array


@compiled()
def _dense_sift(pictures: Any, rows: Any, cols: Any, reach: int, weights: Any, out: Any) -> None:
    m, height, width = pictures.shape
    votes = np.empty((height, width * 8), np.float32)
    sums = np.empty((4, width * 8), np.float32)
    for i in range(m):
        _vote(pictures[i], votes)
        for a in range(len(rows)):
            sums[:] = 0
            for k in range(weights.shape[1]):
                y = rows[a] - reach + k
                if 0 <= y < height:
                    for cell in range(4):
                        if weights[cell, k] > 0:
                            _add(votes[y], weights[cell, k], sums[cell])
            for b in range(len(cols)):
                descriptor = out[i, a * len(cols) + b]
                descriptor[:] = 0
                for k in range(weights.shape[1]):
                    x = cols[b] - reach + k
                    if 0 <= x < width:
                        for col in range(4):
                            if weights[col, k] > 0:
                                for row in range(4):
                                    at = (row * 4 + col) * 8
                                    _add(sums[row, x * 8 : x * 8 + 8], weights[col, k], descriptor[at : at + 8])
                _saturate(descriptor)


@compiled()
def _add(values: Any, weight: Any, sums: Any) -> None:
    for k in range(sums.size):
        sums[k] += weight * values[k]


@compiled()
def _vote(picture: Any, votes: Any) -> None:
    """Write the gradient of each pixel, shared between the two nearest of 8 orientations."""
    height, width = picture.shape
    votes[:] = 0
    for y in range(height):
        above, below = max(y - 1, 0), min(y + 1, height - 1)
        for x in range(width):
            left, right = max(x - 1, 0), min(x + 1, width - 1)
            g_row = picture[below, x] - picture[above, x]
            g_col = picture[y, right] - picture[y, left]
            # Differences across two pixels, or one at the border.
            if below - above == 2:
                g_row *= np.float32(0.5)
            if right - left == 2:
                g_col *= np.float32(0.5)
            length = np.sqrt(g_row * g_row + g_col * g_col)
            if length == 0:
                continue
            place = np.float32(math.atan2(g_col, g_row)) * _PER_RADIAN
            lower = math.floor(place)
            share = place - np.float32(lower)
            # Angles count from the rows' direction to the columns', as in scikit-image's SIFT.
            votes[y, x * 8 + (int(lower) & 7)] += (np.float32(1) - share) * length
            votes[y, x * 8 + ((int(lower) + 1) & 7)] += share * length


@compiled()
def _saturate(descriptor: Any) -> None:
    """Clip a descriptor at a fifth of its length, and bring that to 1; one of a flat place stays 0."""
    squares = np.float32(0)
    for k in range(descriptor.size):
        squares += descriptor[k] * descriptor[k]
    limit = np.float32(0.2) * np.sqrt(squares)
    if limit == 0:
        return
    squares = np.float32(0)
    for k in range(descriptor.size):
        descriptor[k] = min(descriptor[k], limit)
        squares += descriptor[k] * descriptor[k]
    length = np.sqrt(squares)
    for k in range(descriptor.size):
        descriptor[k] /= length


@compiled()
def _nearest(descriptors: Any, columns: Any, half: Any, nearest: Any) -> None:
    """Write the word at the least distance: that with the largest product, less half its own square."""
    products = np.empty(len(half), np.float32)
    for i in range(len(descriptors)):
        products[:] = 0
        for d in range(descriptors.shape[1]):
            _add(columns[d], descriptors[i, d], products)
        best = 0
        for k in range(1, len(half)):
            if products[k] - half[k] > products[best] - half[best]:
                best = k
        nearest[i] = best
