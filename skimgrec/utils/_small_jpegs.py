"""Small plain JPEGs, most of what large data sets are made of: many at once, with little to do between two of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skimgrec.utils._fast_jpeg import decode_jpeg, jpeg_size
from skimgrec.utils._picture_format import PictureFormat, jpeg_reduction
from skimgrec.utils._resample import MOST_ENLARGED, resample_many

# Bytes of decoded pictures that wait for their resize: what the cache of a processor holds.
_WAITING = 2**20
# Values of the largest picture that waits. For larger ones, what happens between them does not count.
_LARGEST = 2**17


class SmallJPEGs:
    """Decodes small files one by one, and brings all of them to their size together.

    The pictures are those of `read_picture`. Everything that needs a second look is left to it.

    Parameters
    ----------
    pictures : ndarray of shape (n, *wanted.shape), uint8
        Where the pictures go.
    wanted : PictureFormat
        What they are brought to.
    """

    def __init__(self, pictures: NDArray[np.uint8], wanted: PictureFormat) -> None:
        self._pictures = pictures
        self._wanted = wanted
        self._channels = 1 if wanted.grey else 3
        self._flat = np.empty(_WAITING, np.uint8)
        self._filled = 0
        self._rows: list[int] = []
        self._shapes: list[tuple[int, int, int]] = []

    def add(self, content: bytes, row: int) -> bool:
        """Decode the content of a file and return True, or return False if `read_picture` shall do it.

        Parameters
        ----------
        content : bytes
            The file.
        row : int
            Which of the pictures it becomes, once `finish` has been called.
        """
        if self._wanted.resize != "stretch":
            return False
        size = jpeg_size(content)
        if size is None or size[0] * size[1] * self._channels > _LARGEST:
            return False
        if self._filled + _LARGEST > _WAITING:
            self.finish()
        pixels = decode_jpeg(
            content, size, jpeg_reduction(size, self._wanted), self._wanted.grey, self._flat[self._filled :]
        )
        if pixels is None or len(pixels) * MOST_ENLARGED <= self._pictures.shape[1]:
            return False
        self._rows.append(row)
        self._shapes.append((pixels.shape[0], pixels.shape[1], self._channels))
        self._filled += pixels.size
        return True

    def finish(self) -> None:
        """Bring the pictures that wait to their size."""
        if self._rows:
            shapes, rows = np.array(self._shapes, np.intp), np.array(self._rows, np.intp)
            resample_many(self._flat, shapes, self._pictures, rows)
        self._rows, self._shapes, self._filled = [], [], 0
