"""The picture contract: what every estimator accepts as a batch of pictures, and what it refuses."""

from __future__ import annotations

import math
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from skimgrec.utils._lazy_images import LazyImages, Pictures
from skimgrec.utils._value_range import check_value_range, value_range

CHANNELS = (1, 3, 4)

# A batch (n, h, 3) with n and h from here on is taken for one colour picture that lost its batch axis.
_SMALLEST_LIKELY_PICTURE = 8
# Flat pictures with fewer features than an 8 x 8 colour picture are never taken for square colour pictures.
_SMALLEST_AMBIGUOUS_COUNT = 192

PictureShape = tuple[int, int] | tuple[int, int, int]


def validate_pictures(estimator: BaseEstimator, X: Any, *, reset: bool) -> Pictures:
    """Check a batch of pictures against the picture contract.

    Parameters
    ----------
    estimator : estimator object
        The caller. Its parameter ``image_shape``, where it has one, says how flattened pictures unfold.
    X : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features)
        Pictures, c in 1, 3, 4; or flattened pictures. Of a `LazyImages`, nothing is read.
    reset : bool
        True in `fit`: `image_shape_`, `value_range_`, `n_features_in_` (and `feature_names_in_` for data frames) are
        set on the estimator. False afterwards: `X` is checked against them.

    Returns
    -------
    pictures : ndarray or LazyImages of shape (n, h, w, c)
        The same numbers in the same dtype, as a view where memory allows. Booleans become float32. A `LazyImages` gives
        another one: `read_chunks` and `read_rows` take either.

    Raises
    ------
    ValueError
        If `X` is empty, holds NaN or infinity, has its channels first, mixes sizes, is one picture without a batch
        axis, holds file names, has another shape than at `fit`, a clearly different range of values than at `fit`,
        or is flattened in more than one possible way.
    TypeError
        If `X` is sparse or its elements are not numbers.

    See Also
    --------
    read_chunks : The pictures piece by piece.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.base import BaseEstimator
    >>> from skimgrec.utils import validate_pictures
    >>> estimator = BaseEstimator()
    >>> validate_pictures(estimator, np.zeros((5, 8, 6), np.uint8), reset=True).shape
    (5, 8, 6, 1)
    >>> estimator.image_shape_, estimator.value_range_, estimator.n_features_in_
    ((8, 6), (0.0, 255.0), 48)
    """
    name = type(estimator).__name__
    declared = getattr(estimator, "image_shape", None)
    if declared is not None:
        declared = check_image_shape(declared)
    known = declared if reset else cast(PictureShape, estimator.image_shape_)

    X = _as_array_if_pictures(X, name)
    if isinstance(X, (np.ndarray, LazyImages)) and X.ndim > 2:
        shape = _shape_of_pictures(X, name, known)
        _check_declared_shape(shape, known, name, reset)
        if isinstance(X, np.ndarray):
            X = _with_plain_dtype(X, name)
        n_features = math.prod(shape)
        # Carries the number of features without copying pictures of any memory layout, and forgets or misses the
        # feature names of a data frame.
        flat = np.broadcast_to(np.zeros((), X.dtype), (len(X), n_features))
        validate_data(estimator, flat, reset=reset, skip_check_array=True)
        are_pictures = True
    else:
        if not reset:
            _check_not_one_picture(X, known, name)
        X = validate_data(estimator, X, reset=reset, dtype="numeric", ensure_all_finite=False)
        X = _with_plain_dtype(X, name)
        shape = _shape_of_rows(X.shape[1], known, name)
        are_pictures = declared is not None

    observed = value_range(X)
    if reset:
        estimator.image_shape_ = shape
        estimator.value_range_ = observed
        # Rows that unfold by the square rule alone may be a table; all else is known to be pictures.
        estimator._fitted_on_pictures = are_pictures
    else:
        are_pictures = are_pictures or estimator._fitted_on_pictures
        check_value_range(X.dtype, observed, estimator.value_range_, name, are_pictures=are_pictures)
    return X.with_channel_axis() if isinstance(X, LazyImages) else X.reshape(len(X), *with_channel_axis(shape))


