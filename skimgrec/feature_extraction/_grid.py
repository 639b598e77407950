"""The grid of cells that histograms are taken over: arithmetic only."""

from __future__ import annotations

from numbers import Integral
from typing import Any

from skimgrec.feature_extraction._hog_layout import auto_cell

CHANNEL_NAMES = {1: ("",), 3: ("red", "green", "blue"), 4: ("red", "green", "blue", "alpha")}
# How a histogram of a cell is normalised, by the number that kernels know it by.
NORMS: dict[str | None, int] = {None: 0, "L1": 1, "L1-sqrt": 2, "L2": 3}


def cell_size(value: Any, height: int, width: int) -> tuple[int, int]:
    """Return the rows and columns of a cell that a parameter ``pixels_per_cell`` stands for.

    Parameters
    ----------
    value : "auto", None or tuple of two ints
        The parameter: "auto" leaves at least four cells along the shorter side, None is the whole picture.
    height, width : int
        Of the pictures.

    Returns
    -------
    cell : tuple of two ints
        Its rows and columns.

    Raises
    ------
    ValueError
        If it is no pair of positive integers, or larger than the pictures.

    Examples
    --------
    >>> cell_size("auto", 32, 48), cell_size(None, 32, 48), cell_size((5, 6), 32, 48)
    ((8, 8), (32, 48), (5, 6))
    """
    if value is None:
        return height, width
    if isinstance(value, str):
        return auto_cell(height, width, (1, 1))
    if len(value) != 2 or not all(isinstance(side, Integral) and int(side) >= 1 for side in value):
        raise ValueError(
            f"pixels_per_cell={value!r}: expected two positive integers, (rows, columns), or 'auto', or None for the "
            "whole picture."
        )
    cell = int(value[0]), int(value[1])
    if cell[0] > height or cell[1] > width:
        raise ValueError(
            f"Pictures of {height} rows and {width} cols are too small for pixels_per_cell={cell}. They should have at "
            f"least: {cell[0]} rows and {cell[1]} cols. Choose smaller cells, or None for the whole picture."
        )
    return cell
