"""Fits in processes of their own, which may hang, crash, or take too much memory."""

import os
import signal
import subprocess
import sys
import time

import joblib
import numpy as np
import psutil
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from skimgrec import compare
from skimgrec.model_selection import _row_keys, prepare_comparison
from skimgrec.model_selection._isolated import run_isolated
from skimgrec.model_selection._measure import measure


def numbers(result):
    return [(row.estimator, row.fold, row.n_train, row.n_test, dict(row.scores), row.error) for row in result.rows]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_the_numbers_are_those_without_isolation(blobs, make_classifier, n_jobs):
    estimators = {
        "tree": DecisionTreeClassifier(random_state=0),
        "local": make_classifier(),
        "forest": RandomForestClassifier(3, random_state=0, n_jobs=2),
    }
    isolated = compare(estimators, *blobs, cv=3, random_state=0, isolate=True, n_jobs=n_jobs, keep_probabilities=True)
    plain = compare(estimators, *blobs, cv=3, random_state=0, keep_probabilities=True)
    assert numbers(isolated) == numbers(plain)
    assert all(np.array_equal(a.probabilities, b.probabilities) for a, b in zip(isolated.rows, plain.rows, strict=True))
    assert isolated.versions == plain.versions


def hang(X):
    time.sleep(60)


def leave(X):
    os._exit(3)


def crash(X):
    os.kill(os.getpid(), signal.SIGKILL)


def run_out(X):
    raise MemoryError("no more")


def go_off(X):
    raise SystemExit(4)


@pytest.mark.parametrize(
    ("misbehave", "error"),
    [
        pytest.param(hang, "TimeoutError: fit took longer than fit_timeout=1 s", marks=pytest.mark.alone),
        (leave, "TerminatedWorkerError: the process of this fit ended with exit code 3"),
        (crash, "TerminatedWorkerError: the process of this fit was ended by SIGKILL, most likely because memory ran"),
        (run_out, "MemoryError: no more"),
        (go_off, "SystemExit: 4"),
    ],
)
def test_what_misbehaves_costs_its_own_rows_alone(blobs, make_classifier, misbehave, error):
    local = by_value(misbehave)
    estimators = {"a": make_classifier(), "bad": make_classifier(local), "b": make_classifier()}
    start = time.monotonic()
    result = compare(estimators, *blobs, cv=2, fit_timeout=1, n_jobs=2)
    assert time.monotonic() - start < 40
    assert [row.error is None for row in result.rows] == [True, True, False, False, True, True]
    assert all(row.error.startswith(error) for row in result.rows if row.estimator == "bad")
    assert {(row.n_train, row.n_test) for row in result.rows} == {(30, 30)}


def by_value(function):
    """Return a copy of a function that travels by value: workers cannot import this file."""
    import types

    copy = types.FunctionType(function.__code__, {"time": time, "os": os, "signal": signal})
    copy.__module__ = "__main__"
    return copy


@pytest.mark.alone
def test_a_test_that_hangs_is_given_up_too(blobs, make_classifier):
    result = compare(
        {"bad": make_classifier(None, by_value(hang)), "good": make_classifier()}, *blobs, cv=2, fit_timeout=0.5
    )
    assert [row.error is None for row in result.rows] == [False, False, True, True]


@pytest.mark.alone
def test_starting_is_no_part_of_the_time(blobs, make_classifier):
    class Slow(type(make_classifier())):
        def _prepare_process(self, X):
            import time

            time.sleep(1.5)

    result = compare({"slow": Slow()}, *blobs, cv=2, fit_timeout=1)
    assert [row.error for row in result.rows] == [None, None]


def test_a_task_that_cannot_be_sent_costs_its_own_row(blobs, make_classifier):
    class Heavy(GaussianNB):
        def __reduce__(self):
            raise TypeError("too heavy to send")

    result = compare({"heavy": Heavy(), "1nn": make_classifier()}, *blobs, cv=2, isolate=True)
    assert [row.error is None for row in result.rows] == [False, False, True, True]
    assert "too heavy to send" in result.rows[0].error


