"""A comparison as a table: for a terminal, as plain text, and as HTML."""

from __future__ import annotations

import html
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from skimgrec.model_selection._result import ComparisonResult
    from skimgrec.model_selection._standings import FoldRow, Standing

_TITLES = {"f1_macro": "macro F1", "f1_micro": "micro F1", "f1_weighted": "weighted F1", "roc_auc": "ROC AUC"}
_LONGEST_NOTE = 200


@dataclass(frozen=True)
class Table:
    """A comparison in strings that are safe to print: no line breaks, no control characters, no markup."""

    title: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    notes: list[str]
    has_winner: bool


def table_of(result: ComparisonResult) -> Table:
    """Return a comparison as a table, best estimator first, with what failed and what warned in notes below it.

    Parameters
    ----------
    result : ComparisonResult
        The comparison.

    Returns
    -------
    table : Table
        With the columns estimator, mean ± sample standard deviation of each metric, and mean fit and predict time
        of a fold.
    """
    notes = _notes(result)
    marks: dict[str, list[str]] = {}
    for number, (name, _) in enumerate(notes, start=1):
        marks.setdefault(name, []).append(f"[{number}]")
    ranking = result.standings()
    return Table(
        title=_title(result),
        header=("estimator", *map(metric_title, result.metrics), "fit time", "predict time"),
        rows=[
            (
                " ".join([printable(standing.estimator), *marks.get(standing.estimator, [])]),
                *(_score_cell(standing, metric, result.n_folds) for metric in result.metrics),
                duration(standing.fit_time[0]),
                duration(standing.predict_time[0]),
            )
            for standing in ranking
        ],
        notes=[f"[{number}] {text}" for number, (_, text) in enumerate(notes, start=1)],
        has_winner=ranking[0].complete,
    )


def to_rich(table: Table) -> Any:
    """Return a table as a Rich renderable."""
    from rich import box
    from rich.console import Group
    from rich.table import Table as RichTable
    from rich.text import Text

    # Names and messages go in as Text: Rich would read "[red]" in a plain string as markup.
    grid = RichTable(box=box.SIMPLE_HEAD, title=Text(table.title), title_justify="left", title_style="", pad_edge=False)
    for number, heading in enumerate(table.header):
        grid.add_column(Text(heading), justify="right" if number else "left", overflow="fold")
    for number, row in enumerate(table.rows):
        grid.add_row(*map(Text, row), style="bold" if number == 0 and table.has_winner else None)
    return Group(grid, *map(Text, table.notes))


def to_text(table: Table) -> str:
    """Return a table as plain text without colours."""
    from rich.cells import cell_len
    from rich.console import Console

    lines = [table.title, *table.notes, *("   ".join(row) for row in (table.header, *table.rows))]
    # Wide enough that nothing wraps, whatever the terminal: the text may end up in a file.
    width = max(map(cell_len, lines)) + 40 * len(table.header)
    console = Console(file=io.StringIO(), width=width, color_system=None, force_terminal=False, _environ={})
    with console.capture() as capture:
        console.print(to_rich(table))
    return "\n".join(line.rstrip() for line in capture.get().rstrip().splitlines())


def to_html(table: Table) -> str:
    """Return a table as HTML that holds no markup but its own."""

    def row(tag: str, cells: Sequence[str], style: str = "") -> str:
        aligned = (
            f'<{tag} style="text-align: {"right" if number else "left"}">{html.escape(cell)}</{tag}>'
            for number, cell in enumerate(cells)
        )
        return f"<tr{style}>{''.join(aligned)}</tr>"

    bold = ' style="font-weight: bold"'
    body = (
        row("td", cells, bold if not number and table.has_winner else "") for number, cells in enumerate(table.rows)
    )
    notes = "".join(f"<div>{html.escape(note)}</div>" for note in table.notes)
    return (
        f'<div class="skimgrec-comparison"><table><caption style="text-align: left">{html.escape(table.title)}'
        f"</caption><thead>{row('th', table.header)}</thead><tbody>{''.join(body)}</tbody></table>{notes}</div>"
    )


