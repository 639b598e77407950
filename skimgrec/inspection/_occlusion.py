"""Which parts of a picture a classifier needs: they are covered, one after another."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.inspection._one_picture import AskedPicture, ask, position_of

# A patch has about this part of the picture's side, and moves by half of its own: some 100 to 150 pictures to predict.
_PATCHES_ALONG_A_SIDE = 5
# Of pixels, a smaller one hides too little of a tiny picture to matter.
_SMALLEST_SIDE = 3
# Covered copies that are predicted at a time.
_BYTES_AT_A_TIME = 2**25
_PICTURES_AT_A_TIME = 1024

# (top, bottom, left, right), bottom and right excluded.
Window = tuple[int, int, int, int]


def occlusion_map(
    estimator: Any,
    image: Any,
    *,
    class_of_interest: Any = None,
    patch_size: int | Sequence[int] | None = None,
    stride: int | Sequence[int] | None = None,
    fill: Any = "median",
) -> NDArray[np.float64]:
    """Measure how much the probability of a class falls where a part of a picture is covered.

    A patch slides over the picture, and the classifier is asked anew at every position. It works with any classifier
    that has `predict_proba`, since it only asks: nearest neighbours, a forest on HOG and a network can be compared.

    Parameters
    ----------
    estimator : estimator object
        Fitted, with `predict_proba`: a classifier, a pipeline, or a search for one.
    image : array-like of shape (h, w) or (h, w, c), or path-like
        One picture, of the shape and range of values that the estimator was fitted on, c in 1, 3, 4. Scikit-learn's own
        classifiers get it as a row of pixels. A path where the pipeline begins with an :class:`ImageLoader`.
    class_of_interest : int, float, bool or str, default=None
        The class whose probability is watched; None means the most probable one. That is what `predict` answers of
        nearly every classifier, but not of one that rejects, or that has a threshold or costs of its own.
    patch_size : int or pair of ints, default=None
        (rows, columns) of the patch in pixels. None means a fifth of the shorter side, but at least 3 pixels.
    stride : int or pair of ints, default=None
        By how many pixels the patch moves. None means half of `patch_size`, 1 at least.
    fill : {"median", "mean", "blur"}, number or sequence of c numbers, default="median"
        What covers the picture: the median or the mean of each channel, the picture itself blurred over the size of the
        patch, or a value of the pixels. The median of a digit is its background.

    Returns
    -------
    drops : ndarray of shape (h, w)
        For each pixel, the probability for the whole picture less that with a patch over it, as the mean over all
        patches that cover it; in -1..1. Above 0, what is covered speaks for the class; below, against it.

    Raises
    ------
    TypeError
        If the estimator has no `predict_proba`.
    ValueError
        If `image` is not one picture, the class is none of the estimator's, or a patch or its fill cannot be used.

    See Also
    --------
    ExplanationDisplay : Draws it, for several classifiers side by side.
    grad_cam : What a network looks at, in one pass.

    Notes
    -----
    It takes about ``(h / stride) * (w / stride)`` predictions. What it shows depends on `fill`: a covered picture is
    unlike those that were learnt from, and what the cover looks like is part of the answer. A classifier that is very
    sure, or that sees the same evidence twice in a picture, loses little by one patch; larger patches tell more then.

    References
    ----------
    Zeiler, M. and Fergus, R. (2014). Visualizing and understanding convolutional networks. ECCV, section 4.2.
    https://doi.org/10.1007/978-3-319-10590-1_53

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from skimgrec import HOGTransformer, load_digits_images, occlusion_map
    >>> X, y = load_digits_images(return_X_y=True)
    >>> forest = make_pipeline(HOGTransformer(), RandomForestClassifier(random_state=0)).fit(X[1:], y[1:])
    >>> drops = occlusion_map(forest, X[0])
    >>> drops.shape
    (8, 8)
    """
    asked = ask(estimator, image, "occlusion_map")
    whole = asked.probabilities(asked.picture[None])[0]
    position = position_of(asked.classes, class_of_interest, whole)
    return occlusion_drops(asked, position, whole[position], patch_size=patch_size, stride=stride, fill=fill)


def occlusion_drops(
    asked: AskedPicture, position: int, whole: float, *, patch_size: Any, stride: Any, fill: Any
) -> NDArray[np.float64]:
    """Return the fall of one class's probability for each pixel, given that for the whole picture."""
    picture = asked.picture
    height, width = picture.shape[:2]
    shorter = min(height, width)
    side = min(max(-(-shorter // _PATCHES_ALONG_A_SIDE), _SMALLEST_SIDE), shorter)
    patch = _pair("patch_size", side if patch_size is None else patch_size)
    steps = _pair("stride", tuple(max(1, part // 2) for part in patch) if stride is None else stride)
    if patch[0] > height or patch[1] > width:
        raise ValueError(
            f"patch_size={patch_size!r} is larger than the picture of {height} x {width} pixels: it would cover all of "
            "it everywhere. Choose a smaller one."
        )
    if steps[0] > patch[0] or steps[1] > patch[1]:
        raise ValueError(
            f"stride={stride!r} is longer than the patch of {patch[0]} x {patch[1]} pixels: some pixels would never be "
            "covered. Choose a smaller stride, or a larger patch_size."
        )
    cover = _cover(picture, patch, fill)
    windows = sliding_windows((height, width), patch, steps)
    size = int(np.clip(_BYTES_AT_A_TIME // picture.nbytes, 1, _PICTURES_AT_A_TIME))
    drops = np.empty(len(windows))
    for start in range(0, len(windows), size):
        some = windows[start : start + size]
        drops[start : start + size] = whole - asked.probabilities(covered_copies(picture, cover, some))[:, position]
    return mean_over_windows(drops, windows, (height, width))


def sliding_windows(shape: tuple[int, int], patch: tuple[int, int], stride: tuple[int, int]) -> list[Window]:
    """Return where a patch lies as it slides; it enters and leaves the picture, so that edges are covered as often."""
    tops, lefts = (range(stride[axis] - patch[axis], shape[axis], stride[axis]) for axis in (0, 1))
    return [
        (max(top, 0), min(top + patch[0], shape[0]), max(left, 0), min(left + patch[1], shape[1]))
        for top in tops
        for left in lefts
    ]


def covered_copies(picture: NDArray[Any], cover: NDArray[Any], windows: Sequence[Window]) -> NDArray[Any]:
    """Return a copy of a picture for each window, in which that window shows `cover`."""
    copies = np.repeat(picture[None], len(windows), axis=0)
    for copy, (top, bottom, left, right) in zip(copies, windows, strict=True):
        copy[top:bottom, left:right] = cover[top:bottom, left:right]
    return copies


def mean_over_windows(
    values: NDArray[np.float64], windows: Sequence[Window], shape: tuple[int, int]
) -> NDArray[np.float64]:
    """Return for each pixel the mean value of the windows that it lies in."""
    sums, counts = np.zeros(shape), np.zeros(shape)
    for value, (top, bottom, left, right) in zip(values, windows, strict=True):
        sums[top:bottom, left:right] += value
        counts[top:bottom, left:right] += 1
    return sums / counts


def _pair(name: str, value: Any) -> tuple[int, int]:
    pair = tuple(value) if np.iterable(value) and not isinstance(value, str) else (value, value)
    if len(pair) != 2 or not all(isinstance(part, Integral) and int(part) >= 1 for part in pair):
        raise ValueError(f"{name}={value!r}: expected a positive integer or a pair (rows, columns) of them.")
    return int(pair[0]), int(pair[1])


def _cover(picture: NDArray[Any], patch: tuple[int, int], fill: Any) -> NDArray[Any]:
    """Return a picture of the same shape and dtype that covers with."""
    channels = picture.shape[2] if picture.ndim == 3 else 1
    if isinstance(fill, str):
        match fill:
            case "median":
                cover = np.broadcast_to(np.median(picture, axis=(0, 1)), picture.shape)
            case "mean":
                cover = np.broadcast_to(np.mean(picture, axis=(0, 1), dtype=np.float64), picture.shape)
            case "blur":
                from scipy.ndimage import gaussian_filter

                sigma = (patch[0] / 2, patch[1] / 2, 0)[: picture.ndim]
                cover = gaussian_filter(picture.astype(np.float64), sigma, mode="nearest")
            case _:
                raise ValueError(f'fill={fill!r}: expected "median", "mean", "blur", or a value of the pixels.')
    else:
        values = np.atleast_1d(np.asarray(fill))
        if values.dtype.kind not in "uif" or values.shape not in ((1,), (channels,)) or not np.isfinite(values).all():
            raise ValueError(
                f"fill={fill!r}: expected one finite number, or one for each of the picture's {channels} channels."
            )
        cover = np.broadcast_to(values if picture.ndim == 3 else values[0], picture.shape).astype(np.float64)
    if picture.dtype.kind in "ui":
        limits = np.iinfo(picture.dtype)
        if cover.min() < limits.min or cover.max() > limits.max:
            raise ValueError(f"fill={fill!r} lies outside {limits.min}..{limits.max}, the values of {picture.dtype}.")
        cover = np.rint(cover)
    return cover.astype(picture.dtype)