def test_pictures_that_a_worker_cannot_read_cost_rows_with_the_reason(blobs, make_classifier):
    def refuse():
        raise RuntimeError("cannot be read here")

    class Unreadable(list):
        def __reduce__(self):
            return refuse, ()

    result = compare({"a": make_classifier()}, Unreadable(blobs[0].tolist()), blobs[1], cv=2, isolate=True)
    assert [row.error for row in result.rows] == ["RuntimeError: cannot be read here"] * 2


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system does not keep to a limit of address space")
def test_a_fit_that_finds_no_memory_costs_its_own_rows_alone(blobs, make_classifier):
    def take_all(X):
        import resource
        from pathlib import Path

        import numpy as np

        taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (taken + 2**28, resource.RLIM_INFINITY))
        held = []
        while True:
            held.append(np.ones(2**22))

    result = compare(
        {"a": make_classifier(), "all": make_classifier(take_all), "b": make_classifier()}, *blobs, cv=2, isolate=True
    )
    assert [row.error is None for row in result.rows] == [True, True, False, False, True, True]
    assert all("MemoryError: Unable to allocate 32.0 MiB" in row.error for row in result.rows[2:4])
    assert all("take_all" in row.traceback for row in result.rows[2:4])


@pytest.mark.parametrize("convert", ["list", "local", "lazy"])
def test_pictures_of_any_kind_are_handed_over(blobs, make_classifier, tmp_path, convert):
    X, y = blobs
    if convert == "list":
        X = X.tolist()
        estimator = GaussianNB()
    elif convert == "local":

        class Rows(list):
            pass

        X, estimator = Rows(X.tolist()), GaussianNB()
    else:
        from PIL import Image
        from sklearn.pipeline import make_pipeline

        from skimgrec import ImageFlattener, ImageLoader

        paths = []
        for number in range(60):
            pixels = np.full((8, 8), number * 4, np.uint8)
            pixels[number // 20 :: 3] = 255
            paths.append(str(tmp_path / f"{number}.png"))
            Image.fromarray(pixels).save(paths[-1])
        X = ImageLoader(image_size=(8, 8)).transform(paths)
        estimator = make_pipeline(ImageFlattener(), KNeighborsClassifier(1))
    isolated = compare({"a": estimator}, X, y, cv=2, random_state=0, isolate=True)
    assert numbers(isolated) == numbers(compare({"a": estimator}, X, y, cv=2, random_state=0))
    assert [row.error for row in isolated.rows] == [None, None]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists what a process has mapped in a file")
def test_pictures_are_mapped_not_copied(blobs, make_classifier):
    def tell(X):
        import warnings
        from pathlib import Path

        if ".joblib" in Path("/proc/self/maps").read_text():
            warnings.warn("mapped", stacklevel=1)

    result = compare({"a": make_classifier(tell)}, *blobs, cv=2, isolate=True)
    assert result.rows[0].warnings == ["UserWarning: mapped"]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_each_worker_gets_its_share_of_the_cores(blobs, make_classifier, monkeypatch, n_jobs):
    def tell(X):
        import os
        import warnings

        warnings.warn(f"{os.environ['OMP_NUM_THREADS']} {os.environ['MKL_NUM_THREADS']}", stacklevel=1)

    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("MKL_NUM_THREADS", "7")
    monkeypatch.setattr(joblib, "cpu_count", lambda: 6)
    # A single fit, of a resumed run, say, gets no more than it would beside others: rows are told by that share.
    result = compare({"a": make_classifier(tell)}, *blobs, cv="holdout", isolate=True, n_jobs=n_jobs)
    assert result.rows[0].warnings == [f"UserWarning: {6 // n_jobs} 7"]
    assert _row_keys._threads(n_jobs)[0] == 6 // n_jobs


def test_tasks_may_run_on_different_data(blobs, tmp_path, monkeypatch):
    monkeypatch.setenv("JOBLIB_TEMP_FOLDER", str(tmp_path))
    X, y = blobs
    comparison = prepare_comparison({"1nn": KNeighborsClassifier(1)}, X, y, cv=6, random_state=0)
    variants = [X, 2 * X, X[:, :2].copy()]
    held = []

    def of(task):
        held.append(len(list(tmp_path.glob("*/*.joblib"))))
        return task, variants[task.fold % 3], y

    rows = {}
    tasks = comparison.tasks * 3
    for row, _ in run_isolated(tasks, X, y, comparison.measures, n_workers=2, of=of):
        rows.setdefault(row.fold, []).append((row.error, dict(row.scores)))
    for task in comparison.tasks:
        row, _ = measure(task, variants[task.fold % 3], y, comparison.measures)
        assert rows[task.fold] == [(None, dict(row.scores))] * 3
    assert max(held) <= 4


def children():
    return {process.pid for process in psutil.Process().children(recursive=True)}


def test_no_process_is_left_when_the_caller_stops(blobs, make_classifier, tmp_path, monkeypatch):
    monkeypatch.setenv("JOBLIB_TEMP_FOLDER", str(tmp_path))

    def spawn_and_hang(X):
        import subprocess
        import sys
        import time

        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        time.sleep(60)

    before = children()
    comparison = prepare_comparison(
        {"good": make_classifier(), "bad": make_classifier(spawn_and_hang)}, *blobs, cv=2, isolate=True, n_jobs=2
    )
    rows = comparison.measure()
    next(rows)
    next(rows)
    deadline = time.monotonic() + 30
    while sum("sleep(60)" in " ".join(psutil.Process(pid).cmdline()) for pid in children() - before) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    rows.close()
    left = {pid for pid in children() - before if "tracker" not in " ".join(psutil.Process(pid).cmdline())}
    assert not left
    assert not list(tmp_path.iterdir())


PROGRAM = """
import sys, time
from sklearn.naive_bayes import GaussianNB
from skimgrec import compare, load_digits_images

class Hangs(GaussianNB):
    def fit(self, X, y):
        import os, time
        print(os.getpid(), flush=True)
        time.sleep(60)

X, y = load_digits_images(return_X_y=True)
try:
    compare({"a": Hangs()}, X.reshape(len(X), -1), y, cv=2, isolate=True)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_workers_end_with_the_process_that_started_them(number):
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    with process:
        worker = int(process.stdout.readline())
        os.killpg(process.pid, number)
        if number == signal.SIGINT:
            assert process.stdout.readline() == "interrupted\n"
            assert process.wait() == 0
        process.wait()
        deadline = time.monotonic() + 10
        while psutil.pid_exists(worker) and psutil.Process(worker).status() != "zombie":
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.mark.parametrize("how", [{"isolate": True}, {"fit_timeout": 3}, {"budget": 3.0}], ids=str)
def test_other_backends_are_refused(blobs, how):
    with joblib.parallel_config("threading"), pytest.raises(ValueError, match=r"backend Threading.*n_jobs says"):
        compare({"a": GaussianNB()}, *blobs, **how)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fit_timeout": 0}, "fit_timeout=0, expected a positive number"),
        ({"fit_timeout": "1m"}, "fit_timeout='1m'"),
        ({"budget": float("inf")}, "budget=inf"),
        ({"n_threads": 0}, "n_threads=0, expected a positive number of threads"),
    ],
)
def test_limits_that_are_none(blobs, changes, message):
    with pytest.raises(ValueError, match=message):
        compare({"a": GaussianNB()}, *blobs, **changes)


@pytest.mark.alone
def test_what_took_too_long_is_tried_again_with_more_time(blobs, make_classifier, tmp_path):
    def take_a_second(X):
        import time

        time.sleep(1)

    def run(timeout):
        estimators = {"slow": make_classifier(take_a_second), "fast": GaussianNB()}
        return compare(estimators, *blobs, cv=2, random_state=0, run_dir=tmp_path, fit_timeout=timeout)

    assert [row.error is None for row in run(0.3).rows] == [False, False, True, True]
    assert [row.error for row in run(20).rows] == [None] * 4
