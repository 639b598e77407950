"""The README and the user guide keep their promises: their code runs, their commands exist."""

import doctest
import re
from pathlib import Path

import numpy as np
import pytest
from skimage.io import imsave

ROOT = Path(__file__).resolve().parents[1]
GUIDE = sorted((ROOT / "docs").glob("**/*.rst"))
GUIDE = [path for path in GUIDE if ">>>" in path.read_text(encoding="utf-8")]


@pytest.fixture
def folder_of_pictures(tmp_path, monkeypatch):
    """Stand in a folder that holds what the README calls "your own pictures"."""
    rng = np.random.default_rng(0)
    for level, name in ((60, "cat"), (120, "dog")):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for number in range(6):
            picture = rng.integers(level, level + 60, size=(40, 48, 3), dtype=np.uint8)
            imsave(tmp_path / "pictures" / name / f"{number}.png", picture, check_contrast=False)
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("folder_of_pictures")
def test_readme_code_runs():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = list(re.finditer(r"^```python\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL))
    assert len(blocks) >= 3
    namespace = {"__name__": "readme"}
    # One namespace for all: a reader goes through them in order, too.
    for block in blocks:
        blank_lines = "\n" * text.count("\n", 0, block.start(1))
        exec(compile(blank_lines + block[1], "README.md", "exec"), namespace)


@pytest.mark.parametrize("path", GUIDE, ids=lambda path: str(path.relative_to(ROOT)))
def test_guide_code_runs(path):
    options = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    outcome = doctest.testfile(str(path), module_relative=False, optionflags=options, encoding="utf-8")
    assert outcome.attempted > 0
    assert outcome.failed == 0


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "docs/install.rst"])
def test_make_targets_in_the_text_exist(name):
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    text = (ROOT / name).read_text(encoding="utf-8")
    mentioned = set(re.findall(r"(?:`|^\s*)make ([a-z]+)", text, flags=re.MULTILINE))
    assert mentioned
    assert mentioned <= targets
