"""Fits in worker processes that may hang, crash, or run out of memory: each costs its own row alone."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any

import joblib
from joblib.externals.loky.backend import get_context
from joblib.externals.loky.backend.utils import kill_process_tree
from joblib.parallel import get_active_backend
from numpy.typing import NDArray

from skimgrec.model_selection._isolated_worker import serve
from skimgrec.model_selection._measure import FoldTask, Measured, Measures, reason
from skimgrec.model_selection._worker_data import DataFolder, WorkerData, pickled_by_value

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
# For a process to start, before it counts as hanging; where fits have a limit, to get to its fit, too.
_SECONDS_TO_START = 300.0
_SECONDS_TO_LEAVE = 1.0
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
                task = waiting.pop()
                workers.start(*((task, X, y) if of is None else of(task)), instead=(task, X, y))
            for _, measured in done:
                yield measured
            done = workers.finished()


@dataclass(eq=False)
class _Job:
    """A task as it goes to a worker."""

    task: FoldTask
    pickled: bytes
    data: WorkerData
    repeated: bool = False


@dataclass(eq=False)
class _Worker:
    """One process, and what it is doing."""

    process: Any
    connection: Connection
    data: int = -1
    job: _Job | None = None
    deadline: float = float("inf")
    started: bool = False
    spoken: bool = False


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
    _held: list[_Job] = field(init=False, default_factory=list)
    _lost: list[tuple[FoldTask, Measured]] = field(init=False, default_factory=list)
    _folder: DataFolder = field(init=False, default_factory=DataFolder)
    _too_large: Any = field(init=False, default=None)

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *exception: object) -> None:
        for worker in self._workers:
            worker.connection.close()  # those that are idle leave
        for worker in self._workers:
            if worker.job is None:
                worker.process.join(_SECONDS_TO_LEAVE)
            _end(worker)
        self._workers.clear()
        self._held.clear()
        self._too_large = None
        self._folder.remove()

    @property
    def n_busy(self) -> int:
        """How many tasks are running, or wait for a process, or have an answer that was not yet taken."""
        return len(self.running) + len(self._lost)

    @property
    def running(self) -> list[FoldTask]:
        """The tasks that are running, or wait for a process."""
        return [job.task for job in (*(worker.job for worker in self._workers), *self._held) if job is not None]

    def start(
        self,
        task: FoldTask,
        X: Any,
        y: NDArray[Any],
        instead: tuple[FoldTask, Any, NDArray[Any]] | None = None,
    ) -> None:
        """Give a task to a worker that has none; one more is started if need be. What fails here is the task's row.

        Parameters
        ----------
        task : FoldTask
            What to measure.
        X : array-like of n rows
            What its rows are rows of.
        y : ndarray of shape (n,)
            Their labels.
        instead : (FoldTask, array-like, ndarray) or None, default=None
            The same task on data that are on the disk more likely, to run if there is no room for `X`.
        """
        if instead is not None and X is self._too_large:
            task, X, y = instead
        in_use = {worker.job.data.number for worker in self._workers if worker.job is not None}
        in_use |= {job.data.number for job in self._held}
        sent = "it was sent to a worker process"
        try:
            pickled = pickled_by_value(task)
            sent = "the pictures were sent to a worker process"
            data = self._folder.put(X, y, self.measures, in_use)
        except Exception as error:
            if isinstance(error, OSError) and instead is not None and X is not instead[1]:
                self._too_large = X
                self.start(*instead)
                return
            if isinstance(error, OSError):
                sent = (
                    f"the pictures were written to {self._folder.place}, from where worker processes read them: make "
                    "room there, or let the environment variable JOBLIB_TEMP_FOLDER name another folder"
                )
            self._fail(task, f"{reason(error)} (while {sent})")
            return
        self._run(_Job(task, pickled, data))

    def finished(self, until: float = float("inf")) -> list[tuple[FoldTask, Measured]]:
        """Wait until tasks are done, have failed with their worker, or took too long, and return their rows.

        Parameters
        ----------
        until : float, default=inf
            Moment of `time.monotonic` at which to return at the latest, with nothing if nothing is done.
        """
        while True:
            while self._held and (not self._workers or any(worker.job is None for worker in self._workers)):
                self._run(self._held.pop(0))
            done, self._lost = self._lost, []
            busy = [worker for worker in self._workers if worker.job is not None]
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
        ended = {id(task) for task in tasks}
        self._held = [job for job in self._held if id(job.task) not in ended]
        for worker in [worker for worker in self._workers if worker.job is not None and id(worker.job.task) in ended]:
            self._workers.remove(worker)
            _end(worker)

    def _run(self, job: _Job, *, fresh: bool = False) -> None:
        """Give a job to an idle worker, or to a new one; it waits for the next idle one if there cannot be more."""
        for worker in [worker for worker in self._workers if worker.job is None]:
            if worker.process.exitcode is not None:  # ended by the system while it was idle
                self._workers.remove(worker)
                _end(worker)
        idle = [worker for worker in self._workers if worker.job is None]
        if idle and not fresh:
            # One that has the data at hand, if there is one.
            worker = max(idle, key=lambda one: one.data == job.data.number)
        else:
            try:
                worker = self._new()
            except OSError as error:
                if self._workers:
                    self._held.append(job)
                    return
                remedy = "a smaller n_jobs needs fewer processes, and less memory"
                self._fail(job.task, f"{reason(error)} (while a worker process was started: {remedy})")
                return
        worker.job, worker.started = job, False
        worker.deadline = time.monotonic() + _SECONDS_TO_START + (self.fit_timeout or 0.0)
        if worker.spoken:
            self._send(worker)

    def _send(self, worker: _Worker) -> None:
        """Send a worker its job. One that is still starting reads nothing, and would let this process wait for it."""
        job = worker.job
        assert job is not None
        if self.fit_timeout is None:
            worker.deadline = float("inf")
        with suppress(OSError):  # it has died, which `finished` sees
            if worker.data != job.data.number:
                worker.data = job.data.number
                worker.connection.send(("data", job.data.number, *job.data.files))
            worker.connection.send(("task", job.data.number, job.pickled))

    def _listen(self, worker: _Worker) -> None:
        job = worker.job
        assert job is not None
        message: tuple[Any, ...] = ("died",)
        try:
            # A worker that has died may have answered before.
            if worker.connection.poll():
                message = worker.connection.recv()
        except Exception:  # the end of the stream, or half an answer
            pass
        if message[0] == "ready":
            worker.spoken = True
            self._send(worker)
        elif message[0] == "started":
            worker.started = True
            if self.fit_timeout is not None:
                worker.deadline = time.monotonic() + self.fit_timeout
        elif message[0] == "died":
            self._give_up(worker, None)
        else:
            worker.job = None
            if message[0] == "failed":
                self._fail(job.task, *message[1:])
            else:
                self._lost.append((job.task, (message[1], message[2])))

    def _give_up(self, worker: _Worker, why: str | None) -> None:
        job = worker.job
        assert job is not None
        self._workers.remove(worker)
        if why is None:
            worker.process.join(_SECONDS_TO_LEAVE)
            why = _reason_of_death(worker.process.exitcode)
            repeat = not worker.started and not job.repeated
        else:
            repeat = False
        _end(worker)
        if repeat:  # the fit had not begun, and is not to blame unless the next process dies, too
            job.repeated = True
            self._run(job, fresh=True)
        else:
            self._fail(job.task, why)

    def _fail(self, task: FoldTask, *why: str) -> None:
        self._lost.append((task, (task.failed(self.measures.scorers, *why), {})))

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
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        worker = _Worker(process, ours)
        self._workers.append(worker)
        return worker

    def _environment(self) -> dict[str, str]:
        """Return what keeps the libraries of a worker to its share of the cores, if the user has not said otherwise."""
        share = str(max(1, joblib.cpu_count() // max(1, self.n_workers)))
        return {name: os.environ.get(name, share) for name in _THREAD_VARIABLES}


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
