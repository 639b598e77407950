"""Histograms of local binary patterns of arrays of pictures; validation stands elsewhere.

A picture goes through in strips of whole rows of cells, as float64 with a border of zeros, so that the arrays between
the passes stay in the processor's cache. In a strip

1. points between columns are interpolated, once for all points that lie as far to the side;
2. point by point, values are interpolated between two rows and compared with the pixels, which gives patterns;
3. the patterns are counted in the histograms of their cells.

The arithmetic is scikit-image's, operation for operation: in flat parts of a picture, the rounding of an interpolated
value decides whether it is less than its pixel.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.feature_extraction._grid import NORMS
from skimgrec.feature_extraction._lbp_layout import MOST_POINTS_IN_TABLE, LBPLayout, bin_table, circle, n_codes
from skimgrec.utils import chunk_slices
from skimgrec.utils._compile import compiled

# Pixels of a strip, and of pictures handed to one compiled call.
_STRIP = 2**13
_CALL = 2**20
_NO_TABLE = np.zeros(1, np.uint16)


def lbp_features(pictures: NDArray[Any], layout: LBPLayout, out: NDArray[np.float32]) -> None:
    """Write the features of `pictures` (n, h, w, c), of any real dtype and memory layout, to `out` (n, features)."""
    _, height, width, channels = pictures.shape
    strip = max(1, _STRIP // (width * layout.cell[0]))
    sizes = layout.scale_sizes(height, width, channels)
    circles = [circle(points, radius, height, width) for points, radius in layout.scales]
    for rows in chunk_slices(len(pictures), size=max(1, _CALL // (height * width * layout.n_planes(channels)))):
        planes = _planes(pictures[rows], layout)
        first = 0
        for (points, _), size, around in zip(layout.scales, sizes, circles, strict=True):
            tabled = points <= MOST_POINTS_IN_TABLE
            _histograms(
                planes,
                layout.n_planes(channels),
                (height, width),
                layout.cell,
                strip,
                around.pad,
                around.plane,
                around.shift,
                around.row_low,
                around.row_high,
                around.row_weight,
                around.col_low,
                around.col_weight,
                tabled,
                bin_table(layout.method, points) if tabled else _NO_TABLE,
                n_codes(layout.method, points),
                layout.method == "nri_uniform",
                NORMS[layout.norm],
                first,
                out[rows],
            )
            first += size


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
            out[i, p] = (
                np.uint32(red) * np.uint32(19595)
                + np.uint32(green) * np.uint32(38470)
                + np.uint32(blue) * np.uint32(7471)
                + np.uint32(32768)
            ) >> np.uint32(16)


@compiled()
def _luminance(pixels: Any, out: Any) -> None:
    """Write the luminance of pixels (m, n, 3 or 4) in float64."""
    for i in range(pixels.shape[0]):
        for p in range(pixels.shape[1]):
            out[i, p] = 0.299 * pixels[i, p, 0] + 0.587 * pixels[i, p, 1] + 0.114 * pixels[i, p, 2]


@compiled()
def _fill(picture: Any, shape: Any, top: int, pad: int, wide: int, n_lines: int, out: Any) -> None:
    """Write `n_lines` rows of a picture from row `top` on, between `pad` zeros on either side; zeros outside of it."""
    height, width = shape
    for line in range(n_lines):
        y = top + line
        row = out[line * wide + pad : line * wide + pad + width]
        if 0 <= y < height:
            pixels = picture[y * width : (y + 1) * width]
            for x in range(width):
                row[x] = pixels[x]
        else:
            row[:] = 0


@compiled()
def _interpolate(left: Any, right: Any, weights: Any, out: Any) -> None:
    for p in range(out.size):
        out[p] = (1 - weights[p]) * left[p] + weights[p] * right[p]


@compiled()
def _vote(values: Any, centres: Any, bit: Any, patterns: Any) -> None:
    for p in range(patterns.size):
        patterns[p] |= bit if values[p] >= centres[p] else np.uint32(0)


@compiled()
def _vote_between(upper: Any, lower: Any, weight: float, centres: Any, bit: Any, patterns: Any) -> None:
    rest = 1 - weight
    for p in range(patterns.size):
        value = rest * upper[p] + weight * lower[p]
        patterns[p] |= bit if value >= centres[p] else np.uint32(0)


@compiled()
def _count_ones(x: Any) -> Any:
    x = x - ((x >> np.uint32(1)) & np.uint32(0x55555555))
    x = (x & np.uint32(0x33333333)) + ((x >> np.uint32(2)) & np.uint32(0x33333333))
    x = (x + (x >> np.uint32(4))) & np.uint32(0x0F0F0F0F)
    x = x + (x >> np.uint32(8))
    return (x + (x >> np.uint32(16))) & np.uint32(0x3F)


@compiled()
def _uniform_bins(patterns: Any, n_points: Any, numbered: bool) -> None:
    """Replace patterns of more points than a table is kept for by their bins, as `bin_table` has them for fewer."""
    one = np.uint32(1)
    inner = (one << (n_points - one)) - one
    for p in range(patterns.size):
        x = patterns[p]
        ones = _count_ones(x)
        changes = _count_ones((x ^ (x >> one)) & inner)
        if numbered:
            # The bits below the first 1, and below the first 0, are as many as come before it.
            first_one, first_zero = _count_ones(~x & (x - one)), _count_ones(x & ~(x + one))
            turns = ones - first_zero if first_one == 0 else n_points - first_one
            bin_ = one + (ones - one) * n_points + turns
            bin_ = np.uint32(0) if ones == 0 else bin_
            bin_ = n_points * (n_points - one) + one if ones == n_points else bin_
            patterns[p] = bin_ if changes <= 2 else n_points * (n_points - one) + np.uint32(2)
        else:
            patterns[p] = ones if changes <= 2 else n_points + one


@compiled()
def _histograms(
    planes: Any,
    n_planes: int,
    shape: Any,
    cell: Any,
    strip: int,
    pad: int,
    plane_of: Any,
    shift: Any,
    row_low: Any,
    row_high: Any,
    row_weight: Any,
    col_low: Any,
    col_weight: Any,
    tabled: bool,
    table: Any,
    n_bins: int,
    numbered: bool,
    norm: int,
    first: int,
    out: Any,
) -> None:
    """Write the histograms of one scale to the columns of `out` from `first` on.

    Lines of a strip lie behind each other in the buffers, with their borders, so that one loop runs over many: what it
    computes for the borders is left.
    """
    height, width = shape
    n_rows, n_cols = height // cell[0], width // cell[1]
    strip = min(strip, n_rows)
    n, wide = n_cols * cell[1], width + 2 * pad
    n_between = len(col_low)
    room = (strip * cell[0] + 2 * pad) * wide
    buffers, weights = np.zeros((n_between + 1, room)), np.zeros((n_between, room))
    for k in range(n_between):
        for start in range(0, room - wide + 1, wide):
            weights[k, start : start + width] = col_weight[k]
    around = buffers[0]
    patterns, homes = np.empty(strip * cell[0] * wide, np.uint32), np.empty(n, np.uint32)
    # Unsigned indices spare the check for negative ones.
    for x in range(n):
        homes[x] = x // cell[1] * n_bins
    counts = np.empty(n_rows * n_cols * n_bins, np.int32)
    for p in range(len(planes)):
        counts[:] = 0
        for start in range(0, n_rows, strip):
            n_lines = min(strip, n_rows - start) * cell[0]
            top = start * cell[0]
            _fill(planes[p], shape, top - pad, pad, wide, n_lines + 2 * pad, around)
            size = (n_lines + 2 * pad - 1) * wide + n
            for k in range(n_between):
                left = pad + col_low[k]
                _interpolate(
                    around[left : left + size],
                    around[left + 1 : left + 1 + size],
                    weights[k, :size],
                    buffers[k + 1, pad : pad + size],
                )
            patterns[:] = 0
            for i in range(len(plane_of)):
                _set_bits(
                    around,
                    buffers[plane_of[i]],
                    row_low[i] * wide + shift[i],
                    row_high[i] * wide + shift[i],
                    row_weight[i, top : top + n_lines],
                    (wide + 1) * pad,
                    wide,
                    n,
                    np.uint32(1) << np.uint32(i),
                    patterns,
                )
            if not tabled:
                _uniform_bins(patterns, np.uint32(len(plane_of)), numbered)
            for line in range(n_lines):
                cells = counts[(top + line) // cell[0] * n_cols * n_bins :]
                codes = patterns[line * wide : line * wide + n]
                if tabled:
                    for x in range(n):
                        cells[homes[x] + np.uint32(table[codes[x]])] += 1
                else:
                    for x in range(n):
                        cells[homes[x] + codes[x]] += 1
        begin = first + p % n_planes * len(counts)
        _normalise(counts, n_bins, cell[0] * cell[1], norm, out[p // n_planes, begin : begin + len(counts)])


@compiled()
def _set_bits(
    around: Any,
    values: Any,
    upper: int,
    lower: int,
    weights: Any,
    start: int,
    wide: int,
    n: int,
    bit: Any,
    patterns: Any,
) -> None:
    """Set a point's bit in the patterns of a strip: at once for lines of equal weight, which are all but a few."""
    n_lines = len(weights)
    line = 0
    while line < n_lines:
        after = line + 1
        while after < n_lines and (upper == lower or weights[after] == weights[line]):
            after += 1
        at, size = start + line * wide, (after - line - 1) * wide + n
        found = patterns[line * wide : line * wide + size]
        centres = around[at : at + size]
        if upper == lower:
            _vote(values[at + upper : at + upper + size], centres, bit, found)
        else:
            _vote_between(
                values[at + upper : at + upper + size],
                values[at + lower : at + lower + size],
                weights[line],
                centres,
                bit,
                found,
            )
        line = after


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
