"""The page of benchmarks says what was measured, and nothing else."""

import json
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def tools(monkeypatch):
    """Import the helpers of the benchmarks, which stand beside the scripts and not in the package."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    for name in ("_page", "_results", "run_all"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import _page
    import _results
    import run_all

    yield _page, _results, run_all
    for name in ("_page", "_results", "run_all"):
        sys.modules.pop(name, None)


@pytest.fixture
def measurement(tools, tmp_path, monkeypatch):
    """Let one small script be all that is measured, and return where results and page go."""
    run_all = tools[2]
    script = tmp_path / "bench_letters.py"
    script.write_text(
        '"""How long letters take."""\n'
        f"import sys; sys.path.insert(0, {str(ROOT / 'benchmarks')!r})\n"
        "from _results import record\n"
        "print('letters:', *sys.argv[1:])\n"
        "record('Sorting', {'skimgrec': [2.0, 4.0, 3.0], 'quick': [1.0, 1.5, 1.2], 'slow': 30.0}, unit='s')\n"
        "record('Reading', {'skimgrec': [2.0, 4.0], 'quick': [3.0, 5.0]}, unit='letters/s', less=False)\n"
    )
    monkeypatch.setattr(run_all, "HERE", tmp_path)
    monkeypatch.setattr(run_all, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(run_all, "PAGE", tmp_path / "benchmarks.rst")
    monkeypatch.setattr(sys, "argv", ["run_all.py", "--only", "letters", "--arguments=a b"])
    return run_all, tmp_path


def test_the_page_is_that_of_the_results(tools):
    page, _, run_all = tools
    results = json.loads(run_all.RESULTS.read_text(encoding="utf-8"))
    assert run_all.PAGE.read_text(encoding="utf-8") == page.page(results)
    assert set(results["scripts"]) <= set(run_all.scripts())
    assert set(run_all.SHORT) <= set(run_all.scripts())


def test_what_a_script_records_is_kept_and_shown(measurement, capsys):
    run_all, folder = measurement
    run_all.main()
    assert "letters: a b" in capsys.readouterr().out
    kept = json.loads((folder / "results.json").read_text())["scripts"]["letters"]
    assert kept["summary"] == "How long letters take."
    assert kept["command"] == "python benchmarks/bench_letters.py a b"
    assert kept["printed"] == ["letters: a b"]
    assert kept["records"][0]["values"]["skimgrec"] == [2.0, 4.0, 3.0]
    assert kept["versions"]["numpy"]
    assert kept["machine"]["processors"] > 0
    shown = (folder / "benchmarks.rst").read_text()
    row = re.search(r"\* - slow\n\s+- (.*)\n\s+- (.*)\n\s+- (.*)\n\s+- (.*)\n", shown)
    assert row.groups() == ("10", "30", "30 to 30", "1")


def test_other_work_meanwhile_is_said(measurement, monkeypatch):
    run_all, folder = measurement
    # All processors worked for 50 s, of which our program took 30; and then for as long as it.
    for ours, said in (((2.0, 32.0), True), ((2.0, 52.0), False)):
        readings = iter([(100.0, ours[0]), (150.0, ours[1])])
        monkeypatch.setattr(run_all, "processor_seconds", lambda readings=readings: next(readings))
        run_all.main()
        shown = (folder / "benchmarks.rst").read_text()
        assert bool(re.search(r"Other work took \S+% of the processors' time meanwhile", shown)) == said


def test_short_gives_fewer_rows(measurement, monkeypatch, capsys):
    run_all, _ = measurement
    monkeypatch.setattr(run_all, "SHORT", {"letters": "few"})
    monkeypatch.setattr(sys, "argv", ["run_all.py", "--short"])
    run_all.main()
    assert "letters: few" in capsys.readouterr().out


def test_who_is_ahead_is_said(measurement):
    run_all, folder = measurement
    run_all.main()
    ahead = (folder / "benchmarks.rst").read_text().partition("Where others are ahead")[2]
    # Every run of it beats every run of ours; in reading the runs overlap.
    assert "- quick: Sorting (How long letters take), 0.4 times skimgrec's s" in ahead
    assert "Reading" not in ahead
    assert "- slow" not in ahead


def test_a_script_that_fails_leaves_the_results_as_they_were(measurement):
    run_all, folder = measurement
    run_all.main()
    before = (folder / "results.json").read_bytes()
    (folder / "bench_letters.py").write_text('"""How long."""\nraise SystemExit(3)\n')
    with pytest.raises(SystemExit, match="failed with status 3"):
        run_all.main()
    assert (folder / "results.json").read_bytes() == before


def test_nothing_is_noted_unless_it_is_asked_for(tools, monkeypatch, tmp_path):
    _, results, _ = tools
    monkeypatch.delenv(results.VARIABLE, raising=False)
    results.record("Sorting", {"skimgrec": 1.0}, unit="s")
    notes = tmp_path / "notes"
    monkeypatch.setenv(results.VARIABLE, str(notes))
    results.record("Sorting", {"skimgrec": 1.0}, unit="s")
    assert json.loads(notes.read_text())["values"] == {"skimgrec": [1.0]}
