"""Bags of visual words as a scikit-learn transformer."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context, clone
from sklearn.utils import Tags, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skimgrec.feature_extraction._parts import write_in_parts
from skimgrec.feature_extraction._words_layout import CELLS, DETECTORS, WordsLayout, auto_patch
from skimgrec.utils import Pictures, chunk_length, chunk_slices, read_rows, unchanged_on_failure, validate_pictures
from skimgrec.utils._blas import one_blas_thread

# So many descriptors of a picture are enough to learn words from, if there are other pictures.
_FROM_A_PICTURE = 32


class BagOfVisualWords(TransformerMixin, BaseEstimator):
    """Describe pictures by how often each of some learnt patterns, the visual words, appears in them.

    Small patches of a picture are described by their gradients. The descriptors of the training pictures are put into
    groups, whose centres are the words; a picture is described by a histogram of the words that its patches are nearest
    to. Unlike the cells of :class:`HOGTransformer`, it says little about where something is, and so minds less when
    things move.

    Parameters
    ----------
    detector : {"dense-sift", "sift", "orb"}, default="dense-sift"
        Where descriptors are taken, and which. "dense-sift": SIFT descriptors, upright and of one size, on a grid over
        the picture. "sift" and "orb": where scikit-image's detectors find something, in any size and turned in any
        direction, described by themselves; pictures of fewer than about 64 pixels along a side have hardly any such
        places. SURF, which was patented for long and is missing from scikit-image, is not on offer: SIFT, whose patent
        has expired, serves the same purpose.
    n_words : int, default=256
        Size of the vocabulary.
    spatial_pyramid : int, default=1
        Number of levels: 1 counts words over the whole picture, 2 also in each quarter, 3 also in each sixteenth, and
        so on, each a histogram of its own.
    patch_size : "auto" or int, default="auto"
        Pixels along a side of a dense descriptor, a multiple of 4. "auto" is 4 cells, each the largest power of two
        that leaves at least eight cells along the shorter side, from 1 up to 4: 16 from 32 x 32 on, 8 for 28 x 28,
        4 for 8 x 8. A smaller picture is continued with its last row and column.
    step : "auto" or int, default="auto"
        Pixels from one dense descriptor to the next. "auto" is a quarter of `patch_size`.
    max_descriptors : int, default=50000
        Up to how many descriptors the words are learnt from, drawn from pictures drawn at random: as many pictures as
        it takes.
    norm : {"L1-sqrt", "L1", "L2", None}, default="L1-sqrt"
        How the histograms of a picture, all together, are normalised: the square roots of the shares, whose squares add
        up to 1 and whose Euclidean distance is that of Hellinger; shares, which add up to 1; counts divided by the root
        of their sum of squares; or not at all.
    image_shape : tuple of int, default=None
        (height, width) or (height, width, channels) of pictures that come flattened. By default, a perfect square of
        features is a square grey picture, anything else a picture of one row.
    random_state : int, RandomState or None, default=None
        Seeds the choice of descriptors and the grouping.
    n_jobs : int, default=None
        Number of threads that work on the batch in `transform`, each of which also reads its part of pictures in files.
        None means 1 unless in a :obj:`joblib.parallel_config` context, -1 all processors. The result does not depend on
        it. "sift" and "orb" hardly gain from it.

    Attributes
    ----------
    vocabulary_ : ndarray of shape (n_words, 128), or (n_words, 256) for "orb"
        The words.
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
        If there are fewer descriptors than words, if `patch_size` is no multiple of 4, or if the pictures break the
        rules for pictures (mixed sizes, channels first, NaN, another size or range than in `fit`).

    See Also
    --------
    HOGTransformer : Edges by direction and place.
    make_feature_union : Several kinds of features at once.
    skimage.feature.SIFT : The detector of "sift".
    skimage.feature.ORB : The detector of "orb".

    Notes
    -----
    Colour is made grey, ``0.299 R + 0.587 G + 0.114 B``. A dense descriptor has what scikit-image's SIFT computes for a
    keypoint without direction: 4 x 4 cells of 8 directions of the gradient, interpolated linearly between cells and
    directions, under a Gaussian of half the patch's side, clipped at a fifth of its length. It is not rounded, and
    flat places have a descriptor of zeros. Bits of ORB are grouped as the numbers 0 and 1.

    Words are learnt by :class:`sklearn.cluster.MiniBatchKMeans`, on one thread so that they do not depend on their
    number. `fit` and `transform` read pictures in files in chunks. A picture in which nothing is found has zeros only.

    With more levels, a histogram of a finer one weighs more, after Lazebnik, Schmid and Ponce: with three, 1/4, 1/4 and
    1/2.

    References
    ----------
    Lowe, D. G. (2004). Distinctive Image Features from Scale-Invariant Keypoints. International Journal of Computer
    Vision 60(2). https://doi.org/10.1023/B:VISI.0000029664.99615.94

    Csurka, G., Dance, C. R., Fan, L., Willamowski, J. and Bray, C. (2004). Visual Categorization with Bags of
    Keypoints. ECCV Workshop on Statistical Learning in Computer Vision.

    Lazebnik, S., Schmid, C. and Ponce, J. (2006). Beyond Bags of Features: Spatial Pyramid Matching for Recognizing
    Natural Scene Categories. CVPR. https://doi.org/10.1109/CVPR.2006.68

    Rublee, E., Rabaud, V., Konolige, K. and Bradski, G. (2011). ORB: An Efficient Alternative to SIFT or SURF. ICCV.
    https://doi.org/10.1109/ICCV.2011.6126544

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skimgrec import BagOfVisualWords
    >>> images = load_digits().images
    >>> words = BagOfVisualWords(n_words=20, spatial_pyramid=2, random_state=0).fit(images)
    >>> words.transform(images).shape
    (1797, 100)
    >>> print(words.get_feature_names_out()[-1])
    bovw_level1_region1_1_word19
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "detector": [StrOptions(set(DETECTORS))],
        "n_words": [Interval(Integral, 1, 2**20, closed="both")],
        "spatial_pyramid": [Interval(Integral, 1, 8, closed="both")],
        "patch_size": [StrOptions({"auto"}), Interval(Integral, 4, 2**12, closed="both")],
        "step": [StrOptions({"auto"}), Interval(Integral, 1, 2**12, closed="both")],
        "max_descriptors": [Interval(Integral, 1, None, closed="left")],
        "norm": [StrOptions({"L1", "L1-sqrt", "L2"}), None],
        "image_shape": [tuple, list, None],
        "random_state": ["random_state"],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        *,
        detector: str = "dense-sift",
        n_words: int = 256,
        spatial_pyramid: int = 1,
        patch_size: str | int = "auto",
        step: str | int = "auto",
        max_descriptors: int = 50_000,
        norm: str | None = "L1-sqrt",
        image_shape: tuple[int, ...] | None = None,
        random_state: int | np.random.RandomState | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.detector = detector
        self.n_words = n_words
        self.spatial_pyramid = spatial_pyramid
        self.patch_size = patch_size
        self.step = step
        self.max_descriptors = max_descriptors
        self.norm = norm
        self.image_shape = image_shape
        self.random_state = random_state
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the words.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features)
            Pictures, c in 1, 3, 4; or flattened pictures.
        y : None
            Ignored.

        Returns
        -------
        self : BagOfVisualWords
            The fitted transformer.
        """
        if self.patch_size != "auto" and int(self.patch_size) % CELLS:
            raise ValueError(f"patch_size={self.patch_size}: expected a multiple of {CELLS}, or 'auto'.")
        with unchanged_on_failure(self):
            pictures = validate_pictures(self, X, reset=True)
            patch = auto_patch(*pictures.shape[1:3]) if self.patch_size == "auto" else int(self.patch_size)
            step = patch // CELLS if self.step == "auto" else int(self.step)
            # Kept apart from the parameters, which may be set anew: the kernels trust these sizes.
            self._words_layout = (self.detector, patch // CELLS, step, int(self.spatial_pyramid), self.norm)
            self.vocabulary_ = self._learn_words(pictures)
        return self

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Return the histograms of the visual words of pictures.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features)
            Pictures of the size seen in `fit`, of any integer or floating dtype.

        Returns
        -------
        features : ndarray of shape (n, n_features_out), dtype float32
            The histogram of the whole picture, then those of the quarters, row by row, and so on.
        """
        check_is_fitted(self)
        pictures = validate_pictures(self, X, reset=False)
        layout = WordsLayout(*self._words_layout)
        features = np.empty((len(pictures), layout.n_regions * len(self.vocabulary_)), np.float32)

        from skimgrec.feature_extraction._words_counts import word_counts  # loads Numba, which takes a second

        def write(part: NDArray[Any], rows: slice) -> None:
            word_counts(part, layout, self.value_range_, self.vocabulary_, features[rows])

        write_in_parts(pictures, self.n_jobs, write)
        return features

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return a name for each feature, such as ``bovw_level1_region0_1_word7``.

        This counts the eighth word in the quarter in row 0, column 1; everything is counted from 0.

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
        regions = WordsLayout(*self._words_layout).region_names()
        return np.array(
            [f"bovw_{region}_word{word}" for region in regions for word in range(len(self.vocabulary_))], dtype=object
        )

    def _learn_words(self, pictures: Pictures) -> NDArray[np.float32]:
        from sklearn.cluster import MiniBatchKMeans

        random_state = check_random_state(self.random_state)
        descriptors = self._sample(pictures, random_state)
        if len(descriptors) < self.n_words:
            if len(descriptors) < self.max_descriptors:
                cause = f"which is all that detector={self.detector!r} finds in {len(pictures)} pictures of "
                cause += f"{pictures.shape[1]} x {pictures.shape[2]} pixels, n_samples = {len(pictures)}"
                fix = "Give more or larger pictures, or take fewer words"
                fix += " or a smaller step" if self.detector == "dense-sift" else " or detector='dense-sift'"
            else:
                cause, fix = f"as many as max_descriptors={self.max_descriptors}", "Raise it, or take fewer words"
            raise ValueError(
                f"n_words={self.n_words} visual words cannot be learnt from {len(descriptors)} descriptors, {cause}. "
                f"{fix}."
            )
        kmeans = MiniBatchKMeans(self.n_words, n_init=1, random_state=random_state)
        with one_blas_thread():
            kmeans.fit(descriptors)
        return np.ascontiguousarray(kmeans.cluster_centers_, np.float32)

    def _sample(self, pictures: Pictures, random_state: np.random.RandomState) -> NDArray[np.float32]:
        """Return up to `max_descriptors` descriptors, of as many pictures as have that many."""
        from skimgrec.feature_extraction._words_counts import descriptors_of

        layout = WordsLayout(*self._words_layout)
        from_each = min(_FROM_A_PICTURE, self.max_descriptors)
        if layout.detector == "dense-sift":
            from_each = min(from_each, len(layout.dense_places(*pictures.shape[1:3])))
        n_pictures = min(len(pictures), -(-self.max_descriptors // from_each))
        from_each = max(from_each, -(-self.max_descriptors // n_pictures))
        order = random_state.permutation(len(pictures))
        drawn: list[NDArray[np.float32]] = []
        n_drawn, start = 0, 0
        while start < len(order) and n_drawn < self.max_descriptors:
            # Where detectors find less than expected, further pictures make up for it.
            missing = -(-(self.max_descriptors - n_drawn) // from_each)
            rows = np.sort(order[start : start + missing])
            start += len(rows)
            for part in chunk_slices(len(rows), size=chunk_length(pictures)):
                for found, _ in descriptors_of(read_rows(pictures, rows[part]), layout, self.value_range_):
                    if len(found) > from_each:
                        found = found[random_state.choice(len(found), from_each, replace=False)]
                    # A copy, because a view would keep the descriptors that were not drawn.
                    drawn.append(np.array(found))
                    n_drawn += len(found)
        return np.concatenate(drawn)[: self.max_descriptors]

    def _prepare_process(self, X: Any) -> None:
        """Have the kernels compiled for pictures like `X`, so that no fit is charged with the seconds it takes."""
        if self.detector == "dense-sift":
            clone(self).set_params(n_jobs=None, n_words=1).fit_transform(X[:1])

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "vocabulary_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags
