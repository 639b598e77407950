"""Searching for parameters: which settings are measured, on what, and which one is the best."""

import math

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, RepeatedStratifiedKFold, StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skimgrec import TuneResult, tune
from skimgrec.model_selection import plan_search, prepare_tuning
from skimgrec.model_selection._halving import halving_rounds


@pytest.fixture
def counting():
    """Return a 1-NN that writes down the rows and the parameter of each fit, and may fail."""

    class Counting(KNeighborsClassifier):
        seen = []  # noqa: RUF012  clones share it

        def __init__(self, n_neighbors=1, epochs=9, fails=False):
            super().__init__(n_neighbors)
            self.epochs = epochs
            self.fails = fails

        def fit(self, X, y):
            if self.fails:
                raise ValueError("told to")
            self.seen.append((self.n_neighbors, self.epochs, frozenset(X[:, 0].tolist())))
            return super().fit(X, y)

    return Counting


def test_the_scores_and_the_best_are_those_of_grid_search(blobs):
    X, y = blobs
    params = {"n_neighbors": [1, 5, 9], "weights": ["uniform", "distance"]}
    result = tune(KNeighborsClassifier(), X, y, params, cv=4, random_state=3, return_train_score=True)
    splits = StratifiedKFold(4, shuffle=True, random_state=3)
    expected = GridSearchCV(KNeighborsClassifier(), params, cv=splits, return_train_score=True).fit(X, y)
    frame = result.to_frame().set_index("setting")
    for number, setting in enumerate(expected.cv_results_["params"]):
        row = frame.loc[f"n_neighbors={setting['n_neighbors']}, weights={setting['weights']}"]
        assert row["mean_test_accuracy"] == pytest.approx(expected.cv_results_["mean_test_score"][number])
        assert row["mean_train_accuracy"] == pytest.approx(expected.cv_results_["mean_train_score"][number])
        assert row["rank"] == expected.cv_results_["rank_test_score"][number]
    assert result.best_params_ == expected.best_params_
    assert result.best_score_ == pytest.approx(expected.best_score_)
    assert (result.best_estimator_.predict(X) == expected.best_estimator_.predict(X)).all()


def test_every_setting_sees_the_same_rows_even_of_an_unseeded_splitter(blobs, counting):
    model = counting()
    tune(model, *blobs, {"n_neighbors": [1, 2, 3]}, cv=RepeatedStratifiedKFold(n_splits=2, n_repeats=2), refit=False)
    rows = {n: [seen for other, _, seen in model.seen if other == n] for n in (1, 2, 3)}
    assert rows[1] == rows[2] == rows[3]
    assert len(set(rows[1])) == 4


def test_equal_scores_go_to_the_earlier_setting(blobs, counting):
    result = tune(counting(), *blobs, {"epochs": [7, 3, 5]}, cv=2, random_state=0)
    assert result.best_params_ == {"epochs": 7}
    assert result.to_frame()["rank"].tolist() == [1, 1, 1]
    assert "So have epochs=3; epochs=5: the earlier setting goes first." in result.verdict()


def test_a_setting_that_fails_is_last_with_its_reason(blobs, counting):
    result = tune(counting(), *blobs, {"fails": [True, False]}, cv=2, random_state=0)
    assert result.best_params_ == {"fails": False}
    frame = result.to_frame()
    assert frame["param_fails"].tolist() == [False, True]
    assert frame["n_failed"].tolist() == [0, 2]
    assert math.isnan(frame["rank"][1])
    assert "fails=True failed with ValueError: told to" in str(result)


def test_where_all_fail_there_is_no_best(blobs, counting):
    result = tune(counting(fails=True), *blobs, {"epochs": [1, 2]}, cv=2)
    assert (result.best_, result.best_params_, result.best_score_, result.best_estimator_) == (None,) * 4
    assert result.verdict() == "No best setting: none has a score in every fold."


@pytest.mark.parametrize("error", [ValueError, SystemExit])
def test_a_model_that_cannot_be_refitted_costs_no_measurement(blobs, error):
    class FailsOnAll(GaussianNB):
        def fit(self, X, y):
            if len(X) == 60:
                raise error("too many")
            return super().fit(X, y)

    with pytest.warns(RuntimeWarning, match=r"failed when it was fitted once more.*too many"):
        result = tune(FailsOnAll(), *blobs, {"var_smoothing": [1e-9]}, cv=2)
    assert result.best_estimator_ is None
    assert result.best_score_ > 0


