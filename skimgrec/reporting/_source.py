"""What a report is made from, and what several of its sections ask of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.model_selection._pairwise import Pair, pairs_of
from skimgrec.model_selection._result import ComparisonResult
from skimgrec.model_selection._standings import Standing
from skimgrec.model_selection._text import printable


@dataclass(frozen=True, kw_only=True)
class OutOfFold:
    """What a classifier answered about pictures that it had not learnt from, by picture and then by fold.

    Parameters
    ----------
    rows, folds : ndarray of int, shape (n_answers,)
        Row number of each picture in the data, and the fold that tested on it. Where folds are repeated, a picture has
        several answers.
    true, predicted : ndarray of int, shape (n_answers,)
        Position of its class, and of the answer, among the classes; an answer of -1 is none of them.
    probabilities : ndarray of shape (n_answers, n_classes) or None
        None unless they were kept in every fold, and are numbers all of them.
    """

    rows: NDArray[np.intp]
    folds: NDArray[np.intp]
    true: NDArray[np.intp]
    predicted: NDArray[np.intp]
    probabilities: NDArray[np.float32] | None


@dataclass(frozen=True, kw_only=True)
class ReportSource:
    """A comparison, and what a report shows beside it.

    Parameters
    ----------
    result : ComparisonResult
        The comparison.
    pictures : array-like of n pictures, lazy batch or None, default=None
        The pictures that were compared on, row by row. None shows none.
    command : str or None, default=None
        How to repeat the comparison.
    """

    result: ComparisonResult
    pictures: Any = None
    command: str | None = None

    @cached_property
    def standings(self) -> list[Standing]:
        """Each estimator's means and spreads, best first."""
        return self.result.standings()

    def models(self) -> list[str]:
        """Return the names of the estimators, best first."""
        return [standing.estimator for standing in self.standings]

    @property
    def metric(self) -> str:
        """The metric that decides."""
        return self.result.metrics[0]

    @cached_property
    def pairs(self) -> list[Pair]:
        """Every pair of estimators, tested in the metric that decides."""
        return pairs_of(self.result, self.metric) if self.result.rows else []

    @cached_property
    def verdict(self) -> str:
        """The outcome in words."""
        return self.result.verdict()

    @cached_property
    def class_names(self) -> list[str]:
        """The classes in text that is safe to print."""
        return [printable(name) for name in self.result.class_names]

    def class_name(self, code: int) -> str:
        """Return the name of the class at a position, in words where an answer was none of the classes."""
        return self.class_names[code] if code >= 0 else "(none of the classes)"

    def file_name(self, row: int) -> str:
        """Return the name of a picture's file, its row number where there is none."""
        names = self.result.filenames
        return f"picture {row}" if names is None else printable(names[row])

    @cached_property
    def _answers(self) -> dict[str, OutOfFold | None]:
        return {}

    def out_of_fold(self, name: str) -> OutOfFold | None:
        """Return an estimator's answers about the pictures it had not learnt from, None if there are none."""
        if name not in self._answers:
            self._answers[name] = _out_of_fold(self.result, name)
        return self._answers[name]


def _out_of_fold(result: ComparisonResult, name: str) -> OutOfFold | None:
    rows = [
        row
        for row in result.rows
        if row.estimator == name
        and row.predicted
        and row.fold < len(result.test_rows)
        and len(row.predicted) == len(result.test_rows[row.fold])
    ]
    if not rows or not result.target:
        return None
    tested = np.concatenate([np.asarray(result.test_rows[row.fold], dtype=np.intp) for row in rows])
    folds = np.repeat([row.fold for row in rows], [len(row.predicted or []) for row in rows])
    predicted = np.concatenate([np.asarray(row.predicted, dtype=np.intp) for row in rows])
    kept = [row.probabilities for row in rows if row.probabilities is not None]
    probabilities = np.concatenate(kept) if len(kept) == len(rows) else None
    if probabilities is not None and not np.isfinite(probabilities).all():
        probabilities = None
    order = np.lexsort((folds, tested))
    return OutOfFold(
        rows=tested[order],
        folds=folds[order],
        true=np.asarray(result.target, dtype=np.intp)[tested[order]],
        predicted=predicted[order],
        probabilities=None if probabilities is None else probabilities[order],
    )
