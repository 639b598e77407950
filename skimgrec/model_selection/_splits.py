"""The splits of a comparison, made once for all its estimators."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.datasets import stratified_subset

Split = tuple[NDArray[np.intp], NDArray[np.intp]]

# "holdout" tests on one picture in so many.
_HELD_OUT = 5
# How the description of splits begins, where pictures have theirs.
OWN_SPLIT = "the data's own split"
_NEEDED = {"train": "learn from", "test": "test on"}


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
    cv : int, "holdout", splitter, iterable of (train, test), or array-like of n strings
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
    if isinstance(cv, str) and cv == "holdout":
        pairs, description = _holdout(classes, codes, groups, seed)
    elif hasattr(cv, "split") and not isinstance(cv, str):
        pairs, description = list(cv.split(X, y, groups)), " ".join(repr(cv).split())
    elif (names := _split_names(cv, len(codes))) is not None:
        pairs, description = _own_split(names)
    elif isinstance(cv, Iterable) and not isinstance(cv, str):
        pairs = list(cv)
        description = f"{len(pairs)} given splits"
    else:
        raise TypeError(
            f"cv={cv!r}, expected a number of folds, 'holdout', a splitter such as StratifiedKFold(5), an iterable of "
            "(train, test) row numbers, or the split of each picture, 'train' or 'test'."
        )
    if not pairs:
        raise ValueError("cv gives no splits, expected at least one pair of training and test rows.")
    return [_checked(pair, fold, len(codes)) for fold, pair in enumerate(pairs)], description


def _holdout(classes: NDArray[Any], codes: NDArray[np.intp], groups: Any, seed: int) -> tuple[list[Split], str]:
    """Hold a fifth of the rows out, as the first of five folds."""
    folds = _folds(_HELD_OUT, classes, codes, groups, seed)
    return [next(iter(folds.split(codes, codes, groups)))], f"one in {_HELD_OUT} held out, the first of {folds!r}"


def _split_names(cv: Any, n: int) -> NDArray[Any] | None:
    """Return the name of each row's split, if that is what `cv` gives."""
    if isinstance(cv, str) or not hasattr(cv, "__len__") or len(cv) != n:
        return None
    if not all(isinstance(name, str) for name in (cv.tolist() if hasattr(cv, "tolist") else cv)):
        return None
    return np.asarray(cv, dtype=str)


def _own_split(names: NDArray[Any]) -> tuple[list[Split], str]:
    unknown = sorted(set(names.tolist()) - {"train", "val", "test"})
    if unknown:
        raise ValueError(f"cv holds the split {unknown[0]!r}, expected 'train', 'test' or 'val' for each picture.")
    missing = [name for name in ("train", "test") if name not in names]
    if missing:
        raise ValueError(f"cv puts no picture in the split {missing[0]!r}: there is nothing to {_NEEDED[missing[0]]}.")
    n_aside = int((names == "val").sum())
    aside = f", {n_aside} validation pictures left aside" if n_aside else ""
    return [(np.flatnonzero(names == "train"), np.flatnonzero(names == "test"))], f"{OWN_SPLIT}{aside}"


def _folds(n_folds: int, classes: NDArray[Any], codes: NDArray[np.intp], groups: Any, seed: int) -> Any:
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    if n_folds < 2:
        raise ValueError(f"cv={n_folds}: at least 2 folds are needed, one to learn from and one to test on.")
    counts = np.bincount(codes)
    remedy = "Use fewer folds, more pictures, or leave such classes out."
    _check_not_scarce(n_folds, classes, counts, "pictures of every class", remedy)
    if groups is None:
        return StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    numbers = group_codes(groups, len(codes))
    # A group counts for each class that it holds pictures of: near-duplicates may have different labels.
    pairs = np.unique(np.stack([codes, numbers]), axis=1)
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


def group_codes(groups: Any, n: int) -> NDArray[np.intp]:
    """Return the groups of n pictures, numbered from 0.

    Parameters
    ----------
    groups : array-like of shape (n,)
        As `compare` takes them.
    n : int
        How many pictures there are.

    Returns
    -------
    codes : ndarray of shape (n,)

    Raises
    ------
    ValueError
        If `groups` has another shape, missing entries, or entries that cannot be put in order.
    """
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


def nested_parts(
    train: NDArray[np.intp], sizes: Sequence[int | float], codes: NDArray[np.intp], *, seed: int
) -> dict[int | float, NDArray[np.intp]]:
    """Return parts of a split's training rows, each a stratified part of the next larger one.

    Parameters
    ----------
    train : ndarray of int
        The training rows.
    sizes : sequence of int or float
        Numbers of rows, or shares of them, smallest first.
    codes : ndarray of shape (n,)
        Class of each row of the data. Each class keeps its share, and at least one row.
    seed : int
        Seeds the choice.

    Returns
    -------
    parts : dict of int or float to ndarray of int
        Row numbers for each size.
    """
    parts = {}
    part = train
    for size in reversed(sizes):
        n_rows = round(size * len(train)) if isinstance(size, float) else size
        n_rows = max(n_rows, len(np.unique(codes[train])))
        part = part[stratified_subset(codes[part], min(n_rows, len(part)), random_state=seed)]
        parts[size] = part
    return dict(reversed(parts.items()))


def checked_train_sizes(sizes: Any, splits: list[Split]) -> list[int | float]:
    """Return the sizes of a learning curve below the whole, smallest first.

    Parameters
    ----------
    sizes : array-like of int or float, or None
        Numbers of rows, or shares of the training rows of a split above 0 and up to 1.
    splits : list of (train, test)
        The splits.

    Returns
    -------
    sizes : list of int or float
        Without those that are all of a split's training rows.

    Raises
    ------
    ValueError
        If one is out of range.
    """
    if sizes is None:
        return []
    most = min(len(train) for train, _ in splits)
    checked: set[int | float] = set()
    # As one array, numbers of pictures beside shares would become shares.
    entries = sizes if isinstance(sizes, (list, tuple)) else np.atleast_1d(np.asarray(sizes)).tolist()
    for entry in entries:
        size = entry.item() if isinstance(entry, np.generic) else entry
        whole = isinstance(size, int) and not isinstance(size, bool)
        if not (whole and 1 <= size <= most) and not (isinstance(size, float) and 0 < size <= 1):
            raise ValueError(
                f"train_sizes has {size!r}, expected shares above 0 and up to 1.0, or numbers of pictures from 1 to "
                f"{most}, which the smallest training part has."
            )
        if size not in (1.0, most) or (size == 1 and whole and most > 1):
            checked.add(size)
    return sorted(checked, key=lambda size: size if isinstance(size, float) else size / most)
