"""Pictures as points in a plane: which features, and how they are laid flat."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.utils import check_random_state

from skimgrec.inspection._one_picture import as_taken
from skimgrec.neighbors import model_features

METHODS = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}

# Distances in so many principal components are nearly those in all, and cost much less.
_COMPONENTS_BEFORE = 50
_PERPLEXITY = 30.0
_NEIGHBORS = 15
_FEWEST = 3


def features_of(estimator: Any, X: Any, caller: str) -> NDArray[np.float64]:
    """Return the features that an estimator makes of pictures, before it classifies, of shape (n, n_features).

    Parameters
    ----------
    estimator : estimator object
        Fitted: a transformer, a pipeline that ends in one or in a classifier, or a search for one of these.
    X : array-like
        Pictures as it takes them, or their files.
    caller : str
        Whom an error shall name.

    Raises
    ------
    TypeError
        If the estimator makes no features.
    """
    try:
        features = model_features(estimator)
    except ValueError as error:
        raise TypeError(
            f"{caller} got a {type(estimator).__name__}, which makes no features that pictures could be laid out by. "
            "Give a fitted transformer such as HOGTransformer, a network, a pipeline with one of these, or None for "
            "the pixels themselves."
        ) from error
    return as_rows(features.transform(as_taken(features, X)))


def as_rows(features: Any) -> NDArray[np.float64]:
    """Return features as rows of floats, dense."""
    dense = np.asarray(features.toarray() if hasattr(features, "toarray") else features, dtype=np.float64)
    return dense.reshape(len(dense), -1)


def lay_flat(features: NDArray[np.float64], method: Any, random_state: Any) -> NDArray[np.float64]:
    """Return a place in the plane for each row of features, of shape (n, 2).

    Parameters
    ----------
    features : ndarray of shape (n, n_features)
        Finite numbers.
    method : {"pca", "tsne", "umap"} or estimator object
        How; an object has a method `fit_transform` that gives two columns.
    random_state : int, RandomState instance or None
        Of t-SNE and UMAP.

    Raises
    ------
    ImportError
        If UMAP is asked for and not installed.
    ValueError
        If there is no such method, there are fewer than 3 rows, or they hold NaN or infinity.
    """
    if isinstance(method, str) and method not in METHODS:
        raise ValueError(
            f"method={method!r}: expected one of {', '.join(map(repr, METHODS))}, or an object with fit_transform."
        )
    if len(features) < _FEWEST:
        raise ValueError(f"Got {len(features)} pictures, expected at least {_FEWEST} to lay out.")
    if not np.isfinite(features).all():
        raise ValueError("The features hold NaN or infinity. Expected finite numbers.")
    if not isinstance(method, str):
        places = np.asarray(method.fit_transform(features), dtype=np.float64)
        if places.shape != (len(features), 2):
            raise ValueError(
                f"method={method!r} gave an array of shape {places.shape}, expected ({len(features)}, 2): set its "
                "number of components to 2."
            )
        return places
    if method == "pca":
        n_components = min(2, *features.shape)
        # Of equal pictures, PCA divides 0 by 0 where it explains their variance.
        with np.errstate(invalid="ignore"):
            places = PCA(n_components, random_state=0, svd_solver="full").fit_transform(features)
        return np.pad(places, ((0, 0), (0, 2 - n_components)))
    if min(features.shape) > _COMPONENTS_BEFORE:
        features = PCA(_COMPONENTS_BEFORE, random_state=0).fit_transform(features)
    if method == "tsne":
        from sklearn.manifold import TSNE

        perplexity = min(_PERPLEXITY, (len(features) - 1) / 3)
        init = "pca" if min(features.shape) > 1 else "random"
        return TSNE(perplexity=perplexity, init=init, random_state=random_state).fit_transform(features)
    return _umap(features, random_state)


def _umap(features: NDArray[np.float64], random_state: Any) -> NDArray[np.float64]:
    try:
        from umap import UMAP
    except ImportError as error:
        raise ImportError(
            'method="umap" needs umap-learn, which is not installed. Install it with: pip install umap-learn. Or use '
            'method="tsne".'
        ) from error
    seed = None if random_state is None else int(check_random_state(random_state).randint(2**31 - 1))
    # With a seed it runs in one thread, and warns unless it is told to. Its spectral start needs more than 3 rows.
    threads: dict[str, int] = {} if seed is None else {"n_jobs": 1}
    init = "spectral" if len(features) > _FEWEST else "random"
    laid = UMAP(n_neighbors=min(_NEIGHBORS, len(features) - 1), init=init, random_state=seed, **threads)
    return np.asarray(laid.fit_transform(features))


def apart(places: NDArray[np.float64], side: float, n_most: int) -> list[int]:
    """Return rows whose squares of a side do not overlap, in their order, at most so many.

    Parameters
    ----------
    places : ndarray of shape (n, 2)
        The centres of the squares.
    side : float
        Of a square, in the unit of `places`.
    n_most : int
        How many to take.
    """
    taken: list[int] = []
    for row, place in enumerate(places):
        if len(taken) >= n_most:
            break
        if not taken or (np.abs(places[taken] - place).max(axis=1) >= side).all():
            taken.append(row)
    return taken
