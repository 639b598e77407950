"""The files of pictures that are given by their paths."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from skimgrec.utils import LazyImages


def paths_of(X: Any) -> list[str] | None:
    """Return the file of each picture, None if they are not in files.

    Parameters
    ----------
    X : array-like of n rows
        A lazy batch of pictures, or what `ImageLoader` takes: a list, a column or a one-dimensional array of paths,
        where at least one of them leads to a file, so that other strings are not taken for paths.

    Returns
    -------
    paths : list of n str, or None
    """
    if isinstance(X, LazyImages):
        # A source of somebody else's need not have any.
        paths = getattr(X, "paths", None)
        return None if paths is None or len(paths) != len(X) else list(map(str, paths))
    if not isinstance(X, (list, tuple)):
        X = np.asarray(X) if hasattr(X, "iloc") else X
        if not isinstance(X, np.ndarray) or X.dtype.kind not in "OUST" or X.ndim not in (1, 2):
            return None
        X = X.tolist()
    rows = [row[0] if isinstance(row, (list, tuple, np.ndarray)) and len(row) == 1 else row for row in X]
    if not all(isinstance(row, (str, bytes, os.PathLike)) for row in rows):
        return None
    paths = [str(os.fsdecode(row)) for row in rows]
    return paths if any(map(os.path.isfile, paths)) else None
