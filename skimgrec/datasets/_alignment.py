"""The kernel that lays one thumbnail over another by a small shift and stretch, and says how well they agree."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.utils._compile import compiled

# Gauss-Newton steps on blurred thumbnails, which lead the way from a few pixels off, and then on sharp ones.
_BLURRED_STEPS = 6
_SHARP_STEPS = 3
# In pixels of the border: steps that change less end a round.
_SETTLED = 0.05
# How far a copy may be off, as a share of its side: cropping 10 % off each side stretches it by 0.25.
_MOST_SHIFT = 0.15
_MOST_STRETCH = 0.25


def agreements(thumbnails: NDArray[np.uint8], pairs: NDArray[np.intp]) -> NDArray[np.float32]:
    """Return how well two thumbnails agree once the one has been shifted and stretched a little onto the other.

    Parameters
    ----------
    thumbnails : ndarray of shape (n, side, side), uint8
        Grey pictures, all brought to the same square.
    pairs : ndarray of shape (n_pairs, 2)
        Which to compare.

    Returns
    -------
    found : ndarray of shape (n_pairs, 2), float32
        The correlation of the values where they overlap, and that of what a blur takes away, their edges and texture.
    """
    found = np.zeros((len(pairs), 2), np.float32)
    if len(pairs):
        _align_all(np.ascontiguousarray(thumbnails), pairs.astype(np.int64), found, _MOST_SHIFT, _MOST_STRETCH)
    return found


@compiled(error_model="numpy")
def _blur(picture: Any, out: Any) -> None:
    side = picture.shape[0]
    for row in range(side):
        above, below = max(row - 1, 0), min(row + 1, side - 1)
        for column in range(side):
            left, right = max(column - 1, 0), min(column + 1, side - 1)
            out[row, column] = (
                4.0 * picture[row, column]
                + 2.0 * (picture[above, column] + picture[below, column] + picture[row, left] + picture[row, right])
                + picture[above, left]
                + picture[above, right]
                + picture[below, left]
                + picture[below, right]
            ) / 16.0


@compiled(error_model="numpy")
def _solve(normal: Any, right: Any) -> None:
    """Solve a small system by Gaussian elimination, in place; a direction that nothing determines gets 0."""
    n = right.shape[0]
    for k in range(n):
        pivot = k
        for row in range(k + 1, n):
            if abs(normal[row, k]) > abs(normal[pivot, k]):
                pivot = row
        for column in range(n):
            normal[k, column], normal[pivot, column] = normal[pivot, column], normal[k, column]
        right[k], right[pivot] = right[pivot], right[k]
        if abs(normal[k, k]) < 1e-9:
            normal[k, k] = 1e30
        for row in range(k + 1, n):
            factor = normal[row, k] / normal[k, k]
            for column in range(k, n):
                normal[row, column] -= factor * normal[k, column]
            right[row] -= factor * right[k]
    for k in range(n - 1, -1, -1):
        total = right[k]
        for column in range(k + 1, n):
            total -= normal[k, column] * right[column]
        right[k] = total / normal[k, k]


@compiled(error_model="numpy")
def _warp(picture: Any, warp: Any, out: Any) -> None:
    """Sample a picture between its pixels; what lies outside becomes -1e9."""
    side = picture.shape[0]
    middle = (side - 1) / 2.0
    for row in range(side):
        y = middle + (row - middle) * (1.0 + warp[3]) + warp[1]
        for column in range(side):
            x = middle + (column - middle) * (1.0 + warp[2]) + warp[0]
            # Half a pixel outside is still covered by the pixel at the border.
            if x < -0.5 or y < -0.5 or x > side - 0.5 or y > side - 0.5:
                out[row, column] = -1e9
                continue
            x0, y0 = min(max(int(np.floor(x)), 0), side - 2), min(max(int(np.floor(y)), 0), side - 2)
            fx, fy = min(max(x - x0, 0.0), 1.0), min(max(y - y0, 0.0), 1.0)
            out[row, column] = (
                picture[y0, x0] * (1 - fx) * (1 - fy)
                + picture[y0, x0 + 1] * fx * (1 - fy)
                + picture[y0 + 1, x0] * (1 - fx) * fy
                + picture[y0 + 1, x0 + 1] * fx * fy
            )


@compiled(error_model="numpy")
def _step(fixed: Any, moved: Any, warp: Any) -> Any:
    """Improve the warp by one Gauss-Newton step, together with gain and offset of the brightness.

    Return by how many pixels that moves the border at most, -1 where the two do not agree at all.
    """
    side = fixed.shape[0]
    middle = (side - 1) / 2.0
    normal = np.zeros((6, 6))
    right = np.zeros(6)
    slope = np.empty(6)
    for row in range(1, side - 1):
        for column in range(1, side - 1):
            value = moved[row, column]
            left, after = moved[row, column - 1], moved[row, column + 1]
            above, below = moved[row - 1, column], moved[row + 1, column]
            if min(value, left, after, above, below) < -1e8:
                continue
            slope[0] = (after - left) / 2.0
            slope[1] = (below - above) / 2.0
            slope[2] = slope[0] * (column - middle)
            slope[3] = slope[1] * (row - middle)
            slope[4] = value / 64.0
            slope[5] = 1.0
            for i in range(6):
                right[i] += slope[i] * fixed[row, column]
                for j in range(i, 6):
                    normal[i, j] += slope[i] * slope[j]
    for i in range(6):
        for j in range(i):
            normal[i, j] = normal[j, i]
    _solve(normal, right)
    gain = right[4] / 64.0
    # A negative picture of the other is no copy.
    if gain < 0.1:
        return -1.0
    for i in range(4):
        warp[i] += right[i] / gain
    across, down = abs(right[0]) + middle * abs(right[2]), abs(right[1]) + middle * abs(right[3])
    return max(across, down) / gain


@compiled(error_model="numpy")
def _correlation(first: Any, second: Any) -> Any:
    n = 0
    sums = np.zeros(5)
    side = first.shape[0]
    for row in range(side):
        for column in range(side):
            a, b = first[row, column], second[row, column]
            if b < -1e8:
                continue
            n += 1
            sums[0] += a
            sums[1] += b
            sums[2] += a * a
            sums[3] += b * b
            sums[4] += a * b
    if n < side * side // 2:
        return 0.0
    spread = (sums[2] - sums[0] * sums[0] / n) * (sums[3] - sums[1] * sums[1] / n)
    return (sums[4] - sums[0] * sums[1] / n) / np.sqrt(spread) if spread > 1e-6 else 0.0


@compiled(error_model="numpy")
def _align_all(thumbnails: Any, pairs: Any, found: Any, most_shift: Any, most_stretch: Any) -> None:
    side = thumbnails.shape[1]
    first, second = np.empty((side, side)), np.empty((side, side))
    soft_first, soft_second = np.empty((side, side)), np.empty((side, side))
    moved, other = np.empty((side, side)), np.empty((side, side))
    warp = np.zeros(4)
    for pair in range(pairs.shape[0]):
        first[:] = thumbnails[pairs[pair, 0]]
        second[:] = thumbnails[pairs[pair, 1]]
        _blur(first, other)
        _blur(other, soft_first)
        _blur(second, other)
        _blur(other, soft_second)
        warp[:] = 0.0
        step = 0
        while step < _BLURRED_STEPS + _SHARP_STEPS:
            is_blurred = step < _BLURRED_STEPS
            if is_blurred:
                _warp(soft_second, warp, moved)
                change = _step(soft_first, moved, warp)
            else:
                _warp(second, warp, moved)
                change = _step(first, moved, warp)
            for i in range(2):
                warp[i] = min(max(warp[i], -most_shift * side), most_shift * side)
                warp[i + 2] = min(max(warp[i + 2], -most_stretch), most_stretch)
            if change < 0 or (change < _SETTLED and not is_blurred):
                break
            step = _BLURRED_STEPS if is_blurred and change < _SETTLED else step + 1
        _warp(second, warp, moved)
        found[pair, 0] = _correlation(first, moved)
        # Edges and texture: what a blur takes away, of both as they lie over one another.
        for row in range(side):
            for column in range(side):
                soft_first[row, column] = first[row, column]
                if moved[row, column] < -1e8:
                    other[row, column] = first[row, column]
                else:
                    other[row, column] = moved[row, column]
        _blur(soft_first, first)
        _blur(other, second)
        for row in range(side):
            for column in range(side):
                outside = moved[row, column] < -1e8
                first[row, column] = soft_first[row, column] - first[row, column]
                second[row, column] = -1e9 if outside else other[row, column] - second[row, column]
        found[pair, 1] = _correlation(first, second)
