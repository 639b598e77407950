"""Where descriptors are taken and where their words are counted: arithmetic, without the kernel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CELLS = 4
N_ORIENTATIONS = 8
DENSE_LENGTH = CELLS * CELLS * N_ORIENTATIONS
DETECTORS = ("dense-sift", "sift", "orb")
LENGTHS = {"dense-sift": DENSE_LENGTH, "sift": DENSE_LENGTH, "orb": 256}
_LARGEST_AUTO_CELL = 4


@dataclass(frozen=True)
class WordsLayout:
    """How words are found and counted.

    Parameters
    ----------
    detector : str
        Where descriptors are taken, and which.
    cell : int
        Pixels along a side of a cell of a dense descriptor.
    step : int
        Pixels from one dense descriptor to the next.
    levels : int
        Of the spatial pyramid.
    norm : str or None
        How the histogram is normalised.
    """

    detector: str
    cell: int
    step: int
    levels: int
    norm: str | None

    @property
    def n_regions(self) -> int:
        """The number of histograms of a picture."""
        return sum(4**level for level in range(self.levels))

    def grid(self, side: int) -> NDArray[np.intp]:
        """Return the first pixel of each dense descriptor along a side, the margins being equal but for one pixel."""
        room = max(side, CELLS * self.cell) - CELLS * self.cell
        return room % self.step // 2 + np.arange(0, room + 1, self.step)

    def dense_places(self, height: int, width: int) -> NDArray[np.float64]:
        """Return the centre of each dense descriptor as (row, column), row by row."""
        middle = (CELLS * self.cell - 1) / 2
        rows, cols = np.meshgrid(self.grid(height) + middle, self.grid(width) + middle, indexing="ij")
        # Pictures smaller than a descriptor are continued beyond their last row and column.
        places = np.column_stack([rows.ravel(), cols.ravel()])
        return np.minimum(places, [height - 1, width - 1])

    def regions(self, places: NDArray[np.float64], height: int, width: int) -> NDArray[np.intp]:
        """Return in which region of each level the places (n, 2) lie, (n, levels), counted over all levels."""
        found = []
        first = 0
        for level in range(self.levels):
            parts = 2**level
            row, col = ((places + 0.5) * parts / [height, width]).astype(np.intp).clip(0, parts - 1).T
            found.append(first + row * parts + col)
            first += parts * parts
        return np.column_stack(found)

    def region_weights(self) -> NDArray[np.float64]:
        """Return the weight of each region, after Lazebnik, Schmid and Ponce: the finer, the more a match says."""
        weights = [2.0 ** -(self.levels - max(level, 1)) for level in range(self.levels)]
        return np.repeat(weights, [4**level for level in range(self.levels)])

    def region_names(self) -> list[str]:
        """Return a name for each region."""
        return [
            f"level{level}_region{row}_{col}"
            for level in range(self.levels)
            for row in range(2**level)
            for col in range(2**level)
        ]


def auto_patch(height: int, width: int) -> int:
    """Return the side of a dense descriptor that ``patch_size="auto"`` stands for.

    Examples
    --------
    >>> auto_patch(8, 8), auto_patch(28, 28), auto_patch(32, 32), auto_patch(480, 640)
    (4, 8, 16, 16)
    """
    side = min(height, width) // 8
    return CELLS * min(_LARGEST_AUTO_CELL, 2 ** (max(side, 1).bit_length() - 1))


def cell_weights(cell: int) -> tuple[int, NDArray[np.float32]]:
    """Return how far weights reach before a descriptor, and those of each of its four cells along an axis.

    A pixel's weight falls linearly from a cell's centre to those of its neighbours, and as a Gaussian of half the
    descriptor's side from its centre, as in scikit-image's SIFT. They are those of pixels from the reach before the
    descriptor to the reach behind it.
    """
    reach = cell // 2 + 1
    places = np.arange(-reach, CELLS * cell + reach) - (CELLS * cell - 1) / 2
    centres = (np.arange(CELLS) - (CELLS - 1) / 2)[:, None] * cell
    linear = np.maximum(0, 1 - np.abs(places - centres) / cell)
    return reach, (linear * np.exp(-(places**2) / (2 * (2 * cell) ** 2))).astype(np.float32)
