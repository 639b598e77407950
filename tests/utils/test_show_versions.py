"""What a report of a fault says about the machine."""

import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import skimgrec
from skimgrec import show_versions

ROOT = Path(__file__).resolve().parents[2]


def lines_shown(capsys):
    show_versions()
    printed = capsys.readouterr().out
    return dict(re.findall(r"^  (\S+(?: \S+)?) {2,}(.+)$", printed, flags=re.MULTILINE))


def test_every_dependency_stands_there_with_its_version(capsys):
    shown = lines_shown(capsys)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for requirement in project["dependencies"]:
        name = re.match(r"[\w-]+", requirement)[0]
        assert shown[name].startswith(metadata.version(name)), name
    assert shown["skimgrec"] == skimgrec.__version__


def test_what_users_can_add_stands_there_too(capsys):
    shown = lines_shown(capsys)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    ours = set(project["optional-dependencies"]) - {"docs", "bench", "test"}
    for extra in ours:
        for requirement in project["optional-dependencies"][extra]:
            assert re.match(r"[\w-]+", requirement)[0] in shown, extra


def test_what_is_not_installed_is_said_to_be_missing(capsys, monkeypatch):
    def version(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", version)
    shown = lines_shown(capsys)
    assert shown["pandas"] == shown["matplotlib"] == "not installed"
    assert shown["skimgrec"] == skimgrec.__version__


def test_the_backend_asked_for_stands_there(capsys, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert lines_shown(capsys)["keras backend"] == "jax"


def test_nothing_heavy_is_imported():
    code = (
        "import sys, skimgrec; skimgrec.show_versions();"
        " heavy = {'tensorflow', 'keras', 'matplotlib', 'torch', 'numba'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
