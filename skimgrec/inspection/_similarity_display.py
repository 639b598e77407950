"""Similar pictures beside one another, and the distances among a sample of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from skimgrec.inspection._matplotlib import check_matplotlib
from skimgrec.inspection._similarity_draw import (
    CaptionedPicture,
    captioned,
    draw_distances,
    draw_sheet,
    names_of,
    sample_of,
)

if TYPE_CHECKING:
    from skimgrec.neighbors import ImageNeighbors


class SimilarityDisplay:
    """Pictures with the most and the least similar ones beside them, or a map of the distances among pictures.

    It is recommended to use :meth:`from_estimator`, :meth:`from_sample` or :meth:`from_distances` to create a
    `SimilarityDisplay`. All parameters are stored as attributes.

    Parameters
    ----------
    queries : list of n CaptionedPicture, default=None
        The pictures that similar ones were looked for, each with its image and the lines below it. None draws the map.
    most_similar, least_similar : list of n lists of CaptionedPicture, default=None
        What was found for each.
    distances : ndarray of shape (k, k), default=None
        The distance of each picture from each.
    labels : ndarray of k str, default=None
        Their classes; those of one class stand together.
    metric : str, default="euclidean"
        What kind of distance it is.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure, after :meth:`plot`.
    ax_ : matplotlib Axes
        The one Axes of the sheet or the map.
    images_ : list of matplotlib AxesImage
        The pictures of the sheet, row by row; or the map alone.
    texts_ : list of matplotlib Text
        The titles and captions of the sheet.

    See Also
    --------
    ImageNeighbors : Finds the similar pictures.
    ImageGridDisplay : Pictures with captions.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from skimgrec import ImageNeighbors, SimilarityDisplay, load_digits_images
    >>> digits = load_digits_images()
    >>> neighbors = ImageNeighbors().fit(digits.images[10:], digits.target[10:])
    >>> display = SimilarityDisplay.from_estimator(neighbors, digits.images[:3], images=digits.images[10:])
    >>> len(display.images_)  # 3 queries, each with 5 pictures that are most similar and 3 that are least
    27
    >>> display = SimilarityDisplay.from_sample(neighbors, n_samples=50, random_state=0)
    >>> display.distances.shape
    (50, 50)
    >>> plt.close("all")
    """

    def __init__(
        self,
        *,
        queries: Sequence[CaptionedPicture] | None = None,
        most_similar: Sequence[Sequence[CaptionedPicture]] | None = None,
        least_similar: Sequence[Sequence[CaptionedPicture]] | None = None,
        distances: NDArray[Any] | None = None,
        labels: NDArray[Any] | None = None,
        metric: str = "euclidean",
    ) -> None:
        self.queries = queries
        self.most_similar = most_similar
        self.least_similar = least_similar
        self.distances = distances
        self.labels = labels
        self.metric = metric

    @classmethod
    def from_estimator(
        cls,
        estimator: ImageNeighbors,
        X: Any,
        *,
        y: ArrayLike | None = None,
        images: Any = None,
        target_names: Any = None,
        n_most: int = 5,
        n_least: int = 3,
        ax: Any = None,
    ) -> Self:
        """Look for similar pictures, and draw a sheet with a row for each query.

        Parameters
        ----------
        estimator : ImageNeighbors
            A fitted one.
        X : array-like of shape (n, h, w) or (n, h, w, c), or of n path-like
            The queries: pictures, or paths of picture files. A file that is in the index is not similar to itself.
        y : array-like of shape (n,), default=None
            Their classes, to be shown.
        images : array-like of shape (n_samples_fit_, h, w) or (n_samples_fit_, h, w, c), default=None
            The pictures that the estimator was fitted on. None reads them from their files, if they came from files.
        target_names : array-like of str, default=None
            Names of the classes, where labels are positions in it.
        n_most, n_least : int, default=5, 3
            How many of the most and of the least similar pictures to show; fewer where there are no more.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure of the size that the sheet needs.

        Returns
        -------
        display : SimilarityDisplay
            The display, drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        ValueError
            If `images` is needed, or does not have a picture for each in the index, or `X` does not fit them.
        """
        check_matplotlib(f"{cls.__name__}.from_estimator")
        from skimgrec.neighbors._features import file_paths
        from skimgrec.neighbors._matches import find_matches

        check_is_fitted(estimator)
        indexed = estimator.paths_ if images is None else images
        if indexed is None:
            raise ValueError(
                "images=None: the estimator was fitted on arrays, and does not keep them. Give images=X, the pictures "
                "that it was fitted on."
            )
        if len(indexed) != estimator.n_samples_fit_:
            raise ValueError(
                f"images has {len(indexed)} pictures, but the estimator was fitted on {estimator.n_samples_fit_}. "
                "Give those that it was fitted on."
            )
        matches = find_matches(estimator, X, n_most, n_least)
        files = file_paths(X)
        return cls.from_matches(
            matches,
            X if files is None else files,
            indexed,
            query_labels=names_of(y, target_names),
            labels=names_of(estimator.labels_, target_names),
            value_range=estimator.value_range_,
            metric=estimator._fitted_metric,
            ax=ax,
        )

    @classmethod
    def from_matches(
        cls,
        matches: Any,
        queries: Any,
        images: Any,
        *,
        query_labels: Sequence[str] | None = None,
        labels: Sequence[str] | None = None,
        value_range: tuple[float, float] | None = None,
        metric: str = "euclidean",
        ax: Any = None,
    ) -> Self:
        """Draw what has been found already.

        Parameters
        ----------
        matches : object
            With the attributes `most`, `most_distances`, `least` and `least_distances`: arrays of shape (n, k), the
            rows and distances that :meth:`ImageNeighbors.kneighbors` and :meth:`ImageNeighbors.least_similar` return.
        queries : array-like of n pictures or path-like
            What was looked for.
        images : array-like of pictures or path-like
            What was looked through; those of the matches are read.
        query_labels, labels : sequence of str, default=None
            The class of each query, and of each picture in `images`.
        value_range : tuple of two floats, default=None
            The values that stand for black and white in pictures that are arrays.
        metric : str, default="euclidean"
            The kind of distance.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure of the size that the sheet needs.

        Returns
        -------
        display : SimilarityDisplay
            The display, drawn.
        """
        check_matplotlib(f"{cls.__name__}.from_matches")
        rows, most, least = captioned(matches, queries, images, query_labels, labels, value_range)
        return cls(queries=rows, most_similar=most, least_similar=least, metric=metric).plot(ax=ax)

    @classmethod
    def from_sample(
        cls,
        estimator: ImageNeighbors,
        *,
        n_samples: int = 100,
        target_names: Any = None,
        random_state: Any = None,
        ax: Any = None,
        cmap: Any = "viridis",
        colorbar: bool = True,
    ) -> Self:
        """Draw the distances among some pictures of the index, those of a class together.

        Parameters
        ----------
        estimator : ImageNeighbors
            A fitted one.
        n_samples : int, default=100
            How many pictures: drawn at random, as many of each class as there are, up to the same number.
        target_names : array-like of str, default=None
            Names of the classes, where labels are positions in it.
        random_state : int, RandomState instance or None, default=None
            Which pictures.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        cmap : str or matplotlib Colormap, default="viridis"
            The colours.
        colorbar : bool, default=True
            Whether to draw a colour bar beside the map.

        Returns
        -------
        display : SimilarityDisplay
            The display, drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        ValueError
            If `n_samples` is not 2 or more.
        """
        check_matplotlib(f"{cls.__name__}.from_sample")
        check_is_fitted(estimator)
        rows = sample_of(estimator.labels_, estimator.n_samples_fit_, n_samples, random_state)
        names = names_of(None if estimator.labels_ is None else estimator.labels_[rows], target_names)
        display = cls(
            distances=estimator.distance_matrix(rows),
            labels=None if names is None else np.array(names, dtype=object),
            metric=estimator._fitted_metric,
        )
        return display.plot(ax=ax, cmap=cmap, colorbar=colorbar)

    @classmethod
    def from_distances(
        cls,
        distances: ArrayLike,
        labels: ArrayLike | None = None,
        *,
        metric: str = "",
        ax: Any = None,
        cmap: Any = "viridis",
        colorbar: bool = True,
    ) -> Self:
        """Draw a matrix of distances, the pictures of a class together.

        Parameters
        ----------
        distances : array-like of shape (k, k)
            The distance of each picture from each.
        labels : array-like of shape (k,), default=None
            Their classes. The rows are sorted by them.
        metric : str, default=""
            What kind of distance it is, for the colour bar.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        cmap : str or matplotlib Colormap, default="viridis"
            The colours.
        colorbar : bool, default=True
            Whether to draw a colour bar beside the map.

        Returns
        -------
        display : SimilarityDisplay
            The display, drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If `distances` is no square matrix, or there is not one label for each row.
        """
        check_matplotlib(f"{cls.__name__}.from_distances")
        matrix = np.asarray(distances, dtype=np.float64)
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or len(matrix) < 2:
            raise ValueError(f"distances has the shape {matrix.shape}: expected a square, (k, k), with k of 2 or more.")
        names = None
        if labels is not None:
            given = np.asarray(labels)
            if given.shape != (len(matrix),):
                raise ValueError(
                    f"labels has the shape {given.shape} for {len(matrix)} pictures: expected one for each."
                )
            order = np.argsort(given, kind="stable")
            matrix, names = matrix[np.ix_(order, order)], np.array([str(label) for label in given[order]], dtype=object)
        return cls(distances=matrix, labels=names, metric=metric).plot(ax=ax, cmap=cmap, colorbar=colorbar)

    def plot(self, *, ax: Any = None, cmap: Any = "viridis", colorbar: bool = True) -> Self:
        """Draw the sheet, or the map where there are no queries.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        cmap : str or matplotlib Colormap, default="viridis"
            The colours of the map.
        colorbar : bool, default=True
            Whether to draw a colour bar beside the map.

        Returns
        -------
        display : SimilarityDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If there is nothing to draw.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        if self.queries is not None:
            sheet = draw_sheet(self.queries, self.most_similar or [], self.least_similar or [], ax)
            self.figure_, self.ax_, self.images_, self.texts_ = sheet.figure, sheet.ax, sheet.images, sheet.texts
        elif self.distances is not None:
            self.ax_, image = draw_distances(self.distances, self.labels, self.metric, ax, cmap, colorbar)
            self.figure_, self.images_, self.texts_ = self.ax_.figure, [image], []
        else:
            raise ValueError("There is nothing to draw: give queries with what was found for them, or distances.")
        return self
