"""Intervals and tests on a single hold-out, held against scikit-learn, SciPy and simulations."""

import math

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import get_scorer

from skimgrec.model_selection._bootstrap import STATISTICS, paired_test, score_interval, score_of, step_of
from skimgrec.model_selection._statistics import mcnemar_test


def answers(rng, n, n_classes, share_right):
    """Return true classes, and answers of which a share is right and the others are drawn."""
    target = rng.integers(n_classes, size=n)
    return target, np.where(rng.random(n) < share_right, target, rng.integers(n_classes, size=n))


@pytest.mark.parametrize("metric", STATISTICS)
@pytest.mark.parametrize("missing", ["nothing", "an answer", "a class"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true:UserWarning")
def test_scores_are_those_of_scikit_learn(metric, missing):
    target, predicted = answers(np.random.default_rng(0), 150, 4, 0.6)
    if missing == "an answer":
        predicted[predicted == 3] = 0
    if missing == "a class":
        predicted, target = predicted[target != 3], target[target != 3]
    scorer = get_scorer(metric)
    expected = scorer._score_func(target, predicted, **scorer._kwargs)
    assert score_of(metric, target, predicted) == pytest.approx(expected, abs=1e-12)


def test_an_answer_that_is_no_class_is_wrong():
    assert score_of("accuracy", np.array([0, 1, 1]), np.array([0, -1, 1])) == pytest.approx(2 / 3)
    assert score_of("f1_macro", np.array([0, 1, 1]), np.array([0, -1, 1])) == pytest.approx((1 + 2 / 3 + 0) / 3)
    test = paired_test("f1_macro", np.array([0, 1, 1]), np.array([0, -1, 1]), np.array([-1, 1, 1]))
    assert test.difference == pytest.approx((1 + 2 / 3 + 0) / 3 - (0 + 1 + 0) / 3)


def test_a_metric_that_does_not_follow_from_the_answers_is_not_invented():
    assert math.isnan(score_of("neg_log_loss", np.array([0, 1]), np.array([0, 1])))


def test_the_interval_is_the_bootstrap_interval_of_scipy():
    target, predicted = answers(np.random.default_rng(1), 200, 3, 0.75)
    reference = stats.bootstrap(
        (target, predicted),
        lambda true, answer: score_of("f1_macro", true, answer),
        paired=True,
        vectorized=False,
        n_resamples=2000,
        method="BCa",
        rng=np.random.default_rng(0),
    ).confidence_interval
    # Both are drawn: an end of the interval has a Monte-Carlo error of about a twentieth of its width.
    width = reference.high - reference.low
    assert score_interval("f1_macro", target, predicted) == pytest.approx(reference, abs=0.1 * width)


def test_wilsons_interval_of_a_published_example():
    # Newcombe (1998), Statistics in Medicine 17, table I: 81 of 263, and 0 of 20.
    for n_right, n, low, high in [(81, 263, 0.2553, 0.3662), (0, 20, 0.0, 0.1611)]:
        target = np.zeros(n, dtype=int)
        predicted = np.where(np.arange(n) < n_right, 0, 1)
        assert score_interval("accuracy", target, predicted) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("metric", ["accuracy", "f1_macro", "balanced_accuracy"])
def test_intervals_cover_the_score_of_all_pictures_as_often_as_they_say(metric):
    rng = np.random.default_rng(0)
    target, predicted = answers(rng, 100_000, 3, 0.7)
    whole = score_of(metric, target, predicted)
    covered = []
    for _ in range(300):
        rows = rng.integers(len(target), size=200)
        low, high = score_interval(metric, target[rows], predicted[rows])
        covered.append(low <= whole <= high)
    assert np.mean(covered) >= 0.95 - 3 * math.sqrt(0.05 * 0.95 / 300)


def test_answers_that_are_all_right_have_no_bootstrap_interval():
    target = np.repeat([0, 1], 20)
    assert all(map(math.isnan, score_interval("f1_macro", target, target)))
    low, high = score_interval("accuracy", target, target)
    assert 0.9 < low < high == 1.0


def test_intervals_and_tests_are_the_same_each_time():
    target, first = answers(np.random.default_rng(2), 120, 3, 0.7)
    second = answers(np.random.default_rng(3), 120, 3, 0.6)[1]
    assert score_interval("f1_macro", target, first) == score_interval("f1_macro", target.copy(), first.copy())
    assert paired_test("f1_macro", target, first, second) == paired_test("f1_macro", target, first, second)


def test_accuracy_goes_by_mcnemar():
    target, first = answers(np.random.default_rng(2), 120, 3, 0.7)
    second = answers(np.random.default_rng(3), 120, 3, 0.6)[1]
    for metric in ("accuracy", "f1_micro"):
        assert paired_test(metric, target, first, second) == mcnemar_test(first == target, second == target)


def test_the_randomisation_test_is_that_of_scipy():
    target, first = answers(np.random.default_rng(4), 80, 3, 0.7)
    second = np.where(np.random.default_rng(5).random(80) < 0.25, 2, first)

    def difference(ours, theirs):
        return score_of("f1_macro", target, ours) - score_of("f1_macro", target, theirs)

    reference = stats.permutation_test(
        (first, second), difference, permutation_type="samples", vectorized=False, n_resamples=2000, rng=0
    )
    test = paired_test("f1_macro", target, first, second)
    assert test.difference == pytest.approx(reference.statistic)
    # Three Monte-Carlo standard errors of either.
    slack = 3 * math.sqrt(reference.pvalue * (1 - reference.pvalue) * (1 / 2000 + 1 / 4999)) + 0.01
    assert test.p_value == pytest.approx(reference.pvalue, abs=slack)
    assert test.low < test.difference < test.high


def test_of_balanced_accuracy_of_two_equal_classes_both_tests_agree():
    # With as many pictures of either class, balanced accuracy is accuracy.
    target = np.repeat([0, 1], 100)
    rng = np.random.default_rng(0)
    first, second = (np.where(rng.random(200) < share, target, 1 - target) for share in (0.85, 0.77))
    exact, drawn = (paired_test(metric, target, first, second) for metric in ("accuracy", "balanced_accuracy"))
    assert drawn.difference == pytest.approx(exact.difference)
    assert drawn.p_value == pytest.approx(exact.p_value, abs=0.01)
    assert (drawn.low, drawn.high) == pytest.approx((exact.low, exact.high), abs=0.01)


def test_equal_answers_do_not_differ():
    target, predicted = answers(np.random.default_rng(2), 50, 3, 0.7)
    test = paired_test("f1_macro", target, predicted, predicted)
    assert (test.difference, test.low, test.high, test.p_value) == (0, 0, 0, 1)


def test_under_the_null_no_more_than_the_nominal_share_is_found_different():
    rng = np.random.default_rng(0)
    null, apart = [], []
    for _ in range(200):
        target, first = answers(rng, 100, 3, 0.75)
        second, worse = (np.where(rng.random(100) < share, target, rng.integers(3, size=100)) for share in (0.75, 0.4))
        null.append(paired_test("f1_macro", target, first, second).p_value < 0.05)
        if len(apart) < 50:
            apart.append(paired_test("f1_macro", target, first, worse).p_value < 0.05)
    assert np.mean(null) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 200)
    assert np.mean(apart) > 0.9


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "recall_macro", "recall_weighted"])
def test_the_step_is_what_one_picture_of_the_rarest_class_moves(metric):
    target = np.repeat([0, 1, 2], [20, 4, 10])
    fewer = target.copy()
    fewer[20] = 0
    moved = score_of(metric, target, target) - score_of(metric, target, fewer)
    assert step_of(metric, target) == pytest.approx(moved)


