"""How far scores would move with other test pictures, from the answers to those of one hold-out alone."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.model_selection._resamples import Counts, cells_of, parts_of, units_of
from skimgrec.model_selection._statistics import PairedTest, effective_rows, mcnemar_test

N_RESAMPLES = 2000
N_SWAPS = 4999
_SEED = 0
_CONFIDENCE = 0.95

Statistic = Callable[[Counts, Counts, Counts], NDArray[np.float64]]


def _ratio(above: Counts, below: Counts) -> Counts:
    return np.divide(above, below, out=np.zeros(np.broadcast_shapes(above.shape, below.shape)), where=below > 0)


def _mean_over(values: Counts, weights: Counts) -> NDArray[np.float64]:
    return _ratio((values * weights).sum(axis=-1), weights.sum(axis=-1))


def _accuracy(right: Counts, true: Counts, answered: Counts) -> NDArray[np.float64]:
    return _ratio(right.sum(axis=-1), true.sum(axis=-1))


def _matthews(right: Counts, true: Counts, answered: Counts) -> NDArray[np.float64]:
    n = true.sum(axis=-1)
    above = right.sum(axis=-1) * n - (true * answered).sum(axis=-1)
    below = (n**2 - (true**2).sum(axis=-1)) * (n**2 - (answered**2).sum(axis=-1))
    return _ratio(above, np.sqrt(below))


def _balanced_accuracy(right: Counts, true: Counts, answered: Counts) -> NDArray[np.float64]:
    return _mean_over(_ratio(right, true), (true > 0).astype(float))


def _of_classes(kind: str, average: str) -> Statistic:
    def statistic(right: Counts, true: Counts, answered: Counts) -> NDArray[np.float64]:
        below = {"precision": answered, "recall": true, "f1": (true + answered) / 2}[kind]
        # As in scikit-learn, a class that is neither in the data nor in the answers does not count.
        weights = true if average == "weighted" else (true + answered > 0).astype(float)
        return _mean_over(_ratio(right, below), weights)

    return statistic


_SAME_AS_ACCURACY = ("accuracy", "f1_micro", "precision_micro", "recall_micro")
_WITHOUT_STEPS = ("roc_auc", "average_precision", "neg_log_loss", "neg_brier_score", "d2_")
# Of each class: how often it was answered rightly, was true, was answered; over the last axis.
STATISTICS: dict[str, Statistic] = {
    **dict.fromkeys(_SAME_AS_ACCURACY, _accuracy),
    "balanced_accuracy": _balanced_accuracy,
    "matthews_corrcoef": _matthews,
    **{
        f"{kind}_{average}": _of_classes(kind, average)
        for kind in ("f1", "precision", "recall")
        for average in ("macro", "weighted")
    },
}


def score_of(metric: str, target: NDArray[np.intp], predicted: NDArray[np.intp]) -> float:
    """Return a score as it follows from the answers, NaN where it does not follow from them.

    Parameters
    ----------
    metric : str
        Its name in scikit-learn.
    target, predicted : ndarray of shape (n,)
        The classes as numbers, -1 for an answer that is no class.

    Returns
    -------
    score : float
        That of `sklearn.metrics`.
    """
    if metric not in STATISTICS:
        return math.nan
    cells, counts = cells_of(target, predicted)
    return float(STATISTICS[metric](*_of_each_class(counts[None], cells[0], cells[1], int(cells.max()) + 1))[0])


def moves_in_steps(metric: str) -> bool:
    """Return whether a score counts pictures, and does not follow from probabilities or ranks."""
    return not metric.startswith(_WITHOUT_STEPS)


def step_of(metric: str, target: NDArray[np.intp]) -> float:
    """Return by how much one test picture more or less moves a score, for the class of which it moves most.

    Parameters
    ----------
    metric : str
        Its name in scikit-learn. Of a name that scikit-learn does not know, the score is taken for a share of pictures.
    target : ndarray of shape (n,)
        The classes of the test pictures as numbers.

    Returns
    -------
    step : float
        ``1 / n``; of means over classes, the share of the rarest class; 0 for scores that are computed from
        probabilities or ranks, whose steps are finer.

    Examples
    --------
    >>> import numpy as np
    >>> target = np.array([0] * 45 + [1] * 5)
    >>> [step_of(metric, target) for metric in ("accuracy", "balanced_accuracy", "roc_auc")]
    [0.02, 0.1, 0.0]
    """
    if not moves_in_steps(metric):
        return 0.0
    counts = np.unique(target, return_counts=True)[1]
    by_class = metric == "balanced_accuracy" or metric.endswith("_macro")
    return 1 / (len(counts) * int(counts.min()) if by_class else len(target))


def score_interval(
    metric: str, target: NDArray[np.intp], predicted: NDArray[np.intp], groups: NDArray[np.intp] | None = None
) -> tuple[float, float]:
    """Return the 95 % confidence interval of a score on one test set.

    Parameters
    ----------
    metric : str
        One of `STATISTICS`.
    target, predicted : ndarray of shape (n,)
        The classes as numbers, -1 for an answer that is no class.
    groups : ndarray of int, shape (n,), default=None
        The group of each picture, such as that of its copies, numbered from 0. None takes each for itself.

    Returns
    -------
    low, high : float
        Of accuracy, Wilson's interval; of other scores, the bias-corrected and accelerated bootstrap interval over
        2,000 resamples of the test pictures. NaN where every resample has the same score, because all answers are
        right: a bootstrap does not tell how far that is from certain. With groups, Wilson's interval is that of as many
        independent pictures as tell as much, and the resamples are of whole groups; NaN with a single group.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. Journal of the American
    Statistical Association 22, 209-212.

    Efron, B. (1987). Better bootstrap confidence intervals. Journal of the American Statistical Association 82,
    171-185.

    Examples
    --------
    >>> import numpy as np
    >>> target = np.repeat([0, 1], 50)
    >>> predicted = np.where(np.arange(100) % 10 == 0, 1 - target, target)
    >>> "{:.3f} to {:.3f}".format(*score_interval("accuracy", target, predicted))
    '0.826 to 0.945'
    """
    if metric in _SAME_AS_ACCURACY:
        return _wilson(target == predicted, groups)
    # A table is shown more than once, and its text and its verdict ask for the same intervals.
    return _bca(metric, _packed(target), _packed(predicted), _packed_groups(groups))


def paired_test(
    metric: str,
    target: NDArray[np.intp],
    first: NDArray[np.intp],
    second: NDArray[np.intp],
    groups: NDArray[np.intp] | None = None,
) -> PairedTest:
    """Test whether two classifiers that were tested on the same pictures once differ in a score.

    Parameters
    ----------
    metric : str
        One of `STATISTICS`.
    target, first, second : ndarray of shape (n,)
        The classes as numbers, and what each of the two answered.
    groups : ndarray of int, shape (n,), default=None
        The group of each picture, such as that of its copies, numbered from 0. None takes each for itself.

    Returns
    -------
    test : PairedTest
        Of accuracy, McNemar's exact test. Of other scores, the p-value is that of a randomisation test, which swaps the
        two answers to each picture by the toss of a coin 4,999 times: if either answer might as well be the other's,
        the level is exact. The interval is the difference and, either side of it, as far as 95 % of 2,000 paired
        resamples of the test pictures lie from it. With groups, coins are tossed for whole groups, and whole groups are
        drawn anew; of a single group, the difference alone.

    References
    ----------
    Noreen, E. W. (1989). Computer-intensive methods for testing hypotheses. Wiley.

    Yeh, A. (2000). More accurate tests for the statistical significance of result differences. COLING.
    https://aclanthology.org/C00-2137/

    Efron, B. and Tibshirani, R. J. (1993). An introduction to the bootstrap. Chapman and Hall.
    """
    if metric in _SAME_AS_ACCURACY:
        return mcnemar_test(first == target, second == target, groups=groups)
    return _randomisation_test(metric, *map(_packed, (target, first, second)), _packed_groups(groups))


@functools.lru_cache(maxsize=512)
def _randomisation_test(metric: str, *packed: bytes) -> PairedTest:
    target, first, second = map(_unpacked, packed[:3])
    groups = _unpacked(packed[3]) if packed[3] else None
    difference = score_of(metric, target, first) - score_of(metric, target, second)
    method = "paired randomisation test" if groups is None else "paired randomisation test by groups"
    if groups is not None and len(np.unique(groups)) < 2:
        return PairedTest(difference=difference, low=math.nan, high=math.nan, p_value=math.nan, method=method)
    reach = float(np.quantile(_moves(metric, target, first, second, groups, difference), _CONFIDENCE))
    at_least = np.abs(_swapped_differences(metric, target, first, second, groups)) >= abs(difference) - 1e-12
    return PairedTest(
        difference=difference,
        low=difference - reach,
        high=difference + reach,
        p_value=(1 + int(at_least.sum())) / (1 + len(at_least)),
        method=method,
    )


def _moves(
    metric: str,
    target: NDArray[np.intp],
    first: NDArray[np.intp],
    second: NDArray[np.intp],
    groups: NDArray[np.intp] | None,
    difference: float,
) -> NDArray[np.float64]:
    """Return how far the difference of two scores moves when the test pictures are drawn anew."""
    cells, units = units_of(groups, target, first, second)
    n_classes = int(cells.max()) + 1
    drawn = []
    for weights in units.resamples(N_RESAMPLES, np.random.default_rng(_SEED)):
        ours, theirs = (
            STATISTICS[metric](*_of_each_class(weights, cells[0], answers, n_classes)) for answers in cells[1:]
        )
        drawn.append(np.abs(ours - theirs - difference))
    return np.concatenate(drawn)


def _swapped_differences(
    metric: str,
    target: NDArray[np.intp],
    first: NDArray[np.intp],
    second: NDArray[np.intp],
    groups: NDArray[np.intp] | None,
) -> NDArray[np.float64]:
    """Return the differences of two scores when a coin decides which answer to each picture, or group, is whose."""
    apart = first != second
    if not apart.any():
        return np.zeros(N_SWAPS)
    # An answer that is no class is one more class.
    n_classes = int(max(target.max(), first.max(), second.max())) + 2
    lower, higher = np.stack([first, second]) % n_classes
    if groups is None:
        lower, higher = np.sort([lower, higher], axis=0)
    one = np.ones((1, len(target)))
    right, true, answered = _of_each_class(one, target, higher, n_classes)
    right_of_other, _, answered_of_other = _of_each_class(one, target, lower, n_classes)
    cells = np.stack([target, lower, higher])[:, apart]
    if groups is None:
        cells, counts = cells_of(*cells)
        coin_of_each = np.arange(len(counts))
    else:
        coin_of_each = np.unique(groups[apart], return_inverse=True)[1]
        counts = np.ones(coin_of_each.max() + 1, np.int64)
    rng = np.random.default_rng(_SEED)
    differences = []
    for size in parts_of(cells.shape[1], N_SWAPS):
        # The first gives the higher answer to all pictures, but the lower one to those of each cell that a coin picks;
        # the second gives what is left.
        picked = _coins(counts, size, rng)[:, coin_of_each]
        to_right, to_answered = _moved_by_lower_answers(picked, cells, n_classes)
        differences.append(
            STATISTICS[metric](right + to_right, true, answered + to_answered)
            - STATISTICS[metric](right_of_other - to_right, true, answered_of_other - to_answered)
        )
    return np.concatenate(differences)


def _coins(counts: NDArray[np.int64], n_rows: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return how many of the pictures of each cell coins pick, in each of several rounds."""
    picked = rng.integers(2, size=(n_rows, len(counts)), dtype=np.uint8).astype(np.float64)
    # Most cells have a single picture, for which a binomial number takes ten times as long.
    several = counts > 1
    picked[:, several] = rng.binomial(counts[several], 0.5, size=(n_rows, int(several.sum())))
    return picked


