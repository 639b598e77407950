"""Where patches lie in a picture, and where their responses are pooled: arithmetic, without the kernel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# What a kind of encoding gives for each filter.
ENCODINGS = {"relu": ("positive", "negative"), "triangle": ("near",)}
_USUAL_SIDE = 32
_USUAL_PATCH = 6
_LARGEST_SCALE = 2


@dataclass(frozen=True)
class PatchesLayout:
    """How the patches of a picture are taken, encoded and pooled.

    Parameters
    ----------
    height, width : int
        Pixels along the sides of a patch.
    step : int
        Pixels from one patch to the next.
    n_pools : int
        Into how many parts each side of the picture is divided for pooling.
    encoding : str
        How a patch is compared with the filters.
    threshold : float
        What "relu" takes off every response.
    min_contrast : float
        What is added to the standard deviation of a patch's values, on the scale of 0 to 1, as the root of squares.
    mirror : bool
        Whether the mirrored picture is looked at, too.
    """

    height: int
    width: int
    step: int
    n_pools: int
    encoding: str
    threshold: float
    min_contrast: float
    mirror: bool

    def grid(self, height: int, width: int) -> tuple[int, int]:
        """Return how many patches there are along the sides of a picture, which is continued if it is too small."""
        rows = max(height - self.height, 0) // self.step + 1
        cols = max(width - self.width, 0) // self.step + 1
        return rows, cols

    def pools(self, height: int, width: int) -> NDArray[np.intp]:
        """Return in which part of the picture each of its patches is pooled, row by row."""
        rows, cols = (np.arange(n) * self.n_pools // n for n in self.grid(height, width))
        return (rows[:, None] * self.n_pools + cols).ravel()

    def n_features(self, n_filters: int) -> int:
        return self.n_pools**2 * len(ENCODINGS[self.encoding]) * n_filters

    def feature_names(self, n_filters: int) -> list[str]:
        return [
            f"patches_region{row}_{col}_filter{number}_{kind}"
            for row in range(self.n_pools)
            for col in range(self.n_pools)
            for kind in ENCODINGS[self.encoding]
            for number in range(n_filters)
        ]


def auto_patch(height: int, width: int) -> tuple[int, int, int]:
    """Return the height and width of a patch, and the step, that "auto" stands for.

    Examples
    --------
    >>> auto_patch(8, 8), auto_patch(28, 28), auto_patch(32, 32), auto_patch(64, 64), auto_patch(480, 640)
    ((4, 4, 1), (6, 6, 1), (6, 6, 1), (12, 12, 2), (12, 12, 6))
    """
    scale = max(1, min(height, width) // _USUAL_SIDE)
    patch = _USUAL_PATCH * min(scale, _LARGEST_SCALE)
    step = min(scale, patch // 2)
    return min(patch, max(1, height // 2)), min(patch, max(1, width // 2)), step
