"""Patches of pictures, and their responses pooled; validation stands elsewhere.

The products of patches and filters are left to BLAS. What comes before and after them would take NumPy as long as the
products themselves, pass by pass over arrays that fit into no cache.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skimgrec.utils._compile import compiled

# Sums may be taken in any order, so that they are taken several at a time. All values are finite.
_SUMS: dict[str, Any] = {"fastmath": {"reassoc", "contract", "nsz"}}


@compiled(**_SUMS)
def normalised_patches(picture: Any, grid: tuple[int, int], step: int, side: Any, floor: Any, out: Any) -> None:
    """Write the patches of a picture (h, w, c), of mean 0 and about unit variance, to `out` (rows * cols, values).

    `side` is the (height, width) of a patch, `floor` the variance that is added to each patch's own.
    """
    channels = picture.shape[2]
    n = out.shape[1]
    for i in range(grid[0]):
        for j in range(grid[1]):
            patch = out[i * grid[1] + j]
            k = 0
            total = np.float32(0)
            for y in range(i * step, i * step + side[0]):
                for x in range(j * step, j * step + side[1]):
                    for channel in range(channels):
                        patch[k] = picture[y, x, channel]
                        total += patch[k]
                        k += 1
            mean = total / np.float32(n)
            squares = np.float32(0)
            for k in range(n):
                patch[k] -= mean
                squares += patch[k] * patch[k]
            variance = squares / np.float32(n) + floor
            scale = np.float32(1) / np.sqrt(variance) if variance > 0 else np.float32(0)
            for k in range(n):
                patch[k] *= scale


@compiled()
def add_rectified(
    products: Any, offsets: Any, threshold: Any, pools: Any, first: int, n_filters: int, out: Any
) -> None:
    """Add responses beyond the threshold, positive and negative ones apart, to `out` (pools, 2 * n_filters).

    A response is a product (patches, k) less the filter's offset (k,); the k filters are those from `first` on.
    """
    k = len(offsets)
    for i in range(len(pools)):
        positive = out[pools[i], first : first + k]
        negative = out[pools[i], n_filters + first : n_filters + first + k]
        row = products[i]
        for f in range(k):
            response = row[f] - offsets[f]
            positive[f] += max(response - threshold, np.float32(0))
            negative[f] += max(-response - threshold, np.float32(0))


@compiled(**_SUMS)
def add_triangle(products: Any, of_patches: Any, of_filters: Any, pools: Any, out: Any) -> None:
    """Add by how much each filter is nearer to a patch than the mean of all filters to `out` (pools, n_filters).

    Distances are those of the products (patches, n_filters), which are overwritten, and the squared lengths.
    """
    n_filters = len(of_filters)
    for i in range(len(pools)):
        row, pool = products[i], out[pools[i]]
        total = np.float32(0)
        for f in range(n_filters):
            row[f] = np.sqrt(max(of_patches[i] + of_filters[f] - np.float32(2) * row[f], np.float32(0)))
            total += row[f]
        mean = total / np.float32(n_filters)
        for f in range(n_filters):
            pool[f] += max(mean - row[f], np.float32(0))
