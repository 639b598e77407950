"""What an estimator has kept of its training, epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np

# What a search, and a classifier that wraps another one, call the fitted one within.
_WITHIN = ("best_estimator_", "estimator_")
_DEEPEST = 10


def trained_part(estimator: Any) -> Any:
    """Return the part of a fitted estimator that keeps a history of its training, itself if there is none.

    Parameters
    ----------
    estimator : estimator object
        Fitted. Of a pipeline, the last step is looked at; of a search, its best estimator; of a classifier that wraps
        another one, such as `RejectingClassifier`, the fitted one within.

    Returns
    -------
    part : estimator object
        With `history_` or `loss_curve_`, if any has them.
    """
    part = estimator
    for _ in range(_DEEPEST):
        if training_history(part) is not None:
            return part
        if hasattr(part, "named_steps"):
            within = part[-1]
        else:
            within = next((found for name in _WITHIN if (found := getattr(part, name, None)) is not None), None)
        if within is None:
            break
        part = within
    return estimator


def training_history(estimator: Any) -> dict[str, list[float]] | None:
    """Return what a fitted estimator itself has recorded of each epoch.

    Parameters
    ----------
    estimator : estimator object
        With the attribute `history_`, a mapping of names to the values of all epochs, as the networks of skimgrec and
        SciKeras have it; or with `loss_curve_` and perhaps `validation_scores_`, as scikit-learn's `MLPClassifier`.

    Returns
    -------
    history : dict of str to list of float or None
        The loss first. Names of what was measured on validation pictures start with ``val_``. Quantities that are not
        one number for each epoch are left out; None where nothing is left.
    """
    history = getattr(estimator, "history_", None)
    if not isinstance(history, Mapping):
        history = {"loss": getattr(estimator, "loss_curve_", None)}
        # In scikit-learn, the accuracy of a classifier; None without early stopping.
        history["val_accuracy"] = getattr(estimator, "validation_scores_", None)
    found = {str(name): known for name, values in history.items() if (known := _numbers(values))}
    return dict(sorted(found.items(), key=lambda item: item[0] != "loss")) or None


def best_epoch(estimator: Any) -> int | None:
    """Return the number of the epoch, from 1, that early stopping has kept, None where it has kept none.

    Parameters
    ----------
    estimator : estimator object
        That keeps the history: with the attribute `best_epoch_`, or with `validation_scores_`, the highest of which
        scikit-learn's `MLPClassifier` goes back to.
    """
    if hasattr(estimator, "best_epoch_"):
        epoch = estimator.best_epoch_
        return int(epoch) if isinstance(epoch, Integral) and int(epoch) > 0 else None
    scores = _numbers(getattr(estimator, "validation_scores_", None))
    stops = getattr(estimator, "early_stopping", False) is True
    known = [score for score in scores if not math.isnan(score)]
    return scores.index(max(known)) + 1 if stops and known else None


def _numbers(values: Any) -> list[float]:
    """Return values as floats, none where they are not numbers in a row."""
    if not isinstance(values, (Sequence, np.ndarray)) or isinstance(values, (str, bytes)):
        return []
    try:
        array = np.asarray(values)
    except ValueError:  # lists of different lengths
        return []
    if array.ndim != 1 or array.dtype.kind not in "buif":
        return []
    # One NaN is like another, so that two rows with the same gaps are equal.
    return [math.nan if math.isnan(value) else value for value in array.astype(np.float64).tolist()]
