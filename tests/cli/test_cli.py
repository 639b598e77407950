import itertools
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skimgrec import ComparisonResult, __version__
from skimgrec.model_selection import candidate_features


def compared(result, *, n_models, n_folds):
    """Return the lines of stdout, after checking that progress went to stderr."""
    assert result.exit_code == 0, result.output
    lines = [line for line in result.stderr.splitlines() if line.startswith("[")]
    assert len(lines) == n_models * n_folds
    assert lines[-1].startswith(f"[{len(lines)}/{len(lines)}] ")
    return result.stdout.splitlines()


@pytest.mark.isolated
def test_compare_prints_the_table_and_the_verdict(run):
    lines = compared(
        run("compare", "digits", "--models", "chance, 1nn", "--limit", 200, "--cv", 3), n_models=2, n_folds=3
    )
    assert lines[0].strip() == "digits, 200 of 1,797 pictures, 10 classes, 3 folds, seed 0"
    names = [line.split()[0] for line in lines if line.count(" ± ") == 2]
    assert names == ["1nn", "chance"]
    assert " ".join(lines).count("1nn has the highest mean accuracy") == 1


def test_the_result_is_saved_as_json(run, tmp_path):
    path = tmp_path / "out.json"
    done = run("compare", "digits", "--models", "1nn", "--limit", 100, "--json", path, "--seed", 3)
    compared(done, n_models=1, n_folds=5)
    assert done.stderr.endswith(f"Saved to {path}\n")
    result = ComparisonResult.from_json(path)
    assert (result.seed, result.n_samples, result.data_name, result.best) == (3, 100, "digits", "1nn")
    assert result.class_names == [str(digit) for digit in range(10)]
    assert json.loads(path.read_text(encoding="utf-8"))["metrics"] == ["accuracy", "f1_macro"]


def test_the_seed_decides_which_pictures_are_kept(run, tmp_path):
    fingerprints = []
    for seed in (0, 0, 1):
        path = tmp_path / "out.json"
        run("compare", "digits", "--models", "chance", "--limit", 100, "--seed", seed, "--json", path)
        fingerprints.append(ComparisonResult.from_json(path).data_fingerprint)
    assert fingerprints[0] == fingerprints[1] != fingerprints[2]


