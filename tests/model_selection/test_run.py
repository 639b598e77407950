"""What becomes of fits that were handed out when a worker died: with a backend that is told when one does."""

import types
from itertools import islice

import pytest
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier

from skimgrec.model_selection import _dask, _run, prepare_comparison
from skimgrec.model_selection._dask import run_on_dask
from skimgrec.model_selection._run import run_tasks


@pytest.fixture
def comparison(blobs):
    estimators = {"a": GaussianNB(), "dies": KNeighborsClassifier(1), "b": GaussianNB()}
    return prepare_comparison(estimators, *blobs, cv=4, random_state=0)


@pytest.fixture
def calls(monkeypatch):
    """Let joblib hand out two fits at a time, and die of each one that is called "dies"; return those of each call."""
    calls = []

    class Parallel:
        def __init__(self, n_jobs, return_as):
            pass

        def __call__(self, jobs):
            jobs, done = iter(jobs), []
            calls.append(done)
            handed_out = list(islice(jobs, 2))
            while handed_out:
                if any(arguments[1].name == "dies" for _, arguments, _ in handed_out):
                    done += [arguments for _, arguments, _ in handed_out]
                    raise RuntimeError("a worker died")
                function, arguments, _ = handed_out.pop(0)
                done.append(arguments)
                yield function.function(*arguments)
                handed_out += islice(jobs, 1)

    monkeypatch.setattr(_run, "Parallel", Parallel)
    return calls


def test_after_a_crash_only_what_was_handed_out_runs_alone(comparison, calls, monkeypatch):
    X, y, features, shared = comparison.X, comparison.y, 2 * comparison.X, []

    class Shared:
        def __init__(self, *args):
            pass

        def of(self, task):
            shared.append((task.name, task.fold))
            return task, features, y

    monkeypatch.setattr(_run, "SharedSteps", Shared)
    rows = [row for row, _ in run_tasks(comparison.tasks, X, y, comparison.measures, n_jobs=2)]
    assert {(row.estimator, row.fold): row.error for row in rows} == {
        (name, fold): "RuntimeError: a worker died" if name == "dies" else None
        for name in ("a", "dies", "b")
        for fold in range(4)
    }
    assert len(rows) == 12
    numbers = [[arguments[0] for arguments in call] for call in calls]
    assert numbers == [[0, 1, 2, 3, 4], [3], [4], [5, 6], [5], [6], [7, 8], [7], [8], [9, 10, 11]]
    assert len(shared) == len(set(shared)) == 12
    assert all(arguments[2] is (X if len(call) == 1 else features) for call in calls for arguments in call)


def test_a_backend_that_cannot_even_begin_gives_rows(comparison, monkeypatch):
    class Parallel:
        def __init__(self, n_jobs, return_as):
            pass

        def __call__(self, jobs):
            raise ConnectionError("nobody there")

    monkeypatch.setattr(_run, "Parallel", Parallel)
    rows = [row for row, _ in run_tasks(comparison.tasks, comparison.X, comparison.y, comparison.measures, n_jobs=2)]
    assert [row.error for row in rows] == ["ConnectionError: nobody there"] * 12


@pytest.mark.parametrize("n_looks", [1, 3])
def test_a_dask_cluster_without_workers_is_not_waited_for_for_ever(comparison, monkeypatch, n_looks):
    pytest.importorskip("distributed")
    cores = [{"a worker": 2}] * (1 + n_looks)
    cancelled = []
    client = types.SimpleNamespace(
        ncores=lambda: cores.pop() if cores else {},
        scatter=lambda data, **how: data,
        submit=lambda *args, **how: object(),
        cancel=cancelled.extend,
    )
    done = types.SimpleNamespace(add=lambda future: None, has_ready=lambda: False)
    monkeypatch.setattr("distributed.as_completed", lambda: done)
    for name in ("_SECONDS_BETWEEN_LOOKS", "_SECONDS_WITHOUT_WORKERS"):
        monkeypatch.setattr(_dask, name, 0.02)

    def of(task):
        return task, comparison.X, comparison.y

    with pytest.raises(RuntimeError, match=r"no worker for 0.02 s, .*Start workers"):
        next(run_on_dask(client, comparison.tasks, of, comparison.measures))
    assert not cores
    assert len(cancelled) == 4
