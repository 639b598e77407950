"""What is checked, in one form, and its pictures again, to show them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.utils import LazyImages, validate_pictures, value_range
from skimgrec.utils._decode import UnreadablePictureError, inspect_picture, read_picture
from skimgrec.utils._picture_format import PictureFormat, as_stored

if TYPE_CHECKING:
    from skimgrec.datasets._check_result import ImageCheck

_SHOWN_SIDE = 256


def paths_of(images: Any) -> list[str] | None:
    """Return the paths where `images` is a list or an array of them, or a lazy batch of files; None for pictures."""
    if isinstance(images, LazyImages):
        return images.paths
    if isinstance(images, (str, bytes, os.PathLike)):
        raise TypeError(
            f"images={images!r}: expected pictures, or a list of file names. For a folder, use the command "
            "skimgrec check, or load_image_folder(path, load_images=False).filenames."
        )
    if isinstance(images, np.ndarray) and images.dtype.kind not in "OUS":
        return None
    values = images.tolist() if hasattr(images, "tolist") else list(images)
    if not values:
        raise ValueError("images has no pictures and no file names: expected at least one of either.")
    if not any(isinstance(value, (str, bytes, os.PathLike)) for value in values):
        return None
    odd = next((value for value in values if not isinstance(value, (str, bytes, os.PathLike))), None)
    if odd is not None:
        raise TypeError(
            f"images holds file names and {odd!r} of type {type(odd).__name__}: expected file names alone, as str or "
            "pathlib.Path."
        )
    return [os.fsdecode(value) for value in values]


def pictures_to_check(images: Any) -> NDArray[Any] | LazyImages:
    """Return a batch of pictures as (n, h, w, c), checked against the picture contract."""
    from sklearn.base import BaseEstimator

    # The contract speaks in the name of an estimator.
    caller = type("check_images", (BaseEstimator,), {})()
    return validate_pictures(caller, images, reset=True)


class ToUint8:
    """Bring values of any range to 0..255.

    Parameters
    ----------
    pictures : ndarray or LazyImages
        All pictures: those that are not uint8 have one range together.
    """

    def __init__(self, pictures: Any) -> None:
        self._low, high = (0.0, 255.0) if pictures.dtype == np.uint8 else value_range(pictures)
        self._scale = 255.0 / (high - self._low) if high > self._low else 0.0

    def __call__(self, picture: NDArray[Any]) -> NDArray[np.uint8]:
        if picture.dtype == np.uint8:
            return picture
        return np.rint((picture.astype(np.float64) - self._low) * self._scale).astype(np.uint8)


def pictures_of(check: ImageCheck, rows: Any) -> list[NDArray[np.uint8] | None]:
    """Return pictures to be shown, as `ImageCheck.pictures` does."""
    source = check.images
    if source is None:  # a result that was loaded knows the names in its findings
        source = {
            row: name for finding in check.findings for row, name in zip(finding.rows, finding.names, strict=True)
        }
    if isinstance(source, (dict, list)):
        return [read_small_picture(source[row]) for row in rows]
    to_uint8 = ToUint8(source)
    return [_drawable(to_uint8(source[int(row)])) for row in rows]


def _drawable(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return picture[..., 0] if picture.shape[2] == 1 else picture[..., :3]


def read_small_picture(path: str) -> NDArray[np.uint8] | None:
    """Return the picture in a file, brought to at most 256 pixels a side; None where it cannot be read."""
    try:
        about = inspect_picture(path)
        height, width = as_stored(about.size, about.orientation)
        scale = min(1.0, _SHOWN_SIDE / max(height, width))
        size = max(1, round(height * scale)), max(1, round(width * scale))
        return read_picture(path, PictureFormat(size))
    except UnreadablePictureError:
        return None
