"""Which pictures models get wrong: one of them, all of them, and where two disagree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skimgrec.reporting._confusion import Entry

# What a picture has for an answer that no fold tested on; -1 is a label that is no class.
NOT_TESTED = -2


def surest_mistakes(cells: Mapping[tuple[int, int], Sequence[Entry]], n_most: int) -> list[tuple[int, int, Entry]]:
    """Return (true, predicted, picture) of mistakes, those made with the highest probability first.

    Parameters
    ----------
    cells : dict of (true, predicted) to list of Entry
        As `cell_entries` gives it.
    n_most : int
        How many to return at most.

    Returns
    -------
    mistakes : list of (int, int, Entry)
        Without probabilities in the order of the rows; labels that are no class come last.
    """
    wrong = [(true, column, entry) for (true, column), some in cells.items() if true != column for entry in some]
    wrong.sort(key=lambda one: (one[2].of_predicted is None, -(one[2].of_predicted or 0.0), one[2].row))
    return wrong[:n_most]


@dataclass(frozen=True)
class PictureAnswers:
    """What one model answers about each picture, its predictions in repeated folds taken together.

    Parameters
    ----------
    times : ndarray of shape (n,), int
        How many predictions were made of it.
    right : ndarray of shape (n,), int
        How many of them are right.
    answer : ndarray of shape (n,), int
        The class that was predicted most often, the first of those that tie; -1 for a label that is no class, and
        `NOT_TESTED`.
    of_target : ndarray of shape (n,) or None
        The mean probability of its class, NaN where it was not tested.
    of_answer : ndarray of shape (n,) or None
        That of the answer, NaN where it was not tested or is no class.
    """

    times: NDArray[np.int64]
    right: NDArray[np.int64]
    answer: NDArray[np.int64]
    of_target: NDArray[np.float64] | None
    of_answer: NDArray[np.float64] | None


def picture_answers(
    target: NDArray[np.intp],
    predicted: NDArray[np.intp],
    probabilities: NDArray[np.floating] | None,
    rows: NDArray[np.intp],
    n_samples: int,
) -> PictureAnswers:
    """Bring a model's predictions together, picture by picture.

    Parameters
    ----------
    target, predicted : ndarray of shape (n,)
        True and predicted classes as positions.
    probabilities : ndarray of shape (n, n_classes) or None
        Of each class.
    rows : ndarray of shape (n,)
        The row of each prediction's picture.
    n_samples : int
        How many pictures there are.

    Returns
    -------
    answers : PictureAnswers
        One for each picture.

    Examples
    --------
    >>> import numpy as np
    >>> found = picture_answers(np.array([1, 1, 1]), np.array([0, 1, 0]), None, np.array([2, 2, 2]), 3)
    >>> found.times.tolist(), found.right.tolist(), found.answer.tolist()
    ([0, 0, 3], [0, 0, 1], [-2, -2, 0])
    """
    times = np.bincount(rows, minlength=n_samples)
    right = np.bincount(rows[target == predicted], minlength=n_samples)
    answer = np.full(n_samples, NOT_TESTED, np.int64)
    if not len(rows):
        nothing = None if probabilities is None else np.full(n_samples, np.nan)
        return PictureAnswers(times, right, answer, nothing, nothing)
    span = int(max(predicted.max(), 0)) + 2
    votes, counts = np.unique(rows * span + predicted + 1, return_counts=True)
    row, code = np.divmod(votes, span)
    order = np.lexsort((code, -counts, row))
    first = order[np.flatnonzero(np.diff(row[order], prepend=-1))]
    answer[row[first]] = code[first] - 1
    if probabilities is None:
        return PictureAnswers(times, right, answer, None, None)
    each, given = np.arange(len(rows)), answer[rows]
    means = []
    for codes in (target, np.maximum(given, 0)):
        sums = np.bincount(rows, probabilities[each, codes], n_samples)
        means.append(np.divide(sums, times, out=np.full(n_samples, np.nan), where=times > 0))
    means[1][answer < 0] = np.nan
    return PictureAnswers(times, right, answer, means[0], means[1])


def all_wrong(answers: Sequence[PictureAnswers]) -> tuple[NDArray[np.intp], int]:
    """Return the pictures that no model ever gets right.

    Parameters
    ----------
    answers : sequence of PictureAnswers, not empty
        Of each model.

    Returns
    -------
    rows : ndarray of int
        Those that every prediction of every model is wrong about; where probabilities are known, by rising mean
        probability of their class.
    n_tested : int
        How many pictures every model was tested on.
    """
    tested = np.logical_and.reduce([one.times > 0 for one in answers])
    wrong = np.logical_and.reduce([one.right == 0 for one in answers])
    rows = np.flatnonzero(tested & wrong)
    known = [one.of_target[rows] for one in answers if one.of_target is not None]
    if known:
        rows = rows[np.argsort(np.mean(known, axis=0), kind="stable")]
    return rows, int(tested.sum())


@dataclass(frozen=True)
class Disagreement:
    """Where two models give different answers.

    Parameters
    ----------
    only_first, only_second, neither : ndarray of int
        The pictures that the first alone has right, the second alone, and neither; surest first, by the probabilities
        of both answers, where they are known.
    n_tested : int
        How many pictures both were tested on.
    """

    only_first: NDArray[np.intp]
    only_second: NDArray[np.intp]
    neither: NDArray[np.intp]
    n_tested: int

    @property
    def count(self) -> int:
        """How many pictures they disagree on."""
        return len(self.only_first) + len(self.only_second) + len(self.neither)


def disagreement(first: PictureAnswers, second: PictureAnswers, target: NDArray[np.intp]) -> Disagreement:
    """Return the pictures on which two models disagree.

    Parameters
    ----------
    first, second : PictureAnswers
        What each answers.
    target : ndarray of shape (n_samples,)
        The class of each picture.

    Returns
    -------
    disagreement : Disagreement
        By the answer that each gives most often.
    """
    tested = (first.times > 0) & (second.times > 0)
    differ = tested & (first.answer != second.answer)
    sure = np.zeros(len(target))
    for one in (first, second):
        if one.of_answer is not None:
            sure += np.nan_to_num(one.of_answer)

    def picked(mask: NDArray[np.bool_]) -> NDArray[np.intp]:
        rows = np.flatnonzero(mask)
        return rows[np.argsort(-sure[rows], kind="stable")]

    return Disagreement(
        only_first=picked(differ & (first.answer == target)),
        only_second=picked(differ & (second.answer == target)),
        neither=picked(differ & (first.answer != target) & (second.answer != target)),
        n_tested=int(tested.sum()),
    )
