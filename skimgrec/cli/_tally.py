"""What of a comparison is done, what runs, who leads, and what time is left."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from skimgrec.model_selection import FoldRow
    from skimgrec.model_selection._measure import FoldTask

Key = tuple[str, int, "int | float | None"]


@dataclass(frozen=True, kw_only=True)
class State:
    """How far one candidate is.

    Parameters
    ----------
    name : str
        The candidate.
    text : str
        "waiting", what runs, "done", or "failed".
    done, total : int
        Fits that are done, and that there are.
    score : float
        Mean of the first metric over the folds that have one, NaN without any.
    fit_time : float
        Mean seconds of a fit on all training pictures of a fold, NaN without any.
    leads : bool
        Whether no mean is higher.
    running, failed : bool
        Whether it runs, and whether a fit has failed.
    """

    name: str
    text: str
    done: int
    total: int
    score: float
    fit_time: float
    leads: bool
    running: bool
    failed: bool


class Tally:
    """Keeps count of a comparison.

    Parameters
    ----------
    tasks : sequence of FoldTask
        What there is to measure, in the order in which it is measured.
    n_running : int
        How many fits run at the same time.
    clock : callable, default=time.monotonic
        Tells the time in seconds.
    """

    def __init__(
        self, tasks: Sequence[FoldTask], n_running: int, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._n_running = n_running
        self._n_train: dict[Key, int] = {(task.name, task.fold, task.train_size): len(task.train) for task in tasks}
        self._pending = dict.fromkeys(self._n_train)
        self._rows: dict[str, list[FoldRow]] = {task.name: [] for task in tasks}
        self._costs: dict[Key, float] = {}
        self._n_folds = 1 + max((task.fold for task in tasks), default=0)
        self._began = self._last = clock()

    @property
    def total(self) -> int:
        """How many fits there are."""
        return len(self._n_train)

    @property
    def done(self) -> int:
        """How many of them are done."""
        return self.total - len(self._pending)

    def add(self, row: FoldRow, *, resumed: bool = False) -> None:
        """Take in a measurement, made now or by an earlier run."""
        key = (row.estimator, row.fold, row.train_size)
        del self._pending[key]
        self._rows[row.estimator].append(row)
        now = self._clock()
        measured = sum(seconds for seconds in (row.fit_time, row.predict_time) if not math.isnan(seconds))
        # One after another, the clock also tells what lies between two fits, and what a failed one took.
        self._costs[key] = now - self._last if self._n_running == 1 and not resumed else measured
        self._last = now

    def elapsed(self) -> float:
        """Return the seconds since the beginning."""
        return self._clock() - self._began

    def left(self) -> tuple[float, bool]:
        """Return the seconds that are left, and whether every candidate is known well enough to tell.

        A fit is expected to take the mean of the candidate's fits on as many pictures, or else in proportion to their
        number. A candidate without any is left out: then it is at least so long.
        """
        seconds, known = 0.0, True
        for key in list(self._pending):
            expected = self._expected(key)
            known = known and expected is not None
            seconds += expected or 0.0
        return max(seconds / self._n_running - (self._clock() - self._last), 0.0), known

    def _expected(self, key: Key) -> float | None:
        name, _, size = key
        done = [other for other in self._costs if other[0] == name]
        alike = [other for other in done if other[2] == size]
        if alike:
            return sum(self._costs[other] for other in alike) / len(alike)
        n_learnt = sum(self._n_train[other] for other in done)
        return sum(self._costs[other] for other in done) / n_learnt * self._n_train[key] if n_learnt else None

    def states(self) -> list[State]:
        """Return how far each candidate is, in the order in which they are measured."""
        # Jobs start in order, so that the first of what is not done is what runs.
        running: dict[str, list[int]] = {}
        for name, fold, _ in list(self._pending)[: self._n_running]:
            running.setdefault(name, []).append(fold)
        means = {name: _mean([_score(row) for row in rows]) for name, rows in self._rows.items()}
        best = max((mean for mean in means.values() if not math.isnan(mean)), default=math.nan)
        return [self._state(name, running.get(name, []), means[name], best) for name in self._rows]

    def _state(self, name: str, running: list[int], mean: float, best: float) -> State:
        rows = list(self._rows[name])
        total = sum(key[0] == name for key in self._n_train)
        n_failed = sum(row.error is not None for row in rows)
        folds = sorted(set(running))
        if running:
            text = (
                f"running fold {folds[0] + 1}/{self._n_folds}" if len(running) == 1 else f"running {len(running)} folds"
            )
        elif len(rows) < total:
            text = "waiting"
        elif n_failed == total:
            text = "failed"
        else:
            text = f"done, {n_failed} failed" if n_failed else "done"
        return State(
            name=name,
            text=text,
            done=len(rows),
            total=total,
            score=mean,
            fit_time=_mean([row.fit_time for row in rows if row.train_size is None]),
            leads=mean == best,
            running=bool(running),
            failed=n_failed > 0,
        )


def _score(row: FoldRow) -> float:
    return math.nan if row.train_size is not None else next(iter(row.scores.values()))


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan
