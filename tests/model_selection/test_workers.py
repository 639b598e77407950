"""What the process that hands out fits does about workers that die, hang or cannot be had: with workers in threads."""

import errno
import os
import threading
import types
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB

from skimgrec.model_selection import _isolated, prepare_comparison
from skimgrec.model_selection._isolated import Workers, run_isolated
from skimgrec.model_selection._isolated_worker import _answer, _load


class Died(Exception):
    pass


class Threads:
    """Stands for loky's processes: each is a thread that does what the next of `behaviours` says, or serves."""

    def __init__(self, behaviours=()):
        self.behaviours, self.processes = list(behaviours), []

    def Pipe(self, duplex):
        return Pipe(duplex=duplex)

    def Process(self, target, args, env, daemon):
        return Thread(self, Connection(os.dup(args[0].fileno())), env)


class Thread:
    def __init__(self, context, connection, env):
        self.context, self.connection, self.env = context, connection, env
        self.pid, self.exitcode, self.idle_death = None, None, threading.Event()
        self.sentinel, self._alive = os.pipe()

    def start(self):
        self.behave = self.context.behaviours.pop(0) if self.context.behaviours else serve
        if isinstance(self.behave, OSError):
            raise self.behave
        self.context.processes.append(self)
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    def _work(self):
        with suppress(Died, EOFError, OSError):
            self.behave(self)
        self.exitcode = -9
        self.connection.close()
        os.close(self._alive)

    def join(self, timeout=None):
        self.thread.join(timeout)


def serve(process):
    process.connection.send(("ready",))
    while True:
        kind, _, *rest = process.connection.recv()
        if kind == "data":
            data = _load(*rest)
        else:
            process.connection.send(_answer(process.connection, rest[0], data))


def die_at_once(process):
    raise Died


def die_of_the_first_task(process):
    process.connection.send(("ready",))
    process.connection.recv()
    raise Died


def serve_once(process):
    process.connection.send(("ready",))
    _, _, *files = process.connection.recv()
    _, _, task = process.connection.recv()
    process.connection.send(_answer(process.connection, task, _load(*files)))


@pytest.fixture
def threads(monkeypatch):
    """Return a function that has the workers of this test be threads with the given behaviours."""

    def arrange(*behaviours):
        context = Threads(behaviours)
        monkeypatch.setattr(_isolated, "get_context", lambda name: context)
        monkeypatch.setattr(_isolated, "_end", lambda worker: worker.connection.close())
        return context

    return arrange


@pytest.fixture
def comparison(blobs):
    return prepare_comparison({"nb": GaussianNB()}, *blobs, cv=4, random_state=0)


def errors(comparison, n_workers=1, **how):
    """Return the errors of the folds' rows, in the order of the folds."""
    rows = run_isolated(comparison.tasks, comparison.X, comparison.y, comparison.measures, n_workers=n_workers, **how)
    found = {row.fold: row.error for row, _ in rows}
    assert len(found) == len(comparison.tasks)
    return [found[fold] for fold in sorted(found)]


def test_a_worker_that_died_while_idle_costs_no_row(comparison, threads):
    context = threads(serve_once)
    with Workers(comparison.y, comparison.measures, 1) as workers:
        for task in comparison.tasks[:3]:
            workers.start(task, comparison.X, comparison.y)
            ((_, (row, _)),) = workers.finished()
            assert row.error is None
            if len(context.processes) == 1:
                context.processes[0].join()
    assert len(context.processes) == 2


@pytest.mark.parametrize("behaviour", [die_at_once, die_of_the_first_task])
def test_a_fit_is_repeated_once_if_its_worker_dies_before_it(comparison, threads, behaviour):
    context = threads(behaviour)
    assert errors(comparison) == [None] * 4
    assert len(context.processes) == 2
    context = threads(behaviour, behaviour)
    first, *others = errors(comparison)
    assert first.startswith("TerminatedWorkerError: the process of this fit was ended by SIGKILL")
    assert others == [None] * 3
    assert len(context.processes) == 3


def test_a_fit_that_takes_its_worker_down_is_not_repeated(comparison, threads):
    def die_in_the_fit(process):
        process.connection.send(("ready",))
        process.connection.recv()
        process.connection.send(("started",))
        raise Died

    context = threads(die_in_the_fit)
    assert [error is None for error in errors(comparison)] == [False, True, True, True]
    assert len(context.processes) == 2


def test_handing_out_a_large_task_does_not_wait_for_the_worker_to_start(comparison, threads):
    go, waited_in_vain = threading.Event(), []

    def start_late(process):
        waited_in_vain.append(not go.wait(10))
        serve(process)

    threads(start_late, start_late)
    # More than a pipe holds.
    tasks = [types.SimpleNamespace(**vars(task), more=np.zeros(10**6)) for task in comparison.tasks[:2]]
    with Workers(comparison.y, comparison.measures, 2) as workers:
        for task in tasks:
            workers.start(task, comparison.X, comparison.y)
        go.set()
        done = workers.finished()
        while workers.n_busy:
            done += workers.finished()
    assert waited_in_vain == [False, False]
    assert [row.error for _, (row, _) in done] == [None, None]


def test_a_worker_that_hangs_at_its_start_is_given_up_without_any_limit_for_fits(comparison, threads, monkeypatch):
    monkeypatch.setattr(_isolated, "_SECONDS_TO_START", 0.2)
    hanging = threading.Event()
    threads(lambda process: hanging.wait(30))
    first, *others = errors(comparison)
    hanging.set()
    assert first == "TimeoutError: more than 0.2 s passed before the worker process started"
    assert others == [None] * 3


NO_PROCESS = OSError(errno.EAGAIN, "Resource temporarily unavailable")


def test_with_fewer_processes_than_asked_for_the_others_do_the_work(comparison, threads):
    context = threads(serve, NO_PROCESS, NO_PROCESS, NO_PROCESS)
    assert errors(comparison, n_workers=4) == [None] * 4
    assert len(context.processes) == 1
    assert context.processes[0].env["OMP_NUM_THREADS"] == str(max(1, joblib.cpu_count() // 4))


def test_without_any_process_the_row_says_so(comparison, threads):
    threads(NO_PROCESS)
    first, *others = errors(comparison)
    assert first.startswith("BlockingIOError: [Errno 11] Resource temporarily unavailable (while a worker process was ")
    assert "a smaller n_jobs" in first
    assert others == [None] * 3


@pytest.fixture
def room_for(monkeypatch):
    """Return a function that says which data there is room for on the disk."""

    def arrange(fits):
        dump, write, full = joblib.dump, Path.write_bytes, []

        def raise_if(is_full):
            full[:] = [is_full]
            if is_full:
                raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(joblib, "dump", lambda X, path: (dump(X, path), raise_if(not fits(X))))
        monkeypatch.setattr(Path, "write_bytes", lambda path, data: (write(path, data), raise_if(full[0])))

    return arrange


def test_a_full_disk_costs_rows_and_is_said_with_its_remedy(comparison, threads, room_for, tmp_path, monkeypatch):
    monkeypatch.setenv("JOBLIB_TEMP_FOLDER", str(tmp_path / "new"))
    threads()
    room_for(lambda X: False)
    left = []
    for row, _ in run_isolated(comparison.tasks, comparison.X, comparison.y, comparison.measures, n_workers=1):
        assert row.error.startswith("OSError: [Errno 28] No space left on device (while the pictures were written to ")
        assert str(tmp_path / "new") in row.error
        assert "JOBLIB_TEMP_FOLDER" in row.error
        left += tmp_path.glob("new/*/*")
    assert not left, "what there was no room for still takes room"
    assert not list(tmp_path.glob("new/*"))


def test_features_that_do_not_fit_on_the_disk_are_left_to_the_fits(comparison, threads, room_for):
    features = 2 * comparison.X
    asked = []

    def of(task):
        asked.append(task.fold)
        return task, features, comparison.y

    threads()
    room_for(lambda X: X is not features)
    assert errors(comparison, of=of) == [None] * 4
    assert sorted(asked) == [0, 1, 2, 3]


def test_pictures_that_cannot_be_sent_cost_rows(comparison, threads):
    class Unsendable(list):
        def __reduce__(self):
            raise TypeError("not over there")

    threads()
    comparison.X = Unsendable(comparison.X)
    assert errors(comparison) == ["TypeError: not over there (while the pictures were sent to a worker process)"] * 4
