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
        self._folder = Path(folder) / f"{name}-{hashlib.blake2b(setting.encode(), digest_size=8).hexdigest()}"
        self._dtype = np.dtype([("key", f"V{_KEY_BYTES}"), ("features", "<f4", (n_features,))])
        self._parts: list[NDArray[Any]] = []
        self._index: dict[bytes, tuple[int, int]] = {}
        self._new: dict[bytes, NDArray[np.float32]] = {}
        self._is_writable = True

    def __enter__(self) -> Self:
        for path in sorted(self._folder.glob("*.npy")):
            try:
                part = np.load(path, mmap_mode="r")
            except Exception:  # removed meanwhile, or damaged
                continue
            if part.dtype == self._dtype and part.ndim == 1:
                number = len(self._parts)
                self._parts.append(part)
                for row, key in enumerate(part["key"]):
                    self._index.setdefault(key.tobytes(), (number, row))
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
        place = self._index.get(key)
        return None if place is None else self._parts[place[0]]["features"][place[1]]

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
            written = np.load(path, mmap_mode="r")
        except OSError as error:
            self._is_writable = False
            warnings.warn(
                f"Features are not kept, because the cache cannot be written: {error}. Give cache= a folder that can "
                "be, with room for them, or None.",
                UserWarning,
                stacklevel=4,
            )
            return
        number = len(self._parts)
        self._parts.append(written)
        self._index.update({key: (number, row) for row, key in enumerate(self._new)})
        self._new = {}
