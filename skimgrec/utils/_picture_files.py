"""Many picture files at once: decoded by several threads, in order, and nothing lost where one is broken."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock, local
from typing import Any

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import NDArray

from skimgrec.utils._decode import UnreadablePictureError, open_regular_file, read_picture, read_small_file
from skimgrec.utils._picture_format import PictureFormat
from skimgrec.utils._quiet_pillow import quiet_pillow

# Files that a thread takes at a time: handing over one at a time would cost as much as decoding a small one.
_PART = 64
ON_ERROR = ("raise", "blank")


class FileSource:
    """Pictures in files, decoded at every read: a `PictureSource`.

    Parameters
    ----------
    paths : ndarray of str
        The files.
    wanted : PictureFormat
        What each picture is brought to; its `image_size` is known.
    n_jobs : int, default=None
        Threads that decode.
    on_error : {"raise", "blank"}, default="raise"
        Whether a file that cannot be read raises an `UnreadablePictureError`, or gives a black picture and a warning.
    """

    def __init__(
        self, paths: NDArray[Any], wanted: PictureFormat, *, n_jobs: int | None = None, on_error: str = "raise"
    ) -> None:
        self.paths = paths
        self._wanted = wanted
        self._n_jobs = n_jobs
        self._on_error = on_error

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one picture."""
        return self._wanted.shape

    def __len__(self) -> int:
        return len(self.paths)

    def take(self, rows: NDArray[np.intp]) -> FileSource:
        """Return the source of some of the files."""
        return FileSource(self.paths[rows], self._wanted, n_jobs=self._n_jobs, on_error=self._on_error)

    def read(self) -> NDArray[np.uint8]:
        """Decode all files."""
        pictures = np.empty((len(self), *self.shape), np.uint8)
        unreadable = decode_into(pictures, self.paths, self._wanted, n_jobs=self._n_jobs, on_error=self._on_error)
        warn_of_black(unreadable, len(self))
        return pictures

    def fingerprint(self) -> bytes:
        """Return a hash of the files' contents."""
        digest = hashlib.blake2b(repr((self._wanted, len(self))).encode(), digest_size=16)
        for path in self.paths:
            try:
                digest.update(content_hash(path))
            except (OSError, ValueError):
                digest.update(b"unreadable")
        return digest.digest()


def content_hash(path: Any) -> bytes:
    """Return 16 bytes that say what is in a file."""
    small = read_small_file(path)
    if small is not None:
        return hashlib.blake2b(small, digest_size=16).digest()
    with os.fdopen(open_regular_file(path), "rb", buffering=0) as stream:
        return hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=16)).digest()


def warn_of_black(unreadable: dict[int, UnreadablePictureError], n: int, stacklevel: int = 3) -> None:
    """Warn that some of `n` files are black pictures, if they are."""
    if unreadable:
        some = "; ".join(map(str, list(unreadable.values())[:3]))
        warnings.warn(
            f"{len(unreadable)} of {n} files could not be read, and are black pictures instead: "
            f"{some}{'; ...' if len(unreadable) > 3 else ''}",
            UserWarning,
            stacklevel=stacklevel,
        )


def decode_into(
    pictures: NDArray[np.uint8],
    paths: Sequence[Any] | NDArray[Any],
    wanted: PictureFormat,
    *,
    n_jobs: int | None = None,
    on_error: str = "raise",
) -> dict[int, UnreadablePictureError]:
    """Decode files into an array that is there already, the fastest way to decode many.

    Parameters
    ----------
    pictures : ndarray of shape (n, *wanted.shape), uint8
        Where the pictures go.
    paths : sequence of path-like
        The files.
    wanted : PictureFormat
        What to bring them to; its `image_size` is known.
    n_jobs : int, default=None
        Threads that decode.
    on_error : {"raise", "blank"}, default="raise"
        Whether the first file that cannot be read raises, or gives a black picture.

    Returns
    -------
    unreadable : dict of int to UnreadablePictureError
        Which rows are black, and why.
    """
    from skimgrec.utils._small_jpegs import SmallJPEGs  # Numba takes a second to import

    # Short calls that leave the GIL, as reading a small file is, make two threads wait for each other more than they
    # work: one thread reads a part while another decodes.
    reading = Lock()
    of_thread = local()

    def work(rows: range) -> dict[int, UnreadablePictureError]:
        if not hasattr(of_thread, "small_jpegs"):
            of_thread.small_jpegs = SmallJPEGs(pictures, wanted)
        small_jpegs: SmallJPEGs = of_thread.small_jpegs
        with reading:
            contents = [_content(paths[row]) for row in rows]
        unreadable = {}
        for row, content in zip(rows, contents, strict=True):
            if content and small_jpegs.add(content, row):
                continue
            try:
                read_picture(paths[row], wanted, content=content, out=pictures[row])
            except UnreadablePictureError as error:
                if on_error == "raise":
                    raise
                pictures[row] = 0
                unreadable[row] = error
        small_jpegs.finish()
        return unreadable

    unreadable: dict[int, UnreadablePictureError] = {}
    for part in _in_order(work, len(paths), n_jobs):
        unreadable.update(part)
    return unreadable


def _content(path: Any) -> bytes | None:
    try:
        return read_small_file(path)
    except (OSError, ValueError):  # said by read_picture
        return None


def decode_files(
    paths: Sequence[Any] | NDArray[Any], wanted: PictureFormat, *, n_jobs: int | None = None
) -> Iterator[NDArray[np.uint8] | UnreadablePictureError]:
    """Yield the picture of each file, in order, or the error that says why there is none.

    Parameters
    ----------
    paths : sequence of path-like
        The files.
    wanted : PictureFormat
        What to bring them to.
    n_jobs : int, default=None
        Threads that decode; None means 1 unless in a :obj:`joblib.parallel_config` context, -1 all processors.

    Yields
    ------
    picture : ndarray or UnreadablePictureError
    """

    def decode(path: Any) -> NDArray[np.uint8] | UnreadablePictureError:
        try:
            return read_picture(path, wanted)
        except UnreadablePictureError as error:
            return error

    yield from map_files(decode, paths, n_jobs=n_jobs)


def map_files(function: Callable[[Any], Any], paths: Any, *, n_jobs: int | None = None) -> Iterator[Any]:
    """Yield ``function(path)`` for each file, in order, from several threads, a bounded number of files ahead.

    Warnings of Pillow's about damaged metadata are held back meanwhile.
    """

    def work(rows: range) -> list[Any]:
        with quiet_pillow:
            return [function(paths[row]) for row in rows]

    for part in _in_order(work, len(paths), n_jobs):
        yield from part


def _in_order(work: Callable[[range], Any], n: int, n_jobs: int | None) -> Iterator[Any]:
    """Yield ``work(rows)`` for each part of `n` rows in order, by several threads that run a few parts ahead."""
    n_threads = max(1, min(effective_n_jobs(n_jobs), n))
    size = min(_PART, -(-n // n_threads)) or 1
    parts = (range(start, min(start + size, n)) for start in range(0, n, size))
    if n_threads == 1:
        yield from map(work, parts)
        return
    with ThreadPoolExecutor(n_threads) as threads:
        running: deque[Future[Any]] = deque()
        try:
            for rows in parts:
                running.append(threads.submit(work, rows))
                if len(running) == 2 * n_threads:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        finally:
            threads.shutdown(cancel_futures=True)
