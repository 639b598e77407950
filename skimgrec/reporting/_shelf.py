"""The pictures that a report holds, each of them once."""

from __future__ import annotations

from skimgrec.reporting._source import ReportSource


class PictureShelf:
    """Pictures that sections ask for, to be embedded once.

    Parameters
    ----------
    source : ReportSource
        Where they come from.
    """

    def __init__(self, source: ReportSource) -> None:
        self._source = source

    def key(self, row: int) -> str | None:
        """Return what a template calls the picture of a row, None if it is not embedded."""
        return None

    def content(self) -> dict[str, str]:
        """Return the data URI of each picture that was asked for, by its key."""
        return {}
