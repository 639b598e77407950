"""Whether a classifier is right more often than its answers would be if they had nothing to do with the pictures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import norm

from skimgrec.model_selection._text import printable

if TYPE_CHECKING:
    from skimgrec.model_selection._result import ComparisonResult

_LEVEL = 0.05


def guessing_caution(result: ComparisonResult, estimator: str) -> str | None:
    """Return a sentence where a classifier is not shown to be better than guessing, None where it is.

    The share of right answers is held against the one to be expected if the same answers were dealt out to the
    pictures at random, which always answering the commonest class reaches, and no more.

    Parameters
    ----------
    result : ComparisonResult
        The comparison.
    estimator : str
        Whose predictions to look at.

    Returns
    -------
    caution : str or None
        None, too, without predictions.

    References
    ----------
    Cohen, J. (1960). A coefficient of agreement for nominal scales. Educational and Psychological Measurement 20,
    37-46. https://doi.org/10.1177/001316446002000104
    """
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
        f"{by_chance:.3f} would be if they had nothing to do with the pictures. What it takes for a wrong label says "
        "little."
    )
