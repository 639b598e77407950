"""Temperature scaling: one number that makes a classifier's probabilities as sure as it is right."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

# Probabilities of 0, as forests give them; scikit-learn's calibration adds the same.
_SMALLEST = 1e-12
_LOG_RANGE = (-10.0, 10.0)


def class_logits(classifier: Any, X: Any, n_classes: int) -> NDArray[np.float64]:
    """Return the logarithms of a fitted classifier's probabilities, or its decision function as such.

    Parameters
    ----------
    classifier : classifier
        With `predict_proba`, or else with `decision_function`.
    X : array-like
        What it predicts from.
    n_classes : int
        How many classes it knows.

    Returns
    -------
    logits : ndarray of shape (n, n_classes)
        The softmax of each row is what the classifier says, or would say.

    Raises
    ------
    ValueError
        If it decides between pairs of classes.
    """
    if hasattr(classifier, "predict_proba"):
        return np.log(np.asarray(classifier.predict_proba(X), dtype=np.float64) + _SMALLEST)
    decisions = np.asarray(classifier.decision_function(X), dtype=np.float64)
    if decisions.ndim == 1:
        decisions = np.column_stack([-decisions, decisions])
    if decisions.shape[1] != n_classes:
        raise ValueError(
            f"{type(classifier).__name__} gives {decisions.shape[1]} decisions for {n_classes} classes, and "
            'probabilities need one for each class: use decision_function_shape="ovr".'
        )
    return log_softmax(decisions, axis=1)


def fit_temperature(
    logits: NDArray[np.float64], codes: NDArray[np.intp], weights: NDArray[np.float64], *, prior: float = 1.0
) -> float:
    """Return the temperature that makes the labels most likely.

    Parameters
    ----------
    logits : ndarray of shape (n, n_classes)
        As `class_logits` gives them, of pictures that the classifier has not learnt from.
    codes : ndarray of shape (n,)
        Positions of their labels.
    weights : ndarray of shape (n,)
        Of the pictures; their mean counts as 1.
    prior : float, default=1.0
        How many pictures of every class in equal parts are added to the labels. Without one, labels that are all
        predicted rightly would make every prediction certain. Platt (1999) does the same for two classes.

    Returns
    -------
    temperature : float
        What logits are divided by; above 1 it makes predictions less sure.
    """
    share = prior / (len(logits) + prior)
    rows = np.arange(len(logits))

    def loss(log_inverse: float) -> float:
        log_probabilities = log_softmax(math.exp(log_inverse) * logits, axis=1)
        likelihood = (1 - share) * log_probabilities[rows, codes] + share * log_probabilities.mean(axis=1)
        return -float(np.average(likelihood, weights=weights))

    found = minimize_scalar(loss, bounds=_LOG_RANGE, method="bounded", options={"xatol": 1e-8})
    return math.exp(-float(found.x))


def tempered(logits: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Return the probabilities at a temperature."""
    return softmax(logits / temperature, axis=1)
