"""What a search leaves behind: files, tables, words."""

import io
import json

import pytest
from rich.console import Console
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier

from skimgrec import TuneResult, tune


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:300], y[:300]


@pytest.fixture(scope="module")
def result(digits):
    params = {"n_neighbors": [1, 5, 40], "weights": ["uniform", "distance"]}
    return tune(KNeighborsClassifier(), *digits, params, cv=3, random_state=0, return_train_score=True)


def test_a_result_survives_being_saved(result, tmp_path):
    path = tmp_path / "tune.json"
    result.to_json(path)
    loaded = TuneResult.from_json(path)
    assert loaded == result
    assert str(loaded) == str(result)
    assert loaded.to_frame().equals(result.to_frame())
    assert (loaded.best_params_, loaded.best_estimator_) == (result.best_params_, None)


def test_values_come_back_as_the_kind_they_were(digits):
    values = [(10,), (5, 5)]
    found = tune(
        MLPClassifier(max_iter=300, random_state=0),
        *digits,
        {"hidden_layer_sizes": values, "tol": [float("nan"), 1e-4]},
        cv="holdout",
        refit=False,
    )
    loaded = TuneResult.from_dict(json.loads(json.dumps(found.to_dict())))
    assert loaded.space["hidden_layer_sizes"] == values
    assert {setting["hidden_layer_sizes"] for setting in loaded.settings.values()} == set(values)
    assert sorted({str(setting["tol"]) for setting in loaded.settings.values()}) == ["0.0001", "nan"]


def test_files_that_are_no_search_are_named(result, tmp_path):
    path = tmp_path / "x.json"
    path.write_text('{"schema": "skimgrec.ComparisonResult"}')
    with pytest.raises(ValueError, match=r"x\.json: This is no saved search"):
        TuneResult.from_json(path)
    with pytest.raises(ValueError, match="saved by a newer skimgrec"):
        TuneResult.from_dict({**result.to_dict(), "schema_version": 99})
    with pytest.raises(ValueError, match="This saved search is damaged: KeyError"):
        TuneResult.from_dict({"schema": "skimgrec.TuneResult", "schema_version": 1})


def test_the_table_has_a_column_for_each_parameter_and_the_best_first(result):
    title, _, rest = str(result).partition("\n\n")
    assert " ".join(title.split()) == (
        "300 pictures, 10 classes, 3 folds, 6 settings of KNeighborsClassifier() by method grid, seed 0"
    )
    lines = rest.splitlines()
    assert lines[0].split() == [
        "n_neighbors", "weights", "accuracy", "accuracy", "in", "training", "fit", "time", "predict", "time",
    ]  # fmt: skip
    cells = [line.split()[:2] for line in lines[2:8]]
    assert cells == result.to_frame()[["param_n_neighbors", "param_weights"]].astype(str).to_numpy().tolist()


def test_the_verdict_says_what_the_best_score_is_worth(result):
    text = result.verdict()
    assert text.startswith("n_neighbors=1, weights=uniform has the highest mean accuracy, ")
    assert "So has n_neighbors=1, weights=distance: the earlier setting goes first." in text
    assert "n_neighbors=1 is the smallest value tried: beyond it may be a better one." in text
    assert "The score is the best of 6 on the same pictures, so expect a little less on new ones" in text


def test_a_terminal_and_a_notebook_show_the_same(result):
    screen = io.StringIO()
    Console(file=screen, width=200).print(result)
    html = result._repr_html_()
    for text in (screen.getvalue(), html):
        assert "accuracy in training" in text
        assert "6 settings of KNeighborsClassifier()" in text
        assert text.count("distance") >= 3


def test_a_long_table_is_cut_and_says_so(digits):
    found = tune(KNeighborsClassifier(), *digits, {"n_neighbors": list(range(1, 41))}, cv="holdout", refit=False)
    assert "10 more settings are in to_frame()." in str(found)
    assert len(found.to_frame()) == 40


def test_failures_are_listed_once_each(digits):
    found = tune(KNeighborsClassifier(), *digits, {"n_neighbors": [-1, -2, 1]}, cv=2, random_state=0)
    text = " ".join(str(found).split())
    assert text.count("n_neighbors=-1 failed with InvalidParameterError") == 1
    assert text.count("n_neighbors=-2 failed with") == 1
    assert found.best_params_ == {"n_neighbors": 1}
