"""The kernels are compiled once for a machine, and also work where nothing can be kept."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import skimgrec

PROGRAM = """
import numpy as np
import skimgrec
from skimgrec import HOGTransformer
X = np.arange(2 * 16 * 16, dtype=np.uint8).reshape(2, 16, 16)
print(skimgrec.__file__)
print(HOGTransformer(cells_per_block=(1, 1)).fit_transform(X).sum())
"""


@pytest.fixture
def run(tmp_path):
    """Return a function that runs the program on a copy of the package, with an empty cache folder for the user."""
    shutil.copytree(Path(skimgrec.__file__).parent, tmp_path / "skimgrec", ignore=shutil.ignore_patterns("__pycache__"))

    def run(**environment):
        home = {"PYTHONPATH": str(tmp_path), "HOME": str(tmp_path / "home"), "PYTHONDONTWRITEBYTECODE": "1"}
        home |= {"XDG_CACHE_HOME": str(tmp_path / "home")}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA")}
        answer = subprocess.run(
            [sys.executable, "-W", "error", "-c", PROGRAM],
            check=True,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=kept | home | environment,
        )
        where, total = answer.stdout.split()
        assert where.startswith(str(tmp_path))
        return float(total)

    return run


def compiled_files(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.nb?")}


def test_a_second_process_compiles_nothing(run, tmp_path):
    total = run()
    before = compiled_files(tmp_path)
    assert before
    assert run() == total > 0
    assert compiled_files(tmp_path) == before


def test_it_works_where_no_folder_can_be_written(run, tmp_path):
    expected = run()
    # Files where folders would have to be made keep root out, too.
    for folder in (tmp_path / "skimgrec").rglob("*"):
        if folder.is_dir() and folder.name != "__pycache__":
            shutil.rmtree(folder / "__pycache__", ignore_errors=True)
            (folder / "__pycache__").write_text("")
    nowhere = tmp_path / "a file"
    nowhere.write_text("")
    assert run(HOME=str(nowhere), XDG_CACHE_HOME=str(nowhere)) == expected
    assert not compiled_files(tmp_path)