def test_the_model_of_the_caller_stays_as_it_is(blobs):
    model, values = KNeighborsClassifier(7), [MinMaxScaler(), "passthrough"]
    pipe = make_pipeline(MinMaxScaler(), model)
    result = tune(pipe, *blobs, {"minmaxscaler": values}, cv=2, random_state=0)
    assert not hasattr(model, "classes_")
    assert not hasattr(values[0], "scale_")
    assert hasattr(result.best_estimator_, "classes_")
    assert (
        TuneResult.from_dict(result.to_dict())
        .to_frame()["param_minmaxscaler"]
        .isin(["MinMaxScaler()", "passthrough"])
        .all()
    )


def test_a_candidate_by_name_and_its_parameter_without_the_step():
    X, y = load_digits(return_X_y=True)
    result = tune("forest", X[:200], y[:200], {"n_estimators": [2, 30]}, cv=2, random_state=0, refit=False)
    assert result.best_params_ == {"randomforestclassifier__n_estimators": 30}
    assert result.best_estimator_ is None
    assert "2 settings of forest by method grid, seed 0" in " ".join(str(result).split())


@pytest.mark.parametrize("method", ["random", "halving", "optuna"])
def test_the_same_seed_finds_the_same_settings_and_scores(blobs, method):
    if method == "optuna":
        pytest.importorskip("optuna")
    found = [
        tune(
            KNeighborsClassifier(),
            *blobs,
            {"n_neighbors": "1:12", "weights": ["uniform", "distance"]},
            method=method,
            n_iter=8,
            cv=2,
            random_state=seed,
            n_jobs=n_jobs,
            refit=False,
        )
        for seed, n_jobs in ((1, None), (1, 2), (2, None))
    ]
    columns = ["setting", "rank", "mean_test_accuracy", "std_test_accuracy", "round"]
    assert found[0].to_frame()[columns].equals(found[1].to_frame()[columns])
    assert list(found[0].settings) == list(found[1].settings) != list(found[2].settings)
    assert 2 <= len(found[0].settings) <= 8


@pytest.mark.parametrize("n_settings", [1, 2, 3, 4, 9, 20, 26, 27, 28, 81])
@pytest.mark.parametrize("factor", [2, 3])
@pytest.mark.parametrize("min_resources", ["exhaust", "smallest", 50])
def test_the_rounds_of_halving_are_scikit_learns(n_settings, factor, min_resources):
    from sklearn.experimental import enable_halving_search_cv  # noqa: F401
    from sklearn.model_selection import HalvingGridSearchCV

    X, y = np.arange(600.0)[:, None], np.arange(600) % 3
    search = HalvingGridSearchCV(
        GaussianNB(),
        {"var_smoothing": np.arange(1, n_settings + 1) * 1e-9},
        cv=StratifiedKFold(2),
        factor=factor,
        min_resources=min_resources,
        refit=False,
    ).fit(X, y)
    # scikit-learn's fewest: two of each class in every split.
    least = 2 * 2 * 3
    rounds = halving_rounds(n_settings, 600, least, resource="n_samples", factor=factor, min_resources=min_resources)
    assert [count for _, count in rounds] == search.n_candidates_
    amounts = [600 if amount is None else amount for amount, _ in rounds]
    if min_resources == "exhaust":
        # scikit-learn lets the last round fall short of all there is where the first cannot start any lower.
        assert amounts[-1] == 600
        assert least <= search.n_resources_[0] <= amounts[0]
        assert [amount // factor for amount in amounts[1:]] == amounts[:-1]
    else:
        assert amounts == search.n_resources_


def test_halving_learns_from_nested_parts_and_tests_on_whole_folds(blobs, counting):
    model = counting()
    result = tune(model, *blobs, {"n_neighbors": [1, 2, 3, 4]}, method="halving", factor=2, cv=2, refit=False)
    assert result.n_resources == [7, 15, None]
    assert [len(comparison.estimators) for comparison in result.rounds] == [4, 2, 1]
    assert {row.n_test for comparison in result.rounds for row in comparison.rows} == {30}
    best = result.best_params_["n_neighbors"]
    rows = [seen for n, _, seen in model.seen if n == best]
    assert rows[0] < rows[2] < rows[4]
    assert rows[1] < rows[3] < rows[5]
    assert result.to_frame()["n_resources"].tolist() == [None, 15, 7, 7]
    assert result.to_frame()["in_last_round"].tolist() == [True, False, False, False]


def test_halving_over_epochs(blobs, counting):
    model = counting()
    result = tune(model, *blobs, {"n_neighbors": [1, 2, 3]}, method="halving", resource="epochs", cv=2, random_state=0)
    assert result.n_resources == [3, None]
    assert [epochs for _, epochs, _ in model.seen] == [3] * 6 + [9] * 3
    assert result.best_estimator_.epochs == 9
    assert " epochs " in str(result)
    with pytest.raises(ValueError, match=r"'epochs' of the model is None, expected a positive integer"):
        tune(counting(epochs=None), *blobs, {"n_neighbors": [1, 2, 3]}, method="halving", resource="epochs")
    with pytest.raises(ValueError, match="epochs is the resource of the rounds and cannot be tuned"):
        tune(counting(), *blobs, {"epochs": [1, 2, 3]}, method="halving", resource="epochs")


def test_a_round_cut_short_does_not_name_the_best(blobs, counting):
    search = plan_search(counting(), {"n_neighbors": [1, 3, 5, 9]}, method="halving", factor=2, random_state=0)
    tuning = prepare_tuning(search, *blobs, cv=2)
    rows = tuning.measure()
    for _ in range(8 + 2):
        next(rows)
    rows.close()
    assert (tuning.n_measured, tuning.n_planned) == (10, 14)
    result = tuning.result()
    assert not result.finished
    assert "Caution: The search was interrupted after 10 fits: a setting that it has not tried" in " ".join(
        str(result).split()
    )
    assert not TuneResult.from_dict(result.to_dict()).finished
    assert len(result.rounds) == 2
    assert len(result.to_frame()) == 4
    assert result.to_frame()["round"].eq(0).all()


def test_optuna_learns_where_the_score_is_high_and_measures_no_setting_twice(counting):
    optuna = pytest.importorskip("optuna")
    X, y = load_digits(return_X_y=True)
    model = counting()
    level = optuna.logging.get_verbosity()
    result = tune(
        model, X[:300], y[:300], {"n_neighbors": [200, 1, 100, (3)]}, method="optuna", n_iter=12, cv="holdout",
        random_state=0, refit=False,
    )  # fmt: skip
    assert len(model.seen) == len(result.settings) <= 4
    assert result.best_params_["n_neighbors"] in (1, 3)
    assert len(result.rounds) == 1
    assert list(result.rounds[0].estimators) == list(result.settings)
    assert optuna.logging.get_verbosity() == level


def test_a_missing_optuna_is_named_before_any_work(blobs, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    with pytest.raises(ImportError, match=r'tune\(.*pip install "skimgrec\[optuna\]"'):
        tune(KNeighborsClassifier(), *blobs, {"n_neighbors": [1]}, method="optuna")


def test_the_datas_own_split_and_several_metrics(blobs):
    X, y = blobs
    split = np.where(np.arange(60) % 3, "train", "test")
    result = tune(
        KNeighborsClassifier(),
        X,
        y,
        {"n_neighbors": [1, 5]},
        cv=split,
        scoring=["f1_macro", "accuracy"],
        random_state=0,
    )
    assert result.rounds[0].cv == "the data's own split"
    assert result.metrics == ("f1_macro", "accuracy")
    assert {row.n_test for row in result.rounds[0].rows} == {20}
    # The test pictures stay unseen.
    assert result.best_estimator_.n_samples_fit_ == 40
    assert "has the highest macro F1, 1.000 on one split. " in result.verdict()
    assert "It cannot be told apart from the other on these test pictures. " in result.verdict()


def test_a_single_split_does_not_tell_how_sure_a_score_is_that_is_no_average_over_answers(blobs):
    split = np.where(np.arange(60) % 3, "train", "test")
    settings = {"cv": split, "scoring": "neg_log_loss", "random_state": 0, "refit": False}
    result = tune(KNeighborsClassifier(), *blobs, {"n_neighbors": [3, 5]}, **settings)
    assert "on one split. A single split does not tell how sure that is." in result.verdict()


def test_what_is_measured_is_told_as_it_comes(blobs):
    rows = []
    tune(KNeighborsClassifier(), *blobs, {"n_neighbors": [1, 2]}, cv=2, on_row=rows.append, refit=False)
    assert [row.estimator for row in rows] == ["n_neighbors=1"] * 2 + ["n_neighbors=2"] * 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "bayes"}, "method='bayes', expected one of 'grid', 'random', 'halving', 'optuna'"),
        ({"n_iter": 3}, "n_iter=3: method='grid' takes every combination"),
        ({"method": "random", "n_iter": 0}, "n_iter=0: expected an integer from 1 up"),
        ({"method": "halving", "factor": 1}, "factor=1, expected an integer from 2 up"),
        ({"method": "halving", "min_resources": "some"}, "min_resources='some', expected 'exhaust', 'smallest' or"),
        (
            {"method": "halving", "min_resources": 99},
            r"needs 99 training pictures .* and there are 30. Give a lower min_resources, more pictures, or another",
        ),
        (
            {"method": "halving", "resource": "leaf_size", "min_resources": 50},
            r"needs 50 leaf_size .* and there are 30. Give a lower min_resources, a higher leaf_size of the model, or",
        ),
        ({"method": "halving", "min_resources": True}, "min_resources=True, expected 'exhaust', 'smallest' or a posit"),
        ({"method": "halving", "resource": "epoch"}, "Unknown parameter 'epoch' of KNeighborsClassifier"),
        ({"params": {"n_neighbors": "1:5"}}, "n_neighbors is a range, 1:5, and method='grid'"),
        ({"params": {"n_neighbors": "1.0:5"}, "method": "random"}, r"n_neighbors=1.0:5.0: The 'n_neighbors' .* an int"),
        (
            {"params": {"n_neighbors": "0:5"}, "method": "random"},
            r"n_neighbors=0:5: The 'n_neighbors' .* Got 0 instead",
        ),
        ({"resource": "p"}, "method='grid' has no rounds: resource, factor and min_resources are those of"),
        ({"method": "random", "factor": 2}, "method='random' has no rounds"),
        ({"params": {"n_neighbor": [1]}}, "did you mean 'n_neighbors'"),
        ({"run_dir": "run"}, "run_dir='run' with random_state=None: other settings would be drawn"),
        ({"cv": 50}, "cv=50 needs at least 50"),
    ],
)
def test_what_cannot_be_searched_is_said_before_anything_is_fitted(blobs, options, message):
    options = {"params": {"n_neighbors": [1, 2]}, "cv": 2, **options}
    with pytest.raises(ValueError, match=message):
        tune(KNeighborsClassifier(), *blobs, **options)
    with pytest.raises(TypeError, match="expected an instance"):
        tune(KNeighborsClassifier, *blobs, {"n_neighbors": [1]})


