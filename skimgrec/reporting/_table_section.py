"""All scores, times and sizes of a comparison in one table."""

from __future__ import annotations

import math
from typing import Any

from skimgrec.model_selection._pairwise import interval_of
from skimgrec.model_selection._standings import Standing
from skimgrec.model_selection._table import _notes
from skimgrec.model_selection._text import duration, interval_text, memory_text, metric_title, printable, rate_text
from skimgrec.model_selection._text import score_text as spread_text
from skimgrec.reporting._section import Section
from skimgrec.reporting._shelf import PictureShelf
from skimgrec.reporting._source import ReportSource
from skimgrec.utils._shown import file_size_text


def build(source: ReportSource, shelf: PictureShelf) -> Section:
    """Return the section with the table."""
    result = source.result
    notes = _notes(result)
    marks: dict[str, list[int]] = {}
    for number, (name, _) in enumerate(notes, start=1):
        marks.setdefault(name, []).append(number)
    rows: list[dict[str, Any]] = [
        {
            "rank": rank,
            "name": printable(standing.estimator),
            "what": printable(result.estimators.get(standing.estimator, "")),
            "best": standing.estimator == result.best,
            "marks": marks.get(standing.estimator, []),
            "cells": _cells(source, standing),
        }
        for rank, standing in enumerate(source.standings, start=1)
    ]
    columns = _columns(source)
    empty = [
        number for number in range(len(columns)) if rows and all(row["cells"][number]["text"] == "-" for row in rows)
    ]
    for row in rows:
        row["cells"] = [cell for number, cell in enumerate(row["cells"]) if number not in empty]
    return Section(
        id="table",
        title="All models",
        template="table.html.j2",
        content={
            "caption": _caption(source),
            "columns": [column for number, column in enumerate(columns) if number not in empty],
            "rows": rows,
            "notes": [text for _, text in notes],
            # Without rows, the verdict says it.
            "cut": [printable(sentence) for sentence in result.cut if rows],
        },
    )


def _columns(source: ReportSource) -> list[dict[str, str]]:
    """Return the heading of each column, and the direction in which a reader wants to see it first."""
    return [
        *({"title": metric_title(metric), "first": "descending"} for metric in source.result.metrics),
        {"title": "fit time", "first": "ascending"},
        {"title": "pictures/s", "first": "descending"},
        {"title": "memory", "first": "ascending"},
        {"title": "file", "first": "ascending"},
    ]


def _cells(source: ReportSource, standing: Standing) -> list[dict[str, Any]]:
    """Return each cell as text and as the number that it is sorted by, None for what there is not."""
    result = source.result
    short = f"{standing.n_scored} of {result.n_folds} folds" if 0 < standing.n_scored < result.n_folds else ""
    return [
        *(_cell(score_cell(source, standing, metric), standing.mean[metric], short) for metric in result.metrics),
        _cell(duration(standing.fit_time[0]), standing.fit_time[0]),
        _cell(rate_text(standing.pictures_per_second), standing.pictures_per_second),
        _cell(memory_text(standing.peak_memory), standing.peak_memory),
        _cell(file_size_text(standing.model_size), standing.model_size),
    ]


def _cell(text: str, value: float, below: str = "") -> dict[str, Any]:
    return {"text": text, "value": value if math.isfinite(value) else None, "below": below}


def score_cell(source: ReportSource, standing: Standing, metric: str) -> str:
    """Return a mean score with its spread, or with its interval on a single split."""
    result, mean = source.result, standing.mean[metric]
    if math.isnan(mean):
        return "failed"
    if result.n_folds == 1:
        return interval_text(mean, *interval_of(result, standing.estimator, metric))
    return spread_text(mean, standing.std[metric])


def _caption(source: ReportSource) -> str:
    n_folds = source.result.n_folds
    scores = (
        "Scores with their 95 % intervals over test pictures, where these can be told"
        if n_folds == 1
        else f"Scores as mean ± standard deviation over {n_folds} folds"
    )
    return (
        f"{scores}; the mean time of one fit; test pictures scored in a second; the peak memory of fits; the size of a "
        "model file."
    )
