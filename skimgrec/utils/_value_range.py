"""The range of pixel values: taken once, at `fit`, and held against every later batch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

UINT8_RANGE = (0.0, 255.0)

# How many widths of the fitted range a later batch may reach beyond it before it is clearly another range. Standardised
# features reach a few; 0..255 against 0..1 reaches 254.
_FAR_BEYOND = 3.0
# A fractional batch below this part of the fitted range is clearly another one: 0..1 against 0..255 is 1/255.
_FAR_BELOW = 1 / 200
# Fractions that stay within 0..1 are clearly another range than one that reaches this far.
_BEYOND_UNIT = 8.0
# Rows of a table are held against the one mistake that a table hardly makes: 0..1 on one side, bytes on the other.
_LIKE_BYTES = (100.0, 255.0)


def value_range(X: NDArray[Any]) -> tuple[float, float]:
    """Return the range of pixel values that `X` stands for.

    Parameters
    ----------
    X : ndarray, not empty
        Pictures of any shape, of an integer or floating dtype.

    Returns
    -------
    low, high : float
        (0, 255) for uint8, whatever it holds; else the smallest and largest value.

    Raises
    ------
    ValueError
        If `X` holds NaN or infinity.
    """
    if X.dtype == np.uint8:
        return UINT8_RANGE
    low, high = float(X.min()), float(X.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        first = int(np.flatnonzero(~np.isfinite(X.reshape(len(X), -1)).all(axis=1))[0])
        kind = "NaN" if np.isnan(low) or np.isnan(high) else "infinity"
        raise ValueError(
            f"Input X contains {kind}, the first time in picture {first}. Pixel values must be finite numbers: leave "
            "such pictures out, or replace the values, for example with np.nan_to_num."
        )
    return low, high


def check_value_range(
    dtype: np.dtype[Any],
    observed: tuple[float, float],
    fitted: tuple[float, float],
    name: str,
    *,
    are_pictures: bool,
) -> None:
    """Raise a ValueError if a batch clearly has another range of values than the pictures at `fit`.

    Parameters
    ----------
    dtype : dtype
        Of the batch.
    observed, fitted : tuple of float
        The ranges of the batch and of the pictures at `fit`, as `value_range` gives them.
    name : str
        The estimator's name, for the message.
    are_pictures : bool
        False if they may as well be rows of a table: then only 0..1 against 0..255 is refused.
    """
    low, high = fitted
    reach = max(map(abs, observed))
    # Integers this small are dark pictures, and a constant is a blank one; fractions that vary are on another scale.
    fractional = dtype.kind == "f" and observed[0] != observed[1]
    if high == low:
        return
    if not are_pictures:
        too_large = low >= 0 and high <= 1 and observed[1] > _LIKE_BYTES[0]
        too_small = low >= 0 and _LIKE_BYTES[0] < high <= _LIKE_BYTES[1] and fractional and reach <= 1
    else:
        beyond = _FAR_BEYOND * (high - low)
        too_large = observed[1] > high + beyond or observed[0] < low - beyond
        limit = max(high * _FAR_BELOW, 1.0 if high >= _BEYOND_UNIT else 0.0)
        too_small = low >= 0 and (fractional or dtype == np.uint8) and reach <= limit
    if too_large or too_small:
        raise ValueError(
            f"{name} got pictures of dtype {dtype} with values from {observed[0]:g} to {observed[1]:g}, but was fitted "
            f"on values from {low:g} to {high:g}. Pictures must have the range seen at fit (uint8 always stands for "
            "0 to 255): rescale them, for example multiply or divide by 255, or fit again."
        )
