"""What HOG makes of a picture, drawn stage by stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from skimgrec.feature_extraction import HOGTransformer
from skimgrec.inspection import _hog_draw as draw
from skimgrec.inspection._drawing import frame
from skimgrec.inspection._hog_importances import read_pipeline
from skimgrec.inspection._hog_parts import as_batch, geometry, glyphs_of, one_for_each_feature, stages_of
from skimgrec.inspection._hog_stages import CellGrid, glyph_strokes
from skimgrec.inspection._matplotlib import check_matplotlib

_STAGES = ("image", "intensities", "horizontal", "vertical", "magnitude", "angle")
_GLYPHS = ("hog", "importances")
PANELS = (*_STAGES, *_GLYPHS)

_MOST_STAGES_IN_A_ROW = 3
# Sides of panels in inches: of a stage among many, of few panels in one row, of one panel.
_SIDE, _SIDE_ALONE, _GLYPH_SIDE = 1.6, 2.6, 4.2
_GAP = 0.4


class HOGDisplay:
    """What HOG makes of a picture: its gradients, and a glyph for each cell.

    It is recommended to use :meth:`from_image`, :meth:`from_features` or :meth:`from_estimator` to create a
    `HOGDisplay`. All parameters are stored as attributes.

    A glyph has a stroke for each orientation bin. The stroke lies along the edge, that is at right angles to the
    gradient, and is as long and as dark as the bin is heavy. With `signed_gradient`, it starts in the centre of the
    cell, and the bright side of the edge is on its left.

    Parameters
    ----------
    cell_histograms : ndarray of shape (n_cell_rows, n_cell_cols, orientations), default=None
        Histogram of each cell: its normalised values, averaged over the blocks that contain the cell.
    cell_importances : ndarray of shape (n_cell_rows, n_cell_cols, orientations), default=None
        What a model makes of each cell and orientation, summed over the blocks that contain the cell.
    image_size : tuple of two ints
        Rows and columns of pixels in a picture.
    pixels_per_cell : tuple of two ints
        Rows and columns of pixels in a cell.
    signed_gradient : bool, default=False
        Whether the orientation bins cover 360 degrees, and not 180.
    image : ndarray of shape (h, w, c), default=None
        The picture.
    value_range : tuple of two floats, default=None
        The values that stand for black and white; None takes the smallest and the largest in `image`.
    horizontal, vertical : ndarray of shape (h, w), default=None
        For each pixel, the difference between its neighbours right and left, and below and above, in the channel where
        the gradient is longest; of square roots, if the transformer has `transform_sqrt=True`.
    magnitude : ndarray of shape (h, w), default=None
        The length of these gradients.
    angle : ndarray of shape (h, w), default=None
        Their direction in degrees: 0 is to the right, 90 is down.
    importances_title : str, default="HOG weighted by importances"
        What stands above the glyphs of `cell_importances`.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure with the panels, after :meth:`plot`.
    axes_ : ndarray of matplotlib Axes
        The axes of the panels, in the order in which they were asked for.
    lines_ : dict of {str: matplotlib LineCollection}
        The strokes of the panels "hog" and "importances".

    See Also
    --------
    HOGTransformer : Computes the features.
    sklearn.inspection.permutation_importance : Importances of any model's features.

    References
    ----------
    Glyphs weighted by a model: Dalal, N. and Triggs, B. (2005). Histograms of Oriented Gradients for Human Detection.
    CVPR. Figure 6. https://doi.org/10.1109/CVPR.2005.177

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from skimgrec import HOGDisplay, HOGTransformer, load_digits_images
    >>> images = load_digits_images().images
    >>> display = HOGDisplay.from_image(images[0])
    >>> display.cell_histograms.shape
    (4, 4, 9)
    >>> plt.show()

    From features that are already there:

    >>> hog = HOGTransformer().fit(images)
    >>> display = HOGDisplay.from_features(hog.transform(images[:1]), hog)
    >>> plt.close("all")
    """

    def __init__(
        self,
        cell_histograms: NDArray[Any] | None = None,
        cell_importances: NDArray[Any] | None = None,
        *,
        image_size: tuple[int, int],
        pixels_per_cell: tuple[int, int],
        signed_gradient: bool = False,
        image: NDArray[Any] | None = None,
        value_range: tuple[float, float] | None = None,
        horizontal: NDArray[Any] | None = None,
        vertical: NDArray[Any] | None = None,
        magnitude: NDArray[Any] | None = None,
        angle: NDArray[Any] | None = None,
        importances_title: str = "HOG weighted by importances",
    ) -> None:
        self.cell_histograms = cell_histograms
        self.cell_importances = cell_importances
        self.image_size = image_size
        self.pixels_per_cell = pixels_per_cell
        self.signed_gradient = signed_gradient
        self.image = image
        self.value_range = value_range
        self.horizontal = horizontal
        self.vertical = vertical
        self.magnitude = magnitude
        self.angle = angle
        self.importances_title = importances_title

    @classmethod
    def from_image(
        cls,
        image: Any,
        *,
        hog: HOGTransformer | None = None,
        importances: Any = None,
        panels: Sequence[str] | None = None,
        ax: Any = None,
        colorbar: bool = True,
        line_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw a picture, its intensities, its gradients and its HOG glyphs.

        Parameters
        ----------
        image : array-like of shape (h, w), (h, w, c) or (n_features,)
            One picture of any integer or floating dtype, c in 1, 3, 4; flattened only where `hog` can unfold it.
        hog : HOGTransformer, default=None
            The transformer, fitted or not. One that is not fitted takes the picture's own size and range of values, and
            stays as it is. None means ``HOGTransformer()``, with finer cells from 64 x 64 pixels on: about 32 along
            the shorter side, but of at least 8 pixels.
        importances : array-like of shape (n_features_out,), default=None
            One weight for each of the transformer's features, such as ``forest.feature_importances_`` or a row of
            ``coef_``. A further panel shows the features times these weights, summed over the blocks that contain a
            cell: for a linear model, what each stroke adds to its decision.
        panels : sequence of str, default=None
            What to draw, of "image", "intensities", "horizontal", "vertical", "magnitude", "angle", "hog",
            "importances". None means all that there are; on a single `ax`, the last of them.
        ax : matplotlib Axes or array-like of Axes, default=None
            One for each panel. None makes a new figure.
        colorbar : bool, default=True
            Whether to draw colour bars beside the panels whose colours stand for numbers.
        line_kw : dict, default=None
            Keywords for the glyphs' :class:`matplotlib.collections.LineCollection`.

        Returns
        -------
        display : HOGDisplay
            The display, drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If `image` is not one picture, if it does not fit `hog`, or if there is not one importance for each feature.
        """
        check_matplotlib(f"{cls.__name__}.from_image")
        display = cls(**stages_of(image, hog, importances, cls.__name__))
        return display.plot(panels=panels, ax=ax, colorbar=colorbar, line_kw=line_kw)

    @classmethod
    def from_features(
        cls,
        features: Any,
        hog: HOGTransformer,
        *,
        importances: Any = None,
        panels: Sequence[str] | None = None,
        ax: Any = None,
        colorbar: bool = True,
        line_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the glyphs of one vector of HOG features.

        Parameters
        ----------
        features : array-like of shape (n_features_out,) or (1, n_features_out)
            What `hog` gives for one picture, or a mean of such vectors.
        hog : HOGTransformer
            The fitted transformer that they come from.
        importances : array-like of shape (n_features_out,), default=None
            One weight for each feature, as in :meth:`from_image`.
        panels : sequence of str, default=None
            What to draw, of "hog", "importances". None means all that there are; on a single `ax`, the last of them.
        ax : matplotlib Axes or array-like of Axes, default=None
            One for each panel. None makes a new figure.
        colorbar : bool, default=True
            Whether to draw a colour bar beside the importances.
        line_kw : dict, default=None
            Keywords for the glyphs' :class:`matplotlib.collections.LineCollection`.

        Returns
        -------
        display : HOGDisplay
            The display, drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If `features` or `importances` do not hold one number for each feature of `hog`.
        """
        check_matplotlib(f"{cls.__name__}.from_features")
        check_is_fitted(hog)
        grid = CellGrid.of(hog)
        vector = one_for_each_feature("features", features, grid)
        display = cls(**glyphs_of(vector, importances, grid))
        return display.plot(panels=panels, ax=ax, colorbar=colorbar, line_kw=line_kw)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        image: Any = None,
        *,
        class_of_interest: Any = None,
        panels: Sequence[str] | None = None,
        ax: Any = None,
        colorbar: bool = True,
        line_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the glyphs of a picture weighted by a model's importances, or these importances alone.

        Parameters
        ----------
        estimator : Pipeline
            A fitted pipeline of a :class:`HOGTransformer` and a model with `feature_importances_` (trees and forests)
            or `coef_` (linear models), or a fitted search such as :class:`sklearn.model_selection.GridSearchCV` for
            one. A StandardScaler and a selection of features may stand between them.
        image : array-like of shape (h, w), (h, w, c) or (n_features,), default=None
            One picture as the pipeline takes it. None shows the importances alone.
        class_of_interest : int, float, bool or str, default=None
            The class for which a linear model's coefficients speak. None means the second of two classes; of more, the
            one that the model predicts for `image`.
        panels : sequence of str, default=None
            What to draw, as in :meth:`from_image`. None means "image", "hog" and "importances", or the last alone where
            there is no picture or a single `ax`.
        ax : matplotlib Axes or array-like of Axes, default=None
            One for each panel. None makes a new figure.
        colorbar : bool, default=True
            Whether to draw colour bars beside the panels whose colours stand for numbers.
        line_kw : dict, default=None
            Keywords for the glyphs' :class:`matplotlib.collections.LineCollection`.

        Returns
        -------
        display : HOGDisplay
            The display, drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If the pipeline has no weight for each HOG feature, or `class_of_interest` is none of its classes.
        """
        check_matplotlib(f"{cls.__name__}.from_estimator")
        pictures = None if image is None else as_batch(image, cls.__name__)
        model = read_pipeline(estimator, pictures, class_of_interest)
        grid = CellGrid.of(model.hog)
        if pictures is None:
            parts = {
                "cell_importances": grid.sum_over_blocks(one_for_each_feature("importances", model.importances, grid)),
                "importances_title": model.name,
                **geometry(grid),
            }
        else:
            if model.before is not None:
                pictures = model.before.transform(pictures)
            parts = stages_of(pictures[0], model.hog, model.importances, cls.__name__)
            parts["importances_title"] = f"HOG weighted by {model.name}"
            if panels is None and (ax is None or np.size(ax) > 1):
                panels = ("image", "hog", "importances")
        if model.class_of_interest is not None:
            parts["importances_title"] += f" for class {model.class_of_interest}"
        return cls(**parts).plot(panels=panels, ax=ax, colorbar=colorbar, line_kw=line_kw)

    def plot(
        self,
        *,
        panels: Sequence[str] | None = None,
        ax: Any = None,
        colorbar: bool = True,
        line_kw: dict[str, Any] | None = None,
    ) -> Self:
        """Draw the panels side by side.

        Parameters
        ----------
        panels : sequence of str, default=None
            What to draw, of "image", "intensities", "horizontal", "vertical", "magnitude", "angle", "hog",
            "importances". None means all that there are; on a single `ax`, the last of them.
        ax : matplotlib Axes or array-like of Axes, default=None
            One for each panel. None makes a new figure.
        colorbar : bool, default=True
            Whether to draw colour bars beside the panels whose colours stand for numbers.
        line_kw : dict, default=None
            Keywords for the glyphs' :class:`matplotlib.collections.LineCollection`.

        Returns
        -------
        display : HOGDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If a panel is unknown or not there, or if there is not one Axes for each panel.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        panels = self._chosen(panels, single=ax is not None and np.size(ax) == 1)
        if ax is None:
            axes = self._new_axes(panels)
        else:
            axes = np.asarray(ax, dtype=object).ravel()
            if len(axes) != len(panels):
                raise ValueError(
                    f"Got {len(axes)} axes for {len(panels)} panels, {', '.join(panels)}. Pass one Axes for each, a "
                    "single one for the glyphs alone, or choose panels=[...]."
                )
        self.figure_, self.axes_ = axes[0].figure, axes
        self.lines_: dict[str, Any] = {}
        for panel, panel_ax in zip(panels, axes, strict=True):
            self._draw(panel, panel_ax, colorbar=colorbar, line_kw=line_kw)
        return self

    def _available(self) -> list[str]:
        """Return the panels that there is something to draw for."""
        stages = (self.image, self.image, self.horizontal, self.vertical, self.magnitude, self.angle)
        sources = (*stages, self.cell_histograms, self.cell_importances)
        return [panel for panel, source in zip(PANELS, sources, strict=True) if source is not None]

    def _chosen(self, panels: Sequence[str] | None, *, single: bool) -> list[str]:
        available = self._available()
        if panels is None:
            return available[-1:] if single else available
        panels = [panels] if isinstance(panels, str) else list(panels)
        wrong = [panel for panel in panels if panel not in available]
        if wrong or not panels:
            raise ValueError(
                f"panels={panels!r}: expected some of {', '.join(map(repr, available))}, which this display has."
            )
        return panels

    def _new_axes(self, panels: list[str]) -> NDArray[np.object_]:
        """Return the axes of a new figure: many stages stand in two rows, the glyphs beside them are twice as high."""
        import matplotlib.pyplot as plt

        n_stages = sum(panel in _STAGES for panel in panels)
        ratio = float(np.clip(self.image_size[0] / self.image_size[1], 0.25, 4))
        two_rows = n_stages > _MOST_STAGES_IN_A_ROW
        side = _SIDE if two_rows else _GLYPH_SIDE if len(panels) == 1 else _SIDE_ALONE
        glyph_side = 2 * side + _GAP if two_rows else side
        stage_columns = -(-n_stages // 2) if two_rows else n_stages
        widths = [side] * stage_columns + [glyph_side] * (len(panels) - n_stages)
        height = glyph_side * ratio + _GAP
        figure = plt.figure(figsize=(sum(widths) + _GAP * len(widths), height), layout="constrained")
        cast(Any, figure.get_layout_engine()).set(w_pad=0.06, wspace=0.03)
        grid = figure.add_gridspec(2 if two_rows else 1, len(widths), width_ratios=widths)

        stages = iter([grid[i % 2, i // 2] if two_rows else grid[0, i] for i in range(n_stages)])
        glyphs = iter([grid[:, i] for i in range(stage_columns, len(widths))])
        return np.array([figure.add_subplot(next(stages if panel in _STAGES else glyphs)) for panel in panels])

    def _draw(self, panel: str, ax: Any, *, colorbar: bool, line_kw: dict[str, Any] | None) -> None:
        # Only panels that have their array are drawn.
        image, stages = cast(Any, self.image), cast(Any, self)
        match panel:
            case "image":
                frame(ax, "picture")
                draw.draw_picture(ax, image, self._values())
            case "intensities":
                frame(ax, "intensities")
                draw.draw_intensities(ax, image, self._values())
            case "horizontal" | "vertical":
                frame(ax, f"{panel} gradient")
                limit = draw.reach(np.stack([stages.horizontal, stages.vertical]))  # one scale, to compare them by
                draw.draw_difference(ax, getattr(stages, panel), limit, colorbar=colorbar)
            case "magnitude":
                frame(ax, "magnitude")
                draw.draw_magnitude(ax, stages.magnitude, colorbar=colorbar)
            case "angle":
                frame(ax, "angle" if self.signed_gradient else "angle, modulo 180°")
                draw.draw_angle(ax, stages.angle, stages.magnitude, signed=self.signed_gradient, colorbar=colorbar)
            case _:
                weights: Any = self.cell_histograms if panel == "hog" else self.cell_importances
                frame(ax, "HOG" if panel == "hog" else self.importances_title)
                segments, values = glyph_strokes(weights, self.pixels_per_cell, signed_gradient=self.signed_gradient)
                self.lines_[panel] = draw.draw_glyphs(
                    ax,
                    segments,
                    values,
                    image_size=self.image_size,
                    cell=self.pixels_per_cell,
                    colored=panel == "importances" or values.min(initial=0) < 0,
                    colorbar=colorbar,
                    line_kw=line_kw,
                )

    def _values(self) -> tuple[float, float]:
        """Return the values that are black and white."""
        image: Any = self.image
        return self.value_range or (float(image.min()), float(image.max()))
