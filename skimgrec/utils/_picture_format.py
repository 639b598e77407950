"""Pixels of any kind to what a batch wants: 8 bits, grey or colour, upright, and in one size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

RESIZE_MODES = ("stretch", "crop", "fit")
_WHITE = (255, 255, 255)
_SWAPS_SIDES = frozenset({5, 6, 7, 8})
# A reduced size of JPEG's is good enough as the source of a resize while it has this many times the wanted side.
_REDUCING_GAP = 2.0


@dataclass(frozen=True)
class PictureFormat:
    """What every picture of a batch is brought to.

    Parameters
    ----------
    image_size : tuple of two ints, default=None
        (height, width) in pixels; None keeps each picture's own.
    grey : bool, default=False
        One channel, without an axis of its own, rather than red, green and blue.
    resize : {"stretch", "crop", "fit"}, default="stretch"
        How a picture of other proportions becomes `image_size`: by stretching it; by cutting off what is too much, on
        both sides alike; by adding black borders.
    """

    image_size: tuple[int, int] | None = None
    grey: bool = False
    resize: str = "stretch"

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one picture, (height, width) or (height, width, 3); `image_size` must be known."""
        assert self.image_size is not None
        return self.image_size if self.grey else (*self.image_size, 3)


def as_stored(image_size: tuple[int, int], orientation: int) -> tuple[int, int]:
    """Return the (height, width) that a picture of EXIF's `orientation` is stored in."""
    height, width = image_size
    return (width, height) if orientation in _SWAPS_SIDES else (height, width)


def to_8_bits(image: Image.Image, grey: bool) -> Image.Image:
    """Return a picture of mode L or RGB."""
    mode = "L" if grey else "RGB"
    if image.mode == "F" or image.mode.startswith("I"):
        image = _from_numbers(np.asarray(image))
    elif "A" in image.mode.replace("LAB", "") or "a" in image.mode or "transparency" in image.info:
        layer = (image.convert("LA") if image.mode == "La" else image).convert("RGBA")
        ground = Image.new("RGB", image.size, _WHITE)
        ground.paste(layer, mask=layer.getchannel("A"))
        image = ground
    if image.mode == mode:
        return image
    try:
        image = image if image.mode == "RGB" else image.convert("RGB")
        return image if mode == "RGB" else image.convert(mode)
    except ValueError:
        raise ValueError(f"Pillow does not convert pixels of the kind {image.mode} to RGB") from None


def _from_numbers(values: NDArray[Any]) -> Image.Image:
    """Return a grey picture of 8 bits from one of more."""
    low, high = values.min(), values.max()
    if values.dtype.kind in "ui" and low >= 0 and high <= 65535:
        return Image.fromarray((values.astype(np.uint16) >> 8).astype(np.uint8))
    if values.dtype.kind == "f" and low >= 0 and high <= 255:
        return Image.fromarray(np.rint(values * (255 if high <= 1 else 1)).astype(np.uint8))
    raise ValueError(
        f"its pixels range from {low:g} to {high:g}, expected 16 bits (0 to 65535), or fractions in 0..1 or 0..255"
    )


def shrinking(size: tuple[int, int], wanted: PictureFormat, orientation: int) -> tuple[float, float]:
    """Return by how much a picture's height and width as stored will shrink."""
    assert wanted.image_size is not None
    height, width = as_stored(wanted.image_size, orientation)
    by_height, by_width = size[0] / height, size[1] / width
    if wanted.resize == "stretch":
        return by_height, by_width
    scale = max(by_height, by_width) if wanted.resize == "fit" else min(by_height, by_width)
    return scale, scale


def jpeg_reduction(size: tuple[int, int], wanted: PictureFormat, orientation: int = 1) -> int:
    """Return by how much JPEG's decoder may reduce the size so that enough pixels are left for a resize."""
    if wanted.image_size is None:
        return 1
    scale = min(shrinking(size, wanted, orientation))
    return next((by for by in (8, 4, 2) if scale >= _REDUCING_GAP * by and min(size) >= by), 1)


def bring_to_size(
    pixels: NDArray[np.uint8], wanted: PictureFormat, orientation: int, out: NDArray[np.uint8] | None
) -> NDArray[np.uint8]:
    """Return the pixels upright and in the size wanted, smoothed where it shrinks."""
    pixels = _upright(pixels, orientation)
    if wanted.image_size is not None and wanted.image_size != pixels.shape[:2]:
        if out is None:
            out = np.empty((*wanted.image_size, *pixels.shape[2:]), np.uint8)
        _resize(np.ascontiguousarray(pixels), out, wanted.resize)
        return out
    if out is None:
        return np.ascontiguousarray(pixels)
    out[...] = pixels
    return out


def _resize(pixels: NDArray[np.uint8], out: NDArray[np.uint8], how: str) -> None:
    from skimgrec.utils._resample import resample  # Numba takes a second to import

    (height, width), (out_height, out_width) = pixels.shape[:2], out.shape[:2]
    if how == "crop":
        scale = max(out_height / height, out_width / width)
        left, upper = (width - out_width / scale) / 2, (height - out_height / scale) / 2
        resample(pixels, out, (left, upper, width - left, height - upper))
    elif how == "fit":
        scale = min(out_height / height, out_width / width)
        inner_height = max(1, min(out_height, round(height * scale)))
        inner_width = max(1, min(out_width, round(width * scale)))
        inner = np.empty((inner_height, inner_width, *out.shape[2:]), np.uint8)
        resample(pixels, inner)
        upper, left = (out_height - inner_height) // 2, (out_width - inner_width) // 2
        out[...] = 0
        out[upper : upper + inner_height, left : left + inner_width] = inner
    else:
        resample(pixels, out)


def _upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Undo EXIF's orientation."""
    if orientation in _SWAPS_SIDES:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels
