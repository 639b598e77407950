"""Which codes local binary patterns have, and where their histograms stand: arithmetic, without the kernel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

METHODS = ("default", "ror", "uniform", "nri_uniform")
# Up to so many points, a table says which bin each pattern goes to; the methods with a bin for each have no more.
MOST_POINTS_IN_TABLE = 16
MOST_POINTS = 24


@dataclass(frozen=True)
class LBPLayout:
    """How codes are made and counted.

    Parameters
    ----------
    scales : tuple of (int, float)
        The number of points on the circle, and its radius in pixels, of each scale.
    method : str
        What becomes of a pattern, as scikit-image names it.
    cell : tuple of two ints
        Rows and columns of a cell.
    each : bool
        Whether every channel has histograms of its own.
    norm : str or None
        How a histogram is normalised.
    """

    scales: tuple[tuple[int, float], ...]
    method: str
    cell: tuple[int, int]
    each: bool
    norm: str | None

    def n_cells(self, height: int, width: int) -> tuple[int, int]:
        """Return the rows and columns of whole cells in a picture."""
        return height // self.cell[0], width // self.cell[1]

    def n_planes(self, channels: int) -> int:
        """Return of how many grey pictures the codes of a picture are taken."""
        return channels if self.each else 1

    def scale_sizes(self, height: int, width: int, channels: int) -> list[int]:
        """Return the number of features of each scale."""
        rows, cols = self.n_cells(height, width)
        return [self.n_planes(channels) * rows * cols * n_codes(self.method, points) for points, _ in self.scales]


@dataclass(frozen=True)
class Circle:
    """Where the points of a scale lie around each pixel of pictures of one size, as the kernel wants it.

    A point between pixels is interpolated along the columns first, and points that lie as far to the side share that.
    Weights are computed for each row and column, because they round differently at each.

    Parameters
    ----------
    pad : int
        Pixels beyond a pixel that its points reach, at most.
    order : ndarray of shape (n_points,)
        The points, those on rows of pixels first: two of them need no second row.
    plane : ndarray of shape (n_points,)
        0 for a point in a column of pixels, else 1 more than the row of `col_low` and `col_weight` that it is on.
    shift : ndarray of shape (n_points,)
        How many columns to the right of the pixel to look in that plane.
    row_low, row_high : ndarray of shape (n_points,)
        The rows above and below the point, counted from the pixel's.
    row_weight : ndarray of shape (n_points, height)
        The weight of the lower row, for pixels of each row.
    col_low : ndarray of shape (n_planes,)
        The column to the left, counted from the pixel's.
    col_weight : ndarray of shape (n_planes, width)
        The weight of the column to the right, for pixels of each column.
    """

    pad: int
    order: NDArray[np.intp]
    plane: NDArray[np.intp]
    shift: NDArray[np.intp]
    row_low: NDArray[np.intp]
    row_high: NDArray[np.intp]
    row_weight: NDArray[np.float64]
    col_low: NDArray[np.intp]
    col_weight: NDArray[np.float64]


def circle(n_points: int, radius: float, height: int, width: int) -> Circle:
    """Return where the points around the pixels of pictures of a size lie, at scikit-image's precision."""
    angles = 2 * np.pi * np.arange(n_points, dtype=np.float64) / n_points
    # scikit-image takes the radius in single precision, and rounds offsets to five digits.
    length = float(np.float32(radius))
    rows, cols = np.round(-length * np.sin(angles), 5), np.round(length * np.cos(angles), 5)
    row_low, row_high = np.floor(rows).astype(np.intp), np.ceil(rows).astype(np.intp)
    row_places = np.arange(height) + rows[:, None]
    between = sorted({float(col) for col in cols if col != np.floor(col)})
    col_places = np.arange(width) + np.array(between).reshape(-1, 1)
    plane = np.array([0 if col == np.floor(col) else 1 + between.index(float(col)) for col in cols], np.intp)
    return Circle(
        pad=int(np.ceil(np.abs(np.concatenate([rows, cols]))).max()),
        order=np.argsort(row_low != row_high, kind="stable"),
        plane=plane,
        shift=np.where(plane == 0, np.floor(cols), 0).astype(np.intp),
        row_low=row_low,
        row_high=row_high,
        row_weight=row_places - np.floor(row_places),
        col_low=np.floor(np.array(between)).astype(np.intp),
        col_weight=col_places - np.floor(col_places),
    )


def n_codes(method: str, n_points: int) -> int:
    """Return how many different codes there are, which is the number of bins of a histogram.

    Examples
    --------
    >>> [n_codes(method, 8) for method in METHODS]
    [256, 36, 10, 59]
    """
    if method == "default":
        return 2**n_points
    if method == "ror":
        return len(_necklaces(n_points))
    return n_points + 2 if method == "uniform" else n_points * (n_points - 1) + 3


def code_values(method: str, n_points: int) -> NDArray[np.intp]:
    """Return the codes, as scikit-image has them, in the order of their bins."""
    return _necklaces(n_points) if method == "ror" else np.arange(n_codes(method, n_points))


@lru_cache(maxsize=16)
def bin_table(method: str, n_points: int) -> NDArray[Any]:
    """Return the bin of each of the 2 ** `n_points` patterns; the first point is the lowest bit."""
    patterns = np.arange(2**n_points)
    if method == "default":
        bins = patterns
    elif method == "ror":
        bins = np.searchsorted(_necklaces(n_points), _smallest_rotations(n_points))
    else:
        bits = patterns[:, None] >> np.arange(n_points) & 1
        # The last point and the first are no neighbours here, as in scikit-image: those patterns are no others.
        uniform = (bits[:, 1:] != bits[:, :-1]).sum(axis=1) <= 2
        ones = bits.sum(axis=1)
        if method == "uniform":
            bins = np.where(uniform, ones, n_points + 1)
        else:
            turns = np.where(bits[:, 0] == 1, ones - bits.argmin(axis=1), n_points - bits.argmax(axis=1))
            bins = 1 + (ones - 1) * n_points + turns
            bins[ones == 0] = 0
            bins[ones == n_points] = n_points * (n_points - 1) + 1
            bins[~uniform] = n_points * (n_points - 1) + 2
    table = bins.astype(np.uint16)
    table.flags.writeable = False
    return table


def _smallest_rotations(n_points: int) -> NDArray[np.intp]:
    turned = smallest = np.arange(2**n_points)
    for _ in range(n_points - 1):
        turned = turned >> 1 | (turned & 1) << (n_points - 1)
        smallest = np.minimum(smallest, turned)
    return smallest


@lru_cache(maxsize=16)
def _necklaces(n_points: int) -> NDArray[np.intp]:
    values = np.unique(_smallest_rotations(n_points))
    values.flags.writeable = False
    return values
