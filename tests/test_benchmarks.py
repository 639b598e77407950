"""The page of benchmarks says what was measured, and nothing else."""

import json
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HELPERS = ("_data", "_page", "_results", "_timing", "run_all")


def shown_rows(page):
    """Return the cells of all tables, row by row."""
    return [
        [cell[7:].strip() for cell in row.splitlines()]
        for row in re.findall(r"^   \* - .*\n(?:     - .*\n)*", page, re.MULTILINE)
    ]


@pytest.fixture
def tools(monkeypatch):
    """Import the helpers of the benchmarks, which stand beside the scripts and not in the package."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    for name in HELPERS:
        monkeypatch.delitem(sys.modules, name, raising=False)
    import _page
    import _results
    import run_all

    yield _page, _results, run_all
    for name in HELPERS:
        sys.modules.pop(name, None)


@pytest.fixture
def measurement(tools, tmp_path, monkeypatch):
    """Let one small script be all that is measured, and return where results and page go."""
    run_all = tools[2]
    script = tmp_path / "bench_letters.py"
    script.write_text(
        '"""How long letters take.\n\n    python benchmarks/bench_letters.py [--quick]\n\n'
        'Ours sorts the small ones only.\n\n    first   goes first\n\nThe last caveat.\n"""\n'
        f"import sys; sys.path.insert(0, {str(ROOT / 'benchmarks')!r})\n"
        "from _results import record\n"
        "print('letters:', *sys.argv[1:])\n"
        "record('Sorting', {'skimgrec': [2.0, 4.0, 3.0], 'quick': [1.0, 1.5, 1.2], 'slow': 30.0}, unit='s')\n"
        "record('Reading', {'skimgrec': [2.0, 4.0], 'quick': [3.0, 5.0]}, unit='letters/s', less=False)\n"
        "record('Right', {'skimgrec': [0.5, 0.52], 'sure': [0.9, 0.9125]}, unit='of 1', less=False)\n"
        "record('Growth', {'skimgrec': -1.5, 'small': -3.0}, unit='MiB', ratios=False)\n"
        "record('Parts', {'skimgrec': 4.0, 'half': 1.0}, unit='s', beside=['half'])\n"
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
    assert ["slow", "10", "30", "\\", "1"] in shown_rows(shown)
    # What was printed stands below the tables.
    assert "What it printed:\n\n.. code-block:: text\n\n   letters: a b\n" in shown.partition("Parts;")[2]


def test_the_docstrings_caveats_are_shown_and_its_usage_is_not(measurement):
    run_all, folder = measurement
    run_all.main()
    shown = (folder / "benchmarks.rst").read_text()
    assert "\n\nOurs sorts the small ones only.\n\n::\n\n    first   goes first\n\nThe last caveat.\n\n" in shown
    assert "--quick" not in shown


def test_each_kind_of_value_is_compared_as_it_can_be(measurement):
    run_all, folder = measurement
    run_all.main()
    shown = (folder / "benchmarks.rst").read_text()
    found = shown_rows(shown)
    assert ["quick", "1.33", "4", "3 to 5", "2"] in found
    right = found.index(["\\", "points beyond skimgrec", "median, of 1", "least to greatest", "runs"])
    assert found[right + 1 : right + 3] == [
        ["skimgrec", "0", "0.5100", "0.5000 to 0.5200", "2"],
        ["sure", "+39.62", "0.9062", "0.9000 to 0.9125", "2"],
    ]
    growth = found.index(["\\", "median, MiB", "least to greatest", "runs"])
    assert found[growth + 2] == ["small", "-3", "\\", "1"]
    assert ["(half)", "0.25", "1", "\\", "1"] in found


def test_a_package_with_two_versions_says_which_took_part_where(tools):
    scripts = {name: {"versions": {"a": version, "b": "2"}} for name, version in (("x", "1"), ("y", "1"), ("z", "3"))}
    assert shown_rows(tools[0].of_versions(scripts))[1:] == [["a", "1 (x, y); 3 (z)"], ["b", "2"]]


def test_ours_of_nothing_has_no_ratio(tools):
    entry = {"what": "Memory", "unit": "MiB", "ours": "skimgrec", "less": True, "values": {"skimgrec": [0], "a": [2]}}
    assert tools[0].beyond(entry, "a") == ""


def test_missing_packages_are_said(measurement, monkeypatch):
    run_all, folder = measurement
    monkeypatch.setitem(run_all.PACKAGES, "letter-box", "letter_box_that_is_not_there")
    monkeypatch.setitem(run_all.PACKAGES, "not-asked-for", "also_not_there")
    script = folder / "bench_letters.py"
    script.write_text(script.read_text() + "try:\n    import letter_box_that_is_not_there\nexcept ImportError: pass\n")
    run_all.main()
    assert "\nNot installed, and so left out: letter-box.\n" in (folder / "benchmarks.rst").read_text()


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
    assert ahead.count(":ref:`How long letters take <bench-letters>`:") == 1
    assert "- quick: Sorting, 0.4 times skimgrec's 3 s" in ahead
    assert "- sure: Right, +39.62 points beyond skimgrec's 0.5100" in ahead
    assert "- small: Growth, -3 MiB, skimgrec -1.5 MiB" in ahead
    assert "Reading" not in ahead
    assert "- slow" not in ahead
    assert "half" not in ahead


