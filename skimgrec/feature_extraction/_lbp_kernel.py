"""Histograms of local binary patterns of arrays of pictures; validation stands elsewhere.

Some pictures stand side by side, with zeros between them, so that one compiled loop runs over a line of them all. They
are worked through from top to bottom, as float64, and only those lines are kept that points still reach, in the
processor's cache. For each line

1. points between columns are interpolated, once for all points that lie as far to the side;
2. two points at a time, values are interpolated between two rows and compared with the pixels, which gives patterns;
3. the patterns are turned into bins, and counted in the histograms of their cells.

The arithmetic is scikit-image's, operation for operation: in flat parts of a picture, the rounding of an interpolated
value decides whether it is less than its pixel.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.feature_extraction._grid import NORMS
from skimgrec.feature_extraction._lbp_layout import METHODS, LBPLayout, bin_table, circle, n_codes
from skimgrec.utils import chunk_slices
from skimgrec.utils._compile import compiled

# Pixels of a line of pictures side by side, of lines whose patterns wait to be counted, and of pictures handed to one
# compiled call.
_LINE = 2**9
_ROOM = 2**13
_CALL = 2**20
# Lines are a multiple of this, which is the number of pixels that a compiled loop takes at a time, on any processor.
_VECTOR = 32
# Bins for each pixel of a cell from which on it is better to write only those that are not 0.
_FEW = 4
_NO_TABLE = np.zeros(1, np.uint16)


def lbp_features(pictures: NDArray[Any], layout: LBPLayout, out: NDArray[np.float32]) -> None:
    """Write the features of `pictures` (n, h, w, c), of any real dtype, to zeros `out` (n, features)."""
    _, height, width, channels = pictures.shape
    sizes = layout.scale_sizes(height, width, channels)
    circles = [circle(points, radius, height, width) for points, radius in layout.scales]
    for rows in chunk_slices(len(pictures), size=max(1, _CALL // (height * width * layout.n_planes(channels)))):
        planes = _planes(pictures[rows], layout)
        first = 0
        for (points, _), n_features, around in zip(layout.scales, sizes, circles, strict=True):
            pad = around.pad
            abreast = max(1, min(len(planes), _LINE // (width + pad)))
            margin = _rounded(pad)
            # One line more than are seen at once: it stands for all those outside of a picture, and stays 0.
            lines = _zeros(
                len(around.col_low) + 1, min(2 * pad + 1, height) + 1, _rounded(abreast * (width + pad)) + 2 * margin
            )
            _histograms(
                planes,
                layout.n_planes(channels),
                (height, width),
                layout.cell,
                abreast,
                pad,
                margin,
                lines,
                around.order,
                around.plane,
                around.shift,
                around.row_low,
                around.row_high,
                around.row_weight,
                around.col_low,
                around.col_weight,
                METHODS.index(layout.method),
                bin_table("ror", points) if layout.method == "ror" else _NO_TABLE,
                n_codes(layout.method, points),
                NORMS[layout.norm],
                first,
                out[rows],
            )
            first += n_features


def _rounded(pixels: int) -> int:
    return -(-pixels // _VECTOR) * _VECTOR


def _zeros(*shape: int) -> NDArray[np.float64]:
    """Return zeros that start with a line of the processor's cache: loads across two of them take twice as long."""
    n = math.prod(shape)
    room = np.zeros(n + 8)
    start = -room.ctypes.data % 64 // 8
    return room[start : start + n].reshape(shape)


