"""The commands around model files: train, predict, evaluate and info."""

import csv
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from skimgrec import load_model, read_card

COLOURS = {"blue": (0, 40, 160), "green": (10, 130, 30), "red": (170, 10, 20)}


def draw(path, colour, rng, size=(12, 10)):
    pixels = np.clip(np.array(colour) + rng.integers(0, 60, (*size, 3)), 0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture(scope="module", name="folder")
def folder_fixture(tmp_path_factory):
    """Return a folder with training and test pictures of three colours; one file is broken."""
    rng = np.random.default_rng(0)
    root = tmp_path_factory.mktemp("data") / "colours"
    for part, n in (("train", 8), ("test", 3)):
        for name, colour in COLOURS.items():
            place = root / part / name
            place.mkdir(parents=True)
            for number in range(n):
                draw(place / f"{number}.png", colour, rng)
    (root / "train" / "red" / "broken.jpg").write_bytes(b"no picture")
    return root


@pytest.fixture(scope="module", name="model")
def model_fixture(folder, tmp_path_factory):
    """Return the file of a model that tells the colours."""
    from typer.testing import CliRunner

    from skimgrec.cli import app

    path = tmp_path_factory.mktemp("models") / "colours.skimgrec"
    done = CliRunner().invoke(app, ["train", str(folder), "--model", "knn", "--size", "8", "-o", str(path)])
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[1:] == [f"Accuracy 1.0000, macro F1 1.0000 on the 9 test pictures of {folder}."]
    assert "broken.jpg" in done.stderr
    assert "knn learns from 24 pictures: blue, green, red.\n" in done.stderr
    assert re.search(rf"Saved to {path}, \d+ kB\.\n$", done.stderr)
    return path


@pytest.fixture(name="new")
def new_fixture(tmp_path):
    """Return a folder with new pictures at two depths, a broken one, and a file that is none."""
    rng = np.random.default_rng(1)
    folder = tmp_path / "new"
    (folder / "deep").mkdir(parents=True)
    draw(folder / "b.png", COLOURS["blue"], rng, (30, 20))
    draw(folder / "deep" / "g.png", COLOURS["green"], rng)
    draw(folder / "r.jpg", COLOURS["red"], rng)
    (folder / "c.jpg").write_bytes(b"\xff\xd8\xff broken")
    (folder / "notes.txt").write_text("none")
    return folder


def test_the_card_tells_what_the_file_holds(run, model, folder):
    card = read_card(model)
    assert card["classes"] == ["blue", "green", "red"]
    assert card["data"]["name"] == "colours"
    assert card["data"]["pictures_per_class"] == {"blue": 8, "green": 8, "red": 8}
    assert card["scores"]["accuracy"] == 1.0
    assert card["training"] | {"seconds": 0} == {"model": "knn", "seed": 0, "seconds": 0}
    said = run("info", model).stdout
    assert "classes        3: blue, green, red\n" in said
    assert "picture files read as RGB, brought to 8 x 8 pixels, stretched" in said
    assert "  kneighborsclassifier__n_neighbors=5\n" in said
    assert json.loads(run("info", model, "--json").stdout) == card


def test_a_model_from_the_command_line_takes_paths_in_python(model, new):
    loaded = load_model(model)
    assert loaded.predict([new / "b.png", new / "r.jpg"]).tolist() == ["blue", "red"]


def test_every_picture_has_its_answer_in_order_and_broken_files_their_message(run, model, new):
    done = run("predict", model, new)
    assert done.exit_code == 1
    width = len(str(new / "deep" / "g.png"))
    assert done.stdout.splitlines() == [
        f"{new / 'b.png'!s:{width}}  blue 1.000",
        f"{new / 'r.jpg'!s:{width}}  red 1.000",
        f"{new / 'deep' / 'g.png'!s:{width}}  green 1.000",
    ]
    assert f"1 file in {new} without the name of a picture: left out." in done.stderr
    assert f"{new / 'c.jpg'}: " in done.stderr
    assert done.stderr.endswith("1 of 4 files could not be read.\n")
    assert run("predict", model, new / "r.jpg", new / "b.png").exit_code == 0


def test_answers_as_csv_and_json_leave_no_file_out(run, model, new):
    names = [new / "r.jpg", new / "missing.png", new / "c.jpg", new / "b.png"]
    done = run("predict", model, *names, "--top", 2, "--csv")
    assert done.exit_code == 1
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [(row["file"], row["rank"], row["class"]) for row in rows] == [
        (str(names[0]), "1", "red"), (str(names[0]), "2", "blue"), (str(names[1]), "", ""), (str(names[2]), "", ""),
        (str(names[3]), "1", "blue"), (str(names[3]), "2", "green"),
    ]  # fmt: skip
    assert rows[2]["error"]
    assert not rows[0]["error"]
    entries = json.loads(run("predict", model, *names, "--top", 2, "--json").stdout)
    assert [entry["file"] for entry in entries] == list(map(str, names))
    assert [entry.get("class") for entry in entries] == ["red", None, None, "blue"]
    assert [part["class"] for part in entries[0]["top"]] == ["red", "blue"]
    assert entries[1]["error"] == rows[2]["error"]
    assert entries[0]["probability"] == pytest.approx(float(rows[0]["probability"]), rel=1e-5)


def test_patterns_lists_and_standard_input(run, model, new, tmp_path):
    assert len(run("predict", model, new / "*.png").stdout.splitlines()) == 1
    assert len(run("predict", model, new / "**" / "*.png").stdout.splitlines()) == 2
    listed = tmp_path / "list.txt"
    listed.write_text(f"{new / 'r.jpg'}\r\n\n{new / 'b.png'}\n")
    done = run("predict", model, new / "deep", "--files-from", listed, "--csv")
    assert [row["class"] for row in csv.DictReader(io.StringIO(done.stdout))] == ["green", "red", "blue"]
    done = run("predict", model, "--files-from", "-", input=listed.read_text())
    assert done.stdout.split()[1::3] == ["red", "blue"]
    done = run("predict", model, "-", new / "b.png", input=(new / "r.jpg").read_bytes())
    assert done.stdout.split()[1::3] == ["red", "blue"]
    done = run("predict", model, "-", input=b"no picture")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("-: ")


def test_below_the_threshold_there_is_no_class(run, folder, new, tmp_path):
    path = tmp_path / "wide.skimgrec"
    # All pictures are neighbours of all: no class is much more probable than another.
    done = run("train", folder, "--model", "knn", "--size", 8, "--param", "n_neighbors=24", "-o", path)
    assert done.exit_code == 0, done.output
    assert "unknown (if any, blue 0." in run("predict", path, new / "b.png", "--threshold", 1).stdout
    (entry,) = json.loads(run("predict", path, new / "b.png", "--threshold", 1, "--json").stdout)
    assert entry["class"] is None
    assert entry["top"][0]["class"] == "blue"
    (row,) = csv.DictReader(io.StringIO(run("predict", path, new / "b.png", "--threshold", 1, "--csv").stdout))
    assert (row["class"], row["error"]) == ("", "")


def test_evaluate_scores_the_test_pictures(run, model, folder, tmp_path):
    saved = tmp_path / "scores.json"
    done = run("evaluate", model, folder, "--json", saved)
    assert done.exit_code == 0, done.output
    assert "Accuracy 1.0000, macro F1 1.0000, log loss 0.0000." in done.stdout
    content = json.loads(saved.read_text())
    assert content["n_pictures"] == 9
    assert [entry["name"] for entry in content["classes"]] == ["blue", "green", "red"]
    assert "learnt from these very pictures" not in done.stderr
    assert "learnt from these very pictures" in run("evaluate", model, folder, "--part", "train").stderr
    assert "most likely from some of these" in run("evaluate", model, folder, "--part", "all").stderr
    assert "There is no model file nowhere." in run("evaluate", "nowhere", folder).stderr
    assert f"{folder} is a folder, expected a model file" in run("predict", folder, model).stderr


def test_evaluate_counts_classes_that_the_model_does_not_know_as_wrong(run, model, tmp_path):
    rng = np.random.default_rng(2)
    for name, colour in {"red": COLOURS["red"], "white": (190, 190, 190)}.items():
        (tmp_path / "data" / name).mkdir(parents=True)
        for number in range(3):
            draw(tmp_path / "data" / name / f"{number}.png", colour, rng)
    done = run("evaluate", model, tmp_path / "data")
    assert done.exit_code == 0, done.output
    assert "3 of 6 pictures are of classes that the model does not know, and count as wrong: 'white'." in done.stderr
    assert "Accuracy 0.5000" in done.stdout
    (tmp_path / "data" / "red").rename(tmp_path / "data" / "crimson")
    done = run("evaluate", model, tmp_path / "data")
    assert done.exit_code == 2
    assert "knows none: it knows 'blue', 'green', 'red'" in done.stderr


def test_a_network_takes_its_options(run, folder, tmp_path):
    path = tmp_path / "net.skimgrec"
    done = run(
        "train", folder, "--model", "mlp", "--size", 8, "--epochs", 2, "--param", "hidden_layer_sizes=(5,)",
        "--val", 6, "-o", path,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    card = read_card(path)
    assert card["parameters"]["classifier__epochs"] == 2
    assert card["parameters"]["classifier__hidden_layer_sizes"] == [5]
    assert card["parameters"]["classifier__verbose"] == 0
    assert card["data"]["n_pictures"] == 18
    assert "9 other pictures" in done.stderr
    assert f"on 6 pictures of {folder} that were held out." in done.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--model", "forest", "--epochs", 3], "--epochs 3: forest is no neural network."),
        (["--model", "knn", "--param", "n_neighbors=1,3"], "--param n_neighbors is to be one value"),
        (["--model", "mlp", "--epochs", 3, "--param", "epochs=4"], "--param epochs and --epochs are the same"),
        (["--model", "knn", "--param", "neighbours=3"], "Unknown parameter 'neighbours' of Pipeline"),
        (["--model", "kn"], "Unknown candidate 'kn'"),
        (["--model", "knn", "--val", "2"], "--val 2: 2 of 24 pictures would be held out"),
        (["--model", "knn", "--val", "1.5"], "--val 1.5: expected a share"),
        (["--model", "knn", "--limit", "2"], "A part of 2 pictures was asked for"),
    ],
)
def test_what_train_cannot_do_is_said_and_leaves_no_file(run, folder, tmp_path, options, message):
    done = run("train", folder, "--size", 8, "-o", tmp_path / "x.skimgrec", *options)
    assert done.exit_code == 2
    assert f"Error: {message}" in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["predict", "{missing}", "{new}"], "There is no model file {missing}."),
        (["predict", "{new}/notes.txt", "{new}"], "notes.txt: "),
        (["predict", "{model}", "{new}/*.gif"], "No file matches "),
        (["predict", "{model}", "{empty}"], "holds no file with the name of a picture"),
        (["predict", "{model}", "{new}", "--csv", "--json"], "--csv and --json"),
        (["predict", "{model}", "-", "-"], "- is given twice"),
        (["evaluate", "{model}", "{folder}", "--part", "val"], "--part val: {folder} has no such pictures"),
        (["info", "{missing}"], "No such file"),
    ],
)
def test_what_the_others_cannot_do_is_said(run, folder, model, new, tmp_path, arguments, message):
    (tmp_path / "empty").mkdir()
    places = {"folder": folder, "model": model, "new": new, "missing": tmp_path / "no", "empty": tmp_path / "empty"}
    done = run(*(argument.format(**places) for argument in arguments))
    assert done.exit_code == 2
    assert message.format(**places) in done.stderr
    assert done.stdout == ""


