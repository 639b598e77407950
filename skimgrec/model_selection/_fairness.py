"""What would make a comparison unfair, looked for before anything is fitted."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skimgrec.utils import LazyImages

Split = tuple[NDArray[np.intp], NDArray[np.intp]]

NEAR_DUPLICATES = ("say", "ignore", "group")
# Equal rows of fewer numbers are no copies of a picture.
_FEWEST_FEATURES = 16
_FEWEST_ROWS = 10
# Scaling to 0..1 leaves more distinct values than the levels of a picture that was divided by 255.
_LEVELS = 256
_TRIED_COLUMNS = 64
_MOST_NAMES = 5


def check_near_duplicates(near_duplicates: str, groups: Any) -> None:
    """Raise an error if what is to be done about near duplicates is none of the choices, or contradicts `groups`."""
    if near_duplicates not in NEAR_DUPLICATES:
        raise ValueError(f"near_duplicates={near_duplicates!r}, expected 'say', 'ignore' or 'group'.")
    if near_duplicates == "group" and groups is not None:
        raise ValueError(
            "near_duplicates='group' makes groups of copies, but groups is given as well. Leave one of them out, or "
            "join the two yourself: check_images(X, y).groups are those of copies."
        )


def groups_of_copies(X: Any, *, n_jobs: int | None = None) -> NDArray[np.int64] | None:
    """Return the group of each picture: equal for pictures that are copies of one another.

    Parameters
    ----------
    X : array-like of n rows
        Pictures, a lazy batch of them, or paths of their files, among which near copies are found as `check_images`
        finds them. Of flattened pictures, equal ones are.
    n_jobs : int, default=None
        Threads.

    Returns
    -------
    groups : ndarray of shape (n,), int64, or None
        None where `X` holds no pictures.
    """
    from skimgrec.datasets import check_images
    from skimgrec.datasets._duplicates import connected

    if isinstance(X, LazyImages) or (isinstance(X, np.ndarray) and X.ndim in (3, 4)) or _are_paths(X):
        # Pictures that break the contract fail in each estimator, with the reason.
        with suppress(ValueError, TypeError):
            return check_images(X, n_jobs=n_jobs).groups
        return None
    if not isinstance(X, np.ndarray) or X.ndim != 2 or X.dtype.kind not in "buif" or X.shape[1] < _FEWEST_FEATURES:
        return None
    first_of: dict[bytes, int] = {}
    # Digests, because the rows themselves would take as much memory as all pictures.
    digests = (hashlib.blake2b(row.tobytes(), digest_size=16).digest() for row in X)
    first = [first_of.setdefault(digest, number) for number, digest in enumerate(digests)]
    return connected(np.column_stack([first, np.arange(len(X))]), len(X))


def _are_paths(X: Any) -> bool:
    if not isinstance(X, (list, np.ndarray)) or not len(X) or (isinstance(X, np.ndarray) and X.ndim != 1):
        return False
    return isinstance(X[0], (str, os.PathLike)) and os.path.isfile(X[0])


def groups_to_keep(groups: NDArray[np.int64] | None, X: Any) -> NDArray[np.int64] | None:
    """Return the groups that the folds are to keep together, None where no picture is the copy of another.

    Parameters
    ----------
    groups : ndarray of shape (n,) or None
        Of copies, as `groups_of_copies` gives them.
    X : array-like of n rows
        The pictures.

    Returns
    -------
    groups : ndarray of shape (n,) or None

    Raises
    ------
    ValueError
        If copies could not be looked for.
    """
    if groups is None:
        raise ValueError(
            f"near_duplicates='group' looks for copies among pictures, but X is a {type(X).__name__}"
            f"{f' of shape {X.shape}' if hasattr(X, 'shape') else ''}. Give pictures (n, h, w) or (n, h, w, c), or "
            "give groups of your own."
        )
    return groups if len(np.unique(groups)) < len(groups) else None


def n_seen_in_training(groups: ArrayLike, splits: Iterable[Split]) -> int:
    """Return how many pictures are tested on in a split that trains on another one of their group."""
    codes = np.asarray(groups)
    seen: set[int] = set()
    for train, test in splits:
        seen.update(test[np.isin(codes[test], codes[train])].tolist())
    return len(seen)


def note_on_copies(groups: NDArray[np.int64] | None, splits: Sequence[Split]) -> list[str]:
    """Say how many test pictures have a copy among those learnt from."""
    n_seen = 0 if groups is None else n_seen_in_training(groups, splits)
    if not n_seen:
        return []
    n_tested = len({row for _, test in splits for row in test.tolist()})
    return [
        f"{n_seen:,} of {n_tested:,} test pictures {'has' if n_seen == 1 else 'have'} a copy, exact or near, among the "
        "pictures learnt from, which makes scores too high. near_duplicates='group' (--near-duplicates group) keeps "
        "copies in one fold; of a split that is given, take them out of its test pictures."
    ]


def note_on_groups(groups: NDArray[np.intp] | None, splits: Sequence[Split], cv: str) -> list[str]:
    """Say how many test pictures share a group that was given with those learnt from, where `cv` takes no groups."""
    n_seen = 0 if groups is None else n_seen_in_training(groups, splits)
    if not n_seen:
        return []
    n_tested = len({row for _, test in splits for row in test.tolist()})
    return [
        f"{n_seen:,} of {n_tested:,} test pictures {'shares' if n_seen == 1 else 'share'} a group with pictures learnt "
        f"from, because cv ({cv}) pays no heed to groups. Where pictures of a group are alike, this makes scores too "
        "high. A number of folds, 'holdout' or a splitter such as StratifiedGroupKFold(5) keeps a group in one fold."
    ]


def classes_not_taught(splits: Iterable[Split], codes: NDArray[np.intp]) -> list[list[int]]:
    """Return the classes that each split tests on without a picture of them to learn from, as positions."""
    return [np.setdiff1d(codes[test], codes[train]).tolist() for train, test in splits]


def note_on_classes(
    not_taught: Sequence[Sequence[int]], splits: Sequence[Split], classes: NDArray[Any], codes: NDArray[np.intp]
) -> list[str]:
    """Say how many test pictures are of a class of which their split has none to learn from."""
    pairs = list(zip(not_taught, splits, strict=True))
    rows = {row for missing, (_, test) in pairs for row in test[np.isin(codes[test], missing)].tolist()}
    if not rows:
        return []
    names = [repr(classes.tolist()[code]) for code in sorted({code for missing in not_taught for code in missing})]
    named = ", ".join([*names[:_MOST_NAMES], *(["..."] if len(names) > _MOST_NAMES else [])])
    n_splits = sum(map(bool, not_taught))
    where = f"{n_splits} of {len(splits)} training parts lack" if len(splits) > 1 else "The training part lacks"
    return [
        f"{where} a class that is tested on ({named}): no classifier can know it, so that {len(rows):,} test "
        f"picture{'s' if len(rows) > 1 else ''} of such classes count as wrong for all. label_errors leaves them out."
    ]


def groups_of_several(groups: NDArray[Any] | None) -> list[int] | None:
    """Return the group of each picture as a list, None if no two pictures share one."""
    if groups is None or len(np.unique(groups)) == len(groups):
        return None
    return groups.tolist()


def check_groups_are_kept(groups: NDArray[np.int64] | None, splits: Sequence[Split], cv: str) -> None:
    """Raise an error if the splits separate copies that `near_duplicates="group"` was to keep together."""
    n_seen = 0 if groups is None else n_seen_in_training(groups, splits)
    if n_seen:
        raise ValueError(
            f"near_duplicates='group', but cv ({cv}) pays no heed to groups: {n_seen} test pictures have a copy among "
            "those learnt from. Give a number of folds, 'holdout', or a splitter such as StratifiedGroupKFold(5)."
        )


def notes_on_estimators(estimators: Mapping[str, Any]) -> list[str]:
    """Say which estimators hold a part that was fitted before the folds were made."""
    from sklearn.frozen import FrozenEstimator

    frozen = [
        name
        for name, estimator in estimators.items()
        if any(isinstance(part, FrozenEstimator) for part in _parameters(estimator).values())
    ]
    return [
        f"{name} holds a FrozenEstimator, which was fitted outside the folds, perhaps on the pictures that it is "
        "tested on here. Its scores count only if it never saw them."
        for name in frozen
    ]


def check_inner_splits(estimators: Mapping[str, Any], splits: Sequence[Split]) -> None:
    """Raise an error if an estimator, such as a search, splits by row numbers that are not those of its training rows.

    Parameters
    ----------
    estimators : dict of str to estimator
        What is compared.
    splits : list of (train, test)
        The splits.

    Raises
    ------
    ValueError
        If a part has a `cv` that lists rows, and there is more than one split, or its rows are not those that the only
        split trains on.
    """
    for name, estimator in estimators.items():
        for key, cv in _parameters(estimator).items():
            if key.split("__")[-1] != "cv":
                continue
            n_listed = _n_rows_listed(cv)
            if n_listed is not None and (len(splits) > 1 or n_listed != len(splits[0][0])):
                raise ValueError(
                    f"{name} has {key}={type(cv).__name__}, which lists rows by their numbers. They would be other "
                    "pictures in each fold, because it is given the fold's training pictures alone. Use a number of "
                    "folds or a splitter such as StratifiedKFold(3, shuffle=True, random_state=0)."
                )


def _parameters(estimator: Any) -> dict[str, Any]:
    """Return an estimator and all of its parameters by name, those of its parts included."""
    with suppress(Exception):  # somebody else's get_params fails again in clone, and is reported then
        return {"": estimator, **estimator.get_params(deep=True)}
    return {"": estimator}


def _n_rows_listed(cv: Any) -> int | None:
    """Return how many rows a `cv` made for certain rows speaks of; None if it would split any rows."""
    from sklearn.model_selection import PredefinedSplit

    if isinstance(cv, PredefinedSplit):
        return len(cv.test_fold)
    if not isinstance(cv, (list, tuple)):
        return None
    with suppress(Exception):  # what is no list of pairs fails in fit, and is reported then
        return len({int(row) for pair in cv for rows in pair for row in _numbers(rows)})
    return None


def _numbers(rows: Any) -> NDArray[Any]:
    array = np.asarray(rows)
    return np.arange(len(array)) if array.dtype.kind == "b" else array


def note_on_scaling(X: Any) -> list[str]:
    """Say where the features bear the marks of a scaler that was fitted on all rows, those of the tests included."""
    if type(X).__module__.partition(".")[0] == "pandas" and all(dtype.kind == "f" for dtype in X.dtypes):
        X = X.to_numpy()
    if not isinstance(X, np.ndarray) or X.dtype.kind != "f" or X.ndim < 2 or len(X) < _FEWEST_ROWS:
        return []
    columns = X.reshape(len(X), -1)
    tolerance = 1e-6 if X.dtype.itemsize >= 8 else 1e-3
    for scaler, seen, holds in (
        ("StandardScaler", "mean 0 and standard deviation 1", _is_standardised),
        ("MinMaxScaler", "a range of exactly 0 to 1", _is_min_max_scaled),
    ):
        # Most data fail on a few columns; those at the border of pictures may be constant.
        few = columns[:, :: max(1, columns.shape[1] // _TRIED_COLUMNS)]
        if holds(few, tolerance) and holds(columns, tolerance):
            return [
                f"Every feature has {seen} over all pictures, as if scaled before the folds were made: what is learnt "
                f"then knows of the test pictures. Put {scaler} into a Pipeline with the classifier instead."
            ]
    return []


def _is_standardised(columns: NDArray[Any], tolerance: float) -> bool:
    spread, centre = columns.std(axis=0, dtype=np.float64), columns.mean(axis=0, dtype=np.float64)
    varies = spread > tolerance
    return bool(
        varies.sum() > 1 and (np.abs(centre) <= tolerance).all() and (np.abs(spread[varies] - 1) <= tolerance).all()
    )


def _is_min_max_scaled(columns: NDArray[Any], tolerance: float) -> bool:
    low, high = columns.min(axis=0), columns.max(axis=0)
    varies = high > low
    if varies.sum() < 2 or not (np.abs(low[varies]) <= 1e-6).all() or not (np.abs(high[varies] - 1) <= 1e-6).all():
        return False
    return len(np.unique(columns[:, varies][:, :_TRIED_COLUMNS])) > _LEVELS