def _moved_by_lower_answers(
    picked: NDArray[np.float64], cells: NDArray[np.intp], n_classes: int
) -> tuple[Counts, Counts]:
    """Return by how much right answers and answers of each class grow where the lower answer is given."""
    from scipy.sparse import csr_array

    true, lower, higher = cells
    each = np.arange(len(true))
    gained = (true == lower).astype(float) - (true == higher)
    shape = (n_classes, len(true))
    right = csr_array((gained, (true, each)), shape=shape)
    ends = np.concatenate([np.ones(len(true)), -np.ones(len(true))])
    answered = csr_array((ends, (np.concatenate([lower, higher]), np.tile(each, 2))), shape=shape)
    columns = np.ascontiguousarray(picked.T)
    return (right @ columns).T, (answered @ columns).T


def _packed(codes: NDArray[np.intp]) -> bytes:
    return codes.astype("<i4").tobytes()


def _packed_groups(groups: NDArray[np.intp] | None) -> bytes:
    return b"" if groups is None else _packed(groups)


def _unpacked(codes: bytes) -> NDArray[np.intp]:
    return np.frombuffer(codes, "<i4").astype(np.intp)


def _of_each_class(
    weights: NDArray[Any], true: NDArray[np.intp], answers: NDArray[np.intp], n_classes: int
) -> tuple[Counts, Counts, Counts]:
    """Return how often each class is answered rightly, is true, and is answered, for each row of weights of cells."""
    from scipy.sparse import csr_array

    each = np.arange(len(true))
    right = true == answers
    members = (
        csr_array((np.ones(len(rows)), (classes, rows)), shape=(n_classes, len(true)))
        for classes, rows in ((true[right], each[right]), (true, each), (answers, each))
    )
    columns = np.ascontiguousarray(weights.T, dtype=np.float64)
    first, second, third = (np.ascontiguousarray((member @ columns).T) for member in members)
    return first, second, third


