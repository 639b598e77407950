"""A confusion matrix whose cells show the pictures in them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from skimgrec.inspection._confusion_cells import Cell, codes_of, count_pairs, most_confused, rows_of_cells
from skimgrec.inspection._drawing import FRAME, LABEL_SIZE, TITLE_SIZE, class_name
from skimgrec.inspection._matplotlib import check_matplotlib, roomy_layout
from skimgrec.inspection._one_picture import as_taken
from skimgrec.inspection._thumbnails import as_pictures, fitted_into, thumbnails

# A matrix of more classes has cells too small for pictures.
_MOST_CLASSES = 12
# Side of a cell in pixels of the mosaic, and what frames its pictures.
_CELL, _BORDER = 240, 6
# Height of the strip with the count, in cells that are large, up to so many classes, and in smaller ones.
_LARGE_UP_TO, _COUNT_IN_LARGE, _COUNT_IN_SMALL = 4, 28, 44
# Pictures along a side of a cell, for matrices up to so many classes.
_PICTURES_ALONG = {2: 5, 4: 4, 7: 3, _MOST_CLASSES: 2}
# In inches: of a cell, of the whole matrix.
_LARGEST_CELL, _SMALLEST_SIDE, _LARGEST_SIDE = 2.2, 3.6, 10.0
_RIGHT, _WRONG = np.array([0x2B, 0x62, 0xB0]), np.array([0xC0, 0x39, 0x2B])
_LONGEST_LEVEL_NAME = 6


class ConfusionGalleryDisplay:
    """A confusion matrix whose cells show the pictures in them.

    It is recommended to use :meth:`from_estimator` or :meth:`from_predictions` to create a `ConfusionGalleryDisplay`.
    All parameters are stored as attributes.

    True classes stand below one another, predicted ones side by side. Blue cells are right, red ones mistakes; the
    darker, the larger a part of the true class lies there. Each says how many pictures are in it, and shows the first
    of them.

    Parameters
    ----------
    confusion_matrix : ndarray of shape (n_classes, n_classes)
        How many pictures are in each cell.
    rows : dict of (int, int) to ndarray of int
        For each cell that is not empty, by its row and column in `confusion_matrix`, the row numbers of its pictures in
        the order to show them in.
    thumbnails : dict of int to ndarray of shape (h, w, 3)
        Pictures to show by their row number, as uint8.
    display_labels : sequence of str
        What to call the classes.
    note : str, default=""
        What stands above the matrix.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure, after :meth:`plot`.
    ax_ : matplotlib Axes
        The axes of the matrix.
    shown_ : dict of (int, int) to list of int
        For each cell that is not empty, the row numbers of the pictures that it shows.

    See Also
    --------
    sklearn.metrics.ConfusionMatrixDisplay : The numbers alone.
    ImageCheckDisplay : Pictures that are there twice, or in two classes.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from skimgrec import ConfusionGalleryDisplay, ImageFlattener, load_digits_images
    >>> X, y = load_digits_images(return_X_y=True)
    >>> knn = make_pipeline(ImageFlattener(), KNeighborsClassifier()).fit(X[:900], y[:900])
    >>> display = ConfusionGalleryDisplay.from_estimator(knn, X[900:], y[900:])
    >>> display.confusion_matrix.shape
    (10, 10)
    >>> plt.close("all")
    """

    def __init__(
        self,
        confusion_matrix: NDArray[np.intp],
        rows: Mapping[Cell, NDArray[np.intp]],
        thumbnails: Mapping[int, NDArray[np.uint8]],
        display_labels: Sequence[str],
        *,
        note: str = "",
    ) -> None:
        self.confusion_matrix = confusion_matrix
        self.rows = rows
        self.thumbnails = thumbnails
        self.display_labels = display_labels
        self.note = note

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        images: Any,
        y: Any,
        *,
        labels: Any = None,
        display_labels: Any = None,
        n_pictures: int | None = None,
        ax: Any = None,
    ) -> Self:
        """Let a classifier predict the class of pictures, and draw what it takes for what.

        Parameters
        ----------
        estimator : estimator object
            A fitted classifier or pipeline. Where it has `predict_proba`, each cell begins with the pictures that it is
            surest of.
        images : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features), LazyImages, or sequence of n path-like
            The pictures, as the estimator takes them.
        y : array-like of shape (n,)
            Their true classes.
        labels : array-like, default=None
            Which classes to show, and in which order. None means all of them, but of more than 12 those that are
            mistaken for each other most often.
        display_labels : array-like of str, default=None
            What to call the classes: one name for each of `labels`, or of all classes in sorted order. None calls them
            by their labels.
        n_pictures : int, default=None
            How many pictures a cell shows at most. None means 25 for two classes and fewer for more, down to 4.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : ConfusionGalleryDisplay
            The display, drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            As :meth:`from_predictions` does.
        """
        check_matplotlib(f"{cls.__name__}.from_estimator")
        check_is_fitted(estimator)
        X = as_taken(estimator, images)
        # The class is not always the most probable one: a classifier may reject, or have a threshold.
        confidence = np.max(estimator.predict_proba(X), axis=1) if hasattr(estimator, "predict_proba") else None
        return cls.from_predictions(
            y,
            estimator.predict(X),
            images,
            confidence=confidence,
            labels=labels,
            display_labels=display_labels,
            n_pictures=n_pictures,
            ax=ax,
        )

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_pred: Any,
        images: Any,
        *,
        confidence: Any = None,
        labels: Any = None,
        display_labels: Any = None,
        n_pictures: int | None = None,
        ax: Any = None,
    ) -> Self:
        """Draw what was taken for what.

        Parameters
        ----------
        y_true : array-like of shape (n,)
            True classes.
        y_pred : array-like of shape (n,)
            Predicted classes.
        images : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features), LazyImages, or sequence of n path-like
            The pictures, or the files that they lie in. Only those that are shown are read.
        confidence : array-like of shape (n,), default=None
            How sure each prediction is; the surest are shown first. None shows the first pictures of each cell.
        labels : array-like, default=None
            Which classes to show, and in which order. None means all of them, but of more than 12 those that are
            mistaken for each other most often.
        display_labels : array-like of str, default=None
            What to call the classes: one name for each of `labels`, or of all classes in sorted order. None calls them
            by their labels.
        n_pictures : int, default=None
            How many pictures a cell shows at most. None means 25 for two classes and fewer for more, down to 4.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : ConfusionGalleryDisplay
            The display, drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If lengths differ, `images` breaks the picture contract, no picture belongs to `labels`, or there is not one
            name for each class.
        """
        check_matplotlib(f"{cls.__name__}.from_predictions")
        pictures, black_white = as_pictures(images, cls.__name__)
        classes, true, predicted, rows = codes_of(y_true, y_pred, labels)
        for name, n in (("y_true", len(true)), ("confidence", len(true) if confidence is None else len(confidence))):
            if n != len(pictures):
                raise ValueError(f"{name} has {n} entries for {len(pictures)} pictures, expected one for each.")
        names = _names(classes, display_labels)
        matrix = count_pairs(true[rows], predicted[rows], len(classes))
        note = f"{len(rows):,} pictures, {matrix.sum() - matrix.trace():,} mistakes"
        if labels is None and len(classes) > _MOST_CLASSES:
            kept = most_confused(matrix, _MOST_CLASSES)
            n_wrong = int(matrix.sum() - matrix.trace())
            place = np.full(len(classes), -1)
            place[kept] = np.arange(len(kept))
            true, predicted, names = place[true], place[predicted], [names[k] for k in kept]
            rows = np.flatnonzero((true >= 0) & (predicted >= 0))
            matrix = matrix[np.ix_(kept, kept)]
            n_here = int(matrix.sum() - matrix.trace())
            note = f"{len(kept)} of {len(classes):,} classes, with {n_here:,} of {n_wrong:,} mistakes"
        sure = None if confidence is None else np.asarray(confidence, dtype=np.float64)
        cells = rows_of_cells(true, predicted, rows, sure)
        side = _along(len(names), n_pictures)
        wanted = [row for some in cells.values() for row in some[: side**2 if n_pictures is None else n_pictures]]
        shown = thumbnails(pictures, wanted, black_white)
        return cls(matrix, cells, shown, names, note=note).plot(n_pictures=n_pictures, ax=ax)

    def plot(self, *, n_pictures: int | None = None, ax: Any = None) -> Self:
        """Draw the matrix.

        Parameters
        ----------
        n_pictures : int, default=None
            How many pictures a cell shows at most, of those that are in `thumbnails`. None means 25 for two classes and
            fewer for more, down to 4.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : ConfusionGalleryDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If `n_pictures` is not a positive number.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        n = len(self.display_labels)
        side = _along(n, n_pictures)
        most = side**2 if n_pictures is None else n_pictures
        self.shown_ = {
            cell: [row for row in rows[:most].tolist() if row in self.thumbnails] for cell, rows in self.rows.items()
        }
        ax = self._new_ax() if ax is None else ax
        self.figure_, self.ax_ = ax.figure, ax
        canvas = self._canvas(side)
        ax.imshow(canvas, extent=(-0.5, n - 0.5, n - 0.5, -0.5), interpolation="antialiased")
        self._draw_frame(ax)
        return self

    def _new_ax(self) -> Any:
        import matplotlib.pyplot as plt

        n = len(self.display_labels)
        side = float(np.clip(n * _LARGEST_CELL, _SMALLEST_SIDE, _LARGEST_SIDE))
        beside = 0.07 * max(len(class_name(name)) for name in self.display_labels) + 0.5
        _, ax = plt.subplots(figsize=(side + beside, side + beside), layout=roomy_layout())
        return ax

    def _canvas(self, side: int) -> NDArray[np.uint8]:
        """Return the whole matrix as one picture."""
        n = len(self.display_labels)
        canvas = np.full((n * _CELL, n * _CELL, 3), 255, dtype=np.uint8)
        per_class, count = self.confusion_matrix.sum(axis=1), _count_height(n)
        for (row, column), pictures in self.shown_.items():
            share = self.confusion_matrix[row, column] / per_class[row]
            ink = _RIGHT if row == column else _WRONG
            strength = 0.10 + 0.5 * math.sqrt(share)
            top, left = row * _CELL, column * _CELL
            canvas[top : top + _CELL, left : left + _CELL] = np.rint(255 + strength * (ink - 255)).astype(np.uint8)
            # Few pictures are shown larger.
            along = min(side, math.ceil(math.sqrt(len(pictures))))
            if not along:
                continue
            room = (_CELL - count - _BORDER) // along
            for k, picture in enumerate(pictures):
                tile = fitted_into(self.thumbnails[picture], room - 4)
                y = top + count + k // along * room + (room - tile.shape[0]) // 2
                x = left + (_CELL - room * along) // 2 + k % along * room + (room - tile.shape[1]) // 2
                canvas[y : y + tile.shape[0], x : x + tile.shape[1]] = tile
        return canvas

    def _draw_frame(self, ax: Any) -> None:
        n = len(self.display_labels)
        names = [class_name(name) for name in self.display_labels]
        cell = ax.bbox.width / n * 72 / ax.figure.dpi
        strip = _count_height(n) / _CELL
        size = float(np.clip(cell * strip * 0.72, 4, LABEL_SIZE + 1))
        for (row, column), rows in self.rows.items():
            ax.text(
                column - 0.5 + 1.5 * _BORDER / _CELL,
                row - 0.5 + strip / 2,
                f"{len(rows):,}",
                size=size,
                va="center",
                weight="bold" if row != column else "normal",
            )
        slanted: Any = (
            {}
            if max(map(len, names)) <= _LONGEST_LEVEL_NAME
            else {"rotation": 35, "ha": "right", "rotation_mode": "anchor"}
        )
        ax.set_xticks(range(n), names, size=LABEL_SIZE + 1, parse_math=False, **slanted)
        ax.set_yticks(range(n), names, size=LABEL_SIZE + 1, parse_math=False)
        ax.tick_params(length=0)
        ax.set_xticks(np.arange(n + 1) - 0.5, minor=True)
        ax.set_yticks(np.arange(n + 1) - 0.5, minor=True)
        ax.grid(which="minor", color=FRAME, linewidth=0.6)
        ax.tick_params(which="minor", length=0)
        for spine in ax.spines.values():
            spine.set(color=FRAME, linewidth=0.6)
        ax.set_xlabel("predicted", fontsize=TITLE_SIZE)
        ax.set_ylabel("true", fontsize=TITLE_SIZE)
        ax.set_title(self.note, loc="left", fontsize=TITLE_SIZE)


def _count_height(n_classes: int) -> int:
    return _COUNT_IN_LARGE if n_classes <= _LARGE_UP_TO else _COUNT_IN_SMALL


def _along(n_classes: int, n_pictures: int | None) -> int:
    """Return how many pictures stand side by side in a full cell."""
    if n_pictures is None:
        return next((along for most, along in _PICTURES_ALONG.items() if n_classes <= most), 1)
    if n_pictures < 1:
        raise ValueError(f"n_pictures={n_pictures!r}: expected at least 1.")
    return math.ceil(math.sqrt(n_pictures))


def _names(classes: NDArray[Any], display_labels: Any) -> list[str]:
    names = classes.tolist() if display_labels is None else list(display_labels)
    if len(names) != len(classes):
        raise ValueError(f"display_labels has {len(names)} names for {len(classes)} classes: give one for each.")
    return [str(name) for name in names]
