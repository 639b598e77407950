"""From paths to pictures in one array, without the files that give none."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skimgrec.utils import LazyImages
from skimgrec.utils._decode import UnreadablePictureError, inspect_picture, read_picture
from skimgrec.utils._picture_files import FileSource, decode_into, map_files
from skimgrec.utils._picture_format import PictureFormat

OnRead = Callable[[int, int], object]

# Files between two calls of `on_read`: fewer would leave threads without work more often.
_FILES_AT_A_TIME = 256
_SIDES_SWAPPED = frozenset({5, 6, 7, 8})


class SkippedFile(NamedTuple):
    """A file that gave no picture.

    Parameters
    ----------
    filename : str
        The file.
    reason : str
        Why.
    """

    filename: str
    reason: str


@dataclass
class ReadPictures:
    """What came of reading files.

    Parameters
    ----------
    rows : ndarray of int
        Which of the files gave a picture.
    images : ndarray, LazyImages or None
        Their pictures; None where they were not to be kept, or have different sizes.
    skipped : list of SkippedFile
        The other files.
    sizes : Counter of (height, width)
        How many pictures have which size, where they have different ones and no size was given; else empty.
    """

    rows: NDArray[np.intp]
    images: Any
    skipped: list[SkippedFile]
    sizes: Counter[tuple[int, int]]


def read_pictures(
    paths: NDArray[Any],
    wanted: PictureFormat,
    *,
    keep: bool = True,
    mixed_size: tuple[int, int] | None = None,
    lazy_above: int | None = None,
    on_error: str = "skip",
    n_jobs: int | None = None,
    on_read: OnRead | None = None,
) -> ReadPictures:
    """Decode files, and leave out those that give no picture.

    Parameters
    ----------
    paths : ndarray of str
        The files.
    wanted : PictureFormat
        What to bring them to. Without an `image_size` they are kept as they are if all have the same size.
    keep : bool, default=True
        Whether to return the pictures. Every file is decoded in any case.
    mixed_size : tuple of two ints, default=None
        What to bring pictures of different sizes to where there is no `image_size`. None keeps none of them.
    lazy_above : int, default=None
        Bytes of pictures above which they are returned as a lazy batch.
    on_error : {"skip", "raise"}, default="skip"
        Whether a file that gives no picture is left out, or an error.
    n_jobs : int, default=None
        Threads that decode.
    on_read : callable, default=None
        Called with how many files are done, of how many. It starts anew where files are gone through twice.

    Returns
    -------
    read : ReadPictures

    Raises
    ------
    UnreadablePictureError
        If `on_error` is "raise" and a file gives no picture.
    """
    reader = _Reader(paths, on_error, n_jobs, on_read)
    sizes: Counter[tuple[int, int]] = Counter()
    checked = False
    if wanted.image_size is None and keep:
        of_row = reader.sizes(wanted)
        size = reader.common_size(of_row, wanted)
        if size is None and mixed_size is None:
            reader.check(wanted)
            keep, checked = False, True
        wanted = replace(wanted, image_size=size or mixed_size)
        if size is None:
            sizes = Counter(size for size in of_row if size is not None)
    images: Any = None
    if keep and wanted.image_size is not None and len(reader.rows()):
        n_bytes = len(reader.rows()) * int(np.prod(wanted.shape, dtype=np.int64))
        if lazy_above is not None and n_bytes > lazy_above:
            reader.check(wanted)
            # They may be read in another process, or after a change of the working folder.
            absolute = np.array([os.path.abspath(path) for path in paths[reader.rows()]])
            images = LazyImages(FileSource(absolute, wanted, n_jobs=n_jobs))
        else:
            images = reader.load(wanted)
    elif not checked:
        reader.check(wanted)
    rows = reader.rows()
    if sizes:
        sizes = Counter(size for size in (of_row[row] for row in rows) if size is not None)
    return ReadPictures(rows, images, reader.skipped(), sizes)


class _Reader:
    """Goes through files, each time through those that are not known to be unreadable."""

    def __init__(self, paths: NDArray[Any], on_error: str, n_jobs: int | None, on_read: OnRead | None) -> None:
        self._paths = paths
        self._raises = on_error == "raise"
        self._n_jobs = n_jobs
        self._on_read = on_read or (lambda done, total: None)
        self._often = _FILES_AT_A_TIME if on_read else max(1, len(paths))
        self._reasons: dict[int, str] = {}

    def rows(self) -> NDArray[np.intp]:
        """Return the files that are not known to be unreadable."""
        return np.array([row for row in range(len(self._paths)) if row not in self._reasons], np.intp)

    def skipped(self) -> list[SkippedFile]:
        """Return those that are."""
        return [SkippedFile(str(self._paths[row]), reason) for row, reason in sorted(self._reasons.items())]

    def sizes(self, wanted: PictureFormat) -> list[tuple[int, int] | None]:
        """Return (height, width) of each upright picture as the files' headers have it."""

        def size(path: Any) -> tuple[int, int]:
            header = inspect_picture(path)
            height, width = header.size
            return (width, height) if header.orientation in _SIDES_SWAPPED else (height, width)

        return self._go_through(size, np.arange(len(self._paths)))

    def common_size(self, sizes: list[Any], wanted: PictureFormat) -> tuple[int, int] | None:
        """Return the one size of all pictures, None if they differ. Broken files do not count."""
        counts = Counter(size for size in sizes if size is not None)
        if not counts:
            return None
        usual = counts.most_common(1)[0][0]
        others = [row for row, size in enumerate(sizes) if size is not None and size != usual]
        for start in range(0, len(others), _FILES_AT_A_TIME):
            part = others[start : start + _FILES_AT_A_TIME]
            self._go_through(lambda path: read_picture(path, wanted) is None, part)
            if any(row not in self._reasons for row in part):
                return None
        return usual

    def check(self, wanted: PictureFormat) -> None:
        """Decode every file and keep nothing."""
        self._go_through(lambda path: read_picture(path, wanted) is None, self.rows())

    def _go_through(self, function: Callable[[Any], Any], rows: Any) -> list[Any]:
        def careful(row: Any) -> Any:
            try:
                return function(self._paths[row])
            except UnreadablePictureError as error:
                return error

        results = []
        for done, (row, result) in enumerate(zip(rows, map_files(careful, rows, n_jobs=self._n_jobs), strict=True), 1):
            if isinstance(result, UnreadablePictureError):
                self._refuse(int(row), result)
                result = None
            results.append(result)
            if done % self._often == 0 or done == len(rows):
                self._on_read(done, len(rows))
        return results

    def load(self, wanted: PictureFormat) -> NDArray[np.uint8]:
        """Return the pictures of all files that give one."""
        rows = self.rows()
        pictures = _space_for(len(rows), wanted)
        blank: list[int] = []
        for start in range(0, len(rows), self._often):
            part = slice(start, min(start + self._often, len(rows)))
            try:
                unreadable = decode_into(
                    pictures[part],
                    self._paths[rows[part]],
                    wanted,
                    n_jobs=self._n_jobs,
                    on_error="raise" if self._raises else "blank",
                )
            except UnreadablePictureError as error:
                raise _with_remedy(error) from error
            for place in sorted(unreadable):
                blank.append(start + place)
                self._refuse(int(rows[start + place]), unreadable[place])
            self._on_read(part.stop, len(rows))
        return _without(pictures, blank)

    def _refuse(self, row: int, error: UnreadablePictureError) -> None:
        if self._raises:
            raise _with_remedy(error) from error
        self._reasons[row] = error.reason


def _space_for(n: int, wanted: PictureFormat) -> NDArray[np.uint8]:
    try:
        return np.empty((n, *wanted.shape), np.uint8)
    except MemoryError:
        size = " x ".join(map(str, wanted.shape))
        gib = n * int(np.prod(wanted.shape, dtype=np.int64)) / 2**30
        raise MemoryError(
            f"{n:,} pictures of {size} take {gib:,.1f} GiB, which is more memory than there is. Give a smaller "
            "image_size, or load_images=False, which gives file names, and put an ImageLoader into the pipeline."
        ) from None


def _with_remedy(error: UnreadablePictureError) -> UnreadablePictureError:
    return UnreadablePictureError(
        error.path, f"{error.reason}. Mend or remove the file, or leave such files out with on_error='skip'."
    )


def _without(pictures: NDArray[np.uint8], blank: list[int]) -> NDArray[np.uint8]:
    """Return pictures without some rows. The others move up in place, because a copy may not fit into memory."""
    if not blank:
        return pictures
    left = np.setdiff1d(np.arange(len(pictures)), blank)
    for place in range(blank[0], len(left)):
        pictures[place] = pictures[left[place]]
    return pictures[: len(left)]
