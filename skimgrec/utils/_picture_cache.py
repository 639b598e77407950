"""Decoded pictures kept in a folder, by their files' content, for every later run and process.

The folder holds, for each `PictureFormat`, segments of up to 64 MiB: an array of pictures, and one of their keys. A
segment is written under another name, flushed to the disk, and renamed: keys first, so that where the pictures are,
the whole segment is. No file is ever changed. So several processes may write at once, at worst the same picture twice,
and one that is killed leaves nothing that another one would take for a segment.
"""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import PIL
from numpy.typing import NDArray

from skimgrec.utils._decode import DECODER_VERSION, UnreadablePictureError, read_picture
from skimgrec.utils._files import sync_folder, to_disk
from skimgrec.utils._picture_files import content_hash, decode_into, map_files, warn_of_black
from skimgrec.utils._picture_format import PictureFormat

_SEGMENT_BYTES = 2**26
# Pictures decoded at a time, in bytes of the result.
_BLOCK_BYTES = 2**23
_KEY_BYTES = 16
_NO_KEY = bytes(_KEY_BYTES)
_PICTURES, _KEYS, _UNFINISHED = ".pictures.npy", ".keys.npy", ".unfinished"
# A writer that lives adds to its file every few seconds.
_LEFTOVER_SECONDS = 3600.0


def cached_source(
    paths: NDArray[Any],
    wanted: PictureFormat,
    folder: str | os.PathLike[str],
    *,
    n_jobs: int | None = None,
    on_error: str = "raise",
) -> CachedSource:
    """Return pictures of files, decoded now where an earlier call has not done it.

    Parameters
    ----------
    paths : ndarray of str
        The files.
    wanted : PictureFormat
        What each picture is brought to; its `image_size` is known.
    folder : path-like
        Where decoded pictures are kept. It is made if it is not there.
    n_jobs : int, default=None
        Threads that decode.
    on_error : {"raise", "blank"}, default="raise"
        Whether a file that cannot be read raises an `UnreadablePictureError`, or gives a black picture, and a warning
        when it is read.

    Returns
    -------
    source : CachedSource
    """
    place = Path(folder) / _format_name(wanted)
    place.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(place)
    segments = _Segments(place, wanted.shape)
    keys = list(map_files(_key, paths, n_jobs=n_jobs))
    unreadable = _fill(segments, paths, keys, wanted, n_jobs, on_error)
    places = np.array([segments.index.get(key, (-1, -1)) for key in keys], np.int32).reshape(len(keys), 2)
    black = {}
    for row in map(int, np.flatnonzero(places[:, 0] < 0)):
        path = os.fspath(paths[row])
        known = unreadable.get(keys[row])  # the same content may have another name there
        black[row] = keys[row], UnreadablePictureError(path, known.reason) if known else _why_unreadable(path, wanted)
    return CachedSource(place, paths, wanted, segments.names, places, black)


