"""Features kept in a folder, by the content of the pictures, for every later run and process.

The folder holds, for each setting that features depend on, files of rows: the key of a picture, and its features. A
file appears whole or not at all and is never changed. So several processes may write at once, at worst the same
picture twice.
"""

from __future__ import annotations

import hashlib
import os
import uuid
import warnings
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skimgrec.utils._files import open_atomically

_KEY_BYTES = 16
# Pictures in a file at most, so that little is lost where a long run is killed; and at least, so that a program that
# asks about one picture after another does not leave a file for each.
_MOST_ROWS, _FEWEST_ROWS = 4096, 2


def picture_keys(pictures: NDArray[Any]) -> list[bytes]:
    """Return what tells pictures of one shape and dtype apart."""
    whole = np.ascontiguousarray(pictures)
    return [hashlib.blake2b(picture.data, digest_size=_KEY_BYTES).digest() for picture in whole]


class FeatureCache:
    """The features of one setting, to be used in a ``with`` block, at whose end what is new is on the disk.

    Parameters
    ----------
    folder : path-like
        Made if it is not there.
    name : str
        Of the folder within it, for people.
    setting : str
        All that the features depend on beside the pictures.
    n_features : int
    """

    def __init__(self, folder: str | os.PathLike[str], name: str, setting: str, n_features: int) -> None:
        self._folder = (
            Path(folder).absolute() / f"{name}-{hashlib.blake2b(setting.encode(), digest_size=8).hexdigest()}"
        )
        self._dtype = np.dtype([("key", f"V{_KEY_BYTES}"), ("features", "<f4", (n_features,))])
        self._parts: list[tuple[Path, dict[bytes, int]]] = []
        self._opened: dict[Path, NDArray[Any]] = {}
        self._new: dict[bytes, NDArray[np.float32]] = {}
        self._is_writable = True

    def __enter__(self) -> Self:
        for path in sorted(self._folder.glob("*.npy")):
            self._take_up(path)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: Any, trace: TracebackType | None) -> None:
        self._write()

    def fill(self, features: NDArray[np.float32], keys: list[bytes]) -> NDArray[np.intp]:
        """Write known features into their rows, and return the other rows, of equal pictures one."""
        missing: dict[bytes, int] = {}
        for row, key in enumerate(keys):
            found = self._find(key)
            if found is None:
                missing.setdefault(key, row)
            else:
                features[row] = found
        return np.array(sorted(missing.values()), np.intp)

    def add(self, key: bytes, features: NDArray[np.float32]) -> None:
        """Keep the features of a picture."""
        self._new[key] = features
        if len(self._new) >= _MOST_ROWS:
            self._write()

    def _find(self, key: bytes) -> NDArray[np.float32] | None:
        if key in self._new:
            return self._new[key]
        for part in list(self._parts):
            path, rows = part
            if key in rows:
                with suppress(OSError):
                    if path not in self._opened:
                        self._opened[path] = np.load(path, mmap_mode="r")
                    return self._opened[path]["features"][rows[key]]
                self._parts.remove(part)  # its file has been removed meanwhile
        return None

    def _take_up(self, path: Path) -> None:
        with suppress(OSError):  # removed meanwhile
            file = path.stat()
            self._parts.append((path, _rows_of(path, (file.st_mtime_ns, file.st_size), self._dtype)))

    def _write(self) -> None:
        if len(self._new) < _FEWEST_ROWS or not self._is_writable:
            return
        rows = np.empty(len(self._new), self._dtype)
        rows["key"] = np.frombuffer(b"".join(self._new), f"V{_KEY_BYTES}")
        rows["features"] = list(self._new.values())
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._folder / f"{uuid.uuid4().hex}.npy"
            with open_atomically(path) as file:
                np.save(file, rows)
        except OSError as error:
            self._is_writable = False
            warnings.warn(
                f"Features are not kept, because the cache cannot be written: {error}. Give cache= a folder that can "
                "be, with room for them, or None.",
                UserWarning,
                stacklevel=4,
            )
            return
        self._take_up(path)
        self._new = {}


# A program that is asked about one picture after another does not read all keys each time.
@lru_cache(maxsize=4096)
def _rows_of(path: Path, state: tuple[int, int], dtype: np.dtype[Any]) -> dict[bytes, int]:
    """Return the row of each key in a file, none if it is damaged or foreign; `state` notices if it has changed."""
    try:
        part = np.load(path, mmap_mode="r")
    except Exception:  # a damaged header raises nearly anything
        return {}
    if part.dtype != dtype or part.ndim != 1:
        return {}
    return {key.tobytes(): row for row, key in enumerate(part["key"])}
