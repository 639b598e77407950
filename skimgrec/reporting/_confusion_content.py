"""The confusion matrix of a model as a template shows it: with all its cells, or by groups of classes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.datasets._check_table import printable as shortened
from skimgrec.reporting._confusion import (
    CoarseMatrix,
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
N_GROUPS, _FEWEST_GROUPS = 12, 6
_N_PAIRS = 30
_N_PAIRS_SAID = 4
# Steps of shading, and pictures of one cell.
_N_LEVELS = 8
_MOST_WRONG, _MOST_RIGHT, _FEWEST_OF_GROUP = 24, 8, 3
# Names that lie flat over a column of numbers.
_LONGEST_FLAT, _LONGEST_NAME = 4, 14
_MOST_NAMED = 8

Cells = dict[tuple[int, int], list[Entry]]
# A picture with its class and the answer, as positions.
Answered = tuple[int, int, Entry]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """The pictures that a cell opens.

    Parameters
    ----------
    id : str
        What the cell opens, within its model.
    title : str
        What is in it.
    count : int
        How many predictions the cell stands for.
    pictures : list of (int, int, Entry)
        All of them, those to show first at the front.
    right : bool
        Whether the cell lies in the diagonal.
    """

    id: str
    title: str
    count: int
    pictures: list[Answered]
    right: bool


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
        content["matrix"] = _matrix(source, counts)
        content["panels"] = _shown(source, shots, _of_cells(source, counts, cells, list(cells)), room)
        return content
    coarse = coarse_matrix(counts, max(_FEWEST_GROUPS, min(N_GROUPS, math.isqrt(room))))
    content["coarse"] = _coarse(source, coarse, n_classes)
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
    of_pairs = _of_cells(source, counts, cells, [(true, column) for true, column, _ in pairs])
    of_groups = _of_groups(coarse, cells, n_classes)
    # Of a cell of groups, one picture would say little.
    content["panels"] = [
        *_shown(source, shots, of_pairs, room // 3),
        *_shown(source, shots, of_groups, max(2 * room // 3, _FEWEST_OF_GROUP * len(of_groups))),
    ]
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


def _coarse(source: ReportSource, found: CoarseMatrix, n_classes: int) -> dict[str, Any]:
    totals = found.counts.sum(axis=1)
    rows = []
    for number, (group, line) in enumerate(zip(found.groups, found.counts.tolist(), strict=True)):
        total = int(totals[number])
        wrong = found.mistakes_within[number]
        cells = [
            {
                "count": count,
                "id": _group_id(number, column) if count else None,
                "right": column == number,
                "label": f"{_group_title(number, column)}: {count:,}",
                "level": _level(count / total, right=column == number) if count else 0,
            }
            for column, count in enumerate(line)
        ]
        rows.append({"number": number + 1, "classes": _named(source, group), "cells": cells, "wrong": wrong})
    return {"rows": rows, "n_classes": n_classes}


def _group_id(number: int, column: int) -> str:
    return f"g{number + 1}-{column + 1}"


def _group_title(number: int, column: int) -> str:
    if number == column:
        return f"group {number + 1}, predicted as a class of the same group"
    return f"group {number + 1} taken for group {column + 1}"


def _named(source: ReportSource, group: list[int]) -> str:
    names = [shortened(source.class_name(code), 2 * _LONGEST_NAME) for code in group[:_MOST_NAMED]]
    more = f" and {len(group) - _MOST_NAMED:,} more" if len(group) > _MOST_NAMED else ""
    return ", ".join(names) + more


def _of_cells(
    source: ReportSource, counts: NDArray[np.int64], cells: Cells, places: Sequence[tuple[int, int]]
) -> list[Panel]:
    """Return what cells of the matrix of all classes open."""
    panels = []
    for true, column in sorted(places):
        name, right = source.class_name(true), true == column
        panels.append(
            Panel(
                id=_id(true, column),
                title=f"{name}, recognised" if right else f"{name} taken for {_class_name(source, column)}",
                count=int(counts[true, column]),
                pictures=[(true, column, entry) for entry in cells[true, column]],
                right=right,
            )
        )
    return panels


def _of_groups(found: CoarseMatrix, cells: Cells, n_classes: int) -> list[Panel]:
    """Return what cells of the matrix of groups open: the pictures of all classes of both groups, mistakes first."""
    group_of = {code: number for number, group in enumerate(found.groups) for code in group}
    pictures: dict[tuple[int, int], list[Answered]] = {}
    for (true, column), some in cells.items():
        if column < n_classes:
            place = pictures.setdefault((group_of[true], group_of[column]), [])
            place += [(true, column, entry) for entry in some]
    for place in pictures.values():
        place.sort(key=lambda one: (one[0] == one[1], -(one[2].of_predicted or 0.0), one[2].row))
    return [
        Panel(
            id=_group_id(number, column),
            title=_group_title(number, column).capitalize(),
            count=int(found.counts[number, column]),
            pictures=some,
            right=number == column,
        )
        for (number, column), some in sorted(pictures.items())
    ]


def _shown(source: ReportSource, shots: Shots, panels: Sequence[Panel], room: int) -> list[dict[str, Any]]:
    """Return the pictures behind each cell: of few cells many, of many cells few."""
    sizes = {right: [len(panel.pictures) for panel in panels if panel.right == right] for right in (True, False)}
    caps = {
        True: largest_cap(sizes[True], _MOST_RIGHT, room // 3),
        False: largest_cap(sizes[False], _MOST_WRONG, room),
    }
    shown = []
    for panel in panels:
        n_pictures = len(panel.pictures)
        times = f"{panel.count:,} prediction{'s' if panel.count > 1 else ''}"
        some = [
            shots.shot(
                entry.row, *entry_lines(source, true, -1 if column == source.result.n_classes else column, entry)
            )
            for true, column, entry in panel.pictures[: caps[panel.right]]
        ]
        shown.append(
            {
                "id": panel.id,
                "title": panel.title,
                "times": times if panel.count == n_pictures else f"{times} of {n_pictures:,} pictures",
                **shots.gallery(some, n_pictures),
            }
        )
    return shown
