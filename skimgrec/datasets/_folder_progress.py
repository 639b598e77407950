"""A progress bar for work that takes long, on stderr, where that is a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from skimgrec.datasets._folder_reading import OnRead

_SHOWN_AFTER = 1.0


@contextmanager
def reading_bar(verbose: int) -> Iterator[OnRead | None]:
    """Show how many files are read, from the second second on.

    Parameters
    ----------
    verbose : int
        0 shows nothing.

    Yields
    ------
    on_read : callable or None
        To be called with how many files are done, of how many.
    """
    if verbose < 1 or not sys.stderr.isatty():
        yield None
        return
    bar = _Bar()
    try:
        yield bar.show
    finally:
        bar.close()


class _Bar:
    def __init__(self) -> None:
        self._started = time.monotonic()
        self._progress: Any = None
        self._task: Any = None

    def show(self, done: int, total: int) -> None:
        """Bring the bar up to date, and draw it for the first time once a second is over."""
        if self._progress is None:
            if time.monotonic() - self._started < _SHOWN_AFTER or done == total:
                return
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._progress = Progress(*columns, console=Console(file=sys.stderr), transient=True)
            self._task = self._progress.add_task("reading pictures", total=total)
            self._progress.start()
        self._progress.update(self._task, completed=done, total=total)

    def close(self) -> None:
        """Take the bar away."""
        if self._progress is not None:
            self._progress.stop()
