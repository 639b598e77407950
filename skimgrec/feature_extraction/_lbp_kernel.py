"""Histograms of local binary patterns of arrays of pictures; validation stands elsewhere.

A picture goes through in strips of whole rows of cells, as float64 with a border of zeros, so that the arrays between
the passes stay in the processor's cache. In a strip

1. points between columns are interpolated, once for all points that lie as far to the side;
2. row by row, each point is interpolated between two rows, compared with the pixel, and sets its bit of the pattern;
3. the patterns of the row are counted in the histograms of their cells.

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
    elif pictures.dtype == np.uint8:
        planes = np.empty((m, height * width), np.uint8)
        pixels = np.ascontiguousarray(pictures).reshape(m, height * width, channels).view()
        pixels.flags.writeable = False
        _grey(pixels, planes)
    else:
        planes = pictures[..., :3].astype(np.float64) @ np.array([0.299, 0.587, 0.114])
        if pictures.dtype.kind != "f":
            planes = np.rint(planes)
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
def _interpolate(left: Any, right: Any, weights: Any, out: Any) -> None:
    for c in range(out.size):
        out[c] = (1 - weights[c]) * left[c] + weights[c] * right[c]


@compiled()
def _vote(values: Any, centres: Any, bit: Any, patterns: Any) -> None:
    for c in range(patterns.size):
        patterns[c] |= bit if values[c] >= centres[c] else np.uint32(0)


@compiled()
def _vote_between(upper: Any, lower: Any, weight: float, centres: Any, bit: Any, patterns: Any) -> None:
    rest = 1 - weight
    for c in range(patterns.size):
        value = rest * upper[c] + weight * lower[c]
        patterns[c] |= bit if value >= centres[c] else np.uint32(0)


@compiled()
def _uniform_bin(pattern: Any, n_points: int, numbered: bool) -> int:
    """Return the bin of a pattern of more points than a table is kept for, as `bin_table` has it for fewer."""
    changes, ones, first_one, first_zero = 0, 0, -1, -1
    last = pattern & 1
    for i in range(n_points):
        bit = pattern >> i & 1
        changes += bit != last
        last = bit
        ones += bit
        if bit == 1 and first_one < 0:
            first_one = i
        if bit == 0 and first_zero < 0:
            first_zero = i
    if not numbered:
        return ones if changes <= 2 else n_points + 1
    if changes > 2:
        return n_points * (n_points - 1) + 2
    if ones == 0:
        return 0
    if ones == n_points:
        return n_points * (n_points - 1) + 1
    turns = ones - first_zero if first_one == 0 else n_points - first_one
    return 1 + (ones - 1) * n_points + turns


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
    """Write the histograms of one scale to the columns of `out` from `first` on."""
    height, width = shape
    n_rows, n_cols = height // cell[0], width // cell[1]
    strip = min(strip, n_rows)
    n, wide = n_cols * cell[1], width + 2 * pad
    buffers = np.zeros((len(col_low) + 1, (strip * cell[0] + 2 * pad) * wide))
    around = buffers[0]
    patterns, homes = np.empty(n, np.uint32), np.empty(n, np.int64)
    for x in range(n):
        homes[x] = x // cell[1] * n_bins
    counts = np.empty(n_rows * n_cols * n_bins, np.uint32)
    for p in range(len(planes)):
        counts[:] = 0
        for start in range(0, n_rows, strip):
            n_lines = min(strip, n_rows - start) * cell[0]
            top = start * cell[0]
            _fill(planes[p], shape, top - pad, pad, wide, n_lines + 2 * pad, around)
            for k in range(len(col_low)):
                for line in range(n_lines + 2 * pad):
                    at = line * wide + pad
                    left = at + col_low[k]
                    _interpolate(
                        around[left : left + n],
                        around[left + 1 : left + 1 + n],
                        col_weight[k],
                        buffers[k + 1, at : at + n],
                    )
            for line in range(n_lines):
                at = (line + pad) * wide + pad
                centres = around[at : at + n]
                patterns[:] = 0
                for i in range(len(plane_of)):
                    values = buffers[plane_of[i]]
                    upper = at + row_low[i] * wide + shift[i]
                    lower = at + row_high[i] * wide + shift[i]
                    bit = np.uint32(1) << np.uint32(i)
                    if upper == lower:
                        _vote(values[upper : upper + n], centres, bit, patterns)
                    else:
                        weight = row_weight[i, top + line]
                        _vote_between(
                            values[upper : upper + n], values[lower : lower + n], weight, centres, bit, patterns
                        )
                begin = (top + line) // cell[0] * n_cols * n_bins
                if tabled:
                    for x in range(n):
                        counts[begin + homes[x] + table[patterns[x]]] += np.uint32(1)
                else:
                    for x in range(n):
                        pattern = np.int64(patterns[x])
                        counts[begin + homes[x] + _uniform_bin(pattern, len(plane_of), numbered)] += np.uint32(1)
        begin = first + p % n_planes * len(counts)
        _normalise(counts, n_bins, cell[0] * cell[1], norm, out[p // n_planes, begin : begin + len(counts)])


@compiled()
def _normalise(counts: Any, n_bins: int, area: int, norm: int, out: Any) -> None:
    for start in range(0, len(counts), n_bins):
        if norm == 3:
            squares = 0.0
            for k in range(start, start + n_bins):
                squares += float(counts[k]) * float(counts[k])
            divisor = np.sqrt(squares)
        else:
            divisor = 1.0 if norm == 0 else float(area)
        for k in range(start, start + n_bins):
            value = counts[k] / divisor
            out[k] = np.sqrt(value) if norm == 2 else value