def _planes(pictures: NDArray[Any], layout: LBPLayout) -> NDArray[Any]:
    """Return grey pictures (m * planes, h * w), as uint8 or as float64."""
    m, height, width, channels = pictures.shape
    if channels == 1 or layout.each:
        planes = np.moveaxis(pictures, -1, 1)
    else:
        in_bytes = pictures.dtype == np.uint8
        planes = np.empty((m, height * width), np.uint8 if in_bytes else np.float64)
        kept = in_bytes or pictures.dtype == np.float32
        pixels = np.ascontiguousarray(pictures, None if kept else np.float64)
        pixels = pixels.reshape(m, height * width, channels).view()
        pixels.flags.writeable = False
        (_grey if in_bytes else _luminance)(pixels, planes)
        if pictures.dtype.kind != "f" and not in_bytes:
            planes = np.rint(planes, out=planes)
    if planes.dtype != np.uint8:
        planes = planes.astype(np.float64, copy=False)
    # Numba compiles again for every other combination of layout and writability.
    planes = np.ascontiguousarray(planes).reshape(-1, height * width).view()
    planes.flags.writeable = False
    return planes


@compiled()
def _grey(pixels: Any, out: Any) -> None:
    """Write the luminance of uint8 pixels (m, n, 3 or 4), rounded as Pillow does."""
    for i in range(pixels.shape[0]):
        for p in range(pixels.shape[1]):
            red, green, blue = pixels[i, p, 0], pixels[i, p, 1], pixels[i, p, 2]
            # In 32 bits throughout: Numba would go on in 64.
            luminance = np.uint32(np.uint32(red) * np.uint32(19595) + np.uint32(green) * np.uint32(38470))
            luminance = np.uint32(luminance + np.uint32(blue) * np.uint32(7471) + np.uint32(32768))
            out[i, p] = np.uint8(luminance >> np.uint32(16))


@compiled()
def _luminance(pixels: Any, out: Any) -> None:
    """Write the luminance of pixels (m, n, 3 or 4) in float64."""
    for i in range(pixels.shape[0]):
        for p in range(pixels.shape[1]):
            out[i, p] = 0.299 * pixels[i, p, 0] + 0.587 * pixels[i, p, 1] + 0.114 * pixels[i, p, 2]


@compiled()
def _fill(pixels: Any, out: Any) -> None:
    whole = out.size // 8 * 8
    for start in range(0, whole, 8):
        for x in range(8):
            out[start + x] = pixels[start + x]
    for x in range(whole, out.size):
        out[x] = pixels[x]


@compiled()
def _interpolate(left: Any, right: Any, weights: Any, out: Any) -> None:
    for p in range(out.size):
        out[p] = (1 - weights[p]) * left[p] + weights[p] * right[p]


@compiled()
def _vote(
    upper: Any,
    lower: Any,
    weight: float,
    bit: Any,
    upper_2: Any,
    lower_2: Any,
    weight_2: float,
    bit_2: Any,
    centres: Any,
    patterns: Any,
) -> None:
    """Set the bits of two points at once, which reads pixels and patterns half as often."""
    rest, rest_2 = 1 - weight, 1 - weight_2
    zero = np.uint32(0)
    for p in range(patterns.size):
        bits = bit if rest * upper[p] + weight * lower[p] >= centres[p] else zero
        bits_2 = bit_2 if rest_2 * upper_2[p] + weight_2 * lower_2[p] >= centres[p] else zero
        patterns[p] |= np.uint32(bits | bits_2)


@compiled()
def _vote_on_rows(points: Any, bit: Any, points_2: Any, bit_2: Any, centres: Any, patterns: Any) -> None:
    """Set the bits of two points that lie on rows of pixels, whose weights would be 1 and 0."""
    zero = np.uint32(0)
    for p in range(patterns.size):
        bits = bit if points[p] >= centres[p] else zero
        bits_2 = bit_2 if points_2[p] >= centres[p] else zero
        patterns[p] |= np.uint32(bits | bits_2)


@compiled()
def _count_ones(x: Any) -> Any:
    """Count bits in the form that LLVM knows, in 32 bits throughout: Numba would go on in 64."""
    x = np.uint32(x - np.uint32(np.uint32(x >> np.uint32(1)) & np.uint32(0x55555555)))
    x = np.uint32((x & np.uint32(0x33333333)) + (np.uint32(x >> np.uint32(2)) & np.uint32(0x33333333)))
    x = np.uint32(np.uint32(x + np.uint32(x >> np.uint32(4))) & np.uint32(0x0F0F0F0F))
    return np.uint32(np.uint32(x * np.uint32(0x01010101)) >> np.uint32(24))


