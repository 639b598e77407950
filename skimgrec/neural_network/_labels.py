"""Class labels to codes and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def check_classes(labels: NDArray[Any], classes: ArrayLike | None, name: str) -> NDArray[Any]:
    """Return the sorted classes: those of `labels`, or `classes` where the caller names them.

    Raises
    ------
    ValueError
        If there is only one class.
    """
    found = np.unique(labels if classes is None else np.asarray(classes))
    if len(found) < 2:
        raise ValueError(
            f"{name} needs samples of at least 2 classes, but y contains only one class: {found.tolist()[0]!r}. Give "
            "pictures of at least one more class."
        )
    return found


def encode_labels(labels: NDArray[Any], classes: NDArray[Any], name: str) -> NDArray[np.intp]:
    """Return the position of each label in the sorted `classes`.

    Raises
    ------
    ValueError
        If a label is not among the classes.
    """
    known = np.isin(labels, classes)
    if not known.all():
        unknown = np.unique(labels[~known])[:5].tolist()
        raise ValueError(
            f"y contains labels that {name} was not told of: {unknown}; its classes are {classes[:10].tolist()}. Name "
            "all classes at the first call of partial_fit, or fit again."
        )
    return np.searchsorted(classes, labels)
