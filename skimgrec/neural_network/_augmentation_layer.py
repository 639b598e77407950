"""Random changes of training pictures, as a layer of the network that is trained."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from skimgrec.neural_network._augmentation import Amounts


class RandomChanges(keras.layers.Layer):
    """Flips, warps and contrasts pictures in training, each one anew, and passes them unchanged otherwise.

    All warps are one affine map, so that pictures are interpolated once. It has no weights, but for the state of its
    random generator.

    Parameters
    ----------
    amounts : tuple of (str, amount)
        As `augmentation_amounts` gives them.
    """

    def __init__(self, amounts: Amounts) -> None:
        # float32 under mixed precision, too: a shift by half a pixel needs it.
        super().__init__(trainable=False, dtype="float32")
        self._amounts = dict(amounts)
        self._generator = keras.random.SeedGenerator(0)

    def call(self, pictures: Any, training: bool = False) -> Any:
        """Return pictures of shape (n, h, w, c), changed if `training`."""
        if not training:
            return pictures
        kinds = set(self._amounts)
        if kinds & {"rotation", "shear", "shift", "zoom"}:
            pictures = self._warped(pictures)
        elif "flip" in kinds:
            pictures = self._flipped(pictures)
        if "contrast" in kinds:
            mean = ops.mean(pictures, axis=(1, 2), keepdims=True)
            pictures = (pictures - mean) * ops.reshape(self._around_one(pictures, "contrast"), (-1, 1, 1, 1)) + mean
        return pictures

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape as it is."""
        return input_shape

    def _uniform(self, pictures: Any, low: float, high: float) -> Any:
        return keras.random.uniform((ops.shape(pictures)[0],), low, high, dtype="float32", seed=self._generator)

    def _about_zero(self, pictures: Any, kind: str, unit: float = 1.0) -> Any:
        amount = self._amounts.get(kind, 0.0) * unit
        return self._uniform(pictures, -amount, amount) if amount else self._zeros(pictures)

    def _around_one(self, pictures: Any, kind: str) -> Any:
        return 1.0 + self._about_zero(pictures, kind)

    def _zeros(self, pictures: Any) -> Any:
        return ops.zeros((ops.shape(pictures)[0],), dtype="float32")

    def _signs(self, pictures: Any, direction: str) -> Any:
        """Return -1 for the pictures to flip in `direction`, 1 for the others."""
        if self._amounts.get("flip") not in (direction, "both"):
            return 1.0 + self._zeros(pictures)
        return ops.where(self._uniform(pictures, 0.0, 1.0) < 0.5, -1.0, 1.0)

    def _flipped(self, pictures: Any) -> Any:
        for direction, axis in (("horizontal", 2), ("vertical", 1)):
            if self._amounts["flip"] in (direction, "both"):
                chosen = ops.reshape(self._signs(pictures, direction) < 0, (-1, 1, 1, 1))
                pictures = ops.where(chosen, ops.flip(pictures, axis=axis), pictures)
        return pictures

    def _warped(self, pictures: Any) -> Any:
        """Return pictures whose pixel (x, y) is taken from M ((x, y) - centre) + centre + shift."""
        height, width = pictures.shape[1:3]
        flip_x, flip_y = self._signs(pictures, "horizontal"), self._signs(pictures, "vertical")
        angle = self._about_zero(pictures, "rotation", 2 * math.pi)
        shear = self._about_zero(pictures, "shear")
        zoom = self._around_one(pictures, "zoom")
        shift_x = self._about_zero(pictures, "shift", width)
        shift_y = self._about_zero(pictures, "shift", height)
        whole = not set(self._amounts) & {"rotation", "shear", "zoom"}
        if whole:
            # Whole pixels need no interpolation, which would blur.
            shift_x, shift_y = ops.round(shift_x), ops.round(shift_y)
        cos, sin = ops.cos(angle), ops.sin(angle)
        a0, a1 = zoom * cos * flip_x, zoom * (cos * shear - sin) * flip_y
        b0, b1 = zoom * sin * flip_x, zoom * (sin * shear + cos) * flip_y
        centre_x, centre_y = (width - 1) / 2, (height - 1) / 2
        a2 = centre_x + shift_x - a0 * centre_x - a1 * centre_y
        b2 = centre_y + shift_y - b0 * centre_x - b1 * centre_y
        zeros = self._zeros(pictures)
        return ops.image.affine_transform(
            pictures,
            ops.stack([a0, a1, a2, b0, b1, b2, zeros, zeros], axis=1),
            interpolation="nearest" if whole else "bilinear",
            fill_mode="reflect",
            data_format="channels_last",
        )
