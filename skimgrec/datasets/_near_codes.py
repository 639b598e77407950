"""The kernel that finds codes of 64 bits that differ in few of them, without comparing all pairs."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.utils._compile import compiled

# 64 bits in four bands: two codes that differ in at most 11 bits have a band in which they differ in at most 2.
N_BANDS = 4
MAX_DISTANCE = 11
_BITS = 16
# The most comparisons for each code in each band. Photographs stay far below; where most codes are alike, as those of
# drawings on white are, buckets that are two bits away are left out, so that time stays in proportion to n.
BUDGET = 400
# Codes of one bucket that a code is compared with, those next to it in order.
_WINDOW = 256
# Codes that a code keeps from a band, the nearest ones.
_KEPT = 16


def near_codes(
    codes: NDArray[np.uint64], others: NDArray[np.uint64] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Return pairs of codes that differ in at most `MAX_DISTANCE` bits.

    By the pigeonhole principle, one of their four bands of 16 bits differs in at most two: each code looks up each of
    its bands with up to two bits turned, 137 buckets, and is compared with what lies there.

    Parameters
    ----------
    codes : ndarray of shape (n,), uint64
        The codes.
    others : ndarray of shape (n,), uint64, default=None
        Other codes of the same n things, in which to look for `codes`. None compares `codes` among themselves.

    Returns
    -------
    pairs : ndarray of shape (n_pairs, 2), int64
        Row numbers, the lower one first, each pair once. Of codes with very many neighbours only the nearest.
    distances : ndarray of shape (n_pairs,), int64
        In how many bits they differ.
    n_compared : int
        How many times two codes were compared.
    """
    others = codes if others is None else others
    masks = _masks()
    n_compared = 0
    rows = [np.empty((0, 3), np.int64)]
    for band in range(N_BANDS):
        wanted, held = _turn(codes, band), _turn(others, band)
        order = np.argsort(held, kind="stable")
        held = held[order]
        starts = np.searchsorted(held >> np.uint64(64 - _BITS), np.arange(2**_BITS + 1, dtype=np.uint64))
        n_masks = _affordable(wanted, np.diff(starts), masks)
        found, compared = _look_up(wanted, held, order, starts, masks[:n_masks], _WINDOW, _KEPT, MAX_DISTANCE)
        rows.append(found)
        n_compared += int(compared)
    return *nearest_first(np.concatenate(rows), len(codes)), n_compared


def nearest_first(rows: NDArray[np.int64], n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (first, second, distance) rows as distinct pairs of rows below `n`, and their smallest distances."""
    low, high = rows[:, :2].min(axis=1), rows[:, :2].max(axis=1)
    # The nearest comes first among equal pairs, and `unique` keeps the first.
    order = np.argsort(rows[:, 2], kind="stable")
    keys, first = np.unique((low * n + high)[order], return_index=True)
    return np.stack([keys // max(n, 1), keys % max(n, 1)], axis=1), rows[order][first, 2]


def _turn(codes: NDArray[np.uint64], band: int) -> NDArray[np.uint64]:
    """Return the codes with one band turned to the highest bits."""
    if band == N_BANDS - 1:
        return codes
    up = np.uint64(_BITS * (N_BANDS - 1 - band))
    return (codes << up) | (codes >> (np.uint64(64) - up))


def _masks() -> NDArray[np.uint64]:
    bits = [1 << bit for bit in range(_BITS)]
    return np.array([0, *bits, *(first | second for first, second in combinations(bits, 2))], np.uint64)


def _affordable(wanted: NDArray[np.uint64], sizes: NDArray[np.int64], masks: NDArray[np.uint64]) -> int:
    """Return how many of the masks can be looked up within the budget: those of fewer bits come first."""
    counts = np.bincount((wanted >> np.uint64(64 - _BITS)).astype(np.int64), minlength=2**_BITS)
    met, used = np.flatnonzero(counts), 0
    for number, mask in enumerate(masks.astype(np.int64)):
        used += int((counts[met] * np.minimum(sizes[met ^ mask], _WINDOW)).sum())
        if used > BUDGET * len(wanted):
            return max(1, number)
    return len(masks)


@compiled()
def _count_bits(value: Any) -> Any:
    value = value - ((value >> np.uint64(1)) & np.uint64(0x5555555555555555))
    value = (value & np.uint64(0x3333333333333333)) + ((value >> np.uint64(2)) & np.uint64(0x3333333333333333))
    value = (value + (value >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((value * np.uint64(0x0101010101010101)) >> np.uint64(56))


@compiled()
def _look_up(wanted: Any, held: Any, order: Any, starts: Any, masks: Any, window: Any, kept: Any, most: Any) -> Any:
    found = np.empty((1024, 3), np.int64)
    n_found, n_compared = 0, 0
    others, distances = np.empty(kept, np.int64), np.empty(kept, np.int64)
    for row in range(len(wanted)):
        n_kept, worst = 0, 0
        for mask in masks:
            code = wanted[row] ^ (mask << np.uint64(48))
            key = np.int64(code >> np.uint64(48))
            start, end = starts[key], starts[key + 1]
            if end - start > window:
                middle = start + np.searchsorted(held[start:end], code)
                start = max(start, min(middle - window // 2, end - window))
                end = start + window
            for place in range(start, end):
                n_compared += 1
                distance = _count_bits(wanted[row] ^ held[place])
                if distance > most or order[place] == row:
                    continue
                if n_kept < kept:
                    others[n_kept], distances[n_kept] = order[place], distance
                    n_kept += 1
                elif distance < distances[worst]:
                    others[worst], distances[worst] = order[place], distance
                else:
                    continue
                if n_kept == kept:
                    worst = int(np.argmax(distances))
        while n_found + n_kept > len(found):
            larger = np.empty((2 * len(found), 3), np.int64)
            larger[:n_found] = found[:n_found]
            found = larger
        for k in range(n_kept):
            found[n_found, 0], found[n_found, 1], found[n_found, 2] = row, others[k], distances[k]
            n_found += 1
    return found[:n_found], n_compared
