"""The form in which every data set is handed over."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch


def picture_bunch(
    images: NDArray[Any], target: NDArray[Any], *, target_names: Any, descr: str, **extra: NDArray[Any]
) -> Bunch:
    """Return pictures and their classes as a Bunch, with the flat view that scikit-learn's own data sets have.

    Parameters
    ----------
    images : ndarray of shape (n, h, w) or (n, h, w, c)
        The pictures, contiguous in memory.
    target : ndarray of shape (n,)
        Position of each picture's class in `target_names`.
    target_names : sequence of str
        The classes.
    descr : str
        What the data set is and where it comes from.
    **extra : ndarray of shape (n,)
        More about each picture.

    Returns
    -------
    bunch : Bunch
        With `images`, `data` (the same memory as rows of numbers), `target` (int64), `target_names`, `DESCR`, and
        what `extra` holds.
    """
    return Bunch(
        images=images,
        data=images.reshape(len(images), -1),
        target=target.astype(np.int64),
        target_names=np.asarray(target_names),
        DESCR=descr,
        **extra,
    )
