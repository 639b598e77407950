"""The programs among the examples run as they stand, and each script of the gallery says how it takes real data."""

import ast
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from skimage.io import imsave

import skimgrec
from skimgrec import KerasCNNClassifier

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
PROGRAMS = EXAMPLES / "cats_vs_dogs"


@pytest.mark.parametrize("script", sorted(EXAMPLES.glob("plot_*.py")), ids=lambda script: script.stem)
def test_an_example_takes_real_data_and_shows_the_command(script):
    text = script.read_text()
    assert 'FULL = "--full" in sys.argv' in text
    assert f"::\n\n    python {script.name} --full\n" in ast.get_docstring(ast.parse(text)) + "\n"


def test_cats_and_dogs_are_trained_and_told_apart(tmp_path, monkeypatch, capsys):
    rng = np.random.default_rng(0)
    for part in ("training_set", "test_set"):
        for axis, name in ((0, "cats"), (1, "dogs")):
            (tmp_path / "data" / part / name).mkdir(parents=True)
            for number in range(8):
                # Stripes across for cats, and upright for dogs.
                stripes = np.indices((64, 64))[axis] // 4 % 2 * 150
                picture = (stripes[..., None] + rng.integers(0, 60, (64, 64, 3))).astype(np.uint8)
                imsave(tmp_path / "data" / part / name / f"{number}.png", picture, check_contrast=False)
    monkeypatch.chdir(tmp_path)
    # The network learns for one epoch and with few filters; all else is as it stands.
    monkeypatch.setattr(
        skimgrec, "KerasCNNClassifier", lambda **options: KerasCNNClassifier(**{**options, "epochs": 1, "filters": 2})
    )
    monkeypatch.setattr(sys, "argv", ["train.py", "data"])
    runpy.run_path(str(PROGRAMS / "train.py"), run_name="__main__")
    printed = capsys.readouterr().out
    for name in ("logistic", "cnn"):
        assert f"{name}: " in printed
        assert (tmp_path / f"{name}.skimgrec").is_file()
    assert "logistic: 1.0000 on 16 test pictures" in printed
    pictures = ["data/test_set/cats/0.png", "data/test_set/dogs/0.png"]
    monkeypatch.setattr(sys, "argv", ["predict.py", "logistic.skimgrec", *pictures])
    runpy.run_path(str(PROGRAMS / "predict.py"), run_name="__main__")
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("data/test_set/cats/0.png: cats (")
    assert second.startswith("data/test_set/dogs/0.png: dogs (")
