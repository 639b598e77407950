import io
import math

import numpy as np
import pytest
from rich.console import Console
from rich.progress import Progress as RichProgress

from skimgrec.cli._live import live
from skimgrec.cli._progress import progress
from skimgrec.cli._tally import Tally
from skimgrec.model_selection import Comparison, FoldRow, prepare_comparison
from skimgrec.model_selection._measure import FoldTask


class Clock:
    """Stands still until it is set."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def row(name, fold, score, error=None, train_size=None, seconds=1.0):
    return FoldRow(
        estimator=name,
        fold=fold,
        n_train=2,
        n_test=1,
        train_size=train_size,
        scores={"accuracy": score},
        fit_time=seconds,
        predict_time=0.0,
        error=error,
    )


def tasks(names, n_folds, sizes=(None,), n_train=100):
    return [
        FoldTask(
            name=name,
            estimator=None,
            fold=fold,
            train=np.arange(n_train if size is None else size),
            test=np.arange(5),
            train_size=size,
        )
        for name in names
        for fold in range(n_folds)
        for size in sizes
    ]


def texts(tally):
    return [state.text for state in tally.states()]


def leader(tally):
    return [state.name for state in tally.states() if state.leads]


def test_the_tally_knows_what_is_done_what_runs_and_who_leads(clock):
    tally = Tally(tasks(["a", "b", "c"], 2), 2, clock=clock)
    assert (tally.done, tally.total, texts(tally), leader(tally)) == (
        0,
        6,
        ["running 2 folds", "waiting", "waiting"],
        [],
    )
    tally.add(row("a", 1, 0.5))
    assert (tally.done, texts(tally), leader(tally)) == (1, ["running fold 1/2", "running fold 1/2", "waiting"], ["a"])
    tally.add(row("a", 0, 0.6))
    tally.add(row("b", 0, 0.7))
    assert leader(tally) == ["b"]
    assert [state.score for state in tally.states()][:2] == pytest.approx([0.55, 0.7])
    tally.add(row("b", 1, math.nan, error="ValueError: x"))
    for fold in range(2):
        tally.add(row("c", fold, math.nan, error="ValueError: x"))
    assert (tally.done, texts(tally)) == (6, ["done", "done, 1 failed", "failed"])


def test_scores_after_learning_from_less_do_not_lead(clock):
    tally = Tally(tasks(["a", "b"], 1, sizes=(10, None)), 1, clock=clock)
    tally.add(row("a", 0, 0.9, train_size=10))
    assert leader(tally) == []
    tally.add(row("a", 0, 0.5))
    assert (leader(tally), tally.states()[0].score, tally.states()[0].done) == (["a"], 0.5, 2)


def test_the_time_left_is_at_least_that_of_the_candidates_that_are_known(clock):
    tally = Tally(tasks(["a", "b"], 3), 1, clock=clock)
    assert tally.left() == (0.0, False)
    clock.now = 4.0
    tally.add(row("a", 0, 0.5))
    assert tally.left() == (8.0, False)
    clock.now = 7.0
    assert tally.left() == (5.0, False)
    for fold, now in ((1, 8.0), (2, 12.0)):
        clock.now = now
        tally.add(row("a", fold, 0.5))
    clock.now = 22.0
    tally.add(row("b", 0, 0.5))
    assert tally.left() == (20.0, True)
    clock.now = 1000.0
    assert tally.left() == (0.0, True)


def test_side_by_side_the_time_left_is_shared(clock):
    tally = Tally(tasks(["a"], 5), 2, clock=clock)
    tally.add(row("a", 0, 0.5, seconds=10.0))
    assert tally.left() == (20.0, True)


def test_a_fit_on_another_number_of_pictures_is_expected_to_take_its_share_of_the_time(clock):
    tally = Tally(tasks(["a"], 1, sizes=(10, None)), 1, clock=clock)
    clock.now = 2.0
    tally.add(row("a", 0, 0.5, train_size=10))
    assert tally.left() == (pytest.approx(20.0), True)


def test_what_an_earlier_run_has_measured_counts_with_its_own_time(clock):
    tally = Tally(tasks(["a"], 3), 1, clock=clock)
    tally.add(row("a", 0, 0.5, seconds=30.0), resumed=True)
    assert tally.left() == (60.0, True)


@pytest.fixture
def comparison(blobs):
    def prepared(estimators, cv=2, **options) -> Comparison:
        return prepare_comparison(estimators, *blobs, cv=cv, random_state=0, **options)

    return prepared


@pytest.fixture
def blobs():
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    return rng.normal(size=(40, 4)) + 5 * y[:, None], y


def screen_of(width=120, height=24):
    screen = io.StringIO()
    return screen, Console(file=screen, force_terminal=True, width=width, height=height, color_system=None)


def last_drawn(screen):
    """Return the lines of what was drawn last, without the movements of the cursor."""
    import re

    frames = re.split(r"(?:\x1b\[1A\x1b\[2K)+|\x1b\[2K", screen.getvalue())
    return [line.rstrip() for line in re.sub(r"\x1b\[[?0-9;]*[A-Za-z]", "", frames[-1]).splitlines() if line.strip()]


@pytest.fixture
def named():
    from sklearn.dummy import DummyClassifier

    return {"[b]one[/b]": DummyClassifier(), "two": DummyClassifier()}


def test_a_terminal_sees_a_line_for_each_candidate_the_leader_and_failures(comparison, named):
    screen, console = screen_of()
    with live(console) as shown:
        assert "starting" in screen.getvalue()
        on_row = shown.begin(comparison(named))
        on_row(row("[b]one[/b]", 0, 0.875))
        lines = last_drawn(screen)
        assert lines[0].split() == ["candidate", "state", "done", "accuracy", "fit", "time"]
        assert lines[2].split() == [">", "[b]one[/b]", "running", "fold", "2/2", "1/2", "0.875", "1.0", "s"]
        assert lines[3].split() == ["two", "waiting", "0/2"]
        assert "1/4 fits" in lines[4]
        assert "elapsed" in lines[4]
        on_row(row("[b]one[/b]", 1, math.nan, error="ValueError: x"))
        assert "[b]one[/b], fold 2: fit 1.0 s, predict <0.01 ms, failed with ValueError: x" in screen.getvalue()
        assert any("done, 1 failed" in line for line in last_drawn(screen))


@pytest.mark.parametrize(("width", "height"), [(100, 24), (60, 24), (60, 10), (40, 8), (20, 3)])
def test_seventeen_candidates_fit_any_terminal(comparison, width, height):
    from sklearn.dummy import DummyClassifier

    names = [f"candidate-{number}" for number in range(17)]
    screen, console = screen_of(width, height)
    with live(console) as shown:
        on_row = shown.begin(comparison({name: DummyClassifier() for name in names}, cv=5))
        for fold in range(5):
            on_row(row(names[0], fold, 0.9))
        lines = last_drawn(screen)
    assert len(lines) < max(height, 5)
    assert max(map(len, lines)) <= width
    if width >= 60:
        assert any(line.startswith("> candidate-0 ") for line in lines)
        assert any("candidate-1 " in line and "running fold 1/5" in line for line in lines)
        assert "5/85 fits" in lines[-1]
    assert any("more, waiting or done" in line for line in lines) == (height < 22 and width >= 40)


def test_within_a_budget_what_is_left_of_it_is_told(comparison, named):
    screen, console = screen_of()
    with live(console) as shown:
        shown.begin(comparison(named), budget=3700.0)
        assert "at most 1:01:40 left" in last_drawn(screen)[-1]


def test_a_terminal_sees_how_many_files_are_read_and_what_is_said(comparison, named):
    screen, console = screen_of()
    with live(console) as shown:
        shown.read(3, 9)
        assert "3/9 reading pictures" in last_drawn(screen)[-1]
        shown.say("[b]one[/b] file was skipped")
        shown.doing("making the splits")
        assert last_drawn(screen)[-1].endswith("making the splits")
        assert shown.begin(comparison(named))
    assert "[b]one[/b] file was skipped" in screen.getvalue()


def test_downloads_are_drawn_within_the_display(monkeypatch):
    from skimgrec.datasets import _download

    screen, console = screen_of()
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr(RichProgress, "start", lambda self: pytest.fail("a second display was started"))
    with live(console) as shown, _download.shown_in(shown.downloading):
        with _download._progress() as bars:
            bars.update(bars.add_task("mnist.gz", total=100), completed=50)
            shown.doing("loading")
            lines = last_drawn(screen)
            assert lines[0].endswith("loading")
            assert "mnist.gz" in lines[1]
        shown.doing("loaded")
        assert "mnist.gz" not in " ".join(last_drawn(screen))


def test_without_a_terminal_there_is_a_line_for_each_fit_that_is_made_now(comparison, named, capsys):
    prepared = comparison(named)
    prepared.n_resumed = 3
    with progress() as shown:
        on_row = shown.begin(prepared)
        for name, fold in (("[b]one[/b]", 0), ("[b]one[/b]", 1), ("two", 0), ("two", 1)):
            on_row(row(name, fold, 0.5))
    assert capsys.readouterr().err == "[4/4] two, fold 2: accuracy 0.500, fit 1.0 s, predict <0.01 ms\n"
