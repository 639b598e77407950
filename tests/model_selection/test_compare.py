import math
import random
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import get_scorer
from sklearn.model_selection import GroupKFold, StratifiedKFold, cross_validate
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from skimgrec import compare


def numbers(result):
    return [(row.estimator, row.fold, row.n_train, row.n_test, dict(row.scores), row.error) for row in result.rows]


def trees():
    return {
        "tree": DecisionTreeClassifier(random_state=0),
        "forest": RandomForestClassifier(5, random_state=0),
        "1nn": KNeighborsClassifier(1),
    }


def test_scores_are_those_of_cross_validate(blobs):
    X, y = blobs
    result = compare(trees(), X, y, cv=3, random_state=7)
    splits = StratifiedKFold(3, shuffle=True, random_state=7)
    for name, estimator in trees().items():
        expected = cross_validate(estimator, X, y, cv=splits, scoring=["accuracy", "f1_macro"])
        rows = [row for row in result.rows if row.estimator == name]
        assert [row.fold for row in rows] == [0, 1, 2]
        for metric in ("accuracy", "f1_macro"):
            assert [row.scores[metric] for row in rows] == expected[f"test_{metric}"].tolist()
        assert all(row.fit_time > 0 and row.predict_time > 0 for row in rows)


@pytest.mark.parametrize(
    "cv",
    [
        4,
        StratifiedKFold(4, shuffle=True),
        pytest.param("generator", id="generator"),
        pytest.param("masks", id="masks"),
    ],
)
def test_every_estimator_sees_the_same_rows(blobs, make_classifier, cv):
    X, y = blobs
    if cv == "generator":
        cv = (pair for pair in StratifiedKFold(4).split(X, y))
    elif cv == "masks":
        cv = [(np.arange(60) % 4 != fold, np.arange(60) % 4 == fold) for fold in range(4)]
    seen = {name: {"fit": [], "predict": []} for name in "ab"}

    def recorder(name, kind):
        return lambda rows: seen[name][kind].append(rows[:, 0].tolist())

    compare({name: make_classifier(recorder(name, "fit"), recorder(name, "predict")) for name in "ab"}, X, y, cv=cv)
    assert seen["a"] == seen["b"]
    assert len(seen["a"]["fit"]) == 4
    # One prediction a fold, though there are two metrics.
    assert len(seen["a"]["predict"]) == 4
    assert sorted(row for rows in seen["a"]["predict"] for row in rows) == list(range(60))


def test_the_callers_estimators_stay_unfitted(blobs):
    model = KNeighborsClassifier(1)
    compare({"1nn": model}, *blobs)
    assert not hasattr(model, "classes_")


@pytest.mark.parametrize("in_predict", [False, True], ids=["fit", "predict"])
def test_a_failing_estimator_is_a_row_with_its_reason(blobs, make_classifier, fails, in_predict):
    fail = fails(RuntimeError("no luck\ntoday"))
    bad = make_classifier(in_predict=fail) if in_predict else make_classifier(in_fit=fail)
    result = compare([("bad", bad), ("good", make_classifier())], *blobs, cv=3)
    assert [row.estimator for row in result.rows] == ["bad"] * 3 + ["good"] * 3
    for row in result.rows[:3]:
        assert row.error == "RuntimeError: no luck\ntoday"
        assert "conftest.py" in row.traceback
        assert math.isnan(row.scores["accuracy"])
        assert math.isnan(row.scores["f1_macro"])
        assert math.isnan(row.fit_time) != in_predict
        assert math.isnan(row.predict_time)
    assert all(row.error is None and row.traceback is None for row in result.rows[3:])
    assert result.best == "good"


def test_an_estimator_that_cannot_be_cloned_is_a_row(blobs):
    class Stubborn(DummyClassifier):
        def __init__(self, strategy="prior"):
            self.strategy = strategy + "!"

    result = compare({"stubborn": Stubborn(), "chance": DummyClassifier()}, *blobs, cv=2)
    assert result.rows[0].error.startswith("RuntimeError: Cannot clone object")
    assert result.rows[2].error is None


