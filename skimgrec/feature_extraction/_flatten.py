"""Pictures as rows of pixels, and back."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils import Tags
from sklearn.utils.validation import check_array, check_is_fitted

from skimgrec.utils import (
    LazyImages,
    chunk_slices,
    read_chunks,
    unchanged_on_failure,
    validate_pictures,
    with_channel_axis,
)

_CHANNEL_NAMES = {1: ("",), 3: ("_red", "_green", "_blue"), 4: ("_red", "_green", "_blue", "_alpha")}
_CHUNK_PIXELS = 2**18


class ImageFlattener(TransformerMixin, BaseEstimator):
    """Turn pictures into rows of pixels, for estimators that take two dimensions.

    Parameters
    ----------
    dtype : dtype, default=None
        Of the rows. None keeps that of the pictures; with `scale`, it means float32. An integer dtype cannot be
        scaled to.
    scale : bool, default=False
        Map the range of values seen in `fit` onto 0..1. For uint8 pictures that range is 0..255, whatever they hold.
    image_shape : tuple of int, default=None
        (height, width) or (height, width, channels) of pictures that come flattened. By default, a perfect square of
        features is a square grey picture, anything else a picture of one row.

    Attributes
    ----------
    image_shape_ : tuple of int
        Shape of a picture seen in `fit`, (height, width) or (height, width, channels).
    value_range_ : tuple of two floats
        The range of values seen in `fit`; (0, 255) for uint8.
    dtype_in_ : str
        Name of the dtype of the pictures seen in `fit`.
    n_features_in_ : int
        Number of values in a picture.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen in `fit`, if the pictures came as a data frame.

    Raises
    ------
    ValueError
        If `scale` is asked for with a dtype that is not floating, or if the pictures break the rules for pictures
        (mixed sizes, channels first, NaN, another size or range than in `fit`).

    See Also
    --------
    HOGTransformer : Features that say where there are edges of which direction.
    ImageLoader : Pictures from files, read in chunks.

    Notes
    -----
    Where neither dtype nor scale changes, the rows are a view of the pictures if memory allows: to change them is to
    change the pictures.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skimgrec import ImageFlattener
    >>> images = load_digits().images
    >>> flattener = ImageFlattener(scale=True).fit(images)
    >>> rows = flattener.transform(images)
    >>> rows.shape, rows.dtype, float(rows.max())
    ((1797, 64), dtype('float32'), 1.0)
    >>> flattener.inverse_transform(rows).shape
    (1797, 8, 8)
    >>> print(flattener.get_feature_names_out()[-1])
    pixel_r7_c7
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "dtype": "no_validation",  # NumPy knows best what is one
        "scale": ["boolean"],
        "image_shape": [tuple, list, None],
    }

    def __init__(
        self, *, dtype: DTypeLike | None = None, scale: bool = False, image_shape: tuple[int, ...] | None = None
    ) -> None:
        self.dtype = dtype
        self.scale = scale
        self.image_shape = image_shape

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the shape, the range of values and the dtype of the pictures.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features)
            Pictures, c in 1, 3, 4; or flattened pictures.
        y : None
            Ignored.

        Returns
        -------
        self : ImageFlattener
            The fitted transformer.
        """
        self._dtype_out(np.dtype(np.float32))
        with unchanged_on_failure(self):
            self.dtype_in_ = validate_pictures(self, X, reset=True).dtype.name
        return self

    def transform(self, X: Any) -> NDArray[Any]:
        """Return pictures as rows.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features)
            Pictures of the size seen in `fit`.

        Returns
        -------
        rows : ndarray of shape (n, h * w * c)
            The pixels, row by row of the picture, the channels of a pixel side by side.
        """
        check_is_fitted(self)
        pictures = validate_pictures(self, X, reset=False)
        dtype = self._dtype_out(pictures.dtype)
        if isinstance(pictures, np.ndarray) and not self.scale:
            return pictures.reshape(len(pictures), -1).astype(dtype, copy=False)
        rows = np.empty((len(pictures), self.n_features_in_), dtype)
        for where, chunk in read_chunks(pictures):
            self._write_rows(chunk.reshape(len(chunk), -1), rows[where])
        return rows

    def inverse_transform(self, X: Any) -> NDArray[Any]:
        """Return rows as pictures in the layout seen in `fit`, with the scale undone.

        Parameters
        ----------
        X : array-like of shape (n, h * w * c)
            Rows as `transform` gives them.

        Returns
        -------
        pictures : ndarray of shape (n, h, w) or (n, h, w, c)
            The pictures, in the dtype seen in `fit`; where that is an integer dtype, rounded and clipped to what it
            holds.
        """
        check_is_fitted(self)
        rows = check_array(X, dtype="numeric", estimator=self)
        if rows.shape[1] != self.n_features_in_:
            raise ValueError(
                f"{type(self).__name__} got rows of {rows.shape[1]} values, but its pictures have the shape "
                f"{self.image_shape_}, that is {self.n_features_in_} values."
            )
        if self.scale or rows.dtype != self.dtype_in_:
            rows = self._as_fitted(rows)
        return rows.reshape(len(rows), *self.image_shape_)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return a name for each pixel, such as ``pixel_r3_c5``, or ``pixel_r3_c5_blue`` for a colour picture.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        names : ndarray of str objects of shape (n_features_in_,)
            The names, row and column counted from 0 at the upper left.
        """
        check_is_fitted(self)
        height, width, channels = with_channel_axis(self.image_shape_)
        return np.array(
            [
                f"pixel_r{row}_c{col}{channel}"
                for row in range(height)
                for col in range(width)
                for channel in _CHANNEL_NAMES[channels]
            ],
            dtype=object,
        )

    def _can_be_shared(self, X: Any) -> bool:
        """Return whether rows of pictures like `X` do not depend on what it is fitted on, and are worth keeping.

        They are where files have to be read for them. Those pictures are uint8, and have its range in every part.
        """
        return isinstance(X, LazyImages)

    def _dtype_out(self, dtype_in: np.dtype[Any]) -> np.dtype[Any]:
        """Return the dtype of the rows."""
        if self.dtype is None:
            return np.dtype(np.float32) if self.scale else dtype_in
        allowed = (
            "a floating dtype, because scale=True gives values in 0..1" if self.scale else "an integer or floating one"
        )
        try:
            dtype = np.dtype(self.dtype)
        except TypeError as error:
            raise ValueError(f"dtype={self.dtype!r} is no dtype: expected {allowed}, such as 'float32'.") from error
        if dtype.kind not in ("f" if self.scale else "uif"):
            raise ValueError(f"dtype={self.dtype!r}: expected {allowed}.")
        return dtype

    def _write_rows(self, pixels: NDArray[Any], rows: NDArray[Any]) -> None:
        if not self.scale:
            rows[...] = pixels
            return
        low, width = self._scaling()
        for part in self._chunks(len(pixels)):
            rows[part] = (pixels[part] - np.float64(low)) / width

    def _scaling(self) -> tuple[float, float]:
        """Return the value that becomes 0, and how far above it lies the one that becomes 1."""
        low, high = self.value_range_
        # Constant pictures become 0 rather than NaN.
        return low, (high - low) or 1.0

    def _as_fitted(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Return rows in the range of values and the dtype seen in `fit`."""
        low, width = self._scaling() if self.scale else (0.0, 1.0)
        dtype = np.dtype(self.dtype_in_)
        pixels = np.empty(rows.shape, dtype)
        for part in self._chunks(len(rows)):
            values = rows[part] * np.float64(width) + low
            if dtype.kind != "f":
                values = np.clip(np.rint(values), np.iinfo(dtype).min, np.iinfo(dtype).max)
            pixels[part] = values
        return pixels

    def _chunks(self, n: int) -> Any:
        return chunk_slices(n, size=max(1, _CHUNK_PIXELS // self.n_features_in_))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = [] if self.scale or self.dtype is not None else ["float64", "float32"]
        return tags
