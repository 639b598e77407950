"""How far a comparison is, on stderr: live on a terminal, a line for each fold elsewhere."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from skimgrec.model_selection import FoldRow

OnRow = Callable[["FoldRow"], None]


class Tally:
    """What is done, what runs, and who leads.

    Parameters
    ----------
    names : list of str
        The estimators, in the order in which they are measured.
    n_folds : int
        Folds of each.
    n_running : int
        How many fits run at the same time.
    """

    def __init__(self, names: list[str], n_folds: int, n_running: int) -> None:
        self.pending = [(name, fold) for name in names for fold in range(n_folds)]
        self.total = len(self.pending)
        self.n_folds = n_folds
        self.n_running = n_running
        self.scores: dict[str, list[float]] = {}

    @property
    def done(self) -> int:
        """How many folds are measured."""
        return self.total - len(self.pending)

    def add(self, row: FoldRow) -> None:
        """Take in a measurement."""
        self.pending.remove((row.estimator, row.fold))
        score = next(iter(row.scores.values()))
        if not math.isnan(score):
            self.scores.setdefault(row.estimator, []).append(score)

    def running(self) -> str:
        """Return what is measured now: jobs start in order, so it is the first of what is not done."""
        return ", ".join(f"{name} {fold + 1}/{self.n_folds}" for name, fold in self.pending[: self.n_running])

    def leader(self) -> str:
        """Return the highest mean so far."""
        if not self.scores:
            return ""
        means = {name: sum(scores) / len(scores) for name, scores in self.scores.items()}
        best = max(means, key=means.__getitem__)
        return f"leads: {best} {means[best]:.3f}"


@contextmanager
def progress(names: list[str], *, n_folds: int, n_jobs: int | None) -> Iterator[OnRow]:
    """Show the progress of a comparison on stderr.

    Parameters
    ----------
    names : list of str
        The estimators, in the order in which they are measured.
    n_folds : int
        Folds of each.
    n_jobs : int or None
        How many fits run at the same time, as joblib takes it.

    Yields
    ------
    on_row : callable
        To be called with each row.
    """
    from joblib import effective_n_jobs
    from rich.console import Console

    tally = Tally(names, n_folds, effective_n_jobs(n_jobs))
    console = Console(stderr=True)
    with (_live if console.is_terminal else _lines)(tally, console) as on_row:
        yield on_row


@contextmanager
def _lines(tally: Tally, console: object) -> Iterator[OnRow]:
    import typer

    from skimgrec.model_selection import describe_row

    width = len(str(tally.total))

    def on_row(row: FoldRow) -> None:
        tally.add(row)
        typer.echo(f"[{tally.done:{width}}/{tally.total}] {describe_row(row)}", err=True)

    yield on_row


@contextmanager
def _live(tally: Tally, console: object) -> Iterator[OnRow]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from skimgrec.model_selection import describe_row

    assert isinstance(console, Console)
    columns = (
        SpinnerColumn(),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}  {task.fields[leader]}", markup=False),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(tally.running(), total=tally.total, leader="")

        def on_row(row: FoldRow) -> None:
            tally.add(row)
            bar.update(task, completed=tally.done, description=tally.running(), leader=tally.leader())
            if row.error is not None:
                bar.console.print(describe_row(row), markup=False, highlight=False)

        yield on_row
