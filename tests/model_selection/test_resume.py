"""Going on in a run's folder: nothing finished is done again, nothing else is mixed in."""

import errno
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections import deque
from pathlib import Path

import numpy as np
import pytest
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier

from skimgrec import compare
from skimgrec.model_selection import prepare_comparison


@pytest.fixture
def fits():
    """Return a class of classifiers that count their fits, and the list they write to."""
    # Lists count among what a class depends on.
    done = deque()

    class Counting(GaussianNB):
        def fit(self, X, y):
            done_here().append(self.var_smoothing)
            return super().fit(X, y)

    globals()["DONE"] = done
    return Counting, done


def done_here():
    return DONE  # noqa: F821  the fixture sets it


def run(X, y, folder, **changes):
    settings = {"cv": 3, "random_state": 0, "run_dir": folder, **changes}
    return compare(settings.pop("estimators"), X, y, **settings)


def test_nothing_finished_is_measured_again(blobs, fits, tmp_path):
    Counting, done = fits
    estimators = {"a": Counting(), "b": Counting(var_smoothing=1e-3)}
    first = run(*blobs, tmp_path / "new" / "run", estimators=estimators, keep_probabilities=True)
    assert len(done) == 6
    seen = []
    second = run(*blobs, tmp_path / "new" / "run", estimators=estimators, keep_probabilities=True, on_row=seen.append)
    assert len(done) == 6
    assert second == first
    assert str(second) == str(first)
    assert [row.fold for row in seen] == [0, 1, 2, 0, 1, 2]
    for row, again in zip(first.rows, second.rows, strict=True):
        assert np.array_equal(row.probabilities, again.probabilities)
        assert again.probabilities.dtype == row.probabilities.dtype


def test_only_what_is_missing_is_measured(blobs, fits, tmp_path):
    Counting, done = fits
    run(*blobs, tmp_path, estimators={"a": Counting()})
    run(*blobs, tmp_path, estimators={"a": Counting(), "b": Counting(var_smoothing=1e-3)})
    assert list(done) == [1e-9] * 3 + [1e-3] * 3
    comparison = prepare_comparison({"b": Counting(), "a": Counting()}, *blobs, cv=3, random_state=0, run_dir=tmp_path)
    assert comparison.n_resumed == 3
    rows = list(comparison.measure())
    assert [row.estimator for row in rows] == ["a"] * 3 + ["b"] * 3
    assert [row.estimator for row in comparison.result().rows] == ["b"] * 3 + ["a"] * 3