def test_a_metric_that_fails_leaves_the_others(blobs):
    from sklearn.svm import LinearSVC

    result = compare({"svm": LinearSVC()}, *blobs, cv=2, scoring=["accuracy", "neg_log_loss"])
    row = result.rows[0]
    assert row.scores["accuracy"] > 0.3
    assert math.isnan(row.scores["neg_log_loss"])
    assert row.error.startswith("neg_log_loss: AttributeError: ")
    assert "Traceback" in row.traceback
    assert result.best == "svm"


def test_what_ends_a_program_costs_its_own_rows_alone(blobs, make_classifier, fails):
    leave = fails(SystemExit("bye"))
    result = compare(
        {"fit": make_classifier(leave), "predict": make_classifier(None, leave), "good": make_classifier()},
        *blobs,
        cv=2,
    )
    assert [row.error for row in result.rows] == ["SystemExit: bye"] * 4 + [None] * 2
    assert all("conftest.py" in row.traceback for row in result.rows[:4])


def test_an_interrupt_ends_the_comparison(blobs, make_classifier, fails):
    with pytest.raises(KeyboardInterrupt):
        compare({"slow": make_classifier(fails(KeyboardInterrupt()))}, *blobs)


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_parallel_equals_serial(blobs, make_classifier, fails, backend):
    estimators = {**trees(), "bad": make_classifier(fails(ValueError("bad")))}
    serial = compare(estimators, *blobs, cv=3, random_state=0)
    with joblib.parallel_config(backend):
        parallel = compare(estimators, *blobs, cv=3, random_state=0, n_jobs=2)
    assert str(numbers(parallel)) == str(numbers(serial))
    assert parallel.splits_fingerprint == serial.splits_fingerprint


def test_a_backend_that_cannot_stream_results_works_too(blobs):
    from joblib._parallel_backends import ThreadingBackend

    class Plain(ThreadingBackend):
        supports_return_generator = False

    joblib.register_parallel_backend("plain", Plain)
    seen = []
    with joblib.parallel_config("plain", n_jobs=2):
        result = compare(trees(), *blobs, cv=3, random_state=0, on_row=seen.append)
    assert numbers(result) == numbers(compare(trees(), *blobs, cv=3, random_state=0))
    assert len(seen) == 9


def test_a_worker_that_dies_costs_only_its_own_row(blobs, make_classifier):
    def die(X):
        import os

        os._exit(3)

    result = compare(
        {"a": make_classifier(), "dies": make_classifier(die), "b": make_classifier()}, *blobs, cv=2, n_jobs=2
    )
    assert [row.error is None for row in result.rows] == [True, True, False, False, True, True]
    assert "TerminatedWorkerError" in result.rows[2].error


def test_an_estimator_that_cannot_be_sent_costs_only_its_own_row(blobs, make_classifier):
    class Heavy(DummyClassifier):
        def __reduce__(self):
            raise TypeError("too heavy to send")

    result = compare({"heavy": Heavy(), "1nn": make_classifier()}, *blobs, cv=2, n_jobs=2)
    assert [row.error is None for row in result.rows] == [False, False, True, True]
    assert "send" in result.rows[0].error or "pickle" in result.rows[0].error


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_each_row_is_announced_once(blobs, n_jobs):
    seen = []
    result = compare(trees(), *blobs, cv=2, n_jobs=n_jobs, on_row=seen.append)
    assert sorted((row.estimator, row.fold) for row in seen) == sorted((row.estimator, row.fold) for row in result.rows)
    if n_jobs == 1:
        assert seen == result.rows


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_an_error_in_the_callers_function_goes_through(blobs, n_jobs, recwarn):
    def stop(row):
        raise ZeroDivisionError("enough")

    with joblib.parallel_config("threading"), pytest.raises(ZeroDivisionError, match="enough"):
        compare({"1nn": KNeighborsClassifier(1)}, *blobs, on_row=stop, n_jobs=n_jobs)


