"""Tests of whether two classifiers differ: numbers in, numbers out; what is compared stands elsewhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, kw_only=True)
class PairedTest:
    """How far apart two classifiers are, and how sure that is.

    Parameters
    ----------
    difference : float
        Mean score of the first, less that of the second.
    low, high : float
        The confidence interval of the difference; NaN where there is none.
    p_value : float
        Of the two-sided test that they do not differ; NaN where nothing can be told.
    method : str
        The test.
    """

    difference: float
    low: float
    high: float
    p_value: float
    method: str


def corrected_resampled_t_test(
    differences: ArrayLike,
    n_train: ArrayLike,
    n_test: ArrayLike,
    *,
    step: float | None = None,
    confidence: float = 0.95,
) -> PairedTest:
    """Test the differences of two classifiers' scores over the folds of a cross-validation.

    Training sets of different folds share most of their rows, so that the scores of folds vary less than those of
    independent samples would. A plain paired t-test takes that for certainty, and finds differences where there are
    none. The correction enlarges the variance of the mean from ``s² / k`` to ``s² (1 / k + n_test / n_train)``.

    Scores of a few test rows move in steps, so that two or three folds often differ by the very same amount, and their
    ``s²`` of 0 would be taken for certainty. The test therefore takes ``s²`` to be no less than ``step² / 12``, the
    variance of what rounding to such steps leaves unseen.

    Parameters
    ----------
    differences : array-like of shape (k,)
        Score of the first classifier less that of the second, for each fold; of repeated cross-validation, for each
        fold of each repetition.
    n_train, n_test : array-like of shape (k,)
        Rows that each fold trained and tested on; their means are used.
    step : float, default=None
        By how much one test row more or less moves a score. None is ``1 / n_test``, as of an accuracy. 0 is for scores
        that have no steps worth the name, such as the area under a curve; where all of their folds differ by the same
        amount, it is ``1 / n_test`` as well.
    confidence : float, default=0.95
        Of the interval.

    Returns
    -------
    test : PairedTest
        With fewer than two folds, the difference alone.

    References
    ----------
    Nadeau, C. and Bengio, Y. (2003). Inference for the generalization error. Machine Learning 52, 239-281.
    https://doi.org/10.1023/A:1024068626366

    Bouckaert, R. R. and Frank, E. (2004). Evaluating the replicability of significance tests for comparing learning
    algorithms. PAKDD. https://doi.org/10.1007/978-3-540-24775-3_3

    Examples
    --------
    >>> test = corrected_resampled_t_test([0.02, 0.01, 0.03, 0.02, 0.02], [800] * 5, [200] * 5)
    >>> print(f"{test.difference:.3f}, {test.low:.3f} to {test.high:.3f}, p = {test.p_value:.3f}")
    0.020, 0.007 to 0.033, p = 0.014
    """
    from scipy import stats

    values = np.asarray(differences, dtype=np.float64)
    method = "corrected resampled t-test (Nadeau and Bengio)"
    k, mean = len(values), float(values.mean())
    if k < 2 or not np.isfinite(values).all():
        return PairedTest(difference=mean, low=math.nan, high=math.nan, p_value=math.nan, method=method)
    mean_test = float(np.asarray(n_test, float).mean())
    spread = float(values.std(ddof=1))
    # Equal differences come out of their subtraction a little unequal.
    if step is None or (step == 0 and spread <= 1e-12):
        step = 1 / mean_test
    variance = max(spread**2, step**2 / 12)
    error = math.sqrt(variance * (1 / k + mean_test / float(np.asarray(n_train, float).mean())))
    reach = float(stats.t.ppf((1 + confidence) / 2, k - 1)) * error
    p_value = 2 * float(stats.t.sf(abs(mean) / error, k - 1))
    return PairedTest(difference=mean, low=mean - reach, high=mean + reach, p_value=p_value, method=method)


def mcnemar_test(
    first_right: ArrayLike, second_right: ArrayLike, *, groups: ArrayLike | None = None, confidence: float = 0.95
) -> PairedTest:
    """Test whether two classifiers that were tested on the same rows once differ in accuracy.

    Only the rows that one of them got right and the other wrong count: if the two are equally good, either is as
    likely. Rows of a group, such as copies of a picture, are got right or wrong together, and count together: for each
    group, it is as likely that the two had each other's answers to all of it.

    Parameters
    ----------
    first_right, second_right : array-like of bool, shape (n,)
        Whether each row was classified correctly.
    groups : array-like of int, shape (n,), default=None
        The group of each row, numbered from 0. None takes each row for itself.
    confidence : float, default=0.95
        Of the interval.

    Returns
    -------
    test : PairedTest
        The p-value is the exact one, of the binomial distribution, or with groups of all exchanges of their answers;
        the interval is Wald's, with half a row added to each cell of the table as Agresti and Min advise. Groups make
        it wider: it is that of as many independent rows as tell as much, with a quantile of Student's t for them. Of
        a single group, there is none, and the p-value is NaN.

    References
    ----------
    McNemar, Q. (1947). Note on the sampling error of the difference between correlated proportions or percentages.
    Psychometrika 12, 153-157. https://doi.org/10.1007/BF02295996

    Agresti, A. and Min, Y. (2005). Simple improved confidence intervals for comparing matched proportions. Statistics
    in Medicine 24, 729-740. https://doi.org/10.1002/sim.1781

    Eliasziw, M. and Donner, A. (1991). Application of the McNemar test to non-independent matched pair data. Statistics
    in Medicine 10, 1981-1991. https://doi.org/10.1002/sim.4780101211

    Examples
    --------
    >>> first = [True] * 11 + [False] * 1 + [True] * 88
    >>> second = [False] * 11 + [True] * 1 + [True] * 88
    >>> test = mcnemar_test(first, second)
    >>> print(f"{test.difference:.2f}, {test.low:.3f} to {test.high:.3f}, p = {test.p_value:.4f}")
    0.10, 0.031 to 0.165, p = 0.0063

    The same, if these are 20 pictures in five copies each:

    >>> test = mcnemar_test(first, second, groups=[row // 5 for row in range(100)])
    >>> print(f"{test.difference:.2f}, {test.low:.3f} to {test.high:.3f}, p = {test.p_value:.4f}")
    0.10, -0.065 to 0.249, p = 0.5000
    """
    from scipy import stats

    first, second = np.asarray(first_right, dtype=bool), np.asarray(second_right, dtype=bool)
    if first.shape != second.shape or first.ndim != 1 or not len(first):
        raise ValueError(
            f"McNemar's test got {first.shape} and {second.shape} answers, expected one for each of the same rows."
        )
    n = len(first)
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    apart = only_first + only_second
    if groups is None:
        n_effective, quantile = float(n), float(stats.norm.ppf((1 + confidence) / 2))
        p_value = float(stats.binomtest(only_first, apart).pvalue) if apart else 1.0
    else:
        ahead = first.astype(int) - second
        n_effective, quantile = effective_rows(ahead, np.asarray(groups), confidence=confidence)
        of_group = np.bincount(np.asarray(groups), ahead).round().astype(int)
        p_value = math.nan if math.isnan(quantile) else _exchanged_p_value(of_group)
    share = n_effective / n
    b, c, total = only_first * share + 0.5, only_second * share + 0.5, n_effective + 2
    reach = quantile * math.sqrt(b + c - (b - c) ** 2 / total) / total
    centre = (b - c) / total
    return PairedTest(
        difference=(only_first - only_second) / n,
        low=centre - reach,
        high=centre + reach,
        p_value=p_value,
        method="McNemar's test (exact)" if groups is None else "McNemar's test by groups (exact)",
    )


def _exchanged_p_value(ahead: NDArray[np.intp]) -> float:
    """Return how often a sum of numbers lies as far from 0 as theirs, if a coin decides the sign of each."""
    from scipy import stats

    sizes, counts = np.unique(np.abs(ahead[ahead != 0]), return_counts=True)
    # The chance of each sum, from the lowest up in steps of 1.
    chances = np.ones(1)
    for size, count in zip(sizes.tolist(), counts.tolist(), strict=True):
        of_size = np.zeros(2 * size * count + 1)
        of_size[:: 2 * size] = stats.binom.pmf(np.arange(count + 1), count, 0.5)
        chances = np.convolve(chances, of_size)
    reached = np.abs(np.arange(len(chances)) - len(chances) // 2) >= abs(int(ahead.sum()))
    return min(1.0, float(chances[reached].sum()))


def effective_rows(values: ArrayLike, groups: NDArray[np.intp], *, confidence: float = 0.95) -> tuple[float, float]:
    """Return how many independent rows tell as much about a mean as rows in groups do.

    Parameters
    ----------
    values : array-like of shape (n,)
        What the mean is taken of.
    groups : ndarray of int, shape (n,)
        The group of each row, numbered from 0.
    confidence : float, default=0.95
        Of the interval that the quantile is for.

    Returns
    -------
    n_effective : float
        The number of rows over the design effect, which is the variance of the mean by groups over that by rows, and
        no less than 1. Where all rows have the same value, groups are taken to agree in all.
    quantile : float
        Of Student's t, with one degree of freedom less than there are groups; NaN with one group.

    References
    ----------
    Korn, E. L. and Graubard, B. I. (1998). Confidence intervals for proportions with small expected number of positive
    counts estimated from survey data. Survey Methodology 24, 193-201.

    Examples
    --------
    >>> import numpy as np
    >>> n, quantile = effective_rows([1, 1, 0, 0, 1, 1, 1, 1], np.array([0, 0, 1, 1, 2, 2, 3, 3]))
    >>> print(f"{n:.1f}, {quantile:.2f}")
    3.0, 3.18
    """
    from scipy import stats

    values = np.asarray(values, dtype=np.float64)
    sizes = np.bincount(groups)
    sizes, sums = sizes[sizes > 0], np.bincount(groups, values)[sizes > 0]
    n, n_groups = len(values), len(sizes)
    if n_groups < 2:
        return 1.0, math.nan
    by_rows = float(values.var()) / n
    by_groups = float(((sums - values.mean() * sizes) ** 2).sum()) / n**2 * n_groups / (n_groups - 1)
    effect = by_groups / by_rows if by_rows > 0 else float((sizes**2).sum()) / n
    return n / max(1.0, effect), float(stats.t.ppf((1 + confidence) / 2, n_groups - 1))


def holm(p_values: Sequence[float] | NDArray[np.float64]) -> list[float]:
    """Adjust the p-values of several tests, so that the chance of even one false finding stays below the level.

    Parameters
    ----------
    p_values : sequence of float
        NaN, where nothing could be tested, stays NaN, and is not counted.

    Returns
    -------
    adjusted : list of float
        In the same order.

    References
    ----------
    Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics 6,
    65-70.

    Examples
    --------
    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    values = np.asarray(p_values, dtype=np.float64)
    adjusted = np.full(values.shape, np.nan)
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.argsort(values[known], kind="stable")]
    steps = values[order] * (len(order) - np.arange(len(order)))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted.tolist()


def pareto_front(scores: ArrayLike, costs: ArrayLike) -> list[int]:
    """Return which of several things no other one beats in score without costing more.

    Parameters
    ----------
    scores : array-like of shape (n,)
        Higher is better. NaN is never in the front.
    costs : array-like of shape (n,)
        Lower is better.

    Returns
    -------
    front : list of int
        Positions, cheapest first. Of equals, all are in it.

    Examples
    --------
    >>> pareto_front([0.9, 0.8, 0.95, 0.7], [10, 1, 100, 5])
    [1, 0, 2]
    """
    score, cost = np.asarray(scores, dtype=np.float64), np.asarray(costs, dtype=np.float64)
    front = [
        i
        for i in range(len(score))
        if not np.isnan(score[i] + cost[i])
        and not np.any((score >= score[i]) & (cost <= cost[i]) & ((score > score[i]) | (cost < cost[i])))
    ]
    return sorted(front, key=lambda i: (cost[i], -score[i]))
