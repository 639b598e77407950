"""Pictures to judge training by: a part of the training pictures, or the caller's own."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import check_consistent_length

from skimgrec.neural_network._labels import encode_labels
from skimgrec.utils import Pictures, check_labels, validate_pictures


def rows_set_aside(
    codes: NDArray[np.intp], weights: NDArray[np.float64], fraction: float, seed: int
) -> NDArray[np.intp]:
    """Return the rows that training must not see: shuffled, and as many of each class as the fraction says.

    Parameters
    ----------
    codes : ndarray of shape (n,)
        Class of each picture.
    weights : ndarray of shape (n,)
        Rows of weight 0 are not there.
    fraction : float
    seed : int

    Raises
    ------
    ValueError
        If a class is too small to be divided.
    """
    rows = np.flatnonzero(weights)
    try:
        _, aside = train_test_split(rows, test_size=fraction, stratify=codes[rows], random_state=seed)
    except ValueError as error:
        raise ValueError(
            f"early_stopping=True sets validation_fraction={fraction} of {len(rows)} pictures aside, class by class, "
            f"which cannot be done: {str(error).rstrip('. ')}. Give more pictures, another validation_fraction, or "
            "X_val and y_val."
        ) from error
    return aside


def check_validation_data(
    estimator: BaseEstimator, X_val: Any, y_val: ArrayLike | None, classes: NDArray[Any]
) -> tuple[Pictures, NDArray[np.intp]]:
    """Return validation pictures and the codes of their labels.

    Raises
    ------
    ValueError
        If one of the two is missing, or they do not go with the pictures and classes of training.
    """
    name = type(estimator).__name__
    if X_val is None or y_val is None:
        missing, there = ("X_val", "y_val") if X_val is None else ("y_val", "X_val")
        raise ValueError(f"{there} is given without {missing}: give both to {name}.fit, or neither.")
    try:
        pictures = validate_pictures(estimator, X_val, reset=False)
        labels = check_labels(estimator, y_val)
        check_consistent_length(pictures, labels)
        return pictures, encode_labels(labels, classes, name)
    except ValueError as error:
        raise ValueError(f"X_val and y_val do not go with X and y: {error}") from error
