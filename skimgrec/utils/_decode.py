"""One picture file to one array: every kind of file that Pillow reads, brought to 8 bits, grey or colour, and one size."""

from __future__ import annotations

import os
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, JpegImagePlugin

RESIZE_MODES = ("stretch", "crop", "fit")

# Opened by Pillow, but no pictures of its own decoding: interpreters of programs, or containers that it cannot decode.
_REFUSED_FORMATS = frozenset({"EPS", "WMF", "BUFR", "GRIB", "HDF5", "MPEG", "FITS", "MCIDAS", "IPTC"})
# A reduced size of JPEG's is good enough as the source of a resize while it has this many times the wanted side.
_REDUCING_GAP = 2.0
_SWAPS_SIDES = frozenset({5, 6, 7, 8})
_TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_WHITE = (255, 255, 255)


class UnreadablePictureError(ValueError):
    """A file that gives no picture.

    Parameters
    ----------
    path : str
        The file.
    reason : str
        Why it gives none, without the file's name.

    Attributes
    ----------
    path, reason : str
        As given.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


@dataclass(frozen=True)
class PictureFormat:
    """What every picture of a batch is brought to.

    Parameters
    ----------
    image_size : tuple of two ints, default=None
        (height, width) in pixels; None keeps each picture's own.
    grey : bool, default=False
        One channel, without an axis of its own, rather than red, green and blue.
    resize : {"stretch", "crop", "fit"}, default="stretch"
        How a picture of other proportions becomes `image_size`: by stretching it; by cutting off what is too much, on
        both sides alike; by adding black borders.
    """

    image_size: tuple[int, int] | None = None
    grey: bool = False
    resize: str = "stretch"

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one picture, (height, width) or (height, width, 3); `image_size` must be known."""
        assert self.image_size is not None
        return self.image_size if self.grey else (*self.image_size, 3)


@dataclass(frozen=True)
class PictureFile:
    """What a file says of its picture, before it is decoded.

    Parameters
    ----------
    size : tuple of two ints
        (height, width) as stored, before EXIF's orientation.
    mode : str
        Pillow's name for the kind of pixels, such as "RGB", "L", "P", "CMYK", "RGBA", "I;16".
    file_format : str
        Pillow's name for the kind of file, such as "JPEG".
    orientation : int
        EXIF's: 1 is upright, 2 to 8 are rotated or mirrored.
    n_frames : int
        Frames of an animation, 1 for a still picture.
    """

    size: tuple[int, int]
    mode: str
    file_format: str
    orientation: int
    n_frames: int


def read_picture(path: str | os.PathLike[str], wanted: PictureFormat) -> NDArray[np.uint8]:
    """Decode a picture file.

    EXIF's orientation is applied. A palette is looked up, transparency is laid over white, CMYK is converted to RGB, 16
    bits a channel become 8 by dropping the lower ones, floating-point pixels are taken as 0..1 or 0..255, and of an
    animation the first frame is taken. Grey is Pillow's ``0.299 R + 0.587 G + 0.114 B``.

    Parameters
    ----------
    path : path-like
        The file.
    wanted : PictureFormat
        What to bring it to.

    Returns
    -------
    picture : ndarray of shape (h, w) or (h, w, 3), uint8

    Raises
    ------
    UnreadablePictureError
        If the file is not there, empty, broken or truncated, no picture, or has more pixels than Pillow's limit for
        decompression bombs, ``PIL.Image.MAX_IMAGE_PIXELS``.
    """
    with _reasons_for(path), _open(path) as image:
        orientation = _orientation(image)
        target = _target(image, wanted, orientation)
        if isinstance(image, JpegImagePlugin.JpegImageFile):
            _reduce_jpeg(image, wanted, target)
        image.load()
        plain = _to_8_bits(image, wanted.grey)
        if target is not None:
            plain = _resized(plain, target, wanted.resize)
        if orientation in _TRANSPOSITIONS:
            plain = plain.transpose(_TRANSPOSITIONS[orientation])
        return np.asarray(plain)


def inspect_picture(path: str | os.PathLike[str]) -> PictureFile:
    """Read what a file says of its picture, without decoding it.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    described : PictureFile

    Raises
    ------
    UnreadablePictureError
        If it is not there, empty, no picture, or too large.
    """
    with _reasons_for(path), _open(path) as image:
        return PictureFile(
            size=(image.height, image.width),
            mode=image.mode,
            file_format=image.format or "unknown",
            orientation=_orientation(image),
            n_frames=int(getattr(image, "n_frames", 1)),
        )


class _reasons_for:  # noqa: N801  read as a statement: with _reasons_for(path)
    """Turn whatever Pillow and its plugins raise for a damaged file into an `UnreadablePictureError`."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = os.fspath(path)

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        # Damaged files make plugins raise nearly anything, SyntaxError and struct.error included.
        if isinstance(error, Exception) and not isinstance(error, UnreadablePictureError):
            raise UnreadablePictureError(self._path, _reason(error)) from error


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, IsADirectoryError):
        return "it is a folder"
    if isinstance(error, PermissionError):
        return "it may not be read (permission denied)"
    if isinstance(error, MemoryError):
        return "it needs more memory than there is"
    text = " ".join(str(error).split())
    return f"it is broken: {text}" if text else f"it is broken ({type(error).__name__})"





def _open(path: str | os.PathLike[str]) -> Image.Image:
    with open(path, "rb") as stream:
        content = stream.read()
    name = os.fspath(path)
    if not content:
        raise UnreadablePictureError(name, "it is empty")
    try:
        # Most files are JPEGs; asking every plugin in turn would take as long as decoding a small one.
        if content.startswith(b"\xff\xd8\xff"):
            image: Image.Image = JpegImagePlugin.JpegImageFile(BytesIO(content))
        else:
            image = Image.open(BytesIO(content), formats=_formats())
    except Image.UnidentifiedImageError:
        raise UnreadablePictureError(name, "it is no picture of a kind that Pillow reads") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UnreadablePictureError(name, _too_large()) from None
    limit = Image.MAX_IMAGE_PIXELS
    if limit is not None and image.width * image.height > limit:
        raise UnreadablePictureError(name, _too_large(image))
    if image.width < 1 or image.height < 1:
        raise UnreadablePictureError(name, f"it has {image.height} x {image.width} pixels")
    return image


def _formats() -> list[str]:
    Image.init()
    return [name for name in Image.ID if name not in _REFUSED_FORMATS]


def _too_large(image: Image.Image | None = None) -> str:
    size = f" {image.height} x {image.width}" if image else ""
    return (
        f"its{size} pixels are more than the limit of {Image.MAX_IMAGE_PIXELS:,} that guards against decompression "
        "bombs; raise PIL.Image.MAX_IMAGE_PIXELS if the file can be trusted"
    )


def _orientation(image: Image.Image) -> int:
    """Return EXIF's orientation, 1 where there is none or EXIF is damaged."""
    if isinstance(image, JpegImagePlugin.JpegImageFile) and "exif" not in image.info:
        return 1
    try:
        value = int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # damaged EXIF raises nearly anything, and the picture may be whole
        return 1
    return value if value in _TRANSPOSITIONS else 1


def _target(image: Image.Image, wanted: PictureFormat, orientation: int) -> tuple[int, int] | None:
    """Return the wanted (height, width) of the picture as it is stored, None if it stays."""
    if wanted.image_size is None:
        return None
    height, width = wanted.image_size
    if orientation in _SWAPS_SIDES:
        height, width = width, height
    return None if (height, width) == (image.height, image.width) else (height, width)


def _reduce_jpeg(image: JpegImagePlugin.JpegImageFile, wanted: PictureFormat, target: tuple[int, int] | None) -> None:
    """Ask the decoder for grey, and for a reduced size where enough pixels are left."""
    size = None
    if target is not None:
        height, width = target
        if wanted.resize == "fit":
            scale = min(height / image.height, width / image.width)
            height, width = scale * image.height, scale * image.width
        size = max(1, round(width * _REDUCING_GAP)), max(1, round(height * _REDUCING_GAP))
    if size is not None or wanted.grey:
        image.draft("L" if wanted.grey else None, size)


def _to_8_bits(image: Image.Image, grey: bool) -> Image.Image:
    """Return a picture of mode L or RGB."""
    mode = "L" if grey else "RGB"
    if image.mode == mode:
        return image
    if image.mode == "F" or image.mode.startswith("I"):
        image = _from_numbers(np.asarray(image))
    elif "A" in image.mode or "a" in image.mode or "transparency" in image.info:
        layer = image.convert("RGBA")
        ground = Image.new("RGB", image.size, _WHITE)
        ground.paste(layer, mask=layer.getchannel("A"))
        image = ground
    return image.convert(mode)


def _from_numbers(values: NDArray[Any]) -> Image.Image:
    """Return a grey picture of 8 bits from one of more."""
    low, high = values.min(), values.max()
    if values.dtype.kind in "ui" and low >= 0 and high <= 65535:
        return Image.fromarray((values.astype(np.uint16) >> 8).astype(np.uint8))
    if values.dtype.kind == "f" and low >= 0 and high <= 255:
        return Image.fromarray(np.rint(values * (255 if high <= 1 else 1)).astype(np.uint8))
    raise ValueError(
        f"its pixels range from {low:g} to {high:g}, expected 16 bits (0 to 65535), or fractions in 0..1 or 0..255"
    )


def _resized(image: Image.Image, target: tuple[int, int], how: str) -> Image.Image:
    """Return the picture in the size wanted, smoothed where it shrinks."""
    height, width = target
    if how == "crop":
        scale = max(height / image.height, width / image.width)
        cut_width, cut_height = width / scale, height / scale
        left, upper = (image.width - cut_width) / 2, (image.height - cut_height) / 2
        box = left, upper, left + cut_width, upper + cut_height
        return image.resize((width, height), Image.Resampling.BILINEAR, box=box)
    if how == "fit":
        scale = min(height / image.height, width / image.width)
        inner = max(1, min(width, round(image.width * scale))), max(1, min(height, round(image.height * scale)))
        whole = Image.new(image.mode, (width, height))
        corner = (width - inner[0]) // 2, (height - inner[1]) // 2
        whole.paste(image.resize(inner, Image.Resampling.BILINEAR), corner)
        return whole
    return image.resize((width, height), Image.Resampling.BILINEAR)
