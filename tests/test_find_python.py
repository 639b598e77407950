"""tools/find_python.sh, which chooses the interpreter that `make` installs with, against made-up interpreters."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "tools" / "find_python.sh"
SH = shutil.which("sh")

pytestmark = pytest.mark.skipif(SH is None, reason="the script is for POSIX systems")

# What a made-up interpreter pretends to be, by the code that runs before the script's own.
SUITABLE = "sys.version_info = (3, 12, 1)"
TOO_OLD = "sys.version_info = (3, 10, 13)"
TOO_NEW = "sys.version_info = (3, 14, 0)"
WITHOUT_VENV = "sys.version_info = (3, 11, 2); sys.modules['ensurepip'] = None"
BROKEN = "sys.exit(127)"


@pytest.fixture
def find_python(tmp_path):
    """Run the script where the PATH holds nothing but the made-up interpreters."""

    def run(*arguments, **interpreters):
        for name, pretence in interpreters.items():
            program = tmp_path / name.replace("_", ".")
            code = f"import sys; {pretence}; exec(sys.argv[1])"
            program.write_text(f'#!{SH}\nexec {shlex.quote(sys.executable)} -c "{code}" "$2"\n')
            program.chmod(0o755)
        environment = {**os.environ, "PATH": str(tmp_path)}
        return subprocess.run([SH, str(SCRIPT), *arguments], env=environment, capture_output=True, text=True)

    return run


def test_takes_the_newest_that_is_suitable(find_python):
    answer = find_python(python3_13=BROKEN, python3_12=SUITABLE, python3_11=SUITABLE, python3=TOO_NEW)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "python3.12\n", "")


@pytest.mark.parametrize("name", ["python3", "python"])
def test_falls_back_on_the_general_names(find_python, name):
    answer = find_python(python3_11=WITHOUT_VENV, **{name: SUITABLE})
    assert (answer.returncode, answer.stdout) == (0, f"{name}\n")


def test_names_every_unsuitable_python_and_the_remedy(find_python):
    answer = find_python(python3_13=BROKEN, python3=TOO_NEW, python=TOO_OLD)
    assert answer.returncode != 0
    assert answer.stdout == ""
    for line in (
        "python3.13: does not start",
        "python3.12: not found",
        "python3: Python 3.14.0",
        "python: Python 3.10.13",
        "install one of these versions",
        "make compare PYTHON=",
    ):
        assert line in answer.stderr


def test_names_the_package_that_brings_a_missing_venv_module(find_python):
    answer = find_python(python3_11=WITHOUT_VENV, python3=TOO_OLD)
    assert answer.returncode != 0
    assert "python3.11: Python 3.11, but its venv or ensurepip module is missing" in answer.stderr
    assert "sudo apt install python3.11-venv" in answer.stderr


def test_looks_at_nothing_but_the_interpreter_it_is_given(find_python):
    answer = find_python("python3", python3_12=SUITABLE, python3=TOO_OLD)
    assert answer.returncode != 0
    assert "python3: Python 3.10.13" in answer.stderr
    assert "python3.12" not in answer.stderr.split("To fix it")[0]
