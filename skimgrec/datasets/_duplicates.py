"""Which pictures are copies of one another: candidates by perceptual hashes, then held against each other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import NDArray

# The least agreement of edges and texture, and of the values themselves, of two copies among photographs. In pictures
# that are alike by nature, such as digits, more is asked for: see `_threshold`.
LEAST_SIMILARITY = 0.8
MOST_ASKED_FOR = 0.98
_LEAST_CORRELATION = 0.9
# Candidates that a picture is held against, the nearest ones by their hashes.
N_CANDIDATES = 6
_N_RANDOM_PAIRS = 2000
_PAIRS_AT_A_TIME = 8192


@dataclass(frozen=True)
class NearDuplicates:
    """Pairs of pictures that are near copies.

    Parameters
    ----------
    pairs : ndarray of shape (n_pairs, 2), int64
        Row numbers, the lower one first, in order.
    similarities : ndarray of shape (n_pairs,), float32
        How well edges and texture agree, 1 for perfectly.
    threshold : float
        What was asked for.
    n_compared : int
        How often two hashes were compared.
    n_aligned : int
        How many pairs of thumbnails were held against each other.
    """

    pairs: NDArray[np.int64]
    similarities: NDArray[np.float32]
    threshold: float
    n_compared: int
    n_aligned: int


def find_near_duplicates(
    thumbnails: NDArray[np.uint8], codes: NDArray[np.uint64], *, n_jobs: int | None = None
) -> NearDuplicates:
    """Find pictures that are near copies of one another.

    Parameters
    ----------
    thumbnails : ndarray of shape (n, side, side), uint8
        Grey pictures, none of them nearly constant.
    codes : ndarray of shape (n, 3), uint64
        Perceptual hashes: two of the whole picture, and the second of them of its centre, by which a picture is found
        that was cropped.
    n_jobs : int, default=None
        Threads.

    Returns
    -------
    found : NearDuplicates
    """
    from skimgrec.datasets._near_codes import near_codes, nearest_first

    n = len(thumbnails)
    searches = [(codes[:, 0], None), (codes[:, 1], None), (codes[:, 2], codes[:, 1])]
    rows, n_compared = [np.empty((0, 3), np.int64)], 0
    if n > 1:
        for wanted, held in searches:
            pairs, distances, compared = near_codes(wanted, held)
            rows.append(np.column_stack([pairs, distances]))
            n_compared += compared
    pairs, distances = nearest_first(np.concatenate(rows), n)
    pairs = _nearest(pairs, distances, n)
    threshold = _threshold(thumbnails, n_jobs)
    agreement = _agreements(thumbnails, pairs, n_jobs)
    copies = (agreement[:, 1] >= threshold) & (agreement[:, 0] >= _LEAST_CORRELATION)
    return NearDuplicates(pairs[copies], agreement[copies, 1], threshold, n_compared, len(pairs))


def _nearest(pairs: NDArray[np.int64], distances: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Return the pairs that are among the nearest of either of their pictures."""
    ends = np.concatenate([pairs[:, 0], pairs[:, 1]])
    order = np.lexsort((np.tile(distances, 2), ends))
    ranked = ends[order]
    rank = np.empty(len(ends), np.int64)
    rank[order] = np.arange(len(ends)) - np.searchsorted(ranked, ranked)
    return pairs[rank.reshape(2, -1).min(axis=0) < N_CANDIDATES]


def _threshold(thumbnails: NDArray[np.uint8], n_jobs: int | None) -> float:
    """Return the agreement to ask for: more, where pictures drawn at random agree by nature.

    A quarter of all random pairs agree better than 0.03 among photographs, and better than 0.21 among MNIST's digits.
    """
    n = len(thumbnails)
    if n < 4:
        return LEAST_SIMILARITY
    rng = np.random.default_rng(0)
    if n * (n - 1) // 2 <= _N_RANDOM_PAIRS:
        drawn = np.column_stack(np.triu_indices(n, 1))
    else:
        drawn = rng.integers(n, size=(_N_RANDOM_PAIRS, 2))
        drawn = drawn[drawn[:, 0] != drawn[:, 1]]
    # In a handful of pictures, the copies looked for may themselves be a quarter of the pairs.
    usual = np.quantile(_agreements(thumbnails, drawn, n_jobs)[:, 1], 0.75 if n >= 8 else 0.5)
    return float(np.clip(0.76 + 1.02 * usual, LEAST_SIMILARITY, MOST_ASKED_FOR))


def _agreements(thumbnails: NDArray[np.uint8], pairs: NDArray[np.int64], n_jobs: int | None) -> NDArray[np.float32]:
    from skimgrec.datasets._alignment import agreements

    parts = [pairs[start : start + _PAIRS_AT_A_TIME] for start in range(0, len(pairs), _PAIRS_AT_A_TIME)]
    if not parts:
        return np.empty((0, 2), np.float32)
    with ThreadPoolExecutor(max(1, min(effective_n_jobs(n_jobs), len(parts)))) as threads:
        return np.concatenate(list(threads.map(lambda part: agreements(thumbnails, part), parts)))


def connected(pairs: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Return the group of each of `n` rows: equal for rows that pairs link, numbered as they first occur.

    Examples
    --------
    >>> import numpy as np
    >>> connected(np.array([[1, 3], [3, 4]]), 5).tolist()
    [0, 1, 2, 1, 1]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    links = coo_array((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    labels = connected_components(links, directed=False)[1]
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse]
