"""Local binary patterns as a scikit-learn transformer."""

from __future__ import annotations

from itertools import product
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import _fit_context
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted

from skimgrec.feature_extraction._cell_transformer import CellTransformer
from skimgrec.feature_extraction._grid import CHANNEL_NAMES, cell_size
from skimgrec.feature_extraction._lbp_layout import (
    METHODS,
    MOST_POINTS,
    MOST_POINTS_IN_TABLE,
    LBPLayout,
    code_values,
)
from skimgrec.feature_extraction._parts import write_in_parts
from skimgrec.utils import unchanged_on_failure, validate_pictures, with_channel_axis

# Small enough that the border around a picture fits into memory.
_LARGEST_RADIUS = 1000


class LBPTransformer(CellTransformer):
    """Describe pictures by histograms of local binary patterns (LBP).

    Around each pixel lie some points on a circle. Which of them are at least as bright as the pixel is a pattern, and a
    pattern is a kind of texture: a flat place, an edge, a corner, a spot. The picture is divided into cells, and the
    patterns of each cell are counted. The result does not change with brightness or contrast, but for pixels
    so near the border that some of their points lie outside, which count as 0; it complements the shapes that
    :class:`HOGTransformer` sees.

    The codes are those of :func:`skimage.feature.local_binary_pattern`, pixel by pixel, and the work is done by a
    compiled kernel on whole chunks of the batch.

    Parameters
    ----------
    scales : tuple of (int, float) pairs, default=((8, 1),)
        Number of points and radius of their circle in pixels, for each scale; the histograms of several, such as
        ``((8, 1), (16, 2), (24, 3))``, are written one after another. From 1 to 16 points, or to 24 with the
        methods "uniform" and "nri_uniform".
    method : str, default="nri_uniform"
        What is counted, under scikit-image's four names. For 8 points: "nri_uniform" has 59 bins, one for each pattern
        with at most two changes along the circle and one for all others; "uniform" has 10, for the number of bright
        points of such a pattern, whichever way it is turned; "ror" has 36, for all patterns, whichever way they are
        turned; "default" has 256, for all of them.
    pixels_per_cell : "auto", None or tuple of two ints, default="auto"
        Rows and columns of pixels in a cell. "auto" is a square: the largest power of two that leaves at least four
        cells along the shorter side, as in :class:`HOGTransformer`. None is the whole picture, for textures. Pixels
        beyond whole cells are not counted.
    channels : {"grey", "each"}, default="grey"
        What becomes of colour pictures: "grey" takes the patterns of their luminance, "each" those of every channel
        by itself, an alpha channel included.
    norm : {"L1-sqrt", "L1", "L2", None}, default="L1-sqrt"
        How the histogram of a cell is normalised: the square roots of the frequencies, whose squares add up to 1 and
        whose Euclidean distance is that of Hellinger; frequencies, which add up to 1; counts divided by the root of
        their sum of squares; or not at all.
    image_shape : tuple of int, default=None
        (height, width) or (height, width, channels) of pictures that come flattened. By default, a perfect square of
        features is a square grey picture, anything else a picture of one row.
    n_jobs : int, default=None
        Number of threads that work on the batch, each of which also reads its part of pictures in files. None means 1
        unless in a :obj:`joblib.parallel_config` context, -1 all processors. The result does not depend on it.

    Attributes
    ----------
    pixels_per_cell_ : tuple of two ints
        The size of a cell in use.
    image_shape_ : tuple of int
        Shape of a picture seen in `fit`, (height, width) or (height, width, channels).
    value_range_ : tuple of two floats
        The range of values seen in `fit`; (0, 255) for uint8.
    n_features_in_ : int
        Number of values in a picture.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen in `fit`, if the pictures came as a data frame.

    Raises
    ------
    ValueError
        If a picture is smaller than a cell, if a scale is not a number of points and a radius, if there are more points
        than a method can count, or if the pictures break the rules for pictures (mixed sizes, channels first, NaN,
        another size or range than in `fit`).

    See Also
    --------
    HOGTransformer : Edges by their direction.
    ColorHistogramTransformer : Colours.
    make_feature_union : Several kinds of features at once.
    skimage.feature.local_binary_pattern : The codes of one picture.

    Notes
    -----
    A point between pixels takes the value that is interpolated between four of them, in float64 as scikit-image does
    it, with its rounding: in flat parts of a picture, that decides whether a point is less bright than its pixel. What
    lies outside of a picture is 0. Patterns count as uniform by the changes between the first point and the last
    without that from the last to the first, which are the same patterns.

    The luminance is ``0.299 R + 0.587 G + 0.114 B``. Integers are rounded to integers, uint8 as Pillow does it, so that
    the features are those of the picture read as grey; an alpha channel is left out. Floating-point pictures keep
    fractions, whose noise makes patterns of its own in flat parts: where there is a choice, give integers.

    On processors where scikit-image is compiled with fused multiply-add (64-bit ARM), it rounds differently, and codes
    of interpolated ties may differ from these.

    The kernel is compiled at the first use on a machine, which takes some seconds, and then kept on disk, if the
    package's folder or the user's cache folder can be written.

    References
    ----------
    Ojala, T., Pietikainen, M. and Maenpaa, T. (2002). Multiresolution Gray-Scale and Rotation Invariant Texture
    Classification with Local Binary Patterns. IEEE Transactions on Pattern Analysis and Machine Intelligence 24(7).
    https://doi.org/10.1109/TPAMI.2002.1017623

    Ahonen, T., Hadid, A. and Pietikainen, M. (2006). Face Description with Local Binary Patterns: Application to Face
    Recognition. IEEE Transactions on Pattern Analysis and Machine Intelligence 28(12).
    https://doi.org/10.1109/TPAMI.2006.244

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skimgrec import LBPTransformer
    >>> images = load_digits().images
    >>> lbp = LBPTransformer(pixels_per_cell=(4, 4)).fit(images)
    >>> lbp.transform(images).shape
    (1797, 236)
    >>> print(lbp.get_feature_names_out()[-1])
    lbp_8_1_cell1_1_code58
    >>> LBPTransformer(scales=[(8, 1), (16, 2)], method="uniform", pixels_per_cell=None).fit_transform(images).shape
    (1797, 28)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "scales": [tuple, list],
        "method": [StrOptions(set(METHODS))],
        "pixels_per_cell": [StrOptions({"auto"}), tuple, list, None],
        "channels": [StrOptions({"grey", "each"})],
        "norm": [StrOptions({"L1", "L1-sqrt", "L2"}), None],
        "image_shape": [tuple, list, None],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        *,
        scales: tuple[tuple[int, float], ...] = ((8, 1),),
        method: str = "nri_uniform",
        pixels_per_cell: str | tuple[int, int] | None = "auto",
        channels: str = "grey",
        norm: str | None = "L1-sqrt",
        image_shape: tuple[int, ...] | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.scales = scales
        self.method = method
        self.pixels_per_cell = pixels_per_cell
        self.channels = channels
        self.norm = norm
        self.image_shape = image_shape
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the size of the pictures and, from it, that of a cell.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features)
            Pictures, c in 1, 3, 4; or flattened pictures.
        y : None
            Ignored.

        Returns
        -------
        self : LBPTransformer
            The fitted transformer.
        """
        scales = _check_scales(self.scales, self.method)
        with unchanged_on_failure(self):
            pictures = validate_pictures(self, X, reset=True)
            self.pixels_per_cell_ = cell_size(self.pixels_per_cell, *pictures.shape[1:3])
            # Kept apart from the parameters, which may be set anew: the kernel trusts these sizes.
            self._lbp_layout = (scales, self.method, self.pixels_per_cell_, self.channels == "each", self.norm)
        return self

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Return the histograms of local binary patterns of pictures.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features)
            Pictures of the size seen in `fit`, of any integer or floating dtype.

        Returns
        -------
        features : ndarray of shape (n, n_features_out), dtype float32
            The histograms of each scale; in a scale, of each channel; in a channel, of each cell, row by row.
        """
        check_is_fitted(self)
        pictures = validate_pictures(self, X, reset=False)
        layout = LBPLayout(*self._lbp_layout)
        features = np.zeros((len(pictures), sum(layout.scale_sizes(*pictures.shape[1:]))), np.float32)

        from skimgrec.feature_extraction._lbp_kernel import lbp_features  # Numba takes a second to import

        def write(part: NDArray[Any], rows: slice) -> None:
            lbp_features(part, layout, features[rows])

        write_in_parts(pictures, self.n_jobs, write)
        return features

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return a name for each feature, such as ``lbp_8_1_cell0_2_code5``.

        This counts scikit-image's code 5, for 8 points at a radius of 1, in the cell in row 0, column 2; both are
        counted from 0. With ``channels="each"``, the channel stands before the cell: ``lbp_8_1_red_cell0_2_code5``.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        names : ndarray of str objects of shape (n_features_out,)
            The names, in the order of the features.
        """
        check_is_fitted(self)
        layout = LBPLayout(*self._lbp_layout)
        height, width, channels = with_channel_axis(self.image_shape_)
        planes = [f"_{name}" if name else "" for name in CHANNEL_NAMES[channels]] if layout.each else [""]
        cells = list(product(*map(range, layout.n_cells(height, width))))
        return np.array(
            [
                f"lbp_{points}_{radius:g}{plane}_cell{row}_{col}_code{code}"
                for points, radius in layout.scales
                for plane in planes
                for row, col in cells
                for code in code_values(layout.method, points)
            ],
            dtype=object,
        )


