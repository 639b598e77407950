"""Similar pictures: an index of vectors, and the nearest and the farthest of them."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils import Tags
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from skimgrec.neighbors._features import features_of, file_paths, vectors_of
from skimgrec.neighbors._search import METRICS, Lengths, distance_matrix, lengths_of, search
from skimgrec.preprocessing import ImageLoader
from skimgrec.utils import LazyImages, unchanged_on_failure, validate_pictures

Found = tuple[NDArray[np.float64], NDArray[np.intp]] | NDArray[np.intp]

# A matrix of more distances than this, 512 MiB of them, is most likely a mistake.
_MOST_DISTANCES = 2**26


class ImageNeighbors(BaseEstimator):
    """Find the pictures that are most and least similar to a picture.

    Every picture becomes a vector of features; similar pictures are those whose vectors are near. `fit` makes an index
    of the vectors, and forgets the pictures.

    Parameters
    ----------
    features : str or transformer, default="hog"
        What pictures are compared by: the name of a kind of features, or several joined by plus signs, such as
        "hog+color"; or what a transformer of pictures makes of them, of which a copy is fitted. The names are those of
        :func:`~skimgrec.make_feature_union`, where "pixels" alone are not scaled, and what draws random numbers does so
        with a `random_state` of 0. A transformer in a :class:`sklearn.frozen.FrozenEstimator` is used as it is;
        :func:`~skimgrec.neighbors.model_features` makes such a one of a trained classifier. Transformers that know two
        dimensions only, such as PCA, go behind an `ImageFlattener` or a `HOGTransformer` in a pipeline.
    n_neighbors : int, default=5
        How many pictures to find, unless a method is told.
    metric : {"euclidean", "cosine"}, default="euclidean"
        The distance between vectors: that along a straight line, or 1 less the cosine of the angle between them.
    image_size : tuple of two ints, default=(64, 64)
        (height, width) in pixels that pictures in files are brought to, where `features` does not begin with an
        `ImageLoader`.
    grey : bool, default=False
        Whether pictures in files have one channel, likewise.
    image_shape : tuple of int, default=None
        (height, width) or (height, width, channels) of pictures that come flattened. By default, a perfect square of
        features is a square grey picture, anything else a picture of one row.
    n_jobs : int, default=None
        Number of threads that read files, compute the features with a name, and answer several queries. None means 1
        unless in a :obj:`joblib.parallel_config` context, -1 all processors. The answers do not depend on it. NumPy's
        BLAS has threads of its own beside these.

    Attributes
    ----------
    vectors_ : ndarray of shape (n_pictures, n_features), float32
        The index. Of one that :func:`~skimgrec.open_index` has opened, it is a read-only map of the file.
    transformer_ : estimator
        The fitted transformer.
    loader_ : ImageLoader or None
        What reads files, if `fit` was given such.
    paths_ : ndarray of n_pictures str objects, or None
        The files of the pictures, as absolute paths, if they came from files.
    labels_ : ndarray of shape (n_pictures,), or None
        The labels given to `fit`.
    n_samples_fit_ : int
        Number of pictures in the index.
    n_features_out_ : int
        Number of values in a vector.
    image_shape_ : tuple of int
        Shape of a picture seen in `fit`, (height, width) or (height, width, channels).
    value_range_ : tuple of two floats
        The range of values seen in `fit`; (0, 255) for uint8.
    n_features_in_ : int
        Number of values in a picture.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen in `fit`, if the pictures came as a data frame.

    See Also
    --------
    save_index : Keeps the index in a file.
    SimilarityDisplay : Draws what was found.
    sklearn.neighbors.NearestNeighbors : The nearest of any vectors.

    Notes
    -----
    Every vector is looked at, so that an answer is exact: BLAS multiplies all of them by the query in float32; those
    that may be among the answer, given how far rounding can have led astray, are measured again in float64. Of equal
    distances, the picture that came first in `fit` comes first. Trees are slower than this in hundreds of dimensions,
    and approximate indexes save milliseconds at the price of neighbours that they miss.

    Examples
    --------
    >>> from skimgrec import ImageNeighbors, load_digits_images
    >>> X, y = load_digits_images(return_X_y=True)
    >>> neighbors = ImageNeighbors().fit(X[100:], y[100:])
    >>> distances, rows = neighbors.kneighbors(X[:2], n_neighbors=4)
    >>> y[:2].tolist(), neighbors.labels_[rows].tolist()
    ([0, 1], [[0, 0, 0, 0], [1, 1, 1, 1]])
    >>> distances, rows = neighbors.least_similar(X[:1], n_neighbors=1)
    >>> bool(neighbors.labels_[rows[0, 0]] != 0)
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "features": [str, HasMethods("fit")],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "metric": [StrOptions(set(METRICS))],
        "image_size": [tuple, list],
        "grey": ["boolean"],
        "image_shape": [tuple, list, None],
        "n_jobs": [Interval(Integral, None, -1, closed="right"), Interval(Integral, 1, None, closed="left"), None],
    }

    # What has to be called before `vectors_` is read for the first time.
    _check_vectors: Callable[[], None] | None = None

    def __init__(
        self,
        features: Any = "hog",
        *,
        n_neighbors: int = 5,
        metric: str = "euclidean",
        image_size: tuple[int, int] = (64, 64),
        grey: bool = False,
        image_shape: tuple[int, ...] | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.features = features
        self.n_neighbors = n_neighbors
        self.metric = metric
        self.image_size = image_size
        self.grey = grey
        self.image_shape = image_shape
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: ArrayLike | None = None) -> Self:
        """Make the index.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features), or of n path-like
            Pictures, c in 1, 3, 4; flattened pictures; or the paths of picture files, which are read some at a time.
        y : array-like of shape (n,), default=None
            A label for each picture. It is kept as `labels_`, is given to a transformer that learns from labels, and
            has no part in the search.

        Returns
        -------
        self : ImageNeighbors
            The fitted estimator.

        Raises
        ------
        ValueError
            If the pictures break the picture contract, a file cannot be read, there is not one label for each,
            `features` is a name that is unknown, or does not give a vector of finite numbers for each picture.
        """
        return self._fit(X, y)

    def _fit(self, X: Any, y: Any, *, paths: Any = None, loader: ImageLoader | None = None) -> Self:
        """Fit on pictures that may have been read from files already: `paths` are these, `loader` has read them."""
        labels = None if y is None else _as_labels(y, type(self).__name__)
        with unchanged_on_failure(self):
            found = features_of(self.features, image_shape=self.image_shape, n_jobs=self.n_jobs)
            files = file_paths(X)
            if files is not None:
                loader = found.loader or ImageLoader(self.image_size, grey=self.grey, n_jobs=self.n_jobs)
                X = loader.fit_transform(files)
            if isinstance(X, LazyImages):
                paths = X.paths
            pictures = validate_pictures(self, X, reset=True)
            if labels is not None:
                check_consistent_length(pictures, labels)
            transformer = found.transformer.fit(pictures, labels)
            vectors = vectors_of(transformer, pictures, type(self).__name__)
            self._take_over(vectors, transformer, found.loader or loader, paths, labels)
        return self

    def _take_over(self, vectors: Any, transformer: Any, loader: Any, paths: Any, labels: Any) -> None:
        """Set the fitted attributes beside those of the picture contract."""
        self.vectors_ = vectors
        self.transformer_ = transformer
        self.loader_ = loader
        self.paths_ = None if paths is None else np.array([str(path) for path in paths], dtype=object)
        self.labels_ = labels
        self.n_samples_fit_, self.n_features_out_ = (int(side) for side in vectors.shape)
        self._fitted_metric = self.metric
        self._lengths: Lengths | None = None
        self._check_vectors = None

    def kneighbors(self, X: Any = None, n_neighbors: int | None = None, return_distance: bool = True) -> Found:
        """Return the most similar pictures.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features), or of n path-like, default=None
            Pictures, or paths of picture files. None means every picture in the index, which then is not its own
            neighbour.
        n_neighbors : int, default=None
            How many; None means the parameter `n_neighbors`.
        return_distance : bool, default=True
            Whether to return the distances, too.

        Returns
        -------
        distances : ndarray of shape (n, n_neighbors)
            From the nearest on; only if `return_distance`.
        rows : ndarray of shape (n, n_neighbors)
            Which pictures of the index these are, counted as in `fit`.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If there is no index yet.
        ValueError
            If there are not that many pictures, or `X` does not fit those of the index.
        """
        return self._found(X, n_neighbors, return_distance, farthest=False)

    def least_similar(self, X: Any = None, n_neighbors: int | None = None, return_distance: bool = True) -> Found:
        """Return the least similar pictures.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features), or of n path-like, default=None
            Pictures, or paths of picture files. None means every picture in the index.
        n_neighbors : int, default=None
            How many; None means the parameter `n_neighbors`.
        return_distance : bool, default=True
            Whether to return the distances, too.

        Returns
        -------
        distances : ndarray of shape (n, n_neighbors)
            From the farthest on; only if `return_distance`.
        rows : ndarray of shape (n, n_neighbors)
            Which pictures of the index these are, counted as in `fit`.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If there is no index yet.
        ValueError
            If there are not that many pictures, or `X` does not fit those of the index.
        """
        return self._found(X, n_neighbors, return_distance, farthest=True)

    def transform_queries(self, X: Any) -> NDArray[np.float32]:
        """Return the vectors of pictures, as they are compared with those of the index.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features), or of n path-like
            Pictures, or paths of picture files.

        Returns
        -------
        vectors : ndarray of shape (n, n_features), float32
            One for each picture.
        """
        check_is_fitted(self)
        files = file_paths(X)
        if files is not None:
            X = self._query_loader().transform(files)
        return vectors_of(self.transformer_, validate_pictures(self, X, reset=False), type(self).__name__)

    def distance_matrix(self, rows: ArrayLike | None = None) -> NDArray[np.float64]:
        """Return the distance of each picture of the index from each, or of some of them.

        Parameters
        ----------
        rows : array-like of shape (k,), default=None
            Which pictures, counted as in `fit`. None means all, and is refused for more than 8,192.

        Returns
        -------
        distances : ndarray of shape (k, k)
            Symmetric, with 0 on the diagonal (1 for a vector of zeros under the cosine).

        Raises
        ------
        ValueError
            If the matrix would take more than 512 MiB.
        """
        check_is_fitted(self)
        chosen = np.arange(self.n_samples_fit_) if rows is None else np.asarray(rows)
        if chosen.ndim != 1 or chosen.dtype.kind not in "iub":
            raise ValueError(
                f"rows holds values of {chosen.dtype} in shape {chosen.shape}: expected numbers of pictures in the "
                "index, such as [0, 5, 7]. For distances from other pictures, kneighbors(X) takes these."
            )
        if len(chosen) ** 2 > _MOST_DISTANCES:
            raise ValueError(
                f"The distances among {len(chosen):,} pictures would be {len(chosen) ** 2:,} numbers. Choose some "
                f"pictures with rows=..., at most {int(_MOST_DISTANCES**0.5):,}."
            )
        self._check()
        vectors = self.vectors_[chosen]
        return distance_matrix(vectors, vectors, self._fitted_metric)

    def _found(self, X: Any, n_neighbors: int | None, return_distance: bool, *, farthest: bool) -> Found:
        check_is_fitted(self)
        left_out = None if X is not None else np.arange(self.n_samples_fit_)
        n = self._number(n_neighbors, self.n_samples_fit_ - (X is None))
        vectors = self.vectors_ if X is None else self.transform_queries(X)
        found = self._search(vectors, n, farthest=farthest, left_out=left_out)
        return found if return_distance else found[1]

    def _search(self, vectors: Any, n: int, *, farthest: bool, left_out: Any = None) -> Any:
        """Return distances and rows for vectors; `left_out` is a row for each that is not to be found, -1 for none."""
        self._check()
        lengths = self._lengths
        if lengths is None:
            lengths = self._lengths = lengths_of(self.vectors_, self._fitted_metric)
        return search(
            self.vectors_,
            lengths,
            vectors,
            n,
            metric=self._fitted_metric,
            farthest=farthest,
            left_out=left_out,
            n_threads=effective_n_jobs(self.n_jobs),
        )

    def _number(self, n_neighbors: int | None, most: int) -> int:
        n = self.n_neighbors if n_neighbors is None else n_neighbors
        if not isinstance(n, Integral) or isinstance(n, bool) or int(n) < 1:
            raise ValueError(f"n_neighbors={n!r}: expected an integer of at least 1.")
        if n > most:
            raise ValueError(
                f"n_neighbors={n}, but there are {most} other pictures in the index: ask for at most that many."
                if most < self.n_samples_fit_
                else f"n_neighbors={n}, but there are {most} pictures in the index: ask for at most that many."
            )
        return int(n)

    def _query_loader(self) -> ImageLoader:
        if self.loader_ is not None:
            return self.loader_
        shape = self.image_shape_
        if shape[2:] not in ((), (1,), (3,)):
            raise ValueError(
                f"The index holds pictures of shape {shape}, and picture files give (h, w) or (h, w, 3). Give pictures "
                "as an array of that shape."
            )
        return ImageLoader(shape[:2], grey=shape[2:] != (3,), n_jobs=self.n_jobs)

    def _check(self) -> None:
        """Have the index of a file checked before it is read for the first time."""
        if self._check_vectors is not None:
            self._check_vectors()
            self._check_vectors = None

    def __getstate__(self) -> dict[str, Any]:
        if "vectors_" in vars(self):
            self._check()
        return super().__getstate__()

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "vectors_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags


def _as_labels(y: Any, name: str) -> NDArray[Any]:
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise ValueError(f"{name} got labels of shape {labels.shape}: expected (n,), one for each picture.")
    return labels
