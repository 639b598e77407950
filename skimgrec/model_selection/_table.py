"""A comparison as a table: for a terminal, as plain text, and as HTML."""

from __future__ import annotations

import html
import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from skimgrec.model_selection._pairwise import interval_of
from skimgrec.model_selection._text import (
    duration,
    interval_text,
    memory_text,
    metric_title,
    printable,
    rate_text,
    score_text,
)
from skimgrec.model_selection._verdict import verdict
from skimgrec.utils._shown import file_size_text, html_table, rich_to_lines

if TYPE_CHECKING:
    from skimgrec.model_selection._result import ComparisonResult
    from skimgrec.model_selection._standings import FoldRow, Standing

_LONGEST_NOTE = 200
_WIDTH_OF_TEXT = 80


@dataclass(frozen=True)
class Table:
    """A comparison in strings that are safe to print: no line breaks, no control characters, no markup."""

    title: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    notes: list[str]
    cautions: list[str]
    verdict: str
    has_winner: bool


def table_of(result: ComparisonResult) -> Table:
    """Return a comparison as a table, best estimator first; below it what failed or warned, cautions, and the verdict.

    Parameters
    ----------
    result : ComparisonResult
        The comparison.

    Returns
    -------
    table : Table
        With the columns estimator, each metric, mean fit time of a fold, and pictures predicted in a second. A metric
        has its mean ± sample standard deviation; of a single split, the first has its 95 % interval. The peak memory of
        fits, and the size of model files, are last columns where they are known and 80 characters have room for them.
    """
    notes = _notes(result)
    marks: dict[str, list[str]] = {}
    for number, (name, _) in enumerate(notes, start=1):
        marks.setdefault(name, []).append(f"[{number}]")
    ranking = result.standings()
    header = ["estimator", *map(metric_title, result.metrics), "fit time", "pictures/s"]
    rows = [
        [
            " ".join([printable(standing.estimator), *marks.get(standing.estimator, [])]),
            *(_score_cell(result, standing, metric) for metric in result.metrics),
            duration(standing.fit_time[0]),
            rate_text(standing.pictures_per_second),
        ]
        for standing in ranking
    ]
    for column in (
        ["memory", *(memory_text(standing.peak_memory) for standing in ranking)],
        ["file", *(file_size_text(standing.model_size) for standing in ranking)],
    ):
        wider = [[*row, cell] for row, cell in zip([header, *rows], column, strict=True)]
        if set(column[1:]) != {"-"} and _width(wider) <= _WIDTH_OF_TEXT:
            header, *rows = wider
    return Table(
        title=_title(result),
        header=tuple(header),
        rows=list(map(tuple, rows)),
        notes=[
            *(f"[{number}] {text}" for number, (_, text) in enumerate(notes, start=1)),
            # Without rows, the verdict says it.
            *(printable(sentence, _LONGEST_NOTE) for sentence in result.cut if ranking),
        ],
        cautions=[f"Caution: {printable(note)}" for note in result.notes],
        verdict=verdict(result),
        has_winner=result.best is not None,
    )


def _width(rows: Sequence[Sequence[str]]) -> int:
    """Return how wide a table is in print, with two blanks between columns and one at either end."""
    from rich.cells import cell_len

    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    return sum(widths) + 2 * (len(widths) - 1) + 2