class CachedSource:
    """Pictures in segments of a cache: a `PictureSource`. `cached_source` makes it.

    Parameters
    ----------
    folder : Path
        Where the segments lie.
    paths : ndarray of str
        The files.
    wanted : PictureFormat
        What each picture was brought to.
    names : list of str
        The segments.
    places : ndarray of shape (n, 2), int32
        Number of the segment and row in it of each picture; -1 where a file could not be read.
    black : dict of int to (bytes, UnreadablePictureError)
        The files that could not be read: their keys, and why.
    """

    def __init__(
        self,
        folder: Path,
        paths: NDArray[Any],
        wanted: PictureFormat,
        names: list[str],
        places: NDArray[np.int32],
        black: dict[int, tuple[bytes, UnreadablePictureError]],
    ) -> None:
        self._folder = folder
        self.paths = paths
        self._wanted = wanted
        self._names = names
        self._places = places
        self._black = black

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one picture."""
        return self._wanted.shape

    def __len__(self) -> int:
        return len(self._places)

    def take(self, rows: NDArray[np.intp]) -> CachedSource:
        """Return the source of some of the pictures."""
        places = self._places[rows]
        numbers = np.arange(len(self))[rows]
        black = {int(row): self._black[int(numbers[row])] for row in np.flatnonzero(places[:, 0] < 0)}
        return CachedSource(self._folder, self.paths[rows], self._wanted, self._names, places, black)

    def read(self) -> NDArray[np.uint8]:
        """Return all pictures."""
        pictures = np.zeros((len(self), *self.shape), np.uint8)
        for segment, rows in self._by_segment():
            try:
                stored = np.load(self._folder / f"{self._names[segment]}{_PICTURES}", mmap_mode="r")
            except FileNotFoundError as error:
                raise FileNotFoundError(
                    f"{error.filename} is gone: the cache was removed while its pictures were in use. Load the "
                    "pictures again, which decodes them anew."
                ) from error
            # In the order in which they lie on the disk.
            rows = rows[np.argsort(self._places[rows, 1], kind="stable")]
            pictures[rows] = stored[self._places[rows, 1]]
        warn_of_black({row: error for row, (_, error) in self._black.items()}, len(self))
        return pictures

    def fingerprint(self) -> bytes:
        """Return the hash of the files' contents that `FileSource` returns too."""
        keys = np.zeros((len(self), _KEY_BYTES), np.uint8)
        for segment, rows in self._by_segment():
            keys[rows] = np.load(self._folder / f"{self._names[segment]}{_KEYS}")[self._places[rows, 1]]
        digest = hashlib.blake2b(repr((self._wanted, len(self))).encode(), digest_size=_KEY_BYTES)
        for row, key in enumerate(keys):
            black = self._black.get(row)
            digest.update(key.tobytes() if black is None else black[0] or b"unreadable")
        return digest.digest()

    def _by_segment(self) -> Iterator[tuple[int, NDArray[np.intp]]]:
        for segment in np.unique(self._places[:, 0]):
            if segment >= 0:
                yield int(segment), np.flatnonzero(self._places[:, 0] == segment)


class _Segments:
    """The segments of one format that are whole.

    Attributes
    ----------
    names : list of str
        Their names.
    index : dict of bytes to (int, int)
        The number of the segment and the row of each key.
    """

    def __init__(self, folder: Path, shape: tuple[int, ...]) -> None:
        self.folder = folder
        self.names: list[str] = []
        self.index: dict[bytes, tuple[int, int]] = {}
        self._shape = shape
        for path in sorted(folder.glob(f"*{_PICTURES}")):
            self.add(path.name.removesuffix(_PICTURES))

    def add(self, name: str) -> None:
        """Take up a segment if it is what its names says; leave alone what is damaged or foreign."""
        try:
            files = [os.stat(self.folder / f"{name}{ending}") for ending in (_PICTURES, _KEYS)]
        except OSError:  # removed since the folder was listed, or never whole
            return
        state = tuple((file.st_mtime_ns, file.st_size) for file in files)
        keys = _keys_of_segment(self.folder, name, self._shape, state)
        if keys is None:
            return
        number = len(self.names)
        self.names.append(name)
        for row, key in enumerate(keys):
            self.index.setdefault(key, (number, row))
        self.index.pop(_NO_KEY, None)


@lru_cache(maxsize=4096)
def _keys_of_segment(
    folder: Path, name: str, shape: tuple[int, ...], state: tuple[tuple[int, int], ...]
) -> tuple[bytes, ...] | None:
    """Return the keys of a segment, None if it is damaged or foreign.

    A segment never changes once it is there, so that many small calls open each of them once: `state`, the times
    and sizes of its files, is there to notice if one did.
    """
    try:
        keys = np.load(folder / f"{name}{_KEYS}")
        pictures = np.load(folder / f"{name}{_PICTURES}", mmap_mode="r")
    except Exception:  # a damaged header raises nearly anything
        return None
    if keys.dtype != np.uint8 or keys.shape != (len(pictures), _KEY_BYTES) or not keys.flags.c_contiguous:
        return None
    if pictures.dtype != np.uint8 or pictures.shape[1:] != shape or not pictures.flags.c_contiguous:
        return None
    return tuple(key.tobytes() for key in keys)


def _format_name(wanted: PictureFormat) -> str:
    assert wanted.image_size is not None
    height, width = wanted.image_size
    # Another Pillow may bring another decoder of JPEG, and pixels that are not quite the same.
    versions = hashlib.blake2b(f"{wanted!r} {DECODER_VERSION} {PIL.__version__}".encode(), digest_size=4).hexdigest()
    return f"{height}x{width}-{'grey' if wanted.grey else 'colour'}-{wanted.resize}-{versions}"


