"""The nearest and the farthest of many vectors, exactly, by one product of matrices and a second look at a few.

Products in float32 say of every vector how far it is, up to a bound on their rounding. Whatever may still belong to the
answer within that bound is measured again, coordinate by coordinate in float64.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from skimgrec.utils import chunk_slices

METRICS = ("euclidean", "cosine")

# float32 numbers that the products of one batch of queries may take: 64 MiB.
_MOST_PRODUCTS = 2**24
# Numbers that are brought to float64 at a time.
_MOST_EXACT = 2**22
# Half the distance from 1 to the next float32.
_UNIT = 2.0**-24
# Products beyond the first may overflow, those below the second lose digits to underflow.
_LARGEST, _SMALLEST = 1e37, 1e-15


class Lengths(NamedTuple):
    """The lengths of vectors, in the forms that a search wants.

    Parameters
    ----------
    factors : ndarray of shape (n,), float32
        Squared lengths for the Euclidean distance, 1 / length (0 for length 0) for the cosine.
    longest, shortest : float
        The largest length, and the smallest that is not 0.
    """

    factors: NDArray[np.float32]
    longest: float
    shortest: float


def lengths_of(vectors: NDArray[np.float32], metric: str) -> Lengths:
    """Return the lengths of vectors.

    Parameters
    ----------
    vectors : ndarray of shape (n, m), float32
        The vectors.
    metric : {"euclidean", "cosine"}
        Which distance they are for.
    """
    squares = np.empty(len(vectors))
    for rows in _exact_slices(len(vectors), vectors.shape[1]):
        part = vectors[rows].astype(np.float64)
        squares[rows] = np.einsum("ij,ij->i", part, part)
    lengths = np.sqrt(squares)
    inverse = np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    with np.errstate(over="ignore", under="ignore"):
        factors = (squares if metric == "euclidean" else inverse).astype(np.float32)
    return Lengths(factors, float(lengths.max()), float(lengths.min(where=lengths > 0, initial=np.inf)))


def search(
    vectors: NDArray[np.float32],
    lengths: Lengths,
    queries: NDArray[np.float32],
    n: int,
    *,
    metric: str,
    farthest: bool = False,
    left_out: NDArray[np.intp] | None = None,
    n_threads: int = 1,
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return which vectors are nearest to each query, or farthest from it.

    Parameters
    ----------
    vectors : ndarray of shape (n_vectors, m), float32
        Where to look.
    lengths : Lengths
        Theirs, for the same metric.
    queries : ndarray of shape (n_queries, m), float32
        What to look for.
    n : int
        How many to find, at most `n_vectors`, less one with `left_out`.
    metric : {"euclidean", "cosine"}
        The distance: that of the vectors, or 1 less the cosine of the angle between them; the angle with a vector of
        zeros counts as a right one.
    farthest : bool, default=False
        Whether to find the farthest.
    left_out : ndarray of shape (n_queries,), default=None
        For each query a vector that is not to be found; -1 for none.
    n_threads : int, default=1
        Threads among which the queries are divided.

    Returns
    -------
    distances : ndarray of shape (n_queries, n), float64
        Ascending, or descending if `farthest`. They do not depend on what else is looked for, nor on `n_threads`.
    rows : ndarray of shape (n_queries, n), intp
        The vectors; of equal distances, the first come first.
    """
    distances = np.empty((len(queries), n))
    rows = np.empty((len(queries), n), np.intp)
    size = max(1, _MOST_PRODUCTS // len(vectors) // n_threads)
    size = min(size, max(1, -(-len(queries) // n_threads)))

    def work(part: slice) -> None:
        scores, tolerances = _scores(vectors, lengths, queries[part], metric)
        if farthest:
            np.negative(scores, out=scores)
        for place in range(part.start, part.stop):
            score, tolerance = scores[place - part.start], tolerances[place - part.start]
            if left_out is not None and left_out[place] >= 0:
                score[left_out[place]] = np.inf
            found = _possible(score, n, tolerance)
            if left_out is not None:
                found = found[found != left_out[place]]
            exact = exact_distances(vectors, found, queries[place], metric)
            order = np.argsort(-exact if farthest else exact, kind="stable")[:n]
            distances[place], rows[place] = exact[order], found[order]

    parts = list(chunk_slices(len(queries), size=size))
    if n_threads == 1 or len(parts) == 1:
        for part in parts:
            work(part)
    else:
        with ThreadPoolExecutor(n_threads) as threads:
            list(threads.map(work, parts))
    return distances, rows


def exact_distances(
    vectors: NDArray[np.float32], rows: NDArray[np.intp], query: NDArray[np.float32], metric: str
) -> NDArray[np.float64]:
    """Return the distance of some vectors from a query, computed in float64.

    Parameters
    ----------
    vectors : ndarray of shape (n, m), float32
        The vectors.
    rows : ndarray of shape (k,), intp
        Which of them.
    query : ndarray of shape (m,), float32
        The query.
    metric : {"euclidean", "cosine"}
        The distance.
    """
    distances = np.empty(len(rows))
    for part in _exact_slices(len(rows), len(query)):
        distances[part] = distance_matrix(query[None], vectors[rows[part]], metric)[0]
    return distances


def distance_matrix(first: NDArray[np.float32], second: NDArray[np.float32], metric: str) -> NDArray[np.float64]:
    """Return the distance of each vector from each of others, computed in float64.

    Parameters
    ----------
    first, second : ndarray of shape (n_first, m) and (n_second, m)
        The vectors.
    metric : {"euclidean", "cosine"}
        The distance.

    Returns
    -------
    distances : ndarray of shape (n_first, n_second), float64
        Exactly 0 between equal vectors.
    """
    left, right = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if metric == "euclidean":
        return cdist(left, right)
    # Half the squared distance of the directions is 1 less the cosine, without the loss of digits near 0.
    (left, no_left), (right, no_right) = _directions(left), _directions(right)
    distances = cdist(left, right, "sqeuclidean") / 2
    distances[no_left] = 1
    distances[:, no_right] = 1
    return distances


def _directions(vectors: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return vectors brought to length 1, and which of them have none."""
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0), lengths[:, 0] == 0


def _scores(
    vectors: NDArray[np.float32], lengths: Lengths, queries: NDArray[np.float32], metric: str
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return numbers that order the vectors by their distance from each query, and how wrong these may be.

    A sum of m products in float32 is off by at most ``m u / (1 - m u)`` of the product of the lengths, in whatever
    order it is added up (Higham, 2002, Accuracy and Stability of Numerical Algorithms, section 3.1).
    """
    n_values = vectors.shape[1]
    query_lengths = np.sqrt(np.einsum("ij,ij->i", queries, queries, dtype=np.float64))
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        # BLAS has a routine for one vector, which takes half the time of that for matrices.
        scores = (vectors @ queries[0])[None] if len(queries) == 1 else queries @ vectors.T
        if metric == "euclidean":
            scores *= -2
            scores += lengths.factors
        else:
            scores *= -lengths.factors
    rounding = (n_values + 8) * _UNIT
    rounding = rounding / (1 - rounding) if rounding < 0.5 else np.inf
    longest, shortest = lengths.longest, lengths.shortest
    if metric == "euclidean":
        tolerances = rounding * (2 * query_lengths * longest + longest**2)
    else:
        tolerances = rounding * query_lengths
    # Where float32 does not reach, nothing is known of any vector.
    reach = np.maximum(query_lengths, longest) * max(longest, 1.0)
    least = np.minimum(np.where(query_lengths > 0, query_lengths, np.inf), shortest)
    if metric == "cosine":
        reach = np.maximum(reach, 1 / min(shortest, 1.0))
    tolerances[~((reach < _LARGEST) & (least > _SMALLEST))] = np.inf
    return scores, tolerances


def _possible(scores: NDArray[np.float32], n: int, tolerance: float) -> NDArray[np.intp]:
    """Return the rows, ascending, that may be among the `n` with the smallest scores."""
    if not np.isfinite(tolerance):
        return np.arange(len(scores))
    # The true scores of n rows are at most this bound plus the tolerance; what is among the first n is no larger.
    bound = float(np.partition(scores, n - 1)[n - 1]) + 2 * tolerance
    return np.flatnonzero(scores <= np.nextafter(np.float32(bound), np.float32(np.inf)))


def _exact_slices(n: int, n_values: int) -> list[slice]:
    return list(chunk_slices(n, size=max(1, _MOST_EXACT // max(1, n_values))))
