"""Fits in worker processes that may hang, crash, or run out of memory: each costs its own row alone."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import joblib
from joblib.externals.loky.backend import get_context
from joblib.externals.loky.backend.reduction import dumps
from joblib.externals.loky.backend.utils import kill_process_tree
from joblib.parallel import get_active_backend
from numpy.typing import NDArray

from skimgrec.model_selection._isolated_worker import serve
from skimgrec.model_selection._measure import FoldTask, Measured, Measures, reason

_OWN_BACKENDS = ("LokyBackend", "SequentialBackend")
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
# For a process to start, load its libraries and get to its fit, before it counts as hanging.
_SECONDS_TO_START = 300.0
_SECONDS_TO_LEAVE = 1.0
# Data that stays on disk while no worker needs it: the pictures, and features of them.
_DATA_KEPT = 2
_Of = Callable[[FoldTask], tuple[FoldTask, Any, NDArray[Any]]]


def check_backend() -> None:
    """Raise an error if joblib is told to use a backend whose workers are not ours to end."""
    backend, _ = get_active_backend()
    if type(backend).__name__ not in _OWN_BACKENDS:
        name = type(backend).__name__.removesuffix("Backend")
        raise ValueError(
            "isolate, fit_timeout and budget run fits in processes of their own on this machine, which cannot be had "
            f"under joblib.parallel_config with the backend {name}. Leave them out, or the parallel_config: n_jobs "
            "says how many processes there are."
        )


def run_isolated(
    tasks: Sequence[FoldTask],
    X: Any,
    y: NDArray[Any],
    measures: Measures,
    *,
    n_workers: int,
    fit_timeout: float | None = None,
    of: _Of | None = None,
) -> Generator[Measured, None, None]:
    """Yield the row of each task as it is measured, in worker processes that end with the generator.

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
    n_workers : int
        How many fits run at the same time. Each gets its share of the cores, however few tasks there are: networks
        round differently with more threads.
    fit_timeout : float, default=None
        Seconds for a fit and its test.
    of : callable, default=None
        Takes a task, when it is about to run, and returns it with the X and y that it is to be run on; without it,
        they are these.

    Yields
    ------
    measured : (FoldRow, dict of str to str)
        In any order.
    """
    waiting = list(tasks)[::-1]
    with Workers(y, measures, n_workers, fit_timeout=fit_timeout) as workers:
        done: list[tuple[FoldTask, Measured]] = []
        while waiting or done or workers.n_busy:
            # Before the caller gets to see what is done: it may take its time.
            while waiting and workers.n_busy < workers.n_workers:
                workers.start(*((waiting.pop(), X, y) if of is None else of(waiting.pop())))
            for _, measured in done:
                yield measured
            done = workers.finished()


@dataclass(eq=False)
class _Worker:
    """One process, and what it is doing."""

    process: Any
    connection: Connection
    data: int = -1
    task: FoldTask | None = None
    deadline: float = float("inf")
    started: bool = False
    spoken: bool = False


@dataclass(eq=False)
class _Data:
    """Data on disk."""

    X: Any
    number: int
    files: tuple[Path, Path]


@dataclass(eq=False)
class Workers:
    """Worker processes that measure tasks, to be used in a ``with`` statement.

    Parameters
    ----------
    y : ndarray of shape (n,)
        The labels of the pictures.
    measures : Measures
        What to write down of each task.
    n_workers : int
        How many there are at most. Each gets its share of the cores.
    fit_timeout : float or None
        Seconds for a fit and its test, counted from when the fit begins.
    """

    y: NDArray[Any]
    measures: Measures
    n_workers: int
    fit_timeout: float | None = None
    _workers: list[_Worker] = field(init=False, default_factory=list)
    _lost: list[tuple[FoldTask, Measured]] = field(init=False, default_factory=list)
    _data: list[_Data] = field(init=False, default_factory=list)
    _number: int = field(init=False, default=-1)

    def __enter__(self) -> Workers:
        self._folder = Path(tempfile.mkdtemp(prefix="skimgrec-", dir=os.environ.get("JOBLIB_TEMP_FOLDER")))
        return self

    def __exit__(self, *exception: object) -> None:
        for worker in self._workers:
            worker.connection.close()  # those that are idle leave
        for worker in self._workers:
            if worker.task is None:
                worker.process.join(_SECONDS_TO_LEAVE)
            _end(worker)
        self._workers.clear()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def n_busy(self) -> int:
        """How many tasks are running or have an answer that was not yet taken."""
        return sum(worker.task is not None for worker in self._workers) + len(self._lost)

    @property
    def running(self) -> list[FoldTask]:
        """The tasks that are running."""
        return [worker.task for worker in self._workers if worker.task is not None]

    def start(self, task: FoldTask, X: Any, y: NDArray[Any]) -> None:
        """Give a task to a worker that has none; one more is started if need be."""
        try:
            pickled = _by_value(task)
        except Exception as error:
            failure = f"{reason(error)} (while it was sent to a worker process)"
            self._lost.append((task, (task.failed(self.measures.scorers, failure), {})))
            return
        data = self._put_on_disk(X, y)
        idle = [worker for worker in self._workers if worker.task is None]
        # One that has the data at hand, if there is one.
        worker = max(idle, key=lambda one: one.data == data.number) if idle else self._new()
        worker.task, worker.started = task, False
        worker.deadline = time.monotonic() + _SECONDS_TO_START + (self.fit_timeout or 0.0)
        if self.fit_timeout is None:
            worker.deadline = float("inf")
        with suppress(OSError):  # it has died, which `finished` sees
            if worker.data != data.number:
                worker.data = data.number
                worker.connection.send(("data", data.number, *data.files))
            worker.connection.send(("task", data.number, pickled))

    def finished(self, until: float = float("inf")) -> list[tuple[FoldTask, Measured]]:
        """Wait until tasks are done, have failed with their worker, or took too long, and return their rows.

        Parameters
        ----------
        until : float, default=inf
            Moment of `time.monotonic` at which to return at the latest, with nothing if nothing is done.
        """
        while True:
            done, self._lost = self._lost, []
            busy = [worker for worker in self._workers if worker.task is not None]
            if done or not busy:
                return done
            now = time.monotonic()
            ends = min(until, *(worker.deadline for worker in busy))
            waited_for = [source for worker in busy for source in (worker.connection, worker.process.sentinel)]
            ready = wait(waited_for, None if ends == float("inf") else max(0.0, ends - now))
            for worker in busy:
                if worker.connection in ready or worker.process.sentinel in ready:
                    self._listen(worker)
                elif time.monotonic() >= worker.deadline:
                    self._give_up(worker, self._timeout_reason(worker))
            if not self._lost and time.monotonic() >= until:
                return []

    def end(self, tasks: Sequence[FoldTask]) -> None:
        """End the workers of running tasks, without a row."""
        for worker in [worker for worker in self._workers if any(worker.task is task for task in tasks)]:
            self._workers.remove(worker)
            _end(worker)

    def _listen(self, worker: _Worker) -> None:
        task = worker.task
        assert task is not None
        message: tuple[Any, ...] = ("died",)
        try:
            # A worker that has died may have answered before.
            if worker.connection.poll():
                message = worker.connection.recv()
        except Exception:  # the end of the stream, or half an answer
            pass
        if message[0] == "ready":
            worker.spoken = True
        elif message[0] == "started":
            worker.started = True
            if self.fit_timeout is not None:
                worker.deadline = time.monotonic() + self.fit_timeout
        elif message[0] == "died":
            self._give_up(worker, None)
        else:
            worker.task = None
            if message[0] == "failed":
                message = ("done", task.failed(self.measures.scorers, *message[1:]), {})
            self._lost.append((task, (message[1], message[2])))

    def _give_up(self, worker: _Worker, why: str | None) -> None:
        task = worker.task
        assert task is not None
        self._workers.remove(worker)
        if why is None:
            worker.process.join(_SECONDS_TO_LEAVE)
            why = _reason_of_death(worker.process.exitcode)
        _end(worker)
        self._lost.append((task, (task.failed(self.measures.scorers, why), {})))

    def _timeout_reason(self, worker: _Worker) -> str:
        if worker.started:
            return f"TimeoutError: fit took longer than fit_timeout={self.fit_timeout:g} s"
        what = "the worker process got to its fit" if worker.spoken else "the worker process started"
        return f"TimeoutError: more than {_SECONDS_TO_START:g} s passed before {what}"

    def _new(self) -> _Worker:
        context = get_context("loky")
        ours, theirs = context.Pipe(duplex=True)
        process = context.Process(target=serve, args=(theirs, os.getpid()), env=self._environment(), daemon=False)
        try:
            process.start()
        finally:
            theirs.close()
        worker = _Worker(process, ours)
        self._workers.append(worker)
        return worker

    def _environment(self) -> dict[str, str]:
        """Return what keeps the libraries of a worker to its share of the cores, if the user has not said otherwise."""
        share = str(max(1, joblib.cpu_count() // max(1, self.n_workers)))
        return {name: os.environ.get(name, share) for name in _THREAD_VARIABLES}

    def _put_on_disk(self, X: Any, y: NDArray[Any]) -> _Data:
        """Write data to files that every worker reads, unless they are there from a task before."""
        known = next((data for data in self._data if data.X is X), None)
        if known is not None:
            self._data.remove(known)
            self._data.append(known)
            return known
        in_use = {worker.data for worker in self._workers if worker.task is not None}
        for old in [data for data in self._data[: 1 - _DATA_KEPT] if data.number not in in_use]:
            self._data.remove(old)
            for path in old.files:
                # A worker that has mapped it keeps it; Windows keeps the file, too.
                with suppress(OSError):
                    path.unlink()
        self._number += 1
        pictures, others = self._folder / f"{self._number}.joblib", self._folder / f"{self._number}.pickle"
        try:
            joblib.dump(X, pictures)
        except Exception:  # of classes that are local to a function, say
            pictures = pictures.with_name(f"{self._number}-pictures.pickle")
            pictures.write_bytes(_by_value(X))
        others.write_bytes(_by_value((y, self.measures)))
        self._data.append(_Data(X, self._number, (pictures, others)))
        return self._data[-1]


def _by_value(value: Any) -> bytes:
    """Pickle a value with the classes and functions that a worker could not import."""
    return bytes(dumps(value))


def _reason_of_death(code: int | None) -> str:
    if code is not None and code < 0:
        with suppress(ValueError):
            name = signal.Signals(-code).name
            hint = ", most likely because memory ran out" if name == "SIGKILL" else ""
            return f"TerminatedWorkerError: the process of this fit was ended by {name}{hint}"
    return f"TerminatedWorkerError: the process of this fit ended with exit code {code}"


def _end(worker: _Worker) -> None:
    """End a process and all that it has started, whatever it is doing."""
    with suppress(OSError):
        worker.connection.close()
    pid = worker.process.pid
    if hasattr(os, "killpg"):
        # It leads a group of its own, which outlives it; before it does, there is nothing but itself.
        with suppress(OSError):
            os.killpg(pid, signal.SIGKILL)
    if worker.process.exitcode is None:
        kill_process_tree(worker.process)
    worker.process.join()
