"""The outcome of a comparison as a picture: scores of folds, scores against time, and which pairs differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

from skimgrec.inspection._matplotlib import check_matplotlib, roomy_layout

if TYPE_CHECKING:
    import pandas as pd

_KINDS = ("folds", "fit_time", "predict_time", "pairwise")


class ComparisonDisplay:
    """What a comparison found: every fold's score, the score against time, or which estimators differ.

    It is recommended to use :meth:`from_result` to create a `ComparisonDisplay`. All parameters are stored as
    attributes.

    Parameters
    ----------
    kind : {"folds", "fit_time", "predict_time", "pairwise"}
        What is drawn.
    summary : DataFrame
        One row for each estimator, indexed by its name, best first, with the columns `mean`, `low` and `high` (the 95 %
        interval of the mean) and `complete`, as `ComparisonResult.intervals` returns them, and `fit_time` and
        `predict_time`, the means over the folds in seconds.
    metric : str
        The metric that is drawn.
    folds : DataFrame, default=None
        One row for each estimator and fold, with the columns `estimator`, `fold` and `score`; for "folds".
    front : sequence of str, default=()
        The estimators on the Pareto line, as `ComparisonResult.pareto` returns them; for the times.
    pairs : DataFrame, default=None
        As `ComparisonResult.pairwise` returns it; for "pairwise".
    metric_name : str, default=None
        What the axis calls the metric; None takes `metric`.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes, after :meth:`plot`.
    figure_ : matplotlib Figure
        The figure that they belong to.

    See Also
    --------
    ComparisonResult.pairwise : The differences as a table.
    LearningCurvesDisplay : The scores over the number of training pictures.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from skimgrec import ComparisonDisplay, compare, load_digits_images
    >>> X, y = load_digits_images(return_X_y=True)
    >>> result = compare(["chance", "1nn", "logistic"], X[:300], y[:300], cv=3, random_state=0)
    >>> display = ComparisonDisplay.from_result(result)
    >>> [label.get_text() for label in display.ax_.get_yticklabels()]
    ['1nn', 'logistic', 'chance']
    >>> display = ComparisonDisplay.from_result(result, kind="fit_time")
    >>> display.ax_.get_xscale()
    'log'
    >>> plt.close("all")
    """

    def __init__(
        self,
        *,
        kind: str,
        summary: pd.DataFrame,
        metric: str,
        folds: pd.DataFrame | None = None,
        front: Sequence[str] = (),
        pairs: pd.DataFrame | None = None,
        metric_name: str | None = None,
    ) -> None:
        self.kind = kind
        self.summary = summary
        self.metric = metric
        self.folds = folds
        self.front = front
        self.pairs = pairs
        self.metric_name = metric_name

    @classmethod
    def from_result(cls, result: Any, *, kind: str = "folds", metric: str | None = None, ax: Any = None) -> Self:
        """Draw a comparison.

        Parameters
        ----------
        result : ComparisonResult
            As `compare` returns it.
        kind : {"folds", "fit_time", "predict_time", "pairwise"}, default="folds"
            What to draw, see :meth:`plot`.
        metric : str, default=None
            One of its metrics; None takes the first.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        display : ComparisonDisplay
            With its plot.

        Raises
        ------
        ValueError
            If there is no such kind or metric, nothing was measured, or "pairwise" is asked of fewer than two
            estimators with a score in every fold.
        """
        check_matplotlib("ComparisonDisplay.from_result")
        if kind not in _KINDS:
            raise ValueError(f"kind={kind!r}, expected one of {', '.join(_KINDS)}.")
        metric = result.metrics[0] if metric is None else metric
        if metric not in result.metrics:
            raise ValueError(f"metric={metric!r} was not measured, expected one of {', '.join(result.metrics)}.")
        if not result.rows:
            raise ValueError("Nothing was measured on whole training sets, so that there is nothing to draw.")
        summary = result.intervals(metric)
        n_complete = int(summary["complete"].sum())
        if kind == "pairwise" and n_complete < 2:
            raise ValueError(
                f"kind='pairwise' needs two estimators that have a score in every fold, and this comparison has "
                f"{n_complete}: kind='folds' draws what there is."
            )
        standings = {standing.estimator: standing for standing in result.standings()}
        for time in ("fit_time", "predict_time"):
            summary[time] = [getattr(standings[name], time)[0] for name in summary.index]
        folds = result.to_frame()[["estimator", "fold", f"test_{metric}"]]
        display = cls(
            kind=kind,
            summary=summary,
            metric=metric,
            folds=folds.rename(columns={f"test_{metric}": "score"}) if kind == "folds" else None,
            front=result.pareto(metric, cost=kind) if kind.endswith("_time") else (),
            pairs=result.pairwise(metric) if kind == "pairwise" else None,
            metric_name=metric.replace("_", " "),
        )
        return display.plot(ax=ax)

    def plot(self, *, ax: Any = None) -> Self:
        """Draw what `kind` says.

        "folds"
            One line for each estimator, best on top: a small point for each fold, a large one for their mean, and a bar
            for the 95 % interval of the mean. An estimator that lacks a score in some fold stands below the others,
            with the folds that it has.
        "fit_time", "predict_time"
            The mean score over the mean time of a fold, on a logarithmic axis. A line joins the estimators that none
            other beats in score without costing more time; the others are grey. Bars are 95 % intervals.
        "pairwise"
            A number for each pair: by how much the one of the column is ahead of the one of the row, in percentage
            points where the metric is a share. Pairs that differ, by the test that `ComparisonResult.pairwise`
            describes, are coloured, the others grey.

        An estimator far below the others, such as one that guesses, is marked at the edge with its score, so that the
        others stay apart. Long names are shortened in their middle.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure, whose size suits the number of estimators.

        Returns
        -------
        display : ComparisonDisplay
            Itself.
        """
        check_matplotlib("ComparisonDisplay.plot")
        import matplotlib.pyplot as plt

        from skimgrec.inspection import _comparison_draw as draw

        if ax is None:
            _, ax = plt.subplots(figsize=draw.figure_size(self.kind, self.summary), layout=roomy_layout())
        self.ax_, self.figure_ = ax, ax.figure
        name = self.metric if self.metric_name is None else self.metric_name
        if self.kind == "folds":
            draw.draw_folds(ax, self.summary, self.folds, name)
        elif self.kind == "pairwise":
            draw.draw_pairs(ax, self.summary, self.pairs, self.metric, name)
        else:
            draw.draw_times(ax, self.summary, self.front, self.kind, name)
        return self
