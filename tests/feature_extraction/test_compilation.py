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


def copy_of_the_package(folder):
    shutil.copytree(Path(skimgrec.__file__).parent, folder / "skimgrec", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def run(folder, **environment):
    """Run the program on a copy of the package, with a cache folder of the user's beside it."""
    home = {"PYTHONPATH": str(folder), "HOME": str(folder / "home"), "PYTHONDONTWRITEBYTECODE": "1"}
    home |= {"XDG_CACHE_HOME": str(folder / "home")}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA")}
    answer = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        check=True,
        capture_output=True,
        text=True,
        cwd=folder,
        env=kept | home | environment,
    )
    where, total = answer.stdout.split()
    assert where.startswith(str(folder))
    return float(total)


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """Return a copy of the package whose kernels have been compiled in a first process, and what that process found."""
    folder = copy_of_the_package(tmp_path_factory.mktemp("once"))
    return folder, run(folder)


def compiled_files(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.nb?")}


def test_a_second_process_compiles_nothing(once):
    folder, total = once
    before = compiled_files(folder)
    assert before
    assert run(folder) == total > 0
    assert compiled_files(folder) == before


def test_it_works_where_no_folder_can_be_written(once, tmp_path):
    copy_of_the_package(tmp_path)
    # Files where folders would have to be made keep root out, too.
    for folder in (tmp_path / "skimgrec").rglob("*"):
        if folder.is_dir():
            (folder / "__pycache__").write_text("")
    nowhere = tmp_path / "a file"
    nowhere.write_text("")
    assert run(tmp_path, HOME=str(nowhere), XDG_CACHE_HOME=str(nowhere)) == once[1]
    assert not compiled_files(tmp_path)
