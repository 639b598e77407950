"""Small colour copies of some of many pictures: of an array, of a lazy batch, or of files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from skimgrec.preprocessing import ImageLoader
from skimgrec.utils import LazyImages, Pictures, read_rows, validate_pictures, value_range

# Files are decoded to this size: more is never shown.
_SIDE = 96


def as_pictures(images: Any, caller: str) -> tuple[Pictures, tuple[float, float]]:
    """Return pictures of shape (n, h, w, c), and the values that are black and white. Of files, nothing is read.

    Parameters
    ----------
    images : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features), LazyImages, or sequence of n path-like
        The pictures, or the files that they lie in.
    caller : str
        Whom an error shall name.

    Raises
    ------
    ValueError
        If `images` breaks the picture contract.
    """
    if are_paths(images):
        images = ImageLoader((_SIDE, _SIDE), resize="fit", on_error="blank").transform(images)
    reader = type(caller, (BaseEstimator,), {})()  # errors begin with its name
    pictures = validate_pictures(reader, images, reset=True)
    return pictures, (0.0, 255.0) if isinstance(pictures, LazyImages) else value_range(pictures)


def are_paths(images: Any) -> bool:
    """Tell whether a batch holds the names of files."""
    if isinstance(images, LazyImages) or getattr(images, "ndim", 1) > 1 or not hasattr(images, "__len__"):
        return False
    return len(images) > 0 and isinstance(next(iter(images)), (str, os.PathLike))


def thumbnails(
    pictures: Pictures, rows: Sequence[int] | NDArray[np.intp], black_white: tuple[float, float]
) -> dict[int, NDArray[np.uint8]]:
    """Return some of the pictures by their row, each of shape (h, w, 3); alpha is laid over white.

    Parameters
    ----------
    pictures : ndarray or LazyImages of shape (n, h, w, c)
        All of them. Of a lazy batch, only `rows` are read.
    rows : sequence of int
        Which ones.
    black_white : tuple of two floats
        The values that are black and white.
    """
    chosen = np.unique(np.asarray(rows, dtype=np.intp))
    if not len(chosen):
        return {}
    return dict(zip(chosen.tolist(), as_rgb(read_rows(pictures, chosen), black_white), strict=True))


def as_rgb(pictures: NDArray[Any], black_white: tuple[float, float]) -> NDArray[np.uint8]:
    """Return pictures of shape (n, h, w, c) as colour pictures of 0..255."""
    low, high = black_white
    if pictures.dtype == np.uint8 and (low, high) == (0, 255):
        shown = pictures
    else:
        unit = (pictures.astype(np.float64) - low) / ((high - low) or 1)
        shown = np.rint(np.clip(unit, 0, 1) * 255).astype(np.uint8)
    if shown.shape[3] == 4:
        alpha = shown[..., 3:] / 255.0
        return np.rint(shown[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)
    return np.repeat(shown, 3, axis=3) if shown.shape[3] == 1 else shown


def fitted_into(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Return a colour picture brought to a longer side of `side` pixels: small ones keep their pixels as squares."""
    from PIL import Image

    height, width = picture.shape[:2]
    factor = side / max(height, width)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    how = Image.Resampling.NEAREST if factor >= 1 else Image.Resampling.BOX
    return np.asarray(Image.fromarray(np.ascontiguousarray(picture)).resize(size, how))
