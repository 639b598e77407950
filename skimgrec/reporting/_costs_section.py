"""How much time each classifier takes for its score, and which none beats in both."""

from __future__ import annotations

import math
from typing import Any

from skimgrec.model_selection._text import duration, metric_title, printable
from skimgrec.reporting._labels import place_names
from skimgrec.reporting._scales import score_axis_title, score_scale, time_scale
from skimgrec.reporting._section import Section
from skimgrec.reporting._shelf import PictureShelf
from skimgrec.reporting._source import ReportSource

_KINDS = (("fit_time", "time of one fit"), ("predict_time", "time to test one fold"))
# Width and height of each chart: one for wide pages, one for phones.
_SIZES = {"wide": (550, 380), "narrow": (350, 340)}


def build(source: ReportSource, shelf: PictureShelf) -> Section | None:
    """Return the section with a chart for each kind of time, None if fewer than two classifiers have a score."""
    title = metric_title(source.metric)
    charts = [chart for kind, what in _KINDS if (chart := _chart(source, kind, what)) is not None]
    if not charts:
        return None
    return Section(
        id="time",
        title="Scores against time",
        template="costs.html.j2",
        content={"charts": charts, "metric": title},
        summary=(
            f"No other model has both a higher {title} and a shorter time than a filled point on the line. What lies "
            "right of the line and below it costs more time than a better model does."
        ),
    )


def _chart(source: ReportSource, kind: str, what: str) -> dict[str, Any] | None:
    metric = source.metric
    points = [
        {
            "name": printable(standing.estimator),
            "estimator": standing.estimator,
            "score": standing.mean[metric],
            "seconds": getattr(standing, kind)[0],
        }
        for standing in source.standings
        if standing.complete and math.isfinite(standing.mean[metric]) and math.isfinite(getattr(standing, kind)[0])
    ]
    if len(points) < 2:
        return None
    front = source.result.pareto(metric, cost=kind)
    for point in points:
        point["on_front"] = point.pop("estimator") in front
        point["text"] = f"{point['name']}: {point['score']:.3f}, {duration(point['seconds'])}"
    names = [point["name"] for point in sorted(points, key=lambda one: one["seconds"]) if point["on_front"]]
    return {
        "title": f"{metric_title(metric)} against the {what}",
        "description": f"On the line, the quickest first: {', '.join(names)}.",
        "points": [{**point, "time": duration(point["seconds"])} for point in points],
        "sizes": {size: draw(points, metric, what, *_SIZES[size]) for size in _SIZES},
    }


def draw(points: list[dict[str, Any]], metric: str, what: str, width: int, height: int) -> dict[str, Any]:
    """Return the marks of a chart of scores over times.

    Parameters
    ----------
    points : list of dict
        With `name`, `score`, `seconds`, `on_front` and `text`.
    metric, what : str
        What the axes are.
    width, height : int
        Of the chart, in pixels.

    Returns
    -------
    chart : dict
        Its axes, the line of the front as a path, and its points with places for their names.
    """
    left, top, right, bottom = 52, 22, width - 14, height - 46
    scores = score_scale([point["score"] for point in points], metric, bottom, top)
    times = time_scale([point["seconds"] for point in points], left, right)
    places = [(times.at(point["seconds"]), scores.at(point["score"])) for point in points]
    # Names on the line first: they are what the chart is about.
    order = sorted(range(len(points)), key=lambda number: not points[number]["on_front"])
    labels = dict(
        zip(
            order,
            place_names(
                [places[number] for number in order],
                [points[number]["name"] for number in order],
                (left, top, right, bottom),
                n_on_line=sum(point["on_front"] for point in points),
            ),
            strict=True,
        )
    )
    line = sorted(
        (place for place, point in zip(places, points, strict=True) if point["on_front"]),
        key=lambda one: (one[0], -one[1]),
    )
    path = f"M{line[0][0]} {line[0][1]}" + "".join(f"H{x}V{y}" for x, y in line[1:]) + f"H{right}" if line else ""
    return {
        "width": width,
        "height": height,
        "box": (left, top, right, bottom),
        "x": times.marks(apart=0),
        "y": scores.marks(apart=20),
        "x_title": what,
        "y_title": score_axis_title(metric, scores),
        "path": path,
        "points": [
            {"x": x, "y": y, "front": point["on_front"], "text": point["text"], "label": labels[number]}
            for number, ((x, y), point) in enumerate(zip(places, points, strict=True))
        ],
    }
