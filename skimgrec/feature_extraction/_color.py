"""Histograms of colours as a scikit-learn transformer."""

from __future__ import annotations

from itertools import product
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skimgrec.feature_extraction._cell_transformer import CellTransformer
from skimgrec.feature_extraction._color_layout import SPACES, ColorLayout
from skimgrec.feature_extraction._grid import cell_size
from skimgrec.feature_extraction._parts import write_in_parts
from skimgrec.utils import unchanged_on_failure, validate_pictures, with_channel_axis

# So many bins of a cell take 4 MiB for each picture.
_MOST_BINS = 2**20


class ColorHistogramTransformer(CellTransformer):
    """Describe pictures by histograms of their colours.

    Each axis of a colour space is divided into bins, and the pixels of each cell, or of the whole picture, are counted.
    The result says which colours there are and roughly where, and nothing about shapes: it complements
    :class:`HOGTransformer` and :class:`LBPTransformer`.

    Grey pictures are described by histograms of their grey values.

    Parameters
    ----------
    color_space : {"hsv", "rgb", "lab", "opponent"}, default="hsv"
        Which space is divided: hue, saturation and value; red, green and blue; CIE L*a*b* under daylight D65, where
        distances are about those seen; or the differences red - green and yellow - blue beside the intensity, of which
        the differences do not change when the light becomes brighter by the same amount in all channels.
    bins : int or tuple of three ints, default=8
        Number of bins of every axis, or of each. Grey pictures take the first.
    joint : bool, default=False
        Whether a bin is one of all three axes together, of which there are the product of `bins`, or the axes are
        counted by themselves, with the sum.
    pixels_per_cell : "auto", None or tuple of two ints, default="auto"
        Rows and columns of pixels in a cell. "auto" is a square: the largest power of two that leaves at least four
        cells along the shorter side, as in :class:`HOGTransformer`. None is the whole picture. Pixels beyond whole
        cells are not counted.
    norm : {"L1-sqrt", "L1", "L2", None}, default="L1-sqrt"
        How the histogram of a cell, of all axes together, is normalised: the square roots of the frequencies, whose
        squares add up to 1 and whose Euclidean distance is that of Hellinger; frequencies, which add up to 1; counts
        divided by the root of their sum of squares; or not at all.
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
        The range of values seen in `fit`, which stands for the darkest and the brightest; (0, 255) for uint8.
    n_features_in_ : int
        Number of values in a picture.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen in `fit`, if the pictures came as a data frame.

    Raises
    ------
    ValueError
        If a picture is smaller than a cell, if `bins` are not one or three positive integers, or if the pictures break
        the rules for pictures (mixed sizes, channels first, NaN, another size or range than in `fit`).

    See Also
    --------
    HOGTransformer : Edges by their direction.
    LBPTransformer : Textures.
    make_feature_union : Several kinds of features at once.
    skimage.color : The colour spaces.

    Notes
    -----
    Pictures are taken for sRGB, and an alpha channel is left out. Pixels that are not uint8 are brought from the range
    seen in `fit` to 0..1; later ones beyond it are counted at its ends. Colours of every space but "opponent" are those
    of scikit-image. The bins of an axis are equally wide over the values that colours of sRGB can have on it: 0 to 1 in
    "rgb" and "hsv"; 0 to 100, -87 to 99 and -108 to 95 in "lab"; for "opponent", (R - G) / sqrt(2),
    (R + G - 2 B) / sqrt(6) and (R + G + B) / sqrt(3), what 0 to 1 of each channel allows. A bin holds its lower edge
    and not its upper one, except for the last. A pixel without colour has the hue 0, which is that of red.

    The kernel is compiled at the first use on a machine, which takes some seconds, and then kept on disk, if the
    package's folder or the user's cache folder can be written.

    References
    ----------
    Swain, M. J. and Ballard, D. H. (1991). Color Indexing. International Journal of Computer Vision 7(1).
    https://doi.org/10.1007/BF00130487

    van de Sande, K. E. A., Gevers, T. and Snoek, C. G. M. (2010). Evaluating Color Descriptors for Object and Scene
    Recognition. IEEE Transactions on Pattern Analysis and Machine Intelligence 32(9).
    https://doi.org/10.1109/TPAMI.2009.154

    Examples
    --------
    >>> import numpy as np
    >>> from skimgrec import ColorHistogramTransformer
    >>> red, blue = np.zeros((2, 8, 8, 3), np.uint8)
    >>> red[..., 0] = blue[..., 2] = 200
    >>> color = ColorHistogramTransformer(bins=4, pixels_per_cell=None, norm="L1").fit([red, blue])
    >>> color.transform([red, blue]).round(2)[:, :4]
    array([[0.33, 0.  , 0.  , 0.  ],
           [0.  , 0.  , 0.33, 0.  ]], dtype=float32)
    >>> print(*color.get_feature_names_out()[[0, 7, 11]])
    color_cell0_0_hue0 color_cell0_0_saturation3 color_cell0_0_value3
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "color_space": [StrOptions(set(SPACES))],
        "bins": [Interval(Integral, 1, None, closed="left"), tuple, list],
        "joint": ["boolean"],
        "pixels_per_cell": [StrOptions({"auto"}), tuple, list, None],
        "norm": [StrOptions({"L1", "L1-sqrt", "L2"}), None],
        "image_shape": [tuple, list, None],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        *,
        color_space: str = "hsv",
        bins: int | tuple[int, int, int] = 8,
        joint: bool = False,
        pixels_per_cell: str | tuple[int, int] | None = "auto",
        norm: str | None = "L1-sqrt",
        image_shape: tuple[int, ...] | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.color_space = color_space
        self.bins = bins
        self.joint = joint
        self.pixels_per_cell = pixels_per_cell
        self.norm = norm
        self.image_shape = image_shape
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the size of the pictures and, from it, that of a cell, and the range of their values.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features)
            Pictures, c in 1, 3, 4; or flattened pictures.
        y : None
            Ignored.

        Returns
        -------
        self : ColorHistogramTransformer
            The fitted transformer.
        """
        bins = _check_bins(self.bins)
        with unchanged_on_failure(self):
            pictures = validate_pictures(self, X, reset=True)
            self.pixels_per_cell_ = cell_size(self.pixels_per_cell, *pictures.shape[1:3])
            # Kept apart from the parameters, which may be set anew: the kernel trusts these sizes.
            self._color_layout = (self.color_space, bins, bool(self.joint), self.pixels_per_cell_, self.norm)
            n_bins = ColorLayout(*self._color_layout).n_bins(pictures.shape[3])
            if n_bins > _MOST_BINS:
                raise ValueError(
                    f"bins={self.bins!r} make a histogram of {n_bins} bins, expected at most {_MOST_BINS}. Take fewer, "
                    "or joint=False."
                )
        return self

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Return the histograms of the colours of pictures.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features)
            Pictures of the size seen in `fit`, of any integer or floating dtype.

        Returns
        -------
        features : ndarray of shape (n, n_features_out), dtype float32
            The histograms of each cell, row by row; in a cell, of each axis of the colour space, or of all together.
        """
        check_is_fitted(self)
        pictures = validate_pictures(self, X, reset=False)
        layout = ColorLayout(*self._color_layout)
        features = np.empty((len(pictures), layout.n_features(*pictures.shape[1:])), np.float32)

        from skimgrec.feature_extraction._color_kernel import color_features  # Numba takes a second to import

        def write(part: NDArray[Any], rows: slice) -> None:
            color_features(part, layout, self.value_range_, features[rows])

        write_in_parts(pictures, self.n_jobs, write)
        return features

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return a name for each feature, such as ``color_cell0_2_hue5``.

        This is the sixth bin of hue in the cell in row 0, column 2; everything is counted from 0. A joint bin has the
        name of all axes, ``color_cell0_2_hue5_saturation0_value7``.

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
        layout = ColorLayout(*self._color_layout)
        height, width, channels = with_channel_axis(self.image_shape_)
        return np.array(
            [
                f"color_cell{row}_{col}_{name}"
                for row, col in product(*map(range, layout.n_cells(height, width)))
                for name in layout.bin_names(channels)
            ],
            dtype=object,
        )


def _check_bins(bins: Any) -> tuple[int, int, int]:
    """Return the number of bins of each axis, or raise a ValueError that says what is allowed."""
    if isinstance(bins, Integral):
        return (int(bins),) * 3
    if len(bins) != 3 or not all(isinstance(n, Integral) and int(n) >= 1 for n in bins):
        raise ValueError(f"bins={bins!r}: expected a positive integer, or three of them, one for each axis.")
    return int(bins[0]), int(bins[1]), int(bins[2])
