"""What turns pictures into the vectors that are compared: a name, a transformer, or what a trained model sees by."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.utils.validation import check_is_fitted

from skimgrec.feature_extraction import ImageFlattener
from skimgrec.feature_extraction._union import named_features
from skimgrec.neighbors._feature_space import take_apart
from skimgrec.neighbors._held_out import HeldOutClassifier
from skimgrec.preprocessing import ImageLoader
from skimgrec.utils import LazyImages, Pictures, chunk_slices

_PIXELS = "pixels"

# Pictures that are turned into vectors at a time, and bytes that they take at most.
_MOST_PICTURES = 2048
_MOST_BYTES = 2**24


class Features(NamedTuple):
    """A transformer of pictures, and the loader of files that stood in front of it.

    Parameters
    ----------
    transformer : estimator
        Takes pictures and gives vectors; not fitted yet unless it is frozen.
    loader : ImageLoader or None
        How files become the pictures that it takes.
    """

    transformer: Any
    loader: ImageLoader | None


def model_features(model: Any) -> Any:
    """Return what a trained classifier sees pictures by, as a transformer that stays as it is.

    Parameters
    ----------
    model : estimator
        A fitted classifier, such as :func:`~skimgrec.load_model` returns it: a network, a pipeline, a search with its
        best estimator, or one of these in a `RejectingClassifier` or `ConformalClassifier`.

    Returns
    -------
    features : FrozenEstimator
        For a network, and a pipeline that ends in one, its `transform`: what its `feature_layer` gives, by default
        the last one before the classes. For any other pipeline, all steps before its classifier.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If the model is not fitted.
    ValueError
        If nothing in it turns pictures into numbers.

    See Also
    --------
    ImageNeighbors : Finds similar pictures by such features.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from skimgrec import HOGTransformer, load_digits_images
    >>> from skimgrec.neighbors import ImageNeighbors, model_features
    >>> X, y = load_digits_images(return_X_y=True)
    >>> model = make_pipeline(HOGTransformer(), LogisticRegression()).fit(X[:200], y[:200])
    >>> neighbors = ImageNeighbors(model_features(model)).fit(X)
    >>> neighbors.n_features_out_
    324
    """
    check_is_fitted(model)
    parts = take_apart(model)
    steps = parts.steps
    while isinstance(parts.classifier, HeldOutClassifier):
        parts = take_apart(parts.classifier.estimator_)
        steps += parts.steps
    steps += [parts.classifier] if parts.has_features else []
    if any(not isinstance(step, ImageLoader) for step in steps):
        return FrozenEstimator(steps[0] if len(steps) == 1 else make_pipeline(*steps))
    raise ValueError(
        f"{type(model).__name__} has no features to compare pictures by: it is neither a network with a transform, nor "
        "a pipeline with a step such as HOGTransformer before its classifier. Compare by 'hog' or 'pixels' instead."
    )


def features_of(features: Any, *, image_shape: Any, n_jobs: int | None) -> Features:
    """Return the transformer that a parameter `features` stands for.

    Parameters
    ----------
    features : str or transformer
        The parameter: what `make_feature_union` takes, or a transformer.
    image_shape, n_jobs : object
        For the transformers with a name.

    Raises
    ------
    ValueError
        If the name is unknown, it gives no vectors, or is a classifier, which would be trained anew.
    """
    if isinstance(features, str):
        # On their own scale, in which their distances are easier to read.
        if features == _PIXELS:
            return Features(ImageFlattener(image_shape=image_shape), None)
        # Equal pictures are to get equal answers, whatever draws random numbers.
        members = named_features(features, image_shape=image_shape, random_state=0, n_jobs=n_jobs)
        return Features(members[0][1] if len(members) == 1 else FeatureUnion(members), None)
    frozen = isinstance(features, FrozenEstimator)
    inner = features.estimator if frozen else features
    if not frozen and is_classifier(inner):
        raise ValueError(
            f"features={type(inner).__name__}(...) is a classifier, which is not trained here: train it, and give "
            "features=skimgrec.neighbors.model_features(classifier)."
        )
    loader = None
    if isinstance(inner, Pipeline) and isinstance(inner.steps[0][1], ImageLoader):
        loader, inner = inner.steps[0][1], inner[1:]
        if not inner.steps:
            raise ValueError(
                "features= holds an ImageLoader alone, which gives pictures: put a step such as HOGTransformer or "
                "ImageFlattener behind it."
            )
    if not hasattr(inner, "transform"):
        hint = ": give features=skimgrec.neighbors.model_features(model)" if is_classifier(inner) else ""
        raise ValueError(f"features={type(inner).__name__}(...) has no method transform that gives vectors{hint}.")
    return Features(FrozenEstimator(inner) if frozen else clone(inner), loader)


def file_paths(X: Any) -> list[Any] | None:
    """Return the entries of a batch of file paths as a list, None for anything else.

    Parameters
    ----------
    X : object
        What a method was given.
    """
    if isinstance(X, (str, bytes, os.PathLike)):
        return [X]
    if isinstance(X, LazyImages) or not hasattr(X, "__len__") or not len(X):
        return None
    if not isinstance(X, (list, tuple)):
        array = np.asarray(X)
        if array.dtype.kind not in "OUT" or array.shape[1:] not in ((), (1,)) or array.ndim == 0:
            return None
        X = array.ravel().tolist()
    return list(X) if all(isinstance(entry, (str, os.PathLike)) for entry in X) else None


def vectors_of(transformer: Any, pictures: Pictures, caller: str) -> NDArray[np.float32]:
    """Return the vectors of pictures in float32; pictures in files are read some at a time.

    Parameters
    ----------
    transformer : estimator
        Fitted.
    pictures : ndarray or LazyImages of shape (n, h, w, c)
        The pictures.
    caller : str
        Who is said to have got them, in errors.

    Returns
    -------
    vectors : ndarray of shape (n, m), float32

    Raises
    ------
    ValueError
        If the transformer gives something else.
    """
    n_bytes = int(np.prod(pictures.shape[1:], dtype=np.int64)) * pictures.dtype.itemsize
    vectors: NDArray[np.float32] | None = None
    for rows in chunk_slices(len(pictures), size=max(1, min(_MOST_PICTURES, _MOST_BYTES // n_bytes))):
        part = _checked(transformer.transform(pictures[rows]), rows, caller)
        if vectors is None:
            vectors = np.empty((len(pictures), part.shape[1]), np.float32)
        vectors[rows] = part
    assert vectors is not None
    return vectors


def _checked(given: Any, rows: slice, caller: str) -> NDArray[np.float32]:
    if hasattr(given, "toarray"):
        given = given.toarray()
    part = np.asarray(given)
    if part.ndim != 2 or len(part) != rows.stop - rows.start or not part.shape[1] or part.dtype.kind not in "buif":
        raise ValueError(
            f"{caller} got features of shape {part.shape} and dtype {part.dtype} for {rows.stop - rows.start} "
            "pictures, expected numbers of shape (n, n_features): end the features with ImageFlattener if they are "
            "pictures."
        )
    with np.errstate(over="ignore"):
        part = part.astype(np.float32, copy=False)
    finite = np.isfinite(part).all(axis=1)
    if not finite.all():
        raise ValueError(
            f"{caller} got features that are not finite in float32, the first time for picture "
            f"{rows.start + int(np.argmin(finite))}: a distance from them means nothing. Scale the features, or leave "
            "such pictures out."
        )
    return part
