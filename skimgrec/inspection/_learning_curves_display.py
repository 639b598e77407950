"""The score of each estimator of a comparison over the number of training pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from skimgrec.inspection._matplotlib import check_matplotlib, roomy_layout

if TYPE_CHECKING:
    import pandas as pd

# A logarithmic axis from this ratio of the largest to the smallest training set.
_WIDE = 8.0
# Matplotlib has ten colours; further lines take them again in another style.
_N_COLOURS, _STYLES = 10, ("-", "--", ":", "-.")


class LearningCurvesDisplay:
    """The score of each estimator over the number of pictures that it has learnt from.

    It is recommended to use :meth:`from_result` to create a `LearningCurvesDisplay`. All parameters are stored as
    attributes.

    Parameters
    ----------
    curves : DataFrame
        As `ComparisonResult.learning_curves` returns them.
    metric : str
        The metric that is drawn.
    metric_name : str, default=None
        What the axis calls it; None takes `metric`.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes, after :meth:`plot`.
    figure_ : matplotlib Figure
        The figure that they belong to.
    lines_ : dict of str to matplotlib Line2D
        The means, by estimator, the one with the highest score on all training pictures first.
    bands_ : dict of str to matplotlib PolyCollection
        One sample standard deviation over the folds to each side, for estimators with several folds.

    See Also
    --------
    compare : Its `train_sizes` asks for learning curves.
    sklearn.model_selection.LearningCurveDisplay : The same for one estimator that has not been fitted.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from skimgrec import LearningCurvesDisplay, compare, load_digits_images
    >>> X, y = load_digits_images(return_X_y=True)
    >>> result = compare(["chance", "1nn"], X[:300], y[:300], cv=3, train_sizes=[0.1, 0.3], random_state=0)
    >>> display = LearningCurvesDisplay.from_result(result)
    >>> list(display.lines_)
    ['1nn', 'chance']
    >>> plt.close("all")
    """

    def __init__(self, *, curves: pd.DataFrame, metric: str, metric_name: str | None = None) -> None:
        self.curves = curves
        self.metric = metric
        self.metric_name = metric_name

    @classmethod
    def from_result(cls, result: Any, *, metric: str | None = None, ax: Any = None) -> Self:
        """Draw the learning curves of a comparison.

        Parameters
        ----------
        result : ComparisonResult
            Of a comparison with `train_sizes`.
        metric : str, default=None
            One of its metrics; None takes the first.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : LearningCurvesDisplay
            With its plot.

        Raises
        ------
        ValueError
            If the metric was not measured, or there is one training size only.
        """
        check_matplotlib("LearningCurvesDisplay.from_result")
        metric = result.metrics[0] if metric is None else metric
        if metric not in result.metrics:
            raise ValueError(f"metric={metric!r} was not measured, expected one of {', '.join(result.metrics)}.")
        if not result.partial_rows:
            raise ValueError("This comparison has one training size only: give compare(..., train_sizes=[0.1, 0.3]).")
        return cls(curves=result.learning_curves(), metric=metric, metric_name=metric.replace("_", " ")).plot(ax=ax)

    def plot(self, *, ax: Any = None) -> Self:
        """Draw one line for each estimator, with a band of one standard deviation to each side.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : LearningCurvesDisplay
            Itself.
        """
        check_matplotlib("LearningCurvesDisplay.plot")
        import matplotlib.pyplot as plt

        if ax is None:
            _, ax = plt.subplots(figsize=(6.4, 4.2), layout=roomy_layout())
        self.ax_, self.figure_ = ax, ax.figure
        self.lines_: dict[str, Any] = {}
        self.bands_: dict[str, Any] = {}
        mean, std = f"mean_test_{self.metric}", f"std_test_{self.metric}"
        known = self.curves.dropna(subset=[mean])
        last = known.groupby("estimator", sort=False)[mean].last().sort_values(ascending=False, kind="stable")
        for number, name in enumerate(last.index):
            curve = known[known["estimator"] == name]
            style = _STYLES[number // _N_COLOURS % len(_STYLES)]
            (line,) = ax.plot(
                curve["n_train"], curve[mean], style, marker="o", markersize=4, color=f"C{number % _N_COLOURS}"
            )
            # Given to plot, a name that starts with an underscore would be left out of the legend.
            line.set_label(name)
            self.lines_[name] = line
            if curve[std].notna().any():
                low, high = curve[mean] - curve[std], curve[mean] + curve[std]
                self.bands_[name] = ax.fill_between(
                    curve["n_train"], low, high, color=line.get_color(), alpha=0.15, linewidth=0
                )
        ax.set(xlabel="training pictures", ylabel=self.metric if self.metric_name is None else self.metric_name)
        _mark_sizes(ax, sorted(set(known["n_train"].round())))
        ax.grid(alpha=0.25)
        ax.legend(self.lines_.values(), self.lines_, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
        return self


def _mark_sizes(ax: Any, sizes: list[float]) -> None:
    """Put the ticks of the horizontal axis where something was measured."""
    if not sizes:
        return
    if sizes[-1] / max(sizes[0], 1.0) >= _WIDE:
        ax.set_xscale("log")
    ax.set_xticks(sizes, [f"{size:,.0f}" for size in sizes])
    ax.set_xticks([], minor=True)
