"""Histograms of oriented gradients as a scikit-learn transformer."""

from __future__ import annotations

from itertools import product
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import _fit_context
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skimgrec.feature_extraction._cell_transformer import CellTransformer
from skimgrec.feature_extraction._hog_layout import HOGLayout, auto_cell
from skimgrec.feature_extraction._parts import write_in_parts
from skimgrec.utils import Pictures, unchanged_on_failure, validate_pictures


class HOGTransformer(CellTransformer):
    """Describe pictures by histograms of oriented gradients (HOG).

    A picture is divided into cells; each cell gets a histogram of the directions in which brightness changes, weighted
    by how much it changes; overlapping blocks of cells are normalised and written one after another. The result says
    where there are edges of which direction, whatever the lighting.

    Names, values and order of the features are those of :func:`skimage.feature.hog`, picture by picture within 1e-6,
    and the work is done by a compiled kernel on whole chunks of the batch.

    Parameters
    ----------
    orientations : int, default=9
        Number of bins over 0 to 180 degrees, or to 360 if `signed_gradient`, at least 1.
    pixels_per_cell : "auto" or tuple of two ints, default="auto"
        Rows and columns of pixels in a cell. "auto" is a square: the largest power of two that leaves at least four
        cells along the shorter side (and a whole block in either direction), at least 1. So it is 8, scikit-image's
        default, for 32 x 32; 2 for 8 x 8, 4 for 28 x 28, 16 for 64 x 64, 32 for 128 x 128. Smaller cells describe
        finer detail, and are worth their many features only if the pictures are aligned well.
    cells_per_block : tuple of two ints, default=(3, 3)
        Rows and columns of cells in a block.
    block_norm : {"L1", "L1-sqrt", "L2", "L2-Hys"}, default="L2-Hys"
        How a block is normalised: by the sum of its values; likewise, followed by the square root; by the root of the
        sum of squares; likewise, followed by clipping at 0.2 and normalising again.
    transform_sqrt : bool, default=False
        Take the square root of every pixel first, which evens out lighting. Pixels must not be negative.
    signed_gradient : bool, default=False
        Whether a gradient and its opposite, such as from dark to bright and from bright to dark, count as different
        directions: True spreads the bins over 360 degrees, False (as in scikit-image) over 180.
    interpolation : {None, "bilinear"}, default=None
        Where the weight of a pixel goes. None (as in scikit-image): all of it to the bin of its angle in the cell it
        lies in. "bilinear": shared between the two nearest bins and the two nearest rows and columns of cells, by
        distance to their centres, so that features change smoothly when edges turn or move a little.
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
        If a picture is smaller than a block, if a size is not two positive integers, if pixels are negative where
        `transform_sqrt` is set, or if the pictures break the rules for pictures (mixed sizes, channels first, NaN,
        another size or range than in `fit`).

    See Also
    --------
    ImageFlattener : The pixels themselves as a vector.
    ImageLoader : Pictures from files, read in chunks.
    skimage.feature.hog : The same for one picture.

    Notes
    -----
    Differences are taken between the two neighbours of a pixel, and are 0 across the border. A pixel of a colour
    picture takes the gradient of the channel where it is longest, the first of equals (an alpha channel counts as a
    channel). Differences and lengths are computed as scikit-image does: in float64
    for integers, else in the input's own precision, float32 for float16. Therefore uint8 pictures and the same pictures
    divided by 255 may differ: channels of equal gradients are no longer equal after rounding.

    A bin holds its lower edge and not its upper one: a gradient of exactly 45 degrees votes for the second of four
    bins. The edges are the float64 multiples of ``180 / orientations``, the angle is that of :func:`numpy.arctan2` in
    float64, so a gradient that lies on an edge but for rounding may fall to either side. An angle just below 0 that
    becomes 180 when 180 is added to it is in no bin, and its vote is dropped, as scikit-image does. With
    `signed_gradient`, which scikit-image lacks, the edges are multiples of ``360 / orientations``, angles count from
    the columns' direction to the rows' (clockwise, as rows count downwards), 360 is 0, and no vote is dropped.
    Gradients so large that their sum over a cell exceeds float32 (3.4e38) give NaN, as in scikit-image. There is no
    known case where the two differ by more than 1e-6.

    With ``interpolation="bilinear"``, the interpolation of Dalal and Triggs (appendix D of Dalal's thesis), a pixel
    votes in up to two orientations of up to four cells: along each of the three axes its share is 1 at the centre of a
    bin and falls linearly to 0 at the centres of the neighbouring ones. Orientations are circular; what would fall to
    cells beyond the border is dropped; pixels outside the whole cells do not vote. Cells are interpolated over the
    whole picture rather than within each block, and there is no Gaussian weight within a block. Every integer dtype
    gives the features of the same numbers as floats.

    The kernel is compiled at the first use on a machine, which takes some seconds, and then kept on disk, if the
    package's folder or the user's cache folder can be written.

    References
    ----------
    Dalal, N. and Triggs, B. (2005). Histograms of Oriented Gradients for Human Detection. CVPR.
    https://doi.org/10.1109/CVPR.2005.177

    Dalal, N. (2006). Finding People in Images and Videos. Thesis, Institut National Polytechnique de Grenoble.
    https://theses.hal.science/tel-00390303

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skimgrec import HOGTransformer
    >>> images = load_digits().images
    >>> hog = HOGTransformer().fit(images)
    >>> hog.pixels_per_cell_
    (2, 2)
    >>> hog.transform(images).shape
    (1797, 324)
    >>> print(hog.get_feature_names_out()[-1])
    hog_block1_1_cell2_2_orientation8
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "orientations": [Interval(Integral, 1, None, closed="left")],
        "pixels_per_cell": [StrOptions({"auto"}), tuple, list],
        "cells_per_block": [tuple, list],
        "block_norm": [StrOptions({"L1", "L1-sqrt", "L2", "L2-Hys"})],
        "transform_sqrt": ["boolean"],
        "signed_gradient": ["boolean"],
        "interpolation": [StrOptions({"bilinear"}), None],
        "image_shape": [tuple, list, None],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        *,
        orientations: int = 9,
        pixels_per_cell: str | tuple[int, int] = "auto",
        cells_per_block: tuple[int, int] = (3, 3),
        block_norm: str = "L2-Hys",
        transform_sqrt: bool = False,
        signed_gradient: bool = False,
        interpolation: str | None = None,
        image_shape: tuple[int, ...] | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.orientations = orientations
        self.pixels_per_cell = pixels_per_cell
        self.cells_per_block = cells_per_block
        self.block_norm = block_norm
        self.transform_sqrt = transform_sqrt
        self.signed_gradient = signed_gradient
        self.interpolation = interpolation
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
        self : HOGTransformer
            The fitted transformer.
        """
        block = _check_pair("cells_per_block", self.cells_per_block)
        cell = None if self.pixels_per_cell == "auto" else _check_pair("pixels_per_cell", self.pixels_per_cell)
        with unchanged_on_failure(self):
            pictures = validate_pictures(self, X, reset=True)
            height, width = pictures.shape[1:3]
            self.pixels_per_cell_ = cell or auto_cell(height, width, block)
            # Kept apart from the parameters, which may be set anew: the kernels trust these sizes.
            self._fitted_layout = (
                int(self.orientations),
                self.pixels_per_cell_,
                block,
                self.block_norm,
                bool(self.transform_sqrt),
                bool(self.signed_gradient),
                self.interpolation == "bilinear",
            )
            self._check_size(height, width)
            self._check_sign(pictures)
        return self

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Return the histograms of oriented gradients of pictures.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features)
            Pictures of the size seen in `fit`, of any integer or floating dtype.

        Returns
        -------
        features : ndarray of shape (n, n_features_out), dtype float32
            The normalised blocks of each picture, row by row, of values in 0..1.
        """
        check_is_fitted(self)
        pictures = validate_pictures(self, X, reset=False)
        self._check_sign(pictures)
        layout = self._layout()
        features = np.empty((len(pictures), layout.n_features(*self.image_shape_[:2])), np.float32)

        from skimgrec.feature_extraction._hog_kernel import hog_features  # Numba takes a second to import

        def write(part: NDArray[Any], rows: slice) -> None:
            hog_features(part, layout, features[rows])

        write_in_parts(pictures, self.n_jobs, write)
        return features

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return a name for each feature, such as ``hog_block0_1_cell2_0_orientation5``.

        This is the sixth orientation bin in the cell in row 2, column 0 of the block in row 0, column 1; everything is
        counted from 0, and cells within their block.

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
        layout = self._layout()
        sizes = (*layout.n_blocks(*self.image_shape_[:2]), *layout.block, layout.orientations)
        return np.array(
            [
                f"hog_block{block_row}_{block_col}_cell{row}_{col}_orientation{orientation}"
                for block_row, block_col, row, col, orientation in product(*map(range, sizes))
            ],
            dtype=object,
        )

    def _layout(self) -> HOGLayout:
        return HOGLayout(*self._fitted_layout)

    def _check_size(self, height: int, width: int) -> None:
        layout = self._layout()
        smallest = layout.cell[0] * layout.block[0], layout.cell[1] * layout.block[1]
        if height < smallest[0] or width < smallest[1]:
            raise ValueError(
                f"Pictures of {height} rows and {width} cols are too small for pixels_per_cell={layout.cell} and "
                f"cells_per_block={layout.block}. They should have at least: {smallest[0]} rows and {smallest[1]} "
                "cols. Choose smaller cells or fewer cells per block."
            )

    def _check_sign(self, pictures: Pictures) -> None:
        # Lazy batches are unsigned, and need not be read.
        if not self._layout().transform_sqrt or not isinstance(pictures, np.ndarray) or pictures.dtype.kind == "u":
            return
        if (low := pictures.min()) < 0:
            raise ValueError(
                f"transform_sqrt=True takes the square root of the pixels, but the pictures have negative values, down "
                f"to {low:g}. Shift the pictures to values of 0 or more, or set transform_sqrt=False."
            )

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = bool(self.transform_sqrt)
        return tags


def _check_pair(name: str, value: Any) -> tuple[int, int]:
    """Return a parameter as (rows, columns), or raise a ValueError that says what is allowed."""
    if len(value) != 2 or not all(isinstance(side, Integral) and int(side) >= 1 for side in value):
        raise ValueError(
            f"{name}={value!r}: expected two positive integers, (rows, columns)"
            f"{', or ' + repr('auto') if name == 'pixels_per_cell' else ''}."
        )
    return int(value[0]), int(value[1])