def test_only_the_training_pictures_of_a_split_data_set_are_used(run, tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    np.savez(
        tmp_path / "mnist.npz",
        x_train=rng.integers(0, 256, (30, 28, 28), dtype=np.uint8),
        y_train=np.arange(30) % 10,
        x_test=np.zeros((10, 28, 28), np.uint8),
        y_test=np.arange(10),
    )
    monkeypatch.setenv("SKIMGREC_DATA", str(tmp_path))
    for options, pictures in (((), "30 pictures"), (("--limit", 20), "20 of 30 training pictures")):
        lines = compared(run("compare", "mnist", "--models", "chance", "--cv", 2, *options), n_models=1, n_folds=2)
        assert lines[0] == f"mnist, {pictures}, 10 classes, 2 folds, seed 0"
    for options, pictures in (((), "40 pictures"), (("--limit", 24), "24 of 40 pictures")):
        done = run("compare", "mnist", "--models", "chance", "--cv", "own", *options, "--json", tmp_path / "own.json")
        assert compared(done, n_models=1, n_folds=1)[0].startswith(f"mnist, {pictures}, 10 classes, ")
        result = ComparisonResult.from_json(tmp_path / "own.json")
        assert result.cv == "the data's own split"
        # The blank pictures come last, and keep their share.
        assert result.test_rows == [list(range(30, 40)) if not options else list(range(result.n_samples - 10, 24))]


def test_the_splits_and_the_metrics_are_those_asked_for(run, tmp_path):
    path = tmp_path / "out.json"
    common = ("compare", "digits", "--models", "chance,1nn", "--limit", 200, "--json", path)
    run(*common, "--cv", 3, "--repeats", 2, "--metrics", "balanced_accuracy, neg_log_loss", "--seed", 7)
    result = ComparisonResult.from_json(path)
    assert result.cv == "RepeatedStratifiedKFold(n_repeats=2, n_splits=3, random_state=7)"
    assert (result.n_folds, result.metrics) == (6, ("balanced_accuracy", "neg_log_loss"))
    assert len({tuple(rows) for rows in result.test_rows}) == 6
    run(*common, "--cv", "holdout")
    result = ComparisonResult.from_json(path)
    assert (result.n_folds, len(result.test_rows[0])) == (1, 40)


def test_learning_curves_are_printed_and_drawn(run, tmp_path):
    pytest.importorskip("matplotlib")
    picture = tmp_path / "curves.png"
    done = run(
        "compare", "digits", "--models", "chance,1nn", "--limit", 300, "--cv", 3,
        "--train-sizes", "0.1,0.4,1", "--curves", picture,
    )  # fmt: skip
    lines = compared(done, n_models=2, n_folds=9)
    start = lines.index("mean accuracy after learning from so many pictures")
    assert lines[start + 2].split() == ["estimator", "20", "80", "200"]
    names = [line.split()[0] for line in lines[start + 4 :]]
    assert names == ["1nn", "chance"]
    curve = [float(word) for word in lines[start + 4].split()[1::3]]
    assert curve == sorted(curve)
    assert curve[0] < curve[-1]
    assert "1nn, fold 1, 20 training pictures: accuracy" in done.stderr
    assert done.stderr.endswith(f"Drawn to {picture}\n")
    with Image.open(picture) as drawn:
        assert drawn.format == "PNG"
        assert min(drawn.size) > 400


@pytest.mark.usefixtures("folder")
def test_the_predictions_of_all_models_are_saved_with_the_names_of_the_files(run):
    done = run("compare", "pets", "--models", "majority,1nn", "--size", 8, "--cv", "own", "--predictions", "out.csv")
    compared(done, n_models=2, n_folds=1)
    frame = pd.read_csv("out.csv")
    assert list(frame["estimator"]) == ["majority"] * 2 + ["1nn"] * 2
    assert list(frame["filename"]) == ["pets/test/cat/1.png", "pets/test/dog/1.png"] * 2
    assert list(frame["target"]) == ["cat", "dog"] * 2
    assert set(frame["predicted"]) <= {"cat", "dog"}
    run("compare", "pets", "--models", "1nn", "--size", 8, "--cv", 2, "--limit", 8, "--predictions", "out.csv")
    frame = pd.read_csv("out.csv")
    assert len(set(frame["filename"])) == 8
    for filename, label in zip(frame["filename"], frame["target"], strict=True):
        assert filename.startswith(f"pets/train/{label}/")


def test_a_finished_comparison_leaves_nothing_in_the_cache_folder(run, cache):
    compared(run("compare", "digits", "--models", "chance", "--limit", 100), n_models=1, n_folds=5)
    assert list((cache / "runs").iterdir()) == []


def test_a_cache_folder_that_cannot_be_made_is_said_and_does_no_harm(run, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    done = run("compare", "digits", "--models", "chance", "--limit", 100)
    compared(done, n_models=1, n_folds=5)
    assert notes_of(done)[0].startswith("What is measured is not kept, in case this is cut short: ")


@pytest.fixture
def folder(tmp_path, monkeypatch, rng):
    """Stand beside a folder of 12 training pictures and 2 test pictures, with broken files and one that is no class."""
    monkeypatch.chdir(tmp_path)
    names = [f"train/{label}/{number}.png" for label in ("cat", "dog") for number in range(6)]
    for number, name in enumerate([*names, "test/cat/1.png", "test/dog/1.png", "single_prediction/x.png"]):
        path = tmp_path / "pets" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (16, 16 + number % 2, 3), dtype=np.uint8)).save(path)
    (tmp_path / "pets/train/cat/empty.jpg").touch()
    (tmp_path / "pets/train/dog/notes.txt").write_text("no picture", encoding="utf-8")
    return [f"pets/{name}" for name in names]


def notes_of(result):
    return [line for line in result.stderr.splitlines() if not line.startswith("[")]


@pytest.mark.usefixtures("folder")
def test_a_folder_with_broken_files_is_compared_and_they_are_said(run):
    done = run("compare", "pets", "--models", "chance,1nn+hog", "--cv", 2)
    assert compared(done, n_models=2, n_folds=2)[0].strip() == "pets, 12 pictures, 2 classes, 2 folds, seed 0"
    assert notes_of(done) == [
        "The pictures have 2 different sizes, the smallest 16 x 16, the largest 16 x 17, the most common 16 x 16 (6 of "
        "12): all are brought to 64 x 64.",
        "2 files were skipped, of 14: pets/train/cat/empty.jpg: it is empty; pets/train/dog/notes.txt: it is no "
        "picture of a kind that Pillow reads.",
        "single_prediction is no class: it lies beside the splits.",
    ]


