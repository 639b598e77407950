"""JPEG decoded by simplejpeg: the same library and pixels as Pillow's, in half the time."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

try:
    simplejpeg: Any = import_module("simplejpeg")
except ImportError:  # a platform that it has no wheel for
    simplejpeg = None

# What Pillow decodes to grey or RGB without a question about the colours.
_PLAIN_SPACES = frozenset({"YCbCr", "Gray"})


def jpeg_size(content: bytes) -> tuple[int, int] | None:
    """Return (height, width) of a plain JPEG without EXIF, None for all that Pillow shall decide on."""
    if simplejpeg is None or not content.startswith(b"\xff\xd8\xff"):
        return None
    from skimgrec.utils._jpeg_header import jpeg_header  # Numba takes a second to import

    header = jpeg_header(content)
    if not header.whole or header.has_exif:
        return None
    height, width = header.height, header.width
    if not header.plain:
        try:
            height, width, space, _ = simplejpeg.decode_jpeg_header(content)
        except Exception:  # broken in some way: Pillow says in which
            return None
        if space not in _PLAIN_SPACES:
            return None
    limit = Image.MAX_IMAGE_PIXELS
    if height < 1 or width < 1 or (limit is not None and height * width > limit):
        return None
    return height, width


def decode_jpeg(
    content: bytes, size: tuple[int, int], reduction: int, grey: bool, buffer: NDArray[np.uint8] | None = None
) -> NDArray[np.uint8] | None:
    """Return the pixels (h, w) or (h, w, 3) of a file that `jpeg_size` accepts, None if Pillow shall try it.

    Parameters
    ----------
    content : bytes
        The file.
    size : tuple of two ints
        What `jpeg_size` says.
    reduction : {1, 2, 4, 8}
        Decode to this fraction of the size, rounded up.
    grey : bool
        Whether to leave the colours out.
    buffer : ndarray of shape (m,), uint8, default=None
        Where to put them, large enough.
    """
    height, width = (-(-side // reduction) for side in size)
    if buffer is None:
        # With a place of its own, simplejpeg refuses a picture that is larger than its header was read to say.
        buffer = np.empty(height * width * (1 if grey else 3), np.uint8)
    options: dict[str, Any] = {"colorspace": "GRAY" if grey else "RGB", "buffer": buffer}
    if reduction > 1:
        options.update(min_height=height, min_width=width, min_factor=reduction)
    try:
        pixels = simplejpeg.decode_jpeg(content, **options)
    except Exception:  # truncated or damaged: Pillow decides whether it is a picture
        return None
    return pixels[:, :, 0] if grey else pixels
