"""The filters of a layer, and what they find in a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skimgrec.inspection._drawing import bar, class_name, frame, no_ticks
from skimgrec.inspection._hog_draw import draw_picture
from skimgrec.inspection._matplotlib import check_matplotlib
from skimgrec.inspection._open_network import OpenNetwork, read_network
from skimgrec.utils import value_range, with_channel_axis

PANELS = ("image", "filters", "maps")

_MOST_CHANNELS = 64
# Of panels in inches, and of a colour bar.
_SIDE, _MAPS_SIDE, _BESIDE = 2.4, 4.2, 0.6
_GAP = 0.35
# Between two tiles of a mosaic lies about this part of a tile's side.
_BETWEEN = 8


class FeatureMapsDisplay:
    """The filters of a convolution, and the map that each of them makes of a picture.

    It is recommended to use :meth:`from_estimator` to create a `FeatureMapsDisplay`. All parameters are stored as
    attributes.

    A filter slides over the picture, and its map says how well each place answers to it. The first layer's filters find
    edges and colours, later ones what the maps before them make up together. Filters and maps stand in the same order,
    row by row.

    Parameters
    ----------
    maps : ndarray of shape (rows, columns, n_channels)
        What the layer gives for the picture.
    filters : ndarray of shape (filter_rows, filter_columns, n_inputs, n_channels), default=None
        The weights of the layer, where it slides filters over its inputs.
    image : ndarray of shape (h, w, c), default=None
        The picture.
    layer : str, default=""
        Name of the layer.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure with the panels, after :meth:`plot`.
    axes_ : ndarray of matplotlib Axes
        The axes of the panels, in the order in which they were asked for.
    channels_ : list of int
        Which channels are shown, row by row.

    See Also
    --------
    grad_cam : The maps of a layer in one picture, weighted for a class.
    KerasCNNClassifier : Gives what a layer makes of pictures as features, with `transform`.

    References
    ----------
    Chollet, F. (2017). Deep Learning with Python. Manning, section 5.4.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from skimgrec import FeatureMapsDisplay, KerasCNNClassifier, load_digits_images
    >>> X, y = load_digits_images(return_X_y=True)
    >>> cnn = KerasCNNClassifier(filters=(4, 8), epochs=1, random_state=0).fit(X[:300], y[:300])
    >>> display = FeatureMapsDisplay.from_estimator(cnn, X[0])
    >>> display.filters.shape, display.maps.shape
    ((3, 3, 1, 4), (8, 8, 4))
    >>> plt.close("all")
    """

    def __init__(
        self,
        maps: NDArray[Any],
        filters: NDArray[Any] | None = None,
        *,
        image: NDArray[Any] | None = None,
        layer: str = "",
    ) -> None:
        self.maps = maps
        self.filters = filters
        self.image = image
        self.layer = layer

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        image: Any,
        *,
        layer: int | str | None = None,
        panels: Sequence[str] | None = None,
        channels: Sequence[int] | None = None,
        ax: Any = None,
        colorbar: bool = True,
    ) -> Self:
        """Draw the filters of a network's layer, and the maps that it makes of a picture.

        Parameters
        ----------
        estimator : estimator object
            A fitted :class:`KerasCNNClassifier`, a pipeline that ends in one, or a fitted search for one.
        image : array-like of shape (h, w) or (h, w, c), or path-like
            One picture, or its file where the pipeline begins with an :class:`ImageLoader`.
        layer : int or str, default=None
            Number or name, as in `feature_layer` of the classifier. None means the first convolution.
        panels : sequence of str, default=None
            What to draw, of "image", "filters", "maps". None means all that there are; on a single `ax`, the maps.
        channels : sequence of int, default=None
            Which channels of the layer to show; None means the first 64.
        ax : matplotlib Axes or array-like of Axes, default=None
            One for each panel. None makes a new figure.
        colorbar : bool, default=True
            Whether to draw a colour bar beside the filters and the maps.

        Returns
        -------
        display : FeatureMapsDisplay
            The display, drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            If `estimator` does not end in a network of ours.
        ValueError
            If `image` is not one picture, the network has no such layer, or the layer gives no maps.
        """
        check_matplotlib(f"{cls.__name__}.from_estimator")
        picture, classifier, inputs = read_network(estimator, image, f"{cls.__name__}.from_estimator")
        network = OpenNetwork(classifier)
        found = network.first_convolution() if layer is None else network.layer(layer)
        network.check_maps(found)
        maps = network.maps(found, inputs)[0]
        display = cls(
            maps,
            network.filters(found),
            image=picture.reshape(with_channel_axis(picture.shape)),
            layer=network.name(found),
        )
        return display.plot(panels=panels, channels=channels, ax=ax, colorbar=colorbar)

    def plot(
        self,
        *,
        panels: Sequence[str] | None = None,
        channels: Sequence[int] | None = None,
        ax: Any = None,
        colorbar: bool = True,
    ) -> Self:
        """Draw the panels side by side.

        Parameters
        ----------
        panels : sequence of str, default=None
            What to draw, of "image", "filters", "maps". None means all that there are; on a single `ax`, the maps.
        channels : sequence of int, default=None
            Which channels of the layer to show; None means the first 64.
        ax : matplotlib Axes or array-like of Axes, default=None
            One for each panel. None makes a new figure.
        colorbar : bool, default=True
            Whether to draw a colour bar beside the filters and the maps.

        Returns
        -------
        display : FeatureMapsDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If a panel or channel is not there, or if there is not one Axes for each panel.
        """
        check_matplotlib(f"{type(self).__name__}.plot")
        chosen = self._panels(panels, single=ax is not None and np.size(ax) == 1)
        self.channels_ = self._channels(channels)
        axes = self._new_axes(chosen, colorbar) if ax is None else np.ravel(np.asarray(ax, dtype=object))
        if len(axes) != len(chosen):
            raise ValueError(f"ax: {len(axes)} Axes for {len(chosen)} panels, {', '.join(chosen)}: one for each.")
        self.figure_, self.axes_ = axes[0].figure, axes
        for panel, panel_ax in zip(chosen, axes, strict=True):
            self._draw(panel, panel_ax, colorbar=colorbar)
        return self

    def _panels(self, panels: Sequence[str] | None, *, single: bool) -> list[str]:
        sources = (self.image, self.filters, self.maps)
        available = [panel for panel, source in zip(PANELS, sources, strict=True) if source is not None]
        if panels is None:
            return ["maps"] if single else available
        wanted = [panels] if isinstance(panels, str) else list(panels)
        if not wanted or any(panel not in available for panel in wanted):
            raise ValueError(
                f"panels={panels!r}: expected some of {', '.join(map(repr, available))}, which this display has."
            )
        return wanted

    def _channels(self, channels: Sequence[int] | None) -> list[int]:
        n = self.maps.shape[-1]
        if channels is None:
            return list(range(min(n, _MOST_CHANNELS)))
        wanted = [int(channel) for channel in np.atleast_1d(channels)]
        if not wanted or not all(0 <= channel < n for channel in wanted):
            raise ValueError(f"channels={channels!r}: expected some of 0 to {n - 1}, which layer {self.layer!r} has.")
        return wanted

    def _new_axes(self, panels: list[str], colorbar: bool) -> NDArray[np.object_]:
        import matplotlib.pyplot as plt

        sides = {"image": _SIDE, "filters": _SIDE if len(self.channels_) <= 16 else _MAPS_SIDE, "maps": _MAPS_SIDE}
        widths = [sides[panel] + (_BESIDE if colorbar and panel != "image" else 0) for panel in panels]
        ratio = self.maps.shape[0] / self.maps.shape[1]
        height = max(sides[panel] for panel in panels) * float(np.clip(ratio, 0.4, 1.6)) + _GAP
        _, axes = plt.subplots(
            1, len(panels), figsize=(sum(widths), height), width_ratios=widths, squeeze=False, layout="constrained"
        )
        return axes.ravel()

    def _draw(self, panel: str, ax: Any, *, colorbar: bool) -> None:
        image: Any = self.image
        filters: Any = self.filters
        n_shown, n = len(self.channels_), self.maps.shape[-1]
        count = f"{n_shown} of {n}" if n_shown < n else f"{n}"
        if panel == "image":
            frame(ax, "picture")
            draw_picture(ax, image, value_range(image[None]))
            return
        if panel == "maps":
            frame(ax, f"{count} maps of {class_name(self.layer)}")
            tiles = np.moveaxis(self.maps[..., self.channels_], -1, 0)
        else:
            n_inputs = filters.shape[2]
            of = "" if n_inputs in (1, 3) else f", mean over {n_inputs} inputs"
            frame(ax, f"{count} filters of {filters.shape[0]} x {filters.shape[1]}{of}")
            tiles = np.moveaxis(filters[..., self.channels_], -1, 0)
            tiles = tiles if n_inputs == 3 else tiles.mean(axis=-1)
        limit = float(np.abs(tiles).max()) or 1.0
        if tiles.ndim == 4:
            # Grey is 0, and a channel beyond it wants more of its colour.
            ax.imshow(mosaic(0.5 + 0.5 * tiles / limit, fill=1.0), interpolation="nearest")
        else:
            scale: Any = (
                {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit}
                if tiles.min() < 0
                else {"cmap": "viridis", "vmin": 0, "vmax": limit}
            )
            shown = ax.imshow(mosaic(tiles, fill=np.nan), interpolation="nearest", **scale)
            if colorbar:
                bar(ax, shown)
        no_ticks(ax)
        ax.spines[:].set_visible(False)


def mosaic(tiles: NDArray[Any], *, fill: float) -> NDArray[np.float64]:
    """Return tiles beside and below one another, row by row, in as nearly a square as may be, with `fill` between.

    Parameters
    ----------
    tiles : ndarray of shape (n, rows, columns) or (n, rows, columns, 3)
        Equally large ones. Small ones are magnified by a whole number, so that what lies between them stays thin.
    fill : float
        The value between them, and of places that are left over.

    Returns
    -------
    picture : ndarray of shape (all_rows, all_columns) or (all_rows, all_columns, 3)
        All of them.
    """
    factor = -(-_BETWEEN // max(tiles.shape[1:3]))
    tiles = tiles.repeat(factor, axis=1).repeat(factor, axis=2)
    n, rows, columns = tiles.shape[:3]
    gap = max(1, max(rows, columns) // (2 * _BETWEEN))
    across = min(n, math.ceil(math.sqrt(n * rows / columns)))
    down = -(-n // across)
    picture = np.full((down * (rows + gap) - gap, across * (columns + gap) - gap, *tiles.shape[3:]), fill)
    for k, tile in enumerate(tiles):
        top, left = k // across * (rows + gap), k % across * (columns + gap)
        picture[top : top + rows, left : left + columns] = tile
    return picture
