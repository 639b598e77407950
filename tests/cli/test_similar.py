"""The command similar."""

import csv
import io
import json

import numpy as np
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skimgrec import HOGTransformer, ImageLoader, open_index, save_model

COLOURS = {"blue": (0, 40, 160), "green": (10, 130, 30), "red": (170, 10, 20)}


def draw(path, colour, rng, size=(16, 16)):
    pixels = np.clip(np.array(colour) + rng.integers(0, 60, (*size, 3)), 0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with five pictures of each colour; one file is broken."""
    rng = np.random.default_rng(0)
    root = tmp_path_factory.mktemp("data") / "colours"
    for name, colour in COLOURS.items():
        (root / name).mkdir(parents=True)
        for number in range(5):
            draw(root / name / f"{number}.png", colour, rng)
    (root / "red" / "broken.jpg").write_bytes(b"no picture")
    return root


@pytest.fixture
def red(tmp_path, rng):
    return draw(tmp_path / "new red.png", COLOURS["red"], rng, (30, 20))


def test_similar_pictures_are_printed_with_distance_file_and_class(run, folder, red, monkeypatch):
    monkeypatch.chdir(folder.parent)
    done = run("similar", "colours", red, "--features", "pixels", "--most", "5", "--least", "2")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0] == str(red)
    assert [line.strip() for line in (lines[1], lines[7])] == ["most similar", "least similar"]
    found = [line.split() for line in lines[2:7]]
    assert sorted(entry[1:] for entry in found) == [[f"colours/red/{number}.png", "red"] for number in range(5)]
    distances = [float(entry[0]) for entry in found]
    assert distances == sorted(distances)
    assert all(line.split()[2] != "red" for line in lines[8:])
    assert "broken.jpg" in done.stderr


def test_csv_and_json_say_the_same_and_what_could_not_be_read(run, folder, red, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    options = ("similar", folder, red, broken, "--features", "pixels", "--most", "2", "--least", "1")
    done = run(*options, "--csv")
    assert done.exit_code == 1
    assert "1 of 2 files could not be read." in done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [(row["similar"], row["rank"], row["class"]) for row in rows[:2]] == [
        ("most", "1", "red"),
        ("most", "2", "red"),
    ]
    assert rows[2]["similar"] == "least"
    assert rows[3]["query"] == str(broken)
    assert rows[3]["error"]
    found = json.loads(run(*options, "--json").stdout)
    assert found[1] == {"file": str(broken), "error": rows[3]["error"]}
    assert [one["file"] for one in found[0]["most_similar"]] == [row["file"] for row in rows[:2]]
    assert found[0]["most_similar"][0]["distance"] == pytest.approx(float(rows[0]["distance"]), rel=1e-5)


def test_a_query_within_the_data_is_not_similar_to_itself(run, folder):
    query = folder / "blue" / "3.png"
    found = json.loads(run("similar", folder, query, "--most", "99", "--least", "0", "--json").stdout)
    names = [one["file"] for one in found[0]["most_similar"]]
    assert len(names) == 14
    assert str(query) not in names


def test_an_index_is_saved_and_stands_for_the_pictures(run, folder, red, tmp_path):
    index, sheet, matrix = tmp_path / "colours.index", tmp_path / "sheet.png", tmp_path / "matrix.png"
    made = run("similar", folder, red, "--metric", "cosine", "--save", index, "--matrix", matrix, "--sample", "6")
    assert made.exit_code == 0, made.output
    assert f"Saved 15 pictures to {index}" in made.stderr
    assert open_index(index).metric == "cosine"
    again = run("similar", index, red, "--sheet", sheet)
    assert again.stdout == made.stdout
    for path in (sheet, matrix):
        with Image.open(path) as image:
            assert min(image.size) > 200
    assert run("similar", folder, "--save", index).exit_code == 0
    for option in (("--features", "hog"), ("--metric", "cosine"), ("--size", "8"), ("--grey",), ("--part", "all")):
        refused = run("similar", index, red, *option)
        assert refused.exit_code == 2
        assert f"{option[0]}: {index} is an index" in refused.stderr
    index.write_bytes(index.read_bytes()[:-50])
    assert "damaged" in run("similar", index, red).stderr


def test_a_model_compares_by_what_its_classifier_sees(run, folder, red, tmp_path):
    paths = sorted(folder.glob("*/?.png"))
    labels = [path.parent.name for path in paths]
    model = make_pipeline(ImageLoader((12, 12), grey=True), HOGTransformer(), LogisticRegression()).fit(paths, labels)
    path = tmp_path / "model.skimgrec"
    save_model(model, path)
    index = tmp_path / "some.index"
    done = run("similar", folder, red, "--features", path, "--save", index)
    assert done.exit_code == 0, done.output
    opened = open_index(index)
    assert opened.image_shape_ == (12, 12)
    assert opened.n_features_out_ == model[1].transform(np.zeros((1, 12, 12), np.uint8)).shape[1]
    found = done.stdout.splitlines()[2].split()
    assert float(found[0]) == pytest.approx(opened.kneighbors([red], 1)[0][0, 0], rel=1e-3)
    assert (
        "--size: a model takes pictures as it has learnt"
        in run("similar", folder, red, "--features", path, "--size", "8").stderr
    )


def test_a_folder_without_classes_and_a_data_set(run, folder, red, tmp_path, rng):
    plain = tmp_path / "plain"
    (plain / "deep").mkdir(parents=True)
    files = [draw(plain / f"{name}.png", colour, rng) for name, colour in COLOURS.items()]
    files.append(draw(plain / "deep" / "dark red.png", (120, 5, 10), rng))
    done = run("similar", plain, red, "--features", "pixels", "--most", "2", "--least", "0")
    assert done.exit_code == 0, done.output
    assert "taken for pictures without classes" in done.stderr
    assert [line.split(maxsplit=1)[1] for line in done.stdout.splitlines()[2:]] == [str(files[2]), str(files[3])]
    # Digits are numbers from 0 to 16, which files are not.
    assert "values from 0 to 255" in run("similar", "digits", red).stderr
    pictures = np.stack([np.asarray(Image.open(file)) for file in files])
    np.savez(tmp_path / "some.npz", images=pictures, target=[0, 1, 2, 2])
    sheet = tmp_path / "sheet.png"
    done = run("similar", tmp_path / "some.npz", files[1], "--features", "pixels", "--most", "1", "--sheet", sheet)
    assert done.stdout.splitlines()[2].split() == ["0", "picture", "1", "1"]
    assert sheet.exists()
    run("similar", tmp_path / "some.npz", "--save", tmp_path / "some.index")
    assert "knows no files of its pictures" in run("similar", tmp_path / "some.index", red, "--sheet", sheet).stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "No picture is named"),
        (("RED", "--csv", "--json"), "--csv and --json"),
        (("RED", "--features", "hgo"), "--features hgo: expected hog, lbp, color, bovw, "),
        (("RED", "--part", "tset"), "--part tset"),
        (("RED", "--sheet", "sheet.txt"), "expected a file name that ends in .png"),
        (("--sheet", "sheet.png"), "--sheet shows queries"),
        (("RED", "--save", "nowhere/x.index"), "there is no folder nowhere"),
    ],
)
def test_bad_input_is_a_line_and_status_2(run, folder, red, arguments, message):
    done = run("similar", folder, *(red if argument == "RED" else argument for argument in arguments))
    assert done.exit_code == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_standard_input_is_one_picture(run, folder, red):
    done = run("similar", folder, "-", "--features", "pixels", "--most", "1", "--least", "0", input=red.read_bytes())
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[0] == "-"
    assert done.stdout.split()[-1] == "red"


def test_features_are_named_as_everywhere(run, folder, red, tmp_path):
    index = tmp_path / "colours.index"
    options = ("--most", "5", "--least", "0", "--json")
    done = run("similar", folder, red, "--features", "color+lbp", "--save", index, *options)
    assert done.exit_code == 0, done.output
    [found] = json.loads(done.stdout)
    assert {one["class"] for one in found["most_similar"]} == {"red"}
    assert open_index(index).features == "color+lbp"
    assert json.loads(run("similar", index, red, *options).stdout) == [found]
    twice = run("similar", folder, red, "--features", "hog+hog")
    assert twice.exit_code == 2
    assert "'hog' are named twice" in " ".join(twice.stderr.split())
