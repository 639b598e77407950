"""Scores of prediction sets, computed by hand, and the promise that rests on them, by simulation."""

import numpy as np
import pytest
from scipy.stats import binom

from skimgrec.neighbors._quantile import conformal_quantile
from skimgrec.neighbors._set_scores import adaptive_scores, lac_scores

P = np.array([[0.5, 0.125, 0.375], [0.0625, 0.6875, 0.25]])


def test_lac_scores_are_what_is_missing_to_one():
    np.testing.assert_array_equal(lac_scores(P), [[0.5, 0.875, 0.625], [0.9375, 0.3125, 0.75]])


def test_adaptive_scores_add_up_what_is_more_probable():
    np.testing.assert_array_equal(adaptive_scores(P, np.ones(2)), [[0.5, 1.0, 0.875], [1.0, 0.6875, 0.9375]])
    np.testing.assert_array_equal(adaptive_scores(P, np.zeros(2)), [[0.0, 0.875, 0.5], [0.9375, 0.0, 0.6875]])
    np.testing.assert_array_equal(adaptive_scores(P, np.array([0.5, 0.0]))[0], [0.25, 0.9375, 0.6875])


def test_penalty_counts_the_ranks_beyond_k_reg():
    plain = adaptive_scores(P, np.ones(2))
    penalised = adaptive_scores(P, np.ones(2), penalty=0.25, k_reg=1)
    np.testing.assert_array_equal(penalised - plain, [[0, 0.5, 0.25], [0.5, 0, 0.25]])
    np.testing.assert_array_equal(adaptive_scores(P, np.ones(2), penalty=0.25, k_reg=3), plain)


def test_equal_probabilities_are_ranked_in_the_order_of_the_classes():
    np.testing.assert_array_equal(adaptive_scores(np.full((1, 4), 0.25), np.ones(1)), [[0.25, 0.5, 0.75, 1.0]])


SCORES = {
    "lac": (lambda p, parts: lac_scores(p), True),
    "aps": (adaptive_scores, True),
    "aps, whole": (lambda p, parts: adaptive_scores(p, np.ones(len(p))), False),
    "raps": (lambda p, parts: adaptive_scores(p, parts, penalty=0.05, k_reg=2), True),
}


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize(("n", "level"), [(9, 0.9), (40, 0.8)])
def test_sets_hold_the_right_class_as_often_as_promised(name, n, level):
    """Draw pictures to calibrate with and one new picture, thousands of times, and count."""
    score, exact = SCORES[name]
    rng = np.random.default_rng(7)
    repeats, n_classes = 4000, 6
    # The classifier is not told the truth, but something sharper: the promise holds for a wrong one, too.
    truth = rng.dirichlet(np.full(n_classes, 0.7), size=repeats * (n + 1))
    said = truth**2 / (truth**2).sum(axis=1, keepdims=True)
    labels = (truth.cumsum(axis=1) > rng.uniform(size=(len(truth), 1))).argmax(axis=1)
    scores = score(said, rng.uniform(size=len(said)))[np.arange(len(said)), labels].reshape(repeats, n + 1)
    quantiles = [conformal_quantile(np.sort(row[:-1]), level, parameter="confidence", name="X") for row in scores]
    held = int((scores[:, -1] <= quantiles).sum())
    # By chance alone, one run in a million would leave these bounds.
    assert held >= binom.ppf(1e-6, repeats, level)
    if exact:  # and no more often than the finite number of scores makes it
        assert held <= binom.ppf(1 - 1e-6, repeats, level + 1 / (n + 1))
