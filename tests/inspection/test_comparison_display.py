"""ComparisonDisplay."""

from itertools import combinations

import numpy as np
import pytest

plt = pytest.importorskip("matplotlib.pyplot")

from skimgrec import ComparisonDisplay, ComparisonResult  # noqa: E402
from skimgrec.model_selection._standings import FoldRow  # noqa: E402


@pytest.fixture(autouse=True)
def _closed_figures():
    plt.switch_backend("agg")
    yield
    plt.close("all")


def compared(accuracies, *, times=None, n_folds=5, failed=(), metrics=("accuracy",)):
    """Return a comparison of classifiers that get so many of 1,000 pictures right, by name.

    `failed` has the names and the folds of what failed.
    """
    rng = np.random.default_rng(0)
    n_test = 1000 // max(n_folds, 5)
    tests = [list(range(fold, n_test * 5, max(n_folds, 5))) for fold in range(n_folds)]
    rows = []
    for number, (name, accuracy) in enumerate(accuracies.items()):
        for fold in range(n_folds):
            fails = (name, fold) in failed
            predicted = (rng.random(n_test) >= accuracy + 0.01 * (fold - (n_folds - 1) / 2)).astype(int)
            time = np.nan if fails else times[number] if times else 10.0**number
            rows.append(
                FoldRow(
                    estimator=name,
                    fold=fold,
                    n_train=1000 - n_test,
                    n_test=n_test,
                    scores=dict.fromkeys(metrics, np.nan if fails else float(np.mean(predicted == 0))),
                    fit_time=time,
                    predict_time=time / 10,
                    predicted=None if fails else predicted.tolist(),
                    error="ValueError: no" if fails else None,
                )
            )
    return ComparisonResult(
        rows=rows,
        metrics=metrics,
        estimators={name: name for name in accuracies},
        cv="folds",
        n_folds=n_folds,
        seed=0,
        n_samples=1000,
        picture_shape=(8, 8),
        class_names=[0, 1],
        target=[0] * 1000,
        test_rows=tests,
    )


SEVERAL = {"quick": 0.8, "slow": 0.9, "_poor_": 0.7}


def texts_of(ax):
    return [text.get_text() for text in ax.texts if text.get_text()]


