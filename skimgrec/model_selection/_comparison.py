"""A comparison that is measured task by task: what is done, what is missing, and what came of it."""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.model_selection._budget import Schedule, run_within_budget, seconds_per_row, with_epochs
from skimgrec.model_selection._fairness import classes_not_taught
from skimgrec.model_selection._fingerprint import data_fingerprint, splits_fingerprint
from skimgrec.model_selection._measure import FoldTask, Measured, Measures
from skimgrec.model_selection._picture_paths import paths_of
from skimgrec.model_selection._result import ComparisonResult
from skimgrec.model_selection._resume import Resumption
from skimgrec.model_selection._run import jobs_at_a_time, run_tasks
from skimgrec.model_selection._splits import OWN_SPLIT, nested_parts
from skimgrec.model_selection._standings import FoldRow
from skimgrec.utils._versions import versions


@dataclass(kw_only=True)
class Comparison:
    """A comparison whose arguments are checked and whose folds are made. `prepare_comparison` makes it.

    Parameters
    ----------
    X : array-like of n rows
        The pictures.
    y : ndarray of shape (n,)
        Their labels.
    codes : ndarray of shape (n,)
        Position of each label among the classes that `measures` has.
    estimators : dict of str to estimator
        What to compare.
    measures : Measures
        What is measured of each fit.
    splits : list of (ndarray, ndarray)
        Rows to train on, and rows to test on.
    cv : str
        How they were made.
    seed : int
        What they, and the candidates asked for by name, were seeded with.
    train_sizes : list of int or float
        Sizes of smaller training parts, smallest first.
    n_jobs : int or None
        How many fits run at the same time, as joblib takes it.
    run_dir : path-like or None
        Where rows are kept.
    fit_timeout : float or None
        Seconds for one fit.
    isolate : bool
        Whether fits run in processes of their own.
    budget : float or None
        Seconds for all of them.
    not_taught : list of list of int
        Positions of the classes that each split tests on without a picture of them to learn from.
    groups : list of int or None
        The group of each picture, if any two share one.
    budget_start : float or None
        Moment of `time.monotonic` from which they count, None for that at which this object is made.
    notes : list of str
        What may be unfair.

    Attributes
    ----------
    tasks : list of FoldTask
        What there is to measure.
    rows : list of FoldRow
        What is measured, in any order.
    n_resumed : int
        How many rows are taken from `run_dir`.
    cut : list of str
        Sentences about what the budget has cut.
    """

    X: Any
    y: NDArray[Any]
    codes: NDArray[np.intp]
    estimators: dict[str, Any]
    measures: Measures
    splits: list[tuple[NDArray[np.intp], NDArray[np.intp]]]
    cv: str
    seed: int
    train_sizes: list[int | float]
    n_jobs: int | None
    run_dir: str | os.PathLike[str] | None = None
    fit_timeout: float | None = None
    isolate: bool = False
    budget: float | None = None
    not_taught: list[list[int]] = field(default_factory=list)
    groups: list[int] | None = None
    budget_start: float | None = None
    notes: list[str] = field(default_factory=list)
    tasks: list[FoldTask] = field(init=False)
    rows: list[FoldRow] = field(init=False, default_factory=list)
    cut: list[str] = field(init=False, default_factory=list)
    n_resumed: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._started = datetime.now(UTC).isoformat(timespec="seconds")
        self._budget_start = time.monotonic() if self.budget_start is None else self.budget_start
        self._versions = versions()
        parts = {
            (fold, size): part
            for fold, (train, _) in enumerate(self.splits)
            for size, part in [
                *nested_parts(train, self.train_sizes, self.codes, seed=self.seed).items(),
                (None, train),
            ]
        }
        self.tasks = [
            FoldTask(name=name, estimator=estimator, fold=fold, train=train, test=self.splits[fold][1], train_size=size)
            for name, estimator in self.estimators.items()
            for (fold, size), train in parts.items()
        ]
        self._data_fingerprint = cache(lambda: data_fingerprint(self.X, self.measures.classes, self.codes))
        self._resumption: Resumption | None = None
        self._own_estimators = dict(self.estimators)
        self._epochs: dict[str, int] = {}
        if self.run_dir is not None:
            self.keep_in(self.run_dir)

    def keep_in(self, run_dir: str | os.PathLike[str]) -> None:
        """Take over the rows that a folder has, and keep there what is measured from now on.

        Parameters
        ----------
        run_dir : path-like
            The folder; it is made if need be.
        """
        self.run_dir = run_dir
        self._resumption = Resumption(
            run_dir,
            self.tasks,
            data=self._data_fingerprint(),
            measures=self.measures,
            n_jobs=jobs_at_a_time(self.n_jobs),
            started=self._started,
            about=[self.budget],
        )
        self._started = self._resumption.started
        self.n_resumed = len(self._resumption.found)
        self._take_over_epochs(self._resumption)

    def with_estimators(
        self,
        estimators: Mapping[str, Any],
        splits: list[tuple[NDArray[np.intp], NDArray[np.intp]]],
        run_dir: str | os.PathLike[str] | None,
    ) -> Comparison:
        """Return a comparison of other estimators on the same pictures, of which nothing is measured.

        Parameters
        ----------
        estimators : dict of str to estimator
            What to compare.
        splits : list of (ndarray, ndarray)
            Rows to train on, perhaps fewer than here, and rows to test on.
        run_dir : path-like or None
            Where rows are kept.

        Returns
        -------
        comparison : Comparison
        """
        not_taught = classes_not_taught(splits, self.codes)
        other = replace(self, estimators=dict(estimators), splits=splits, not_taught=not_taught, run_dir=None)
        # The pictures are hashed once: in files, that means reading them all.
        other._data_fingerprint = self._data_fingerprint
        if run_dir is not None:
            other.keep_in(run_dir)
        return other

    @property
    def rows_to_refit(self) -> NDArray[np.intp]:
        """Rows that the best model may learn from once it is chosen: all but the test pictures of the data's own split.

        On such a split its score is then that of the very model that is kept.
        """
        return self.splits[0][0] if self.cv.startswith(OWN_SPLIT) else np.arange(len(self.y))

    @property
    def seconds_left(self) -> float | None:
        """What is left of the budget, in seconds; None without one."""
        return None if self.budget is None else max(0.0, self._budget_start + self.budget - time.monotonic())

    def measure(self) -> Generator[FoldRow, None, None]:
        """Measure one task after the other, or several at the same time, and yield the row of each that is done.

        Those that the run's folder has come first.
        """
        found = [] if self._resumption is None else self._resumption.found
        for row, loaded in found:
            yield self._done(row, loaded)
        done = {_place(row.estimator, row) for row, _ in found}
        missing = [task for task in self.tasks if _place(task.name, task) not in done]
        with closing(self._run(missing)) as measured:
            for row, loaded in measured:
                if self._resumption is not None:
                    self._resumption.keep(row, loaded)
                yield self._done(row, loaded)

    def _run(self, missing: list[FoldTask]) -> Generator[Measured, None, None]:
        how: dict[str, Any] = {"fit_timeout": self.fit_timeout}
        if self.budget is None:
            with closing(
                run_tasks(missing, self.X, self.y, self.measures, n_jobs=self.n_jobs, isolate=self.isolate, **how)
            ) as measured:
                yield from measured
            return
        how |= {"budget": self.budget, "start": self._budget_start, "n_workers": jobs_at_a_time(self.n_jobs)}
        schedule = Schedule(
            self.tasks,
            missing,
            self._own_estimators,
            budget=how["budget"],
            start=how["start"],
            n_workers=how["n_workers"],
            plan=self._epochs,
            taken=seconds_per_row(self.rows),
            retask=self._retask,
        )
        try:
            with closing(run_within_budget(schedule, self.X, self.y, self.measures, **how)) as measured:
                yield from measured
        finally:
            self.cut = schedule.sentences((row.estimator, row.train_size is None) for row in self.rows)

    def _take_over_epochs(self, resumption: Resumption) -> None:
        """Take what an earlier call with this budget has chosen: its folds are comparable with such folds only."""
        whole = {row.estimator for row, _ in resumption.found}
        for name, epochs in resumption.plan.items():
            if name not in whole and name in self.estimators:
                self._epochs[name] = epochs
                resumption.found += self._retask(name, epochs)[1]

    def _retask(self, name: str, epochs: int) -> tuple[list[FoldTask], list[Measured]]:
        """Give the networks of an estimator fewer epochs; return its tasks that are missing, and rows that are not."""
        self.estimators[name] = with_epochs(self.estimators[name], epochs)
        self.tasks = [
            replace(task, estimator=self.estimators[name]) if task.name == name else task for task in self.tasks
        ]
        own = [task for task in self.tasks if task.name == name]
        if self._resumption is None:
            return own, []
        self._resumption.keep_plan({**self._resumption.plan, name: epochs})
        found = self._resumption.add(own)
        self.n_resumed += len(found)
        done = {_place(row.estimator, row) for row, _ in found}
        return [task for task in own if _place(name, task) not in done], found

    def _done(self, row: FoldRow, loaded: Mapping[str, str]) -> FoldRow:
        self.rows.append(row)
        self._versions.update(loaded)
        return row

    def result(self) -> ComparisonResult:
        """Return what is measured so far, without the estimators of which nothing is."""
        order = {_place(task.name, task): position for position, task in enumerate(self.tasks)}
        rows = sorted(self.rows, key=lambda row: order[_place(row.estimator, row)])
        measured = {row.estimator for row in rows if row.train_size is None}
        classes = self.measures.classes
        shape = getattr(self.X, "shape", None)
        return ComparisonResult(
            rows=[row for row in rows if row.train_size is None],
            partial_rows=[row for row in rows if row.train_size is not None],
            metrics=tuple(self.measures.scorers),
            estimators={
                name: " ".join(_describe(estimator).split())
                for name, estimator in self.estimators.items()
                if name in measured
            },
            cv=self.cv,
            n_folds=len(self.splits),
            seed=self.seed,
            n_samples=len(self.codes),
            picture_shape=None if shape is None else tuple(int(side) for side in shape[1:]),
            class_names=[_plain_label(label) for label in classes.tolist()],
            target=self.codes.tolist(),
            test_rows=[test.tolist() for _, test in self.splits],
            not_taught=self.not_taught,
            groups=self.groups,
            filenames=paths_of(self.X),
            data_fingerprint=self._data_fingerprint(),
            splits_fingerprint=splits_fingerprint(self.splits),
            versions=self._versions,
            date=self._started,
            cut=list(self.cut),
            notes=self.notes,
        )


def _place(name: str, part: FoldTask | FoldRow) -> tuple[str, int, int | float | None]:
    """Return what tells a task, and its row, from the others of the comparison."""
    return name, part.fold, part.train_size


def _describe(estimator: Any) -> str:
    try:
        return repr(estimator)
    except Exception:  # somebody else's __repr__ must not end the comparison after hours of fitting
        return type(estimator).__name__


def _plain_label(label: Any) -> Any:
    return label if isinstance(label, (bool, int, float, str)) else str(label)
