"""One section of a report: plain data and the template that shows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Section:
    """A section of a report.

    Parameters
    ----------
    id : str
        What a link leads to: lower-case letters and hyphens. The ids of what is inside begin with it.
    title : str
        Its heading.
    template : str
        Name of its template among `skimgrec/reporting/templates`.
    content : dict of str to object, default={}
        What the template shows, as its variables: numbers, strings, lists and dicts. Strings are data, and are escaped.
    summary : str or None, default=None
        What it shows, in a sentence or two below the heading.
    """

    id: str
    title: str
    template: str
    content: dict[str, Any] = field(default_factory=dict)
    summary: str | None = None