def to_rich(table: Table) -> Any:
    """Return a table as a Rich renderable."""
    from rich import box
    from rich.console import Group
    from rich.table import Table as RichTable
    from rich.text import Text

    # Names and messages go in as Text: Rich would read "[red]" in a plain string as markup.
    grid = RichTable(
        box=box.SIMPLE_HEAD,
        title=Text(table.title),
        title_justify="left",
        title_style="",
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    for number, heading in enumerate(table.header):
        grid.add_column(Text(heading), justify="right" if number else "left", overflow="fold")
    for number, row in enumerate(table.rows):
        grid.add_row(*map(Text, row), style="bold" if number == 0 and table.has_winner else None)
    # The box of the table ends in a blank line.
    notes = [*map(Text, table.notes), Text("")] if table.notes else []
    cautions = [part for caution in table.cautions for part in (Text(caution), Text(""))]
    return Group(grid, *notes, *cautions, Text(table.verdict))


def to_text(table: Table) -> str:
    """Return a table as plain text without colours."""
    from rich.cells import cell_len

    lines = [table.title, *table.notes, *("   ".join(row) for row in (table.header, *table.rows))]
    # Wide enough that no cell and no note wraps, whatever the terminal: the text may end up in a file.
    width = max(map(cell_len, lines)) + 40 * len(table.header)
    above = rich_to_lines(to_rich(replace(table, cautions=[], verdict="")), width)
    paragraphs = [
        line
        for text in (*table.cautions, table.verdict)
        for line in ("", *textwrap.wrap(text, _WIDTH_OF_TEXT, break_long_words=False, break_on_hyphens=False))
    ]
    return "\n".join([*above, *paragraphs])


def to_html(table: Table) -> str:
    """Return a table as HTML that holds no markup but its own."""
    align = ["left", *["right"] * (len(table.header) - 1)]
    grid = html_table(table.header, table.rows, align=align, caption=table.title, first_is_bold=table.has_winner)
    notes = "".join(
        f'<div style="margin: 0.2em 0.8em">{html.escape(note)}</div>' for note in (*table.notes, *table.cautions)
    )
    return (
        '<div class="skimgrec-comparison" style="max-width: 60em; font-family: sans-serif; line-height: 1.4">'
        f'{grid}{notes}<p style="margin: 0.6em 0.8em">{html.escape(table.verdict)}</p></div>'
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
    part = "" if row.train_size is None else f", {row.n_train:,} training pictures"
    return f"{printable(row.estimator)}, fold {row.fold + 1}{part}: {', '.join(parts)}"


def _title(result: ComparisonResult) -> str:
    name = [printable(result.data_name)] if result.data_name else []
    pictures = f"of {printable(result.drawn_from)}" if result.drawn_from else "pictures"
    folds = f"{result.n_folds} folds" if result.n_folds > 1 else "1 split"
    counts = [f"{result.n_samples} {pictures}", f"{result.n_classes} classes", folds]
    return ", ".join([*name, *counts, f"seed {result.seed}"])


def _score_cell(result: ComparisonResult, standing: Standing, metric: str) -> str:
    mean = standing.mean[metric]
    if math.isnan(mean):
        return "failed"
    if result.n_folds == 1:
        # A table with intervals of two metrics would be wider than a terminal.
        return (
            interval_text(mean, *interval_of(result, standing.estimator, metric))
            if metric == result.metrics[0]
            else f"{mean:.3f}"
        )
    text = score_text(mean, standing.std[metric])
    return text if standing.complete else f"{text} ({standing.n_scored} of {result.n_folds} folds)"


def _notes(result: ComparisonResult) -> list[tuple[str, str]]:
    """Return (estimator, text) for each distinct failure and warning of each estimator, with the folds it befell."""
    folds: dict[tuple[str, str, str], list[int]] = {}
    for row in result.rows:
        messages = [("failed with", row.error)] if row.error is not None else []
        for kind, message in [*messages, *(("warned of", warning) for warning in row.warnings)]:
            folds.setdefault((row.estimator, kind, message), []).append(row.fold + 1)
    return [
        (
            name,
            f"{printable(name)} {kind} {printable(message, _LONGEST_NOTE)} "
            f"({_fold_list(numbers, result.n_folds)}){_remedy(message)}",
        )
        for (name, kind, message), numbers in folds.items()
    ]


def _remedy(message: str) -> str:
    """Return what to do about an error that scikit-learn words without knowing of pictures."""
    if "Found array with dim" in message:
        return "; it takes no pictures as they are: put ImageFlattener() or HOGTransformer() in front"
    return ""


def _fold_list(numbers: Sequence[int], n_folds: int) -> str:
    if len(numbers) == n_folds:
        return "every fold"
    return f"fold{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"