def test_verbose_prints_a_line_for_each_row(blobs, capsys):
    compare({"1nn": KNeighborsClassifier(1)}, *blobs, cv=2, verbose=1, random_state=0)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("[1/2] 1nn, fold 1: accuracy ")


@pytest.mark.parametrize(
    "convert",
    [
        lambda y: np.unique(y, return_inverse=True)[1],
        lambda y: np.unique(y, return_inverse=True)[1] - 7,
        lambda y: np.unique(y, return_inverse=True)[1].astype(float),
        lambda y: y == "cat",
        list,
        lambda y: y.astype(object),
        lambda y: pd.Series(y, index=np.arange(60)[::-1]),
        lambda y: pd.Categorical(y),
    ],
    ids=["int", "negative", "float", "bool", "list", "object", "series", "categorical"],
)
def test_labels_of_any_kind(blobs, convert):
    X, y = blobs
    result = compare({"1nn": KNeighborsClassifier(1)}, X, convert(y), cv=3, random_state=0)
    assert [row.error for row in result.rows] == [None] * 3
    assert type(result).from_dict(result.to_dict()) == result
    assert result.class_names == sorted(set(np.asarray(convert(y)).tolist()))


@pytest.mark.parametrize(
    "convert",
    [
        pytest.param(lambda X: X.reshape(60, 2, 2), id="3-D"),
        pytest.param(lambda X: X.reshape(60, 2, 2, 1), id="4-D"),
        pytest.param(list, id="list"),
        pytest.param(pd.DataFrame, id="frame"),
        pytest.param(lambda X: np.array([f"{row}.png" for row in range(60)]), id="paths"),
        pytest.param(lambda X: [f"{row}.png" for row in range(60)], id="list of paths"),
    ],
)
def test_anything_that_can_be_indexed_is_split(blobs, convert):
    X, y = blobs
    sizes = []

    class Counter(DummyClassifier):
        def fit(self, X, y):
            sizes.append((len(X), type(X)))
            return super().fit(X, y)

    X = convert(X)
    result = compare({"counter": Counter()}, X, y, cv=3)
    assert sizes == [(40, type(X))] * 3
    assert [row.error for row in result.rows] == [None] * 3
    assert result.data_fingerprint is not None


def test_groups_reach_the_splitter(blobs, make_classifier):
    X, y = blobs
    groups = np.arange(60) % 3
    seen = []
    compare({"a": make_classifier(in_predict=lambda X: seen.append(X[:, 0]))}, X, y, cv=GroupKFold(3), groups=groups)
    assert all(len(set(rows.astype(int) % 3)) == 1 for rows in seen)


@pytest.mark.parametrize(
    ("scoring", "metrics"),
    [
        ("accuracy", ("accuracy",)),
        (["f1_macro"], ("f1_macro",)),
        ({"mine": "accuracy", "f": get_scorer("f1_macro")}, ("mine", "f")),
        (lambda model, X, y: 0.25, ("score",)),
    ],
)
def test_metrics_in_every_form(blobs, scoring, metrics):
    result = compare({"1nn": KNeighborsClassifier(1)}, *blobs, cv=2, scoring=scoring)
    assert result.metrics == metrics
    assert all(tuple(row.scores) == metrics and row.error is None for row in result.rows)


def test_the_seed_decides_folds_and_named_candidates(blobs):
    X, y = blobs
    first, again, other = (compare(["chance"], X, y, random_state=seed) for seed in (3, 3, 4))
    assert numbers(first) == numbers(again)
    assert numbers(first) != numbers(other)
    assert "random_state=3" in first.estimators["chance"]
    assert "random_state=3" in first.cv


def test_without_a_seed_the_result_tells_the_one_drawn(blobs):
    first = compare(["chance"], *blobs)
    again = compare(["chance"], *blobs, random_state=first.seed)
    assert numbers(first) == numbers(again)
    assert compare(["chance"], *blobs).seed != first.seed


def test_global_random_states_are_left_alone(blobs):
    np.random.seed(0)  # noqa: NPY002  the global state is what this is about
    before = np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
    compare(["chance"], *blobs)
    assert (np.random.get_state()[1] == before[0]).all()  # noqa: NPY002
    assert random.getstate() == before[1]


