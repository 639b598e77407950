"""Every pair of classifiers of a comparison, tested on the same folds."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from skimgrec.model_selection._bootstrap import moves_in_steps, paired_test, score_interval, score_of, step_of
from skimgrec.model_selection._standings import scored_throughout
from skimgrec.model_selection._statistics import PairedTest, corrected_resampled_t_test, holm

if TYPE_CHECKING:
    from skimgrec.model_selection._result import ComparisonResult
    from skimgrec.model_selection._standings import FoldRow


# True and predicted classes.
Answers = tuple[NDArray[np.intp], NDArray[np.intp]]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two classifiers, the better one on average first.

    Parameters
    ----------
    first, second : str
        Their names.
    test : PairedTest
        How they differ, for this pair alone.
    adjusted_p_value : float
        The p-value once it is adjusted, by Holm's method, for the number of pairs in the comparison.
    """

    first: str
    second: str
    test: PairedTest
    adjusted_p_value: float

    @property
    def differ(self) -> bool:
        """Whether the two can be told apart, with a chance of 5 % that any such finding of the comparison is wrong."""
        return self.adjusted_p_value < 0.05


def pairs_of(result: ComparisonResult, metric: str) -> list[Pair]:
    """Test all pairs of the estimators that have a score in the metric in every fold.

    Parameters
    ----------
    result : ComparisonResult
        The comparison.
    metric : str
        The score to compare.

    Returns
    -------
    pairs : list of Pair
        In the order of the ranking. On a single split, McNemar's test or a randomisation test, where the score follows
        from the predictions that the result holds; else the difference alone.
    """
    by_fold = {(row.estimator, row.fold): row for row in result.rows}
    folds = sorted({row.fold for row in result.rows})
    complete = scored_throughout(result.rows, metric, _ranked(result), result.n_folds)
    step = _step(result, metric)
    answers = {name: _answers(result, by_fold[name, 0], metric) for name in complete} if result.n_folds == 1 else {}
    groups = groups_tested(result, 0) if answers else None
    pairs = []
    for first, second in combinations(complete, 2):
        ours, theirs = ([by_fold[name, fold] for fold in folds] for name in (first, second))
        test = _test_on_one_split(metric, answers.get(first), answers.get(second), groups) or (
            corrected_resampled_t_test(
                [a.scores[metric] - b.scores[metric] for a, b in zip(ours, theirs, strict=True)],
                [row.n_train for row in ours],
                [row.n_test for row in ours],
                step=step,
            )
        )
        pairs.append(Pair(first=first, second=second, test=test, adjusted_p_value=test.p_value))
    adjusted = holm([pair.test.p_value for pair in pairs])
    return [replace(pair, adjusted_p_value=p_value) for pair, p_value in zip(pairs, adjusted, strict=True)]


def left_out(result: ComparisonResult, metric: str) -> list[str]:
    """Return the estimators that lack a score in the metric in some fold, and so cannot be held against the others."""
    names = _ranked(result)
    complete = scored_throughout(result.rows, metric, names, result.n_folds)
    return [name for name in names if name not in complete]


def _ranked(result: ComparisonResult) -> list[str]:
    return [standing.estimator for standing in result.standings()]


def interval_of(result: ComparisonResult, estimator: str, metric: str) -> tuple[float, float]:
    """Return the 95 % confidence interval of an estimator's score on a single split.

    Parameters
    ----------
    result : ComparisonResult
        The comparison.
    estimator, metric : str
        Whose score, and which.

    Returns
    -------
    low, high : float
        NaN with more than one fold, and where the score does not follow from the predictions that the result holds.
    """
    row = next((row for row in result.rows if row.estimator == estimator), None)
    answers = _answers(result, row, metric) if row is not None and result.n_folds == 1 else None
    return (math.nan, math.nan) if answers is None else score_interval(metric, *answers, groups_tested(result, 0))


def groups_tested(result: ComparisonResult, fold: int) -> NDArray[np.intp] | None:
    """Return the group of each test picture of a fold, numbered from 0, None if no two of them share one."""
    if result.groups is None or fold >= len(result.test_rows):
        return None
    names, codes = np.unique(np.asarray(result.groups)[result.test_rows[fold]], return_inverse=True)
    return codes if len(names) < len(codes) else None


def _step(result: ComparisonResult, metric: str) -> float | None:
    """Return by how much one test picture of a fold moves the score, None for a saved result that does not tell."""
    if not result.test_rows:
        return None if moves_in_steps(metric) else 0.0
    target = np.asarray(result.target, dtype=np.intp)
    return float(np.mean([step_of(metric, target[rows]) for rows in result.test_rows]))


def _test_on_one_split(
    metric: str, ours: Answers | None, theirs: Answers | None, groups: NDArray[np.intp] | None
) -> PairedTest | None:
    return None if ours is None or theirs is None else paired_test(metric, *ours, theirs[1], groups)


def _answers(result: ComparisonResult, row: FoldRow, metric: str) -> Answers | None:
    """Return the true and the predicted classes of a row, if the metric's score follows from them."""
    if row.predicted is None or row.fold >= len(result.test_rows):
        return None
    target = np.asarray(result.target, dtype=np.intp)[result.test_rows[row.fold]]
    predicted = np.asarray(row.predicted, dtype=np.intp)
    # A scorer of the caller's own may have the name of another.
    if predicted.shape != target.shape or not abs(score_of(metric, target, predicted) - row.scores[metric]) <= 1e-9:
        return None
    return target, predicted
