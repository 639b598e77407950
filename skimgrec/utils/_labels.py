"""Class labels as every classifier wants them."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import assert_all_finite, column_or_1d


def check_labels(estimator: BaseEstimator, y: Any) -> NDArray[Any]:
    """Return `y` as a one-dimensional array of class labels.

    Raises
    ------
    ValueError
        If `y` is None, continuous, holds NaN, or has several columns.
    """
    if y is None:
        raise ValueError(
            f"This {type(estimator).__name__} estimator requires y to be passed, but the target y is None."
        )
    labels = column_or_1d(y, warn=True)
    assert_all_finite(labels, input_name="y")
    check_classification_targets(labels)
    return labels
