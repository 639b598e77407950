"""Every parameter of a search against the score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skimgrec.inspection._matplotlib import check_matplotlib, roomy_layout
from skimgrec.utils._shown import escaped

if TYPE_CHECKING:
    import pandas as pd

_PANELS_IN_A_ROW = 3
_MOST_TICKS = 9
_LONGEST_LABEL = 18
# More than these on one axis are set at an angle.
_MOST_CHARACTERS = 32
# More labels than these stand upright, and of more than that only some are set.
_MOST_SLANTED, _MOST_UPRIGHT = 13, 27
# The share of an axis that the label of a number takes.
_ROOM = 0.06
# From one value to the next, so nearly the same ratio counts as logarithmic spacing: 1, 3, 10, 30.
_EVEN_RATIO = 1.25
_CLEAR_RATIO = 1.5
# Values that span so much would lie on one spot of a linear axis.
_WIDE = 100
# Below this span, a logarithmic axis has too few powers of ten to be read by.
_NARROW = 300
_ORDER = ("test", "training", "best")
_COLORS = {"test": "C0", "training": "C1"}


class TuningDisplay:
    """The values of each parameter of a search against the score.

    It is recommended to use :meth:`from_result` to create a `TuningDisplay`. All parameters are stored as attributes.

    Parameters
    ----------
    frame : DataFrame
        One row for each setting, best first, as `TuneResult.to_frame` gives it.
    space : dict of str to list or str
        For each parameter by its name in `frame`, its values in the order to show them in, or its range, such as
        "0.0001:0.1:log".
    metric : str
        Which score.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure with the panels, after :meth:`plot`.
    axes_ : ndarray of matplotlib Axes
        One for each parameter.
    positions_ : dict of str to ndarray
        Where each setting lies on the horizontal axis of each parameter, in the order of `frame`: its value where
        the values are numbers, else the place of its value in the list.

    See Also
    --------
    tune : Searches for the best parameters.
    sklearn.model_selection.ValidationCurveDisplay : The same for one parameter.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from skimgrec import TuningDisplay, load_digits_images, tune
    >>> X, y = load_digits_images(return_X_y=True)
    >>> result = tune("knn", X[:300], y[:300], {"n_neighbors": [1, 5, 25], "p": [1, 2]}, cv=3, random_state=0)
    >>> display = TuningDisplay.from_result(result)
    >>> [axes.get_xlabel() for axes in display.axes_]
    ['n_neighbors', 'p']
    >>> plt.close("all")
    """

    def __init__(self, *, frame: pd.DataFrame, space: Mapping[str, Any], metric: str) -> None:
        self.frame = frame
        self.space = space
        self.metric = metric

    @classmethod
    def from_result(
        cls,
        result: Any,
        *,
        parameters: str | Sequence[str] | None = None,
        metric: str | None = None,
        ax: Any = None,
    ) -> Self:
        """Draw the result of a search.

        Parameters
        ----------
        result : TuneResult
            As `tune` returns it.
        parameters : str or sequence of str, default=None
            What to draw, as `result` names them; None takes all.
        metric : str, default=None
            Which of the result's metrics; None takes the first.
        ax : matplotlib Axes or sequence of these, default=None
            One for each parameter; None makes a new figure.

        Returns
        -------
        display : TuningDisplay
            With its plot.

        Raises
        ------
        ValueError
            If the result has no such parameter or metric.
        """
        check_matplotlib("TuningDisplay.from_result")
        metric = result.metrics[0] if metric is None else metric
        if metric not in result.metrics:
            raise ValueError(f"metric={metric!r} was not measured, expected one of {', '.join(result.metrics)}.")
        space = {name: result.space[full] for full, name in result.parameters.items()}
        return cls(frame=result.to_frame(), space=space, metric=metric).plot(parameters=parameters, ax=ax)

    def plot(self, *, parameters: str | Sequence[str] | None = None, ax: Any = None) -> Self:
        """Draw one panel for each parameter.

        Each setting is a point at the mean of its folds, with a bar of one standard deviation up and down. A line joins
        the best of each value, where the values are numbers of which each was listed. A setting that
        successive halving left behind is hollow: its score is that on fewer resources.

        Parameters
        ----------
        parameters : str or sequence of str, default=None
            What to draw; None takes all.
        ax : matplotlib Axes or sequence of these, default=None
            One for each parameter; None makes a new figure.

        Returns
        -------
        display : TuningDisplay
            Itself.

        Raises
        ------
        ValueError
            If there is no such parameter, or none is named, or there are not as many Axes as parameters.
        """
        check_matplotlib("TuningDisplay.plot")
        known = list(self.space)
        wanted = known if parameters is None else [parameters] if isinstance(parameters, str) else list(parameters)
        if not wanted:
            raise ValueError(f"parameters is empty, expected some of {', '.join(known)}.")
        unknown = [name for name in wanted if name not in known]
        if unknown:
            raise ValueError(f"parameters: {unknown[0]!r} was not tuned, expected one of {', '.join(known)}.")
        self.axes_ = _panels(len(wanted)) if ax is None else np.ravel(np.asarray(ax, dtype=object))
        if len(self.axes_) != len(wanted):
            raise ValueError(
                f"ax: {len(self.axes_)} Axes for {len(wanted)} parameters, {', '.join(wanted)}: one for each."
            )
        self.figure_ = self.axes_[0].figure
        self.positions_ = {}
        for axes, name in zip(self.axes_, wanted, strict=True):
            self.positions_[name] = self._draw_axis(axes, name)
            self._draw_scores(axes, name)
            axes.grid(alpha=0.25)
            axes.spines[["top", "right"]].set_visible(False)
            if ax is not None or axes.get_subplotspec().is_first_col():
                axes.set_ylabel(escaped(self.metric).replace("_", " "), parse_math=False)
        self._draw_legend(outside=ax is None)
        return self

    def _draw_axis(self, axes: Any, name: str) -> Any:
        """Set up the horizontal axis of a parameter, and return where each setting lies on it."""
        from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, NullLocator

        values = self.frame[f"param_{name}"].tolist()
        axes.set_xlabel(escaped(name), parse_math=False)
        tried = self.space[name]
        if not _are_numbers(values):
            places: dict[str, Any] = {repr(value): value for value in (tried if isinstance(tried, list) else values)}
            labels = [_label(value) for value in places.values()]
            every = -(-len(labels) // _MOST_UPRIGHT)
            axes.set_xticks(range(len(places))[::every], labels[::every], parse_math=False, **_slant(labels))
            axes.set_xlim(-0.5, len(places) - 0.5)
            order = list(places)
            return np.array([order.index(repr(value)) for value in values])
        positions = np.array(values, dtype=float)
        numbers = np.unique(positions if isinstance(tried, str) else [float(value) for value in tried])
        if _is_logarithmic(tried, numbers):
            axes.set_xscale("log")
        if isinstance(tried, list) and len(numbers) <= _MOST_TICKS:
            shown = _apart(numbers, log=axes.get_xscale() == "log")
            axes.set_xticks(shown, [f"{number:g}" for number in shown])
            axes.xaxis.set_minor_locator(NullLocator())
        elif axes.get_xscale() == "log" and numbers[-1] / numbers[0] < _NARROW:
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.xaxis.set_major_formatter("{x:g}")
            axes.xaxis.set_minor_formatter(NullFormatter())
        elif all(isinstance(value, int) for value in values) and axes.get_xscale() == "linear":
            axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
        return positions

    def _draw_scores(self, axes: Any, name: str) -> None:
        frame, positions = self.frame, self.positions_[name]
        joined = isinstance(self.space[name], list) and _are_numbers(frame[f"param_{name}"].tolist())
        last = frame["in_last_round"].to_numpy(dtype=bool)
        for kind in ("training", "test"):
            column = {"training": "train", "test": "test"}[kind]
            if f"mean_{column}_{self.metric}" not in frame:
                continue
            mean = frame[f"mean_{column}_{self.metric}"].to_numpy(dtype=float)
            std = frame[f"std_{column}_{self.metric}"].to_numpy(dtype=float)
            for chosen, label, face in ((last, kind, _COLORS[kind]), (~last, f"{kind}, left behind", "none")):
                if chosen.any():
                    axes.errorbar(
                        positions[chosen],
                        mean[chosen],
                        # A single fold has no spread.
                        yerr=None if np.isnan(std[chosen]).all() else np.nan_to_num(std[chosen]),
                        fmt="o",
                        markersize=5,
                        markerfacecolor=face,
                        color=(_COLORS[kind], 0.9 if chosen is last else 0.5),
                        ecolor=(_COLORS[kind], 0.35),
                        label=label,
                    )
            if joined:
                _draw_line(axes, positions[last], mean[last], _COLORS[kind])
            # Without a rank, the first setting lacks a score in some fold, and is not the best.
            if kind == "test" and not np.isnan(frame["rank"].iloc[0]):
                axes.plot(
                    positions[0],
                    mean[0],
                    marker="*",
                    markersize=12,
                    linestyle="none",
                    color="C3",
                    zorder=5,
                    label="best",
                )

    def _draw_legend(self, *, outside: bool) -> None:
        handles, labels = self.axes_[0].get_legend_handles_labels()
        # Axes that were given may hold curves of the caller's own; they come last.
        entries = sorted(zip(labels, handles, strict=True), key=lambda entry: _place(entry[0].partition(",")[0]))
        place: Any = {"loc": "outside upper left", "ncols": len(entries), "frameon": False} if outside else {}
        (self.figure_ if outside else self.axes_[0]).legend(
            [handle for _, handle in entries], [label for label, _ in entries], **place
        )


def _panels(n_panels: int) -> Any:
    import matplotlib.pyplot as plt

    n_columns = 2 if n_panels == 4 else min(n_panels, _PANELS_IN_A_ROW)
    n_rows = -(-n_panels // n_columns)
    _, axes = plt.subplots(
        n_rows,
        n_columns,
        figsize=(max(5.6, 4.2 * n_columns), 3.8 * n_rows),
        squeeze=False,
        sharey=True,
        layout=roomy_layout(),
    )
    for spare in axes.ravel()[n_panels:]:
        spare.remove()
    return axes.ravel()[:n_panels]


def _place(kind: str) -> int:
    return _ORDER.index(kind) if kind in _ORDER else len(_ORDER)


def _slant(labels: Sequence[str]) -> dict[str, Any]:
    """Return how to set labels so that they do not run into each other."""
    if sum(map(len, labels)) <= _MOST_CHARACTERS:
        return {}
    if len(labels) > _MOST_SLANTED:
        return {"rotation": 90}
    return {"rotation": 30, "ha": "right", "rotation_mode": "anchor"}


def _apart(numbers: Any, *, log: bool) -> Any:
    """Return the numbers that leave room for the label of each: the first, the last, and what fits between them."""
    places = np.log(numbers) if log else np.asarray(numbers, dtype=float)
    span = (places[-1] - places[0]) or 1.0
    kept = [0]
    for number in range(1, len(places)):
        if (places[number] - places[kept[-1]]) / span >= _ROOM:
            kept.append(number)
    if kept[-1] != len(places) - 1:
        if len(kept) > 1:
            kept.pop()
        kept.append(len(places) - 1)
    return numbers[kept]


def _label(value: Any) -> str:
    text = escaped(value)
    return text if len(text) <= _LONGEST_LABEL else text[: _LONGEST_LABEL - 1] + "…"


def _are_numbers(values: Sequence[Any]) -> bool:
    return all(isinstance(value, Real) and not isinstance(value, bool) for value in values)


def _is_logarithmic(tried: Any, numbers: Any) -> bool:
    """Tell whether values spread over a logarithmic axis better than over a linear one."""
    if isinstance(tried, str):
        return tried.endswith(":log") and numbers[0] > 0
    if len(numbers) < 3 or numbers[0] <= 0:
        return False
    ratios = numbers[1:] / numbers[:-1]
    even = ratios.max() / ratios.min() <= _EVEN_RATIO and ratios.min() >= _CLEAR_RATIO
    return bool(even or numbers[-1] / numbers[0] >= _WIDE)


def _draw_line(axes: Any, positions: Any, scores: Any, color: str) -> None:
    """Join the best score of each value."""
    where = np.unique(positions)
    best = [np.nanmax(scores[positions == x], initial=-np.inf) for x in where]
    axes.plot(where, np.where(np.isfinite(best), best, np.nan), color=color, linewidth=1.5, alpha=0.6, zorder=1)
