"""The label of what belongs to no class."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_TEXT = "unknown"


def choose_unknown_label(classes: NDArray[Any], given: Any, name: str) -> Any:
    """Return the label of pictures of no known class.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        The known classes, sorted.
    given : object
        What the caller has asked for; None to choose: "unknown" where classes are text, and otherwise -1, as
        scikit-learn's outlier detectors have it, or the next lower number where classes are negative themselves.
    name : str
        The caller's, for errors.

    Raises
    ------
    ValueError
        If the label is a class, or is text where classes are numbers or the other way round.
    """
    known = classes.tolist()
    is_text = all(isinstance(label, str) for label in known)
    label = given if given is not None else _TEXT if is_text else min(-1, known[0] - 1)
    if isinstance(label, np.generic):
        label = label.item()
    if isinstance(label, str) != is_text:
        kind, example = ("text", f'"{_TEXT}"') if is_text else ("numbers", "-1")
        raise ValueError(
            f"unknown_label={label!r} does not go with classes that are {kind}, such as {known[0]!r}: metrics refuse a "
            f"mixture. Give one of their kind, such as {example}, or None."
        )
    if label in known:
        raise ValueError(
            f"unknown_label={label!r} is one of the classes that {name} has learnt. Give a label that is none of "
            f"{known[:10]}."
        )
    return label


def with_unknown(labels: NDArray[Any], unknown: NDArray[np.bool_], label: Any) -> NDArray[Any]:
    """Return labels in which some are replaced, in a dtype that holds both kinds, replaced or not."""
    kind = labels.dtype.kind
    if kind in "bu" or (kind == "i" and np.min_scalar_type(label).itemsize > labels.dtype.itemsize):
        dtype: np.dtype[Any] = np.dtype(np.int64)
    elif kind in "US":
        dtype = np.result_type(labels.dtype, np.asarray(label).dtype)
    else:
        dtype = labels.dtype
    answers = labels.astype(dtype)
    answers[unknown] = label
    return answers
