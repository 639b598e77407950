"""Fits on a cluster of Dask's.

joblib's own backend is asked for the client only: it waits for ever for the result of a worker that has died.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Generator, Sequence
from typing import Any

from joblib.parallel import get_active_backend
from numpy.typing import NDArray

from skimgrec.model_selection._measure import FoldTask, Measured, Measures, measure, reason

_TASKS_PER_CORE = 2
_SECONDS_BETWEEN_POLLS = 0.01
_SECONDS_BETWEEN_LOOKS = 5.0
_SECONDS_WITHOUT_WORKERS = 300.0
_Of = Callable[[FoldTask], tuple[FoldTask, Any, NDArray[Any]]]


def dask_client() -> Any:
    """Return the client of the Dask cluster that ``joblib.parallel_config`` names, None if it names none."""
    backend, _ = get_active_backend()
    return backend.client if type(backend).__name__ == "DaskDistributedBackend" else None


def run_on_dask(client: Any, tasks: Sequence[FoldTask], of: _Of, measures: Measures) -> Generator[Measured, None, None]:
    """Yield the row of each task as it is measured on a cluster.

    Where a worker dies, Dask may blame all tasks that it had been given. Those are repeated one by one, and the one
    that takes its worker down again is a row with that reason.

    Parameters
    ----------
    client : distributed.Client
        Of the cluster. Arrays are sent to each worker once, tasks as they are.
    tasks : sequence of FoldTask
        What to measure.
    of : callable
        Takes a task and returns it with the X and y that it is to be run on.
    measures : Measures
        What to write down of each.

    Yields
    ------
    measured : (FoldRow, dict of str to str)
        In any order.

    Raises
    ------
    RuntimeError
        If all workers are gone and none comes for five minutes.
    """
    suspects: list[FoldTask] = []
    for task, measured, _ in _run(client, tasks, of, measures):
        if measured is None:
            suspects.append(task)
        else:
            yield measured
    for suspect in suspects:
        for task, measured, error in _run(client, [suspect], of, measures):
            yield (task.failed(measures.scorers, *error), {}) if measured is None else measured


def _run(
    client: Any, tasks: Sequence[FoldTask], of: _Of, measures: Measures
) -> Generator[tuple[FoldTask, Measured | None, tuple[str, str]], None, None]:
    """Yield each task with its row, or with why there is none."""
    from distributed import as_completed

    waiting = list(tasks)[::-1]
    running: dict[Any, FoldTask] = {}
    done = as_completed()
    data: tuple[Any, Any] = (None, None)
    try:
        while waiting or running:
            cores = max(1, sum(client.ncores().values()))
            while waiting and len(running) < _TASKS_PER_CORE * cores:
                task = waiting.pop()
                try:
                    changed, X, y = of(task)
                    if data[1] is None or data[0] is not X:
                        data = X, client.scatter([X, y, measures], broadcast=True, hash=False)
                    # The name of a task that is run twice must not be the same: its outcome is kept.
                    future = client.submit(measure, changed, *data[1], pure=False, retries=0)
                except Exception as error:  # it cannot be pickled, say
                    yield task, None, (reason(error), traceback.format_exc())
                    continue
                running[future] = task
                done.add(future)
            if not running:
                continue
            _wait(client, done)
            future = next(done)
            task = running.pop(future)
            try:
                measured, why = future.result(), ("", "")
            except Exception as error:
                measured, why = None, (reason(error), traceback.format_exc())
            yield task, measured, why
    finally:
        client.cancel(list(running))


def _wait(client: Any, done: Any) -> None:
    """Wait for a result, or for so long without any worker that there will be none."""
    looked, alone_since = time.monotonic(), None
    while not done.has_ready():
        time.sleep(_SECONDS_BETWEEN_POLLS)
        now = time.monotonic()
        if now - looked < _SECONDS_BETWEEN_LOOKS:
            continue
        looked = now
        if client.ncores():
            alone_since = None
        elif alone_since is None:
            alone_since = now
        elif now - alone_since >= _SECONDS_WITHOUT_WORKERS:
            raise RuntimeError(
                f"The Dask cluster has had no worker for {_SECONDS_WITHOUT_WORKERS:g} s, and fits are waiting for one. "
                "Start workers, and call compare again: with a run_dir it goes on with what is missing."
            )
