"""How each classifier does with less to learn from."""

from __future__ import annotations

import math
from typing import Any

from skimgrec.model_selection._standings import FoldRow, standings
from skimgrec.model_selection._text import metric_title, printable, score_text
from skimgrec.reporting._labels import spread_out
from skimgrec.reporting._scales import count_scale, score_axis_title, score_scale, short
from skimgrec.reporting._section import Section
from skimgrec.reporting._shelf import PictureShelf
from skimgrec.reporting._source import ReportSource

# The best so many are drawn; the table below the chart has all.
MOST_LINES = 12
N_COLOURS, _MARKERS = 6, ("circle", "square", "triangle", "diamond")


def build(source: ReportSource, shelf: PictureShelf) -> Section | None:
    """Return the section with the learning curves, None if no smaller training sets were measured."""
    if not source.result.partial_rows:
        return None
    metric, title = source.metric, metric_title(source.metric)
    lines = _lines(source)
    if not lines:
        return None
    drawn = lines[:MOST_LINES]
    sizes = sorted({round(point["n"]) for line in lines for point in line["points"]})
    more = f" The {MOST_LINES} best of {len(lines)} models are drawn." if len(lines) > MOST_LINES else ""
    return Section(
        id="learning",
        title="Learning curves",
        template="curves.html.j2",
        content={
            "title": f"{title} over the number of pictures learnt from",
            "description": f"From {sizes[0]:,} to {sizes[-1]:,} pictures. The table below has the numbers.",
            "sizes": {
                "wide": draw(drawn, metric, 840, 440, names=190),
                "narrow": draw(drawn, metric, 350, 340, names=0),
            },
            "key": [
                {
                    "name": line["name"],
                    "colour": number % N_COLOURS + 1,
                    "shape": _shape(number),
                    "d": _marker(8, 8, number),
                }
                for number, line in enumerate(drawn)
            ],
            "header": ["model", *(f"{size:,}" for size in sizes)],
            "rows": [[line["name"], *(_cell(line, size) for size in sizes)] for line in lines],
        },
        summary=(
            "A curve that still rises at its right end gains by more pictures; one that is flat does not. "
            f"The same test pictures everywhere.{more}"
        ),
    )


def _lines(source: ReportSource) -> list[dict[str, Any]]:
    """Return each classifier's mean score at each size, the best first."""
    result, metric = source.result, source.metric
    measured: dict[str, dict[int | float | None, list[FoldRow]]] = {}
    for row in [*result.partial_rows, *result.rows]:
        measured.setdefault(row.estimator, {}).setdefault(row.train_size, []).append(row)
    order = source.models()
    # A classifier whose whole training sets were cut has a curve all the same.
    names = [*order, *(name for name in measured if name not in order)]
    lines: list[dict[str, Any]] = []
    for name in names:
        points = []
        for rows in measured.get(name, {}).values():
            (standing,) = standings(rows, result.metrics, [name], result.n_folds)
            if math.isfinite(standing.mean[metric]):
                n_train = sum(row.n_train for row in rows) / len(rows)
                points.append({"n": n_train, "score": standing.mean[metric], "std": standing.std[metric]})
        if points:
            lines.append({"name": printable(name), "points": sorted(points, key=lambda point: point["n"])})
    return lines


def _cell(line: dict[str, Any], size: int) -> dict[str, Any]:
    point = next((point for point in line["points"] if round(point["n"]) == size), None)
    if point is None:
        return {"text": "-", "value": None}
    return {"text": score_text(point["score"], point["std"]), "value": point["score"]}


def draw(lines: list[dict[str, Any]], metric: str, width: int, height: int, *, names: float) -> dict[str, Any]:
    """Return the marks of a chart of learning curves.

    Parameters
    ----------
    lines : list of dict
        With `name` and `points`, which have `n`, `score` and `std`.
    metric : str
        What they score.
    width, height : int
        Of the chart, in pixels.
    names : float
        How much of the width is for names at the ends of the lines; 0 leaves them to a key below.
    """
    left, top, right, bottom = 56, 12, width - 26 - names, height - 46
    points = [point for line in lines for point in line["points"]]
    scores = score_scale([point["score"] for point in points], metric, bottom, top)
    counts = count_scale([point["n"] for point in points], left + 8, right)
    drawn = []
    ends = [scores.at(line["points"][-1]["score"]) for line in lines]
    heights = spread_out(ends, 16.0, top + 6, bottom - 4)
    for number, line in enumerate(lines):
        places = [(counts.at(point["n"]), scores.at(point["score"])) for point in line["points"]]
        drawn.append(
            {
                "path": "M" + "L".join(f"{x} {y}" for x, y in places),
                "markers": [_marker(x, y, number) for x, y in places],
                "colour": number % N_COLOURS + 1,
                "dash": number // N_COLOURS % 4 + 1,
                "text": f"{line['name']}: {line['points'][-1]['score']:.3f} with {round(line['points'][-1]['n']):,}",
                "label": short(line["name"], names - 14) if names else None,
                "label_x": right + 14,
                "label_y": round(heights[number] + 4.5, 1),
                "link": f"M{places[-1][0] + 5} {places[-1][1]}L{right + 11} {heights[number]}",
            }
        )
    return {
        "width": width,
        "height": height,
        "box": (left, top, right, bottom),
        "x": counts.marks(apart=0),
        "y": scores.marks(apart=20),
        "x_title": "pictures learnt from",
        "y_title": score_axis_title(metric, scores),
        "lines": drawn,
    }


def _shape(number: int) -> str:
    return _MARKERS[number % len(_MARKERS)]


def _marker(x: float, y: float, number: int) -> str:
    """Return a marker as a path, so that lines are told apart without their colours."""
    x, y = round(x, 1), round(y, 1)
    return {
        "circle": f"M{x - 4:.1f} {y}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
        "square": f"M{x - 3.6:.1f} {y - 3.6:.1f}h7.2v7.2h-7.2z",
        "triangle": f"M{x} {y - 5:.1f}l4.6 8.4h-9.2z",
        "diamond": f"M{x} {y - 5.4:.1f}l4.6 5.4l-4.6 5.4l-4.6 -5.4z",
    }[_shape(number)]
