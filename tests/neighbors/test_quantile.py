"""The conformal quantile, held to its definition by counting."""

from fractions import Fraction

import numpy as np
import pytest

from skimgrec.neighbors._quantile import conformal_quantile, conformal_rank, fewest_scores


@pytest.mark.parametrize("level", ["0.5", "0.7", "0.9", "0.95", "0.99", "0.999", "0.1"])
def test_rank_is_the_smallest_that_keeps_the_promise(level):
    for n in range(1, 2100):
        rank = conformal_rank(n, float(level))
        # Among n + 1 exchangeable scores, the new one has each rank alike.
        assert Fraction(rank, n + 1) >= Fraction(level)
        assert Fraction(rank - 1, n + 1) < Fraction(level)


@pytest.mark.parametrize("level", [0.5, 0.7, 0.9, 0.95, 0.99, 0.999, 1e-3])
def test_one_score_less_is_too_few(level):
    fewest = fewest_scores(level)
    assert conformal_rank(fewest, level) <= fewest
    assert conformal_rank(fewest - 1, level) == fewest


def test_quantile_is_a_score():
    scores = np.arange(1.0, 20.0)
    assert conformal_quantile(scores, 0.95, parameter="coverage", name="X") == 19
    assert conformal_quantile(scores, 0.9, parameter="coverage", name="X") == 18
    assert conformal_quantile(scores, 0.91, parameter="coverage", name="X") == 19


def test_too_few_scores_say_how_many_are_needed():
    with pytest.raises(ValueError, match=r"coverage=0.95 needs 19 calibration pictures or more, and X has 18"):
        conformal_quantile(np.arange(18.0), 0.95, parameter="coverage", name="X")
