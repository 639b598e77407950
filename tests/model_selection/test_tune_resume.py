"""A search with a folder goes on where it ended."""

import pytest
from sklearn.neighbors import KNeighborsClassifier

from skimgrec import tune
from skimgrec.model_selection import plan_search, prepare_tuning


@pytest.mark.parametrize("method", ["grid", "random", "halving", "optuna"])
def test_a_second_call_with_the_same_folder_fits_nothing_again(blobs, tmp_path, method):
    if method == "optuna":
        pytest.importorskip("optuna")
    options = {} if method == "grid" else {"method": method, "n_iter": 6}
    params = {"n_neighbors": [1, 2, 3, 4, 5, 6] if method == "grid" else "1:6"}
    options.update(cv=2, random_state=0, refit=False, run_dir=tmp_path / "run")
    first, second = (tune(KNeighborsClassifier(), *blobs, params, **options) for _ in range(2))
    assert first.to_frame()["n_failed"].eq(0).all()
    # No two fits take the same time to the nanosecond.
    assert times(first) == times(second)
    assert first.to_frame().equals(second.to_frame())
    other = tune(KNeighborsClassifier(), *blobs, params, **{**options, "random_state": 1})
    assert not set(times(first)) & set(times(other))


def times(result):
    return [row.fit_time for comparison in result.rounds for row in comparison.rows]


def test_a_search_that_was_cut_short_goes_on(blobs, tmp_path):
    searched = {"params": {"n_neighbors": [1, 2, 3, 4]}, "random_state": 0, "method": "halving", "factor": 2}
    measured = {"cv": 2, "run_dir": tmp_path / "run"}
    rows = prepare_tuning(plan_search(KNeighborsClassifier(), **searched), *blobs, **measured).measure()
    first = [next(rows) for _ in range(10)]
    rows.close()
    whole = tune(KNeighborsClassifier(), *blobs, refit=False, **searched, **measured)
    assert len(times(whole)) == 14
    assert {row.fit_time for row in first} < set(times(whole))
