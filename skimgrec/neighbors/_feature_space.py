"""Where a fitted classifier sees pictures: what the last of its steps gets, or what its last layer but one gives."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_array

from skimgrec.neighbors._temperature import class_logits
from skimgrec.utils import LazyImages, read_chunks

# What these transform to are answers, not features.
_NO_FEATURES = (StackingClassifier, VotingClassifier)
# Networks work through so many pictures at a time, or a part of it.
_PICTURES_PER_PIECE = 1024


class Parts(NamedTuple):
    """A fitted classifier of pictures, taken apart.

    Parameters
    ----------
    steps : list of transformer
        What comes before.
    classifier : classifier
        The last step.
    """

    steps: list[Any]
    classifier: Any

    @property
    def has_features(self) -> bool:
        """Whether the classifier itself has features to give, as networks have."""
        return hasattr(self.classifier, "transform") and not isinstance(self.classifier, _NO_FEATURES)


def take_apart(estimator: Any) -> Parts:
    """Return the steps and the last classifier of nested pipelines, of a search's best estimator, of a frozen one."""
    steps: list[Any] = []
    while True:
        if isinstance(estimator, FrozenEstimator):
            estimator = estimator.estimator
        elif hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        elif isinstance(estimator, Pipeline):
            steps += [step for _, step in estimator.steps[:-1] if step is not None and step != "passthrough"]
            estimator = estimator.steps[-1][1]
        else:
            return Parts(steps, estimator)


def logits_and_features(
    estimator: Any, X: Any, n_classes: int, *, extractor: Any = None, logits: bool = True, features: bool = True
) -> tuple[NDArray[np.float64], NDArray[np.floating]]:
    """Return what a fitted classifier says about pictures, and where it sees them, in one pass over them.

    Parameters
    ----------
    estimator : classifier
        The fitted classifier.
    X : array-like
        What it takes: pictures, rows, or paths.
    n_classes : int
        How many classes it knows.
    extractor : transformer, default=None
        A fitted one that gives the features in its place.
    logits, features : bool, default=True
        Which of the two are wanted. What is not is empty.

    Returns
    -------
    logits : ndarray of shape (n, n_classes)
        As `class_logits` gives them.
    features : ndarray of shape (n, n_features)
        float32 or float64.
    """
    parts = take_apart(estimator)
    seen = X
    for step in parts.steps:
        seen = step.transform(seen)
    said, found = [], []
    for piece in _pieces(seen):
        if logits:
            said.append(class_logits(parts.classifier, piece, n_classes))
        if features and extractor is None:
            found.append(as_rows(parts.classifier.transform(piece) if parts.has_features else piece))
    if features and extractor is not None:
        found.append(as_rows(extractor.transform(X)))
    return (
        np.concatenate(said) if said else np.empty((0, n_classes)),
        np.concatenate(found) if found else np.empty((0, 0), np.float32),
    )


def as_rows(features: Any) -> NDArray[np.floating]:
    """Return features as rows of finite numbers, float32 unless they are float64.

    Raises
    ------
    ValueError
        If they are not numbers, not finite, or no rows.
    TypeError
        If they are sparse.
    """
    if not hasattr(features, "shape"):
        features = np.asarray(features)
    if len(features.shape) > 2:
        features = np.asarray(features).reshape(len(features), -1)
    return check_array(features, dtype=[np.float32, np.float64], input_name="features")


def _pieces(seen: Any) -> Any:
    """Yield what a classifier sees piece by piece, so that files are read once, and a part of them at a time."""
    if isinstance(seen, LazyImages):
        for _, chunk in read_chunks(seen, multiple_of=_PICTURES_PER_PIECE):
            yield chunk
    else:
        yield seen
