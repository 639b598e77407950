"""One picture file to one array: every kind of file that Pillow reads, in 8 bits, grey or colour, and one size."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, JpegImagePlugin, UnidentifiedImageError

from skimgrec.utils._fast_jpeg import decode_jpeg, jpeg_size
from skimgrec.utils._picture_format import (
    PictureFormat,
    as_stored,
    bring_to_size,
    jpeg_reduction,
    shrinking,
    to_8_bits,
)
from skimgrec.utils._quiet_pillow import quiet_pillow

# Raised when the same file comes to give other pixels: decoded pictures kept by an earlier one are then not used.
DECODER_VERSION = 3

# Opened by Pillow, but no pictures of its own decoding: interpreters of programs, or containers that it cannot decode.
_REFUSED_FORMATS = frozenset({"EPS", "WMF", "BUFR", "GRIB", "HDF5", "MPEG", "FITS", "MCIDAS", "IPTC"})
# Larger pictures are averaged down to this many times the wanted side first, which takes far less memory and time.
_LARGE_PICTURE = 2**22
_AVERAGING_GAP = 8
# Encoders make about ten scans of a progressive JPEG.
_MANY_SCANS = 50
_MOST_SCANNED_PIXELS = 4 * 10**9
_LARGEST_JPEG = 2**30
_JPEG_START = b"\xff\xd8\xff"
# Files of less are read at one go. Larger ones that are no JPEGs are left to Pillow, which reads what it needs of them.
_SMALL_FILE = 2**16
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)


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


def read_picture(
    path: str | os.PathLike[str],
    wanted: PictureFormat,
    *,
    content: bytes | None = None,
    out: NDArray[np.uint8] | None = None,
) -> NDArray[np.uint8]:
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
    content : bytes, default=None
        The file's content, where it has been read.
    out : ndarray of shape ``wanted.shape``, uint8, default=None
        Where to put the picture.

    Returns
    -------
    picture : ndarray of shape (h, w) or (h, w, 3), uint8

    Raises
    ------
    UnreadablePictureError
        If the file is not there, empty, broken or truncated, no picture, or has more pixels than Pillow's limit for
        decompression bombs, ``PIL.Image.MAX_IMAGE_PIXELS``.
    """
    with _reasons_for(path):
        if content is None:
            content = read_small_file(path) or _read_jpeg(path)
        pixels, orientation = _decode(path, content, wanted)
        return bring_to_size(pixels, wanted, orientation, out)


def read_small_file(path: str | os.PathLike[str]) -> bytes | None:
    """Return the content of a file of less than 64 KiB, None for a larger one.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    content : bytes or None

    Raises
    ------
    OSError
        If it cannot be read.
    """
    handle = open_regular_file(path)
    try:
        content = os.read(handle, _SMALL_FILE)
        return content if len(content) < _SMALL_FILE else None
    finally:
        os.close(handle)


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
    with _reasons_for(path), _opened(path, read_small_file(path)) as image:
        n_frames = 1
        with suppress(Exception):  # frames after the first may be damaged
            n_frames = int(getattr(image, "n_frames", 1))
        # Pillow decodes a whole PNG to ask for EXIF, which may come last.
        orientation = _orientation(image) if image.format != "PNG" or _mentions(image.fp, b"eXIf") else 1  # type: ignore[attr-defined]
        size = image.height, image.width
        if image.format == "TIFF":  # Pillow says how large it is when it is upright
            size = as_stored(size, orientation)
        return PictureFile(
            size=size,
            mode=image.mode,
            file_format=image.format or "unknown",
            orientation=orientation,
            n_frames=n_frames,
        )


def _mentions(stream: Any, word: bytes) -> bool:
    place, end = stream.tell(), b""
    stream.seek(0)
    try:
        while part := stream.read(2**20):
            if word in end + part:
                return True
            end = part[-len(word) :]
        return False
    finally:
        stream.seek(place)


