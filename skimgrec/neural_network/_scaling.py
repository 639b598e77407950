"""Pixel values onto 0..1, by the range seen at `fit`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skimgrec.utils import UINT8_RANGE


class PixelScale(NamedTuple):
    """Prepares the pictures of one batch for a network.

    uint8 pictures pass unchanged, because the network divides them by 255 itself, unless the network was fitted on
    another range; all others become float32 in 0..1.

    Parameters
    ----------
    low, high : float
        The range of values that stands for 0..1.
    input_dtype : {"uint8", "float32"}
        What the network takes.
    """

    low: float
    high: float
    input_dtype: str

    @classmethod
    def for_pictures(cls, dtype: np.dtype[Any], value_range: tuple[float, float]) -> PixelScale:
        """Return the scale for pictures of `dtype` and a network fitted on `value_range`."""
        low, high = value_range
        as_it_is = dtype == np.uint8 and value_range == UINT8_RANGE
        return cls(low, high, "uint8" if as_it_is else "float32")

    @property
    def factor(self) -> float:
        """Of multiplication, once `low` is subtracted; 1 if all values are equal."""
        return 1.0 if self.high == self.low else 1.0 / (self.high - self.low)

    def __call__(self, pictures: NDArray[Any]) -> NDArray[Any]:
        """Return pictures of one batch as the network takes them."""
        if self.input_dtype == "uint8":
            return pictures
        precise = pictures.astype(np.result_type(pictures.dtype, np.float32), copy=False)
        low, factor = precise.dtype.type(self.low), precise.dtype.type(self.factor)
        return ((precise - low) * factor).astype(np.float32, copy=False)
