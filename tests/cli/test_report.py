"""``skimgrec compare --report``: the page, and the command in it."""

import html
import re
import shlex

import numpy as np
import pytest
import typer
from skimage.io import imsave
from typer.testing import CliRunner

from skimgrec.cli._report_output import command_line

DIGITS = ("compare", "digits", "--models", "chance,1nn", "--limit", 100, "--cv", "2")


def command_in(page):
    return html.unescape(re.search(r"<pre[^>]*><code>(skimgrec .*?)</code>", page)[1])


def test_the_report_holds_the_result_its_pictures_and_the_command(run, tmp_path):
    path = tmp_path / "the report.html"
    done = run(*DIGITS, "--grey", "--report", path)
    assert done.exit_code == 0, done.output
    assert f"Saved to {path}" in done.stderr
    page = path.read_text(encoding="utf-8")
    assert "1nn has the highest mean accuracy" in page
    assert "data:image/" in page
    command = command_in(page)
    assert sorted(shlex.split(command)) == sorted(["skimgrec", *map(str, DIGITS), "--grey", "--report", str(path)])
    # The command that the report names gives the same report.
    again = tmp_path / "again.html"
    words = shlex.split(command.replace(str(path), str(again)))
    assert run(*words[1:]).exit_code == 0
    assert "1nn has the highest mean accuracy" in again.read_text(encoding="utf-8")


def test_a_report_that_cannot_be_written_is_refused_before_anything_is_fitted(run, tmp_path):
    done = run(*DIGITS, "--report", tmp_path / "nowhere" / "report.html")
    assert done.exit_code == 2
    assert "--report" in done.stderr
    assert "there is no folder" in done.stderr


def test_an_interrupted_comparison_has_a_report_of_what_is_finished(run, interrupted_after, tmp_path):
    with interrupted_after(3):
        done = run(*DIGITS, "--report", tmp_path / "report.html")
    assert done.exit_code == 130
    assert "1 of 2 folds" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_report_that_fails_costs_no_table(run, tmp_path, monkeypatch):
    def fail(*args, **kwargs):
        raise KeyError("a fault")

    monkeypatch.setattr("skimgrec.reporting.comparison_report", fail)
    done = run(*DIGITS, "--report", tmp_path / "report.html")
    assert done.exit_code == 2
    assert "it cannot be made: KeyError: 'a fault'" in done.stderr
    assert "1nn has the highest mean accuracy" in " ".join(done.stdout.split())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["data"], "skimgrec go data"),
        (["--", "-data"], "skimgrec go -- -data"),
        (["a b", "-n", "3", "--yes"], "skimgrec go 'a b' --number 3 --yes"),
        (["$(rm x)", "--number", "0"], "skimgrec go '$(rm x)' --number 0"),
    ],
)
def test_the_command_is_that_which_was_given(words, expected):
    app = typer.Typer()
    seen = []

    @app.command()
    def go(
        context: typer.Context,
        data: str,
        number: int = typer.Option(0, "--number", "-n"),
        yes: bool = typer.Option(False, "--yes"),
    ) -> None:
        seen.append(command_line(context))

    @app.command()
    def other() -> None:
        pass

    assert CliRunner().invoke(app, ["go", *words]).exit_code == 0
    assert seen == [expected]


def test_the_report_tells_which_files_were_skipped(run, tmp_path, rng):
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for number in range(4):
            picture = rng.integers(0, 256, size=(12, 12), dtype=np.uint8)
            imsave(tmp_path / "pets" / name / f"{number}.png", picture, check_contrast=False)
    (tmp_path / "pets" / "cat" / "torn.jpg").write_text("no picture")
    done = run(
        "compare", tmp_path / "pets", "--models", "chance,1nn", "--cv", 2, "--size", 12, "--report", tmp_path / "r.html"
    )
    assert done.exit_code == 0, done.output
    assert "torn.jpg" in done.stderr
    limits = (tmp_path / "r.html").read_text(encoding="utf-8").split('id="limits"')[1]
    assert "torn.jpg" in limits
