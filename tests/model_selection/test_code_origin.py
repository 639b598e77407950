"""Code that an estimator uses, in other modules and packages: an edit of it is noticed."""

import importlib
import sys

import pytest

from skimgrec.model_selection._estimator_fingerprint import fingerprint_of

MINE = """
from sklearn.naive_bayes import GaussianNB
{above}
class Mine(GaussianNB):
    {within}
    def fit(self, X, y):
        {inside}
        return super().fit(X, y)
"""


def mine(above="", inside="", within=""):
    return MINE.format(above=above, inside=inside or "pass", within=within)


@pytest.fixture
def fingerprint(tmp_path, monkeypatch):
    """Return a function that writes modules and returns the fingerprint of the class `Mine` in one, newly imported."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "site-packages").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path / "site-packages"))
    monkeypatch.syspath_prepend(str(tmp_path))

    def of(files, module="users_mine", first=()):
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
            (tmp_path / name).write_text(content)
        importlib.invalidate_caches()
        before = set(sys.modules)
        try:
            for name in first:
                importlib.import_module(name)
            return fingerprint_of(importlib.import_module(module).Mine())
        finally:
            for name in set(sys.modules) - before:
                del sys.modules[name]

    return of


STEP = "def step(x):\n    return x + 1\n"
INNER = "from users_deeper import half\ndef step(x):\n    return half(x)\n"
NUMPY = "import numpy as np\n"


@pytest.mark.parametrize(
    ("files", "edited", "before", "after"),
    [
        pytest.param(
            {"users_mine.py": mine("from users_helpers import step", "step(X)"), "users_helpers.py": STEP},
            *("users_helpers.py", "x + 1", "x + 2"),
            id="function",
        ),
        pytest.param(
            {"users_mine.py": mine("import users_helpers as h", "h.step(X)"), "users_helpers.py": STEP},
            *("users_helpers.py", "x + 1", "x + 2"),
            id="function of a module",
        ),
        pytest.param(
            {"users_mine.py": mine("import users_pack.a", "users_pack.a.step(X)"), "users_pack/a.py": STEP},
            *("users_pack/a.py", "x + 1", "x + 2"),
            id="function in a package",
        ),
        pytest.param(
            {
                "users_mine.py": mine("from users_helpers import step", "step(X)"),
                "users_helpers.py": INNER,
                "users_deeper.py": "RATES = [2, 3]\ndef half(x):\n    return x / RATES[0]\n",
            },
            *("users_deeper.py", "[2, 3]", "[4, 3]"),
            id="list two modules away",
        ),
        pytest.param(
            {"users_mine.py": mine("import users_helpers as h", "h.RATE"), "users_helpers.py": "RATE = 1\n"},
            *("users_helpers.py", "1", "2"),
            id="number of a module",
        ),
        pytest.param(
            {"users_mine.py": mine("", "from users_helpers import step"), "users_helpers.py": STEP},
            *("users_helpers.py", "x + 1", "x + 2"),
            id="imported in the function",
        ),
        pytest.param(
            {
                "users_mine.py": mine("", "import users_helpers"),
                "users_helpers.py": INNER,
                "users_deeper.py": "def half(x):\n    return x / 2\n",
            },
            *("users_deeper.py", "x / 2", "x / 3"),
            id="imported by what is imported in the function",
        ),
        pytest.param(
            {"users_mine.py": mine("TABLE = {'a': [1, 2]}", "TABLE['a']")},
            *("users_mine.py", "[1, 2]", "[1, 3]"),
            id="dict",
        ),
        pytest.param(
            {"users_mine.py": mine(NUMPY + "WEIGHTS = np.array([1, 2])", "X * WEIGHTS")},
            *("users_mine.py", "[1, 2]", "[1, 3]"),
            id="array",
        ),
        pytest.param(
            {
                "users_mine.py": mine(
                    "from sklearn.base import clone\nBASE = GaussianNB(var_smoothing=1)", "clone(BASE)"
                )
            },
            *("users_mine.py", "=1)", "=2)"),
            id="estimator",
        ),
        pytest.param(
            {
                "users_mine.py": mine("from users_helpers import C", "C.rate"),
                "users_helpers.py": "class Config:\n    def __init__(self, r):\n        self.rate = r\nC = Config(1)\n",
            },
            *("users_helpers.py", "Config(1)", "Config(2)"),
            id="object",
        ),
        pytest.param({"users_mine.py": mine(within="rates = [1]")}, *("users_mine.py", "[1]", "[2]"), id="of a class"),
        pytest.param(
            {"users_mine.py": mine("import functools\n@functools.cache\n" + STEP, "step(1)")},
            *("users_mine.py", "x + 1", "x + 2"),
            id="cached function",
        ),
        pytest.param(
            {"users_mine.py": mine("from numpy import exp as use", "use(X)")},
            *("users_mine.py", "import exp", "import log"),
            id="another function of a library",
        ),
        pytest.param(
            {
                "users_pack/__init__.py": "__version__ = '1'\n",
                "users_mine.py": mine("from users_pack import a", "a.step(X)"),
                "users_pack/a.py": "STEPS = {}\ndef step(x):\n    return STEPS[1](x)\n",
                "users_pack/b.py": STEP,
            },
            *("users_pack/b.py", "x + 1", "x + 2"),
            id="anywhere in a versioned package that is worked on",
        ),
    ],
)
def test_an_edit_in_any_module_of_the_users_is_noticed(fingerprint, files, edited, before, after):
    assert files[edited].count(before) == 1
    first = fingerprint(files)
    assert fingerprint(files) == first
    assert fingerprint({edited: files[edited].replace(before, after)}) != first


def test_an_installed_package_is_told_by_its_version(fingerprint):
    files = {
        "users_mine.py": mine("from users_installed import step", "step(X)"),
        "site-packages/users_installed.py": "__version__ = '1'\n" + STEP,
    }
    first = fingerprint(files)
    assert fingerprint({"site-packages/users_installed.py": "__version__ = '1'\n" + STEP + "# edited\n"}) == first
    assert fingerprint({"site-packages/users_installed.py": "__version__ = '2'\n" + STEP}) != first
    # Without a version, its files tell it.
    bare = [fingerprint({"site-packages/users_installed.py": content}) for content in (STEP, STEP, STEP + "# edited")]
    assert bare[0] == bare[1] != bare[2]


def test_it_plays_no_part_whether_a_module_is_imported_already(fingerprint):
    files = {"users_mine.py": mine("", "from users_helpers import step"), "users_helpers.py": STEP}
    assert fingerprint(files) == fingerprint(files, first=["users_helpers"])


def test_what_a_versioned_package_writes_down_while_it_runs_plays_no_part(fingerprint):
    files = {
        "users_pack/__init__.py": "__version__ = '1'\n",
        "users_pack/a.py": mine(
            "import threading\nCACHE, BACKEND = {'lock': threading.Lock()}, None", "CACHE['n'] = BACKEND"
        ),
        "users_more.py": "import numpy, users_pack.a as a\na.CACHE['n'], a.BACKEND = 3, numpy\n",
    }
    first = fingerprint(files, "users_pack.a")
    assert fingerprint(files, "users_pack.a", first=["users_more"]) == first
