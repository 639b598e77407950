"""The pictures on which two models disagree."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from skimgrec.model_selection._text import printable
from skimgrec.reporting._across_models import AcrossModels, share_text
from skimgrec.reporting._mistakes import disagreement
from skimgrec.reporting._section import Section
from skimgrec.reporting._shelf import PictureShelf
from skimgrec.reporting._shots import Shots, answer_line
from skimgrec.reporting._source import ReportSource

# Of more models, the best ones alone are held against one another.
_MOST_MODELS = 4
_MOST_SHOWN = 12


def build(source: ReportSource, shelf: PictureShelf) -> Section | None:
    """Return the section with the pairs of the best models; None with fewer than two that have predictions."""
    across = AcrossModels(source)
    names = list(across.answers)[:_MOST_MODELS]
    if len(names) < 2:
        return None
    shots = Shots(source, shelf)
    pairs = [_pair(across, shots, first, second) for first, second in combinations(names, 2)]
    n_models = len(across.answers)
    which = "Every two models" if n_models == len(names) else f"Every two of the {len(names)} best models"
    return Section(
        id="disagreements",
        title="Where two models disagree",
        template="disagreements.html.j2",
        content={"pairs": pairs, "lack": shots.lack},
        summary=f"{which}, and the pictures on which their answers differ; those that they are surest of come first.",
    )


def _pair(across: AcrossModels, shots: Shots, first: str, second: str) -> dict[str, Any]:
    source, one, other = across.source, across.answers[first], across.answers[second]
    found = disagreement(one, other, across.target)
    name, other_name = printable(first), printable(second)
    parts: list[dict[str, Any]] = []
    for title, rows in (
        (f"{name} is right, {other_name} is wrong", found.only_first),
        (f"{other_name} is right, {name} is wrong", found.only_second),
        ("Both are wrong", found.neither),
    ):
        if not len(rows):
            continue
        some = []
        for row in rows[:_MOST_SHOWN].tolist():
            answers = [
                f"{who}: {answer_line(source.class_name(int(of.answer[row])), _at(of.of_answer, row))}"
                for who, of in ((name, one), (other_name, other))
            ]
            some.append(shots.shot(row, f"label: {source.class_name(source.result.target[row])}", *answers))
        parts.append({"title": f"{title} ({len(rows):,})", "gallery": shots.gallery(some, len(rows))})
    return {
        "first": name,
        "second": other_name,
        "said": share_text(found.count, found.n_tested),
        "parts": parts,
    }


def _at(values: Any, row: int) -> float | None:
    return None if values is None else float(values[row])
