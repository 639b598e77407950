"""A search with a folder goes on where it ended."""

import inspect

import pytest
from sklearn.neighbors import KNeighborsClassifier

from skimgrec import tune
from skimgrec.model_selection import prepare_comparison, prepare_tuning

pytestmark = pytest.mark.skipif(
    "run_dir" not in inspect.signature(prepare_comparison).parameters, reason="comparisons keep no run folder yet"
)


@pytest.mark.parametrize("method", ["grid", "random", "halving", "optuna"])
def test_a_second_call_with_the_same_folder_fits_nothing_again(blobs, tmp_path, monkeypatch, method):
    if method == "optuna":
        pytest.importorskip("optuna")
    n_fits = []
    fit = KNeighborsClassifier.fit

    def counted(self, X, y):
        n_fits.append(len(X))
        return fit(self, X, y)

    monkeypatch.setattr(KNeighborsClassifier, "fit", counted)
    options = {} if method == "grid" else {"method": method, "n_iter": 6}
    params = {"n_neighbors": [1, 3, 5, 7, 9, 11] if method == "grid" else "1:12"}
    found = [
        tune(
            KNeighborsClassifier(),
            *blobs,
            params,
            cv=2,
            random_state=0,
            refit=False,
            run_dir=tmp_path / "run",
            **options,
        )
        for _ in range(2)
    ]
    assert len(n_fits) == sum(len(comparison.rows) for comparison in found[0].rounds)
    assert found[0].to_frame().equals(found[1].to_frame())


def test_a_search_that_was_cut_short_goes_on(blobs, tmp_path):
    options = {"cv": 2, "random_state": 0, "run_dir": tmp_path / "run", "method": "halving", "factor": 2}
    params = {"n_neighbors": [1, 3, 5, 9]}
    rows = prepare_tuning(KNeighborsClassifier(), *blobs, params, **options).measure()
    first = [next(rows) for _ in range(10)]
    rows.close()
    whole = tune(KNeighborsClassifier(), *blobs, params, refit=False, **options)
    measured = [row for comparison in whole.rounds for row in comparison.rows]
    assert len(measured) == 14
    assert all(row.fit_time in {other.fit_time for other in measured} for row in first)