def _key(path: Any) -> bytes:
    try:
        return content_hash(path)
    except (OSError, ValueError):
        return b""


def _why_unreadable(path: str, wanted: PictureFormat) -> UnreadablePictureError:
    try:
        read_picture(path, wanted)
    except UnreadablePictureError as error:
        return error
    return UnreadablePictureError(path, "it could not be read for a while; try again")


def _fill(
    segments: _Segments,
    paths: NDArray[Any],
    keys: list[bytes],
    wanted: PictureFormat,
    n_jobs: int | None,
    on_error: str,
) -> dict[bytes, UnreadablePictureError]:
    """Decode what is in no segment yet into new ones, and return what could not be read by its key."""
    missing = {key: row for row, key in reversed(list(enumerate(keys))) if key and key not in segments.index}
    rows = sorted(missing.values())
    if b"" in keys and on_error == "raise":
        rows = sorted({*rows, keys.index(b"")})
    size = max(1, _SEGMENT_BYTES // int(np.prod(wanted.shape)))
    unreadable: dict[bytes, UnreadablePictureError] = {}
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        name = uuid.uuid4().hex
        stored = np.zeros((len(part), _KEY_BYTES), np.uint8)
        with _unfinished(segments.folder, name) as temporary:
            with open(temporary, "wb") as stream:
                errors = _write_pictures(stream, paths[part], wanted, n_jobs, on_error)
                to_disk(stream)
            for position, row in enumerate(part):
                if position in errors:
                    unreadable[keys[row]] = errors[position]
                elif _key(paths[row]) == keys[row]:
                    stored[position] = np.frombuffer(keys[row], np.uint8)
                else:
                    error = UnreadablePictureError(os.fspath(paths[row]), "it changed while it was read; try again")
                    if on_error == "raise":
                        raise error
                    unreadable[keys[row]] = error
            if stored.any():
                _publish(segments.folder, name, stored, temporary)
        segments.add(name)
    return unreadable


def _write_pictures(
    stream: BinaryIO, paths: NDArray[Any], wanted: PictureFormat, n_jobs: int | None, on_error: str
) -> dict[int, UnreadablePictureError]:
    """Write one array of the files' pictures, a block at a time."""
    header = {"descr": "|u1", "fortran_order": False, "shape": (len(paths), *wanted.shape)}
    np.lib.format.write_array_header_1_0(stream, header)
    block = np.empty((max(1, min(len(paths), _BLOCK_BYTES // int(np.prod(wanted.shape)))), *wanted.shape), np.uint8)
    errors = {}
    for start in range(0, len(paths), len(block)):
        part = paths[start : start + len(block)]
        found = decode_into(block[: len(part)], part, wanted, n_jobs=n_jobs, on_error=on_error)
        errors.update({start + row: error for row, error in found.items()})
        stream.write(block[: len(part)].data)
    return errors


@contextmanager
def _unfinished(folder: Path, name: str) -> Iterator[Path]:
    temporary = folder / f"{name}{_UNFINISHED}"
    try:
        yield temporary
    finally:
        _remove([temporary, folder / f"{name}{_KEYS}{_UNFINISHED}"])


def _publish(folder: Path, name: str, keys: NDArray[np.uint8], pictures: Path) -> None:
    temporary = folder / f"{name}{_KEYS}{_UNFINISHED}"
    with open(temporary, "wb") as stream:
        np.save(stream, keys)
        to_disk(stream)
    os.replace(temporary, folder / f"{name}{_KEYS}")
    sync_folder(folder)  # the keys' name reaches the disk before the pictures'
    os.replace(pictures, folder / f"{name}{_PICTURES}")
    sync_folder(folder)


def _remove_leftovers(folder: Path) -> None:
    """Remove what writers that were killed have left: unfinished files, and keys without pictures."""
    oldest = time.time() - _LEFTOVER_SECONDS
    alone = (path for path in folder.glob(f"*{_KEYS}") if not _pictures_of(path).exists())
    for path in [*folder.glob(f"*{_UNFINISHED}"), *alone]:
        with suppress(OSError):
            if path.stat().st_mtime < oldest:
                _remove([path])


def _pictures_of(keys: Path) -> Path:
    return keys.with_name(keys.name.removesuffix(_KEYS) + _PICTURES)


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        with suppress(OSError):
            path.unlink()