def test_what_takes_no_pictures_is_said_without_any():
    options = {"params": {"n_neighbors": [1, 2]}, "method": "halving"}
    with pytest.raises(ValueError, match="resource='n_jobs' of the model is None"):
        plan_search(KNeighborsClassifier(), resource="n_jobs", **options)
    with pytest.raises(ValueError, match="needs 50 leaf_size"):
        plan_search(KNeighborsClassifier(), resource="leaf_size", min_resources=50, **options)
    with pytest.raises(TypeError, match="search is a str, expected what plan_search returns"):
        prepare_tuning("knn", None, None)


def test_numbers_may_be_numpys(blobs, tmp_path):
    options = {"factor": np.int64(2), "min_resources": np.int64(8), "n_iter": np.int64(4)}
    search = plan_search(KNeighborsClassifier(), {"n_neighbors": [1, 2, 3, 4]}, method="halving", **options)
    tuning = prepare_tuning(search, *blobs, cv=2)
    assert tuning.n_planned == 2 * (4 + 2)
    assert len(list(tuning.measure())) == tuning.n_planned
    tuning.result().to_json(tmp_path / "tune.json")
    assert TuneResult.from_json(tmp_path / "tune.json").n_resources == [8, 16]


def test_copies_are_looked_for_once_and_said_below_the_table(rng, monkeypatch):
    from skimgrec.model_selection import _compare

    X, y = rng.integers(0, 256, (30, 8, 8), dtype=np.uint8), np.arange(30) % 3
    X[1::10] = X[0::10]
    looked = []
    groups_of_copies = _compare.groups_of_copies
    monkeypatch.setattr(_compare, "groups_of_copies", lambda *a, **k: looked.append(1) or groups_of_copies(*a, **k))
    options = {"cv": 3, "random_state": 0, "refit": False, "method": "halving", "factor": 2}
    result = tune("knn", X, y, {"n_neighbors": [1, 2, 3, 4]}, **options)
    assert len(result.rounds) == 2
    assert looked == [1]
    assert "test pictures have a copy, exact or near, among the pictures learnt from" in " ".join(str(result).split())
    assert tune("knn", X, y, {"n_neighbors": [1]}, near_duplicates="ignore", **options).rounds[0].notes == []
    y = np.arange(30) // 10
    result = tune("knn", X, y, {"n_neighbors": [1]}, near_duplicates="group", cv=3, random_state=0, refit=False)
    for test in result.rounds[0].test_rows:
        assert {row ^ 1 for row in test if row % 10 < 2} <= set(test)


def test_fewer_settings_than_were_asked_for_are_said(blobs):
    options = {"method": "random", "n_iter": 9, "cv": 2, "random_state": 0, "refit": False}
    result = tune(KNeighborsClassifier(), *blobs, {"n_neighbors": [1, 2, 3]}, **options)
    assert "Caution: 9 settings were asked for, and there are 3 different ones." in str(result)


def test_the_best_model_has_the_threads_of_its_measurement():
    from skimgrec import KerasMLPClassifier

    search = plan_search(KerasMLPClassifier(), {"epochs": [1, 2]})
    tuning = prepare_tuning(search, np.zeros((20, 4, 4)), np.arange(20) % 2, cv=2, n_threads=1)
    assert [tuning.model_with(name).n_threads for name in tuning.settings] == [1, 1]
