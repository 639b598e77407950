import io
import math

from rich.console import Console

from skimgrec.cli._progress import Tally, live
from skimgrec.model_selection import FoldRow


def row(name, fold, score, error=None):
    return FoldRow(estimator=name, fold=fold, n_train=2, n_test=1, scores={"accuracy": score}, error=error)


def test_the_tally_knows_what_is_done_what_runs_and_who_leads():
    tally = Tally(["a", "b"], n_folds=2, n_running=2)
    assert (tally.done, tally.total, tally.running(), tally.leader()) == (0, 4, "now: a 1/2, a 2/2", "")
    tally.add(row("a", 1, 0.5))
    assert (tally.done, tally.running(), tally.leader()) == (1, "now: a 1/2, b 1/2", "leads: a 0.500")
    tally.add(row("a", 0, 0.6))
    tally.add(row("b", 0, 0.7))
    assert tally.leader() == "leads: b 0.700"
    tally.add(row("b", 1, math.nan, error="ValueError: x"))
    assert (tally.done, tally.running()) == (4, "finishing")


def test_a_terminal_sees_the_fold_that_runs_the_leader_and_failures():
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=120, color_system=None)
    with live(console) as shown:
        assert "starting" in screen.getvalue()
        on_row = shown.begin(["[b]one[/b]"], n_folds=2, n_jobs=1)
        on_row(row("[b]one[/b]", 0, 0.875))
        on_row(row("[b]one[/b]", 1, math.nan, error="ValueError: x"))
    text = screen.getvalue()
    assert "now: [b]one[/b] 1/2" in text
    assert "now: [b]one[/b] 2/2" in text
    assert "leads: [b]one[/b] 0.875" in text
    assert "failed with ValueError: x" in text


def test_a_terminal_sees_how_many_files_are_read_and_what_is_said():
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=120, color_system=None)
    with live(console) as shown:
        shown.read(3, 9)
        shown.say("[b]one[/b] file was skipped")
        assert shown.begin(["a"], n_folds=2, n_jobs=1)
    text = screen.getvalue()
    assert "3/9" in text
    assert "reading pictures" in text
    assert "[b]one[/b] file was skipped" in text
    assert "now: a 1/2" in text
