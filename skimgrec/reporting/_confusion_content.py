"""The confusion matrix of a model as a template shows it: with all its cells, or by groups of classes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.datasets._check_table import printable as shortened
from skimgrec.reporting._confusion import (
    Entry,
    coarse_matrix,
    confused_pairs,
    confusion_counts,
    largest_cap,
)
from skimgrec.reporting._shots import Shots, entry_lines
from skimgrec.reporting._source import OutOfFold, ReportSource

# With more classes than these, a matrix of all of them is neither read nor printed.
MOST_CLASSES = 30
N_GROUPS = 16
_N_PAIRS = 30
_N_PAIRS_SAID = 4
# Steps of shading, and pictures of one cell.
_N_LEVELS = 8
_MOST_WRONG, _MOST_RIGHT = 24, 8
# Names that lie flat over a column of numbers.
_LONGEST_FLAT, _LONGEST_NAME = 4, 14
_MOST_NAMED = 8

Cells = dict[tuple[int, int], list[Entry]]


def confusion_content(source: ReportSource, shots: Shots, found: OutOfFold, cells: Cells, room: int) -> dict[str, Any]:
    """Return what a template shows of the confusions of a model.

    Parameters
    ----------
    source : ReportSource
        What is reported on.
    shots : Shots
        Makes the pictures.
    found : OutOfFold
        The model's answers.
    cells : dict of (true, predicted) to list of Entry
        As `cell_entries` gives it.
    room : int
        About how many mistakes to show at most.

    Returns
    -------
    content : dict
        With `said`, the commonest confusions in a sentence, `matrix` or, where classes are many, `coarse` and
        `pairs`, and `panels`, the pictures of each cell that can be opened.
    """
    n_classes = source.result.n_classes
    counts = confusion_counts(found.true, found.predicted, n_classes)
    pairs = confused_pairs(counts, _N_PAIRS)
    content: dict[str, Any] = {"said": _said(source, pairs, n_classes), "matrix": None, "coarse": None, "pairs": []}
    if n_classes <= MOST_CLASSES:
        opened = list(cells)
        content["matrix"] = _matrix(source, counts)
    else:
        opened = [(true, column) for true, column, _ in pairs]
        content["coarse"] = _coarse(source, counts)
        content["pairs"] = [
            {
                "id": _id(true, column),
                "true": source.class_name(true),
                "predicted": _class_name(source, column),
                "count": count,
                "share": _percent(count, int(counts[true].sum())),
            }
            for true, column, count in pairs
        ]
    content["panels"] = _panels(source, shots, counts, {place: cells[place] for place in opened}, room)
    return content


def _id(true: int, column: int) -> str:
    return f"{true}-{column}"


def _class_name(source: ReportSource, column: int) -> str:
    return source.class_name(-1 if column == source.result.n_classes else column)


def _percent(count: int, total: int) -> str:
    """Return a share in whole percent, "<1 %" for what is not nothing."""
    share = 100 * count / total if total else 0.0
    return "<1 %" if 0 < share < 1 else f"{share:.0f} %" if count == total or share < 99.5 else ">99 %"


def _said(source: ReportSource, pairs: list[tuple[int, int, int]], n_classes: int) -> str:
    if not pairs:
        return "No class was taken for another."
    listed = [
        f"{source.class_name(true)} taken for {_class_name(source, column)} ({count:,} time{'s' if count > 1 else ''})"
        for true, column, count in pairs[:_N_PAIRS_SAID]
    ]
    return f"Most often: {'; '.join(listed)}."


def _level(share: float, *, right: bool) -> int:
    """Return how dark a cell is; mistakes are rare, so that small shares of them show."""
    return min(_N_LEVELS, math.ceil(_N_LEVELS * (share if right else math.sqrt(share))))


def _matrix(source: ReportSource, counts: NDArray[np.int64]) -> dict[str, Any]:
    n_classes = len(counts)
    # The column of labels that are no class is left out where it is empty, which is nearly always.
    columns = list(range(n_classes + bool(counts[:, n_classes].any())))
    names = [_class_name(source, column) for column in columns]
    rows = []
    for true in range(n_classes):
        total = int(counts[true].sum())
        cells = []
        for column in columns:
            count = int(counts[true, column])
            cells.append(
                {
                    "count": count,
                    "id": _id(true, column) if count else None,
                    "right": column == true,
                    "level": _level(count / total, right=column == true) if count else 0,
                    "share": _percent(count, total),
                    "label": f"{source.class_name(true)}, predicted as {names[column]}: {count:,}",
                }
            )
        rows.append({"name": names[true], "short": shortened(names[true], 2 * _LONGEST_NAME), "cells": cells})
    return {
        "columns": [{"name": name, "short": shortened(name, _LONGEST_NAME)} for name in names],
        "rows": rows,
        "steep": max(map(len, names)) > _LONGEST_FLAT,
    }


def _coarse(source: ReportSource, counts: NDArray[np.int64]) -> dict[str, Any]:
    found = coarse_matrix(counts, N_GROUPS)
    totals = found.counts.sum(axis=1)
    rows = []
    for number, (group, line) in enumerate(zip(found.groups, found.counts.tolist(), strict=True)):
        total = int(totals[number])
        wrong = found.mistakes_within[number]
        cells = [
            {
                "count": count,
                "right": column == number,
                "level": _level(count / total, right=column == number) if count else 0,
            }
            for column, count in enumerate(line)
        ]
        rows.append({"number": number + 1, "classes": _named(source, group), "cells": cells, "wrong": wrong})
    return {"rows": rows, "n_classes": len(counts)}


def _named(source: ReportSource, group: list[int]) -> str:
    names = [shortened(source.class_name(code), 2 * _LONGEST_NAME) for code in group[:_MOST_NAMED]]
    more = f" and {len(group) - _MOST_NAMED:,} more" if len(group) > _MOST_NAMED else ""
    return ", ".join(names) + more


def _panels(
    source: ReportSource, shots: Shots, counts: NDArray[np.int64], cells: Cells, room: int
) -> list[dict[str, Any]]:
    """Return the pictures behind each cell: of few cells many, of many cells few."""
    sizes: dict[bool, list[int]] = {True: [], False: []}
    for (true, column), some in cells.items():
        sizes[true == column].append(len(some))
    caps = {
        True: largest_cap(sizes[True], _MOST_RIGHT, room // 3),
        False: largest_cap(sizes[False], _MOST_WRONG, room),
    }
    panels = []
    for (true, column), some in sorted(cells.items()):
        predicted = -1 if column == source.result.n_classes else column
        name, count = source.class_name(true), int(counts[true, column])
        shown = some[: caps[true == column]]
        title = f"{name}, recognised" if true == column else f"{name} taken for {_class_name(source, column)}"
        times = f"{count:,} prediction{'s' if count > 1 else ''}"
        panels.append(
            {
                "id": _id(true, column),
                "title": title,
                "times": times if count == len(some) else f"{times} of {len(some):,} pictures",
                **shots.gallery(
                    [shots.shot(entry.row, *entry_lines(source, true, predicted, entry)) for entry in shown], len(some)
                ),
            }
        )
    return panels