def test_models_without_probabilities_answer_without_them(run, folder, new, tmp_path):
    path = tmp_path / "svm.skimgrec"
    assert run("train", folder, "--model", "linear-svm", "--size", 8, "-o", path).exit_code == 0
    assert run("predict", path, new / "r.jpg").stdout == f"{new / 'r.jpg'}  red\n"
    done = run("predict", path, new / "r.jpg", "--top", 2)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "--top: " in done.stderr
    assert "log loss" not in run("evaluate", path, folder).stdout


def test_hostile_names_reach_the_terminal_as_text(run, model, tmp_path):
    path = draw(tmp_path / "a\x1b[31m\n.png", COLOURS["red"], np.random.default_rng(0))
    done = run("predict", model, path)
    assert done.exit_code == 0
    assert "\x1b" not in done.output
    assert len(done.stdout.splitlines()) == 1


def test_compare_and_tune_save_the_winner(run, folder, new, tmp_path):
    path = tmp_path / "best.skimgrec"
    done = run("compare", folder, "--models", "chance,1nn", "--size", 8, "--cv", 3, "-o", path)
    assert done.exit_code == 0, done.output
    assert re.search(r"pictures/s +(memory +)?file\n", done.stdout)
    card = read_card(path)
    assert card["training"]["model"] == "1nn"
    assert card["data"]["n_pictures"] == 24
    assert card["scores"]["accuracy"] == 1.0
    assert "StratifiedKFold" in card["scores"]["measured_by"]
    assert run("predict", path, new / "r.jpg").stdout.split()[1:] == ["red", "1.000"]
    done = run("tune", folder, "--model", "knn", "--param", "n_neighbors=1,24", "--size", 8, "--cv", "own", "-o", path)
    assert done.exit_code == 0, done.output
    card = read_card(path)
    assert card["parameters"]["kneighborsclassifier__n_neighbors"] == 1
    assert card["training"]["model"] == "n_neighbors=1"
    assert card["data"]["n_pictures"] == 24


