"""Every pair of classifiers of a comparison, tested on the same folds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from skimgrec.model_selection._standings import FoldRow, Standing
from skimgrec.model_selection._statistics import PairedTest, corrected_resampled_t_test, holm


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


def pairs_of(rows: Sequence[FoldRow], ranking: Sequence[Standing], metric: str) -> list[Pair]:
    """Test all pairs of the estimators that have a score in every fold.

    Parameters
    ----------
    rows : sequence of FoldRow
        The measurements.
    ranking : sequence of Standing
        The estimators, best first.
    metric : str
        The score to compare.

    Returns
    -------
    pairs : list of Pair
        In the order of the ranking.
    """
    by_fold = {(row.estimator, row.fold): row for row in rows}
    folds = sorted({row.fold for row in rows})
    complete = sorted((s for s in ranking if s.complete), key=lambda standing: -standing.mean[metric])
    pairs = []
    for first, second in combinations([standing.estimator for standing in complete], 2):
        ours, theirs = ([by_fold[name, fold] for fold in folds] for name in (first, second))
        test = corrected_resampled_t_test(
            [a.scores[metric] - b.scores[metric] for a, b in zip(ours, theirs, strict=True)],
            [row.n_train for row in ours],
            [row.n_test for row in ours],
        )
        pairs.append(Pair(first=first, second=second, test=test, adjusted_p_value=test.p_value))
    adjusted = holm([pair.test.p_value for pair in pairs])
    return [replace(pair, adjusted_p_value=p_value) for pair, p_value in zip(pairs, adjusted, strict=True)]
