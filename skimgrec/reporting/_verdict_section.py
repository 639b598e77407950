"""The outcome of a comparison in a few sentences, and what is to be said against it."""

from __future__ import annotations

from skimgrec.model_selection._text import printable
from skimgrec.reporting._section import Section
from skimgrec.reporting._shelf import PictureShelf
from skimgrec.reporting._source import ReportSource


def build(source: ReportSource, shelf: PictureShelf) -> Section:
    """Return the section with the verdict and the cautions."""
    return Section(
        id="verdict",
        title="Verdict",
        template="verdict.html.j2",
        content={
            "verdict": source.verdict,
            "cautions": [printable(note) for note in source.result.notes],
        },
    )
