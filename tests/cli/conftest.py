"""What the tests of the commands share."""

from contextlib import closing, contextmanager
from itertools import islice

import pytest
from typer.testing import CliRunner

from skimgrec.cli import _request, app
from skimgrec.model_selection import Comparison


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    """Return a cache folder of the test's own, in which comparisons that are cut short leave their fits.

    Every test has one, as two commands that ask the same in one cache go on from each other's fits.
    """
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder / "skimgrec"


@pytest.fixture
def run(cache, request, monkeypatch):
    """Return a function that runs a command. Fits stay in this process but for tests that are marked as isolated.

    Each command would start a process for its fits, which takes longer than most tests.
    """
    if request.node.get_closest_marker("isolated") is None:
        monkeypatch.setattr(_request, "ISOLATE", False)

    def invoke(*args, **kwargs):
        return CliRunner().invoke(app, [str(arg) for arg in args], **kwargs)

    return invoke


@pytest.fixture
def interrupted_after():
    """Return a context manager within which Ctrl-C is pressed after so many fits."""

    @contextmanager
    def interrupted(n_fits):
        measure = Comparison.measure

        def measure_some(self):
            with closing(measure(self)) as rows:
                yield from islice(rows, n_fits)
                raise KeyboardInterrupt

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Comparison, "measure", measure_some)
            yield

    return interrupted
