"""The command ``skimgrec tune``."""

from functools import partial

import numpy as np
import pytest

from skimgrec import TuneResult


@pytest.fixture
def run(run):
    return partial(run, "tune")


def test_a_grid_prints_progress_and_a_table_and_saves_both_files(run, tmp_path):
    json, plot = tmp_path / "tune.json", tmp_path / "tune.png"
    done = run(
        "digits", "--model", "knn", "--param", "n_neighbors=1,40", "--param", "weights=uniform,distance", "--cv", 3,
        "--limit", 200, "--train-score", "--json", json, "--plot", plot,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    lines = [line for line in done.stderr.splitlines() if line.startswith("[")]
    assert len(lines) == 12
    assert lines[0].startswith("[ 1/12] n_neighbors=1, weights=uniform, fold 1: accuracy ")
    text = " ".join(done.stdout.split())
    assert text.startswith(
        "digits, 200 of 1,797 pictures, 10 classes, 3 folds, 4 settings of knn by method grid, seed 0"
    )
    assert "accuracy in training" in text
    assert "has the highest mean accuracy" in text
    assert done.stderr.endswith(f"Saved to {json}\nDrawn to {plot}\n")
    result = TuneResult.from_json(json)
    assert result.best_params_["kneighborsclassifier__n_neighbors"] == 1
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_halving_over_a_range_tells_its_rounds(run):
    done = run(
        "digits", "--model", "knn", "--param", "n_neighbors=1:9", "--method", "halving", "--n-iter", 4, "--cv", 2,
        "--limit", 200,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "Round 1 of 2: 4 settings on 33 training pictures.\n" in done.stderr
    assert "Round 2 of 2: 2 settings on all training pictures.\n" in done.stderr


def test_the_datas_own_split_is_tuned_on_and_keeps_its_shares(run, tmp_path, rng):
    path = tmp_path / "data.npz"
    np.savez(
        path,
        x_train=rng.integers(0, 256, (60, 4, 4), dtype=np.uint8),
        y_train=np.arange(60) % 3,
        x_test=rng.integers(0, 256, (30, 4, 4), dtype=np.uint8),
        y_test=np.arange(30) % 3,
    )
    json = tmp_path / "tune.json"
    for options, n_train, n_test in (((), 60, 30), (("--limit", 45), 30, 15)):
        done = run(path, "--model", "knn", "--param", "n_neighbors=1,3", "--cv", "own", "--json", json, *options)
        assert done.exit_code == 0, done.output
        (comparison,) = TuneResult.from_json(json).rounds
        assert comparison.cv == "the data's own split"
        assert {(row.n_train, row.n_test) for row in comparison.rows} == {(n_train, n_test)}
    assert comparison.drawn_from == "90 pictures"
    run(path, "--model", "knn", "--param", "n_neighbors=1,3", "--cv", "holdout", "--json", json)
    assert {row.n_train + row.n_test for row in TuneResult.from_json(json).rounds[0].rows} == {60}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--param", "n_neighbours=1,2"], "Error: Unknown parameter 'n_neighbours' of Pipeline of ImageFlattener and"),
        (["--param", "n_neighbors"], "Error: 'n_neighbors' is no parameter: expected NAME=VALUES"),
        (["--param", "n_neighbors=1:9"], "Error: n_neighbors is a range, 1:9, and method='grid' tries every"),
        (["--param", "n_neighbors=(1"], "Error: n_neighbors=(1: a closing ) is missing."),
        (["--param", "p=1", "--method", "bayes"], "Error: method='bayes', expected one of 'grid', 'random'"),
        (["--param", "p=1", "--cv", "own"], "Error: --cv own: digits has no training and test pictures of its own."),
        (["--param", "p=1", "--cv", "five"], "Error: --cv five: expected a number of folds from 2, or holdout"),
        (["--param", "p=1", "--cv", "1"], "Error: --cv 1: expected a number of folds from 2, or holdout"),
        (["--param", "p=1", "--plot", "x.doc"], "Error: --plot x.doc: expected a file name that ends in .png"),
        (["--param", "p=1", "--json", "no/x.json"], "Error: --json no/x.json: there is no folder no."),
        (["--param", "p=1", "--json", "x", "-o", "./x"], "Error: --output and --json both name x. Give each a file of"),
        (["--param", "p=1", "--metrics", "acc"], "Error: Unknown metric 'acc', did you mean 'accuracy'?"),
        (["--param", "p=1", "--resource", "p"], "Error: method='grid' has no rounds"),
        (["--param", "p=1", "--fit-timeout", "soon"], "Error: --fit-timeout soon: expected a time above 0"),
    ],
)
def test_what_is_wrong_is_said_in_a_line_before_anything_is_fitted(run, options, message):
    done = run("digits", "--model", "knn", *options)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(message)
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--param", "n_neighbours=1,2"], "'n_neighbours'"),
        (["--param", "n_neighbors=1,2", "--method", "bayes"], "'bayes'"),
        (["--param", "n_neighbors=1,2", "--metrics", "acuracy"], "'acuracy'"),
        (["--param", "n_neighbors=1,2", "--method", "halving", "--resource", "n_jobs"], "n_jobs' of the model is None"),
    ],
)
def test_what_is_wrong_is_said_before_the_folder_is_read(run, tmp_path, options, named):
    # Reading it would fail.
    done = run(tmp_path, "--model", "knn", *options)
    assert done.exit_code == 2
    assert named in done.stderr


