"""Each model by itself: what it takes for what, how far its probabilities can be believed, and how it was trained."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from skimgrec.model_selection._text import metric_title, printable
from skimgrec.reporting._class_scores import class_scores
from skimgrec.reporting._confusion import cell_entries
from skimgrec.reporting._confusion_content import confusion_content
from skimgrec.reporting._mistakes import surest_mistakes
from skimgrec.reporting._probability_content import calibration_content, label_error_content, roc_basis, roc_content
from skimgrec.reporting._roc import roc
from skimgrec.reporting._section import Section
from skimgrec.reporting._shelf import PictureShelf
from skimgrec.reporting._shots import Shots, entry_lines
from skimgrec.reporting._source import OutOfFold, ReportSource
from skimgrec.reporting._table_section import score_cell
from skimgrec.reporting._training_content import training_content

# Pictures that the mistakes, and the galleries below them, of all models together show at most.
_MOST_MISTAKES = 1600
_MOST_SHOWN = 24
_FEWEST_SHOWN = 8


def build(source: ReportSource, shelf: PictureShelf) -> Section | None:
    """Return the section with one part for each model, the best first; None where no model has predictions."""
    names = source.models()
    if not any(source.out_of_fold(name) is not None for name in names):
        return None
    shots = Shots(source, shelf)
    room = max(60, _MOST_MISTAKES // len(names))
    models = [_model(source, shots, number, name, room) for number, name in enumerate(names)]
    return Section(
        id="models",
        title="Model by model",
        template="models.html.j2",
        content={"models": models, "lack": shots.lack},
        summary=(
            "What each model answers about pictures that it had not learnt from. A number in a confusion matrix opens "
            "the pictures behind it."
        ),
    )


def _model(source: ReportSource, shots: Shots, number: int, name: str, room: int) -> dict[str, Any]:
    result, standing = source.result, source.standings[number]
    n_shown = max(_FEWEST_SHOWN, min(_MOST_SHOWN, room // 10))
    content: dict[str, Any] = {
        "number": number + 1,
        "name": printable(name),
        "what": printable(result.estimators.get(name, "")),
        "score": f"{metric_title(source.metric)} {score_cell(source, standing, source.metric)}",
        "open": number == 0,
        "failed": f"{standing.n_failed} of {result.n_folds} folds" if standing.n_failed else "",
        "answered": None,
        "training": training_content(source, name),
    }
    found = source.out_of_fold(name)
    if found is None:
        return content
    n_classes = result.n_classes
    cells = cell_entries(found.true, found.predicted, found.probabilities, found.rows, n_classes)
    curves = None if found.probabilities is None else roc(found.true, found.probabilities, seed=result.seed)
    auc = {} if curves is None else {curve.code: curve.auc for curve in curves.curves if curve.code is not None}
    if n_classes == 2 and 1 in auc:
        auc[0] = auc[1]
    return {
        **content,
        "answered": _answered(found),
        "confusion": confusion_content(source, shots, found, cells, room),
        "classes": [
            {
                "name": source.class_name(score.code),
                "cells": [
                    *(_share_cell(value) for value in (score.precision, score.recall, score.f1)),
                    *([_share_cell(score.auc)] if auc else []),
                    *({"text": f"{count:,}", "value": count} for count in (score.support, score.n_predicted)),
                ],
            }
            for score in class_scores(found.true, found.predicted, n_classes, auc)
        ],
        "has_auc": bool(auc),
        "auc_basis": "" if curves is None else roc_basis(source, curves, len(found.true)),
        "calibration": None if found.probabilities is None else calibration_content(found),
        "roc": None if curves is None else roc_content(source, curves, len(found.true)),
        "mistakes": _mistakes(source, shots, cells, n_shown, with_chances=found.probabilities is not None),
        "label_errors": label_error_content(source, shots, name, found, n_shown),
    }


def _answered(found: OutOfFold) -> str:
    n, n_pictures = len(found.rows), len(np.unique(found.rows))
    right = int((found.true == found.predicted).sum())
    what = f"{n:,} pictures" if n == n_pictures else f"{n:,} predictions of {n_pictures:,} pictures"
    return f"{right:,} of {what} right, {n - right:,} wrong."


def _share_cell(value: float | None) -> dict[str, Any]:
    if value is None or math.isnan(value):
        return {"text": "-", "value": None}
    return {"text": f"{value:.3f}", "value": round(value, 6)}


def _mistakes(
    source: ReportSource, shots: Shots, cells: dict[tuple[int, int], list[Any]], n_shown: int, *, with_chances: bool
) -> dict[str, Any]:
    """Return the gallery of the mistakes that are made with the highest probability."""
    n = sum(len(some) for (true, column), some in cells.items() if true != column)
    n_classes = source.result.n_classes
    return {
        "title": "Most confident mistakes" if with_chances else "Some mistakes",
        "note": (
            ""
            if with_chances
            else "Probabilities were not kept, so that the most confident ones cannot be told: "
            "compare(..., keep_probabilities=True) keeps those of models that give them. A file of results does not "
            "hold them: a report that shows them is made from the result itself."
        ),
        **shots.gallery(
            [
                shots.shot(entry.row, *entry_lines(source, true, -1 if column == n_classes else column, entry))
                for true, column, entry in surest_mistakes(cells, n_shown)
            ],
            n,
        ),
    }
