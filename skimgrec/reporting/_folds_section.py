"""The score of each classifier in every fold, with the interval of its mean."""

from __future__ import annotations

import math
from typing import Any

from skimgrec.model_selection._pairwise import mean_interval
from skimgrec.model_selection._text import interval_text, metric_title, printable
from skimgrec.reporting._scales import Scale, score_axis_title, score_scale, short
from skimgrec.reporting._section import Section
from skimgrec.reporting._shelf import PictureShelf
from skimgrec.reporting._source import ReportSource

# The best so many are drawn; the table has all.
MOST_MODELS = 40
_MOST_METRICS = 4
_NAME_WIDTH = 230


def build(source: ReportSource, shelf: PictureShelf) -> Section | None:
    """Return the section with a chart for each metric, None if nothing has a score."""
    charts = [
        chart for metric in source.result.metrics[:_MOST_METRICS] if (chart := _chart(source, metric)) is not None
    ]
    if not charts:
        return None
    one = source.result.n_folds == 1
    n_models = len(source.models())
    parts = [
        "The bar is the 95 % interval over other test pictures, where it can be told."
        if one
        else "Each dot is a fold, the stroke their mean, and the bar the 95 % interval of the mean: Student's t with "
        "the variance corrected for folds that share what they learn from (Nadeau and Bengio, 2003)."
    ]
    if not one:
        parts.append(
            "Two bars that overlap do not mean that two models are alike: they were tested on the same pictures, and "
            "the tests of pairs make use of that."
        )
    if n_models > MOST_MODELS:
        parts.append(f"The {MOST_MODELS} best of {n_models} models are drawn.")
    return Section(
        id="folds",
        title="Intervals" if one else "Fold by fold",
        template="folds.html.j2",
        content={"charts": charts},
        summary=" ".join(parts),
    )


def _chart(source: ReportSource, metric: str) -> dict[str, Any] | None:
    rows = [row for name in source.models()[:MOST_MODELS] if (row := _row(source, name, metric))["folds"]]
    if not rows:
        return None
    values = [value for row in rows for value in (*row["folds"], row["low"], row["high"])]
    title = metric_title(metric)
    best = rows[0]
    return {
        "title": f"{title} of the test pictures" if source.result.n_folds == 1 else f"{title} in each fold",
        "description": f"The first is {best['name']} with {best['text']}.",
        "rows": rows,
        "n_folds": source.result.n_folds,
        "first": metric == source.metric,
        "metric": title,
        "sizes": {
            "wide": draw(rows, values, metric, 840, stacked=False),
            "narrow": draw(rows, values, metric, 350, stacked=True),
        },
    }


def _row(source: ReportSource, name: str, metric: str) -> dict[str, Any]:
    """Return an estimator's score in each fold that has one, their mean, and its interval."""
    result = source.result
    scores = {row.fold: row.scores[metric] for row in result.rows if row.estimator == name}
    scores = {fold: score for fold, score in scores.items() if math.isfinite(score)}
    folds = list(scores.values())
    mean = sum(folds) / len(folds) if folds else math.nan
    low, high = mean_interval(result, name, metric)
    return {
        "name": printable(name),
        "folds": folds,
        "of_each_fold": [scores.get(fold) for fold in range(result.n_folds)],
        "mean": mean,
        "low": low,
        "high": high,
        "text": interval_text(mean, low, high),
    }


def draw(rows: list[dict[str, Any]], values: list[float], metric: str, width: int, *, stacked: bool) -> dict[str, Any]:
    """Return the marks of a chart with a line for each estimator.

    Parameters
    ----------
    rows : list of dict
        With `name`, `folds`, `mean`, `low`, `high` and `text`.
    values : list of float
        All that the axis has to hold.
    metric : str
        What it is.
    width : int
        Of the chart, in pixels.
    stacked : bool
        Whether names stand above their lines, where the chart is narrow, or left of them.
    """
    left, top, right = (12 if stacked else _NAME_WIDTH), 8, width - 16
    step = 46 if stacked else 30
    bottom = top + step * len(rows) + 4
    scale = score_scale(values, metric, left + 6, right - 6)
    return {
        "width": width,
        "height": bottom + 46,
        "box": (left, top, right, bottom),
        "x": scale.marks(apart=0),
        "x_title": score_axis_title(metric, scale),
        "rows": [
            _drawn(row, scale, top + step * number + (31 if stacked else 16))
            | {
                "name_x": left if stacked else left - 12,
                "name_y": top + step * number + (14 if stacked else 20),
                "anchor": "start" if stacked else "end",
                "short": short(row["name"], width - 30 if stacked else _NAME_WIDTH - 16),
            }
            for number, row in enumerate(rows)
        ],
    }


def _drawn(row: dict[str, Any], scale: Scale, y: float) -> dict[str, Any]:
    has_interval = math.isfinite(row["low"]) and math.isfinite(row["high"])
    return {
        "y": y,
        "mean": scale.at(row["mean"]),
        "low": scale.at(row["low"]) if has_interval else None,
        "high": scale.at(row["high"]) if has_interval else None,
        # Dots of equal scores stand beside one another.
        "dots": [
            {"x": scale.at(score), "y": round(y + (0 if len(row["folds"]) == 1 else (fold * 7) % 5 * 2.2 - 4.4), 1)}
            for fold, score in enumerate(row["folds"])
        ],
        "text": f"{row['name']}: {row['text']}",
    }
