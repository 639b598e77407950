import itertools
import math

import numpy as np
import pytest
from scipy import stats
from sklearn.datasets import make_moons
from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score
from sklearn.svm import SVC

from skimgrec.model_selection._statistics import (
    corrected_resampled_t_test,
    effective_rows,
    holm,
    mcnemar_test,
    pareto_front,
)


def test_the_t_test_gives_the_figures_of_scikit_learns_worked_example():
    # "Statistical comparison of models using grid search" prints a t of 0.750 and a one-sided p of 0.227 for these two.
    X, y = make_moons(noise=0.352, random_state=1, n_samples=100)
    cv = RepeatedStratifiedKFold(n_splits=10, n_repeats=10, random_state=0)
    rbf, linear = (cross_val_score(SVC(random_state=0, **kind), X, y, cv=cv, scoring="roc_auc")
                   for kind in ({"kernel": "rbf"}, {"kernel": "linear"}))  # fmt: skip
    test = corrected_resampled_t_test(rbf - linear, [90] * 100, [10] * 100)
    assert test.p_value / 2 == pytest.approx(0.227, abs=0.0005)
    assert stats.t.isf(test.p_value / 2, 99) == pytest.approx(0.750, abs=0.0005)


def test_without_overlap_the_t_test_is_the_plain_paired_one():
    differences = np.random.default_rng(0).normal(0.3, 1, size=12)
    ours = corrected_resampled_t_test(differences, [1e12] * 12, [1] * 12)
    plain = stats.ttest_1samp(differences, 0)
    interval = plain.confidence_interval(0.95)
    assert ours.p_value == pytest.approx(plain.pvalue)
    assert (ours.low, ours.high) == pytest.approx((interval.low, interval.high))


def test_the_interval_excludes_zero_exactly_where_the_test_rejects():
    rng = np.random.default_rng(1)
    for _ in range(200):
        test = corrected_resampled_t_test(rng.normal(0.5, 1, size=5), [80] * 5, [20] * 5)
        assert (test.p_value < 0.05) == (test.low > 0 or test.high < 0)


def cross_validated_difference(rng, n, k):
    """Return the fold-by-fold differences of two equally good classifiers, fitted on the same labelled noise."""
    X = rng.normal(size=(n, 2))
    y = X.sum(axis=1) + rng.normal(size=n) > 0
    order = rng.permutation(n)
    differences = []
    for fold in range(k):
        test = order[fold::k]
        train = np.setdiff1d(order, test)
        scores = []
        for column in (0, 1):
            # The threshold is learnt; by symmetry, neither column is better than the other.
            threshold = (X[train[y[train]], column].mean() + X[train[~y[train]], column].mean()) / 2
            scores.append(np.mean((X[test, column] > threshold) == y[test]))
        differences.append(scores[0] - scores[1])
    return np.array(differences), n - n // k, n // k


def test_under_the_null_no_more_than_the_nominal_share_is_found_different():
    rng = np.random.default_rng(0)
    corrected, plain = [], []
    for _ in range(1500):
        differences, n_train, n_test = cross_validated_difference(rng, 100, 10)
        corrected.append(corrected_resampled_t_test(differences, [n_train] * 10, [n_test] * 10).p_value < 0.05)
        plain.append(corrected_resampled_t_test(differences, [1e12] * 10, [n_test] * 10).p_value < 0.05)
    # Three standard errors of a share of 0.05 over 1,500 trials.
    assert np.mean(corrected) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 1500)
    assert np.mean(plain) > np.mean(corrected)


def test_mcnemar_under_the_null_and_with_a_difference():
    rng = np.random.default_rng(0)
    n = 400

    def share_found(p_first, p_second):
        return np.mean([mcnemar_test(rng.random(n) < p_first, rng.random(n) < p_second).p_value < 0.05
                        for _ in range(800)])  # fmt: skip

    assert share_found(0.8, 0.8) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 800)
    assert share_found(0.85, 0.7) > 0.95


@pytest.mark.parametrize(("b", "c"), [(11, 1), (59, 6), (5, 5), (0, 0)])
def test_mcnemar_is_the_exact_binomial_test(b, c):
    first = np.r_[np.ones(b), np.zeros(c), np.ones(30)]
    second = np.r_[np.zeros(b), np.ones(c), np.ones(30)]
    test = mcnemar_test(first, second)
    tail = sum(math.comb(b + c, i) for i in range(min(b, c) + 1)) / 2 ** (b + c)
    assert test.p_value == pytest.approx(min(1.0, 2 * tail))
    assert test.difference == pytest.approx((b - c) / (b + c + 30))
    assert test.low <= test.difference <= test.high


def test_mcnemar_refuses_other_rows():
    with pytest.raises(ValueError, match=r"got \(2,\) and \(3,\) answers"):
        mcnemar_test([True, False], [True, False, True])


def test_holm_gives_the_figures_of_r():
    # p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm")
    assert holm([0.01, 0.02, 0.03, 0.04, 0.05]) == pytest.approx([0.05, 0.08, 0.09, 0.09, 0.09])
    adjusted = holm([0.04, math.nan, 0.01])
    assert adjusted[0] == pytest.approx(0.04)
    assert math.isnan(adjusted[1])
    assert adjusted[2] == pytest.approx(0.02)
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1.0, 1.0]


