"""A comparison within a time: what runs first, for how many epochs, and what is left out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from numpy.typing import NDArray

from skimgrec.model_selection._candidate_table import candidate_named
from skimgrec.model_selection._isolated import Workers
from skimgrec.model_selection._measure import FoldTask, Measured, Measures
from skimgrec.model_selection._networks import has_network, networks_in, with_parameters
from skimgrec.model_selection._standings import FoldRow

# A fit that needs no more than that beyond the time is let finish.
_GRACE, _LONGEST_GRACE_SECONDS = 0.02, 5.0
# Estimates of what a network takes are to be too high rather than too low.
_SAFETY = 0.9
# The first fit of a process also builds the network; further ones, as long as they are cheap, tell that apart.
_MOST_PROBES, _MOST_EPOCHS, _CHEAP, _BEARABLE = 3, 10, 0.1, 0.2
_COST_OF_USERS, _COST_OF_NETWORKS = 50, 100

Retask = Callable[[str, int], tuple[list[FoldTask], list[Measured]]]


def by_cost(estimators: Mapping[str, Any]) -> list[str]:
    """Return the names of estimators, those that are usually done soonest first, and networks last.

    Parameters
    ----------
    estimators : dict of str to estimator
        Candidates by their names, and others, which come between the candidates and the networks.
    """

    def cost(name: str) -> int:
        known = candidate_named(name)
        if has_network(estimators[name]):
            return _COST_OF_NETWORKS + (0 if known is None else known.cost)
        return _COST_OF_USERS if known is None else known.cost

    return sorted(estimators, key=cost)


def epochs_of(estimator: Any) -> int | None:
    """Return for how many epochs the networks in an estimator are trained, at most; None if it has none."""
    return max((int(network.epochs) for network in networks_in(estimator).values()), default=None)


def with_epochs(estimator: Any, epochs: int) -> Any:
    """Return a clone of an estimator whose networks are trained for no more than `epochs`."""
    own = {prefix: int(network.epochs) for prefix, network in networks_in(estimator).items()}
    return with_parameters(estimator, {f"{prefix}epochs": min(epochs, most) for prefix, most in own.items()})


def affordable_epochs(own: int, *, seconds: float, rounds: float, start: float, epoch: float) -> int:
    """Return the number of epochs with which all folds of a network take no more than some time.

    Parameters
    ----------
    own : int
        The network's own number, which is not exceeded.
    seconds : float
        The time for all folds.
    rounds : float
        How many folds come one after another.
    start, epoch : float
        Seconds that a fold takes beside its epochs, and for each of them.

    Returns
    -------
    epochs : int
        At least 1.
    """
    spare = _SAFETY * seconds / rounds - start
    return max(1, own if spare >= own * epoch else math.floor(spare / epoch))


def seconds_per_row(rows: Iterable[FoldRow]) -> dict[str, float]:
    """Return the most seconds for each training picture that the fits of each estimator have taken."""
    taken: dict[str, float] = {}
    for row in rows:
        seconds = (row.fit_time + row.predict_time) / max(1, row.n_train)
        if not math.isnan(seconds):
            taken[row.estimator] = max(taken.get(row.estimator, 0.0), seconds)
    return taken


def grace_of(budget: float) -> float:
    """Return for how many seconds beyond a budget a running fit may go on."""
    return min(_GRACE * budget, _LONGEST_GRACE_SECONDS)


@dataclass(eq=False)
class _Entry:
    """One estimator, and what is known of it."""

    name: str
    waiting: list[FoldTask]
    own_epochs: int | None
    n_folds: int
    n_parts: int
    planned: bool = False
    probe: FoldTask | None = None
    probe_epochs: int = 1
    n_probes: int = 0
    cold: float = math.nan
    epoch: float = math.inf
    seconds_per_row: float = 0.0
    stopped: list[FoldTask] = field(default_factory=list)
    dropped: bool = False


class Schedule:
    """What to run next, so that a comparison keeps to its time. It looks at no clock of its own.

    Parameters
    ----------
    tasks : sequence of FoldTask
        What is to be measured.
    missing : sequence of FoldTask
        Those of them that are not measured yet.
    estimators : dict of str to estimator
        What they are about, with the networks' own epochs.
    budget : float
        The time, in seconds.
    start : float
        When it began, on the clock that the methods are told the time of.
    n_workers : int
        How many tasks run at the same time.
    plan : dict of str to int
        Numbers of epochs that are settled already, and that the tasks have.
    taken : dict of str to float
        The most seconds for each training picture that fits have taken, where some are measured already.
    retask : callable
        Takes a name and a number of epochs, and returns the tasks with it that are to be measured, and the rows of
        those that have been measured before.
    """

    def __init__(
        self,
        tasks: Sequence[FoldTask],
        missing: Sequence[FoldTask],
        estimators: Mapping[str, Any],
        *,
        budget: float,
        start: float,
        n_workers: int,
        plan: Mapping[str, int],
        taken: Mapping[str, float],
        retask: Retask,
    ) -> None:
        self._budget, self._end, self._n_workers = budget, start + budget, n_workers
        self._retask = retask
        self._entries: dict[str, _Entry] = {}
        self.epochs = dict(plan)
        self._found: list[Measured] = []
        for name in by_cost(estimators):
            own = [task for task in tasks if task.name == name]
            waiting = [task for task in missing if task.name == name]
            entry = _Entry(name, _whole_first(waiting), epochs_of(estimators[name]), _n_whole(own), len(own))
            # Folds that were measured at full length are comparable with such folds only.
            entry.planned = (entry.own_epochs or 1) <= 1 or len(waiting) < len(own) or name in plan
            entry.seconds_per_row = taken.get(name, 0.0)
            self._entries[name] = entry

    def next(self, now: float) -> FoldTask | None:
        """Return the task to start now, None if there is none, or one that is running has to end first."""
        for entry in self._entries.values():
            if not entry.waiting:
                continue
            if entry.probe is not None:
                return None
            if now >= self._end:
                entry.dropped = True
                continue
            if not entry.planned:
                return self._probe(entry, entry.probe_epochs)
            task = entry.waiting[0]
            if now + entry.seconds_per_row * len(task.train) > self._end + grace_of(self._budget):
                entry.dropped = True
                continue
            return entry.waiting.pop(0)
        return None

    def finished(self, task: FoldTask, measured: Measured, seconds: float, now: float) -> list[Measured]:
        """Take note of what a task took, and return what is to be reported: nothing of one that only took the time."""
        row = measured[0]
        entry = self._entries[task.name]
        known = row.fit_time + row.predict_time
        taken = seconds if math.isnan(known) else known
        if entry.probe is not task:
            entry.seconds_per_row = max(entry.seconds_per_row, taken / max(1, len(task.train)))
            return [measured]
        entry.probe = None
        if row.error is not None:  # it fails likewise in its folds, and says so there
            entry.planned = True
            return []
        self._learn(entry, task, taken, now)
        found, self._found = self._found, []
        return found

    def was_cut(self, task: FoldTask) -> None:
        """Take note of a task that was running when the time was up."""
        entry = self._entries[task.name]
        if entry.probe is task:
            entry.probe, entry.dropped = None, True
        else:
            entry.stopped.append(task)

    def resumed(self) -> list[Measured]:
        """Return rows that turned out to be there, once a number of epochs was settled."""
        found, self._found = self._found, []
        return found

    def sentences(self, measured: Iterable[tuple[str, bool]]) -> list[str]:
        """Return what was cut, in words.

        Parameters
        ----------
        measured : iterable of (str, bool)
            The estimator of each row, and whether it learnt from all training pictures of its fold.
        """
        rows = list(measured)
        said = []
        for entry in self._entries.values():
            epochs, own = self.epochs.get(entry.name), entry.own_epochs
            if epochs is not None and own is not None and epochs < own:
                said.append(
                    f"{entry.name}: {epochs} of {own} epochs in each fold, for the budget of {self._budget:g} s."
                )
            why = ["cut off when the time was up"] if entry.stopped else []
            why += ["not started for want of time"] if entry.dropped or entry.waiting else []
            n_folds, n_parts = rows.count((entry.name, True)), rows.count((entry.name, False))
            if why and n_folds < entry.n_folds:
                said.append(f"{entry.name}: {n_folds} of {entry.n_folds} folds; {', '.join(why)}.")
            elif why:
                total = entry.n_parts - entry.n_folds
                said.append(f"{entry.name}: {n_parts} of {total} smaller training sets; {', '.join(why)}.")
        return said

    def _probe(self, entry: _Entry, epochs: int) -> FoldTask:
        largest = max(entry.waiting, key=lambda task: len(task.train))
        entry.probe = replace(largest, estimator=with_epochs(largest.estimator, epochs))
        return entry.probe

    def _learn(self, entry: _Entry, probe: FoldTask, seconds: float, now: float) -> None:
        """Choose the number of epochs from what a fit with few of them took, or ask for another such fit."""
        own = entry.own_epochs or 1
        # Networks whose turn has not come get an equal share of what is left.
        sharing = sum(bool(other.waiting) and not other.planned for other in self._entries.values())
        share = (self._end - now) / max(1, sharing)
        sizes = [len(task.train) for task in entry.waiting]
        rounds = max(1.0, math.ceil(sum(sizes) / max(sizes) / self._n_workers))
        epochs = epochs_of(probe.estimator) or 1
        entry.cold = seconds if entry.n_probes == 0 else entry.cold
        entry.n_probes += 1
        entry.epoch = max(1e-9, min(entry.epoch, seconds / epochs))
        start = max(0.0, entry.cold - entry.epoch)
        chosen = affordable_epochs(own, seconds=share, rounds=rounds, start=start, epoch=entry.epoch)
        more = min(own, _MOST_EPOCHS, max(1, int(_CHEAP * share / entry.epoch)))
        tells_more = entry.n_probes == 1 or more > epochs
        if chosen < own and tells_more and entry.n_probes < _MOST_PROBES and more * entry.epoch < _BEARABLE * share:
            entry.probe_epochs = more
            return
        entry.seconds_per_row = (start + chosen * entry.epoch) / max(sizes)
        self._settle(entry, chosen)

    def _settle(self, entry: _Entry, epochs: int) -> None:
        entry.planned = True
        self.epochs[entry.name] = epochs
        if epochs < (entry.own_epochs or 1):
            waiting, found = self._retask(entry.name, epochs)
            entry.waiting = _whole_first(waiting)
            self._found += found


def run_within_budget(
    schedule: Schedule,
    X: Any,
    y: NDArray[Any],
    measures: Measures,
    *,
    budget: float,
    start: float,
    n_workers: int,
    fit_timeout: float | None = None,
) -> Generator[Measured, None, None]:
    """Yield the row of each task that a schedule comes to within its time.

    Parameters
    ----------
    schedule : Schedule
        What to run.
    X : array-like of n rows
        The pictures.
    y : ndarray of shape (n,)
        Their labels.
    measures : Measures
        What to write down of each task.
    budget, start : float
        The time, and when it began, in seconds of `time.monotonic`.
    n_workers : int
        How many fits run at the same time.
    fit_timeout : float, default=None
        Seconds for a fit and its test.

    Yields
    ------
    measured : (FoldRow, dict of str to str)
        In any order.
    """
    end = start + budget + grace_of(budget)
    begun: dict[int, float] = {}
    # Whoever is handed a row may take its time, in which the workers should not be idle.
    reports: list[Measured] = []
    with Workers(y, measures, n_workers, fit_timeout=fit_timeout) as workers:
        while True:
            while workers.n_busy < n_workers and (task := schedule.next(time.monotonic())) is not None:
                begun[id(task)] = time.monotonic()
                workers.start(task, X, y)
            yield from [*reports, *schedule.resumed()]
            reports = []
            if not workers.n_busy:
                break
            done = workers.finished(until=end)
            now = time.monotonic()
            for task, measured in done:
                reports += schedule.finished(task, measured, now - begun.pop(id(task)), now)
            if not done and now >= end:
                running = workers.running
                workers.end(running)
                for task in running:
                    schedule.was_cut(task)


def _whole_first(tasks: Sequence[FoldTask]) -> list[FoldTask]:
    """Return tasks, those first that the ranking rests on."""
    return sorted(tasks, key=lambda task: task.train_size is not None)


def _n_whole(tasks: Sequence[FoldTask]) -> int:
    return sum(task.train_size is None for task in tasks)
