"""TuningDisplay."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier

plt = pytest.importorskip("matplotlib.pyplot")

from skimgrec import TuneResult, TuningDisplay, tune  # noqa: E402


@pytest.fixture(autouse=True)
def _closed_figures():
    plt.switch_backend("agg")
    yield
    plt.close("all")


def searched(params, **options):
    X, y = load_digits(return_X_y=True)
    options = {"cv": 2, "random_state": 0, "refit": False, **options}
    return tune(KNeighborsClassifier(), X[:200], y[:200], params, **options)


def test_a_panel_for_each_parameter_and_the_settings_where_their_values_are():
    result = searched({"n_neighbors": [1, 5, 11], "weights": ["uniform", "distance"]})
    display = TuningDisplay.from_result(result)
    assert [axes.get_xlabel() for axes in display.axes_] == ["n_neighbors", "weights"]
    assert display.axes_[0].get_ylabel() == "accuracy"
    frame = result.to_frame()
    assert display.positions_["n_neighbors"].tolist() == frame["param_n_neighbors"].tolist()
    order = ["uniform", "distance"]
    assert display.positions_["weights"].tolist() == [order.index(value) for value in frame["param_weights"]]
    assert [label.get_text() for label in display.axes_[1].get_xticklabels()] == order
    assert len(display.figure_.axes) == 2
    assert display.figure_ is display.axes_[0].figure


def labelled(display, label):
    handles, labels = display.axes_[0].get_legend_handles_labels()
    return handles[labels.index(label)]


def test_the_best_is_marked_and_the_training_score_drawn_beside():
    result = searched({"n_neighbors": [1, 5, 11]}, return_train_score=True)
    display = TuningDisplay.from_result(result)
    (x,), (y,) = labelled(display, "best").get_data()
    assert (x, y) == (result.best_params_["n_neighbors"], result.best_score_)
    frame = result.to_frame()
    for label, column in (("test", "mean_test_accuracy"), ("training", "mean_train_accuracy")):
        line, _, (bars,) = labelled(display, label).lines
        np.testing.assert_allclose(line.get_ydata(), frame[column])
        assert len(bars.get_segments()) == 3
    assert [text.get_text() for text in display.figure_.legends[0].get_texts()] == ["test", "training", "best"]


@pytest.mark.parametrize(
    ("params", "scale"),
    [
        ({"n_neighbors": [1, 3, 10, 30]}, "log"),
        ({"n_neighbors": [2, 4, 8]}, "log"),
        ({"n_neighbors": [1, 100]}, "linear"),
        ({"n_neighbors": [10, 25, 50, 75, 90]}, "linear"),
        ({"n_neighbors": "1:50:log"}, "log"),
        ({"n_neighbors": "1:50"}, "linear"),
    ],
)
def test_a_logarithmic_axis_where_the_values_ask_for_it(params, scale):
    options = {"method": "random", "n_iter": 4} if isinstance(params["n_neighbors"], str) else {}
    (axes,) = TuningDisplay.from_result(searched(params, **options)).axes_
    assert axes.get_xscale() == scale


def test_no_setting_is_marked_as_the_best_where_none_is():
    result = searched({"n_neighbors": [-1, -2]})
    assert "best" not in TuningDisplay.from_result(result).axes_[0].get_legend_handles_labels()[1]


def test_axes_of_the_callers_own_keep_what_they_hold():
    _, axes = plt.subplots()
    axes.plot([1, 5], [0.5, 0.5], label="guess, by hand")
    display = TuningDisplay.from_result(searched({"n_neighbors": [1, 5]}), ax=axes)
    texts = [text.get_text() for text in display.axes_[0].get_legend().get_texts()]
    assert texts == ["test", "best", "guess, by hand"]
    with pytest.raises(ValueError, match="parameters is empty, expected some of n_neighbors"):
        display.plot(parameters=[])


def test_labels_leave_each_other_room_and_are_no_formulas():
    display = TuningDisplay.from_result(searched({"n_neighbors": [1, 2, 3, 60], "metric": ["l1", "$x", "$y"]}))
    numbers, words = ([label.get_text() for label in axes.get_xticklabels()] for axes in display.axes_)
    assert numbers == ["1", "60"]
    assert words == ["l1", "$x", "$y"]
    display.figure_.draw_without_rendering()
    many = TuningDisplay.from_result(searched({"metric": [f"distance {n}" for n in range(40)]})).axes_[0]
    assert len(many.get_xticklabels()) == 20
    assert many.get_xticklabels()[0].get_rotation() == 90


def test_values_that_are_no_numbers_stand_in_the_order_given():
    result = searched({"metric": ["minkowski", "chebyshev", "cosine"], "p": [None, 2]})
    display = TuningDisplay.from_result(result, parameters=["metric"])
    assert [label.get_text() for label in display.axes_[0].get_xticklabels()] == ["minkowski", "chebyshev", "cosine"]
    assert TuningDisplay.from_result(result, parameters="p").axes_[0].get_xticklabels()[0].get_text() == "None"


def test_what_halving_left_behind_is_told_apart():
    result = searched({"n_neighbors": [1, 2, 3, 4]}, method="halving", factor=2)
    labels = TuningDisplay.from_result(result).axes_[0].get_legend_handles_labels()[1]
    assert set(labels) == {"test", "test, left behind", "best"}


def test_a_single_split_has_no_bars_and_a_failure_no_point():
    result = searched({"n_neighbors": [1, -1, 5]}, cv="holdout")
    display = TuningDisplay.from_result(result)
    assert not labelled(display, "test").has_yerr
    display.figure_.canvas.draw()


def test_where_everything_failed_there_is_nothing_marked():
    display = TuningDisplay.from_result(searched({"n_neighbors": [-1, -2]}))
    assert "best" not in display.axes_[0].get_legend_handles_labels()[1]
    display.figure_.canvas.draw()


def test_a_saved_result_is_drawn_as_the_one_that_was_saved():
    result = searched({"n_neighbors": [1, 5], "weights": ["uniform", "distance"]})
    displays = [TuningDisplay.from_result(found) for found in (result, TuneResult.from_dict(result.to_dict()))]
    for name in ("n_neighbors", "weights"):
        np.testing.assert_array_equal(displays[0].positions_[name], displays[1].positions_[name])


def test_it_is_drawn_where_one_wishes():
    result = searched({"n_neighbors": [1, 5], "weights": ["uniform", "distance"]})
    _, ax = plt.subplots()
    display = TuningDisplay.from_result(result, parameters="weights", ax=ax)
    assert display.axes_[0] is ax
    assert ax.get_legend() is not None
    with pytest.raises(ValueError, match="1 Axes for 2 parameters, n_neighbors, weights"):
        TuningDisplay.from_result(result, ax=ax)
    with pytest.raises(ValueError, match="parameters: 'p' was not tuned, expected one of n_neighbors, weights"):
        TuningDisplay.from_result(result, parameters=["p"])
    with pytest.raises(ValueError, match="metric='f1' was not measured, expected one of accuracy"):
        TuningDisplay.from_result(result, metric="f1")
