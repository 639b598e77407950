"""How the axes of a colour space are divided into bins: arithmetic, without the kernel."""

from __future__ import annotations

import math
from dataclasses import dataclass

# The axes of each space, with the lowest and highest value that a colour of sRGB has on it.
SPACES: dict[str, tuple[tuple[str, float, float], ...]] = {
    "rgb": (("red", 0.0, 1.0), ("green", 0.0, 1.0), ("blue", 0.0, 1.0)),
    "hsv": (("hue", 0.0, 1.0), ("saturation", 0.0, 1.0), ("value", 0.0, 1.0)),
    "lab": (("lightness", 0.0, 100.0), ("a", -87.0, 99.0), ("b", -108.0, 95.0)),
    "opponent": (
        ("redgreen", -1 / math.sqrt(2), 1 / math.sqrt(2)),
        ("yellowblue", -2 / math.sqrt(6), 2 / math.sqrt(6)),
        ("intensity", 0.0, math.sqrt(3)),
    ),
}
SPACE_CODES = {"grey": 0, **{name: code for code, name in enumerate(SPACES, 1)}}


@dataclass(frozen=True)
class ColorLayout:
    """How colours are counted.

    Parameters
    ----------
    space : str
        The colour space.
    bins : tuple of three ints
        Of each axis of it; those of grey pictures are the first.
    joint : bool
        Whether a bin is one of all three axes together.
    cell : tuple of two ints
        Rows and columns of a cell.
    norm : str or None
        How a histogram is normalised.
    """

    space: str
    bins: tuple[int, int, int]
    joint: bool
    cell: tuple[int, int]
    norm: str | None

    def n_cells(self, height: int, width: int) -> tuple[int, int]:
        """Return the rows and columns of whole cells in a picture."""
        return height // self.cell[0], width // self.cell[1]

    def n_bins(self, channels: int) -> int:
        """Return the number of features of a cell."""
        if channels == 1:
            return self.bins[0]
        return math.prod(self.bins) if self.joint else sum(self.bins)

    def n_features(self, height: int, width: int, channels: int) -> int:
        """Return the number of features of a picture."""
        return math.prod(self.n_cells(height, width)) * self.n_bins(channels)

    def bin_names(self, channels: int) -> list[str]:
        """Return a name for each bin of a cell."""
        if channels == 1:
            return [f"grey{k}" for k in range(self.bins[0])]
        axes = [[f"{name}{k}" for k in range(n)] for (name, _, _), n in zip(SPACES[self.space], self.bins, strict=True)]
        if not self.joint:
            return [name for axis in axes for name in axis]
        return [f"{first}_{second}_{third}" for first in axes[0] for second in axes[1] for third in axes[2]]