def test_the_result_says_what_was_measured(blobs):
    X, y = blobs
    result = compare({"1nn": KNeighborsClassifier(1)}, X.reshape(60, 2, 2), y, random_state=0, data_name="blobs")
    assert (result.n_samples, result.n_classes, result.n_folds, result.seed) == (60, 3, 5, 0)
    assert result.picture_shape == (2, 2)
    assert result.data_name == "blobs"
    assert {"python", "skimgrec", "scikit-learn", "numpy"} <= set(result.versions)
    assert result.date.endswith("+00:00")
    assert result.estimators == {"1nn": "KNeighborsClassifier(n_neighbors=1)"}


def test_the_fingerprint_follows_pictures_and_labels_not_their_layout(blobs):
    X, y = blobs

    def fingerprint(X, y):
        return compare({"chance": DummyClassifier()}, X, y, cv=2, random_state=0).data_fingerprint

    same = fingerprint(X, y)
    assert fingerprint(np.asfortranarray(X), y.astype("U20")) == same
    assert fingerprint(np.repeat(X, 2, axis=0)[::2], list(y)) == same
    changed = X.copy()
    changed[59, 3] += 1
    assert fingerprint(changed, y) != same
    assert fingerprint(X.reshape(60, 2, 2), y) != same
    assert fingerprint(X, np.roll(y, 1)) != same


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"estimators": {}}, ValueError, "estimators is empty"),
        ({"estimators": "cnn"}, ValueError, r"give a list of names, \['cnn'\]"),
        ({"estimators": 3}, TypeError, "estimators is a int"),
        ({"estimators": ["cnm"]}, ValueError, "did you mean 'cnn'"),
        ({"estimators": [KNeighborsClassifier()]}, TypeError, "KNeighborsClassifier without a name"),
        ({"estimators": {"a": KNeighborsClassifier}}, TypeError, r"expected an instance: KNeighborsClassifier\(\)"),
        ({"estimators": {"a": "cnn"}}, TypeError, "'a' is a str without get_params and fit and predict"),
        ({"estimators": {1: KNeighborsClassifier()}}, TypeError, "1 is the name of an estimator"),
        ({"estimators": {" ": KNeighborsClassifier()}}, TypeError, "not empty"),
        ({"estimators": ["chance", ("chance", KNeighborsClassifier())]}, ValueError, "Two estimators are called"),
        ({"y": np.arange(59) % 2}, ValueError, "X has 60 pictures, but y has 59 labels"),
        ({"y": np.linspace(0, 1, 60)}, ValueError, "y holds continuous values"),
        ({"y": np.array([0, 1, np.nan] * 20)}, ValueError, "missing labels"),
        ({"y": np.array(["a", None] * 30, dtype=object)}, ValueError, "missing labels"),
        ({"y": ["a", np.nan] * 30}, ValueError, "missing labels"),
        ({"y": [0, 1, "1"] * 20}, ValueError, "y mixes labels of the types int, str: use one of them"),
        ({"y": [True, "no"] * 30}, ValueError, "y mixes labels of the types bool, str"),
        ({"y": [b"a", "b"] * 30}, ValueError, "y mixes labels of the types bytes, str"),
        ({"y": np.array([0, "1"] * 30, dtype=object)}, ValueError, "y mixes labels of the types int, str"),
        ({"y": np.zeros(60)}, ValueError, "a single class, 0.0"),
        ({"y": np.eye(60)}, ValueError, "1d array"),
        ({"y": ["rare"] * 3 + ["common"] * 57}, ValueError, "cv=5 needs at least 5 .* class 'rare' has 3"),
        ({"cv": 1}, ValueError, "at least 2 folds"),
        ({"cv": "five"}, TypeError, "cv='five', expected a number of folds"),
        ({"cv": []}, ValueError, "no splits"),
        ({"cv": [([0, 1], [])]}, ValueError, "Split 0 of cv has no test rows"),
        ({"cv": [([0, 1], [2]), ([0, 1], [1, 2])]}, ValueError, "Split 1 of cv tests on 1 of the rows it trains on"),
        ({"cv": [([0, 1], [60])]}, ValueError, "Split 0 .* got rows from 60 to 60"),
        ({"cv": [([0.5, 1], [2])]}, ValueError, "got values of dtype float64"),
        ({"cv": [([True, False], [2])]}, ValueError, "got a mask of length 2"),
        ({"scoring": "acuracy"}, ValueError, "Unknown metric 'acuracy', did you mean 'accuracy'"),
        ({"scoring": []}, ValueError, "scoring is empty"),
        ({"scoring": ["accuracy", "accuracy"]}, ValueError, "names a metric twice"),
        ({"scoring": [len]}, TypeError, "A dict takes scorers by name"),
        ({"n_jobs": 0}, ValueError, "n_jobs=0"),
        ({"random_state": -1}, ValueError, "random_state=-1"),
        ({"random_state": "x"}, ValueError, "'x'"),
    ],
)
def test_bad_input_is_refused_before_anything_is_fitted(blobs, changes, error, message):
    X, y = blobs
    arguments = {"estimators": {"1nn": KNeighborsClassifier(1)}, "X": X, "y": y, **changes}
    with pytest.raises(error, match=message):
        compare(**arguments, on_row=lambda row: pytest.fail("something was fitted"))