@pytest.mark.parametrize(("k", "n_test"), [(2, 10), (2, 20), (2, 50), (3, 10), (3, 30), (5, 10), (10, 5)])
def test_of_eight_equal_classifiers_no_two_are_found_different_more_often_than_the_level_says(k, n_test):
    n_trials, n_classifiers = 60, 8
    rng = np.random.default_rng(100 * k + n_test)
    # As often as not, all classifiers get a picture right: the difference of two then has few steps.
    n_apart = rng.binomial(n_test, rng.choice([1.0, 0.5, 0.2], size=(n_trials, 1, 1)), size=(n_trials, 1, k))
    scores = rng.binomial(np.repeat(n_apart, n_classifiers, axis=1), 0.8) / n_test
    found = [
        min(
            holm(
                [
                    corrected_resampled_t_test(a - b, [n_test * (k - 1)] * k, [n_test] * k).p_value
                    for a, b in itertools.combinations(trial, 2)
                ]
            )
        )
        < 0.05
        for trial in scores
    ]
    assert np.mean(found) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / n_trials)


def test_folds_that_all_differ_by_nothing_are_no_difference():
    test = corrected_resampled_t_test([0.0] * 5, [80] * 5, [20] * 5)
    assert test.p_value == 1
    # Half a picture of 20 either way.
    assert test.high == -test.low == pytest.approx(0.5 / 20, rel=0.1)


def test_folds_that_all_differ_by_the_same_are_as_sure_as_their_steps_allow():
    one, ten = (corrected_resampled_t_test([pictures / 20] * 2, [20] * 2, [20] * 2) for pictures in (1, 10))
    assert one.low < 0 < one.p_value
    assert one.p_value > 0.2
    assert ten.low > 0
    assert 0 < ten.p_value < 0.05
    # The folds are of 34, 33 and 33 pictures, so that the same number of pictures is no equal difference.
    uneven = corrected_resampled_t_test([1 / 34, 1 / 33, 1 / 33], [66, 67, 67], [34, 33, 33])
    assert uneven.p_value > 0.05


def test_scores_without_steps_are_tested_by_their_spread_alone():
    differences = [0.0011, 0.0010, 0.0012, 0.0009, 0.0011]
    plain = corrected_resampled_t_test(differences, [80] * 5, [20] * 5, step=0)
    assert plain.p_value < 0.01 < 0.5 < corrected_resampled_t_test(differences, [80] * 5, [20] * 5).p_value
    equal = corrected_resampled_t_test([0.5] * 5, [80] * 5, [20] * 5, step=0)
    assert equal == corrected_resampled_t_test([0.5] * 5, [80] * 5, [20] * 5)
    assert 0 < equal.p_value < 0.001


def test_one_fold_tells_the_difference_alone():
    test = corrected_resampled_t_test([0.1], [80], [20])
    assert test.difference == 0.1
    assert all(map(math.isnan, (test.low, test.high, test.p_value)))


def test_pareto_front_keeps_equals_and_leaves_out_what_failed():
    assert pareto_front([0.5, 0.5, 0.4, math.nan, 0.9], [1, 1, 2, 0, 3]) == [0, 1, 4]


def test_mcnemar_by_groups_is_the_exchange_of_whole_groups():
    rng = np.random.default_rng(0)
    for _ in range(20):
        groups = rng.integers(7, size=24)
        first, second = rng.random(24) < 0.8, rng.random(24) < 0.5
        ahead = np.bincount(groups, first.astype(int) - second, minlength=7)
        sums = np.array(list(itertools.product([1, -1], repeat=7))) @ ahead
        test = mcnemar_test(first, second, groups=groups)
        assert test.p_value == pytest.approx(np.mean(np.abs(sums) >= abs(ahead.sum())))
        assert test.method == "McNemar's test by groups (exact)"


def test_groups_of_one_row_each_are_no_groups():
    rng = np.random.default_rng(0)
    first, second = rng.random(2000) < 0.8, rng.random(2000) < 0.75
    plain, grouped = mcnemar_test(first, second), mcnemar_test(first, second, groups=np.arange(2000))
    assert grouped.p_value == pytest.approx(plain.p_value)
    assert (grouped.low, grouped.high) == pytest.approx((plain.low, plain.high), rel=0.01)


def test_five_copies_of_each_picture_tell_no_more_than_one():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), 5)
    trials = [[np.repeat(rng.random(40) < 0.8, 5) for _ in range(2)] for _ in range(400)]
    grouped = [mcnemar_test(*trial, groups=groups) for trial in trials]
    noise = 3 * math.sqrt(0.05 * 0.95 / len(trials))
    assert np.mean([test.p_value < 0.05 for test in grouped]) <= 0.05 + noise
    assert np.mean([test.low <= 0 <= test.high for test in grouped]) >= 0.95 - noise
    assert np.mean([mcnemar_test(*trial).p_value < 0.05 for trial in trials]) > 0.2


def test_one_group_tells_nothing_but_the_difference():
    test = mcnemar_test([True] * 4, [False] * 4, groups=[0] * 4)
    assert test.difference == 1
    assert all(map(math.isnan, (test.low, test.high, test.p_value)))


def test_rows_of_groups_that_agree_tell_as_much_as_groups_do():
    right, groups = np.repeat(np.arange(100) % 5 > 0, 4), np.repeat(np.arange(100), 4)
    assert effective_rows(right, groups)[0] == pytest.approx(99)
    assert effective_rows(np.ones(400), groups)[0] == pytest.approx(100)
    assert effective_rows(right, np.arange(400) // 20)[0] == 400
