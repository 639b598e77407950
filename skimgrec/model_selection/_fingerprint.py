"""Hashes that tell whether two comparisons saw the same pictures in the same folds."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Iterable
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray

from skimgrec.model_selection._picture_paths import paths_of
from skimgrec.utils import LazyImages, chunk_slices
from skimgrec.utils._picture_files import content_hash

_BYTES_AT_A_TIME = 1 << 24


def data_fingerprint(X: Any, classes: NDArray[Any], codes: NDArray[np.intp]) -> str | None:
    """Return a hash of pictures and their labels, whatever the labels' dtype and the pictures' memory layout.

    Labels count as they are written: 0 and "0" are the same class. Predictions are kept as positions among the classes,
    so that what the command line measured, which calls classes by their names, is comparable with what Python did.

    Parameters
    ----------
    X : array-like of n rows
        The pictures. Arrays of numbers are hashed without a copy of the whole, lazy batches and paths by their files'
        contents, wherever these lie; anything else as joblib pickles it.
    classes : ndarray of shape (n_classes,)
        The sorted classes.
    codes : ndarray of shape (n,)
        Position of each picture's class in `classes`.

    Returns
    -------
    fingerprint : str or None
        None if `X` cannot be pickled.
    """
    digest = hashlib.blake2b(digest_size=16)
    if isinstance(X, np.ndarray) and X.dtype.kind in "buif":
        _update(digest, X)
    elif isinstance(X, LazyImages):
        digest.update(X.fingerprint())
    elif (paths := paths_of(X)) is not None:
        digest.update(f"{len(paths)} files".encode())
        for path in paths:
            try:
                digest.update(content_hash(path))
            except (OSError, ValueError):
                digest.update(b"unreadable")
    else:
        try:
            digest.update(joblib.hash(X).encode())
        except (pickle.PicklingError, TypeError, AttributeError):
            return None
    digest.update(repr([str(label) for label in classes.tolist()]).encode())
    _update(digest, codes.astype("<i8"))
    return digest.hexdigest()


def splits_fingerprint(splits: Iterable[tuple[NDArray[np.intp], NDArray[np.intp]]]) -> str:
    """Return a hash of the row numbers in each split."""
    digest = hashlib.blake2b(digest_size=16)
    for pair in splits:
        for rows in pair:
            _update(digest, rows.astype("<i8"))
    return digest.hexdigest()


def _update(digest: Any, array: NDArray[Any]) -> None:
    digest.update(f"{array.shape} {array.dtype.newbyteorder('<').str}".encode())
    if array.size == 0:
        return
    rows = max(1, _BYTES_AT_A_TIME // max(1, array[:1].nbytes))
    for part in chunk_slices(len(array), size=rows):
        little_endian = np.ascontiguousarray(array[part], dtype=array.dtype.newbyteorder("<"))
        digest.update(little_endian.reshape(-1).view(np.uint8))
