"""How far a comparison is, on stderr: live on a terminal, a line for each fold elsewhere."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

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
        now = self.pending[: self.n_running]
        return f"now: {', '.join(f'{name} {fold + 1}/{self.n_folds}' for name, fold in now)}" if now else "finishing"

    def leader(self) -> str:
        """Return the highest mean so far."""
        if not self.scores:
            return ""
        means = {name: sum(scores) / len(scores) for name, scores in self.scores.items()}
        best = max(means, key=means.__getitem__)
        return f"leads: {best} {means[best]:.3f}"


class Progress(Protocol):
    """What shows how far a comparison is."""

    def read(self, done: int, total: int) -> None:
        """Show how many picture files are read.

        Parameters
        ----------
        done : int
            Files that are read.
        total : int
            Files that there are.
        """

    def say(self, text: str) -> None:
        """Show a line that stays.

        Parameters
        ----------
        text : str
            The line.
        """

    def begin(self, names: list[str], *, n_folds: int, n_jobs: int | None) -> OnRow:
        """Announce what is to be measured.

        Parameters
        ----------
        names : list of str
            The estimators, in the order in which they are measured.
        n_folds : int
            Folds of each.
        n_jobs : int or None
            How many fits run at the same time, as joblib takes it.

        Returns
        -------
        on_row : callable
            To be called with each row.
        """


@contextmanager
def progress() -> Iterator[Progress]:
    """Show on stderr that a comparison starts, and from `begin` on how far it is.

    Yields
    ------
    shown : Progress
        To be told what happens.
    """
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console

    # A descriptor of its own: Keras is loaded with stderr's held back, which would swallow the display as well.
    with (
        os.fdopen(os.dup(sys.stderr.fileno()), "w", encoding=sys.stderr.encoding) as stream,
        live(Console(file=stream)) as shown,
    ):
        yield shown


class _Lines:
    """A line for each fold."""

    def read(self, done: int, total: int) -> None:
        pass

    def say(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    def begin(self, names: list[str], *, n_folds: int, n_jobs: int | None) -> OnRow:
        from joblib import effective_n_jobs

        from skimgrec.model_selection import describe_row

        tally = Tally(names, n_folds, effective_n_jobs(n_jobs))
        width = len(str(tally.total))

        def on_row(row: FoldRow) -> None:
            tally.add(row)
            print(f"[{tally.done:{width}}/{tally.total}] {describe_row(row)}", file=sys.stderr, flush=True)

        return on_row


@contextmanager
def live(console: Console) -> Iterator[Progress]:
    """Show one line that moves: a bar, the time, what runs, and who leads.

    Rich draws it ten times a second from a thread of its own, and it is drawn at once whenever its text changes: while
    a library holds Python's lock, as in its import, no thread can draw.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as RichProgress
    from rich.table import Column

    columns = (
        SpinnerColumn(),
        BarColumn(bar_width=16),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn(
            "{task.description}  {task.fields[leader]}", markup=False, table_column=Column(no_wrap=True, ratio=1)
        ),
    )
    with RichProgress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting", total=None, leader="")
        bar.refresh()
        yield _Live(bar, task)


class _Live:
    def __init__(self, bar: RichProgress, task: TaskID) -> None:
        self._bar = bar
        self._task = task

    def read(self, done: int, total: int) -> None:
        self._bar.update(self._task, total=total, completed=done, description="reading pictures", refresh=True)

    def say(self, text: str) -> None:
        self._bar.console.print(text, markup=False, highlight=False)

    def begin(self, names: list[str], *, n_folds: int, n_jobs: int | None) -> OnRow:
        from joblib import effective_n_jobs

        from skimgrec.model_selection import describe_row

        tally = Tally(names, n_folds, effective_n_jobs(n_jobs))

        def show() -> None:
            self._bar.update(
                self._task,
                total=tally.total,
                completed=tally.done,
                description=tally.running(),
                leader=tally.leader(),
                refresh=True,
            )

        def on_row(row: FoldRow) -> None:
            tally.add(row)
            show()
            if row.error is not None:
                self._bar.console.print(describe_row(row), markup=False, highlight=False)

        show()
        return on_row
