"""The files of every release load, and their models answer as they did."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from skimgrec import load_model, read_card

TOOL = Path(__file__).resolve().parents[2] / "tools" / "make_model_fixture.py"
FILES = sorted((Path(__file__).parent / "files").glob("*.skimgrec"))


@pytest.fixture(name="tool", scope="module")
def tool_fixture():
    return runpy.run_path(str(TOOL))


def test_there_are_files():
    assert FILES
    assert all(path.stat().st_size < 16_000 for path in FILES)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.InconsistentVersionWarning")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_files_of_releases_load(tool, path):
    X, _ = tool["pictures"]()
    answers = read_card(path)["answers"]
    np.testing.assert_allclose(load_model(path).predict_proba(X), answers, atol=1e-5)


def test_files_are_made_by_the_tool(tool, tmp_path):
    tool["main"](tmp_path)
    X, y = tool["pictures"]()
    made = sorted(tmp_path.iterdir())
    assert [path.name.split("-")[0] for path in made] == ["hog", "network", "tree"]
    assert set(load_model(made[0]).predict(X)) <= set(y)
