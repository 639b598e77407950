"""LearningCurvesDisplay."""

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.naive_bayes import GaussianNB

plt = pytest.importorskip("matplotlib.pyplot")

from skimgrec import LearningCurvesDisplay, compare  # noqa: E402


@pytest.fixture(autouse=True)
def _closed_figures():
    plt.switch_backend("agg")
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def compared():
    def result(cv=3, train_sizes=(10, 30), **estimators):
        rng = np.random.default_rng(0)
        y = np.arange(120) % 2
        X = rng.normal(size=(120, 4)) + y[:, None]
        return compare(
            {"chance": DummyClassifier(), "_bayes": GaussianNB(), **estimators},
            X,
            y,
            cv=cv,
            train_sizes=None if train_sizes is None else list(train_sizes),
            random_state=0,
        )

    return result


def test_a_line_and_a_band_for_each_estimator_the_best_first(compared):
    result = compared()
    display = LearningCurvesDisplay.from_result(result)
    curves = result.learning_curves().set_index("estimator")
    assert list(display.lines_) == list(display.bands_) == ["_bayes", "chance"]
    for name, line in display.lines_.items():
        np.testing.assert_array_equal(line.get_xdata(), [10, 30, 80])
        np.testing.assert_array_equal(line.get_ydata(), curves.loc[name, "mean_test_accuracy"])
    low, high = display.bands_["_bayes"].get_datalim(display.ax_.transData).intervaly
    mean, std = (curves.loc["_bayes", f"{kind}_test_accuracy"] for kind in ("mean", "std"))
    assert (low, high) == pytest.approx((min(mean - std), max(mean + std)))
    assert display.figure_ is display.ax_.figure
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("training pictures", "accuracy")
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == ["_bayes", "chance"]
    assert [label.get_text() for label in display.ax_.get_xticklabels()] == ["10", "30", "80"]
    assert display.ax_.get_xscale() == "log"


def test_another_metric_is_drawn_where_one_wishes(compared):
    _, ax = plt.subplots()
    result = compared(train_sizes=[40])
    display = LearningCurvesDisplay.from_result(result, metric="f1_macro", ax=ax)
    assert display.ax_ is ax
    assert (ax.get_ylabel(), ax.get_xscale()) == ("f1 macro", "linear")
    curve = result.learning_curves().set_index("estimator").loc["chance", "mean_test_f1_macro"]
    np.testing.assert_array_equal(display.lines_["chance"].get_ydata(), curve)


def test_a_single_fold_has_no_band_and_what_failed_no_line(compared):
    result = compared(cv="holdout", broken=GaussianNB(priors=[1.0]))
    display = LearningCurvesDisplay.from_result(result)
    assert (list(display.lines_), display.bands_) == (["_bayes", "chance"], {})


def test_more_estimators_than_colours_stay_apart(compared):
    result = compared(train_sizes=[40], **{f"bayes{number}": GaussianNB() for number in range(12)})
    display = LearningCurvesDisplay.from_result(result)
    assert len({(line.get_color(), line.get_linestyle()) for line in display.lines_.values()}) == 14


def test_what_has_no_curves_or_no_such_metric_is_refused(compared):
    with pytest.raises(ValueError, match="This comparison has one training size only: give compare"):
        LearningCurvesDisplay.from_result(compared(train_sizes=None))
    with pytest.raises(ValueError, match="metric='recall' was not measured, expected one of accuracy, f1_macro"):
        LearningCurvesDisplay.from_result(compared(), metric="recall")
