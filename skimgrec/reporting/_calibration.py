"""Whether predicted probabilities mean what they say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Bin:
    """Predictions whose probability lies in one interval.

    Parameters
    ----------
    low, high : float
        The interval; `high` belongs to it, and so does 0.
    count : int
        How many predictions there are.
    stated : float
        The mean of their probabilities.
    right : float
        The share of them that is right.
    """

    low: float
    high: float
    count: int
    stated: float
    right: float


@dataclass(frozen=True)
class Calibration:
    """How well the probabilities of the predicted classes agree with how often they are right.

    Parameters
    ----------
    bins : list of Bin
        Those that hold predictions, by rising probability.
    brier : float
        The Brier score, as scikit-learn has it: the mean squared difference between probabilities and what was true,
        summed over the classes, and halved for two of them. 0 is perfect.
    error : float
        The expected calibration error: the mean difference between probability and share that is right, over the bins.
    excess : float
        Mean probability less the share that is right: above 0, the model is too sure of itself.
    """

    bins: list[Bin]
    brier: float
    error: float
    excess: float


def calibration(target: NDArray[np.intp], probabilities: NDArray[np.floating], *, n_bins: int = 10) -> Calibration:
    """Return how far the highest probability of each prediction can be believed.

    Parameters
    ----------
    target : ndarray of shape (n,), n > 0
        The true classes as positions.
    probabilities : ndarray of shape (n, n_classes)
        Of each class.
    n_bins : int, default=10
        Into how many intervals of equal width the probabilities are sorted.

    Returns
    -------
    calibration : Calibration
        Of the class with the highest probability, which is the predicted one of nearly every classifier.

    References
    ----------
    Guo, C., Pleiss, G., Sun, Y. and Weinberger, K. Q. (2017). On calibration of modern neural networks. ICML 2017.
    https://arxiv.org/abs/1706.04599

    Examples
    --------
    >>> import numpy as np
    >>> found = calibration(np.array([0, 1]), np.array([[0.8, 0.2], [0.8, 0.2]]))
    >>> found.bins
    [Bin(low=0.7, high=0.8, count=2, stated=0.8, right=0.5)]
    >>> round(found.error, 2), round(found.brier, 2)
    (0.3, 0.34)
    """
    each = np.arange(len(target))
    chosen = probabilities.argmax(axis=1)
    stated = probabilities[each, chosen].astype(np.float64)
    right = (chosen == target).astype(np.float64)
    of_target = probabilities[each, target].astype(np.float64)
    squares = np.einsum("ij,ij->i", probabilities, probabilities, dtype=np.float64)
    brier = float(np.mean(squares - 2 * of_target + 1)) * (0.5 if probabilities.shape[1] == 2 else 1.0)
    # float32 holds 0.8 as 0.800000012, which belongs to the bin that ends there.
    place = np.clip(np.ceil(stated * n_bins - 1e-6).astype(np.intp) - 1, 0, n_bins - 1)
    counts = np.bincount(place, minlength=n_bins)
    sums, hits = np.bincount(place, stated, n_bins), np.bincount(place, right, n_bins)
    bins = [
        Bin(k / n_bins, (k + 1) / n_bins, int(counts[k]), float(sums[k] / counts[k]), float(hits[k] / counts[k]))
        for k in np.flatnonzero(counts).tolist()
    ]
    error = float(np.abs(sums - hits).sum() / len(target))
    return Calibration(bins, max(0.0, brier), error, float(stated.mean() - right.mean()))
