"""The stages of HOG for one picture, as arrays: the gradients that it uses, and its features put back into cells."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skimgrec.feature_extraction import HOGTransformer


@dataclass(frozen=True)
class CellGrid:
    """How the features of a fitted HOGTransformer lie in the picture; sizes are (rows, columns)."""

    image_size: tuple[int, int]
    cell: tuple[int, int]
    block: tuple[int, int]
    orientations: int
    signed_gradient: bool

    @classmethod
    def of(cls, hog: HOGTransformer) -> Self:
        """Return the grid of a fitted transformer."""
        height, width = hog.image_shape_[:2]
        rows, cols = hog.cells_per_block
        return cls(
            image_size=(height, width),
            cell=hog.pixels_per_cell_,
            block=(int(rows), int(cols)),
            orientations=int(hog.orientations),
            signed_gradient=bool(hog.signed_gradient),
        )

    @property
    def n_cells(self) -> tuple[int, int]:
        """The rows and columns of whole cells."""
        return self.image_size[0] // self.cell[0], self.image_size[1] // self.cell[1]

    @property
    def feature_shape(self) -> tuple[int, ...]:
        """The features' own shape: block rows and columns, cell rows and columns within the block, orientations."""
        blocks = (cells - block + 1 for cells, block in zip(self.n_cells, self.block, strict=True))
        return (*blocks, *self.block, self.orientations)

    def sum_over_blocks(self, features: NDArray[Any]) -> NDArray[np.float64]:
        """Return (cell rows, cell columns, orientations): for each cell, the sum over the blocks that contain it."""
        blocks = np.reshape(features, self.feature_shape)
        sums = np.zeros((*self.n_cells, self.orientations))
        for row, col in product(range(self.block[0]), range(self.block[1])):
            sums[row : row + len(blocks), col : col + blocks.shape[1]] += blocks[:, :, row, col]
        return sums

    def mean_over_blocks(self, features: NDArray[Any]) -> NDArray[np.float64]:
        """Return (cell rows, cell columns, orientations): for each cell, the mean over the blocks that contain it."""
        return self.sum_over_blocks(features) / self.sum_over_blocks(np.ones(self.feature_shape))


def image_gradients(
    picture: NDArray[Any], *, transform_sqrt: bool, signed_gradient: bool
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[np.float64]]:
    """Return the gradient of each pixel by the rules of HOGTransformer.

    Parameters
    ----------
    picture : ndarray of shape (h, w, c)
        The picture, of any integer or floating dtype.
    transform_sqrt : bool
        Whether the square root of the pixels is taken first.
    signed_gradient : bool
        Whether angles are taken modulo 360 degrees, and not 180.

    Returns
    -------
    horizontal, vertical : ndarray of shape (h, w)
        Differences between the neighbours right and left, and below and above, of the channel where the gradient is
        longest; 0 across the border.
    magnitude : ndarray of shape (h, w)
        The gradient's length.
    angle : ndarray of shape (h, w)
        Its direction in degrees: 0 is to the right, 90 is down.
    """
    pixels: NDArray[Any] = picture.astype(np.float32 if picture.dtype in (np.float16, np.float32) else np.float64)
    if transform_sqrt:
        pixels = np.sqrt(pixels)
    horizontal, vertical = np.zeros_like(pixels), np.zeros_like(pixels)
    horizontal[:, 1:-1] = pixels[:, 2:] - pixels[:, :-2]
    vertical[1:-1] = pixels[2:] - pixels[:-2]
    magnitude = np.hypot(horizontal, vertical)
    channel = magnitude.argmax(axis=2, keepdims=True)
    horizontal, vertical, magnitude = (
        np.take_along_axis(stage, channel, axis=2)[..., 0] for stage in (horizontal, vertical, magnitude)
    )
    angle = np.rad2deg(np.arctan2(vertical, horizontal, dtype=np.float64)) % (360 if signed_gradient else 180)
    return horizontal, vertical, magnitude, angle


def glyph_strokes(
    weights: NDArray[Any], cell: tuple[int, int], *, signed_gradient: bool, faintest: float = 0.05
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the strokes that show a weight for each cell and orientation, the weakest first.

    Parameters
    ----------
    weights : ndarray of shape (cell rows, cell columns, orientations)
        The weights, of any sign.
    cell : tuple of two ints
        Rows and columns of pixels in a cell.
    signed_gradient : bool
        Whether the orientations cover 360 degrees: then a stroke starts in the centre of its cell, and the bright side
        of the edge lies on its left. Else it passes through the centre.
    faintest : float, default=0.05
        Strokes shorter than this part of the longest are left out.

    Returns
    -------
    segments : ndarray of shape (n_strokes, 2, 2)
        Start and end of each stroke as (x, y), in pixels; (0, 0) is the centre of the first pixel. The largest weight
        has a stroke as long as the shorter side of a cell, or half as long where `signed_gradient` is set.
    values : ndarray of shape (n_strokes,)
        The weight that each one shows.
    """
    n_rows, n_cols, orientations = weights.shape
    angles = (np.arange(orientations) + 0.5) * np.deg2rad((360 if signed_gradient else 180) / orientations)
    # The gradient points along (cos, sin); the edge stands at right angles to it.
    directions = np.stack([-np.sin(angles), np.cos(angles)], axis=1)
    centres = np.stack(
        np.meshgrid((np.arange(n_cols) + 0.5) * cell[1] - 0.5, (np.arange(n_rows) + 0.5) * cell[0] - 0.5), axis=-1
    )
    sizes = np.abs(weights)
    largest = sizes.max()
    seen = np.argwhere(sizes > faintest * largest)
    seen = seen[np.argsort(sizes[tuple(seen.T)], kind="stable")]
    row, col, orientation = seen.T
    values = weights[row, col, orientation].astype(np.float64)
    reach = np.abs(values)[:, None] / (largest or 1) * directions[orientation] * min(cell) / 2
    centre = centres[row, col]
    return np.stack([centre if signed_gradient else centre - reach, centre + reach], axis=1), values
