"""Whether a classifier is right more often than its answers would be if they had nothing to do with the pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import norm

from skimgrec.model_selection._pairwise import Pair, pairs_of
from skimgrec.model_selection._text import printable
from skimgrec.model_selection._verdict import guesses

if TYPE_CHECKING:
    from skimgrec.model_selection._result import ComparisonResult

_LEVEL = 0.05
_SO = "What it takes for a wrong label says little."


def guessing_caution(result: ComparisonResult, estimator: str, pairs: Sequence[Pair] | None = None) -> str | None:
    """Return a sentence where a classifier is not shown to be better than guessing, None where it is.

    It has to beat what only guesses in the comparison, by the test of `ComparisonResult.pairwise`. And its share of
    right answers is held against the one to be expected if the same answers were dealt out to the pictures at random,
    which always answering the commonest class reaches, and no more.

    Parameters
    ----------
    result : ComparisonResult
        The comparison.
    estimator : str
        Whose predictions to look at.
    pairs : sequence of Pair, default=None
        Those of the comparison in its first metric, if they are there already.

    Returns
    -------
    caution : str or None
        None, too, without predictions.

    References
    ----------
    Cohen, J. (1960). A coefficient of agreement for nominal scales. Educational and Psychological Measurement 20,
    37-46. https://doi.org/10.1177/001316446002000104
    """
    beside = _beside_guessing(result, estimator, pairs)
    if beside is not None:
        return beside
    target = np.asarray(result.target, dtype=np.intp)
    rows = [
        row
        for row in result.rows
        if row.estimator == estimator
        and row.predicted
        and row.fold < len(result.test_rows)
        and len(row.predicted) == len(result.test_rows[row.fold])
    ]
    if not rows or not len(target):
        return None
    tested = np.concatenate([result.test_rows[row.fold] for row in rows]).astype(np.intp)
    predicted = np.concatenate([row.predicted or [] for row in rows]).astype(np.intp)
    n_classes = result.n_classes
    right = float(np.mean(predicted == target[tested]))
    # A label that is no class, -1, is never right.
    answers = np.bincount(predicted[predicted >= 0], minlength=n_classes) / len(predicted)
    by_chance = float(answers @ (np.bincount(target[tested], minlength=n_classes) / len(tested)))
    # Predictions of one picture in repeated folds are not independent.
    error = math.sqrt(by_chance * (1 - by_chance) / len(np.unique(tested)))
    if right > by_chance + norm.isf(_LEVEL) * error:
        return None
    return (
        f"{printable(estimator)} is not shown to be better than guessing: {right:.3f} of its answers are right, and "
        f"{by_chance:.3f} would be if they had nothing to do with the pictures. {_SO}"
    )


def _beside_guessing(result: ComparisonResult, estimator: str, pairs: Sequence[Pair] | None) -> str | None:
    """Return a sentence where a classifier cannot be told apart from one that guesses, or is behind it."""
    guessing = {name for name, what in result.estimators.items() if guesses(what)}
    if estimator in guessing or not guessing:
        return None
    for pair in pairs_of(result, result.metrics[0]) if pairs is None else pairs:
        two = {pair.first, pair.second}
        # A single split does not tell of every metric whether two differ.
        known = estimator in two and two & guessing and not math.isnan(pair.test.p_value)
        if known and not (pair.first == estimator and pair.differ):
            (other,) = map(printable, two - {estimator})
            return f"{printable(estimator)} is not shown to be better than {other}, which only guesses. {_SO}"
    return None
