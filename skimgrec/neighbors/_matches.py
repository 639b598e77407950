"""The most and the least similar pictures of each of some queries, for those that show them."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skimgrec.neighbors._features import file_paths
from skimgrec.neighbors._image_neighbors import ImageNeighbors


class Matches(NamedTuple):
    """What was found for each of n queries.

    Parameters
    ----------
    most, least : ndarray of shape (n, n_most) and (n, n_least)
        The pictures of the index, the most and the least similar first.
    most_distances, least_distances : ndarray of the same shapes
        How far they are.
    """

    most: NDArray[np.intp]
    most_distances: NDArray[np.float64]
    least: NDArray[np.intp]
    least_distances: NDArray[np.float64]


def find_matches(
    neighbors: ImageNeighbors, X: Any, n_most: int, n_least: int, *, files: list[Any] | None = None
) -> Matches:
    """Return the most and the least similar pictures, the file of a query itself aside.

    Parameters
    ----------
    neighbors : ImageNeighbors
        A fitted one.
    X : array-like
        The queries, as `ImageNeighbors.kneighbors` takes them.
    n_most, n_least : int
        How many to find of each; fewer where there are no more.
    files : list of path-like, default=None
        The files of the queries, None for one without; by default `X` itself, if it is paths.
    """
    files = file_paths(X) if files is None else files
    vectors = neighbors.transform_queries(X)
    left_out = _own_rows(neighbors, files, len(vectors))
    others = neighbors.n_samples_fit_ - int((left_out >= 0).any())

    def found(n: int, *, farthest: bool) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        n = min(n, others)
        if n == 0:
            return np.empty((len(vectors), 0)), np.empty((len(vectors), 0), np.intp)
        return neighbors._search(vectors, n, farthest=farthest, left_out=left_out)

    most_distances, most = found(n_most, farthest=False)
    least_distances, least = found(n_least, farthest=True)
    return Matches(most, most_distances, least, least_distances)


def _own_rows(neighbors: ImageNeighbors, files: list[Any] | None, n: int) -> NDArray[np.intp]:
    """Return for each query which picture of the index is its own file, -1 for none."""
    rows = np.full(n, -1, np.intp)
    if files is None or neighbors.paths_ is None:
        return rows
    row_of = {os.path.abspath(path): row for row, path in enumerate(neighbors.paths_)}
    for place, file in enumerate(files):
        if file is not None:
            name = os.fspath(file)
            found = row_of.get(os.path.abspath(name), row_of.get(os.path.realpath(name)))
            rows[place] = -1 if found is None else found
    return rows
