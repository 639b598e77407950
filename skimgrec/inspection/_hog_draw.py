"""Drawing the stages of HOG, one function a panel. Matplotlib is imported when one of them is called."""

from __future__ import annotations

import math
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from skimgrec.inspection._drawing import LABEL_SIZE, bar, no_ticks

_INK = "#1a1a1a"
_GREY = "#6b6b6b"
# Channels of a colour picture, then alpha: apart in hue, and legible on white.
_CHANNELS = ("#c0392b", "#2c8c4b", "#2b62b0", _GREY)

# A stretch of this share of the pixels is allowed to saturate, so that one bright pixel does not darken all others.
_SATURATED = 0.002
# Below this part of the largest magnitude a direction is noise.
_SHORTEST_WITH_ANGLE = 0.05
# And from this part on it has its full colour.
_LENGTH_OF_FULL_COLOR = 0.3
# Beyond so many strokes a vector file becomes heavy, and its strokes are finer than a printer's dots.
_MOST_VECTOR_STROKES = 20_000
_MOST_CELLS_WITH_GRID = 12
# Beyond, whole numbers are binned like fractions, as all large floats are whole.
_LARGEST_WHOLE_RANGE = 2**16


def draw_picture(ax: Any, picture: NDArray[Any], value_range: tuple[float, float]) -> Any:
    """Draw the picture itself: its range of values is black to white."""
    low, high = value_range
    shown = np.clip((picture.astype(np.float64) - low) / ((high - low) or 1), 0, 1)
    image = ax.imshow(shown[..., 0] if shown.shape[2] == 1 else shown, cmap="gray", vmin=0, vmax=1)
    no_ticks(ax)
    return image


def draw_intensities(ax: Any, picture: NDArray[Any], value_range: tuple[float, float]) -> Any:
    """Draw how many pixels have which value, in each channel, as wide as the panels of pictures."""
    height, width, channels = picture.shape
    edges = _bin_edges(picture, value_range)
    colors = [_INK] if channels == 1 else _CHANNELS[:channels]
    top = 0
    for k, color in enumerate(colors):
        counts, _ = np.histogram(picture[..., k], edges)
        ax.stairs(counts, edges, fill=True, color=color, alpha=0.75 if channels == 1 else 0.18, linewidth=0)
        if channels > 1:
            ax.stairs(counts, edges, color=color, linewidth=1, label=("red", "green", "blue", "alpha")[k])
        top = max(top, counts.max())
    ax.set(xlim=(edges[0], edges[-1]), ylim=(0, 1.05 * top))
    ax.set_box_aspect(min(max(height / width, 0.3), 2))
    ax.locator_params(axis="both", nbins=4)
    ax.set_ylabel("pixels", fontsize=LABEL_SIZE, labelpad=2)
    ax.spines[["top", "right"]].set_visible(False)


def draw_difference(ax: Any, difference: NDArray[Any], limit: float, *, colorbar: bool) -> Any:
    """Draw a gradient's component: red where the picture becomes brighter to the right or downwards."""
    image = ax.imshow(difference, cmap="RdBu_r", vmin=-limit, vmax=limit)
    no_ticks(ax)
    if colorbar:
        bar(ax, image)
    return image


def draw_magnitude(ax: Any, magnitude: NDArray[Any], *, colorbar: bool) -> Any:
    """Draw the length of the gradient, dark where it is long."""
    image = ax.imshow(magnitude, cmap="gray_r", vmin=0, vmax=reach(magnitude))
    no_ticks(ax)
    if colorbar:
        bar(ax, image)
    return image


