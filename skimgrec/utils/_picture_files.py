"""Many picture files at once: decoded by several threads, in order, and nothing lost where one is broken."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import NDArray

from skimgrec.utils._decode import PictureFormat, UnreadablePictureError, read_picture

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
        self._paths = paths
        self._wanted = wanted
        self._n_jobs = n_jobs
        self._on_error = on_error

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one picture."""
        return self._wanted.shape

    def __len__(self) -> int:
        return len(self._paths)

    def take(self, rows: NDArray[np.intp]) -> FileSource:
        """Return the source of some of the files."""
        return FileSource(self._paths[rows], self._wanted, n_jobs=self._n_jobs, on_error=self._on_error)

    def read(self) -> NDArray[np.uint8]:
        """Decode all files."""
        pictures = np.zeros((len(self), *self.shape), np.uint8)
        unreadable = []
        for row, picture in enumerate(decode_files(self._paths, self._wanted, n_jobs=self._n_jobs)):
            if isinstance(picture, UnreadablePictureError):
                if self._on_error == "raise":
                    raise picture
                unreadable.append(picture)
            else:
                pictures[row] = picture
        if unreadable:
            warnings.warn(
                f"{len(unreadable)} of {len(self)} files could not be read, and are black pictures instead: "
                f"{'; '.join(map(str, unreadable[:3]))}{'; ...' if len(unreadable) > 3 else ''}",
                UserWarning,
                stacklevel=2,
            )
        return pictures

    def fingerprint(self) -> bytes:
        """Return a hash of the files' contents."""
        digest = hashlib.blake2b(repr((self._wanted, len(self))).encode(), digest_size=16)
        for path in self._paths:
            try:
                digest.update(hashlib.blake2b(Path(path).read_bytes(), digest_size=16).digest())
            except OSError:
                digest.update(b"unreadable")
        return digest.digest()


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
    n_threads = min(effective_n_jobs(n_jobs), max(1, len(paths)))
    if n_threads == 1:
        for path in paths:
            with _quiet_pillow():
                result = function(path)
            yield result
        return
    # Handing over one file at a time would cost as much as decoding a small one.
    size = min(64, -(-len(paths) // n_threads))
    parts = [paths[start : start + size] for start in range(0, len(paths), size)]
    ahead = 2 * n_threads
    with ThreadPoolExecutor(n_threads) as threads:
        running = [threads.submit(lambda part: list(map(function, part)), part) for part in parts[:ahead]]
        try:
            for number in range(len(parts)):
                with _quiet_pillow():
                    results = running[number].result()
                running[number] = None  # type: ignore[call-overload]  # its pictures are the caller's now
                if number + ahead < len(parts):
                    running.append(threads.submit(lambda part: list(map(function, part)), parts[number + ahead]))
                yield from results
        finally:
            threads.shutdown(cancel_futures=True)


@contextmanager
def _quiet_pillow() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        yield