@pytest.fixture
def five_times():
    """Return 60 pictures five times: their classes, two equally good answers to each, and the groups of copies."""
    rng = np.random.default_rng(3)
    target = np.tile([0, 1, 2], 20)
    first, second = (np.where(rng.random(60) < 0.7, target, rng.integers(3, size=60)) for _ in range(2))
    return [np.repeat(part, 5) for part in (target, first, second, np.arange(60))]


@pytest.mark.parametrize("metric", ["accuracy", "f1_macro", "balanced_accuracy"])
def test_copies_change_neither_test_nor_interval(five_times, metric):
    target, first, second, groups = five_times
    once, copied = (slice(None, None, 5), slice(None))
    tests = [
        paired_test(metric, target[rows], first[rows], second[rows], groups[rows] if rows is copied else None)
        for rows in (once, copied)
    ]
    assert tests[1].p_value == pytest.approx(tests[0].p_value, abs=0.03)
    assert tests[1].method.split(" by groups")[0] == tests[0].method.split(" (exact)")[0]
    assert (tests[1].low, tests[1].high) == pytest.approx((tests[0].low, tests[0].high), abs=0.02)
    low, high = score_interval(metric, target[once], first[once])
    assert score_interval(metric, target, first, groups) == pytest.approx((low, high), abs=0.02)
    alone = score_interval(metric, target, first)
    assert alone[1] - alone[0] < 0.6 * (high - low)


def test_under_the_null_copies_are_found_different_no_more_often_than_the_level_says():
    rng = np.random.default_rng(0)
    groups, found = np.repeat(np.arange(20), 5), []
    for _ in range(60):
        target = rng.integers(2, size=20)
        first, second = (np.repeat(np.where(rng.random(20) < 0.8, target, 1 - target), 5) for _ in range(2))
        found.append(paired_test("f1_macro", np.repeat(target, 5), first, second, groups).p_value < 0.05)
    assert np.mean(found) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 60)


@pytest.mark.parametrize("metric", ["accuracy", "f1_macro"])
def test_a_single_group_has_neither_test_nor_interval(metric):
    target, answers, groups = np.tile([0, 1], 10), np.zeros(20, int), np.zeros(20, int)
    assert all(map(math.isnan, score_interval(metric, target, answers, groups)))
    test = paired_test(metric, target, target, answers, groups)
    assert test.difference > 0
    assert all(map(math.isnan, (test.low, test.high, test.p_value)))
