"""A smaller data set with the same share of every class."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def stratified_subset(y: ArrayLike, size: int, *, random_state: int | None = None) -> NDArray[np.intp]:
    """Return which rows to keep so that `size` remain and every class keeps its share.

    Unlike `sklearn.model_selection.train_test_split`, it has no lower limit on the rows left out.

    Parameters
    ----------
    y : array-like of shape (n,)
        Class of each row.
    size : int
        How many rows to keep, at least one for each class and at most n.
    random_state : int, default=None
        Seed of the choice within each class; None draws another one at each call.

    Returns
    -------
    rows : ndarray of shape (size,)
        Row numbers in ascending order.

    Raises
    ------
    ValueError
        If `size` is smaller than the number of classes, or larger than n.

    Examples
    --------
    >>> from skimgrec.datasets import stratified_subset
    >>> y = ["cat"] * 60 + ["dog"] * 30
    >>> rows = stratified_subset(y, 9, random_state=0)
    >>> [y[row] for row in rows].count("cat"), len(rows)
    (6, 9)
    """
    classes, codes, counts = np.unique(np.asarray(y), return_inverse=True, return_counts=True)
    if not len(classes) <= size <= len(codes):
        raise ValueError(
            f"A part of {size} pictures was asked for: it needs at least one for each of the {len(classes)} classes, "
            f"and at most the {len(codes)} there are."
        )
    rng = np.random.default_rng(random_state)
    kept = [
        rng.choice(np.flatnonzero(codes == code), share, replace=False)
        for code, share in enumerate(_shares(counts, size))
    ]
    return np.sort(np.concatenate(kept))


def _shares(counts: NDArray[Any], size: int) -> NDArray[np.intp]:
    """Split `size` in proportion to `counts` by largest remainders, at least one for each class."""
    # Every class has its one row before the rest is shared out, so that rare classes never vanish.
    exact = 1 + (counts - 1) * ((size - len(counts)) / max(counts.sum() - len(counts), 1))
    shares = np.floor(exact + 1e-9).astype(np.intp)
    left = size - shares.sum()
    shares[np.argsort(shares - exact, kind="stable")[:left]] += 1
    return shares