def draw_angle(ax: Any, angle: NDArray[Any], magnitude: NDArray[Any], *, signed: bool, colorbar: bool) -> Any:
    """Draw the direction of the gradient on a circle of hues, faint where it is short, and noise not at all."""
    from matplotlib.colors import ListedColormap

    span = 360 if signed else 180
    noise = (magnitude <= _SHORTEST_WITH_ANGLE * reach(magnitude)) | (magnitude == 0)
    alpha = np.clip(magnitude / (_LENGTH_OF_FULL_COLOR * reach(magnitude)), 0, 1)
    image = ax.imshow(
        np.ma.array(angle, mask=noise), cmap=ListedColormap(_hue_circle()), vmin=0, vmax=span, alpha=alpha
    )
    no_ticks(ax)
    if colorbar:
        added = bar(ax, image)
        ticks = range(0, span + 1, span // 4)
        added.set_ticks(ticks, labels=[f"{tick}°" for tick in ticks])
    return image


def draw_glyphs(
    ax: Any,
    segments: NDArray[Any],
    values: NDArray[Any],
    *,
    image_size: tuple[int, int],
    cell: tuple[int, int],
    colored: bool,
    colorbar: bool,
    line_kw: dict[str, Any] | None,
) -> Any:
    """Draw strokes on white, in shades of ink or coloured by their value, as one collection."""
    from matplotlib.collections import LineCollection

    height, width = image_size
    ax.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5), aspect="equal")
    no_ticks(ax)
    n_rows, n_cols = height // cell[0], width // cell[1]
    if max(n_rows, n_cols) <= _MOST_CELLS_WITH_GRID:
        ax.vlines(np.arange(1, n_cols) * cell[1] - 0.5, -0.5, height - 0.5, color="#e6e6e6", linewidth=0.5, zorder=0)
        ax.hlines(np.arange(1, n_rows) * cell[0] - 0.5, -0.5, width - 0.5, color="#e6e6e6", linewidth=0.5, zorder=0)

    points_a_pixel = 72 / ax.figure.dpi * min(ax.bbox.width / width, ax.bbox.height / height)
    style: dict[str, Any] = {
        "array": values,
        "linewidths": float(np.clip(0.1 * min(cell) * points_a_pixel, 0.45, 2.5)),
        "capstyle": "butt",
        "rasterized": len(segments) > _MOST_VECTOR_STROKES,
        **_color_scale(values, colored=colored),
    }
    if {"color", "colors"} & set(line_kw or {}):
        style["array"] = None
    lines = LineCollection(cast(Any, segments), **(style | (line_kw or {})))
    ax.add_collection(lines, autolim=False)
    if colored and colorbar and len(values):
        bar(ax, lines)
    return lines


def reach(values: NDArray[Any]) -> float:
    """Return the limit of a colour scale: the largest size but for a few pixels, never 0."""
    sizes = np.abs(values)
    return float(np.quantile(sizes, 1 - _SATURATED)) or float(sizes.max()) or 1.0


def _color_scale(values: NDArray[Any], *, colored: bool) -> dict[str, Any]:
    """Return shades of ink or colours: a diverging scale about 0 where a value is negative, else one from 0."""
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap, Normalize

    limit = float(np.abs(values).max(initial=0)) or 1.0
    if values.min(initial=0) < 0:
        return {"cmap": "RdBu_r", "norm": Normalize(-limit, limit)}
    # The lightest colours would not be seen on white.
    shades = colormaps["magma_r" if colored else "gray_r"](np.linspace(0.12, 0.93, 256))
    return {"cmap": ListedColormap(shades), "norm": Normalize(0, limit)}


def _bin_edges(picture: NDArray[Any], value_range: tuple[float, float]) -> NDArray[Any]:
    """Return edges over the range of values; for whole numbers, every bin holds equally many of them."""
    low, high = min(value_range[0], float(picture.min())), max(value_range[1], float(picture.max()))
    most = int(np.clip(math.isqrt(picture.shape[0] * picture.shape[1]), 8, 64))
    whole = bool((picture == np.round(picture)).all()) and low == round(low) and high == round(high)
    if whole and 2 <= high - low <= _LARGEST_WHOLE_RANGE:
        step = math.ceil((high - low + 1) / most)
        return low - 0.5 + step * np.arange(math.ceil((high - low + 1) / step) + 1)
    return np.linspace(low, high if high > low else low + 1, most + 1)


def _hue_circle(n: int = 256, lightness: float = 0.72, chroma: float = 0.125) -> NDArray[np.float64]:
    """Return `n` colours of one lightness around the circle of hues, as RGB in 0..1.

    By way of Oklab, https://bottosson.github.io/posts/oklab/, where equal steps look equal.
    """
    hue = 2 * np.pi * np.arange(n) / n
    a, b = chroma * np.cos(hue), chroma * np.sin(hue)
    cones = np.stack(
        [
            lightness + 0.3963377774 * a + 0.2158037573 * b,
            lightness - 0.1055613458 * a - 0.0638541728 * b,
            lightness - 0.0894841775 * a - 1.2914855480 * b,
        ]
    )
    to_linear_rgb = [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
    linear = np.clip(np.array(to_linear_rgb) @ cones**3, 0, 1).T
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