def test_an_interrupt_keeps_what_is_finished_and_the_same_command_goes_on(run, cache, interrupted_after, tmp_path):
    path = tmp_path / "tune.json"
    command = ["digits", "--model", "knn", "--param", "n_neighbors=1,3", "--cv", 3, "--limit", 100, "--json", path]
    with interrupted_after(0):
        done = run(*command)
    assert (done.exit_code, done.stdout) == (130, "")
    assert "Interrupted before the first fit was finished." in done.stderr
    with interrupted_after(3):
        done = run(*command)
    assert done.exit_code == 130
    assert "Interrupted after 3 of 6 fits. The same command goes on from there.\n" in done.stderr
    assert "Caution: The search was interrupted after 3 fits" in done.stdout
    assert list(TuneResult.from_json(path).settings) == ["n_neighbors=1"]
    done = run(*command)
    assert done.exit_code == 0
    assert "Fits that an earlier run has finished are taken from there; --fresh measures all anew.\n" in done.stderr
    assert len([line for line in done.stderr.splitlines() if line.startswith("[")]) == 3
    assert "Caution" not in done.stdout
    assert list((cache / "runs").iterdir()) == []


def test_a_folder_keeps_what_is_finished(run, tmp_path):
    options = ["--model", "knn", "--param", "n_neighbors=1,3", "--limit", 100, "--cv", 2, "--run", tmp_path / "run"]
    first, second = (run("digits", *options).stdout for _ in range(2))
    assert "has the highest mean accuracy" in first
    assert first == second
    n_rows = len(list((tmp_path / "run" / "rows").iterdir()))
    # What is wrong is said before anything is forgotten.
    assert run("digits", *options, "--fresh", "--metrics", "acuracy").exit_code == 2
    assert len(list((tmp_path / "run" / "rows").iterdir())) == n_rows == 4
    assert "are taken from" not in run("digits", *options, "--fresh").stderr


def test_the_options_of_compare_are_those_of_tune(run, tmp_path):
    json = tmp_path / "tune.json"
    done = run(
        "digits", "--model", "knn", "--param", "n_neighbors=1,3", "--limit", 100, "--cv", 2, "--metrics",
        "f1_macro,accuracy", "--near-duplicates", "group", "--threads", 1, "--json", json,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert TuneResult.from_json(json).metrics == ("f1_macro", "accuracy")


def test_halving_over_a_parameter(run):
    done = run(
        "digits", "--model", "forest", "--param", "max_depth=2,5,9", "--method", "halving", "--resource",
        "n_estimators", "--factor", 3, "--limit", 100, "--cv", 2,
    )  # fmt: skip
    assert "Round 1 of 2: 3 settings on 33 randomforestclassifier__n_estimators.\n" in done.stderr


@pytest.mark.isolated
def test_a_fit_that_takes_too_long_costs_its_own_line_alone(run):
    done = run(
        "digits", "--model", "forest", "--param", "n_estimators=1,20000", "--limit", 100, "--cv", "holdout",
        "--fit-timeout", "2s",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "n_estimators=1 has a accuracy" in done.stdout or "n_estimators=1 has the highest" in done.stdout
    assert "TimeoutError" in done.stdout


def test_where_every_setting_fails_the_status_says_so(run):
    done = run("digits", "--model", "knn", "--param", "n_neighbors=-1,-2", "--cv", 2, "--limit", 100)
    assert done.exit_code == 1
    assert "No best setting" in done.stdout


def test_help_reads_as_usual(run):
    text = run("--help", env={"COLUMNS": "100"}).stdout
    assert "[OPTIONS] DATA" in text
    assert "Example: skimgrec tune" in text
    for odd in ("<bool>", "<str>", "range>", "{"):
        assert odd not in text
