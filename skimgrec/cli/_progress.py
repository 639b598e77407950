"""How far a comparison is, on stderr: live on a terminal, a line for each fit elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from skimgrec.model_selection import Comparison, FoldRow

OnRow = Callable[["FoldRow"], None]


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

    def doing(self, text: str) -> None:
        """Show what is done now, before there is anything to count.

        Parameters
        ----------
        text : str
            In a few words.
        """

    def say(self, text: str) -> None:
        """Show a line that stays.

        Parameters
        ----------
        text : str
            The line.
        """

    def downloading(self, bars: Any) -> AbstractContextManager[Any]:
        """Show the bars of downloads within this display.

        Parameters
        ----------
        bars : rich.progress.Progress
            The bars, not started.

        Returns
        -------
        context : context manager
            They are shown while it lasts.
        """

    def begin(self, comparison: Comparison, *, budget: float | None = None) -> OnRow:
        """Announce what is to be measured.

        Parameters
        ----------
        comparison : Comparison
            Prepared, and not begun.
        budget : float, default=None
            The seconds that it may take.

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

    from skimgrec.cli._live import live

    # A descriptor of its own: Keras is loaded with stderr's held back, which would swallow the display as well.
    with (
        os.fdopen(os.dup(sys.stderr.fileno()), "w", encoding=sys.stderr.encoding) as stream,
        live(Console(file=stream)) as shown,
    ):
        yield shown


class _Lines:
    """A line for each fit, and none for those that an earlier run has made."""

    def read(self, done: int, total: int) -> None:
        pass

    def doing(self, text: str) -> None:
        pass

    def say(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    @contextmanager
    def downloading(self, bars: Any) -> Iterator[Any]:
        yield bars

    def begin(self, comparison: Comparison, *, budget: float | None = None) -> OnRow:
        from skimgrec.model_selection import describe_row

        total = len(comparison.tasks)
        width = len(str(total))
        n_done = 0

        def on_row(row: FoldRow) -> None:
            nonlocal n_done
            n_done += 1
            if n_done > comparison.n_resumed:
                print(f"[{n_done:{width}}/{total}] {describe_row(row)}", file=sys.stderr, flush=True)

        return on_row
