"""One picture and a fitted classifier: how the picture is read, and how the classifier is asked about copies."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from skimgrec.preprocessing import ImageLoader
from skimgrec.utils._pictures import CHANNELS

_MOST_NAMED_CLASSES = 12
_CHANNEL_AXES = ((), *((channels,) for channels in CHANNELS))


@dataclass(frozen=True)
class AskedPicture:
    """A picture, and the classifier that is asked about it.

    Parameters
    ----------
    picture : ndarray of shape (h, w) or (h, w, c)
        As the classifier takes it.
    classifier : estimator object
        Fitted, for pictures rather than paths.
    """

    picture: NDArray[Any]
    classifier: Any

    @property
    def classes(self) -> NDArray[Any]:
        """The classes in the order of the probabilities."""
        return np.asarray(self.classifier.classes_)

    def probabilities(self, pictures: NDArray[Any]) -> NDArray[np.float64]:
        """Return the probability of each class for pictures of the shape of `picture`, of shape (n, n_classes)."""
        return np.asarray(self.classifier.predict_proba(as_taken(self.classifier, pictures)), dtype=np.float64)

    def answer(self) -> Any:
        """Return what the classifier predicts for `picture`, which need not be the most probable class."""
        return self.classifier.predict(as_taken(self.classifier, self.picture[None]))[0]


def unwrapped(estimator: Any) -> Any:
    """Return the best estimator of a fitted search, and what is frozen; any other estimator as it is."""
    while isinstance(estimator, FrozenEstimator) or hasattr(estimator, "best_estimator_"):
        estimator = estimator.estimator if isinstance(estimator, FrozenEstimator) else estimator.best_estimator_
    return estimator


def ask(estimator: Any, image: Any, caller: str) -> AskedPicture:
    """Return a picture and the part of a classifier that takes it.

    Parameters
    ----------
    estimator : estimator object
        Fitted, with `predict_proba`.
    image : array-like of shape (h, w) or (h, w, c), or path-like
        One picture, or its file where a pipeline begins with an `ImageLoader`.
    caller : str
        Whom an error shall name.

    Raises
    ------
    TypeError
        If the estimator has no `predict_proba`.
    ValueError
        If `image` is not one picture, or a path that nothing reads.
    """
    estimator = unwrapped(estimator)
    check_is_fitted(estimator)
    if not hasattr(estimator, "predict_proba"):
        raise TypeError(
            f"{caller} got a {type(estimator).__name__}, which has no predict_proba: there is no probability to watch. "
            "Use a classifier that has it, or fit sklearn.calibration.CalibratedClassifierCV around this one."
        )
    return AskedPicture(*picture_behind_loader(estimator, image, caller))


def picture_behind_loader(estimator: Any, image: Any, caller: str) -> tuple[NDArray[Any], Any]:
    """Return one picture as an array, and what of a pipeline is left for it: all of it, or what follows its loader."""
    steps = estimator.steps if isinstance(estimator, Pipeline) else []
    has_loader = len(steps) > 1 and isinstance(steps[0][1], ImageLoader)
    behind = estimator[1:] if has_loader else estimator
    if isinstance(image, (str, os.PathLike)):
        if not has_loader:
            raise ValueError(
                f"{caller} got the path {os.fspath(image)!r}, but {type(estimator).__name__} does not begin with an "
                "ImageLoader that could read it. Give the picture as an array, or a fitted pipeline such as "
                "make_pipeline(ImageLoader((64, 64)), ...)."
            )
        return np.asarray(steps[0][1].transform([image]))[0], behind
    picture = np.asarray(image)
    if picture.dtype.kind not in "buif" or picture.ndim not in (2, 3) or picture.shape[2:] not in _CHANNEL_AXES:
        raise ValueError(
            f"{caller} got an array of shape {picture.shape} and dtype {picture.dtype}, expected one picture: (height, "
            f"width), or (height, width, channels) with channels in {CHANNELS}. Of a batch of pictures, pass one, such "
            "as images[0]; bring a flattened one to its shape: row.reshape(28, 28)."
        )
    if min(picture.shape) == 0:
        raise ValueError(f"{caller} got a picture of shape {picture.shape}, expected at least one pixel.")
    return picture.astype(np.float32) if picture.dtype == bool else picture, behind


def position_of(classes: NDArray[Any], wanted: Any, probabilities: NDArray[np.float64]) -> int:
    """Return where a class stands among `classes`; without a wish, the most probable one."""
    if wanted is None:
        return int(np.argmax(probabilities))
    found = np.flatnonzero(classes == wanted)
    if len(found) != 1:
        names = ", ".join(map(repr, classes[:_MOST_NAMED_CLASSES].tolist()))
        more = ", ..." if len(classes) > _MOST_NAMED_CLASSES else ""
        raise ValueError(f"class_of_interest={wanted!r}: expected one of the classes, {names}{more}.")
    return int(found[0])


def as_taken(estimator: Any, pictures: Any) -> Any:
    """Return pictures in the form that a fitted estimator takes: as rows of pixels where it knows tables only.

    Parameters
    ----------
    estimator : estimator object
        Fitted.
    pictures : array-like of shape (n, h, w) or (n, h, w, c), or anything else, which stays as it is
        The pictures.
    """
    if getattr(pictures, "ndim", 0) > 2 and takes_rows_only(estimator):
        return np.asarray(pictures).reshape(len(pictures), -1)
    return pictures


def takes_rows_only(estimator: Any) -> bool:
    """Tell whether what sees the input of a fitted estimator first is scikit-learn's own, which knows tables only."""
    while (inner := _sees_input(estimator)) is not None:
        estimator = inner
    tags = get_tags(estimator)
    return tags.input_tags.two_d_array and not (tags.input_tags.three_d_array or tags.no_validation)


def _sees_input(estimator: Any) -> Any:
    """Return the estimator within another that the input comes to first, None if there is none."""
    if isinstance(estimator, Pipeline):
        steps = [step for _, step in estimator.steps if step is not None and not isinstance(step, str)]
        # A FunctionTransformer takes whatever the step after it takes.
        return next((step for step in steps if not get_tags(step).no_validation), None)
    if isinstance(estimator, FrozenEstimator):
        return estimator.estimator
    for name in ("best_estimator_", "calibrated_classifiers_", "estimators_", "estimator_"):
        found = getattr(estimator, name, None)
        while isinstance(found, (list, np.ndarray)) and len(found):
            found = found[0]
        if found is not None:
            return found.estimator if name == "calibrated_classifiers_" else found
    return None
