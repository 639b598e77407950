"""What ``skimgrec compare`` gives out beside its table: learning curves, predictions, and likely label errors."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from skimgrec.cli._grid import Grid
from skimgrec.cli._output import show

if TYPE_CHECKING:
    import pandas as pd

    from skimgrec import ComparisonResult


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
    from skimgrec.inspection._matplotlib import save_figure

    save_figure(LearningCurvesDisplay.from_result(result).figure_, path)


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
    text = pd.concat(frames, ignore_index=True).to_csv(index=False, lineterminator="\n")
    # Names of files that are no text come out as the bytes that they are.
    write_atomically(path, text.encode("utf-8", "surrogateescape"))


def show_label_errors(result: ComparisonResult, n_most: int) -> None:
    """Print the pictures whose label is most likely wrong, with a caution if need be; where that is not told, why."""
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
    if frame.attrs["caution"]:
        typer.echo(f"Caution: {frame.attrs['caution']}")


def _grid_of(frame: pd.DataFrame, title: str) -> Grid:
    import numpy as np

    from skimgrec.model_selection._text import printable

    rows = [
        [f"{value:.3f}" if isinstance(value, (float, np.floating)) else printable(value) for value in record]
        for record in frame.itertuples(index=False)
    ]
    return Grid(title, [printable(str(name).replace("_", " ")) for name in frame.columns], rows, right=False)
