"""Pictures and captions laid out in inches, in one Axes: what the sheets of pictures share."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.utils import LazyImages, value_range
from skimgrec.utils._shown import escaped

# In inches, in the size that a sheet has of its own: side of a picture, space between two, height of a line of text.
SIDE, GAP, LINE, MARGIN = 1.1, 0.12, 0.13, 0.1
FONT_SIZE, TITLE_SIZE = 7.0, 9.0
# Width of a character in inches for each point of the size of its font.
_CHARACTER = 0.0083
_FRAME = "0.75"
_SHOWN_PIXELS_FROM = 96
_SMALLEST_FONT = 2.0


class Sheet:
    """A sheet to lay pictures and text on, in inches from its upper left corner.

    Parameters
    ----------
    width, height : float
        Of the sheet, in inches.
    ax : matplotlib Axes or None
        Where to draw: what is laid out is shrunk or enlarged to fit. None makes a figure of just that size.
    """

    def __init__(self, width: float, height: float, ax: Any) -> None:
        if ax is None:
            import matplotlib.pyplot as plt

            figure = plt.figure(figsize=(width, height))
            ax = figure.add_axes((0, 0, 1, 1))
        self.ax = ax
        self.figure = ax.figure
        self.images: list[Any] = []
        self.texts: list[Any] = []
        box = ax.get_position()
        figure_width, figure_height = self.figure.get_size_inches()
        self._scale = min(box.width * figure_width / width, box.height * figure_height / height)
        self._limits = (0, width), (height, 0)
        ax.set_axis_off()
        ax.set_aspect("equal")
        ax.set(xlim=self._limits[0], ylim=self._limits[1])

    def picture(self, picture: NDArray[Any] | None, left: float, top: float, side: float = SIDE) -> None:
        """Lay a picture into the middle of a square; None is a picture that is not there."""
        from matplotlib.patches import Rectangle

        self.ax.add_patch(Rectangle((left, top), side, side, facecolor="0.96", edgecolor="none", zorder=0))
        if picture is None:
            self.text("no picture", left + side / 2, top + side / 2, color="0.5", ha="center", va="center")
        else:
            height, width = picture.shape[:2]
            scale = side / max(height, width)
            x, y = left + (side - width * scale) / 2, top + (side - height * scale) / 2
            grey = {"cmap": "gray", "vmin": 0, "vmax": 255} if picture.ndim == 2 else {}
            image = self.ax.imshow(
                picture,
                extent=(x, x + width * scale, y + height * scale, y),
                interpolation="nearest" if max(height, width) < _SHOWN_PIXELS_FROM else "antialiased",
                **grey,
            )
            self.images.append(image)
            # imshow has set the limits to this one picture's.
            self.ax.set(xlim=self._limits[0], ylim=self._limits[1])
        width = 0.5 * self._scale
        self.ax.add_patch(Rectangle((left, top), side, side, fill=False, edgecolor=_FRAME, linewidth=width))

    def text(self, text: str, left: float, top: float, size: float = FONT_SIZE, **options: Any) -> None:
        """Write a line of text."""
        if text:
            size = max(_SMALLEST_FONT, size * self._scale)
            # A dollar sign in a name would start a formula.
            options = {"ha": "left", "va": "top", "parse_math": False, **options}
            self.texts.append(self.ax.text(left, top, text, size=size, **options))

    def caption(self, lines: Sequence[str], left: float, top: float, side: float = SIDE, **options: Any) -> None:
        """Write lines below a picture, cut to its width."""
        for number, line in enumerate(lines):
            self.text(cut(line, side), left, top + number * LINE, **options)


def cut(text: object, width: float, size: float = FONT_SIZE) -> str:
    """Return text without control characters, its middle cut out where it is wider than so many inches."""
    from skimgrec.datasets._check_table import printable

    return printable(text, max(4, int(width / (_CHARACTER * size))))


def file_name(path: object) -> str:
    """Return a path's last part, in characters that can be shown."""
    name = os.fspath(path) if isinstance(path, (str, os.PathLike)) else str(path)
    return escaped(os.path.basename(os.fsdecode(name)) or name)


def shown(pictures: Any, limits: tuple[float, float] | None = None) -> list[NDArray[np.uint8] | None]:
    """Return pictures as matplotlib shows them.

    Parameters
    ----------
    pictures : array-like of shape (n, h, w) or (n, h, w, c), LazyImages, or list of arrays of any sizes or of path-like
        The pictures; None in a list is one that is not there.
    limits : tuple of two floats, default=None
        The values that stand for black and white; None takes 0 and 255 for uint8, else the range of all of them.

    Returns
    -------
    shown : list of ndarray of shape (h, w), (h, w, 3) or (h, w, 4), uint8, or None
        None also where a file cannot be read.

    Raises
    ------
    ValueError
        If one is no picture, or holds NaN or infinity.
    """
    if isinstance(pictures, (str, bytes, os.PathLike)):
        pictures = [pictures]
    if isinstance(pictures, LazyImages) or (hasattr(pictures, "dtype") and pictures.dtype.kind not in "OU"):
        pictures = np.asarray(pictures)
    arrays = [_one(picture, place) for place, picture in enumerate(pictures)]
    given = [array for array in arrays if array is not None]
    if limits is None:
        ranges = [value_range(array) for array in given]
        limits = (min(low for low, _ in ranges), max(high for _, high in ranges)) if ranges else (0, 255)
    return [None if array is None else _to_uint8(array, limits) for array in arrays]


def _one(picture: Any, place: int) -> NDArray[Any] | None:
    from skimgrec.datasets._check_pictures import read_small_picture

    if picture is None:
        return None
    if isinstance(picture, (str, bytes, os.PathLike)):
        return read_small_picture(os.fsdecode(picture))
    array = np.asarray(picture)
    if array.ndim not in (2, 3) or array.shape[2:] not in ((), (1,), (3,), (4,)) or not array.size:
        raise ValueError(
            f"Picture {place} has the shape {array.shape}: expected (height, width) or (height, width, channels) with "
            "1, 3 or 4 channels."
        )
    if array.dtype.kind not in "buif":
        raise ValueError(f"Picture {place} has the dtype {array.dtype}: expected integers or floats.")
    array = array.astype(np.float32) if array.dtype.kind == "b" else array
    return array[..., 0] if array.shape[2:] == (1,) else array


def _to_uint8(picture: NDArray[Any], limits: tuple[float, float]) -> NDArray[np.uint8]:
    low, high = limits
    if picture.dtype == np.uint8 and (low, high) == (0, 255):
        return picture
    scaled = (picture.astype(np.float64) - low) * (255 / ((high - low) or 1))
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
