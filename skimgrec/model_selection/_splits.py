"""The splits of a comparison, made once for all its estimators."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

Split = tuple[NDArray[np.intp], NDArray[np.intp]]


def make_splits(
    cv: Any,
    X: Any,
    y: NDArray[Any],
    groups: Any,
    *,
    classes: NDArray[Any],
    codes: NDArray[np.intp],
    seed: int,
) -> tuple[list[Split], str]:
    """Return the splits as row numbers, and how they were made in words.

    Parameters
    ----------
    cv : int, splitter or iterable of (train, test)
        As `compare` takes it.
    X, y, groups : array-like of n rows
        What splitters look at.
    classes : ndarray of shape (n_classes,)
        The sorted classes.
    codes : ndarray of shape (n,)
        Position of each row's class in `classes`.
    seed : int
        For the folds of an integer `cv`, which keep groups together where there are any.

    Returns
    -------
    splits : list of (train, test)
        Arrays of row numbers.
    description : str
        How they were made.

    Raises
    ------
    ValueError
        If a class has fewer rows, or lies in fewer groups, than there are folds, or a split is empty, out of range,
        or trains on what it tests.
    TypeError
        If `cv` is none of these.
    """
    if isinstance(cv, Integral) and not isinstance(cv, bool):
        cv = _folds(int(cv), classes, codes, groups, seed)
    if hasattr(cv, "split") and not isinstance(cv, str):
        pairs, description = list(cv.split(X, y, groups)), " ".join(repr(cv).split())
    elif isinstance(cv, Iterable) and not isinstance(cv, str):
        pairs = list(cv)
        description = f"{len(pairs)} given splits"
    else:
        raise TypeError(
            f"cv={cv!r}, expected a number of folds, a splitter such as StratifiedKFold(5), or an iterable of "
            "(train, test) row numbers."
        )
    if not pairs:
        raise ValueError("cv gives no splits, expected at least one pair of training and test rows.")
    return [_checked(pair, fold, len(codes)) for fold, pair in enumerate(pairs)], description


def _folds(n_folds: int, classes: NDArray[Any], codes: NDArray[np.intp], groups: Any, seed: int) -> Any:
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    if n_folds < 2:
        raise ValueError(f"cv={n_folds}: at least 2 folds are needed, one to learn from and one to test on.")
    counts = np.bincount(codes)
    remedy = "Use fewer folds, more pictures, or leave such classes out."
    _check_not_scarce(n_folds, classes, counts, "pictures of every class", remedy)
    if groups is None:
        return StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    group_codes = _group_codes(groups, len(codes))
    # A group counts for each class that it holds pictures of: near-duplicates may have different labels.
    pairs = np.unique(np.stack([codes, group_codes]), axis=1)
    _check_not_scarce(
        n_folds,
        classes,
        np.bincount(pairs[0], minlength=len(classes)),
        "groups of every class, because a group stays in one fold",
        remedy,
    )
    return StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)


def _check_not_scarce(n_folds: int, classes: NDArray[Any], counts: NDArray[np.intp], needed: str, remedy: str) -> None:
    scarce = np.flatnonzero(counts < n_folds)
    if len(scarce):
        names = ", ".join(f"{classes.tolist()[code]!r} has {counts[code]}" for code in scarce[:5])
        raise ValueError(
            f"cv={n_folds} needs at least {n_folds} {needed}, but class {names}"
            f"{', ...' if len(scarce) > 5 else ''}. {remedy}"
        )


def _group_codes(groups: Any, n: int) -> NDArray[np.intp]:
    array = np.asarray(groups)
    if array.shape != (n,):
        raise ValueError(f"groups has shape {array.shape}, expected one group for each of the {n} pictures, ({n},).")
    if array.dtype.kind in "Of" and any(group is None or group != group for group in array.tolist()):
        raise ValueError("groups has missing entries. A picture that belongs to no other needs a group of its own.")
    try:
        return np.unique(array, return_inverse=True)[1]
    except TypeError as error:
        kinds = sorted({type(group).__name__ for group in array.tolist()})
        raise ValueError(f"groups mixes entries of the types {', '.join(kinds)}: use one of them.") from error


def _checked(pair: Any, fold: int, n: int) -> Split:
    try:
        train, test = (_row_numbers(rows, n) for rows in pair)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"Split {fold} of cv is no pair of training and test rows (row numbers below {n}, or masks of length {n}): "
            f"{error}."
        ) from error
    for name, rows in (("training", train), ("test", test)):
        if not len(rows):
            raise ValueError(f"Split {fold} of cv has no {name} rows.")
    both = np.intersect1d(train, test)
    if len(both):
        raise ValueError(
            f"Split {fold} of cv tests on {len(both)} of the rows it trains on, the first of them row {both[0]}. Such "
            "a test measures memory: keep training and test rows apart."
        )
    return train, test


def _row_numbers(rows: Any, n: int) -> NDArray[np.intp]:
    array = np.asarray(rows)
    if array.size == 0:
        return np.empty(0, dtype=np.intp)
    if array.ndim != 1:
        raise ValueError(f"got an array of shape {array.shape}")
    if array.dtype.kind == "b":
        if len(array) != n:
            raise ValueError(f"got a mask of length {len(array)}")
        return np.flatnonzero(array)
    if array.dtype.kind not in "ui":
        raise ValueError(f"got values of dtype {array.dtype}")
    if int(array.min()) < 0 or int(array.max()) >= n:
        raise ValueError(f"got rows from {array.min()} to {array.max()}")
    return array.astype(np.intp)