def _wilson(right: NDArray[np.bool_], groups: NDArray[np.intp] | None) -> tuple[float, float]:
    from scipy import stats

    share, n, z = float(right.mean()), float(len(right)), float(stats.norm.ppf((1 + _CONFIDENCE) / 2))
    if groups is not None:
        n, z = effective_rows(right, groups, confidence=_CONFIDENCE)
        if math.isnan(z):
            return math.nan, math.nan
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return max(0.0, centre - reach), min(1.0, centre + reach)


@functools.lru_cache(maxsize=512)
def _bca(metric: str, target: bytes, predicted: bytes, groups: bytes) -> tuple[float, float]:
    from scipy import stats

    statistic = STATISTICS[metric]
    cells, units = units_of(_unpacked(groups) if groups else None, _unpacked(target), _unpacked(predicted))
    counts = units.counts
    n_classes = int(cells.max()) + 1
    score = float(statistic(*_of_each_class(units.in_cells(counts[None]), cells[0], cells[1], n_classes))[0])
    rng = np.random.default_rng(_SEED)
    scores = np.concatenate(
        [
            statistic(*_of_each_class(weights, cells[0], cells[1], n_classes))
            for weights in units.resamples(N_RESAMPLES, rng)
        ]
    )
    if np.ptp(scores) <= 1e-12:
        return math.nan, math.nan
    below = ((scores < score - 1e-12).mean() + (scores <= score + 1e-12).mean()) / 2
    bias = float(stats.norm.ppf(below))
    # All pictures of a cell leave the same score behind when one of them is left out.
    without = np.concatenate(
        [statistic(*_of_each_class(weights, cells[0], cells[1], n_classes)) for weights in units.without_each()]
    )
    apart = np.average(without, weights=counts) - without
    spread = float(np.sum(counts * apart**2))
    acceleration = float(np.sum(counts * apart**3)) / (6 * spread**1.5) if spread > 0 else 0.0
    tails = bias + stats.norm.ppf([(1 - _CONFIDENCE) / 2, (1 + _CONFIDENCE) / 2])
    low, high = np.quantile(scores, stats.norm.cdf(bias + tails / (1 - acceleration * tails)))
    return float(low), float(high)
