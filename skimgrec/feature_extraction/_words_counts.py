"""Descriptors of pictures and histograms of their words; validation stands elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.feature_extraction._words_kernel import Words, dense_sift
from skimgrec.feature_extraction._words_layout import LENGTHS, WordsLayout
from skimgrec.utils import chunk_slices

# Bytes of the dense descriptors that are held at once.
_HELD = 2**23
# scikit-image's detectors know nothing of smaller pictures, some of which they fail on.
_SMALLEST_SIDE = 8

Found = tuple[NDArray[np.float32], NDArray[np.float64]]


def descriptors_of(pictures: NDArray[Any], layout: WordsLayout, value_range: tuple[float, float]) -> Iterator[Found]:
    """Yield the descriptors (n, d) of each picture of `pictures` (m, h, w, c), and their places (n, 2)."""
    height, width = pictures.shape[1:3]
    places = layout.dense_places(height, width)
    dense = layout.detector == "dense-sift"
    size = max(1, _HELD // (len(places) * 4 * LENGTHS["dense-sift"])) if dense else 1
    for rows in chunk_slices(len(pictures), size=size):
        grey = _grey(pictures[rows], value_range)
        if dense:
            for descriptors in dense_sift(grey, layout):
                yield descriptors, places
        else:
            yield _detected(grey[0], layout.detector)


def word_counts(
    pictures: NDArray[Any],
    layout: WordsLayout,
    value_range: tuple[float, float],
    vocabulary: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Write the features of `pictures` (m, h, w, c) to `out` (m, features)."""
    words, n_words = Words(vocabulary), len(vocabulary)
    weights = np.repeat(layout.region_weights(), n_words)
    known: NDArray[np.float64] | None = None
    for i, (descriptors, places) in enumerate(descriptors_of(pictures, layout, value_range)):
        # Dense descriptors are at the same places in every picture.
        if places is not known:
            known, regions = places, layout.regions(places, *pictures.shape[1:3]) * n_words
        at = regions + words.nearest(descriptors)[:, None]
        counts = np.bincount(at.ravel(), minlength=out.shape[1]) * weights
        out[i] = _normalised(counts, layout.norm)


def _normalised(counts: NDArray[np.float64], norm: str | None) -> NDArray[np.float64]:
    total = np.sqrt(counts @ counts) if norm == "L2" else counts.sum()
    # A picture in which nothing was found stays 0.
    if norm is None or total == 0:
        return counts
    return np.sqrt(counts / total) if norm == "L1-sqrt" else counts / total


def _grey(pictures: NDArray[Any], value_range: tuple[float, float]) -> NDArray[np.float32]:
    """Return the luminance (m, h, w) of pictures on the scale of 0 to 1."""
    low, high = value_range
    if pictures.shape[3] == 1:
        grey = pictures[..., 0].astype(np.float64)
    else:
        red, green, blue = (pictures[..., channel].astype(np.float64) for channel in range(3))
        grey = 0.299 * red + 0.587 * green + 0.114 * blue
    return np.clip((grey - low) / ((high - low) or 1.0), 0, 1).astype(np.float32)


def _detected(picture: NDArray[np.float32], detector: str) -> Found:
    """Return what scikit-image finds in a grey picture."""
    nothing = np.empty((0, LENGTHS[detector]), np.float32), np.empty((0, 2))
    if min(picture.shape) < _SMALLEST_SIDE:
        return nothing
    from skimage.feature import ORB, SIFT

    extractor = SIFT() if detector == "sift" else ORB()
    try:
        extractor.detect_and_extract(picture)
    except RuntimeError:  # it found nothing
        return nothing
    descriptors = extractor.descriptors.astype(np.float32)
    # scikit-image's SIFT gives 512 times a vector of length 1, as integers.
    return descriptors / 512 if detector == "sift" else descriptors, extractor.keypoints.astype(np.float64)
