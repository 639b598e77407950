"""The command skimgrec check: what it prints, writes, and returns."""

import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from skimgrec import ImageCheck
from skimgrec.cli import app

N = 24


@pytest.fixture
def run():
    def invoke(*args):
        return CliRunner().invoke(app, ["check", *map(str, args)])

    return invoke


@pytest.fixture
def folder(tmp_path, rng):
    """Return clean pictures in train and test, two classes each."""
    root = tmp_path / "pictures"
    for number in range(N):
        place = root / ("train" if number < 12 else "test") / "ab"[number % 2] / f"{number:02}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (20, 20, 3), np.uint8)).save(place)
    return root


def words(text):
    return " ".join(text.split())


def test_a_clean_folder(run, folder):
    done = run(folder)
    assert done.exit_code == 0, done.output
    headline = f"{folder}, 24 pictures, 2 classes, 12 test, 12 train: nothing found"
    assert done.stdout == headline + "\n"
    assert done.stderr == ""


def test_findings_are_printed_saved_and_drawn(run, folder, tmp_path):
    (folder / "train" / "a" / "empty.jpg").write_bytes(b"")
    (folder / "test" / "b" / "copy.png").write_bytes((folder / "train" / "a" / "00.png").read_bytes())
    (folder / "predict").mkdir()
    done = run(folder, "--json", tmp_path / "check.json", "--sheet", tmp_path / "sheet.png", "--size", 3)
    assert done.exit_code == 1, done.output
    assert "26 pictures, 2 classes, 13 test, 13 train: 2 findings" in done.stdout
    shown = words(done.stdout)
    assert "empty.jpg: it is empty" in shown
    assert "test/b/copy.png = train/a/00.png" in shown
    assert "keep all copies in one fold with --near-duplicates group." in shown
    assert "Not looked at: 1 folders that are no classes, such as predict." in done.stderr
    assert f"Saved to {tmp_path / 'check.json'}" in done.stderr
    check = ImageCheck.from_json(tmp_path / "check.json")
    assert check.counts == {"unreadable": 1, "exact_duplicate": 1}
    assert check.findings[1].scope == "across splits and classes"
    assert len(set(json.loads((tmp_path / "check.json").read_text())["groups"])) == 25
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert min(sheet.size) > 400


def test_near_duplicates_can_be_left_out(run, folder):
    with Image.open(folder / "train" / "a" / "00.png") as picture:
        picture.point(lambda value: int(0.9 * value)).save(folder / "train" / "a" / "darker.png")
    assert run(folder).exit_code == 1
    assert run(folder, "--no-near-duplicates").exit_code == 0


def test_a_folder_of_pictures_without_classes(run, folder):
    (folder / "train" / "a" / "broken.gif").write_bytes(b"GIF89a")
    done = run(folder / "train" / "a")
    assert done.exit_code == 1
    assert "7 pictures: 1 finding" in done.stdout


def test_a_table_and_an_npz_file(run, folder, tmp_path):
    paths = sorted(folder.glob("*/*/*.png"))
    lines = [f"{path.relative_to(tmp_path)},{path.parent.name},{path.parent.parent.name}" for path in paths]
    lines.append(f"missing.png,a,train\n{lines[0]}")
    (tmp_path / "table.csv").write_text("\n".join(["path,label,split", *lines]))
    done = run(tmp_path / "table.csv")
    assert done.exit_code == 1
    assert "missing.png: there is no such file" in words(done.stdout)
    assert "exact duplicates 1" in words(done.stdout)

    images = np.random.default_rng(1).integers(0, 256, (20, 16, 16, 3), np.uint8)
    images[19] = images[0]
    np.savez(tmp_path / "set.npz", images=images, target=np.arange(20) % 2)
    done = run(tmp_path / "set.npz")
    assert done.exit_code == 1
    assert "picture 0 = picture 19" in done.stdout


def test_a_built_in_data_set(run):
    done = run("digits")
    assert (done.exit_code, done.stdout) == (0, "digits, 1,797 pictures, 10 classes: nothing found\n")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["digit"], "Error: Unknown data set 'digit', did you mean 'digits'?"),
        (["nowhere/at/all"], "Error: There is no file or folder nowhere/at/all"),
        (["digits", "--json", "nowhere/x.json"], "Error: --json nowhere/x.json: there is no folder nowhere"),
        (["digits", "--sheet", "sheet.txt"], "Error: --sheet sheet.txt: expected a file name that ends in .png"),
    ],
)
def test_bad_input_ends_with_status_2(run, args, message):
    done = run(*args)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.startswith(message)


def test_ctrl_c_is_no_finding(run, monkeypatch):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("skimgrec.datasets._check_data.check_data", interrupt)
    done = run("digits")
    assert done.exit_code == 130
    assert done.stderr == "Interrupted before the check was finished.\n"


def test_help_documents_the_exit_status(run):
    assert "The exit status is 0 if nothing was found, 1 if something was, and 2" in words(run("--help").stdout)
