"""No public name, parameter, command or option goes away unnoticed."""

import importlib.util
from pathlib import Path

import pytest
import typer

ROOT = Path(__file__).resolve().parents[1]
SPEC = importlib.util.spec_from_file_location("public_api", ROOT / "tools" / "public_api.py")
tool = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(tool)


@pytest.fixture(scope="module")
def listed():
    return tool.listed(tool.LIST.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def now():
    return tool.public_api()


def test_nothing_is_taken_away(listed, now):
    lost = tool.taken_away(listed, now)
    assert not lost, (
        "\n".join(lost) + "\nUsers' code may rely on that. CONTRIBUTING.md, section 'What users can rely on', says"
        " how a public thing is deprecated and, two minor releases later, taken away."
    )


def test_the_list_is_up_to_date(listed, now):
    changed = sorted(name for name in {*listed, *now} if listed.get(name) != now.get(name))
    assert not changed, f"New or changed: {', '.join(changed)}. Write the list anew: make api"


def test_the_list_is_no_empty_promise(listed):
    assert len(listed) > 150
    assert "random_state=None" in listed["skimgrec.compare"]
    assert listed["skimgrec.HOGTransformer.transform"] == "(X)"


def test_the_command_line_is_on_the_list(listed):
    assert listed["skimgrec similar"] == "(data, queries)"
    # Both words of a switch, the short form of an option, and an option of the program itself.
    options = {
        "skimgrec --version",
        "skimgrec check --near-duplicates",
        "skimgrec check --no-near-duplicates",
        "skimgrec compare --cv",
        "skimgrec train -o",
    }
    assert options <= listed.keys()


def test_commands_and_options_that_go_are_found(listed, monkeypatch):
    smaller = typer.Typer()
    smaller.callback()(lambda: None)

    @smaller.command()
    def compare(models: str = "cnn"):
        pass

    monkeypatch.setattr("skimgrec.cli.app", smaller)
    names = {name: shape for name, shape in listed.items() if not name.startswith("skimgrec ")}
    lost = tool.taken_away(listed, names | tool.command_line())
    assert {
        "skimgrec --version is gone.",
        "skimgrec tune is gone.",
        "skimgrec compare no longer takes data.",
        "skimgrec compare --cv is gone.",
    } <= set(lost)
    assert "skimgrec compare --models is gone." not in lost


BEFORE = {
    "pkg.fit": "(X, y=(1, 2), *, seed=None)",
    "pkg.Model": "(size=3, *, loss='a, b', **options)",
    "pkg.VERSION": "",
}


@pytest.mark.parametrize(
    ("name", "shape", "lost"),
    [
        ("pkg.fit", "(X, y=(1, 2), *, seed=None)", []),
        ("pkg.fit", "(X, y=(1, 2), Z=None, *, more=1, seed=0)", []),
        ("pkg.fit", "(X, y=(1, 2))", ["pkg.fit no longer takes seed."]),
        ("pkg.fit", "(X, *, seed=None)", ["pkg.fit no longer takes y."]),
        ("pkg.fit", "(X, *, y=(1, 2), seed=None)", ["pkg.fit no longer takes X, y by position, in this order."]),
        ("pkg.fit", "(y, X, *, seed=None)", ["pkg.fit no longer takes X, y by position, in this order."]),
        ("pkg.Model", "(size=3, **options)", []),
        ("pkg.Model", "(size=3)", ["pkg.Model no longer takes loss."]),
    ],
)
def test_what_code_would_miss_is_found(name, shape, lost):
    assert tool.taken_away(BEFORE, BEFORE | {name: shape}) == lost


def test_a_removed_name_is_found():
    assert tool.taken_away(BEFORE, {"pkg.fit": BEFORE["pkg.fit"], "pkg.Model": BEFORE["pkg.Model"]}) == [
        "pkg.VERSION is gone."
    ]


def test_the_command_refuses_to_forget_a_name(tmp_path, monkeypatch):
    path = tmp_path / "public_api.txt"
    path.write_text("skimgrec.forgotten(X)\nskimgrec.compare(estimators)\n", encoding="utf-8")
    monkeypatch.setattr(tool, "LIST", path)
    monkeypatch.setattr(tool, "public_api", lambda: {"skimgrec.compare": "(estimators)"})
    monkeypatch.setattr("sys.argv", ["public_api.py"])
    with pytest.raises(SystemExit, match=r"skimgrec\.forgotten is gone"):
        tool.main()
    assert "forgotten" in path.read_text(encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["public_api.py", "--allow-removals"])
    tool.main()
    assert tool.listed(path.read_text(encoding="utf-8")) == {"skimgrec.compare": "(estimators)"}
