"""What ``skimgrec compare`` gives out beside its table: learning curves, predictions, and likely label errors."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from skimgrec.cli._output import show

if TYPE_CHECKING:
    import pandas as pd

    from skimgrec import ComparisonResult


class Grid:
    """A table of strings that are safe to print, as `show` takes it."""

    def __init__(self, title: str, header: list[str], rows: list[list[str]], *, right: bool) -> None:
        self._title = title
        self._header = header
        self._rows = rows
        self._right = right

    def __rich__(self) -> Any:
        from rich import box
        from rich.table import Table
        from rich.text import Text

        # Text, because Rich would read "[red]" in a plain string as markup.
        grid = Table(box=box.SIMPLE_HEAD, title=Text(self._title), title_justify="left", title_style="", pad_edge=False)
        for number, heading in enumerate(self._header):
            grid.add_column(Text(heading), justify="right" if number and self._right else "left", overflow="fold")
        for row in self._rows:
            grid.add_row(*map(Text, row))
        return grid

    def __str__(self) -> str:
        from skimgrec.utils._shown import rich_to_lines

        # Wide enough that nothing wraps, whatever the terminal: the text may end up in a file.
        width = max(sum(len(cell) + 8 for cell in row) for row in [[self._title], self._header, *self._rows])
        return "\n".join(rich_to_lines(self, 2 * width))


def show_curves(result: ComparisonResult) -> None:
    """Print how the first metric grows with the number of training pictures."""
    from skimgrec.model_selection._text import metric_title, printable, score_text

    frame = result.learning_curves()
    metric = result.metrics[0]
    sizes = frame.groupby("train_size", dropna=False, sort=False)["n_train"].mean().sort_values()
    rows = []
    for name in (standing.estimator for standing in result.standings()):
        own = frame[frame["estimator"] == name]
        cells = []
        for size in sizes.index:
            found = own[own["train_size"].isna() if size is None or size != size else own["train_size"] == size]
            mean, std = found[[f"mean_test_{metric}", f"std_test_{metric}"]].iloc[0] if len(found) else (math.nan,) * 2
            cells.append("-" if math.isnan(mean) else score_text(mean, std))
        rows.append([printable(name), *cells])
    header = ["estimator", *(f"{round(n_train):,}" for n_train in sizes)]
    typer.echo()
    show(Grid(f"mean {metric_title(metric)} after learning from so many pictures", header, rows, right=True))


def draw_curves(result: ComparisonResult, path: Path) -> None:
    """Draw the learning curves to a file."""
    import matplotlib

    matplotlib.use("Agg")
    from skimgrec.inspection import LearningCurvesDisplay

    LearningCurvesDisplay.from_result(result).figure_.savefig(path, dpi=150)


def save_predictions(result: ComparisonResult, path: Path) -> None:
    """Save the out-of-fold predictions of every estimator that has any, one below the other, as a CSV file."""
    import pandas as pd

    from skimgrec.utils._files import write_atomically

    frames = []
    for name in result.estimators:
        if any(row.predicted for row in result.rows if row.estimator == name):
            frame = result.predictions(name)
            frame.insert(0, "estimator", name)
            frames.append(frame)
    if not frames:
        raise ValueError(f"--predictions {path}: no estimator has predicted anything.")
    write_atomically(path, pd.concat(frames, ignore_index=True).to_csv(index=False, lineterminator="\n"))


def show_label_errors(result: ComparisonResult, n_most: int) -> None:
    """Print the pictures whose label is most likely wrong; where that cannot be told, why."""
    try:
        frame = result.label_errors()
    except ValueError as error:
        typer.echo(f"Likely label errors cannot be told: {error}", err=True)
        return
    typer.echo()
    if not len(frame):
        typer.echo("No label is likely to be wrong.")
        return
    n_shown = min(n_most, len(frame))
    title = (
        f"the {n_shown} of {len(frame)} likely label errors that are most likely"
        if n_shown < len(frame)
        else (f"{len(frame)} likely label error{'s' if len(frame) > 1 else ''}")
    )
    show(_grid_of(frame.head(n_most), title))


def _grid_of(frame: pd.DataFrame, title: str) -> Grid:
    import numpy as np

    from skimgrec.model_selection._text import printable

    rows = [
        [f"{value:.3f}" if isinstance(value, (float, np.floating)) else printable(value) for value in record]
        for record in frame.itertuples(index=False)
    ]
    return Grid(title, [printable(str(name).replace("_", " ")) for name in frame.columns], rows, right=False)
