"""The types that a file may hold are there, under the names that they have."""

from importlib import import_module

import pytest
from sklearn.utils import all_estimators

from skimgrec.persistence._types import ALLOWED, ESTIMATORS, OWN

NAMES = sorted(set().union(*(names for kind, names in ALLOWED.items() if kind not in ("Array", "MaskedArray"))))


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("name", NAMES)
def test_allowed_types_lead_somewhere(name):
    import sklearn.experimental.enable_halving_search_cv  # noqa: F401

    module, _, attribute = name.rpartition(".")
    found = getattr(import_module(module), attribute)
    assert found.__name__.split(".")[-1] in (attribute, "bool", "bool_", "longlong", "ulonglong", *ALIASES)
    if name in ALLOWED["Object"]:
        assert (found.__module__, found.__qualname__) == (module, attribute)


ALIASES = {"str_", "bytes_", "int64", "uint64", "absolute"}


def test_all_of_skimgrecs_estimators_are_allowed():
    import skimgrec

    own = {
        f"{kind.__module__}.{kind.__name__}"
        for kind in (getattr(skimgrec, name) for name in skimgrec.__all__)
        if isinstance(kind, type) and hasattr(kind, "get_params")
    }
    # Similar pictures have a file of their own kind.
    assert own - {"skimgrec.neighbors._image_neighbors.ImageNeighbors"} == set(OWN)


def test_estimators_that_read_files_are_not_allowed():
    texts = {
        f"{kind.__module__}.{name}" for name, kind in all_estimators() if "feature_extraction.text" in kind.__module__
    }
    assert texts
    assert not texts & ESTIMATORS
