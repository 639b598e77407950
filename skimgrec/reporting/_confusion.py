"""Which classes are taken for which: the confusion matrix, its cells, and what to show of it where classes are many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.intp]


def confusion_counts(target: Codes, predicted: Codes, n_classes: int) -> NDArray[np.int64]:
    """Return how often each class was predicted as each.

    Parameters
    ----------
    target : ndarray of shape (n,)
        The true classes as positions.
    predicted : ndarray of shape (n,)
        The predicted ones; -1 is a label that is no class.
    n_classes : int
        How many classes there are.

    Returns
    -------
    counts : ndarray of shape (n_classes, n_classes + 1), int64
        Row by true class; the last column has the labels that are no class.

    Examples
    --------
    >>> import numpy as np
    >>> confusion_counts(np.array([0, 0, 1, 1]), np.array([0, 1, 1, -1]), 2).tolist()
    [[1, 1, 0], [0, 1, 1]]
    """
    width = n_classes + 1
    columns = np.where(predicted < 0, n_classes, predicted)
    return np.bincount(target * width + columns, minlength=n_classes * width).reshape(n_classes, width)


@dataclass(frozen=True)
class Entry:
    """A picture in a cell of the confusion matrix.

    Parameters
    ----------
    row : int
        Of the picture in the data.
    times : int
        How many predictions put it there; above 1 only where folds are repeated.
    of_target, of_predicted : float or None
        The mean probability of its class, and of the predicted one.
    """

    row: int
    times: int
    of_target: float | None
    of_predicted: float | None


def cell_entries(
    target: Codes,
    predicted: Codes,
    probabilities: NDArray[np.floating] | None,
    rows: Codes,
    n_classes: int,
) -> dict[tuple[int, int], list[Entry]]:
    """Return the pictures in each cell of the confusion matrix that has any, the surest first.

    Parameters
    ----------
    target, predicted : ndarray of shape (n,)
        True and predicted classes as positions; a predicted -1 is a label that is no class.
    probabilities : ndarray of shape (n, n_classes) or None
        Of each class. Without them, pictures are in the order of their rows.
    rows : ndarray of shape (n,)
        The row of each prediction's picture.
    n_classes : int
        How many classes there are.

    Returns
    -------
    cells : dict of (true, predicted) to list of Entry
        A label that is no class has the position `n_classes`. Predictions of one picture in one cell are one entry.
    """
    if not len(target):
        return {}
    columns = np.where(predicted < 0, n_classes, predicted)
    cells = target * (n_classes + 1) + columns
    span = int(rows.max()) + 1
    merged, place = np.unique(cells * span + rows, return_inverse=True)
    times = np.bincount(place, minlength=len(merged))
    cell, row = np.divmod(merged, span)
    of_target = of_predicted = None
    order = np.arange(len(merged))
    if probabilities is not None:
        each = np.arange(len(target))
        of_target = np.bincount(place, probabilities[each, target], len(merged)) / times
        # What is no class has no probability.
        sure = np.where(predicted < 0, 0.0, probabilities[each, np.maximum(predicted, 0)])
        of_predicted = np.bincount(place, sure, len(merged)) / times
        order = np.lexsort((row, -of_predicted, cell))
    found: dict[tuple[int, int], list[Entry]] = {}
    for i in order.tolist():
        true, column = divmod(int(cell[i]), n_classes + 1)
        known = None if of_predicted is None or column == n_classes else float(of_predicted[i])
        entry = Entry(int(row[i]), int(times[i]), None if of_target is None else float(of_target[i]), known)
        found.setdefault((true, column), []).append(entry)
    return found


def largest_cap(sizes: Sequence[int], most_each: int, most_in_all: int) -> int:
    """Return how many of each of several lists may be shown, so that all together are not too many; at least one.

    Examples
    --------
    >>> largest_cap([30, 5, 1], 24, 100), largest_cap([30, 5, 1], 24, 10), largest_cap([1] * 50, 24, 10)
    (24, 4, 1)
    """
    for cap in range(most_each, 1, -1):
        if sum(min(size, cap) for size in sizes) <= most_in_all:
            return cap
    return 1


def confused_pairs(counts: NDArray[np.int64], n_most: int) -> list[tuple[int, int, int]]:
    """Return (true, predicted, count) of the commonest mistakes, the commonest first.

    Examples
    --------
    >>> import numpy as np
    >>> confused_pairs(np.array([[5, 2, 0], [3, 9, 1]]), 2)
    [(1, 0, 3), (0, 1, 2)]
    """
    mistakes = counts.copy()
    np.fill_diagonal(mistakes, 0)
    flat = mistakes.ravel()
    order = np.argsort(-flat, kind="stable")[:n_most]
    return [(*divmod(int(i), counts.shape[1]), int(flat[i])) for i in order if flat[i]]


@dataclass(frozen=True)
class CoarseMatrix:
    """A confusion matrix of groups of classes.

    Parameters
    ----------
    groups : list of list of int
        The classes of each group.
    counts : ndarray of shape (n_groups, n_groups), int64
        Predictions of the classes of one group as one of another; labels that are no class are left out.
    mistakes_within : list of int
        How many of the predictions that stay in the group are wrong.
    """

    groups: list[list[int]]
    counts: NDArray[np.int64]
    mistakes_within: list[int]


def coarse_matrix(counts: NDArray[np.int64], n_groups: int) -> CoarseMatrix:
    """Return a confusion matrix of groups of classes that are often taken for one another.

    Classes are brought into the order of the leaves of an average-linkage tree, by the share of predictions that
    confuse two of them, and cut into groups of about the same number of classes.

    Parameters
    ----------
    counts : ndarray of shape (n_classes, n_classes + 1)
        As `confusion_counts` gives it.
    n_groups : int
        How many groups to make at most.

    Returns
    -------
    matrix : CoarseMatrix
        Groups with their classes in order.
    """
    square = counts[:, :-1].astype(np.float64)
    order = _alike_together(square)
    groups = [sorted(part.tolist()) for part in np.array_split(order, min(n_groups, len(square)))]
    member = np.zeros((len(groups), len(square)))
    for number, group in enumerate(groups):
        member[number, group] = 1
    coarse = np.rint(member @ square @ member.T).astype(np.int64)
    right = np.rint(member @ np.diag(square)).astype(np.int64)
    return CoarseMatrix(groups, coarse, (np.diag(coarse) - right).tolist())


def _alike_together(square: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the classes in an order in which those that are confused lie side by side."""
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    if len(square) < 2:
        return np.arange(len(square))
    totals = square.sum(axis=1, keepdims=True)
    shares = np.divide(square, totals, out=np.zeros_like(square), where=totals > 0)
    distance = 2.0 - shares - shares.T
    np.fill_diagonal(distance, 0)
    return leaves_list(linkage(squareform(distance, checks=False), "average"))
