"""The pictures of a report: each is made small, and embedded once."""

from __future__ import annotations

import base64
import math
import os
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, features

from skimgrec.utils import LazyImages

if TYPE_CHECKING:
    from skimgrec.reporting._source import ReportSource

# Bytes of all embedded pictures together, as text. With what is said of them, a page stays below 5 MB, as mails may be.
BUDGET = 3_000_000
# Once so much of it is used, pictures are kept with less detail, so that more of them find room.
_GENEROUS = 0.6
# Longest side of an embedded picture, in pixels, before and after that.
SIDE, LESS_SIDE = 112, 64
# Pictures up to this side are kept pixel for pixel before, and of about the same colours after; the page enlarges them.
SMALL_SIDE = 40
_QUALITY, _SMALL_QUALITY = 75, 90
_PLACEHOLDER = "none"
_WHITE = 255.0


class PictureShelf:
    """Take pictures into a report, each once, until there is no room left.

    Parameters
    ----------
    source : ReportSource
        What is reported on. Its `pictures` may be an array (n, h, w) or (n, h, w, c) of any range, flattened square
        pictures (n, n_features), a lazy batch, or a sequence of pictures or of paths; what cannot be shown is taken for
        no pictures.
    budget : int, default=3000000
        Bytes that all pictures may take in the page.

    Attributes
    ----------
    n_refused : int
        How many pictures found no room.
    """

    def __init__(self, source: ReportSource, *, budget: int = BUDGET) -> None:
        self._pictures = source.pictures
        self._budget = budget
        self._used = 0
        self._keys: dict[int, str | None] = {}
        self._urls: dict[str, str] = {}
        self._by_url: dict[str, str] = {}
        self._limits: tuple[float, float] | None = None
        self.n_refused = 0

    def key(self, row: int) -> str | None:
        """Return what to call the picture of a row in a template, after taking it in.

        Parameters
        ----------
        row : int
            Of the picture in the data.

        Returns
        -------
        key : str or None
            None where there are no pictures, or no room for another one. A picture that cannot be read has the key of
            a placeholder.
        """
        if self._pictures is None:
            return None
        if row not in self._keys:
            self._keys[row] = self._taken_in(row)
        if self._keys[row] is None:
            self.n_refused += 1
        return self._keys[row]

    def content(self) -> dict[str, str]:
        """Return the pictures that were taken in, as data URLs by key."""
        return dict(self._urls)

    def _taken_in(self, row: int) -> str | None:
        if self._used >= self._budget:
            return None
        plenty = self._used < _GENEROUS * self._budget
        try:
            url = data_url(self._small(row, SIDE if plenty else LESS_SIDE), exact=plenty)
        # Whatever is wrong with one picture, the report is made.
        except Exception:
            self._urls.setdefault(_PLACEHOLDER, data_url(_placeholder()))
            return _PLACEHOLDER
        if url in self._by_url:
            return self._by_url[url]
        if self._used + len(url) > self._budget:
            return None
        self._used += len(url)
        key = self._by_url[url] = f"p{len(self._by_url)}"
        self._urls[key] = url
        return key

    def _small(self, row: int, side: int) -> Image.Image:
        picture = _row_of(self._pictures, row)
        if isinstance(picture, (str, bytes, os.PathLike)):
            return _from_file(os.fsdecode(picture), side)
        array = _unfolded(np.asarray(picture))
        if array.dtype != np.uint8:
            if self._limits is None:
                self._limits = limits_of(self._pictures)
            array = to_uint8(array, self._limits)
        return shrunk(_image_of(array), side)


def _row_of(pictures: Any, row: int) -> Any:
    # A data frame or a series is indexed by its labels.
    return pictures.iloc[row] if hasattr(pictures, "iloc") else pictures[row]


def _from_file(path: str, side: int) -> Image.Image:
    from skimgrec.utils._decode import inspect_picture, read_picture
    from skimgrec.utils._picture_format import PictureFormat, as_stored

    about = inspect_picture(path)
    height, width = as_stored(about.size, about.orientation)
    return _image_of(read_picture(path, PictureFormat(_size_for(height, width, side))))