@compiled()
def _uniform_bins(patterns: Any, n_points: Any, numbered: bool) -> None:
    """Replace patterns by their bins, as `bin_table` has them."""
    one = np.uint32(1)
    inner = np.uint32((one << (n_points - one)) - one)
    rest = np.uint32(n_points * (n_points - one) + np.uint32(2))
    full = np.uint32(rest - one)
    for p in range(patterns.size):
        x = patterns[p]
        ones = _count_ones(x)
        changes = _count_ones(np.uint32(np.uint32(x ^ np.uint32(x >> one)) & inner))
        if numbered:
            # The bits below the first 1, and below the first 0, are as many as come before it.
            first_one = _count_ones(np.uint32(~x & np.uint32(x - one)))
            first_zero = _count_ones(np.uint32(x & ~np.uint32(x + one)))
            turns = np.uint32(ones - first_zero) if first_one == 0 else np.uint32(n_points - first_one)
            bin_ = np.uint32(one + np.uint32(np.uint32(ones - one) * n_points) + turns)
            bin_ = np.uint32(0) if ones == 0 else bin_
            bin_ = full if ones == n_points else bin_
            patterns[p] = bin_ if changes <= 2 else rest
        else:
            patterns[p] = ones if changes <= 2 else np.uint32(n_points + one)


