"""The environments of the side tests are whole, and of the interpreter that was asked for."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.skipif(os.name == "nt" or shutil.which("sh") is None, reason="needs a POSIX shell")

# It answers as an interpreter of a version does, and its "-m venv" makes a copy of itself.
PYTHON = """\
#!/bin/sh
case "$1" in
    -m) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
    --version) echo "Python VERSION" ;;
    *) case "$2" in *suitable*) echo suitable ;; *) echo "VERSION" ;; esac ;;
esac
"""
SCRIPT = """\
set -eu
install() { echo installed; [ -z "${BREAKS:-}" ]; }
script=script.sh
. tools/side_venv.sh
side_venv .venv-x
echo "tests with $("$venv/bin/python" -c "$identity")"
"""


@pytest.fixture
def run(tmp_path):
    """Return a function that runs a script like test_jax.sh among two stand-ins for interpreters."""
    (tmp_path / "tools").mkdir()
    for name in ("find_python.sh", "side_venv.sh"):
        shutil.copy(ROOT / "tools" / name, tmp_path / "tools")
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_text("one")
    for version in ("3.11", "3.13"):
        python = tmp_path / f"python{version}"
        python.write_text(PYTHON.replace("VERSION", version))
        python.chmod(0o755)
    (tmp_path / "script.sh").write_text(SCRIPT)

    def run(version="", **variables):
        environment = {
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "PYTHON": version and f"python{version}",
            **variables,
        }
        done = subprocess.run(
            ["sh", "script.sh"], check=False, cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        return done.returncode, "installed" in done.stdout, done.stdout.splitlines()[-1]

    return run


def test_another_interpreter_gets_an_environment_of_its_own(run):
    assert run("3.13") == (0, True, "tests with 3.13")
    assert run("3.13") == (0, False, "tests with 3.13")
    # Where none is asked for, any will do.
    assert run() == (0, False, "tests with 3.13")
    assert run("3.11") == (0, True, "tests with 3.11")


def test_what_was_cut_short_is_made_anew(run, tmp_path):
    assert run("3.13", BREAKS="yes") == (1, True, "installed")
    assert run("3.13") == (0, True, "tests with 3.13")
    (tmp_path / ".venv-x" / "bin" / "python").unlink()
    assert run("3.13") == (0, True, "tests with 3.13")


def test_other_requirements_are_installed(run, tmp_path):
    run("3.13")
    (tmp_path / "constraints.txt").write_text("two")
    assert run("3.13") == (0, True, "tests with 3.13")