def _unfolded(picture: NDArray[Any]) -> NDArray[Any]:
    """Return one picture as (h, w) or (h, w, c): a row of pixels is a square, grey or else of three channels."""
    if picture.ndim == 1:
        for channels in (1, 3):
            side = math.isqrt(len(picture) // channels)
            if side and side * side * channels == len(picture):
                return picture.reshape((side, side) if channels == 1 else (side, side, channels))
    if picture.ndim not in (2, 3) or picture.shape[2:] not in ((), (1,), (3,), (4,)) or not picture.size:
        raise ValueError(f"shape {picture.shape}: expected (h, w) or (h, w, c) with 1, 3 or 4 channels.")
    return picture[..., 0] if picture.shape[2:] == (1,) else picture


def limits_of(pictures: Any) -> tuple[float, float]:
    """Return the values that stand for black and white, of all pictures that are not uint8.

    Examples
    --------
    >>> import numpy as np
    >>> limits_of(np.array([[[0.0, 16.0]], [[np.nan, 8.0]]]))
    (0.0, 16.0)
    """
    if hasattr(pictures, "iloc"):  # a frame yields the names of its columns
        pictures = pictures.to_numpy()
    low, high = math.inf, -math.inf
    chunks = [pictures] if isinstance(pictures, np.ndarray) and pictures.dtype.kind in "buif" else pictures
    for chunk in chunks:
        array = np.asarray(chunk)
        # Smallest and largest are taken over what is finite; nearly always that is all, without a copy.
        smallest, largest = float(array.min()), float(array.max())
        if not (math.isfinite(smallest) and math.isfinite(largest)):
            array = array[np.isfinite(array)]
            if not array.size:
                continue
            smallest, largest = float(array.min()), float(array.max())
        low, high = min(low, smallest), max(high, largest)
    return (low, high) if low <= high else (0.0, 1.0)


def to_uint8(picture: NDArray[Any], limits: tuple[float, float]) -> NDArray[np.uint8]:
    """Return a picture with `limits` as 0 and 255; what is not a number becomes 0."""
    low, high = limits
    scaled = (picture.astype(np.float64) - low) * (255.0 / ((high - low) or 1.0))
    return np.clip(np.rint(np.nan_to_num(scaled, nan=0.0)), 0, 255).astype(np.uint8)


def _image_of(array: NDArray[np.uint8]) -> Image.Image:
    """Return a picture for Pillow, transparency laid over white as `ImageLoader` does."""
    if array.shape[2:] == (4,):
        alpha = array[..., 3:] / 255.0
        array = np.rint(array[..., :3] * alpha + _WHITE * (1 - alpha)).astype(np.uint8)
    if array.ndim == 3 and (array[..., :1] == array).all():
        array = array[..., 0]
    return Image.fromarray(np.ascontiguousarray(array))


def _size_for(height: int, width: int, side: int) -> tuple[int, int]:
    scale = min(1.0, side / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def shrunk(image: Image.Image, side: int) -> Image.Image:
    """Return a picture brought to at most `side` pixels a side."""
    height, width = _size_for(image.height, image.width, side)
    return image if (width, height) == image.size else image.resize((width, height), Image.Resampling.BOX)


def data_url(image: Image.Image, *, exact: bool = True) -> str:
    """Return a picture as text that a page can show: small ones pixel for pixel, others by what photographs take.

    Parameters
    ----------
    image : Image
        The picture.
    exact : bool, default=True
        Whether small pictures in colour are kept pixel for pixel as well, which takes four times as much.

    Examples
    --------
    >>> from PIL import Image
    >>> data_url(Image.new("L", (8, 8))).partition(",")[0]
    'data:image/png;base64'
    """
    stream = BytesIO()
    small = max(image.size) <= SMALL_SIDE
    if small and (exact or image.mode == "L" or not features.check("webp")):
        kind = "png"
        image.save(stream, "PNG", optimize=True)
    elif features.check("webp"):
        kind = "webp"
        image.save(stream, "WEBP", quality=_SMALL_QUALITY if small else _QUALITY, method=4)
    else:
        kind = "jpeg"
        image.save(stream, "JPEG", quality=_QUALITY)
    return f"data:image/{kind};base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"


def _placeholder() -> Image.Image:
    """Return a grey square with a cross."""
    cross = np.full((9, 9), 208, np.uint8)
    np.fill_diagonal(cross, 144)
    np.fill_diagonal(cross[:, ::-1], 144)
    return Image.fromarray(cross)


def can_be_shown(pictures: Any) -> bool:
    """Tell whether rows are pictures or files of such, rather than rows of a table or text.

    Examples
    --------
    >>> import numpy as np
    >>> can_be_shown(np.zeros((5, 8, 8))), can_be_shown(np.zeros((5, 7))), can_be_shown(["a.jpg"])
    (True, False, True)
    """
    if pictures is None or not hasattr(pictures, "__len__") or not len(pictures):
        return False
    if isinstance(pictures, LazyImages):
        return True
    try:
        first = _row_of(pictures, 0)
        if not isinstance(first, (str, bytes, os.PathLike)):
            _unfolded(np.asarray(first))
    except Exception:
        return False
    return True
