"""A comparison on a terminal while it runs: a line for each candidate, and one for the whole."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from skimgrec.cli._tally import State, Tally

if TYPE_CHECKING:
    from skimgrec.model_selection import Comparison, FoldRow

# Lines that are no candidate's: the heading, the rule below it, what is left out, the whole, and the prompt's.
_OTHER_LINES = 5
# In fewer columns there is no room for the fit time.
_NARROW = 56
_LONGEST_STATE = "running fold 1/5"
_BAR_WIDTH, _SHORTEST_BAR = 14, 4


@contextmanager
def live(console: Console) -> Iterator[LiveProgress]:
    """Show how far a comparison is, from now on and until the end of the block.

    Rich draws it from a thread of its own, and it is drawn at once whenever it changes: while a library holds Python's
    lock, as in its import, no thread can draw.
    """
    screen = _Screen()
    with Live(
        get_renderable=lambda: screen, console=console, transient=True, refresh_per_second=8, vertical_overflow="crop"
    ) as display:
        display.refresh()
        yield LiveProgress(display, screen)


class LiveProgress:
    """What is told how far a comparison is, and shows it. `live` makes it."""

    def __init__(self, display: Live, screen: _Screen) -> None:
        self._display = display
        self._screen = screen

    def read(self, done: int, total: int) -> None:
        """Show how many picture files are read."""
        self._screen.doing, self._screen.share = "reading pictures", (done, total)
        self._display.refresh()

    def doing(self, text: str) -> None:
        """Show what is done now."""
        self._screen.doing, self._screen.share = text, None
        self._display.refresh()

    def say(self, text: str) -> None:
        """Show a line that stays."""
        self._display.console.print(text, markup=False, highlight=False, soft_wrap=True)

    @contextmanager
    def downloading(self, bars: Any) -> Iterator[Any]:
        """Show the bars of downloads in this display: two at once would draw over each other."""
        self._screen.below = bars.get_renderable
        try:
            yield bars
        finally:
            self._screen.below = None

    def begin(self, comparison: Comparison, *, budget: float | None = None) -> Callable[[FoldRow], None]:
        """Announce what is to be measured, and return what is to be called with each row."""
        from joblib import effective_n_jobs

        from skimgrec.model_selection import describe_row

        tally = Tally(comparison.tasks, effective_n_jobs(comparison.n_jobs))
        metric = next(iter(comparison.measures.scorers))
        n_resumed = comparison.n_resumed

        def on_row(row: FoldRow) -> None:
            tally.add(row, resumed=tally.done < n_resumed)
            self._display.refresh()
            if row.error is not None and tally.done > n_resumed:
                self.say(describe_row(row))

        self._screen.begin(tally, metric, budget)
        self._display.refresh()
        return on_row


class _Screen:
    """What is drawn, anew each time."""

    def __init__(self) -> None:
        self.doing = "starting"
        self.share: tuple[int, int] | None = None
        self.below: Callable[[], RenderableType] | None = None
        self._tally: Tally | None = None
        self._metric = ""
        self._budget: float | None = None
        self._spinner = Spinner("dots")

    def begin(self, tally: Tally, metric: str, budget: float | None) -> None:
        self._metric, self._budget = metric, budget
        self._tally = tally

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self._tally is None:
            below = self.below
            share = self.share or (0, 0)
            text = f"{share[0]}/{share[1]} {self.doing}" if self.share else self.doing
            yield Group(self._line(text, self.share, options.max_width), *([below()] if below else []))
            return
        states = self._tally.states()
        yield _table(states, self._metric, n_lines=options.size.height - _OTHER_LINES, width=options.max_width)
        share = self._tally.done, self._tally.total
        yield self._line(_whole(self._tally, self._budget), share, options.max_width)

    def _line(self, text: str, share: tuple[int, int] | None, width: int) -> RenderableType:
        room = width - len(text) - len("* ") - 1
        bar = [ProgressBar(share[1], share[0], width=min(room, _BAR_WIDTH))] if share and room >= _SHORTEST_BAR else []
        grid = Table.grid(padding=(0, 1))
        for _ in range(1 + len(bar)):
            grid.add_column(no_wrap=True)
        grid.add_column(no_wrap=True, overflow="ellipsis")
        grid.add_row(self._spinner, *bar, Text(text))
        return grid


def _whole(tally: Tally, budget: float | None) -> str:
    """Return one line about the whole comparison."""
    elapsed = tally.elapsed()
    seconds, known = tally.left()
    parts = [f"{tally.done}/{tally.total} fits", f"{clock_text(elapsed)} elapsed"]
    if tally.done == tally.total:
        parts.append("finishing")
    elif budget is not None and (not known or elapsed + seconds > budget):
        parts.append(f"at most {clock_text(max(budget - elapsed, 0.0))} left")
    elif known or round(seconds):
        parts.append(f"{'about' if known else 'at least'} {clock_text(seconds)} left")
    return ", ".join(parts)


def clock_text(seconds: float) -> str:
    """Return a time as a clock shows it.

    Examples
    --------
    >>> clock_text(65.4), clock_text(3725)
    ('1:05', '1:02:05')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _table(states: Sequence[State], metric: str, *, n_lines: int, width: int) -> RenderableType:
    from skimgrec.model_selection._text import duration, metric_title, printable

    shown = _most_telling(states, max(n_lines, 1))
    title = metric_title(metric)
    # The box has a space between columns, and each cell one more at its right end.
    others = [
        len(_LONGEST_STATE),
        max(len("done"), *(len(f"{state.total}/{state.total}") for state in states)),
        max(len(title), len("0.000")),
        *[len("fit time")] * (width >= _NARROW),
    ]
    room = max(width - sum(others) - 2 * len(others), len("candidate"))
    grid = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    grid.add_column("  candidate", no_wrap=True, overflow="ellipsis", max_width=room)
    grid.add_column("state", no_wrap=True, min_width=len(_LONGEST_STATE))
    grid.add_column("done", justify="right", no_wrap=True)
    grid.add_column(Text(title), justify="right", no_wrap=True)
    if width >= _NARROW:
        grid.add_column("fit time", justify="right", no_wrap=True)
    for state in shown:
        # Names go in as Text: Rich would read "[red]" in a plain string as markup.
        cells = [
            f"{'> ' if state.leads else '  '}{printable(state.name)}",
            state.text,
            f"{state.done}/{state.total}",
            "" if math.isnan(state.score) else f"{state.score:.3f}",
            "" if math.isnan(state.fit_time) else duration(state.fit_time),
        ]
        grid.add_row(*map(Text, cells[: len(grid.columns)]), style=_style(state))
    n_more = len(states) - len(shown)
    if not n_more:
        return grid
    return Group(grid, Text(f"  and {n_more} more, waiting or done", style="dim"))


def _style(state: State) -> str | None:
    if state.leads:
        return "bold green"
    if state.failed:
        return "red"
    if state.running:
        return "bold"
    return "dim" if not state.done else None


def _most_telling(states: Sequence[State], n_lines: int) -> list[State]:
    """Return as many as there is room for: the leader, what runs, what failed, then the best, then what comes next."""

    def rank(state: State) -> tuple[bool, bool, bool, float]:
        score = -math.inf if math.isnan(state.score) else state.score
        return not state.leads, not state.running, not state.failed, -score

    chosen = {state.name for state in sorted(states, key=rank)[:n_lines]}
    return [state for state in states if state.name in chosen]