def test_mixed_labels_are_refused(blobs):
    X, _ = blobs
    with pytest.raises((ValueError, TypeError), match=r"int.*str|mixes"):
        compare(["chance"], X, np.array(["a", 1] * 30, dtype=object))


def test_importing_brings_nothing_heavy_beyond_scikit_learn():
    program = """
import sys
import sklearn.metrics, sklearn.model_selection, sklearn.utils.parallel, sklearn.datasets
before = set(sys.modules)
import skimgrec.model_selection, skimgrec.datasets
heavy = {"pandas", "matplotlib", "keras", "tensorflow", "numba", "rich", "scikeras", "typer"}
print(sorted(heavy & (set(sys.modules) - before)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_a_process_does_once_is_no_part_of_a_fit(blobs):
    import time

    from sklearn.pipeline import make_pipeline

    prepared = []

    class Slow(KNeighborsClassifier):
        def _prepare_process(self, X):
            prepared.append(X.shape)
            time.sleep(0.2)
            raise ValueError("for fit to show")

        def fit(self, X, y):
            assert prepared
            return super().fit(X, y)

    result = compare({"alone": Slow(1), "nested": make_pipeline(Slow(1))}, *blobs, cv=2)
    assert prepared == [(1, 4)] * 4
    assert all(row.error is None and row.fit_time < 0.2 for row in result.rows)


def test_what_is_measured_before_an_interrupt_can_be_had(blobs, make_classifier, fails):
    from skimgrec.model_selection import prepare_comparison

    estimators = {
        "good": make_classifier(),
        "slow": make_classifier(fails(KeyboardInterrupt())),
        "late": trees()["1nn"],
    }
    comparison = prepare_comparison(estimators, *blobs, cv=[(range(30), range(30, 60)), (range(30, 60), range(30))])
    with pytest.raises(KeyboardInterrupt):
        list(comparison.measure())
    result = comparison.result()
    assert list(result.estimators) == ["good"]
    assert type(result).from_dict(result.to_dict()) == result
    comparison.rows.pop()
    assert comparison.result().best is None
    assert "(1 of 2 folds)" in str(comparison.result())


def test_guesses_are_others_in_each_fold():
    X, y = np.zeros((300, 4, 4), np.uint8), np.repeat([0, 1], 150)
    result = compare(["chance"], X, y, cv=5, near_duplicates="ignore", random_state=0)
    scores = [row.scores["accuracy"] for row in result.rows]
    assert len(set(scores)) > 1
    again = compare(["chance"], X, y, cv=5, near_duplicates="ignore", random_state=0, n_jobs=2)
    assert scores == [row.scores["accuracy"] for row in again.rows]
