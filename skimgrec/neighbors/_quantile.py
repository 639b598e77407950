"""The quantile of conformal prediction, which holds for any number of pictures."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray


def conformal_rank(n: int, level: float) -> int:
    """Return the rank, from 1, of the quantile of `n` calibration scores: ``ceil((n + 1) * level)``.

    A new score, exchangeable with them, is no larger than the one of this rank with a probability of at least `level`.
    A rank of n + 1 says that they are too few.

    Examples
    --------
    >>> conformal_rank(19, 0.95), conformal_rank(18, 0.95)
    (19, 19)
    """
    # The decimal number that was written, and not the binary one beside it: 0.95 of 20 is 19.
    return math.ceil((n + 1) * Fraction(str(float(level))))


def fewest_scores(level: float) -> int:
    """Return how many calibration scores there have to be for a quantile.

    Examples
    --------
    >>> fewest_scores(0.9), fewest_scores(0.95), fewest_scores(0.99)
    (9, 19, 99)
    """
    exact = Fraction(str(float(level)))
    return math.ceil(exact / (1 - exact))


def conformal_quantile(scores: NDArray[np.floating], level: float, *, parameter: str, name: str) -> float:
    """Return the calibration score that a new one does not exceed with a probability of at least `level`.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        Scores of calibration pictures, ascending: the higher, the stranger.
    level : float
        In (0, 1).
    parameter, name : str
        What `level` is called, and by whom: for the error.

    Returns
    -------
    quantile : float
        One of the scores.

    Raises
    ------
    ValueError
        If there are too few scores.
    """
    if len(scores) < fewest_scores(level):
        raise ValueError(
            f"{parameter}={level} needs {fewest_scores(level)} calibration pictures or more, and {name} has "
            f"{len(scores)}: fewer cannot promise it. Give more pictures, a larger validation_fraction, X_val and "
            f"y_val, or a lower {parameter}."
        )
    return float(scores[conformal_rank(len(scores), level) - 1])
