"""How a picture is divided into cells and blocks: arithmetic only, so that it is at hand without the kernels."""

from __future__ import annotations

import math
from dataclasses import dataclass

_AUTO_CELLS_ALONG_SHORTER_SIDE = 4


@dataclass(frozen=True)
class HOGLayout:
    """How a picture is divided: sizes are (rows, columns)."""

    orientations: int
    cell: tuple[int, int]
    block: tuple[int, int]
    norm: str
    transform_sqrt: bool
    signed: bool
    soft: bool

    def n_cells(self, height: int, width: int) -> tuple[int, int]:
        """Return the rows and columns of whole cells in a picture."""
        return height // self.cell[0], width // self.cell[1]

    def n_blocks(self, height: int, width: int) -> tuple[int, int]:
        """Return the rows and columns of blocks in a picture."""
        rows, cols = self.n_cells(height, width)
        return rows - self.block[0] + 1, cols - self.block[1] + 1

    def n_features(self, height: int, width: int) -> int:
        """Return the number of features of a picture."""
        return math.prod((*self.n_blocks(height, width), *self.block, self.orientations))


def auto_cell(height: int, width: int, block: tuple[int, int]) -> tuple[int, int]:
    """Return the cell size that ``pixels_per_cell="auto"`` stands for.

    Examples
    --------
    >>> auto_cell(100, 64, (3, 3)), auto_cell(32, 32, (3, 3)), auto_cell(28, 28, (3, 3)), auto_cell(8, 8, (5, 5))
    ((16, 16), (8, 8), (4, 4), (1, 1))
    """
    largest = min(min(height, width) // _AUTO_CELLS_ALONG_SHORTER_SIDE, height // block[0], width // block[1])
    side = 2 ** (max(largest, 1).bit_length() - 1)
    return side, side