def names_of(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def test_folds_stand_best_first_with_their_mean_and_its_interval():
    result = compared(SEVERAL)
    display = ComparisonDisplay.from_result(result)
    assert display.figure_ is display.ax_.figure
    assert names_of(display.ax_.yaxis) == ["slow", "quick", "_poor_"]
    top, bottom = display.ax_.get_ylim()[::-1]
    assert top < bottom
    assert display.ax_.get_xlabel() == "accuracy"
    frame, intervals = result.to_frame(), result.intervals()
    lines = [line.get_xdata() for line in display.ax_.lines]
    for position, name in enumerate(names_of(display.ax_.yaxis)):
        folds, interval, mean = lines[3 * position : 3 * position + 3]
        np.testing.assert_array_equal(folds, frame.loc[frame["estimator"] == name, "test_accuracy"])
        np.testing.assert_array_equal(interval, intervals.loc[name, ["low", "high"]])
        np.testing.assert_array_equal(mean, [intervals.loc[name, "mean"]])


def test_a_single_split_has_no_folds_but_the_interval_over_its_pictures():
    result = compared(SEVERAL, n_folds=1)
    display = ComparisonDisplay.from_result(result)
    np.testing.assert_array_equal(
        display.ax_.lines[0].get_xdata(), result.summary().loc["slow", ["low_test_accuracy", "high_test_accuracy"]]
    )
    assert len(display.ax_.lines) == 6
    assert display.ax_.get_title(loc="left") == "bar: 95 % interval"


def test_what_failed_stands_last_and_says_so():
    failed = [("broken", fold) for fold in range(5)] + [("slow", 1)]
    result = compared({"broken": 0.5, **SEVERAL}, failed=failed)
    display = ComparisonDisplay.from_result(result)
    assert names_of(display.ax_.yaxis) == ["quick", "_poor_", "slow (4 of 5)", "broken (0 of 5)"]
    assert texts_of(display.ax_) == ["failed"]
    assert [line.get_markerfacecolor() for line in display.ax_.lines if line.get_markersize() == 7][-1] == "none"
    times = ComparisonDisplay.from_result(result, kind="fit_time").ax_
    assert times.get_xlabel() == "mean time to fit a fold\nwithout a score: broken"
    assert sorted(texts_of(times)) == ["_poor_", "quick", "slow (not all folds)"]
    pairs = ComparisonDisplay.from_result(result, kind="pairwise").ax_
    assert (names_of(pairs.xaxis), names_of(pairs.yaxis)) == (["quick"], ["_poor_"])
    assert pairs.get_xlabel() == "without a score in every fold: slow, broken"


def test_one_far_below_is_marked_at_the_edge_so_that_the_others_stay_apart():
    result = compared({"chance": 0.1, "a": 0.95, "b": 0.94, "c": 0.93})
    mean = f"{result.intervals().loc['chance', 'mean']:.3f}"
    folds = ComparisonDisplay.from_result(result).ax_
    assert texts_of(folds) == [f"◂ {mean}"]
    assert folds.get_xlim()[0] > 0.85
    times = ComparisonDisplay.from_result(result, kind="fit_time").ax_
    assert f"chance {mean}" in texts_of(times)
    assert times.get_ylim()[0] > 0.85
    apart = compared({"chance": 0.1, "a": 0.9, "b": 0.5, "c": 0.3})
    assert ComparisonDisplay.from_result(apart).ax_.get_xlim()[0] < 0.1


@pytest.mark.parametrize("kind", ["fit_time", "predict_time"])
def test_the_line_joins_what_none_beats_in_score_and_time(kind):
    result = compared({"a": 0.9, "b": 0.8, "c": 0.95, "d": 0.7}, times=[10, 1, 100, 5])
    display = ComparisonDisplay.from_result(result, kind=kind)
    assert list(display.front) == result.pareto(cost=kind) == ["b", "a", "c"]
    line = next(line for line in display.ax_.lines if line.get_drawstyle() == "steps-post")
    factor = 1 if kind == "fit_time" else 0.1
    np.testing.assert_allclose(line.get_xdata(), factor * np.array([1, 10, 100]))
    np.testing.assert_array_equal(line.get_ydata(), display.summary.loc[["b", "a", "c"], "mean"])
    assert display.ax_.get_xscale() == "log"
    assert f"time to {kind.partition('_')[0]} a fold" in display.ax_.get_xlabel()


def test_a_time_below_the_clocks_resolution_has_a_place():
    display = ComparisonDisplay.from_result(compared(SEVERAL, times=[0.0, 2.0, 3.0]), kind="fit_time")
    display.figure_.canvas.draw()
    assert display.ax_.get_xlim()[0] > 0


@pytest.mark.parametrize("dpi", [72, 200])
@pytest.mark.parametrize("name", ["m{}", "a pipeline with a long name, number {}, of the second kind"])
def test_names_beside_the_points_cover_neither_each_other_nor_points(name, dpi):
    rng = np.random.default_rng(0)
    accuracies = {name.format(number): rng.uniform(0.9, 0.98) for number in range(20)}
    result = compared(accuracies, times=(10 ** rng.uniform(0, 2, 20)).tolist())
    display = ComparisonDisplay.from_result(result, kind="fit_time")
    display.figure_.set_dpi(dpi)
    display.figure_.canvas.draw()
    boxes = [text.get_window_extent() for text in display.ax_.texts if text.get_text()]
    assert len(boxes) == 20
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))
    points = display.ax_.transData.transform(display.summary[["fit_time", "mean"]])
    assert not any(box.contains(*point) for box in boxes for point in points)
    # Letters of other sizes are a little wider or narrower.
    frame = display.ax_.get_window_extent().padded(0.05 * dpi)
    assert all(frame.contains(*corner) for box in boxes for corner in (box.min, box.max))


