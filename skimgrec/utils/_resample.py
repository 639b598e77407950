"""The kernel that brings a picture of 8 bits to another size, smoothed where it shrinks, outside the GIL."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.utils._compile import compiled

# Rows of the result for one of the picture's, from which on it is narrowed first: the kernel works on whole rows of the
# picture once for each row of the result.
MOST_ENLARGED = 4
# Products may be fused with the sums that they are added to, which all processors of today do everywhere or nowhere.
# Sums in another order (`reassoc`) would differ between a kernel that was compiled just now and one from Numba's cache.
_FUSED: dict[str, Any] = {"fastmath": {"contract"}, "error_model": "numpy"}
# Rows of the result that are summed at a time.
_ROWS = 4
_HALF = np.float32(0.5)


def resample(
    picture: NDArray[np.uint8], out: NDArray[np.uint8], box: tuple[float, float, float, float] | None = None
) -> None:
    """Resize a picture into an array with a triangle filter, as wide as a pixel of the larger of both.

    It is Pillow's ``resize(..., Resampling.BILINEAR, box=box)``, but rounds once rather than twice, which changes some
    values by 1.

    Parameters
    ----------
    picture : ndarray of shape (h, w) or (h, w, c), uint8, C-contiguous
        What to resize.
    out : ndarray of shape (height, width) or (height, width, c), uint8
        Where the result goes.
    box : tuple of four floats, default=None
        Left, upper, right and lower border of the part to take; None takes all.
    """
    if box is None:
        left, upper, right, lower = 0.0, 0.0, float(picture.shape[1]), float(picture.shape[0])
    else:
        picture, (left, upper, right, lower) = _cut(picture, out, box)
    height, width = picture.shape[:2]
    channels = picture.shape[2] if picture.ndim == 3 else 1
    if out.shape[0] >= MOST_ENLARGED * height and out.shape[1] < width:
        narrow = np.empty((height, out.shape[1], *out.shape[2:]), np.uint8)
        resample(picture, narrow, (left, 0.0, right, float(height)))
        resample(narrow, out, (0.0, upper, float(out.shape[1]), lower))
        return
    _resample(
        picture.reshape(height, width * channels),
        out.reshape(*out.shape[:2], channels),
        channels,
        float(left),
        float(upper),
        float(right),
        float(lower),
    )


def resample_many(
    flat: NDArray[np.uint8], shapes: NDArray[np.intp], pictures: NDArray[np.uint8], rows: NDArray[np.intp]
) -> None:
    """Resize many small pictures as `resample` does, in one call, which costs less than the many would.

    Parameters
    ----------
    flat : ndarray of shape (m,), uint8
        The pictures, one after the other.
    shapes : ndarray of shape (k, 3), intp
        (h, w, c) of each of them; `c` is the same for all. None of them may be less than a quarter of the result high.
    pictures : ndarray of shape (n, height, width) or (n, height, width, c), uint8
        Where the results go.
    rows : ndarray of shape (k,), intp
        Which of `pictures` each of them becomes.
    """
    channels = pictures.shape[3] if pictures.ndim == 4 else 1
    _resample_many(flat, shapes, pictures.reshape(*pictures.shape[:3], channels), rows)


def _cut(
    picture: NDArray[np.uint8], out: NDArray[np.uint8], box: tuple[float, float, float, float]
) -> tuple[NDArray[np.uint8], tuple[float, float, float, float]]:
    """Return the part of a picture that the box's resize looks at, and the box in it."""
    left, upper, right, lower = box
    x_reach = ceil(max(1.0, (right - left) / out.shape[1])) + 1
    y_reach = ceil(max(1.0, (lower - upper) / out.shape[0])) + 1
    x, y = max(0, int(left) - x_reach), max(0, int(upper) - y_reach)
    part = picture[y : ceil(lower) + y_reach, x : ceil(right) + x_reach]
    return np.ascontiguousarray(part), (left - x, upper - y, right - x, lower - y)


@compiled(error_model="numpy")
def _fill_weights(n_in: Any, first: Any, last: Any, n_out: Any, starts: Any, counts: Any, weights: Any) -> None:
    scale = (last - first) / n_out
    support = max(scale, 1.0)
    for i in range(n_out):
        centre = first + (i + 0.5) * scale
        start = max(0, int(centre - support + 0.5))
        stop = min(n_in, int(centre + support + 0.5))
        total = 0.0
        for j in range(start, stop):
            weight = max(0.0, 1.0 - abs((j - centre + 0.5) / support))
            weights[i, j - start] = weight
            total += weight
        for j in range(stop - start):
            weights[i, j] /= total
        starts[i] = start
        counts[i] = stop - start


@compiled(**_FUSED)
def _add_rows(picture: Any, start: Any, count: Any, weights: Any, line: Any) -> None:
    row, weight = picture[start], weights[0]
    for i in range(len(line)):
        line[i] = np.float32(row[i]) * weight
    for k in range(1, count):
        row, weight = picture[start + k], weights[k]
        for i in range(len(line)):
            line[i] += np.float32(row[i]) * weight