@compiled()
def _histograms(
    planes: Any,
    n_planes: int,
    shape: Any,
    cell: Any,
    abreast: int,
    pad: int,
    margin: int,
    lines: Any,
    order: Any,
    plane_of: Any,
    shift: Any,
    row_low: Any,
    row_high: Any,
    row_weight: Any,
    col_low: Any,
    col_weight: Any,
    bins: int,
    table: Any,
    n_bins: int,
    norm: int,
    first: int,
    out: Any,
) -> None:
    """Write the histograms of one scale to the columns of `out` from `first` on.

    What is computed for the pixels between pictures that stand side by side is left.
    """
    height, width = shape
    n_rows, n_cols = height // cell[0], width // cell[1]
    n, step = n_cols * cell[1], width + pad
    n_points, n_between = len(plane_of), len(col_low)
    size = lines.shape[2] - 2 * margin
    n_slots = lines.shape[1] - 1
    weights = np.zeros((n_between, size))
    for k in range(n_between):
        for start in range(0, abreast * step, step):
            weights[k, start : start + width] = col_weight[k]
    room = min(cell[0], max(1, _ROOM // size))
    patterns, homes = np.empty((room, size), np.uint32), np.empty(n, np.uint32)
    # Unsigned indices spare the check for negative ones.
    for x in range(n):
        homes[x] = x // cell[1] * n_bins
    area = cell[0] * cell[1]
    few = n_bins > _FEW * area and room == cell[0] and norm != 3
    values = np.empty(area + 1 if few else 0, np.float32)
    if few:
        _normalise(np.arange(area + 1).astype(np.int32), n_bins, area, norm, values)
    row_size = n_cols * n_bins
    counts = np.zeros((abreast, row_size), np.int32)
    for begin in range(0, len(planes), abreast):
        end = min(begin + abreast, len(planes))
        n_filled = n_kept = 0
        for y in range(n_rows * cell[0]):
            while n_filled < min(y + pad + 1, height):
                slot = n_filled % n_slots
                for p in range(begin, end):
                    start = margin + (p - begin) * step
                    _fill(planes[p, n_filled * width : (n_filled + 1) * width], lines[0, slot, start : start + width])
                for k in range(n_between):
                    left = margin + col_low[k]
                    _interpolate(
                        lines[0, slot, left : left + size],
                        lines[0, slot, left + 1 : left + 1 + size],
                        weights[k],
                        lines[k + 1, slot, margin : margin + size],
                    )
                n_filled += 1
            found = patterns[n_kept]
            found[:] = 0
            for pair in range(0, n_points, 2):
                i, j = order[pair], order[min(pair + 1, n_points - 1)]
                at, at_2 = margin + shift[i], margin + shift[j]
                upper = lines[plane_of[i], _slot(y + row_low[i], height, n_slots), at : at + size]
                upper_2 = lines[plane_of[j], _slot(y + row_low[j], height, n_slots), at_2 : at_2 + size]
                centres = lines[0, y % n_slots, margin : margin + size]
                bit, bit_2 = np.uint32(1) << np.uint32(i), np.uint32(1) << np.uint32(j)
                if row_weight[i, y] == row_weight[j, y] == 0:
                    _vote_on_rows(upper, bit, upper_2, bit_2, centres, found)
                    continue
                _vote(
                    upper,
                    lines[plane_of[i], _slot(y + row_high[i], height, n_slots), at : at + size],
                    row_weight[i, y],
                    bit,
                    upper_2,
                    lines[plane_of[j], _slot(y + row_high[j], height, n_slots), at_2 : at_2 + size],
                    row_weight[j, y],
                    bit_2,
                    centres,
                    found,
                )
            if bins > 1:
                _uniform_bins(found, np.uint32(n_points), bins == 3)
            n_kept += 1
            ended = (y + 1) % cell[0] == 0
            if n_kept == room or ended:
                for p in range(begin, end):
                    start = (p - begin) * step
                    counted = patterns[:n_kept, start : start + n]
                    column = first + p % n_planes * n_rows * row_size + y // cell[0] * row_size
                    written = out[p // n_planes, column : column + row_size]
                    if bins == 1:
                        _look_up(table, counted)
                    if few:
                        _count_few(counted, homes, counts[p - begin], values, written)
                    else:
                        _count(counted, homes, counts[p - begin])
                        if ended:
                            _normalise(counts[p - begin], n_bins, area, norm, written)
                            counts[p - begin] = 0
                n_kept = 0


@compiled()
def _slot(y: int, height: int, n_slots: int) -> int:
    return y % n_slots if 0 <= y < height else n_slots


@compiled()
def _look_up(table: Any, patterns: Any) -> None:
    for line in range(len(patterns)):
        for x in range(patterns.shape[1]):
            patterns[line, x] = table[patterns[line, x]]


@compiled()
def _count(bins: Any, homes: Any, counts: Any) -> None:
    for line in range(len(bins)):
        for x in range(len(homes)):
            counts[homes[x] + bins[line, x]] += 1


@compiled()
def _count_few(bins: Any, homes: Any, counts: Any, values: Any, out: Any) -> None:
    """Count all patterns of a row of cells, and write what is not 0: most of it is, with many bins to a cell."""
    for line in range(len(bins)):
        for x in range(len(homes)):
            k = homes[x] + bins[line, x]
            counts[k] += 1
            out[k] = values[counts[k]]
    for line in range(len(bins)):
        for x in range(len(homes)):
            counts[homes[x] + bins[line, x]] = 0


@compiled()
def _normalise(counts: Any, n_bins: int, area: int, norm: int, out: Any) -> None:
    factor = np.float32(1) if norm == 0 else np.float32(1 / area)
    if norm == 2:
        for k in range(out.size):
            out[k] = np.sqrt(np.float32(counts[k]) * factor)
    elif norm != 3:
        for k in range(out.size):
            out[k] = np.float32(counts[k]) * factor
    else:
        for start in range(0, out.size, n_bins):
            squares = 0.0
            for k in range(start, start + n_bins):
                squares += float(counts[k]) * float(counts[k])
            length = np.sqrt(squares)
            for k in range(start, start + n_bins):
                out[k] = counts[k] / length
