"""A check of pictures as a table: for a terminal, as plain text, and as HTML."""

from __future__ import annotations

import html
import os
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from skimgrec.datasets._check_result import KINDS, Finding
from skimgrec.utils._shown import escaped, html_table, rich_to_lines

if TYPE_CHECKING:
    from skimgrec.datasets._check_result import ImageCheck

# Together with the first two columns it fits a terminal of 80 columns.
_LONGEST_NAME = 34
_N_EXAMPLES = 3
_WIDTH = 80
_SCOPES = ("across splits and classes", "across splits", "across classes", "")
# What the sentences below the table say to do.
_REMEDIES = {
    "unreadable": "Unreadable files: delete or replace them; loaders skip them.",
    "leak": "Across splits: the test set is seen in training. Take one of the two out before any score is believed.",
    "labels": "Across classes: one of the labels is probably wrong. Look at the pairs.",
    "copies": "Copies in one class: keep them in one fold, with compare(..., groups=check.groups).",
    "almost_empty": "Almost empty pictures teach nothing: take them out.",
    "exif_orientation": "Turned by EXIF: skimgrec turns them upright; other readers may not.",
}


def printable(name: object, longest: int | None = None) -> str:
    r"""Return a name on one line, without control characters, the middle cut out where it is too long.

    Examples
    --------
    >>> printable("cats/a\nb.jpg"), printable("cats/" + "x" * 50 + ".jpg", 20)
    ('cats/a\\nb.jpg', 'cats/xxx…xxxxxxx.jpg')
    """
    text = escaped(name)
    if longest is None or len(text) <= longest:
        return text
    # The end of a file name, with its number and its extension, says more than its start.
    end = (longest - 1) * 3 // 5
    return f"{text[: longest - 1 - end]}…{text[-end:]}"


def short_names(names: Sequence[str]) -> list[str]:
    """Return names without the folders that all of them share."""
    if len(names) < 2 or not all(os.sep in name for name in names):
        return list(names)
    try:
        shared = os.path.commonpath([os.path.dirname(name) for name in names])
    except ValueError:  # absolute and relative ones
        return list(names)
    return [os.path.relpath(name, shared) for name in names] if shared else list(names)


def headline(check: ImageCheck) -> str:
    """Return what was checked, in one line."""
    parts = [f"{check.n_pictures:,} pictures"]
    if check.class_counts:
        parts.append(f"{len(check.class_counts)} classes")
    if check.split_counts:
        parts.append(", ".join(f"{count:,} {printable(name, 20)}" for name, count in check.split_counts.items()))
    if check.data_name is not None:
        parts.insert(0, printable(check.data_name, _WIDTH))
    found = f"{len(check.findings):,} finding{'s' if len(check.findings) != 1 else ''}"
    return f"{', '.join(parts)}: {found if check.findings else 'nothing found'}"


def table_rows(check: ImageCheck) -> list[tuple[str, str, list[str]]]:
    """Return (kind, count, lines about the first few) for each kind of finding, split by scope for duplicates."""
    shortened = _shortener(check)
    rows = []
    for kind, title in KINDS.items():
        of_kind = [finding for finding in check.findings if finding.kind == kind]
        for scope in _SCOPES:
            some = [finding for finding in of_kind if finding.scope == scope]
            if some:
                lines = [_line(finding, shortened) for finding in some[:_N_EXAMPLES]]
                if len(some) > _N_EXAMPLES:
                    lines.append(f"and {len(some) - _N_EXAMPLES:,} more")
                rows.append((f"{title}, {scope}" if scope else title, f"{len(some):,}", lines))
    return rows


def _shortener(check: ImageCheck) -> dict[str, str]:
    names = sorted({name for finding in check.findings for name in finding.names})
    return dict(zip(names, short_names(names), strict=True))


def _line(finding: Finding, shortened: dict[str, str]) -> str:
    if not finding.names:
        return printable(finding.detail, 200)
    if finding.kind in ("exact_duplicate", "near_duplicate"):
        names = [printable(shortened[name], _LONGEST_NAME) for name in finding.names[:2]]
        more = f" + {len(finding.names) - 2}" if len(finding.names) > 2 else ""
        return f"{' = ' if finding.kind == 'exact_duplicate' else ' ~ '}".join(names) + more
    return f"{printable(shortened[finding.names[0]], _LONGEST_NAME)}: {printable(finding.detail, 160)}"


def remedies(check: ImageCheck) -> list[str]:
    """Return what to do about what was found, a sentence or two for each kind."""
    duplicates = check.of_kind("exact_duplicate", "near_duplicate")
    met = {finding.kind for finding in check.findings}
    if any(finding.across_splits for finding in duplicates):
        met.add("leak")
    if any(finding.across_classes for finding in duplicates):
        met.add("labels")
    if any(not finding.scope for finding in duplicates):
        met.add("copies")
    return [text for key, text in _REMEDIES.items() if key in met]


def to_rich(check: ImageCheck) -> Any:
    """Return a check as a Rich renderable."""
    from rich import box
    from rich.console import Group
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    # Names go in as Text: Rich would read "[red]" in a plain string as markup.
    if check.is_clean:
        return Text(headline(check))
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    grid.add_column("finding", overflow="fold", max_width=26)
    grid.add_column("count", justify="right")
    grid.add_column("such as", overflow="fold")
    for title, count, lines in table_rows(check):
        grid.add_row(Text(title), Text(count), Text("\n".join(lines)))
    return Group(Text(headline(check)), Padding(grid, (1, 0)), *map(Text, remedies(check)))


def to_text(check: ImageCheck) -> str:
    """Return a check as plain text of 80 columns, without colours."""
    if check.is_clean:
        return headline(check)
    lines = [headline(check), *rich_to_lines(to_rich(check).renderables[1], _WIDTH)]
    sentences = [line for text in remedies(check) for line in textwrap.wrap(text, _WIDTH, break_on_hyphens=False)]
    return "\n".join([*lines, "", *sentences] if sentences else lines)


def to_html(check: ImageCheck) -> str:
    """Return a check as HTML that holds no markup but its own."""
    title = f'<div style="padding: 0.3em 0.8em">{html.escape(headline(check))}</div>'
    rows = [(kind, count, "\n".join(lines)) for kind, count, lines in table_rows(check)]
    align = ("left", "right", "left")
    table = "" if check.is_clean else html_table(("finding", "count", "such as"), rows, align=align)
    notes = "".join(f'<div style="margin: 0.2em 0.8em">{html.escape(text)}</div>' for text in remedies(check))
    return (
        '<div class="skimgrec-check" style="max-width: 60em; font-family: sans-serif; line-height: 1.4">'
        f"{title}{table}{notes}</div>"
    )
