"""How strange each class would be for a picture, by its probabilities: the scores behind conformal prediction sets."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def lac_scores(probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the least ambiguous scores: what is missing to a probability of 1.

    Examples
    --------
    >>> import numpy as np
    >>> lac_scores(np.array([[0.75, 0.25]]))
    array([[0.25, 0.75]])
    """
    return 1.0 - np.asarray(probabilities, dtype=np.float64)


def adaptive_scores(
    probabilities: NDArray[np.floating], parts: NDArray[np.float64], *, penalty: float = 0.0, k_reg: int = 0
) -> NDArray[np.float64]:
    """Return the adaptive scores: the probability of all classes before, and a part of the class's own.

    Parameters
    ----------
    probabilities : ndarray of shape (n, n_classes)
        Of each class.
    parts : ndarray of shape (n,)
        The part of a class's own probability that counts, in [0, 1]: drawn at random, or 1.
    penalty : float, default=0.0
        What each rank beyond `k_reg` adds, which regularises the scores.
    k_reg : int, default=0
        How many classes are free of it.

    Returns
    -------
    scores : ndarray of shape (n, n_classes)
        Of each class, where the most probable one has rank 1.

    Examples
    --------
    >>> import numpy as np
    >>> adaptive_scores(np.array([[0.25, 0.5, 0.25]]), np.array([1.0]))
    array([[0.75, 0.5 , 1.  ]])
    """
    probabilities = np.asarray(probabilities, dtype=np.float64)
    order = np.argsort(-probabilities, axis=1, kind="stable")
    ranked = np.take_along_axis(probabilities, order, axis=1)
    before = np.cumsum(ranked, axis=1) - ranked
    ranks = np.arange(1, probabilities.shape[1] + 1)
    ranked_scores = before + parts[:, None] * ranked + penalty * np.maximum(ranks - k_reg, 0)
    scores = np.empty_like(ranked_scores)
    np.put_along_axis(scores, order, ranked_scores, axis=1)
    return scores
