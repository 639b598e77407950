"""The pictures that every model gets wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from skimgrec.model_selection._text import printable
from skimgrec.reporting._across_models import AcrossModels, share_text
from skimgrec.reporting._mistakes import PictureAnswers, all_wrong
from skimgrec.reporting._section import Section
from skimgrec.reporting._shelf import PictureShelf
from skimgrec.reporting._shots import Shots
from skimgrec.reporting._source import ReportSource

_MOST_SHOWN = 60
# Answers of one picture that are told apart.
_MOST_ANSWERS = 3


def build(source: ReportSource, shelf: PictureShelf) -> Section | None:
    """Return the section with the pictures that no model gets right; None with fewer than two models."""
    across = AcrossModels(source)
    if len(across.answers) < 2:
        return None
    rows, n_tested = all_wrong(list(across.answers.values()))
    if not n_tested:
        return None
    shots = Shots(source, shelf)
    often = ", each time it was tested," if max(int(one.times.max()) for one in across.answers.values()) > 1 else ""
    n_models = len(across.answers)
    every = "Both models" if n_models == 2 else f"All {n_models} models"
    summary = (
        f"{every} get {share_text(len(rows), n_tested)} wrong{often}. Wrong labels, odd pictures and classes "
        "that cannot be told apart gather here."
        if len(rows)
        else f"There is no picture that {'both' if n_models == 2 else f'all {n_models}'} models get wrong."
    )
    shown = [_shot(source, shots, across.answers, int(row)) for row in rows[:_MOST_SHOWN]]
    content: dict[str, Any] = {"gallery": shots.gallery(shown, len(rows)), "lack": shots.lack}
    return Section(id="hard", title="Wrong by every model", template="hard.html.j2", content=content, summary=summary)


def _shot(source: ReportSource, shots: Shots, answers: Mapping[str, PictureAnswers], row: int) -> dict[str, Any]:
    said: dict[int, list[str]] = {}
    for name, one in answers.items():
        said.setdefault(int(one.answer[row]), []).append(name)
    lines = []
    ordered = sorted(said.items(), key=lambda item: -len(item[1]))
    for code, names in ordered[:_MOST_ANSWERS]:
        who = (
            "all" if len(names) == len(answers) else printable(names[0]) if len(names) == 1 else f"{len(names)} models"
        )
        lines.append(f"{who}: {source.class_name(code)}")
    if len(ordered) > _MOST_ANSWERS:
        lines.append(f"and {len(ordered) - _MOST_ANSWERS} other answers")
    return shots.shot(row, f"label: {source.class_name(source.result.target[row])}", *lines)