def check_image_shape(image_shape: Any) -> PictureShape:
    """Return an `image_shape` parameter as a tuple of 2 or 3 ints, or raise a ValueError that says what is allowed."""
    try:
        shape = tuple(int(side) for side in image_shape)
        unchanged = all(side == given for side, given in zip(shape, image_shape, strict=True))
    except (TypeError, ValueError):
        shape, unchanged = (), False
    if not unchanged or len(shape) not in (2, 3) or min(shape) < 1 or shape[2:] not in ((), *((c,) for c in CHANNELS)):
        raise ValueError(
            f"image_shape={image_shape!r}: expected (height, width) for grey pictures or (height, width, channels) "
            f"with channels in {CHANNELS}, all positive integers."
        )
    return cast(PictureShape, shape)


def with_channel_axis(shape: PictureShape) -> tuple[int, int, int]:
    """Return (h, w, c) for (h, w) or (h, w, c)."""
    return cast(tuple[int, int, int], (*shape, 1)[:3])


def _as_array_if_pictures(X: Any, name: str) -> Any:
    """Turn a list or an object array of pictures into one array; leave what scikit-learn validates itself alone."""
    if isinstance(X, np.ndarray) and X.dtype != object:
        if X.ndim == 1 and X.dtype.kind in "US":
            raise _file_names_error(len(X), name)
        return X
    if isinstance(X, LazyImages):
        return X
    if isinstance(X, (list, tuple)) or (isinstance(X, np.ndarray) and X.ndim == 1):
        return _stack(list(X), name)
    # Only pictures are converted here: data frames must reach scikit-learn with their column names.
    return np.asarray(X) if len(getattr(X, "shape", ())) > 2 else X


def _stack(parts: list[Any], name: str) -> Any:
    """Return a list of equally large pictures as one array; raise if it holds pictures of several sizes or paths."""
    if parts and all(isinstance(part, str) or hasattr(part, "__fspath__") for part in parts):
        raise _file_names_error(len(parts), name)
    arrays = [np.asarray(part) for part in parts if hasattr(part, "__array__") or hasattr(part, "__array_interface__")]
    shapes = {array.shape for array in arrays}
    if len(shapes) > 1 and any(len(shape) > 1 for shape in shapes):
        raise ValueError(
            f"Pictures of mixed sizes: {name} got {', '.join(map(str, sorted(shapes)[:4]))}"
            f"{' ...' if len(shapes) > 4 else ''}. All pictures of a batch must have the same shape: "
            "resize them first, for example with skimage.transform.resize."
        )
    if arrays and len(arrays) == len(parts):
        return np.stack(arrays)
    try:
        array = np.asarray(parts)
    except ValueError:  # ragged nested lists: scikit-learn says so in its own words
        return parts
    return array if array.ndim > 2 else parts


def _file_names_error(n: int, name: str) -> ValueError:
    return ValueError(
        f"{name} got {n} strings, expected pictures: an array of shape (n, height, width) or (n, height, width, "
        f"channels). If they are file names, let ImageLoader read them: make_pipeline(ImageLoader((64, 64)), {name}())."
    )


