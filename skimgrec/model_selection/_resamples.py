"""What a bootstrap draws anew: test pictures, or groups of them, in few distinct kinds."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_CELLS_AT_A_TIME = 1 << 23

Counts = NDArray[np.float64]


def cells_of(*columns: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Return the distinct combinations of classes, one column each, and how many pictures have them."""
    cells, cell_of_each = _cell_of_each(*columns)
    return cells, np.bincount(cell_of_each)


def _cell_of_each(*columns: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the distinct combinations of classes, one column each, and which one each picture has."""
    table = np.stack(columns)
    # What is no class takes part as one more.
    table = np.where(table < 0, table.max() + 1, table)
    side = int(table.max()) + 1
    keys = functools.reduce(lambda key, column: key * side + column, table.astype(np.int64))
    _, first, cell_of_each = np.unique(keys, return_index=True, return_inverse=True)
    return table[:, first], cell_of_each


@dataclass(frozen=True)
class Units:
    """What is drawn anew in a resample: pictures, of which those of a cell are alike, or groups of pictures.

    Parameters
    ----------
    counts : ndarray of shape (n_units,)
        How many there are of each.
    pictures : sparse array of shape (n_units, n_cells), or None
        How many pictures of each cell one has; None if each is a single picture of its own cell.
    """

    counts: NDArray[np.int64]
    pictures: Any

    def in_cells(self, units: NDArray[Any]) -> Counts:
        """Return how many pictures of each cell some units have, for each row of numbers of units."""
        return np.asarray(units if self.pictures is None else units @ self.pictures, dtype=np.float64)

    def resamples(self, n_resamples: int, rng: np.random.Generator) -> Iterator[Counts]:
        """Yield how often each cell occurs in resamples of all units, in parts that fit into memory."""
        n = int(self.counts.sum())
        widest = max(len(self.counts), 1 if self.pictures is None else self.pictures.shape[1])
        for size in parts_of(widest, n_resamples):
            yield self.in_cells(rng.multinomial(n, self.counts / n, size=size))

    def without_each(self) -> Iterator[Counts]:
        """Yield how often each cell occurs without one of each kind of unit, in parts that fit into memory."""
        for rows in np.array_split(np.arange(len(self.counts)), len(parts_of(len(self.counts), len(self.counts)))):
            fewer = np.repeat(self.counts[None], len(rows), axis=0)
            fewer[np.arange(len(rows)), rows] -= 1
            yield self.in_cells(fewer)


def units_of(groups: NDArray[np.intp] | None, *columns: NDArray[np.intp]) -> tuple[NDArray[np.intp], Units]:
    """Return the distinct combinations of classes, one column each, and what resamples draw.

    Parameters
    ----------
    groups : ndarray of int, shape (n,), or None
        The group of each picture; None takes each for itself.
    *columns : ndarray of int, shape (n,)
        The class of each picture, and what classifiers answered, -1 for an answer that is no class.

    Returns
    -------
    cells : ndarray of shape (n_columns, n_cells)
        The combinations.
    units : Units
        Pictures, or groups of them.
    """
    from scipy.sparse import coo_array

    cells, cell_of_each = _cell_of_each(*columns)
    if groups is None:
        return cells, Units(np.bincount(cell_of_each), None)
    names, group_of_each = np.unique(groups, return_inverse=True)
    shape = (len(names), cells.shape[1])
    pictures = coo_array((np.ones(len(groups)), (group_of_each, cell_of_each)), shape=shape).tocsr()
    return cells, Units(np.ones(len(names), np.int64), pictures)


def parts_of(n_cells: int, n_rows: int) -> list[int]:
    """Return how many rows to work through at a time, each with a number for each of so many cells."""
    size = max(1, _CELLS_AT_A_TIME // n_cells)
    return [min(size, n_rows - start) for start in range(0, n_rows, size)]
