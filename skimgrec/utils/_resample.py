"""The kernel that brings a picture of 8 bits to another size, smoothed where it shrinks, outside the GIL."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.utils._compile import compiled


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
    # The kernel works on whole rows of the picture once for each row of the result.
    if out.shape[0] >= 4 * height and out.shape[1] < width:
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


@compiled(fastmath=True, error_model="numpy")
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


@compiled(fastmath=True, error_model="numpy")
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
    line = np.empty(n_values, np.float32)
    half = np.float32(0.5)
    for y in range(height):
        row, weight = picture[y_starts[y]], y_weights[y, 0]
        for i in range(n_values):
            line[i] = np.float32(row[i]) * weight
        for k in range(1, y_counts[y]):
            row, weight = picture[y_starts[y] + k], y_weights[y, k]
            for i in range(n_values):
                line[i] += np.float32(row[i]) * weight
        if channels == 3:
            # Three sums at a time: a loop over the channels would take twice as long.
            for x in range(width):
                red, green, blue = half, half, half
                place = x_starts[x] * 3
                for k in range(x_counts[x]):
                    weight = x_weights[x, k]
                    red += line[place] * weight
                    green += line[place + 1] * weight
                    blue += line[place + 2] * weight
                    place += 3
                out[y, x, 0] = np.uint8(np.int32(red))
                out[y, x, 1] = np.uint8(np.int32(green))
                out[y, x, 2] = np.uint8(np.int32(blue))
        else:
            for x in range(width):
                for channel in range(channels):
                    value = half
                    place = x_starts[x] * channels + channel
                    for k in range(x_counts[x]):
                        value += line[place] * x_weights[x, k]
                        place += channels
                    out[y, x, channel] = np.uint8(np.int32(value))