def describe_row(row: FoldRow) -> str:
    """Return one line about one fold of one estimator.

    Parameters
    ----------
    row : FoldRow
        The measurements.

    Returns
    -------
    line : str
        Such as "forest, fold 2: accuracy 0.972, macro F1 0.971, fit 0.41 s, predict 12 ms".

    Examples
    --------
    >>> from skimgrec.model_selection import FoldRow, describe_row
    >>> describe_row(FoldRow(estimator="cnn", fold=0, n_train=4, n_test=2, scores={"accuracy": 0.5}, error="Bad: x"))
    'cnn, fold 1: accuracy 0.500, failed with Bad: x'
    """
    parts = [f"{metric_title(metric)} {value:.3f}" for metric, value in row.scores.items() if not math.isnan(value)]
    for title, seconds in (("fit", row.fit_time), ("predict", row.predict_time)):
        if not math.isnan(seconds):
            parts.append(f"{title} {duration(seconds)}")
    if row.error is not None:
        parts.append(f"failed with {printable(row.error, _LONGEST_NOTE)}")
    return f"{printable(row.estimator)}, fold {row.fold + 1}: {', '.join(parts)}"


def metric_title(metric: str) -> str:
    """Return a metric's name as people write it."""
    return _TITLES.get(metric, printable(metric.replace("_", " ")))


def score_text(mean: float, std: float) -> str:
    """Return "0.986 ± 0.006", or the mean alone where there is no spread."""
    return f"{mean:.3f}" if math.isnan(std) else f"{mean:.3f} ± {std:.3f}"


def duration(seconds: float) -> str:
    """Return seconds in a unit that reads well, "-" for NaN.

    Examples
    --------
    >>> [duration(seconds) for seconds in (1e-6, 0.00042, 0.0123, 2.345, 61.0, 300.0, 7200.0, float("nan"))]
    ['<0.01 ms', '0.42 ms', '12 ms', '2.3 s', '61 s', '5.0 min', '2.0 h', '-']
    """
    if math.isnan(seconds):
        return "-"
    if seconds < 1e-5:
        return "<0.01 ms"
    for unit, size in (("h", 3600.0), ("min", 60.0), ("s", 1.0)):
        # Seconds stay readable for longer than one minute.
        if seconds >= size * (2 if unit == "min" else 1):
            break
    else:
        unit, size = "ms", 1e-3
    value = seconds / size
    digits = 0 if value >= 10 else 1 if value >= 1 else 2
    return f"{value:.{digits}f} {unit}"


def printable(text: object, longest: int | None = None) -> str:
    """Return text on one line, with control characters spelt out, cut after `longest` characters."""
    line = " ".join(str(text).split())
    line = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in line)
    return line if longest is None or len(line) <= longest else line[: longest - 1] + "…"


def _title(result: ComparisonResult) -> str:
    name = [printable(result.data_name)] if result.data_name else []
    counts = [f"{result.n_samples} pictures", f"{result.n_classes} classes", f"{result.n_folds} folds"]
    return ", ".join([*name, *counts, f"seed {result.seed}"])


def _score_cell(standing: Standing, metric: str, n_folds: int) -> str:
    if math.isnan(standing.mean[metric]):
        return "failed"
    text = score_text(standing.mean[metric], standing.std[metric])
    return text if standing.complete else f"{text} ({standing.n_scored} of {n_folds} folds)"


def _notes(result: ComparisonResult) -> list[tuple[str, str]]:
    """Return (estimator, text) for each distinct failure and warning of each estimator, with the folds it befell."""
    folds: dict[tuple[str, str, str], list[int]] = {}
    for row in result.rows:
        messages = [("failed with", row.error)] if row.error is not None else []
        for kind, message in [*messages, *(("warned of", warning) for warning in row.warnings)]:
            folds.setdefault((row.estimator, kind, message), []).append(row.fold + 1)
    return [
        (name, f"{printable(name)} {kind} {printable(message, _LONGEST_NOTE)} ({_fold_list(numbers, result.n_folds)})")
        for (name, kind, message), numbers in folds.items()
    ]


def _fold_list(numbers: Sequence[int], n_folds: int) -> str:
    if len(numbers) == n_folds:
        return "every fold"
    return f"fold{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"
