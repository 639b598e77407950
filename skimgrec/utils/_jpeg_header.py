"""What the header of a JPEG says, without decoding it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from skimgrec.utils._compile import compiled

_START_OF_SCAN = 0xDA
_APP0, _APP1, _APP14 = 0xE0, 0xE1, 0xEE
# Markers from C0 to CF that begin no frame: Huffman tables, an extension, arithmetic conditioning.
_NO_FRAMES = (0xC4, 0xC8, 0xCC)
# Numba makes unsigned numbers of bytes with `int`, and fractions of those and signed ones.
_int: Any = np.int64


class JPEGHeader(NamedTuple):
    """What stands before the pixels of a JPEG.

    Parameters
    ----------
    whole : bool
        Whether the header is one chain of segments up to the first scan. If not, nothing else is known.
    has_exif : bool
        Whether there is EXIF.
    progressive : bool
        Whether the pixels come in several scans.
    plain : bool
        Whether it is grey or YCbCr for certain: a JFIF file of one frame of 8 bits, without a word from Adobe.
    height, width : int
        Size of the last frame in pixels.
    """

    whole: bool
    has_exif: bool
    progressive: bool
    plain: bool
    height: int
    width: int


def jpeg_header(content: bytes) -> JPEGHeader:
    """Read the header of a file that begins as a JPEG does."""
    return JPEGHeader(*_walk(np.frombuffer(content, np.uint8)))


@compiled()
def _walk(content: Any) -> Any:
    has_exif = progressive = jfif = adobe = False
    n_frames, precision, height, width, n_channels = 0, 0, 0, 0, 0
    place = 2
    while place + 4 <= len(content) and content[place] == 0xFF:
        marker = content[place + 1]
        if marker == _START_OF_SCAN:
            plain = n_frames == 1 and precision == 8 and (n_channels == 1 or (n_channels == 3 and jfif and not adobe))
            return True, has_exif, progressive, plain, height, width
        length = _int(content[place + 2]) << 8 | _int(content[place + 3])
        # Fill bytes, and markers without a length, which libjpeg steps over in another way.
        if marker <= 0x01 or 0xD0 <= marker <= 0xD9 or marker == 0xFF or length < 2:
            break
        payload = content[place + 4 : place + 2 + length]
        if marker == _APP0:
            jfif |= len(payload) >= 14 and _begins(payload, b"JFIF\0")
        elif marker == _APP1:
            has_exif |= _begins(payload, b"Exif\0\0")
        elif marker == _APP14:
            adobe |= _begins(payload, b"Adobe")
        elif 0xC0 <= marker <= 0xCF and marker not in _NO_FRAMES and len(payload) >= 6:
            n_frames += 1
            progressive |= marker & 3 == 2
            precision, n_channels = _int(payload[0]), _int(payload[5])
            height = _int(payload[1]) << 8 | _int(payload[2])
            width = _int(payload[3]) << 8 | _int(payload[4])
        place += 2 + length
    return False, False, False, False, 0, 0


@compiled()
def _begins(payload: Any, word: Any) -> Any:
    if len(payload) < len(word):
        return False
    n_equal = 0
    for i in range(len(word)):
        n_equal += payload[i] == word[i]
    return n_equal == len(word)