class _reasons_for:
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
    if isinstance(error, UnidentifiedImageError):
        return "it is no picture of a kind that Pillow reads"
    if isinstance(error, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
        return _too_large()
    if isinstance(error, OSError) and error.errno is not None:
        return f"it cannot be read ({error.strerror})"
    text = re.sub(r"<_io\.\w+.*? object at 0x\w+>|<_io\.\w+ name=[^>]*>", "the file", " ".join(str(error).split()))
    return f"it is broken: {text}" if text else f"it is broken ({type(error).__name__})"


def open_regular_file(path: str | os.PathLike[str]) -> int:
    """Return the descriptor of a file open for reading; raise where it is a folder, or a pipe that may never end."""
    handle = os.open(path, _OPEN_FLAGS)
    # A pipe or a device may have no end.
    kind = os.fstat(handle).st_mode
    if not stat.S_ISREG(kind):
        os.close(handle)
        if stat.S_ISDIR(kind):
            raise IsADirectoryError
        raise UnreadablePictureError(os.fspath(path), "it is no regular file")
    return handle


def _read_jpeg(path: str | os.PathLike[str]) -> bytes | None:
    """Return the content of a JPEG, None for any other large file."""
    with os.fdopen(open_regular_file(path), "rb") as stream:
        start = stream.read(len(_JPEG_START))
        is_jpeg = start == _JPEG_START and os.fstat(stream.fileno()).st_size <= _LARGEST_JPEG
        return start + stream.read() if is_jpeg else None


@contextmanager
def _opened(path: str | os.PathLike[str], content: bytes | None) -> Iterator[Image.Image]:
    """Open with Pillow what `read_small_file` returned, or the large file itself."""
    if content is not None:
        stream: Any = BytesIO(content)
    else:
        stream = os.fdopen(open_regular_file(path), "rb")
    with quiet_pillow, stream, _identified(path, stream) as image:
        yield image


def _identified(path: str | os.PathLike[str], stream: Any) -> Image.Image:
    name = os.fspath(path)
    start = stream.read(len(_JPEG_START))
    if not start:
        raise UnreadablePictureError(name, "it is empty")
    stream.seek(0)
    # Most files are JPEGs; asking every plugin in turn would take as long as decoding a small one.
    if start == _JPEG_START:
        image: Image.Image = JpegImagePlugin.JpegImageFile(stream)
    else:
        image = Image.open(stream, formats=_formats())
    _check_size(name, image)
    return image


def _check_size(path: str, image: Image.Image) -> None:
    limit = Image.MAX_IMAGE_PIXELS
    if limit is not None and image.width * image.height > limit:
        raise UnreadablePictureError(path, _too_large(image))
    if image.width < 1 or image.height < 1:
        raise UnreadablePictureError(path, f"it has {image.height} x {image.width} pixels")


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
    return value if 2 <= value <= 8 else 1


def _decode(
    path: str | os.PathLike[str], content: bytes | None, wanted: PictureFormat
) -> tuple[NDArray[np.uint8], int]:
    """Return the pixels (h, w) or (h, w, 3) as they are stored, perhaps in a reduced size, and EXIF's orientation."""
    size = jpeg_size(content) if content else None
    if content and size:
        _check_scans(path, content, size)
        fast = decode_jpeg(content, size, jpeg_reduction(size, wanted), wanted.grey)
        if fast is not None:
            return fast, 1
    with _opened(path, content) as image:
        orientation = 1
        if isinstance(image, JpegImagePlugin.JpegImageFile):
            if content is not None:
                _check_scans(path, content, (image.height, image.width))
            orientation = _orientation(image)
            reduction = jpeg_reduction((image.height, image.width), wanted, orientation)
            image.draft("L" if wanted.grey else None, (image.width // reduction, image.height // reduction))
        image.load()
        if not isinstance(image, JpegImagePlugin.JpegImageFile):
            # Some containers tell the true size only now, and Pillow itself turns TIFF upright while it loads it.
            _check_size(os.fspath(path), image)
            orientation = _orientation(image)
            if image.mode in ("L", "RGB") and "transparency" not in image.info:
                image = _averaged(image, wanted, orientation)
            return np.asarray(_averaged(to_8_bits(image, wanted.grey), wanted, orientation)), orientation
        return np.asarray(to_8_bits(image, wanted.grey)), orientation


def _check_scans(path: str | os.PathLike[str], content: bytes, size: tuple[int, int]) -> None:
    """Raise where a progressive JPEG would go over all of its pixels so often that it takes many seconds."""
    # A scan takes 10 bytes at the least.
    if len(content) // 10 * size[0] * size[1] <= _MOST_SCANNED_PIXELS:
        return
    from skimgrec.utils._jpeg_header import jpeg_header  # Numba takes a second to import

    header = jpeg_header(content)
    n_scans = 1 if header.whole and not header.progressive else content.count(b"\xff\xda")
    if n_scans > _MANY_SCANS and n_scans * size[0] * size[1] > _MOST_SCANNED_PIXELS:
        raise UnreadablePictureError(
            os.fspath(path),
            f"its {n_scans} scans of {size[0]} x {size[1]} pixels would take very long to decode; a picture has fewer "
            f"than {_MANY_SCANS} scans",
        )


def _averaged(image: Image.Image, wanted: PictureFormat, orientation: int) -> Image.Image:
    """Return a large picture with whole blocks of pixels averaged, where it will shrink far more than that."""
    if wanted.image_size is None or image.width * image.height <= _LARGE_PICTURE:
        return image
    by_height, by_width = shrinking((image.height, image.width), wanted, orientation)
    rows, columns = (max(1, int(scale) // _AVERAGING_GAP) for scale in (by_height, by_width))
    return image.reduce((min(columns, image.width), min(rows, image.height)))