def test_what_is_learnt_is_kept_if_the_score_is_interrupted(run, folder, tmp_path, monkeypatch):
    from skimgrec.cli._training import Training

    def interrupt(self):
        raise KeyboardInterrupt

    path = tmp_path / "kept.skimgrec"
    with monkeypatch.context() as patch:
        patch.setattr(Training, "score", interrupt)
        done = run("train", folder, "--model", "1nn", "--size", 8, "-o", path)
    assert done.exit_code == 130
    assert "Interrupted: the model is saved without its score.\n" in done.stderr
    assert "scores" not in read_card(path)
    monkeypatch.setattr(Training, "fit", interrupt)
    done = run("train", folder, "--model", "1nn", "--size", 8, "-o", tmp_path / "none.skimgrec")
    assert (done.exit_code, done.stdout) == (130, "")
    assert [entry.name for entry in tmp_path.iterdir()] == ["kept.skimgrec"]


def test_an_interrupted_last_fit_costs_no_other(run, cache, tmp_path, monkeypatch):
    from skimgrec.cli import _winner

    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    command = (
        "compare",
        "digits",
        "--models",
        "chance,1nn",
        "--limit",
        100,
        "--cv",
        2,
        "-o",
        tmp_path / "best.skimgrec",
    )
    with monkeypatch.context() as patch:
        patch.setattr(_winner, "save_winner", interrupt)
        assert run(*command).exit_code == 130
    done = run(*command)
    assert done.exit_code == 0
    assert "4 of 4 fits are taken from an earlier run that was cut short" in done.stderr
    assert list((cache / "runs").iterdir()) == []
    assert (tmp_path / "best.skimgrec").exists()
