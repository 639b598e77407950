"""A batch of pictures that lie in files, read when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

# Pictures decoded at a time where many are read, in bytes of the result.
_CHUNK_BYTES = 2**24


class PictureSource(Protocol):
    """Where the pictures of a `LazyImages` come from. It is pickled with the batch."""

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

    It has the shape, the length and the dtype of an array. Taking rows by a slice, a list of row numbers or a mask gives
    another one, without reading anything; ``numpy.asarray`` reads all of its pictures, an integer index one of them.
    `ImageLoader` makes it.

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

    def __len__(self) -> int:
        return len(self._source)

    def __getitem__(self, key: Any) -> Any:
        # scikit-learn takes rows with X[rows, ...].
        if isinstance(key, tuple) and len(key) == 2 and key[1] is Ellipsis:
            key = key[0]
        if isinstance(key, (int, np.integer)):
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
        if rows is not None and rows.size == 0:
            return np.empty(0, np.intp)
        return np.arange(len(self))[key if rows is None else rows]

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        for part in self.chunks():
            yield from np.asarray(part)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError(f"{type(self).__name__} lies in files: reading it into an array always makes a copy.")
        pictures = np.empty(self.shape, np.uint8)
        start = 0
        for part in self.chunks():
            pictures[start : start + len(part)] = part._source.read().reshape(len(part), *self.shape[1:])
            start += len(part)
        return pictures if dtype is None else pictures.astype(dtype, copy=False)

    def chunks(self, size: int | None = None) -> Iterator[Self]:
        """Yield the batch in pieces of `size` pictures, or of as many as take 16 MiB."""
        if size is None:
            size = max(1, _CHUNK_BYTES // max(1, self.nbytes // max(1, len(self))))
        for start in range(0, len(self), size):
            yield self[start : start + size]

    def with_channel_axis(self) -> Self:
        """Return the same pictures with an axis for the channels, (n, h, w, c)."""
        return type(self)(self._source, channel_axis=True)

    def fingerprint(self) -> bytes:
        """Return bytes that change when a picture, their order, or what they are brought to does."""
        return self._source.fingerprint()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(shape={self.shape}, dtype=uint8)"


def read_rows(pictures: ArrayLike | LazyImages) -> NDArray[Any]:
    """Return pictures as an array: those of a lazy batch are read, an array is returned as it is."""
    return np.asarray(pictures)
