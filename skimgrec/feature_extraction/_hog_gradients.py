"""Compiled passes from pixels to one gradient per pixel: that of the channel where it is largest.

Every pass works on flat rows of pixels, so that the compiler can turn its loops into vector instructions. Pictures are
`(m, height * width * channels)`, and a pass covers the `n_rows` rows of pixels from `first_row` on.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from skimgrec.feature_extraction._hog_orientation import N_DIFFERENCES
from skimgrec.utils._compile import compiled

_ZERO = np.float32(0)
_FLOAT_DIFFERENCES = np.float32(N_DIFFERENCES)


@compiled()
def _split_one(pixels: Any, plane: Any) -> None:
    for p in range(plane.size):
        plane[p] = pixels[p]


@compiled()
def _split_three(pixels: Any, first: Any, second: Any, third: Any) -> None:
    for p in range(first.size):
        first[p] = pixels[3 * p]
        second[p] = pixels[3 * p + 1]
        third[p] = pixels[3 * p + 2]


@compiled()
def split_channels(picture: Any, height: int, width: int, first_row: int, n_rows: int, planes: Any) -> None:
    """Fill `planes` (channels, (n_rows + 2) * width) with the rows and their neighbours above and below.

    Beyond the first and the last row of the picture stands a mirrored one: the difference across the border row is 0.
    """
    channels = len(planes)
    top, bottom = max(first_row - 1, 0), min(first_row + n_rows + 1, height)
    start = (top - first_row + 1) * width
    stop = start + (bottom - top) * width
    pixels = picture[top * width * channels : bottom * width * channels]
    if channels == 1:
        _split_one(pixels, planes[0, start:stop])
    elif channels == 3:
        _split_three(pixels, planes[0, start:stop], planes[1, start:stop], planes[2, start:stop])
    else:
        for k in range(channels):
            for p in range(stop - start):
                planes[k, start + p] = pixels[channels * p + k]
    for k in range(channels):
        if first_row == 0:
            mirrored = 2 * width if height > 1 else width
            planes[k, :width] = planes[k, mirrored : mirrored + width]
        if first_row + n_rows == height:
            mirrored = (n_rows - 1) * width if height > 1 else width
            planes[k, (n_rows + 1) * width :] = planes[k, mirrored : mirrored + width]


@compiled()
def inner_columns(width: int, n_rows: int, inner: Any) -> None:
    """Set `inner` to 1 where a pixel has neighbours left and right, to 0 in the border columns."""
    inner[:] = 1
    for row in range(n_rows):
        inner[row * width] = 0
        inner[row * width + width - 1] = 0


@compiled()
def _neighbours(plane: Any, width: int, n: int) -> Any:
    """Return what lies left, right, above and below each of `n` pixels; `plane` has one more row on either side."""
    return plane[width - 1 : width - 1 + n], plane[width + 1 : width + 1 + n], plane[:n], plane[2 * width :]


@compiled()
def _code_and_size(left: Any, right: Any, up: Any, down: Any, inner: Any, shift: Any, p: int) -> Any:
    g_row, g_col = down[p] - up[p], (right[p] - left[p]) * inner[p]
    return abs(g_row * _FLOAT_DIFFERENCES + (g_col + shift)), g_row * g_row + g_col * g_col


@compiled()
def _only_codes(plane: Any, width: int, inner: Any, shift: Any, codes: Any, magnitudes: Any) -> None:
    left, right, up, down = _neighbours(plane, width, codes.size)
    for p in range(codes.size):
        code, size = _code_and_size(left, right, up, down, inner, shift, p)
        codes[p], magnitudes[p] = np.int32(code), math.sqrt(size)


@compiled()
def _first_codes(left: Any, right: Any, up: Any, down: Any, inner: Any, shift: Any, codes: Any, sizes: Any) -> None:
    for p in range(codes.size):
        code, size = _code_and_size(left, right, up, down, inner, shift, p)
        codes[p], sizes[p] = np.int32(code), size


@compiled()
def _larger_codes(left: Any, right: Any, up: Any, down: Any, inner: Any, shift: Any, codes: Any, sizes: Any) -> None:
    for p in range(codes.size):
        code, size = _code_and_size(left, right, up, down, inner, shift, p)
        larger = size > sizes[p]
        codes[p] = np.int32(code) if larger else codes[p]
        sizes[p] = size if larger else sizes[p]


@compiled()
def _largest_codes_of_three(planes: Any, width: int, inner: Any, shift: Any, codes: Any, magnitudes: Any) -> None:
    left_0, right_0, up_0, down_0 = _neighbours(planes[0], width, codes.size)
    left_1, right_1, up_1, down_1 = _neighbours(planes[1], width, codes.size)
    left_2, right_2, up_2, down_2 = _neighbours(planes[2], width, codes.size)
    for p in range(codes.size):
        code, size = _code_and_size(left_0, right_0, up_0, down_0, inner, shift, p)
        code_1, size_1 = _code_and_size(left_1, right_1, up_1, down_1, inner, shift, p)
        code_2, size_2 = _code_and_size(left_2, right_2, up_2, down_2, inner, shift, p)
        code, size = (code_1, size_1) if size_1 > size else (code, size)
        code, size = (code_2, size_2) if size_2 > size else (code, size)
        codes[p], magnitudes[p] = np.int32(code), math.sqrt(size)


@compiled()
def _roots(sizes: Any) -> None:
    for p in range(sizes.size):
        sizes[p] = math.sqrt(sizes[p])


@compiled()
def integer_gradients(
    picture: Any,
    shape: Any,
    first_row: int,
    n_rows: int,
    shift: Any,
    inner: Any,
    planes: Any,
    codes: Any,
    magnitudes: Any,
) -> None:
    """Write the gradient of each pixel of a uint8 picture to `codes` and `magnitudes`, of n_rows * width.

    A code says the direction, for `bins_of_codes`; `shift` is a float32 `code_shift`. `inner` is from `inner_columns`,
    as float32, and `planes` is room for (channels, (n_rows + 2) * width). All numbers but the magnitudes are whole and
    below 2**24, so float32 holds them exactly.
    """
    height, width, channels = shape
    split_channels(picture, height, width, first_row, n_rows, planes)
    if channels == 1:
        _only_codes(planes[0], width, inner, shift, codes, magnitudes)
    elif channels == 3:
        _largest_codes_of_three(planes, width, inner, shift, codes, magnitudes)
    else:
        for k in range(channels):
            left, right, up, down = _neighbours(planes[k], width, codes.size)
            if k == 0:
                _first_codes(left, right, up, down, inner, shift, codes, magnitudes)
            else:
                _larger_codes(left, right, up, down, inner, shift, codes, magnitudes)
        _roots(magnitudes)


@compiled()
def _float_gradient(left: Any, right: Any, up: Any, down: Any, inner: Any, p: int) -> Any:
    row, col = down[p] - up[p], (right[p] - left[p]) if inner[p] else _ZERO
    return row, col, row * row + col * col


@compiled()
def _extreme(row: Any, col: Any, size: Any, limits: Any) -> Any:
    return ((size < limits[1]) & ((row != 0) | (col != 0))) | (size > limits[2])


@compiled()
def _larger(best: Any, other: Any, limits: Any) -> Any:
    """Return the larger of two gradients (row, col, size), and whether to look more closely."""
    row, col, size = other
    near = (abs(size - best[2]) <= limits[0] * size) & ((row != best[0]) | (col != best[1]))
    larger = size > best[2]
    chosen = (row if larger else best[0], col if larger else best[1], size if larger else best[2])
    return chosen, near | _extreme(row, col, size, limits)


@compiled()
def _only_gradients(plane: Any, width: int, inner: Any, g_row: Any, g_col: Any) -> None:
    left, right, up, down = _neighbours(plane, width, g_row.size)
    for p in range(g_row.size):
        g_row[p], g_col[p], _ = _float_gradient(left, right, up, down, inner, p)


@compiled()
def _largest_gradients_of_three(
    planes: Any, width: int, inner: Any, limits: Any, unsure: Any, g_row: Any, g_col: Any
) -> bool:
    """Return whether there is a pixel to look at more closely."""
    left_0, right_0, up_0, down_0 = _neighbours(planes[0], width, g_row.size)
    left_1, right_1, up_1, down_1 = _neighbours(planes[1], width, g_row.size)
    left_2, right_2, up_2, down_2 = _neighbours(planes[2], width, g_row.size)
    any_unsure = False
    for p in range(g_row.size):
        best = _float_gradient(left_0, right_0, up_0, down_0, inner, p)
        extreme = _extreme(best[0], best[1], best[2], limits)
        best, unsure_1 = _larger(best, _float_gradient(left_1, right_1, up_1, down_1, inner, p), limits)
        best, unsure_2 = _larger(best, _float_gradient(left_2, right_2, up_2, down_2, inner, p), limits)
        g_row[p], g_col[p], _ = best
        unsure[p] = extreme | unsure_1 | unsure_2
        any_unsure |= extreme | unsure_1 | unsure_2
    return any_unsure


@compiled()
def _settle_channel(planes: Any, width: int, inner: Any, p: int, g_row: Any, g_col: Any) -> None:
    best = -np.inf
    for k in range(len(planes)):
        row = planes[k, p + 2 * width] - planes[k, p]
        col = (planes[k, p + width + 1] - planes[k, p + width - 1]) if inner[p] else _ZERO
        magnitude = math.hypot(row, col)
        if magnitude > best:
            best = magnitude
            g_row[p], g_col[p] = row, col


@compiled()
def _settle_channels(planes: Any, width: int, inner: Any, unsure: Any, g_row: Any, g_col: Any) -> None:
    """Choose again where squares cannot tell the channels apart: by hypot in the input's precision, first of equals."""
    # Few pixels are unsure, so most eights of them can be passed over at once.
    eights = unsure.view(np.uint64)
    for eight in range(eights.size):
        if eights[eight]:
            for p in range(8 * eight, min(8 * eight + 8, g_row.size)):
                if unsure[p]:
                    _settle_channel(planes, width, inner, p, g_row, g_col)


@compiled()
def float_gradients(pictures: Any, shape: Any, first_row: int, n_rows: int, g_row: Any, g_col: Any) -> None:
    """Write the gradient of each pixel of floating-point pictures to `g_row` and `g_col` (m, n_rows * width)."""
    info = np.finfo(g_row.dtype)
    # Squares so near to each other, relatively, may stand for equal magnitudes; smaller ones lose digits; larger ones
    # may overflow when they are added.
    limits = (np.float32(8) * info.eps, info.tiny / info.eps, info.max * info.eps)
    height, width, channels = shape
    n = n_rows * width
    planes = np.empty((channels, n + 2 * width), g_row.dtype)
    inner = np.empty(n, np.bool_)
    inner_columns(width, n_rows, inner)
    unsure = np.ones(-(-n // 8) * 8, np.bool_)
    for i in range(len(pictures)):
        split_channels(pictures[i], height, width, first_row, n_rows, planes)
        if channels == 1:
            _only_gradients(planes[0], width, inner, g_row[i], g_col[i])
        elif channels != 3 or _largest_gradients_of_three(planes, width, inner, limits, unsure, g_row[i], g_col[i]):
            _settle_channels(planes, width, inner, unsure, g_row[i], g_col[i])