def _check_scales(scales: Any, method: str) -> tuple[tuple[int, float], ...]:
    """Return the scales as (points, radius), or raise a ValueError that says what is allowed."""
    most = MOST_POINTS if method in ("uniform", "nri_uniform") else MOST_POINTS_IN_TABLE
    checked = []
    for scale in scales:
        pair = isinstance(scale, (tuple, list, np.ndarray)) and len(scale) == 2
        if not pair or not isinstance(scale[0], Integral) or not isinstance(scale[1], Real):
            raise ValueError(
                f"scales={scales!r}: expected pairs of a number of points and a radius, such as ((8, 1), (16, 2)), "
                f"but one of them is {scale!r}."
            )
        points, radius = int(scale[0]), float(scale[1])
        if not 1 <= points <= most:
            raise ValueError(
                f"scales={scales!r}: {points} points, expected 1 to {most} with method={method!r}"
                f"{'' if most == MOST_POINTS else f', or to {MOST_POINTS} with uniform or nri_uniform'}."
            )
        if not 0 < radius <= _LARGEST_RADIUS:
            raise ValueError(
                f"scales={scales!r}: a radius of {radius:g} pixels, expected more than 0 and at most {_LARGEST_RADIUS}."
            )
        checked.append((points, radius))
    if not checked:
        raise ValueError(
            "scales is empty: expected at least one pair of a number of points and a radius, such as (8, 1)."
        )
    if len(set(checked)) < len(checked):
        raise ValueError(f"scales={scales!r}: a pair stands there twice. Give each one once.")
    return tuple(checked)