@pytest.mark.parametrize(
    "changes",
    [
        {"estimators": {"b": GaussianNB()}},
        {"estimators": {"a": GaussianNB(var_smoothing=1e-8)}},
        {"estimators": {"a": type("GaussianNB", (GaussianNB,), {})()}},
        {"random_state": 1},
        {"cv": 4},
        {"scoring": "accuracy"},
        {"keep_probabilities": True},
        {"return_train_score": True},
        {"X": 2.0},
        {"y": 1},
        {"numpy": "0.0"},
        {"python": "2.7.18"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_has_changed_is_measured_anew(blobs, tmp_path, monkeypatch, changes):
    X, y = blobs
    before = run(X, y, tmp_path, estimators={"a": GaussianNB()})
    if "X" in changes:
        X = X.copy()
        X[5, 3] += changes.pop("X")
    if "y" in changes:
        y = np.roll(y, changes.pop("y"))
    if "numpy" in changes:
        monkeypatch.setattr(np, "__version__", changes.pop("numpy"))
    if "python" in changes:
        version = changes.pop("python")
        monkeypatch.setattr("platform.python_version", lambda: version)
    settings = {"estimators": {"a": GaussianNB()}, "cv": 3, "random_state": 0, "run_dir": tmp_path, **changes}
    assert prepare_comparison(settings.pop("estimators"), X, y, **settings).n_resumed == 0
    monkeypatch.undo()
    assert run(*blobs, tmp_path, estimators={"a": GaussianNB()}) == before


@pytest.mark.parametrize("files", ["*.json", "*.npz"])
@pytest.mark.parametrize("damage", ["truncated", "empty", "changed", "missing"])
def test_a_damaged_file_is_measured_anew(blobs, fits, tmp_path, files, damage):
    Counting, done = fits
    first = run(*blobs, tmp_path, estimators={"a": Counting()}, keep_probabilities=True)
    path = sorted((tmp_path / "rows").glob(files))[0]
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    elif damage == "changed":
        middle = content.index(b'"accuracy": ') + 12 if files == "*.json" else len(content) // 2
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    else:
        path.write_bytes(content[: len(content) // 2] if damage == "truncated" else b"")
    second = run(*blobs, tmp_path, estimators={"a": Counting()}, keep_probabilities=True)
    assert len(done) == 4
    assert [dict(row.scores) for row in second.rows] == [dict(row.scores) for row in first.rows]
    run(*blobs, tmp_path, estimators={"a": Counting()}, keep_probabilities=True)
    assert len(done) == 4


def test_a_damaged_note_of_the_start_is_written_anew(blobs, tmp_path):
    first = run(*blobs, tmp_path, estimators={"a": GaussianNB()})
    (path,) = tmp_path.glob("run-*.json")
    path.write_text("{")
    second = run(*blobs, tmp_path, estimators={"a": GaussianNB()})
    assert second.rows == first.rows
    assert json.loads(path.read_text())["started"] == second.date


def test_without_a_seed_the_folders_own_is_taken(blobs, fits, tmp_path):
    Counting, done = fits
    results = [run(*blobs, tmp_path, estimators={"a": Counting()}, random_state=None) for _ in range(2)]
    assert len(done) == 3
    assert results[0] == results[1]


def test_what_failed_is_tried_again(blobs, make_classifier, tmp_path):
    broken = {"on": True}

    def fail_while_broken(X, broken=broken):
        if os.environ.get("SKIMGREC_TEST_BROKEN"):
            raise OSError("the disk is gone")

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SKIMGREC_TEST_BROKEN", "1")
        failed = run(*blobs, tmp_path, estimators={"a": make_classifier(fail_while_broken), "b": GaussianNB()})
    assert [row.error is None for row in failed.rows] == [False] * 3 + [True] * 3
    mended = prepare_comparison(
        {"a": make_classifier(fail_while_broken), "b": GaussianNB()}, *blobs, cv=3, random_state=0, run_dir=tmp_path
    )
    assert mended.n_resumed == 3
    assert all(row.error is None for row in mended.measure())


def no_score(model, X, y):
    raise ValueError("no score")


def test_a_fit_with_a_score_is_kept_whatever_other_metrics_do(blobs, fits, tmp_path):
    Counting, done = fits
    how = {"estimators": {"a": Counting()}, "scoring": {"accuracy": "accuracy", "bad": no_score}}
    first = run(*blobs, tmp_path, **how)
    assert [row.error for row in first.rows] == ["bad: ValueError: no score"] * 3
    assert str(run(*blobs, tmp_path, **how).rows) == str(first.rows)
    assert len(done) == 3
    for n_fits in (6, 9):
        run(*blobs, tmp_path, estimators={"a": Counting()}, scoring={"bad": no_score})
        assert len(done) == n_fits


def test_a_full_disk_costs_the_folder_alone_and_is_said_once(blobs, tmp_path, monkeypatch):
    def full(source, target):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.warns(RuntimeWarning, match=r"cannot be written to: No space left on device.*measured anew") as caught:
        result = run(*blobs, tmp_path, estimators={"a": GaussianNB()})
    assert len(caught) == 1
    assert [row.error for row in result.rows] == [None] * 3
    monkeypatch.undo()
    assert not list(tmp_path.rglob("*.tmp"))
    assert run(*blobs, tmp_path, estimators={"a": GaussianNB()}).rows != result.rows


def test_a_folder_that_cannot_be_made_costs_itself_alone(blobs, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.warns(RuntimeWarning, match="cannot be written to") as caught:
        result = run(*blobs, tmp_path / "file" / "run", estimators={"a": GaussianNB()})
    assert len(caught) == 1
    assert len(result.rows) == 3


def test_what_cannot_be_told_is_measured_anew_and_said_once(blobs, make_classifier, tmp_path):
    estimators = {"a": make_classifier(number for number in ()), "b": GaussianNB()}
    with pytest.warns(RuntimeWarning, match=r"a \(in_fit: a generator") as caught:
        run(*blobs, tmp_path, estimators=estimators)
    assert len(caught) == 1
    with pytest.warns(RuntimeWarning, match="in_fit"):
        assert prepare_comparison(estimators, *blobs, cv=3, random_state=0, run_dir=tmp_path).n_resumed == 3


def test_learning_curves_are_resumed_too(blobs, fits, tmp_path):
    Counting, done = fits
    first = run(*blobs, tmp_path, estimators={"a": Counting()}, train_sizes=[0.5])
    assert run(*blobs, tmp_path, estimators={"a": Counting()}, train_sizes=[0.5]) == first
    assert len(done) == 6
    assert prepare_comparison({"a": Counting()}, *blobs, cv=3, random_state=0, run_dir=tmp_path).n_resumed == 3


def test_two_at_once_in_one_folder(blobs, tmp_path):
    arguments = ({"a": GaussianNB(), "b": KNeighborsClassifier(1)}, *blobs)
    settings = {"cv": StratifiedKFold(3), "random_state": 0, "run_dir": tmp_path, "keep_probabilities": True}
    one, other = (prepare_comparison(*arguments, **settings) for _ in range(2))
    for _ in zip(one.measure(), other.measure(), strict=True):
        pass
    assert prepare_comparison(*arguments, **settings).n_resumed == 6


PROGRAM = """
import os, sys, time
from pathlib import Path
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.naive_bayes import GaussianNB
from skimgrec import compare

folder, log = sys.argv[1:3]

class Noted(GaussianNB):
    def fit(self, X, y):
        with open(sys.argv[2], "a") as file:
            file.write(f"nb {X.sum():.9g}\\n")
        return super().fit(X, y)

class Forest(RandomForestClassifier):
    def fit(self, X, y):
        with open(sys.argv[2], "a") as file:
            file.write(f"forest {X.sum():.9g}\\n")
        return super().fit(X, y)

rng = np.random.default_rng(0)
y = np.repeat(np.array(["cat", "dog", "owl"]), 20)
X = rng.normal(size=(60, 4)) + np.repeat([0.0, 1.0, 2.0], 20)[:, None]
stop_after = int(os.environ.get("STOP_AFTER", 99))

def on_row(row, seen=[]):
    seen.append(row)
    if len(seen) == stop_after:
        print("ready", flush=True)
        time.sleep(60)

result = compare({"forest": Forest(3), "nb": Noted()}, X, y, cv=4, random_state=0, run_dir=folder, on_row=on_row)
result.to_json(sys.argv[3])
"""


def test_killed_at_any_row_it_goes_on_and_does_nothing_twice(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(PROGRAM))

    def start(**more):
        return subprocess.Popen(
            [sys.executable, script, tmp_path / "run", tmp_path / "log", tmp_path / "result.json"],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **more},
        )

    def finish():
        with start() as process:
            return process.wait()

    # Each call gets further than the one before: those that are in the folder are counted, too.
    for rows in (1, 4, 6):
        process = start(STOP_AFTER=str(rows))
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        process.stdout.close()
        assert len((tmp_path / "log").read_text().splitlines()) == rows
    before = [json.loads(path.read_bytes())["row"] for path in (tmp_path / "run" / "rows").glob("*.json")]
    assert len(before) == 6
    time.sleep(1)
    assert finish() == 0
    fits = (tmp_path / "log").read_text().splitlines()
    assert len(fits) == len(set(fits)) == 8
    result = json.loads((tmp_path / "result.json").read_bytes())
    assert [(row["estimator"], row["fold"]) for row in result["rows"]] == [
        (name, fold) for name in ("forest", "nb") for fold in range(4)
    ]
    for row in before:
        assert row in result["rows"]
    # Once more, and all of it is as it was: times, date and order.
    text = (tmp_path / "result.json").read_bytes()
    assert finish() == 0
    assert (tmp_path / "result.json").read_bytes() == text
    assert len((tmp_path / "log").read_text().splitlines()) == 8


def test_temporary_files_of_the_killed_are_swept(blobs, tmp_path):
    run(*blobs, tmp_path, estimators={"a": GaussianNB()})
    old, new = tmp_path / "rows" / ".old.tmp", tmp_path / "rows" / ".new.tmp"
    for path in (old, new):
        path.write_text("x")
    os.utime(old, (time.time() - 7200,) * 2)
    run(*blobs, tmp_path, estimators={"a": GaussianNB()})
    assert not Path(old).exists()
    assert new.exists()