def test_a_script_that_fails_leaves_its_results_and_the_others_go_on(measurement, monkeypatch, capsys):
    run_all, folder = measurement
    run_all.main()
    before = json.loads((folder / "results.json").read_text())["scripts"]["letters"]
    (folder / "bench_letters.py").write_text('"""How long."""\nraise SystemExit(3)\n')
    (folder / "bench_more.py").write_text('"""How much."""\nprint("more")\n')
    monkeypatch.setattr(sys, "argv", ["run_all.py"])
    with pytest.raises(SystemExit, match=r"Not measured:\nbench_letters\.py failed with status 3") as ended:
        run_all.main()
    # A text as the code is printed, and the status is 1.
    assert isinstance(ended.value.code, str)
    assert "bench_letters.py failed" in capsys.readouterr().err
    after = json.loads((folder / "results.json").read_text())["scripts"]
    assert after["letters"] == before
    assert after["more"]["printed"] == ["more"]


def test_nothing_is_noted_unless_it_is_asked_for(tools, monkeypatch, tmp_path):
    _, results, _ = tools
    monkeypatch.delenv(results.VARIABLE, raising=False)
    results.record("Sorting", {"skimgrec": 1.0}, unit="s")
    notes = tmp_path / "notes"
    monkeypatch.setenv(results.VARIABLE, str(notes))
    results.record("Sorting", {"skimgrec": 1.0}, unit="s")
    assert json.loads(notes.read_text())["values"] == {"skimgrec": [1.0]}


def test_what_is_no_contestant_cannot_be_ours_or_beside(tools):
    for names in ({"ours": "we"}, {"beside": ["we"]}):
        with pytest.raises(ValueError, match="Sorting: we is none of skimgrec, quick"):
            tools[1].record("Sorting", {"skimgrec": 1.0, "quick": 2.0}, unit="s", **names)


def test_contestants_take_turns_after_a_warm_up(tools):
    import _timing

    calls, now = [], iter(range(100))
    contestants = {"a": lambda: calls.append("a"), "b": (lambda: calls.append("b"), 4)}
    times = _timing.take_turns(contestants, 2, warm_up=1, clock=lambda: float(next(now)))
    assert calls == ["a", "b"] * 3
    assert times == {"a": [1.0, 1.0], "b": [0.25, 0.25]}


def test_the_peak_is_at_least_what_is_held(tools):
    import _timing

    held = _timing.memory("VmRSS")
    # In MiB on every system: more than 20 of them, less than a million.
    assert 20 < _timing.peak_memory() < 1e6
    if sys.platform == "linux":
        assert 20 < held < _timing.peak_memory() + 1


def test_pictures_that_cannot_be_had_are_left_out(tools, monkeypatch, tmp_path, capsys):
    import _data

    def offline(**_):
        raise FileNotFoundError("no network")

    monkeypatch.setitem(_data.FETCHERS, "mnist", offline)
    with pytest.raises(_data.LeftOut, match="mnist is left out: no network"):
        _data.arrays("mnist")
    assert _data.some_test_pictures("mnist", 2, lambda: "generated") == "generated"
    assert "generated pictures take its place" in capsys.readouterr().out
    monkeypatch.chdir(tmp_path)
    for name in ("training_set", "test_set"):
        Path("cats_vs_dogs", name).mkdir(parents=True)
    # What lies in the current folder is not taken for it.
    for value in (None, ""):
        monkeypatch.delenv("SKIMGREC_DATA", raising=False)
        if value is not None:
            monkeypatch.setenv("SKIMGREC_DATA", value)
        with pytest.raises(_data.LeftOut, match="SKIMGREC_DATA names no folder"):
            _data.cats_and_dogs()
    monkeypatch.setenv("SKIMGREC_DATA", str(tmp_path))
    assert _data.cats_and_dogs() == tmp_path.resolve() / "cats_vs_dogs"
    Path("cats_vs_dogs", "test_set").rmdir()
    with pytest.raises(_data.LeftOut, match="is no folder with"):
        _data.cats_and_dogs()


def test_only_a_script_that_has_nothing_left_ends_early(tools, capsys):
    import _data

    def measure(row):
        if row != "digits":
            raise _data.LeftOut(f"{row} is left out")
        print("measured")

    _data.go_through(["mnist", "digits"], measure)
    assert capsys.readouterr().out == "mnist is left out\nmeasured\n"
    with pytest.raises(_data.LeftOut, match="Nothing is left to measure"):
        _data.go_through(["mnist", "cifar10"], measure)