def _shape_of_pictures(X: Pictures, name: str, known: PictureShape | None) -> PictureShape:
    """Return the shape of one picture of a batch with 3 or more dimensions, refusing what is probably a mistake."""
    if X.ndim > 4:
        raise ValueError(
            f"{name} got an array of shape {X.shape} with {X.ndim} dimensions. Pictures are (n, height, width) or "
            "(n, height, width, channels)."
        )
    if min(X.shape) == 0:
        raise ValueError(
            f"Found array with 0 sample(s) or empty pictures (shape={X.shape}) while a minimum of 1 picture of at "
            f"least one pixel is required by {name}."
        )
    shape = cast(PictureShape, X.shape[1:])
    if known is not None and with_channel_axis(shape) == with_channel_axis(known):
        return shape
    if X.ndim == 3:
        # A lazy batch is made as one, and cannot have lost an axis.
        if isinstance(X, LazyImages):
            return shape
        if X.shape == known or (X.shape[2] == 3 and min(X.shape[:2]) >= _SMALLEST_LIKELY_PICTURE):
            raise ValueError(
                f"{name} got an array of shape {X.shape}: most likely one colour picture. Pictures come in batches: "
                f"X[None] makes it a batch of one colour picture. If these are {X.shape[0]} grey pictures 3 pixels "
                "wide, say so with X[..., None]."
            )
        return shape
    if X.shape[3] not in CHANNELS:
        if X.shape[1] in CHANNELS and X.shape[1] < min(X.shape[2:]):
            raise ValueError(
                f"{name} got pictures of shape {X.shape} with {X.shape[1]} channels first. Channels come last, "
                "(n, height, width, channels): use np.moveaxis(X, 1, -1)."
            )
        raise ValueError(
            f"{name} got pictures of shape {X.shape} with {X.shape[3]} channels. Pictures have 1 (grey), 3 (colour) "
            "or 4 (colour and alpha) channels on the last axis."
        )
    return shape


def _check_declared_shape(shape: PictureShape, known: PictureShape | None, name: str, reset: bool) -> None:
    if known is None or with_channel_axis(shape) == with_channel_axis(known):
        return
    source = "image_shape says" if reset else "it was fitted on"
    raise ValueError(
        f"{name} got pictures of shape {shape}, but {source} {tuple(known)}. Resize the pictures"
        f"{', or change image_shape.' if reset else ' to that shape, or fit again.'}"
    )


def _check_not_one_picture(X: Any, known: PictureShape | None, name: str) -> None:
    if known is not None and len(known) == 2 and known[0] > 1 and np.shape(X) == known:
        raise ValueError(
            f"{name} got one picture of shape {known}. X has {known[1]} features, but {name} is expecting "
            f"{math.prod(known)} features as input: pictures come in batches, X[None] makes it a batch of one."
        )


def _shape_of_rows(n_features: int, known: PictureShape | None, name: str) -> PictureShape:
    """Return how rows of `n_features` numbers unfold into pictures."""
    if known is not None:
        if math.prod(known) != n_features:
            raise ValueError(
                f"image_shape={tuple(known)} needs {math.prod(known)} features for each picture, but {name} got "
                f"{n_features}."
            )
        return known
    side = math.isqrt(n_features)
    if side * side == n_features:
        return (side, side)
    colour_side = math.isqrt(n_features // 3)
    if n_features >= _SMALLEST_AMBIGUOUS_COUNT and 3 * colour_side * colour_side == n_features:
        raise ValueError(
            f"{name} got flattened pictures with {n_features} features, which would fit square colour pictures of "
            f"{colour_side} x {colour_side} x 3. Say what they are: image_shape=({colour_side}, {colour_side}, 3) for "
            f"such pictures, or image_shape=(1, {n_features}) for pictures of one grey row."
        )
    return (1, n_features)


def _with_plain_dtype(X: NDArray[Any], name: str) -> NDArray[Any]:
    """Return `X` in a native integer or floating dtype of at most 64 bits."""
    if X.dtype.kind == "O":
        try:
            return X.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise TypeError(f"{name} got pictures of dtype object whose values are not numbers: {error}.") from error
    if X.dtype.kind == "b":
        return X.astype(np.float32)
    if X.dtype.kind not in "uif":
        raise ValueError(
            f"{name} got pictures of dtype {X.dtype}. Complex data not supported"
            if X.dtype.kind == "c"
            else f"{name} got pictures of dtype {X.dtype}. Pictures have an integer or floating dtype."
        )
    if X.dtype.itemsize > 8:
        return X.astype(np.float64)
    return X if X.dtype.isnative else X.astype(X.dtype.newbyteorder("="))
