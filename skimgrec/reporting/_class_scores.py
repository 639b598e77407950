"""How well each class is recognised."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ClassScore:
    """The scores of one class.

    Parameters
    ----------
    code : int
        Its position among the classes.
    support : int
        How many predictions were made of pictures of it.
    n_predicted : int
        How often it was predicted.
    precision : float or None
        Share of the latter that are right; None where it was never predicted.
    recall : float or None
        Share of the former that are right; None where no picture of it was tested.
    f1 : float or None
        Their harmonic mean; None where neither exists.
    auc : float or None
        Area under the ROC curve of this class against the others, where it is known.
    """

    code: int
    support: int
    n_predicted: int
    precision: float | None
    recall: float | None
    f1: float | None
    auc: float | None = None


def class_scores(
    target: NDArray[np.intp],
    predicted: NDArray[np.intp],
    n_classes: int,
    auc: dict[int, float] | None = None,
) -> list[ClassScore]:
    """Return precision, recall and F1 of each class, by scikit-learn.

    Parameters
    ----------
    target, predicted : ndarray of shape (n,)
        True and predicted classes as positions; a predicted -1 is a label that is no class.
    n_classes : int
        How many classes there are.
    auc : dict of int to float, default=None
        Areas under ROC curves, by class.

    Returns
    -------
    scores : list of ClassScore
        In the order of the classes. Of repeated folds, every prediction counts.
    """
    from sklearn.metrics import precision_recall_fscore_support

    if not len(target):
        return [ClassScore(code, 0, 0, None, None, None) for code in range(n_classes)]
    precision, recall, f1, support = precision_recall_fscore_support(
        target, predicted, labels=np.arange(n_classes), zero_division=0
    )
    n_predicted = np.bincount(predicted[predicted >= 0], minlength=n_classes)
    return [
        ClassScore(
            code=code,
            support=int(support[code]),
            n_predicted=int(n_predicted[code]),
            precision=float(precision[code]) if n_predicted[code] else None,
            recall=float(recall[code]) if support[code] else None,
            f1=float(f1[code]) if support[code] or n_predicted[code] else None,
            auc=(auc or {}).get(code),
        )
        for code in range(n_classes)
    ]
