"""How familiar a picture is: where its features lie among those of training pictures, and what several views say."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors


def unit_rows(features: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return rows of length 1; those of zeros stay."""
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    return features / np.where(lengths > 0, lengths, 1)


def fit_neighbors(features: NDArray[np.floating], n_neighbors: int) -> NearestNeighbors:
    """Return a searcher among the features of training pictures, by their direction alone."""
    searcher = NearestNeighbors(n_neighbors=min(n_neighbors, len(features)), algorithm="brute")
    return searcher.fit(unit_rows(features))


def nearness(searcher: NearestNeighbors, features: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the distance of each row to its k-th nearest neighbour, with a minus sign: from -2 to 0."""
    distances, _ = searcher.kneighbors(unit_rows(features))
    return -distances[:, -1].astype(np.float64)


def sureness(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the highest probability in each row."""
    return np.exp(logits.max(axis=1) - np.logaddexp.reduce(logits, axis=1))


def mean_ranks(
    views: NDArray[np.float64], calibration: NDArray[np.float64], *, are_calibration: bool
) -> NDArray[np.float64]:
    """Return how familiar pictures are by several views: the mean of their ranks among calibration pictures.

    Parameters
    ----------
    views : ndarray of shape (n_views, n)
        How familiar each picture is, by each view.
    calibration : ndarray of shape (n_views, n_calibration)
        The same of calibration pictures, ascending in each row.
    are_calibration : bool
        Whether the pictures are these themselves. Others count themselves as one more, which keeps the promise of a
        quantile: with one picture more among them, no calibration picture would rank lower than it does.

    Returns
    -------
    familiarity : ndarray of shape (n,)
        From 0 to 1.
    """
    n = calibration.shape[1]
    ranks = np.array(
        [np.searchsorted(known, view, side="right") for known, view in zip(calibration, views, strict=True)]
    )
    return (ranks + (not are_calibration)).mean(axis=0) / (n + 1)
