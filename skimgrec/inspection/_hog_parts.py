"""What a display of HOG shows, as numbers: the parameters of `HOGDisplay`, from a picture or from features."""

from __future__ import annotations

import math
import os
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from skimgrec.feature_extraction import HOGTransformer
from skimgrec.inspection._hog_stages import CellGrid, image_gradients
from skimgrec.utils import validate_pictures
from skimgrec.utils._pictures import CHANNELS

# The shorter side in pixels from which the automatic cells, four along it, show too little.
_LARGE = 64


def as_batch(image: Any, caller: str) -> NDArray[Any]:
    """Return one picture as a batch of one, or raise a ValueError that says what one picture is."""
    if isinstance(image, (str, os.PathLike)):
        raise ValueError(
            f"{caller} got the name of a file, {os.fspath(image)!r}, expected one picture as an array: "
            f"ImageLoader((128, 128)).fit_transform([{os.fspath(image)!r}])[0] reads it."
        )
    picture = np.asarray(image)
    if picture.ndim not in (1, 2, 3) or (picture.ndim == 3 and picture.shape[2] not in CHANNELS):
        raise ValueError(
            f"{caller} got an array of shape {picture.shape}, expected one picture: (height, width), or (height, "
            f"width, channels) with channels in {CHANNELS}. Of a batch of pictures, pass one, such as images[0]."
        )
    return picture[None]


def one_for_each_feature(name: str, values: Any, grid: CellGrid) -> NDArray[np.float64]:
    """Return `values` as a vector with one finite number for each feature, or raise a ValueError."""
    vector = np.asarray(values, dtype=np.float64)
    n_features = math.prod(grid.feature_shape)
    if vector.shape not in ((n_features,), (1, n_features)):
        one_of_many = vector.ndim == 2 and vector.shape[1] == n_features
        raise ValueError(
            f"{name} has shape {vector.shape}, expected ({n_features},): one number for each feature that hog gives "
            f"for pictures of {grid.image_size[0]} x {grid.image_size[1]} pixels."
            f"{f' Pass one row, such as {name}[0].' if one_of_many else ''}"
        )
    if not np.isfinite(vector).all():
        raise ValueError(f"{name} holds NaN or infinity. Expected {n_features} finite numbers.")
    return vector.ravel()


def geometry(grid: CellGrid) -> dict[str, Any]:
    """Return the parameters of a display that say how the picture is divided."""
    return {
        "image_size": grid.image_size,
        "pixels_per_cell": grid.cell,
        "signed_gradient": grid.signed_gradient,
    }


def glyphs_of(features: NDArray[np.float64], importances: Any, grid: CellGrid) -> dict[str, Any]:
    """Return the parameters of a display of glyphs."""
    parts = {"cell_histograms": grid.mean_over_blocks(features), **geometry(grid)}
    if importances is not None:
        parts["cell_importances"] = grid.sum_over_blocks(
            features * one_for_each_feature("importances", importances, grid)
        )
    return parts


def stages_of(image: Any, hog: HOGTransformer | None, importances: Any, caller: str) -> dict[str, Any]:
    """Return the parameters of a display of all stages."""
    pictures = as_batch(image, caller)
    hog = _legible_hog(pictures) if hog is None else hog
    if not hasattr(hog, "image_shape_"):
        hog = clone(hog).fit(pictures)
    features = hog.transform(pictures)[0].astype(np.float64)
    grid = CellGrid.of(hog)
    picture = validate_pictures(hog, pictures, reset=False)[0]
    horizontal, vertical, magnitude, angle = image_gradients(
        picture, transform_sqrt=bool(hog.transform_sqrt), signed_gradient=grid.signed_gradient
    )
    return {
        **glyphs_of(features, importances, grid),
        "image": picture,
        "value_range": hog.value_range_,
        "horizontal": horizontal,
        "vertical": vertical,
        "magnitude": magnitude,
        "angle": angle,
    }


def _legible_hog(pictures: NDArray[Any]) -> HOGTransformer:
    """Return a transformer whose cells are fine enough to recognise a large picture by, and not too many to draw."""
    shorter = min((*pictures.shape[1:3], 1)[:2])
    if shorter < _LARGE:
        return HOGTransformer()
    side = max(8, 2 ** ((shorter // 32).bit_length() - 1))
    return HOGTransformer(pixels_per_cell=(side, side))
