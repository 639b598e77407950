"""Learnt filters of small patches as a scikit-learn transformer."""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import Tags, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skimgrec.feature_extraction._parts import write_in_parts
from skimgrec.feature_extraction._patches_layout import ENCODINGS, PatchesLayout, auto_patch
from skimgrec.utils import Pictures, chunk_length, chunk_slices, read_rows, unchanged_on_failure, validate_pictures
from skimgrec.utils._blas import one_blas_thread

# From so many pictures it is told how the features are spread.
_STANDARD_PICTURES = 1000
_KMEANS_ROUNDS = 15
# The whitening matrix has the square of this number of values.
_MOST_VALUES = 2048


class PatchKMeansTransformer(TransformerMixin, BaseEstimator):
    """Describe pictures by how they respond to filters that are learnt from their patches, without labels.

    Small patches of the training pictures are normalised and whitened, and put into groups by k-means; the centres of
    the groups are the filters, of edges and colours mostly. A picture is described by how strongly its patches, at all
    places, respond to each filter, averaged over each quarter of the picture. Before a linear classifier, they tell
    photographs apart far better than HOG, without a deep network being trained.

    Parameters
    ----------
    n_components : int, default=800
        Number of filters. Accuracy grows with it, time and memory too.
    dictionary : {"kmeans", "patches"}, default="kmeans"
        What the filters are: centres of groups of whitened patches, or whitened patches themselves, drawn at random,
        which need no grouping.
    encoding : {"relu", "triangle"}, default="relu"
        How a patch responds to a filter. "relu": by their product, where the filter has the length 1; what goes beyond
        `threshold` counts, with positive and negative products apart. "triangle", after Coates, Lee and Ng: by how much
        nearer the filter is than all filters are on average, and 0 if it is not. It has half as many features.
    threshold : float, default=0.25
        What "relu" takes off each response, at least 0.
    patch_size : "auto" or int, default="auto"
        Pixels along a side of a patch, which may have up to 2,048 values in all. "auto" is 6 for pictures of fewer than
        64 pixels along the shorter side, 12 for larger ones, but at most half the picture. A smaller picture is
        continued with its last row and column.
    step : "auto" or int, default="auto"
        Pixels from one patch to the next. "auto" is 1 for pictures of fewer than 64 pixels along the shorter side, one
        more for every further 32, up to 6. Pictures of more than about 200 pixels along a side are better made smaller:
        the time grows with the number of places.
    n_pools : int, default=2
        Into how many parts each side of the picture is divided, over each of which responses are averaged: 1 is the
        whole picture, 2 its quarters.
    whitening : float, default=0.1
        What is added to the variance of patches in every direction before they are whitened, above 0: the more, the
        less what hardly varies, such as noise, is brought up.
    min_contrast : float, default=0.0125
        What is added, as squares, to the standard deviation by which a patch is divided, with the range of values as
        1: the more, the less faint patches are brought up.
    mirror : bool, default=False
        Whether a picture is described together with its mirror image, left and right exchanged, by the mean of both.
        Take it where a mirrored picture means the same, as of animals, and not for digits: a classifier then answers
        the same about a picture and its mirror image. It doubles the time.
    standardize : bool, default=True
        Whether each feature is brought to mean 0, and all to one variance, so that the mean squared length of a
        picture's features is 1 for each part. The means and variances are those of up to 1,000 training pictures.
    max_patches : int, default=100000
        Up to how many patches are learnt from, drawn at random.
    image_shape : tuple of int, default=None
        (height, width) or (height, width, channels) of pictures that come flattened. By default, a perfect square of
        features is a square grey picture, anything else a picture of one row.
    random_state : int, RandomState or None, default=None
        Seeds the choice of patches and the grouping.
    n_jobs : int, default=None
        Number of threads that work on the batch in `transform`, each of which also reads its part of pictures in files.
        None means 1 unless in a :obj:`joblib.parallel_config` context, -1 all processors. The result does not depend on
        it.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_values)
        The filters, of whitened patches, with the values of a patch row by row, channels last.
    patch_mean_ : ndarray of shape (n_values,)
        The mean of the normalised patches.
    whitening_ : ndarray of shape (n_values, n_values)
        The symmetric matrix that whitens them.
    feature_mean_, feature_scale_ : ndarray of shape (n_features_out,)
        What is taken off each feature, and what it is then divided by.
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
        If there are fewer patches than components, if a patch has too many values, or if the pictures break the rules
        for pictures (mixed sizes, channels first, NaN, another size or range than in `fit`).

    See Also
    --------
    BagOfVisualWords : Counts which pattern is nearest, where this one says how near each is.
    HOGTransformer : Edges by direction and place, with nothing learnt.

    Notes
    -----
    A patch x of values from 0 to 1 becomes ``(x - mean) / sqrt(variance + min_contrast ** 2)``, and then
    ``(x - patch_mean_) @ whitening_``, with the whitening matrix V (D + w I)^(-1/2) V' of the covariance V D V' of
    patches and the parameter `whitening` as w (ZCA). The whitening is folded into the filters, so that a picture costs
    one matrix product per 256 filters, which BLAS computes; patches and responses are never held for more than one
    picture per thread.

    An alpha channel is left out. Patches without any contrast are not learnt from, if there are others.

    References
    ----------
    Coates, A., Lee, H. and Ng, A. Y. (2011). An Analysis of Single-Layer Networks in Unsupervised Feature Learning.
    AISTATS. https://proceedings.mlr.press/v15/coates11a.html

    Coates, A. and Ng, A. Y. (2011). The Importance of Encoding Versus Training with Sparse Coding and Vector
    Quantization. ICML. For the encoding "relu", there called soft threshold, and for patches as filters.

    Examples
    --------
    >>> from sklearn.linear_model import RidgeClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from skimgrec import PatchKMeansTransformer, load_digits_images
    >>> X, y = load_digits_images(return_X_y=True)
    >>> patches = PatchKMeansTransformer(n_components=100, random_state=0)
    >>> model = make_pipeline(patches, RidgeClassifier(alpha=0.3)).fit(X[:1000], y[:1000])
    >>> model.score(X[1000:], y[1000:]) > 0.95
    True
    >>> print(*model[0].get_feature_names_out()[[0, -1]])
    patches_region0_0_filter0_positive patches_region1_1_filter99_negative
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_components": [Interval(Integral, 1, 2**20, closed="both")],
        "dictionary": [StrOptions({"kmeans", "patches"})],
        "encoding": [StrOptions(set(ENCODINGS))],
        "threshold": [Interval(Real, 0, 1e6, closed="both")],
        "patch_size": [StrOptions({"auto"}), Interval(Integral, 1, 64, closed="both")],
        "step": [StrOptions({"auto"}), Interval(Integral, 1, 2**12, closed="both")],
        "n_pools": [Interval(Integral, 1, 64, closed="both")],
        "whitening": [Interval(Real, 0, None, closed="neither")],
        "min_contrast": [Interval(Real, 0, 1e6, closed="both")],
        "mirror": ["boolean"],
        "standardize": ["boolean"],
        "max_patches": [Interval(Integral, 1, None, closed="left")],
        "image_shape": [tuple, list, None],
        "random_state": ["random_state"],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        n_components: int = 800,
        *,
        dictionary: str = "kmeans",
        encoding: str = "relu",
        threshold: float = 0.25,
        patch_size: str | int = "auto",
        step: str | int = "auto",
        n_pools: int = 2,
        whitening: float = 0.1,
        min_contrast: float = 0.0125,
        mirror: bool = False,
        standardize: bool = True,
        max_patches: int = 100_000,
        image_shape: tuple[int, ...] | None = None,
        random_state: int | np.random.RandomState | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.dictionary = dictionary
        self.encoding = encoding
        self.threshold = threshold
        self.patch_size = patch_size
        self.step = step
        self.n_pools = n_pools
        self.whitening = whitening
        self.min_contrast = min_contrast
        self.mirror = mirror
        self.standardize = standardize
        self.max_patches = max_patches
        self.image_shape = image_shape
        self.random_state = random_state
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the filters.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features)
            Pictures, c in 1, 3, 4; or flattened pictures.
        y : None
            Ignored.

        Returns
        -------
        self : PatchKMeansTransformer
            The fitted transformer.
        """
        with unchanged_on_failure(self):
            pictures = validate_pictures(self, X, reset=True)
            self._patches_layout = self._layout_for(*pictures.shape[1:3])
            random_state = check_random_state(self.random_state)
            # On one thread, so that what is learnt does not depend on how many there are.
            with one_blas_thread():
                self._learn(self._sample(pictures, random_state), random_state)
                self._standardise(pictures, random_state)
        return self

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Return how strongly pictures respond to the filters.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features)
            Pictures of the size seen in `fit`, of any integer or floating dtype.

        Returns
        -------
        features : ndarray of shape (n, n_features_out), dtype float32
            Part by part of the picture, row by row; within each, all positive responses and then all negative ones, or
            all near filters, in the order of the filters.
        """
        check_is_fitted(self)
        return self._features(validate_pictures(self, X, reset=False))

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return a name for each feature, such as ``patches_region0_1_filter7_positive``.

        This is the eighth filter's response in the part in row 0, column 1; everything is counted from 0.

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
        return np.array(PatchesLayout(*self._patches_layout).feature_names(len(self.components_)), dtype=object)

    def _layout_for(self, height: int, width: int) -> tuple[int, int, int, int, str, float, float, bool]:
        """Return the parts of the layout, kept apart from the parameters, which may be set anew: kernels trust it."""
        patch_height, patch_width, step = auto_patch(height, width)
        if self.patch_size != "auto":
            patch_height = patch_width = int(self.patch_size)
        if self.step != "auto":
            step = int(self.step)
        contrast = float(self.min_contrast)
        threshold = float(self.threshold)
        pools, mirror = int(self.n_pools), bool(self.mirror)
        return patch_height, patch_width, step, pools, self.encoding, threshold, contrast, mirror

    def _sample(self, pictures: Pictures, random_state: np.random.RandomState) -> NDArray[np.float32]:
        """Return up to `max_patches` normalised patches, of as many pictures as have that many."""
        from skimgrec.feature_extraction._patches_encoding import in_unit_range, patches_of

        layout = PatchesLayout(*self._patches_layout)
        n_places = len(layout.pools(*pictures.shape[1:3]))
        from_each = min(n_places, max(1, -(-self.max_patches // len(pictures))))
        n_pictures = min(len(pictures), -(-self.max_patches // from_each))
        rows = np.sort(random_state.choice(len(pictures), n_pictures, replace=False))
        n_values = layout.height * layout.width * min(pictures.shape[3], 3)
        if n_values > _MOST_VALUES:
            raise ValueError(
                f"A patch has {layout.height} x {layout.width} x {min(pictures.shape[3], 3)} values, and at most "
                f"{_MOST_VALUES} can be whitened. Take a smaller patch_size, or make the pictures smaller."
            )
        drawn = np.empty((n_pictures, from_each, n_values), np.float32)
        patches = np.empty((n_places, n_values), np.float32)
        for part in chunk_slices(n_pictures, size=chunk_length(pictures)):
            scaled = in_unit_range(read_rows(pictures, rows[part]), self.value_range_)
            for i, picture in enumerate(scaled, start=part.start):
                places = random_state.choice(n_places, from_each, replace=False)
                drawn[i] = patches_of(picture, layout, patches)[places]
        found = drawn.reshape(-1, n_values)[: self.max_patches]
        if len(found) < self.n_components:
            raise ValueError(
                f"n_components={self.n_components} filters cannot be learnt from {len(found)} patches, which "
                f"max_patches={self.max_patches} and {n_places} places in each picture of {pictures.shape[1]} x "
                f"{pictures.shape[2]} pixels gave, n_samples = {len(pictures)}. Give more or larger pictures, or take "
                "fewer components."
            )
        telling = found.any(axis=1)
        return found[telling] if telling.sum() >= self.n_components else found

    def _learn(self, patches: NDArray[np.float32], random_state: np.random.RandomState) -> None:
        """Learn the whitening and the filters from normalised patches."""
        mean = patches.mean(axis=0, dtype=np.float64)
        centred = patches - mean.astype(np.float32)
        covariance = (centred.T @ centred).astype(np.float64) / len(patches)
        variances, directions = np.linalg.eigh(covariance)
        whitening = (directions / np.sqrt(np.maximum(variances, 0) + self.whitening)) @ directions.T
        self.patch_mean_, self.whitening_ = mean.astype(np.float32), whitening.astype(np.float32)
        whitened = centred @ self.whitening_
        if self.dictionary == "kmeans":
            filters = self._centres(whitened, random_state)
        else:
            filters = whitened[random_state.choice(len(whitened), self.n_components, replace=False)]
        if self.encoding == "relu":
            lengths = np.linalg.norm(filters, axis=1, keepdims=True)
            filters = np.divide(filters, lengths, out=np.zeros_like(filters), where=lengths > 0)
        self.components_ = np.ascontiguousarray(filters, np.float32)

    def _centres(self, whitened: NDArray[np.float32], random_state: np.random.RandomState) -> NDArray[np.float32]:
        from sklearn.cluster import KMeans

        kmeans = KMeans(
            self.n_components, init="random", n_init=1, max_iter=_KMEANS_ROUNDS, random_state=random_state, copy_x=False
        )
        with warnings.catch_warnings():
            # Of pictures that are drawn with few values, many patches are the same.
            warnings.simplefilter("ignore", ConvergenceWarning)
            return kmeans.fit(whitened).cluster_centers_

    def _standardise(self, pictures: Pictures, random_state: np.random.RandomState) -> None:
        """Learn how the features are spread."""
        n = PatchesLayout(*self._patches_layout).n_features(len(self.components_))
        self.feature_mean_, self.feature_scale_ = np.zeros(n, np.float32), np.ones(n, np.float32)
        if not self.standardize:
            return
        n_pictures = min(len(pictures), _STANDARD_PICTURES)
        rows = np.sort(random_state.choice(len(pictures), n_pictures, replace=False))
        features = self._features(pictures[rows])
        deviations = features.std(axis=0, dtype=np.float64)
        deviations[deviations == 0] = 1
        self.feature_mean_ = features.mean(axis=0, dtype=np.float64).astype(np.float32)
        self.feature_scale_ = (deviations * np.sqrt(n / self.n_pools**2)).astype(np.float32)

    def _features(self, pictures: Pictures) -> NDArray[np.float32]:
        from skimgrec.feature_extraction._patches_encoding import PatchEncoder, in_unit_range  # loads Numba, a second

        layout = PatchesLayout(*self._patches_layout)
        height, width, channels = pictures.shape[1:]
        encoder = PatchEncoder(
            layout, (height, width, min(channels, 3)), self.patch_mean_, self.whitening_, self.components_
        )
        features = np.empty((len(pictures), layout.n_features(len(self.components_))), np.float32)

        def write(part: NDArray[Any], rows: slice) -> None:
            encoder.encode(in_unit_range(part, self.value_range_), features[rows])
            features[rows] -= self.feature_mean_
            features[rows] /= self.feature_scale_

        with one_blas_thread():
            write_in_parts(pictures, self.n_jobs, write)
        return features

    def _prepare_process(self, X: Any) -> None:
        """Have the kernels compiled for pictures like `X`, so that no fit is charged with the seconds it takes."""
        clone(self).set_params(n_jobs=None, n_components=1).fit_transform(X[:1])

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "feature_scale_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags
