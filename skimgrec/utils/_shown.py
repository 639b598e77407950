"""What results share when they are shown: text that is safe to print, tables as plain text and as HTML."""

from __future__ import annotations

import html
import io
import math
from collections.abc import Sequence
from typing import Any


def escaped(text: object) -> str:
    r"""Return text without control characters: they are spelt out.

    Examples
    --------
    >>> escaped("a\nb\x1b[31m")
    'a\\nb\\x1b[31m'
    """
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in str(text))


def is_share(metric: str) -> bool:
    """Tell whether a metric is a share of 1 by its name, so that differences can be given in percentage points."""
    return metric.startswith(
        ("accuracy", "balanced_accuracy", "top_k", "f1", "precision", "recall", "jaccard", "roc_auc")
    )


def rich_to_lines(renderable: Any, width: int) -> list[str]:
    """Return the lines of a Rich renderable without colours, whatever terminal there is."""
    from rich.console import Console

    console = Console(file=io.StringIO(), width=width, color_system=None, force_terminal=False, _environ={})
    with console.capture() as capture:
        console.print(renderable)
    return [line.rstrip() for line in capture.get().rstrip().splitlines()]


def html_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    align: Sequence[str],
    caption: str | None = None,
    first_is_bold: bool = False,
) -> str:
    """Return a table as HTML that holds no markup but its own; line breaks in a cell stay.

    Parameters
    ----------
    header : sequence of str
        The headings.
    rows : sequence of sequence of str
        The cells, row by row.
    align : sequence of {"left", "right"}
        For each column.
    caption : str, default=None
        What stands above.
    first_is_bold : bool, default=False
        Whether the first row is set in bold.
    """

    def line(tag: str, cells: Sequence[str], border: str, style: str = "") -> str:
        parts = (
            f'<{tag} style="padding: 0.3em 0.8em; border-bottom: {border}; text-align: {side}; vertical-align: top; '
            f'white-space: pre">{html.escape(cell)}</{tag}>'
            for cell, side in zip(cells, align, strict=True)
        )
        return f"<tr{style}>{''.join(parts)}</tr>"

    # Half-transparent lines and inherited colours suit light pages and dark ones.
    body = "".join(
        line(
            "td",
            cells,
            "1px solid rgba(128, 128, 128, 0.25)",
            ' style="font-weight: bold"' if first_is_bold and number == 0 else "",
        )
        for number, cells in enumerate(rows)
    )
    above = (
        '<caption style="caption-side: top; padding: 0.3em 0.8em 0.6em; text-align: left">'
        f"{html.escape(caption)}</caption>"
        if caption is not None
        else ""
    )
    return (
        '<table style="border-collapse: collapse; margin: 0 0 0.6em; font-variant-numeric: tabular-nums">'
        f"{above}<thead>{line('th', header, '2px solid rgba(128, 128, 128, 0.8)')}</thead><tbody>{body}</tbody></table>"
    )


def file_size_text(n_bytes: float) -> str:
    """Return the size of a file in a unit that reads well, "-" for NaN.

    Examples
    --------
    >>> [file_size_text(size) for size in (0.0, 345.0, 12_345.0, 1.23e6, 45.6e6, 7.89e9, float("nan"))]
    ['0 kB', '1 kB', '13 kB', '1.2 MB', '46 MB', '7.9 GB', '-']
    """
    if math.isnan(n_bytes):
        return "-"
    if n_bytes < 1e6:
        return f"{math.ceil(n_bytes / 1e3)} kB"
    unit, name = (1e6, "MB") if n_bytes < 1e9 else (1e9, "GB")
    return f"{n_bytes / unit:.{1 if n_bytes < 10 * unit else 0}f} {name}"
