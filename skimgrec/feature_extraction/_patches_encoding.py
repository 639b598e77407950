"""Responses of learnt filters to the patches of pictures; validation stands elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.feature_extraction._patches_kernel import add_rectified, add_triangle, normalised_patches
from skimgrec.feature_extraction._patches_layout import PatchesLayout

# Filters whose products with the patches of a picture are held at once: they then stay in a core's own cache.
_FILTERS_AT_ONCE = 256


class PatchEncoder:
    """What learnt filters say about pictures of one size.

    Parameters
    ----------
    layout : PatchesLayout
        How patches are taken, encoded and pooled.
    image_shape : tuple of int
        (height, width, channels) of a picture.
    mean : ndarray of shape (n_values,)
        What is taken off every patch before it is whitened.
    whitening : ndarray of shape (n_values, n_values)
        The matrix that whitens.
    filters : ndarray of shape (n_filters, n_values)
        Of whitened patches.
    """

    def __init__(
        self,
        layout: PatchesLayout,
        image_shape: tuple[int, int, int],
        mean: NDArray[np.float32],
        whitening: NDArray[np.float32],
        filters: NDArray[np.float32],
    ) -> None:
        self._layout = layout
        height, width = image_shape[:2]
        self._grid = layout.grid(height, width)
        self._pools = layout.pools(height, width)
        self._n_pools = layout.n_pools**2
        # How often a part of the picture is added to: once more for a mirrored picture. Some may have no patch.
        looks = np.bincount(self._pools, minlength=self._n_pools) * (2 if layout.mirror else 1)
        self._looks = np.maximum(looks, 1).astype(np.float32)[:, None]
        self._mean, self._whitening = mean, whitening
        self._filters = np.ascontiguousarray(filters.T)
        self._n_filters = len(filters)
        # The filters of patches that are not whitened: their products with the mean patch are the same for all.
        self._unwhitened = np.ascontiguousarray(whitening @ self._filters)
        self._offsets = mean @ self._unwhitened
        self._squares = np.einsum("fv,fv->f", filters, filters)

    def encode(self, pictures: NDArray[np.float32], out: NDArray[np.float32]) -> None:
        """Write the mean responses to `pictures` (m, h, w, c), valued from 0 to 1, to `out` (m, n_features)."""
        patches = np.empty((len(self._pools), len(self._mean)), np.float32)
        add = self._add_rectified if self._layout.encoding == "relu" else self._add_triangle
        for i, picture in enumerate(pictures):
            pooled = np.zeros((self._n_pools, out.shape[1] // self._n_pools), np.float32)
            add(self._patches(picture, patches), pooled)
            if self._layout.mirror:
                add(self._patches(picture[:, ::-1], patches), pooled)
            pooled /= self._looks
            out[i] = pooled.ravel()

    def _patches(self, picture: NDArray[np.float32], out: NDArray[np.float32]) -> NDArray[np.float32]:
        return patches_of(picture, self._layout, out)

    def _add_rectified(self, patches: NDArray[np.float32], pooled: NDArray[np.float32]) -> None:
        threshold = np.float32(self._layout.threshold)
        for first in range(0, self._n_filters, _FILTERS_AT_ONCE):
            some = slice(first, first + _FILTERS_AT_ONCE)
            products = patches @ self._unwhitened[:, some]
            add_rectified(products, self._offsets[some], threshold, self._pools, first, self._n_filters, pooled)

    def _add_triangle(self, patches: NDArray[np.float32], pooled: NDArray[np.float32]) -> None:
        whitened = (patches - self._mean) @ self._whitening
        of_patches = np.einsum("pv,pv->p", whitened, whitened)
        add_triangle(whitened @ self._filters, of_patches, self._squares, self._pools, pooled)


def patches_of(picture: NDArray[np.float32], layout: PatchesLayout, out: NDArray[np.float32]) -> NDArray[np.float32]:
    """Write the normalised patches of a picture (h, w, c) to `out` (n_patches, n_values), and return it."""
    height, width = picture.shape[:2]
    if height < layout.height or width < layout.width:
        missing = ((0, max(0, layout.height - height)), (0, max(0, layout.width - width)), (0, 0))
        picture = np.pad(picture, missing, mode="edge")
    floor = np.float32(layout.min_contrast**2)
    picture = np.ascontiguousarray(picture)
    normalised_patches(picture, layout.grid(height, width), layout.step, (layout.height, layout.width), floor, out)
    return out


def in_unit_range(pictures: NDArray[Any], value_range: tuple[float, float]) -> NDArray[np.float32]:
    """Return pictures (m, h, w, c) on the scale of 0 to 1, without an alpha channel."""
    low, high = value_range
    # In the pictures' own precision, as their values may be far from 0.
    scaled = pictures[..., :3].astype(np.result_type(pictures.dtype, np.float32))
    scaled -= scaled.dtype.type(low)
    scaled /= scaled.dtype.type((high - low) or 1.0)
    return np.clip(scaled, 0, 1, out=scaled).astype(np.float32, copy=False)
