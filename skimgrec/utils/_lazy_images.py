"""A batch of pictures that lie in files, read when they are asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from skimgrec.utils._chunks import chunk_slices

# Pictures read at a time where many are, in bytes of the result.
_CHUNK_BYTES = 2**24


class PictureSource(Protocol):
    """Where the pictures of a `LazyImages` come from. It is pickled with the batch."""

    paths: NDArray[Any]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one picture, (h, w) or (h, w, 3)."""

    def __len__(self) -> int: ...

    def take(self, rows: NDArray[np.intp]) -> PictureSource:
        """Return the source of some of the pictures, in the order of `rows`."""

    def read(self) -> NDArray[np.uint8]:
        """Return all pictures (n, h, w) or (n, h, w, 3)."""

    def fingerprint(self) -> bytes:
        """Return what changes when a picture does."""


class LazyImages:
    """Pictures in files, as an array that is read when it is asked for.

    It has the shape, the length and the dtype of an array. Taking rows by a slice, a list of row numbers or a mask
    gives another one, without reading anything; ``numpy.asarray`` reads all of its pictures, an integer index one of
    them. `ImageLoader` makes it.

    Parameters
    ----------
    source : PictureSource
        The pictures.
    channel_axis : bool, default=False
        Whether grey pictures have an axis for their one channel.

    Attributes
    ----------
    shape : tuple of int
        (n, h, w) or (n, h, w, c).
    ndim : int
        3 or 4.
    dtype : dtype
        uint8.

    See Also
    --------
    ImageLoader : Makes it.
    read_chunks : Reads it piece by piece.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from skimgrec import ImageLoader
    >>> paths = [Path(tempfile.mkdtemp(), f"{number}.png") for number in range(3)]
    >>> for path in paths:
    ...     Image.new("RGB", (60, 40)).save(path)
    >>> pictures = ImageLoader((20, 30)).fit_transform(paths)
    >>> pictures
    LazyImages(shape=(3, 20, 30, 3), dtype=uint8)
    >>> pictures[:2], pictures[0].shape
    (LazyImages(shape=(2, 20, 30, 3), dtype=uint8), (20, 30, 3))
    """

    dtype = np.dtype(np.uint8)

    def __init__(self, source: PictureSource, *, channel_axis: bool = False) -> None:
        self._source = source
        self._channel_axis = channel_axis

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, h, w) or (n, h, w, c)."""
        shape = self._source.shape
        return (len(self), *shape, 1) if self._channel_axis and len(shape) == 2 else (len(self), *shape)

    @property
    def ndim(self) -> int:
        """3 or 4."""
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes that the pictures take once they are read."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def paths(self) -> list[str]:
        """The files."""
        return [os.fspath(path) for path in self._source.paths]

    def __len__(self) -> int:
        return len(self._source)

    def __getitem__(self, key: Any) -> Any:
        # scikit-learn takes rows with X[rows, ...].
        if isinstance(key, tuple) and len(key) == 2 and key[1] is Ellipsis:
            key = key[0]
        if isinstance(key, np.ndarray) and key.ndim == 0 and key.dtype.kind in "ui":
            key = int(key)
        if isinstance(key, (int, np.integer)) and not isinstance(key, bool):
            if not -len(self) <= key < len(self):
                raise IndexError(f"picture {key} of {len(self)}")
            return np.asarray(self[[key]])[0]
        if isinstance(key, tuple) or key is None or key is Ellipsis:
            raise IndexError(
                f"{type(self).__name__} takes rows only, as X[rows]: a row number, a slice, row numbers or a mask. "
                "np.asarray(X) reads the pictures into an array, which takes anything."
            )
        return type(self)(self._source.take(self._rows(key)), channel_axis=self._channel_axis)

    def _rows(self, key: Any) -> NDArray[np.intp]:
        rows = np.asarray(key) if not isinstance(key, slice) else None
        if rows is not None and rows.ndim != 1:
            raise IndexError(
                f"{type(self).__name__} takes rows in one dimension, got an index of shape {rows.shape}: a row number, "
                "a slice, row numbers or a mask."
            )
        if rows is not None and rows.size == 0:
            return np.empty(0, np.intp)
        return np.arange(len(self))[key if rows is None else rows]

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        for _, pictures in read_chunks(self):
            yield from pictures

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError(f"{type(self).__name__} lies in files: reading it into an array always makes a copy.")
        dtype, size = np.dtype(np.uint8 if dtype is None else dtype), chunk_length(self)
        if len(self) <= size:
            return self._source.read().reshape(self.shape).astype(dtype, copy=False)
        pictures = np.empty(self.shape, dtype)
        for rows in chunk_slices(len(self), size=size):
            pictures[rows] = self[rows]._source.read().reshape(-1, *self.shape[1:])
        return pictures

    def with_channel_axis(self) -> Self:
        """Return the same pictures with an axis for the channels.

        Returns
        -------
        pictures : LazyImages of shape (n, h, w, c)
            Nothing is read for it.
        """
        return type(self)(self._source, channel_axis=True)

    def fingerprint(self) -> bytes:
        """Return bytes that change when a picture, their order, or what they are brought to does.

        Returns
        -------
        fingerprint : bytes
            A hash, for which the files are read.
        """
        return self._source.fingerprint()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(shape={self.shape}, dtype=uint8)"


# What `validate_pictures` returns; `len`, `shape`, `dtype` and taking rows by a slice are the same for both.
Pictures = NDArray[Any] | LazyImages


def read_rows(pictures: Pictures, rows: slice | NDArray[np.intp]) -> NDArray[Any]:
    """Return some of the pictures as an array: those of a lazy batch are read."""
    return np.asarray(pictures[rows])


def chunk_length(pictures: Pictures) -> int:
    """Return how many pictures to read at a time: an array as a whole, of a lazy batch those that take 16 MiB."""
    if isinstance(pictures, LazyImages):
        return max(1, _CHUNK_BYTES // int(np.prod(pictures.shape[1:], dtype=np.int64)))
    return max(1, len(pictures))


def read_chunks(pictures: Pictures, *, multiple_of: int = 1) -> Iterator[tuple[slice, NDArray[Any]]]:
    """Yield pictures as arrays that may be held one at a time, an array in one piece.

    Parameters
    ----------
    pictures : ndarray or LazyImages
        The batch.
    multiple_of : int, default=1
        Of which the length of every piece but the last is a multiple: who works through pieces of that length
        meets the same ones as in an array.

    Yields
    ------
    rows : slice
        Which pictures they are.
    chunk : ndarray
        The pictures.

    See Also
    --------
    validate_pictures : Makes such a batch of what a user gives.

    Examples
    --------
    >>> import numpy as np
    >>> from skimgrec.utils import read_chunks
    >>> [(rows, chunk.shape) for rows, chunk in read_chunks(np.zeros((5, 8, 8, 1)))]
    [(slice(0, 5, None), (5, 8, 8, 1))]
    """
    size = multiple_of * -(-chunk_length(pictures) // multiple_of)
    for rows in chunk_slices(len(pictures), size=size):
        yield rows, read_rows(pictures, rows)
