"""Options of ``skimgrec compare`` that reach into the comparison: going on, time limits, duplicates, label errors."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skimgrec import ComparisonResult

DIGITS = ("compare", "digits", "--models", "chance,1nn", "--limit", 200)


def fits_of(done):
    """Return the lines about fits that were made now."""
    return [line for line in done.stderr.splitlines() if line.startswith("[")]


def scores_of(path):
    result = ComparisonResult.from_json(path)
    return [(row.estimator, row.fold, dict(row.scores), row.predicted) for row in result.rows]


def test_the_same_command_goes_on_where_it_was_interrupted(run, cache, interrupted_after, tmp_path):
    run(*DIGITS, "--json", tmp_path / "whole.json")
    with interrupted_after(3):
        assert run(*DIGITS).exit_code == 130
    # Where the result goes does not matter.
    done = run(*DIGITS, "--json", tmp_path / "resumed.json")
    assert done.exit_code == 0
    assert "3 of 10 fits are taken from an earlier run that was cut short; --fresh measures all anew.\n" in done.stderr
    assert (len(fits_of(done)), fits_of(done)[0][:8]) == (7, "[ 4/10] ")
    assert scores_of(tmp_path / "resumed.json") == scores_of(tmp_path / "whole.json")
    assert list((cache / "runs").iterdir()) == []
    assert len(fits_of(run(*DIGITS))) == 10


@pytest.mark.parametrize("other", [("--seed", 1), ("--fresh",), ("--metrics", "accuracy")])
def test_another_command_and_a_fresh_one_measure_all_anew(run, interrupted_after, other):
    with interrupted_after(3):
        run(*DIGITS)
    done = run(*DIGITS, *other)
    assert done.exit_code == 0
    assert "taken from" not in done.stderr
    assert len(fits_of(done)) == 10


@pytest.mark.isolated
def test_a_command_that_is_killed_goes_on(run, cache):
    command = [sys.executable, "-m", "skimgrec", *map(str, DIGITS)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            if line.startswith("[ 2/10]"):
                os.kill(process.pid, signal.SIGKILL)
                break
    done = run(*DIGITS)
    assert done.exit_code == 0
    assert " of 10 fits are taken from an earlier run that was cut short" in done.stderr
    assert len(fits_of(done)) <= 8


def test_a_run_of_the_users_is_kept_and_shown_at_once(run, tmp_path):
    folder = tmp_path / "kept"
    first = run(*DIGITS, "--run", folder)
    assert (first.exit_code, len(fits_of(first))) == (0, 10)
    again = run(*DIGITS, "--run", folder)
    assert again.stderr == f"10 of 10 fits are taken from {folder}; --fresh measures all anew.\n"
    assert again.stdout == first.stdout
    fresh = run(*DIGITS, "--run", folder, "--fresh")
    assert (fresh.exit_code, len(fits_of(fresh))) == (0, 10)


def test_a_folder_with_something_else_in_it_is_never_emptied(run, tmp_path):
    (tmp_path / "thesis.tex").touch()
    done = run(*DIGITS, "--run", tmp_path, "--fresh")
    assert done.exit_code == 2
    assert done.stderr.startswith(f"Error: --fresh --run {tmp_path}: ")
    assert (tmp_path / "thesis.tex").exists()


@pytest.mark.alone
@pytest.mark.isolated
def test_a_fit_that_takes_too_long_costs_its_own_line_alone(run):
    done = run("compare", "digits", "--models", "boosting,chance", "--cv", "holdout", "--fit-timeout", "0.2s")
    assert "boosting failed with" in " ".join(done.stdout.split())
    assert done.exit_code in (0, 1)  # chance may be late, too, on a busy machine


@pytest.mark.alone
@pytest.mark.isolated
def test_what_a_budget_cuts_is_said(run):
    done = run("compare", "digits", "--models", "boosting,1nn", "--repeats", 8, "--budget", "6s")
    assert done.exit_code in (0, 1)
    assert len(fits_of(done)) < 80
    if not fits_of(done):  # on a machine so busy that the first worker has not started by then
        assert "The budget ended before the first fit was finished." in done.stderr
        return
    assert "for want of time" in done.stdout or "when the time was up" in done.stdout
    assert "boosting: " in done.stdout


def test_a_budget_counts_from_before_the_pictures_are_loaded(run, monkeypatch):
    from skimgrec import datasets, model_selection

    moments, load = [], datasets.load_data

    def loading(*args, **how):
        moments.append(time.monotonic())
        return load(*args, **how)

    def stop(*args, budget, budget_start, **how):
        moments.append(budget_start)
        raise KeyboardInterrupt

    monkeypatch.setattr(datasets, "load_data", loading)
    monkeypatch.setattr(model_selection, "prepare_comparison", stop)
    assert run("compare", "digits", "--models", "chance", "--budget", "60s").exit_code == 130
    loaded, start = moments
    assert start <= loaded


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    """Stand beside a folder of dark and bright pictures, some of them twice, and one in the wrong class."""
    rng = np.random.default_rng(0)
    monkeypatch.chdir(tmp_path)
    for label, centre in (("bright", 180), ("dark", 60)):
        (tmp_path / "skies" / label).mkdir(parents=True)
        for number in range(12):
            # Smooth, so that pictures of one kind do not look like near duplicates.
            coarse = rng.integers(centre - 50, centre + 50, (6, 6), dtype=np.uint8)
            picture = Image.fromarray(coarse).resize((32, 32), Image.Resampling.BICUBIC)
            picture.save(f"skies/{label}/{number}.png")
            if number < 3:
                picture.save(f"skies/{label}/{number}-again.jpg", quality=90)
    os.rename("skies/dark/11.png", "skies/bright/wrong.png")
    return tmp_path


@pytest.mark.usefixtures("pictures")
def test_near_duplicates_are_said_ignored_or_kept_in_one_fold(run):
    common = ("compare", "skies", "--models", "1nn", "--size", 16, "--cv", 3, "--predictions", "out.csv")
    apart = {}
    for what in ("say", "ignore", "group"):
        done = run(*common, "--near-duplicates", what)
        assert done.exit_code == 0, done.stderr
        said = "a copy, exact or near" in " ".join(done.stdout.split())
        assert said == (what == "say")
        folds = pd.read_csv("out.csv").set_index("filename")["fold"]
        apart[what] = sum(
            folds[f"skies/{label}/{number}.png"] != folds[f"skies/{label}/{number}-again.jpg"]
            for label in ("bright", "dark")
            for number in range(3)
        )
    assert apart["say"] == apart["ignore"] > 0
    assert apart["group"] == 0


@pytest.mark.usefixtures("pictures")
def test_likely_label_errors_are_printed_with_their_files(run):
    done = run("compare", "skies", "--models", "forest", "--size", 16, "--cv", 3, "--label-errors", 1)
    assert done.exit_code == 0, done.stderr
    table = done.stdout[done.stdout.index("label error") :]
    assert "skies/bright/wrong.png" in table
    assert table.count("skies/") == 1
    assert "Caution" not in table


@pytest.mark.usefixtures("pictures")
def test_label_errors_of_what_only_guesses_come_with_a_caution(run):
    done = run("compare", "skies", "--models", "chance", "--size", 8, "--cv", 3, "--label-errors", 1)
    assert done.exit_code == 0, done.stderr
    words = " ".join(done.stdout[done.stdout.index("label error") :].split())
    assert "Caution: chance is not shown to be better than guessing" in words


@pytest.mark.usefixtures("pictures")
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names of files are Unicode")
def test_names_of_files_that_are_no_text_come_out_as_they_are(run):
    name = b"skies/dark/\xe9.png"
    os.rename("skies/dark/0.png", os.fsdecode(name))
    done = run("compare", "skies", "--models", "majority", "--size", 8, "--cv", 2, "--predictions", "out.csv")
    assert done.exit_code == 0, done.output
    assert b"\xe9.png" in Path("out.csv").read_bytes()
