"""TrainingCurveDisplay."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

plt = pytest.importorskip("matplotlib.pyplot")

from skimgrec import ImageFlattener, KerasMLPClassifier, TrainingCurveDisplay  # noqa: E402


@pytest.fixture(autouse=True)
def _closed_figures():
    plt.switch_backend("agg")
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 256, (60, 8, 8)).astype(np.uint8), np.arange(60) % 2
    pipe = make_pipeline(ImageFlattener(), KerasMLPClassifier(hidden_layer_sizes=(4,), epochs=3, early_stopping=True))
    return pipe.fit(X, y), X, y


def test_a_panel_for_each_quantity_and_a_line_for_each_set(fitted):
    display = TrainingCurveDisplay.from_estimator(fitted[0])
    history = fitted[0][-1].history_
    assert [axes.get_ylabel() for axes in display.axes_] == ["loss", "accuracy"]
    assert set(display.lines_) == set(history)
    for name, line in display.lines_.items():
        np.testing.assert_array_equal(line.get_xdata(), [1, 2, 3])
        np.testing.assert_array_equal(line.get_ydata(), history[name])
    assert display.figure_ is display.axes_[0].figure


def test_it_is_drawn_where_one_wishes(fitted):
    _, ax = plt.subplots()
    display = TrainingCurveDisplay.from_estimator(fitted[0][-1], quantities=["accuracy"], ax=ax)
    assert display.axes_[0] is ax
    with pytest.raises(ValueError, match="1 Axes for 2 quantities, loss, accuracy"):
        display.plot(ax=ax)
    with pytest.raises(ValueError, match=r"'auc' is not in the history\. It has loss, accuracy"):
        display.plot(quantities=["auc"])


def test_an_estimator_without_history_is_refused(fitted):
    _, X, y = fitted
    with pytest.raises(ValueError, match="LogisticRegression keeps no history"):
        TrainingCurveDisplay.from_estimator(LogisticRegression().fit(X.reshape(60, -1) / 255, y))
