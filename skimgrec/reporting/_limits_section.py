"""What failed, what was cut, and what is to be kept in mind."""

from __future__ import annotations

from typing import Any

from skimgrec.model_selection._table import _fold_list, _remedy
from skimgrec.model_selection._text import printable
from skimgrec.reporting._across_models import counted
from skimgrec.reporting._section import Section
from skimgrec.reporting._shelf import PictureShelf
from skimgrec.reporting._source import ReportSource

_MOST_LINES, _LONGEST_TRACE, _MOST_CLASSES = 100, 6000, 12


def build(source: ReportSource, shelf: PictureShelf) -> Section | None:
    """Return the section, None if there is nothing to say in it."""
    result = source.result
    failures, warnings = _failures(source), _warnings(source)
    not_taught = _not_taught(source)
    if not (failures or warnings or not_taught or result.cut or result.notes):
        return None
    return Section(
        id="limits",
        title="Limits and failures",
        template="limits.html.j2",
        content={
            "failures": failures[:_MOST_LINES],
            "warnings": warnings[:_MOST_LINES],
            "n_more": max(0, len(failures) - _MOST_LINES) + max(0, len(warnings) - _MOST_LINES),
            "not_taught": not_taught,
            "cut": [printable(sentence) for sentence in result.cut],
            "notes": [printable(note) for note in result.notes],
        },
    )


def _failures(source: ReportSource) -> list[dict[str, Any]]:
    """Return each distinct failure of each classifier with the folds that it befell and the first traceback."""
    found: dict[tuple[str, int | float | None, str], dict[str, Any]] = {}
    # What failed on a smaller training set leaves a gap in a learning curve.
    for row in [*source.result.rows, *source.result.partial_rows]:
        if row.error is not None:
            key = (row.estimator, row.train_size, row.error)
            entry = found.setdefault(key, {"folds": [], "n_train": row.n_train, "trace": row.traceback or ""})
            entry["folds"].append(row.fold + 1)
    return [
        {
            "name": printable(name),
            "error": printable(error) + _remedy(error),
            "folds": ("" if size is None else f"learning from {counted(entry['n_train'])}, ")
            + _fold_list(entry["folds"], source.result.n_folds),
            "trace": entry["trace"][-_LONGEST_TRACE:],
        }
        for (name, size, error), entry in found.items()
    ]


def _warnings(source: ReportSource) -> list[dict[str, str]]:
    found: dict[tuple[str, str], list[int]] = {}
    for row in source.result.rows:
        for warning in row.warnings:
            found.setdefault((row.estimator, warning), []).append(row.fold + 1)
    return [
        {"name": printable(name), "text": printable(text), "folds": _fold_list(folds, source.result.n_folds)}
        for (name, text), folds in found.items()
    ]


def _not_taught(source: ReportSource) -> list[str]:
    sentences = []
    for fold, classes in enumerate(source.result.not_taught, start=1):
        if classes:
            names = [source.class_name(code) for code in classes[:_MOST_CLASSES]]
            more = f" and {len(classes) - _MOST_CLASSES} more" if len(classes) > _MOST_CLASSES else ""
            sentences.append(f"Fold {fold} tests on {', '.join(names)}{more} without a picture of it to learn from.")
    return sentences[:_MOST_LINES]