@pytest.mark.usefixtures("folder")
def test_size_and_grey_say_what_the_pictures_of_a_folder_become(run):
    options = ("--models", "chance", "--cv", 2, "--limit", 8, "--json", "out.json")
    for more, shape in (((), (64, 64, 3)), (("--size", 8), (8, 8, 3)), (("--size", 8, "--grey"), (8, 8))):
        done = run("compare", "pets", *options, *more)
        title = " ".join(compared(done, n_models=1, n_folds=2)[:2])
        assert title.startswith("pets, 8 of 12 training pictures, 2 classes, 2 folds, seed 0")
        result = ComparisonResult.from_json("out.json")
        assert (result.picture_shape, result.class_names) == (shape, ["cat", "dog"])
        assert ("brought to 64 x 64" in done.stderr) == (not more)


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".npz"])
def test_tables_and_npz_files_are_compared(run, folder, suffix):
    labels = ["cat"] * 6 + ["dog"] * 6
    if suffix == ".npz":
        np.savez("data.npz", images=np.zeros((12, 8, 8), np.uint8), target=np.array([0] * 6 + [1] * 6))
    else:
        frame = pd.DataFrame({"path": [*folder, "gone.png"], "label": [*labels, "dog"]})
        frame.to_csv("data.csv", index=False) if suffix == ".csv" else frame.to_parquet("data.parquet")
    more = () if suffix == ".npz" else ("--size", 8)
    done = run("compare", f"data{suffix}", "--models", "chance", "--cv", 2, *more)
    lines = compared(done, n_models=1, n_folds=2)
    assert lines[0].strip() == f"data{suffix}, 12 pictures, 2 classes, 2 folds, seed 0"
    assert notes_of(done) == (
        [] if suffix == ".npz" else ["1 file was skipped, of 13: gone.png: there is no such file."]
    )


