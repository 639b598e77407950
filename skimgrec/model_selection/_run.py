"""Running the fits of a comparison, one after another or side by side."""

from __future__ import annotations

import traceback
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, nullcontext
from typing import Any

import numpy as np
from joblib import effective_n_jobs
from joblib.parallel import get_active_backend
from numpy.typing import NDArray
from sklearn.utils.parallel import Parallel, delayed

from skimgrec.model_selection._dask import dask_client, run_on_dask
from skimgrec.model_selection._isolated import run_isolated
from skimgrec.model_selection._measure import FoldTask, Measured, Measures, measure, reason
from skimgrec.model_selection._shared_steps import SharedSteps
from skimgrec.model_selection._standings import FoldRow
from skimgrec.model_selection._warning_log import intercepted_warnings

# A task with its number, and the X and y that it is to be run on.
_Job = tuple[int, FoldTask, Any, NDArray[Any]]


def check_n_jobs(n_jobs: int | None) -> None:
    """Raise an error if joblib would refuse `n_jobs`."""
    if n_jobs is not None and (not isinstance(n_jobs, (int, np.integer)) or n_jobs == 0):
        raise ValueError(f"n_jobs={n_jobs!r}, expected None, a positive number of jobs, or -1 for all processors.")


def jobs_at_a_time(n_jobs: int | None) -> int:
    """Return how many fits run at the same time."""
    try:
        return max(1, effective_n_jobs(n_jobs))
    except Exception:  # a cluster that cannot be reached: running the fits says so
        return 1


def run_tasks(
    tasks: Sequence[FoldTask],
    X: Any,
    y: NDArray[Any],
    measures: Measures,
    *,
    n_jobs: int | None,
    isolate: bool = False,
    fit_timeout: float | None = None,
) -> Generator[Measured, None, None]:
    """Yield the row of each task as it is measured, with the versions of the libraries that its process had loaded.

    A task that cannot be sent to a worker, or takes its worker down, gives a row with that reason. Those that had been
    handed out by then are repeated one by one, on the pictures; then the others go on side by side.

    Parameters
    ----------
    tasks : sequence of FoldTask
        What to measure.
    X : array-like of n rows
        The pictures.
    y : ndarray of shape (n,)
        Their labels.
    measures : Measures
        What to write down of each.
    n_jobs : int or None
        As joblib takes it.
    isolate : bool, default=False
        Whether each fit runs in a process that can be ended.
    fit_timeout : float, default=None
        Seconds after which a fit is ended, with `isolate`.

    Yields
    ------
    measured : (FoldRow, dict of str to str)
        In any order.
    """
    shared = SharedSteps(tasks, X, y, measures.scorers)
    if isolate:
        how: dict[str, Any] = {"n_workers": jobs_at_a_time(n_jobs), "fit_timeout": fit_timeout, "of": shared.of}
        with closing(run_isolated(tasks, X, y, measures, **how)) as rows:
            yield from rows
        return
    client = dask_client()
    if client is not None:
        with closing(run_on_dask(client, tasks, shared.of, measures)) as rows:
            yield from rows
        return
    pending = dict(enumerate(tasks))
    with intercepted_warnings():
        while pending:
            handed_out: set[int] = set()
            try:
                for part in _parts(list(pending.items()), n_jobs):
                    jobs = _handed_out(part, shared, handed_out)
                    with _closing(_parallel(jobs, measures, n_jobs)) as measured:
                        for number, row, loaded in measured:
                            del pending[number]
                            yield row, loaded
            except Exception:  # a worker died or a task could not be sent; alone, each shows whether it is to blame
                for number in [number for number in pending if number in handed_out] or list(pending):
                    yield _measure_alone((number, pending.pop(number), X, y), measures, n_jobs)


def _closing(results: Any) -> Any:
    return closing(results) if hasattr(results, "close") else nullcontext(results)


def _streams() -> bool:
    """Tell whether joblib's backend hands over each result as soon as it is there."""
    backend, _ = get_active_backend()
    return bool(getattr(backend, "supports_return_generator", False))


def _parts(tasks: list[tuple[int, FoldTask]], n_jobs: int | None) -> list[list[tuple[int, FoldTask]]]:
    """Return the tasks to hand to joblib at a time: all of them, unless the first row would come after the last fit."""
    size = len(tasks) if _streams() else jobs_at_a_time(n_jobs)
    return [tasks[start : start + size] for start in range(0, len(tasks), max(1, size))]


def _handed_out(tasks: Iterable[tuple[int, FoldTask]], shared: SharedSteps, numbers: set[int]) -> Iterator[_Job]:
    """Yield tasks with the data that they are to be run on, just before they are, and take down their numbers."""
    for number, task in tasks:
        numbers.add(number)
        yield number, *shared.of(task)


def _parallel(jobs: Iterable[_Job], measures: Measures, n_jobs: int | None) -> Any:
    parallel = Parallel(n_jobs=n_jobs, return_as="generator_unordered" if _streams() else "list")
    return parallel(delayed(_numbered)(*job, measures) for job in jobs)


def _measure_alone(job: _Job, measures: Measures, n_jobs: int | None) -> Measured:
    try:
        with _closing(_parallel([job], measures, n_jobs)) as measured:
            ((_, row, loaded),) = measured
    except Exception as error:
        row = job[1].failed(measures.scorers, reason(error), traceback.format_exc())
        return row, {}
    return row, loaded


def _numbered(
    number: int, task: FoldTask, X: Any, y: NDArray[Any], measures: Measures
) -> tuple[int, FoldRow, dict[str, str]]:
    return number, *measure(task, X, y, measures)
