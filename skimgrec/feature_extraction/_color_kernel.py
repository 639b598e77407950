"""Histograms of the colours of arrays of pictures; validation stands elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.feature_extraction._color_layout import SPACE_CODES, SPACES, ColorLayout
from skimgrec.feature_extraction._grid import NORMS
from skimgrec.utils import chunk_slices
from skimgrec.utils._compile import compiled

# Pixels handed to one compiled call.
_CALL = 2**20
# XYZ of linear sRGB, divided by the white point D65 for an observer of 2 degrees.
_XYZ = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
) / np.array([[0.95047], [1.0], [1.08883]])


def color_features(
    pictures: NDArray[Any], layout: ColorLayout, value_range: tuple[float, float], out: NDArray[np.float32]
) -> None:
    """Write the features of `pictures` (n, h, w, c), of any real dtype and memory layout, to `out` (n, features)."""
    _, height, width, channels = pictures.shape
    space = "grey" if channels == 1 else layout.space
    axes = ((("grey", 0.0, 1.0),) * 3) if channels == 1 else SPACES[space]
    low, high = value_range
    for rows in chunk_slices(len(pictures), size=max(1, _CALL // (height * width))):
        chunk = pictures[rows]
        if chunk.dtype != np.uint8:
            chunk = chunk.astype(np.float64, copy=False)
        # Numba compiles again for every other combination of layout and writability.
        pixels = np.ascontiguousarray(chunk).reshape(len(chunk), height * width, channels).view()
        pixels.flags.writeable = False
        _histograms(
            pixels,
            (height, width),
            layout.cell,
            SPACE_CODES[space],
            low,
            (high - low) or 1.0,
            np.array([axis[1] for axis in axes]),
            np.array([n / (axis[2] - axis[1]) for n, axis in zip(layout.bins, axes, strict=True)]),
            np.array(layout.bins),
            layout.joint,
            layout.n_bins(channels),
            NORMS[layout.norm],
            out[rows],
        )


@compiled()
def _histograms(
    pixels: Any,
    shape: Any,
    cell: Any,
    space: int,
    low: float,
    spread: float,
    starts: Any,
    scales: Any,
    bins: Any,
    joint: bool,
    n_bins: int,
    norm: int,
    out: Any,
) -> None:
    n_rows, n_cols = shape[0] // cell[0], shape[1] // cell[1]
    counts = np.empty(n_rows * n_cols * n_bins, np.int64)
    for i in range(len(pixels)):
        counts[:] = 0
        for y in range(n_rows * cell[0]):
            for x in range(n_cols * cell[1]):
                at = y * shape[1] + x
                home = (y // cell[0] * n_cols + x // cell[1]) * n_bins
                first = _unit(pixels[i, at, 0], low, spread)
                if space == 0:
                    counts[home + _bin(first, starts[0], scales[0], bins[0])] += 1
                    continue
                second, third = _unit(pixels[i, at, 1], low, spread), _unit(pixels[i, at, 2], low, spread)
                if space == 2:
                    first, second, third = _hsv(first, second, third)
                elif space == 3:
                    first, second, third = _lab(first, second, third)
                elif space == 4:
                    first, second, third = _opponent(first, second, third)
                a = _bin(first, starts[0], scales[0], bins[0])
                b = _bin(second, starts[1], scales[1], bins[1])
                c = _bin(third, starts[2], scales[2], bins[2])
                if joint:
                    counts[home + (a * bins[1] + b) * bins[2] + c] += 1
                else:
                    counts[home + a] += 1
                    counts[home + bins[0] + b] += 1
                    counts[home + bins[0] + bins[1] + c] += 1
        _normalise(counts, n_bins, 1 if joint or space == 0 else 3, cell[0] * cell[1], norm, out[i])


@compiled()
def _unit(value: Any, low: float, spread: float) -> float:
    """Return a pixel's value on the scale of 0 to 1; what lies outside of the range seen at fit is at its end."""
    return min(max((float(value) - low) / spread, 0.0), 1.0)


@compiled()
def _bin(value: float, start: float, scale: float, n: int) -> int:
    return min(max(int((value - start) * scale), 0), n - 1)


@compiled()
def _hsv(red: float, green: float, blue: float) -> Any:
    value = max(red, green, blue)
    spread = value - min(red, green, blue)
    if spread == 0:
        return 0.0, 0.0, value
    if blue == value:
        hue = 4 + (red - green) / spread
    elif green == value:
        hue = 2 + (blue - red) / spread
    else:
        hue = (green - blue) / spread
    return (hue / 6) % 1.0, spread / value, value


@compiled()
def _lab(red: float, green: float, blue: float) -> Any:
    red, green, blue = _linear(red), _linear(green), _linear(blue)
    x = _cube_root(_XYZ[0, 0] * red + _XYZ[0, 1] * green + _XYZ[0, 2] * blue)
    y = _cube_root(_XYZ[1, 0] * red + _XYZ[1, 1] * green + _XYZ[1, 2] * blue)
    z = _cube_root(_XYZ[2, 0] * red + _XYZ[2, 1] * green + _XYZ[2, 2] * blue)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@compiled()
def _linear(value: float) -> float:
    return ((value + 0.055) / 1.055) ** 2.4 if value > 0.04045 else value / 12.92


@compiled()
def _cube_root(value: float) -> float:
    return value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116


@compiled()
def _opponent(red: float, green: float, blue: float) -> Any:
    return (red - green) / np.sqrt(2.0), (red + green - 2 * blue) / np.sqrt(6.0), (red + green + blue) / np.sqrt(3.0)


@compiled()
def _normalise(counts: Any, n_bins: int, n_axes: int, area: int, norm: int, out: Any) -> None:
    """Write the histograms of cells so that each of them has one length, not each axis of it."""
    for start in range(0, len(counts), n_bins):
        divisor = 1.0 if norm == 0 else float(area * n_axes)
        if norm == 3:
            squares = 0.0
            for k in range(start, start + n_bins):
                squares += float(counts[k]) * float(counts[k])
            divisor = np.sqrt(squares)
        for k in range(start, start + n_bins):
            value = counts[k] / divisor
            out[k] = np.sqrt(value) if norm == 2 else value