@compiled(**_FUSED)
def _narrow(lines: Any, channels: Any, starts: Any, counts: Any, weights: Any, sums: Any) -> None:
    # Four sums at once, because each alone would wait for its last addition. Unsigned places spare the comparison with
    # which Numba looks for negative ones.
    line_0, line_1, line_2, line_3 = lines[0], lines[1], lines[2], lines[3]
    step = np.uintp(channels)
    out = 0
    for x in range(len(starts)):
        for channel in range(channels):
            sum_0, sum_1, sum_2, sum_3 = _HALF, _HALF, _HALF, _HALF
            place = np.uintp(starts[x] * channels + channel)
            for k in range(counts[x]):
                weight = weights[x, k]
                sum_0 += line_0[place] * weight
                sum_1 += line_1[place] * weight
                sum_2 += line_2[place] * weight
                sum_3 += line_3[place] * weight
                place += step
            sums[0, out], sums[1, out], sums[2, out], sums[3, out] = sum_0, sum_1, sum_2, sum_3
            out += 1


@compiled(**_FUSED)
def _narrow_colour(lines: Any, starts: Any, counts: Any, weights: Any, sums: Any) -> None:
    # `_narrow` for RGB in half the time: all three channels at once.
    line_0, line_1, line_2, line_3 = lines[0], lines[1], lines[2], lines[3]
    sums_0, sums_1, sums_2, sums_3 = sums[0], sums[1], sums[2], sums[3]
    one, two, three = np.uintp(1), np.uintp(2), np.uintp(3)
    out = np.uintp(0)
    for x in range(len(starts)):
        red_0, green_0, blue_0 = _HALF, _HALF, _HALF
        red_1, green_1, blue_1 = _HALF, _HALF, _HALF
        red_2, green_2, blue_2 = _HALF, _HALF, _HALF
        red_3, green_3, blue_3 = _HALF, _HALF, _HALF
        place = np.uintp(starts[x]) * three
        for k in range(counts[x]):
            weight = weights[x, k]
            red_0 += line_0[place] * weight
            red_1 += line_1[place] * weight
            red_2 += line_2[place] * weight
            red_3 += line_3[place] * weight
            green_0 += line_0[place + one] * weight
            green_1 += line_1[place + one] * weight
            green_2 += line_2[place + one] * weight
            green_3 += line_3[place + one] * weight
            blue_0 += line_0[place + two] * weight
            blue_1 += line_1[place + two] * weight
            blue_2 += line_2[place + two] * weight
            blue_3 += line_3[place + two] * weight
            place += three
        sums_0[out], sums_0[out + one], sums_0[out + two] = red_0, green_0, blue_0
        sums_1[out], sums_1[out + one], sums_1[out + two] = red_1, green_1, blue_1
        sums_2[out], sums_2[out + one], sums_2[out + two] = red_2, green_2, blue_2
        sums_3[out], sums_3[out + one], sums_3[out + two] = red_3, green_3, blue_3
        out += three


@compiled(error_model="numpy")
def _resample(picture: Any, out: Any, channels: Any, left: Any, upper: Any, right: Any, lower: Any) -> None:
    n_rows, n_values = picture.shape
    height, width, _ = out.shape
    # A filter of support s touches 2 s + 1 pixels at most.
    x_starts, x_counts = np.empty(width, np.int64), np.empty(width, np.int64)
    x_weights = np.empty((width, 2 * ceil(max((right - left) / width, 1.0)) + 2), np.float32)
    y_starts, y_counts = np.empty(height, np.int64), np.empty(height, np.int64)
    y_weights = np.empty((height, 2 * ceil(max((lower - upper) / height, 1.0)) + 2), np.float32)
    _fill_weights(n_values // channels, left, right, width, x_starts, x_counts, x_weights)
    _fill_weights(n_rows, upper, lower, height, y_starts, y_counts, y_weights)
    lines = np.empty((_ROWS, n_values), np.float32)
    sums = np.empty((_ROWS, width * channels), np.float32)
    flat_out = out.reshape(height, width * channels)
    for first in range(0, height, _ROWS):
        n_lines = min(_ROWS, height - first)
        for r in range(n_lines):
            y = first + r
            _add_rows(picture, y_starts[y], y_counts[y], y_weights[y], lines[r])
        if channels == 3:
            _narrow_colour(lines, x_starts, x_counts, x_weights, sums)
        else:
            _narrow(lines, channels, x_starts, x_counts, x_weights, sums)
        for r in range(n_lines):
            row, values = flat_out[first + r], sums[r]
            for i in range(width * channels):
                row[i] = np.uint8(np.int32(values[i]))


@compiled(error_model="numpy")
def _resample_many(flat: Any, shapes: Any, pictures: Any, rows: Any) -> None:
    start = 0
    for i in range(len(rows)):
        height, width, channels = shapes[i]
        stop = start + height * width * channels
        picture = flat[start:stop].reshape(height, width * channels)
        _resample(picture, pictures[rows[i]], channels, 0.0, 0.0, float(width), float(height))
        start = stop
