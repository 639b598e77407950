"""ROC curves, each class against all others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Points that a curve is drawn with at most; a line of 200 pixels shows no more.
_MOST_POINTS = 64
# Sorting more probabilities than these takes seconds for each model: then a sample of the predictions stands for all.
MOST_PROBABILITIES = 4_000_000


@dataclass(frozen=True)
class RocCurve:
    """The ROC curve of one class, or their mean.

    Parameters
    ----------
    code : int or None
        The class, as a position; None for the mean over the classes.
    auc : float
        The area under the curve.
    points : list of (float, float)
        False and true positive rate, rising.
    """

    code: int | None
    auc: float
    points: list[tuple[float, float]]


@dataclass(frozen=True)
class Roc:
    """The ROC curves of a model.

    Parameters
    ----------
    curves : list of RocCurve
        By class; those are left out that no picture, or every picture, belongs to.
    mean : RocCurve or None
        The mean of the curves, and of their areas; None without curves.
    n_used : int
        How many predictions were looked at.
    """

    curves: list[RocCurve]
    mean: RocCurve | None
    n_used: int


def roc(
    target: NDArray[np.intp], probabilities: NDArray[np.floating], *, most: int = MOST_PROBABILITIES, seed: int = 0
) -> Roc:
    """Return the ROC curve of each class against all others, by scikit-learn.

    Parameters
    ----------
    target : ndarray of shape (n,)
        The true classes as positions.
    probabilities : ndarray of shape (n, n_classes)
        Of each class.
    most : int, default=4000000
        How many probabilities to look at, at most; of more, a random sample of the predictions is taken.
    seed : int, default=0
        Of the sample.

    Returns
    -------
    roc : Roc
        For two classes, the curve of the second alone: that of the first has the same area.
    """
    from sklearn.metrics import auc, roc_curve

    n, n_classes = probabilities.shape
    if n * n_classes > most:
        rows = np.sort(np.random.default_rng(seed).choice(n, max(1, most // n_classes), replace=False))
        target, probabilities = target[rows], probabilities[rows]
    counts = np.bincount(target, minlength=n_classes)
    codes = [code for code in range(n_classes) if 0 < counts[code] < len(target)]
    if n_classes == 2:
        codes = codes[-1:]
    grid = np.linspace(0, 1, _MOST_POINTS)
    curves, heights = [], np.zeros(len(grid))
    for code in codes:
        false, true, _ = roc_curve(target == code, probabilities[:, code])
        heights += np.interp(grid, false, true)
        curves.append(RocCurve(code, float(auc(false, true)), _thinned(false, true)))
    if not curves:
        return Roc([], None, len(target))
    mean_points = [(0.0, 0.0), *zip(grid.tolist(), (heights / len(curves)).tolist(), strict=True)]
    mean = RocCurve(None, float(np.mean([curve.auc for curve in curves])), mean_points)
    return Roc(curves, mean, len(target))


def _thinned(false: NDArray[np.float64], true: NDArray[np.float64]) -> list[tuple[float, float]]:
    """Return a curve by few of its points, those that are equally far apart along it."""
    if len(false) > _MOST_POINTS:
        along = false + true
        places = np.unique(np.searchsorted(along, np.linspace(0, along[-1], _MOST_POINTS)))
        false, true = false[places], true[places]
    return list(zip(false.tolist(), true.tolist(), strict=True))
