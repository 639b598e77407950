"""The weight of each picture in training: the caller's, times that of its class."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import compute_class_weight
from sklearn.utils.validation import _check_sample_weight


def near_one(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return weights of the same ratios, the largest of which is from 1 to 2, so that float32 can tell them.

    They are multiplied by a power of 2, which rounds nothing.
    """
    return np.ldexp(weights, 1 - int(np.frexp(weights.max())[1]))


def row_weights(
    codes: NDArray[np.intp],
    classes: NDArray[Any],
    sample_weight: ArrayLike | None,
    class_weight: dict[Any, float] | str | None,
) -> NDArray[np.float64]:
    """Return the weight of each picture, in a new array.

    Parameters
    ----------
    codes : ndarray of shape (n,)
        Positions of the labels in `classes`.
    classes : ndarray of shape (n_classes,)
    sample_weight : array-like of shape (n,), optional
    class_weight : dict, "balanced" or None
        Classes that a dict does not name weigh 1.

    Raises
    ------
    ValueError
        If a weight is negative or none is positive, or `class_weight` names a class that does not exist.
    """
    weights = _check_sample_weight(sample_weight, codes, dtype=np.float64, ensure_non_negative=True)
    if isinstance(class_weight, str):
        # Rows of weight 0 are not there, so they are not counted either.
        present = weights > 0
        found = np.unique(codes[present])
        by_class = np.zeros(len(classes))
        if len(found):
            by_class[found] = compute_class_weight(
                class_weight, classes=found, y=codes[present], sample_weight=weights[present]
            )
        weights = weights * by_class[codes]
    elif class_weight is not None:
        known = classes.tolist()
        unknown = [label for label in class_weight if label not in known]
        if unknown:
            raise ValueError(f"class_weight names {unknown}, which are not among the classes {known[:10]}.")
        weights = weights * np.array([float(class_weight.get(label, 1.0)) for label in known])[codes]
    if not weights.any():
        raise ValueError("All row weights are zero: no picture is left to train on. Give one of them a weight.")
    return weights