def test_a_missing_extra_is_one_line(run, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    pd.DataFrame({"path": ["a"], "label": ["b"]}).to_parquet("data.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    done = run("compare", "data.parquet")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert 'pip install "skimgrec[parquet]"' in done.stderr


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["digit"], "Error: Unknown data set 'digit', did you mean 'digits'?"),
        (["mnist"], "Error: mnist.npz is not on this machine"),
        (["./cats"], "Error: There is no file or folder ./cats"),
        (["cats.csv"], "Error: There is no file or folder cats.csv"),
        (["tests"], "Error: tests holds nothing: expected one folder for each class"),
        (["digits", "--size", "16"], "Error: digits holds pictures of shape (8, 8), which are used as they are"),
        (["digits", "--models", "forrest"], "Error: Unknown candidate 'forrest', did you mean 'forest'?"),
        (["digits", "--models", ","], "Error: No candidate is named"),
        (["digits", "--models", "1nn,1nn"], "Error: Candidate '1nn' is named twice"),
        (["digits", "--limit", "5"], "Error: A part of 5 pictures was asked for"),
        (["digits", "--limit", "5000"], "Error: A part of 5000 pictures was asked for"),
        (["digits", "--models", "1nn", "--limit", "20"], "Error: cv=5 needs at least 5 pictures of every class"),
        (["digits", "--models", "1nn", "--n-jobs", "0"], "Error: n_jobs"),
        (["digits", "--json", "nowhere/out.json"], "Error: --json nowhere/out.json: there is no folder nowhere"),
        (["digits", "--json", "."], "Error: --json . is a folder"),
        (["digits", "--predictions", "nowhere/out.csv"], "Error: --predictions nowhere/out.csv: there is no folder"),
        (["digits", "--cv", "1"], "Error: --cv 1: expected a number of folds from 2, or holdout"),
        (["digits", "--cv", "own"], "Error: --cv own: digits has no training and test pictures of its own."),
        (["digits", "--cv", "holdout", "--repeats", "2"], "Error: --repeats 2: only folds can be made anew"),
        (["digits", "--repeats", "2", "--near-duplicates", "group"], "Error: --repeats 2: repeated folds cannot keep"),
        (["digits", "--limit", "20", "--repeats", "2"], "Error: --cv 5 needs at least 5 pictures of every class"),
        (["digits", "--metrics", "acuracy"], "Error: Unknown metric 'acuracy', did you mean 'accuracy'?"),
        (["no/such/folder", "--metrics", "acc"], "Error: Unknown metric 'acc', did you mean 'accuracy'?"),
        (["digits", "--metrics", ","], "Error: scoring is empty"),
        (["digits", "--train-sizes", "0.1,2.5"], "Error: --train-sizes 0.1,2.5: 2.5 is neither a share"),
        (["digits", "--train-sizes", "0.1,50"], "Error: --train-sizes 0.1,50: expected shares up to 1 alone"),
        (["digits", "--train-sizes", ","], "Error: --train-sizes names no size"),
        (["digits", "--train-sizes", "5000"], "Error: train_sizes has 5000"),
        (["digits", "--curves", "c.png"], "Error: --curves c.png: there are no learning curves to draw without"),
        (["digits", "--train-sizes", "0.1", "--curves", "c.txt"], "Error: --curves c.txt: expected a file name"),
        (["digits", "--budget", "soon"], "Error: --budget soon: expected a time above 0, such as 90, 90s, 10m"),
        (["digits", "--fit-timeout", "0s"], "Error: --fit-timeout 0s: expected a time above 0"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(run, monkeypatch, tmp_path, args, message):
    monkeypatch.delenv("SKIMGREC_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("skimgrec.datasets._download._PAUSE", 0.0)
    (tmp_path / "tests").mkdir()
    monkeypatch.chdir(tmp_path)
    result = run("compare", *args)
    assert result.exit_code == 2
    assert result.stderr.startswith(message)
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


@pytest.mark.parametrize("args", [["--near-duplicates", "x"], ["--limit", "x"], ["--seed", "-1"], ["--nonsense"]])
def test_wrong_options_are_exit_code_2(run, args):
    assert run("compare", "digits", *args).exit_code == 2


@pytest.mark.isolated
def test_if_every_model_fails_the_exit_code_is_1(run):
    # It is no metric of more than two classes.
    result = run("compare", "digits", "--models", "chance", "--limit", 100, "--metrics", "roc_auc")
    assert result.exit_code == 1
    assert "[1] chance failed with ValueError: multi_class must be in" in result.stdout
    # It asks for probabilities, which one of them does not give.
    result = run("compare", "digits", "--models", "linear-svm,1nn", "--limit", 100, "--metrics", "neg_log_loss")
    assert "[1] linear-svm failed with" in result.stdout
    assert result.exit_code == 0


def test_version(run):
    assert run("--version").stdout == f"skimgrec {__version__}\n"


def test_models_are_listed_with_a_line_each(run):
    models, _, features = run("models").stdout.split("\n\n")
    assert [line.split()[0] for line in features.splitlines()] == [f"+{name}" for name in candidate_features()]
    assert [line.split()[0] for line in models.splitlines()] == [
        "chance", "majority", "1nn", "knn", "forest", "extra-trees", "boosting", "logistic", "ridge",
        "linear-svm", "rbf-svm", "1nn+hog", "knn+hog", "forest+hog", "extra-trees+hog", "boosting+hog",
        "logistic+hog", "ridge+hog", "linear-svm+hog", "rbf-svm+hog", "mlp", "cnn", "cnn-sequential",
    ]  # fmt: skip


def test_help_names_the_commands(run):
    result = run("--help")
    assert result.exit_code == 0
    assert "compare" in result.stdout
    assert "models" in result.stdout


def test_the_module_runs_as_a_command():
    command = [sys.executable, "-m", "skimgrec", "compare", "digits", "--models", "chance,1nn", "--limit", "100"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "1nn has the highest mean accuracy" in done.stdout
    assert len(done.stderr.splitlines()) == 10


def test_help_loads_no_machine_learning():
    program = (
        "import sys; from skimgrec.cli import app; app(['compare', '--help'], standalone_mode=False); "
        "print(sorted({'sklearn', 'numpy', 'pandas', 'keras', 'tensorflow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_an_interrupt_keeps_what_is_finished(run, interrupted_after, tmp_path):
    path = tmp_path / "out.json"
    with interrupted_after(3):
        result = run("compare", "digits", "--models", "chance,1nn", "--cv", 3, "--limit", 100, "--json", path)
    assert result.exit_code == 130
    assert "Interrupted after 3 of 6 fits. The same command goes on from there.\n" in result.stderr
    assert "chance has a mean accuracy of" in " ".join(result.stdout.split())
    assert [row.estimator for row in ComparisonResult.from_json(path).rows] == ["chance"] * 3
    with interrupted_after(0):
        result = run("compare", "digits", "--models", "1nn", "--limit", 100)
    assert (result.exit_code, result.stdout) == (130, "")
    assert "Interrupted before the first fit was finished." in result.stderr
    with interrupted_after(1):
        result = run("compare", "digits", "--models", "1nn", "--limit", 100, "--train-sizes", "0.5")
    assert (result.exit_code, result.stdout) == (130, "")


def test_a_mistake_of_our_own_shows_its_traceback(run, monkeypatch):
    from skimgrec.model_selection import Comparison

    def fail(self):
        raise TypeError("ours")

    monkeypatch.setattr(Comparison, "measure", fail)
    assert isinstance(run("compare", "digits", "--models", "chance").exception, TypeError)


def test_output_that_is_no_terminal_has_no_trailing_blanks_and_tells_the_verdict_once(run):
    lines = run("compare", "digits", "--models", "chance,1nn", "--limit", 100).stdout.splitlines()
    assert lines == [line.rstrip() for line in lines]
    assert " ".join(lines).count("has the highest mean") == 1
    assert not any(one == two == "" for one, two in itertools.pairwise(lines))


def test_help_of_compare_reads_as_usual(run):
    text = run("compare", "--help", env={"COLUMNS": "100"}).stdout
    assert "[OPTIONS] DATA" in text
    for odd in ("<bool>", "<str>", "range>", "{"):
        assert odd not in text
    assert "skimgrec models" in " ".join(text.split())
    assert "Example:" in text