def test_pairs_that_differ_are_coloured_and_say_by_how_much():
    result = compared({"poor": 0.5, "good": 0.91, "best": 0.92})
    display = ComparisonDisplay.from_result(result, kind="pairwise")
    ax = display.ax_
    assert names_of(ax.xaxis) == ["best", "good"]
    assert names_of(ax.yaxis) == ["good", "poor"]
    pairs = result.pairwise()
    assert pairs["differ"].tolist() == [False, True, True]
    assert texts_of(ax) == [f"{100 * difference:.1f}" for difference in pairs["difference"]]
    coloured = [np.ptp(patch.get_facecolor()[:3]) > 0.1 for patch in ax.patches]
    assert coloured == pairs["differ"].tolist()
    assert [patch.get_xy() for patch in ax.patches] == [(-0.5, 0.5), (-0.5, 1.5), (0.5, 1.5)]


def test_another_metric_is_drawn_where_one_wishes():
    result = compared(SEVERAL, metrics=("accuracy", "my_$metric$"))
    for kind in ("folds", "fit_time", "pairwise"):
        _, ax = plt.subplots()
        display = ComparisonDisplay.from_result(result, kind=kind, metric="my_$metric$", ax=ax)
        assert display.ax_ is ax
        shown = [ax.get_xlabel(), ax.get_ylabel(), ax.get_title(loc="left")]
        assert any("my $metric$" in text for text in shown)
        # No share of 1, for all that is known.
        assert kind != "pairwise" or texts_of(ax)[0] == f"{result.pairwise('my_$metric$').loc[0, 'difference']:.2g}"


@pytest.mark.parametrize("kind", ["folds", "fit_time", "pairwise"])
def test_names_are_drawn_as_they_are(kind):
    names = ["$x_1$", r"\frac{", "$", "_under_score_", "a\nb\x1b[31m"]
    result = compared({name: 0.6 + 0.05 * number for number, name in enumerate(names)})
    ax = ComparisonDisplay.from_result(result, kind=kind).ax_
    ax.figure.canvas.draw()
    shown = {*texts_of(ax), *names_of(ax.xaxis), *names_of(ax.yaxis)}
    assert shown >= {"$x_1$", r"\frac{", "$", "_under_score_", r"a b\x1b[31m"}
    drawn = [*ax.texts, *ax.get_yticklabels(), *ax.get_xticklabels(minor=False)]
    assert not any(text.get_parse_math() for text in drawn if "$" in text.get_text())


def test_long_names_keep_what_tells_them_apart():
    end, middle = ("x" * 40 + str(number) for number in "12"), ("y" * 40 + number + "y" * 40 for number in "12")
    result = compared(dict.fromkeys((*end, *middle), 0.8))
    shown = names_of(ComparisonDisplay.from_result(result).ax_.yaxis)
    assert len(set(shown)) == 4
    result = compared({number + "x" * 60: 0.8 for number in "12"})
    assert all(len(name) == 36 for name in names_of(ComparisonDisplay.from_result(result).ax_.yaxis))


def test_where_everything_failed_there_is_nothing_but_names():
    result = compared({"a": 0.5, "b": 0.5}, failed=[(name, fold) for name in "ab" for fold in range(5)])
    assert texts_of(ComparisonDisplay.from_result(result).ax_) == ["failed", "failed"]
    assert texts_of(ComparisonDisplay.from_result(result, kind="fit_time").ax_) == ["no estimator has a score"]
    with pytest.raises(ValueError, match=r"'pairwise' needs two estimators .* and this comparison has 0: kind='folds'"):
        ComparisonDisplay.from_result(result, kind="pairwise")


def test_what_was_not_measured_is_refused():
    result = compared(SEVERAL)
    with pytest.raises(ValueError, match="kind='time', expected one of folds, fit_time, predict_time, pairwise"):
        ComparisonDisplay.from_result(result, kind="time")
    with pytest.raises(ValueError, match="metric='recall' was not measured, expected one of accuracy"):
        ComparisonDisplay.from_result(result, metric="recall")
    with pytest.raises(ValueError, match="Nothing was measured"):
        ComparisonDisplay.from_result(compared({}))
