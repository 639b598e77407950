"""Pictures as points in a plane, with thumbnails."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from skimgrec.inspection._drawing import (
    FRAME,
    LABEL_SIZE,
    MOST_NAMED_COLORS,
    TITLE_SIZE,
    class_colors,
    class_name,
)
from skimgrec.inspection._embedding import METHODS, apart, as_rows, features_of, lay_flat
from skimgrec.inspection._matplotlib import check_matplotlib, roomy_layout
from skimgrec.inspection._thumbnails import are_paths, as_pictures, fitted_into, thumbnails

# A thumbnail's longer side, with its frame, in points of 1/72 inch; and its pixels.
_SIDE, _FRAME_WIDTH = 24, 1.5
_PIXELS = 72
_FIGURE = (8.0, 6.4)
_MARGIN = 0.06
_NAMES_IN_A_COLUMN = 20


class EmbeddingDisplay:
    """Pictures as points in a plane, those with like features close together, with thumbnails.

    It is recommended to use :meth:`from_estimator` or :meth:`from_features` to create an `EmbeddingDisplay`. All
    parameters are stored as attributes.

    Parameters
    ----------
    positions : ndarray of shape (n, 2)
        Where each picture lies.
    pictures : ndarray or LazyImages of shape (n, h, w, c), default=None
        The pictures. Of a lazy batch, only those that are drawn are read.
    value_range : tuple of two floats, default=(0.0, 255.0)
        The values that are black and white.
    target : ndarray of shape (n,), default=None
        The class of each picture, for its colour.
    display_labels : sequence of str, default=None
        What to call the classes, in sorted order; None calls them by their labels.
    method : str, default=""
        How the features were laid flat, for the title.
    rows : ndarray of shape (n,), default=None
        Which of the pictures that were given these are.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure, after :meth:`plot`.
    ax_ : matplotlib Axes
        The axes of the points.
    shown_ : list of int
        The positions that have a thumbnail.

    See Also
    --------
    HOGTransformer : Features.
    KerasCNNClassifier : A fitted network's `transform` gives features that it has learnt.

    Notes
    -----
    PCA keeps the directions in which features vary most, and is the same at every call. t-SNE and UMAP keep neighbours
    together: what is close belongs together, but distances between clusters and the sizes of clusters mean little.

    References
    ----------
    van der Maaten, L. and Hinton, G. (2008). Visualizing data using t-SNE. JMLR 9.

    McInnes, L., Healy, J. and Melville, J. (2018). UMAP: uniform manifold approximation and projection for dimension
    reduction. https://arxiv.org/abs/1802.03426

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from skimgrec import EmbeddingDisplay, HOGTransformer, load_digits_images
    >>> X, y = load_digits_images(return_X_y=True)
    >>> display = EmbeddingDisplay.from_estimator(HOGTransformer().fit(X), X, y, subsample=200, random_state=0)
    >>> display.positions.shape
    (200, 2)
    >>> plt.close("all")
    """

    def __init__(
        self,
        positions: NDArray[Any],
        *,
        pictures: Any = None,
        value_range: tuple[float, float] = (0.0, 255.0),
        target: NDArray[Any] | None = None,
        display_labels: Any = None,
        method: str = "",
        rows: NDArray[np.intp] | None = None,
    ) -> None:
        self.positions = positions
        self.pictures = pictures
        self.value_range = value_range
        self.target = target
        self.display_labels = display_labels
        self.method = method
        self.rows = rows

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        images: Any,
        y: Any = None,
        *,
        method: Any = "pca",
        subsample: int | None = 1_000,
        n_thumbnails: int = 150,
        display_labels: Any = None,
        random_state: Any = None,
        ax: Any = None,
    ) -> Self:
        """Lay out pictures by the features that an estimator makes of them.

        Parameters
        ----------
        estimator : estimator object or None
            Fitted: a transformer such as :class:`HOGTransformer`, a network, whose layer `feature_layer` gives the
            features, or a pipeline, without its classifier if it ends in one. None means the pixels themselves.
        images : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features), LazyImages, or sequence of n path-like
            The pictures, as the estimator takes them.
        y : array-like of shape (n,), default=None
            Their classes, or any other label, for the colours.
        method : {"pca", "tsne", "umap"} or estimator object, default="pca"
            How features are brought to two numbers. "umap" needs the package umap-learn. An object has a method
            `fit_transform` that gives two columns.
        subsample : int or None, default=1_000
            How many pictures, drawn at random, are laid out at most. None means all.
        n_thumbnails : int, default=150
            How many are shown as pictures at most; as many as there is room for.
        display_labels : array-like of str, default=None
            What to call the classes, in sorted order. None calls them by their labels.
        random_state : int, RandomState instance or None, default=None
            Draws the pictures, and starts t-SNE and UMAP. An int gives the same figure at every call.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : EmbeddingDisplay
            The display, drawn.

        Raises
        ------
        ImportError
            If matplotlib, or UMAP where it is asked for, is not installed.
        TypeError
            If `estimator` makes no features.
        ValueError
            If there are fewer than 3 pictures, there is no such method, or lengths differ.
        """
        check_matplotlib(f"{cls.__name__}.from_estimator")
        _check_length("y", y, images)
        rng = check_random_state(random_state)
        rows = _sample(len(images), subsample, rng)
        some = _take(images, rows)
        if estimator is None:
            pictures, _ = as_pictures(some, cls.__name__)
            features = as_rows(pictures)
        else:
            features = features_of(estimator, some, f"{cls.__name__}.from_estimator")
        return cls._from_sample(features, some, y, rows, method, n_thumbnails, display_labels, rng, ax)

    @classmethod
    def from_features(
        cls,
        features: Any,
        images: Any,
        y: Any = None,
        *,
        method: Any = "pca",
        subsample: int | None = 1_000,
        n_thumbnails: int = 150,
        display_labels: Any = None,
        random_state: Any = None,
        ax: Any = None,
    ) -> Self:
        """Lay out pictures by features that are already there.

        Parameters
        ----------
        features : array-like of shape (n, n_features)
            One row for each picture.
        images : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features), LazyImages, or sequence of n path-like
            The pictures.
        y : array-like of shape (n,), default=None
            Their classes, or any other label, for the colours.
        method : {"pca", "tsne", "umap"} or estimator object, default="pca"
            How features are brought to two numbers, as in :meth:`from_estimator`.
        subsample : int or None, default=1_000
            How many pictures, drawn at random, are laid out at most. None means all.
        n_thumbnails : int, default=150
            How many are shown as pictures at most; as many as there is room for.
        display_labels : array-like of str, default=None
            What to call the classes, in sorted order. None calls them by their labels.
        random_state : int, RandomState instance or None, default=None
            Draws the pictures, and starts t-SNE and UMAP. An int gives the same figure at every call.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : EmbeddingDisplay
            The display, drawn.

        Raises
        ------
        ImportError
            If matplotlib, or UMAP where it is asked for, is not installed.
        ValueError
            If there are fewer than 3 pictures, there is no such method, or lengths differ.
        """
        check_matplotlib(f"{cls.__name__}.from_features")
        _check_length("y", y, images)
        _check_length("features", features, images)
        rng = check_random_state(random_state)
        rows = _sample(len(images), subsample, rng)
        chosen = as_rows(_take(features, rows))
        return cls._from_sample(chosen, _take(images, rows), y, rows, method, n_thumbnails, display_labels, rng, ax)

    @classmethod
    def _from_sample(
        cls,
        features: NDArray[np.float64],
        images: Any,
        y: Any,
        rows: NDArray[np.intp],
        method: Any,
        n_thumbnails: int,
        display_labels: Any,
        rng: np.random.RandomState,
        ax: Any,
    ) -> Self:
        pictures, black_white = as_pictures(images, cls.__name__)
        target = None if y is None else np.asarray(y)
        if target is not None and display_labels is not None:
            # All classes count for the names, also those that the sample lacks.
            classes, codes = np.unique(target, return_inverse=True)
            if len(display_labels) != len(classes):
                raise ValueError(
                    f"display_labels has {len(display_labels)} names for {len(classes)} classes: give one for each."
                )
            here = np.unique(codes[rows])
            display_labels = [str(display_labels[code]) for code in here]
        display = cls(
            lay_flat(features, method, rng),
            pictures=pictures,
            value_range=black_white,
            target=None if target is None else target[rows],
            display_labels=display_labels,
            method=METHODS[method] if isinstance(method, str) else type(method).__name__,
            rows=rows,
        )
        return display.plot(n_thumbnails=n_thumbnails, ax=ax)

    def plot(self, *, n_thumbnails: int = 150, ax: Any = None) -> Self:
        """Draw the points, and thumbnails where they do not overlap.

        Parameters
        ----------
        n_thumbnails : int, default=150
            How many are shown as pictures at most; 0 for none.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : EmbeddingDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        if ax is None:
            import matplotlib.pyplot as plt

            _, ax = plt.subplots(figsize=_FIGURE, layout=roomy_layout())
        self.figure_, self.ax_ = ax.figure, ax
        colors = self._draw_points(ax)
        self.shown_ = [] if self.pictures is None else self._draw_thumbnails(ax, colors, n_thumbnails)
        ax.set(xticks=[], yticks=[])
        for spine in ax.spines.values():
            spine.set(color=FRAME, linewidth=0.6)
        n_classes = 0 if self.target is None else len(np.unique(self.target))
        of = f" of {n_classes:,} classes" if n_classes else ""
        ax.set_title(
            f"{len(self.positions):,} pictures{of}, {self.method}".rstrip(", "), loc="left", fontsize=TITLE_SIZE
        )
        return self

    def _draw_points(self, ax: Any) -> NDArray[np.float64]:
        """Draw all points, with a legend of the classes where there are few; return the colour of each."""
        x, y = self.positions.T
        if self.target is None:
            colors = np.full((len(x), 3), 0.45)
            ax.scatter(x, y, s=9, c=colors, alpha=0.7, linewidths=0)
        else:
            classes, codes = np.unique(self.target, return_inverse=True)
            palette = class_colors(len(classes))
            colors = palette[codes]
            names = classes.tolist() if self.display_labels is None else list(self.display_labels)
            ax.scatter(x, y, s=9, c=colors, alpha=0.7, linewidths=0)
            if len(classes) <= MOST_NAMED_COLORS:
                self._draw_legend(ax, palette, [class_name(name) for name in names])
        for axis, values in (("x", x), ("y", y)):
            low, high = float(values.min()), float(values.max())
            margin = _MARGIN * ((high - low) or 1.0)
            getattr(ax, f"set_{axis}lim")(low - margin, high + margin)
        return colors

    def _draw_legend(self, ax: Any, palette: NDArray[np.float64], names: list[str]) -> None:
        from matplotlib.lines import Line2D

        handles = [
            Line2D([], [], linestyle="none", marker="o", markersize=5, color=color, label=name)
            for color, name in zip(palette, names, strict=True)
        ]
        legend = ax.legend(
            handles=handles,
            loc="upper left",
            bbox_to_anchor=(1.0, 1.0),
            ncols=-(-len(names) // _NAMES_IN_A_COLUMN),
            frameon=False,
            fontsize=LABEL_SIZE + 0.5,
            handletextpad=0.2,
            borderaxespad=0.3,
        )
        for text in legend.get_texts():
            text.set_parse_math(False)

    def _draw_thumbnails(self, ax: Any, colors: NDArray[np.float64], n_most: int) -> list[int]:
        from matplotlib.offsetbox import AnnotationBbox, OffsetImage

        # The legend takes room from the axes, which is known once they are laid out.
        ax.figure.canvas.figure.draw_without_rendering()
        in_points = ax.transData.transform(self.positions) * (72 / ax.figure.dpi)
        shown = apart(in_points, _SIDE + 2 * _FRAME_WIDTH, n_most)
        small = thumbnails(self.pictures, shown, self.value_range)
        for row in shown:
            tile = fitted_into(small[row], _PIXELS)
            # `zoom` counts in points of the figure, of which there are 72 to the inch.
            image = OffsetImage(tile, zoom=_SIDE / _PIXELS, interpolation="antialiased")
            box = AnnotationBbox(
                image,
                tuple(self.positions[row]),
                pad=0,
                bboxprops={"edgecolor": colors[row], "facecolor": "white", "linewidth": _FRAME_WIDTH},
            )
            box.set_in_layout(False)
            ax.add_artist(box)
        return shown


def _check_length(name: str, values: Any, images: Any) -> None:
    if values is not None and len(values) != len(images):
        raise ValueError(f"{name} has {len(values)} entries for {len(images)} pictures, expected one for each.")


def _sample(n: int, subsample: int | None, rng: np.random.RandomState) -> NDArray[np.intp]:
    """Return row numbers in their order, drawn where there are too many."""
    if subsample is not None and subsample < 1:
        raise ValueError(f"subsample={subsample!r}: expected a positive integer, or None for all pictures.")
    if subsample is None or n <= subsample:
        return np.arange(n)
    return np.sort(rng.choice(n, subsample, replace=False))


def _take(values: Any, rows: NDArray[np.intp]) -> Any:
    """Return some rows of an array, a lazy batch, a data frame or a list."""
    if hasattr(values, "iloc"):
        return values.iloc[rows]
    if hasattr(values, "__array__") or hasattr(values, "shape"):
        return values[rows]
    chosen = [values[row] for row in rows]
    return chosen if are_paths(chosen) else np.asarray(chosen)
