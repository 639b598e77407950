"""Pictures for tests of the decoder, and PNG files put together by hand."""

import struct
import zlib

import numpy as np
from PIL import Image


def smooth(height, width):
    """Return a picture without symmetry that JPEG keeps well."""
    y, x = np.mgrid[0 : 1 : complex(height), 0 : 1 : complex(width)]
    return np.stack([200 * x + 30, 200 * y + 20, 120 * x * y + 60], axis=-1).astype(np.uint8)


def save(picture, path, **options):
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    image.save(path, **options)
    return path


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, data=b"", depth=8, colour=2, before=b""):
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    chunks = png_chunk(b"IHDR", header) + before + png_chunk(b"IDAT", zlib.compress(data)) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks
