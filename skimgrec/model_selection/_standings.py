"""The measurements of one fold, and each estimator's standing over all folds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class FoldRow:
    """How one estimator did on one fold.

    `ComparisonResult.rows` is a list of these.

    Parameters
    ----------
    estimator : str
        Its name.
    fold : int
        Number of the fold, from 0.
    n_train, n_test : int
        How many pictures it learnt from, and was tested on.
    scores : dict of str to float
        The test score in each metric, NaN where it could not be had.
    fit_time : float
        Seconds that `fit` took, NaN if it failed.
    predict_time : float
        Seconds that predicting the test pictures and computing the metrics took, NaN if that failed.
    peak_memory : float
        Bytes that the process held at the peak of `fit` beyond those before it, NaN where that cannot be told.
    model_size : float
        About how many bytes a file of the fitted estimator has, NaN where that cannot be told.
    train_size : int, float or None
        How many of the fold's training pictures were asked for, in a learning curve; None if all of them.
    train_scores : dict of str to float or None
        The score on the pictures learnt from in each metric, if that was asked for.
    predicted : list of int or None
        The class predicted for each test picture, in the order of the fold's test pictures, as a position among the
        comparison's classes; -1 is a label that is none of them. None if nothing was predicted.
    probabilities : ndarray of shape (n_test, n_classes) or None
        The probability of each class, if they were to be kept and the estimator gives them. Files of results do not
        hold them, and they play no part in whether two rows are equal.
    history : dict of str to list of float or None
        Of a network, its loss and metrics in each epoch of the training, as `TrainingCurveDisplay` draws them; names of
        those on validation pictures start with ``val_``. None where the estimator, or what a pipeline ends in, keeps
        none.
    best_epoch : int or None
        The epoch, from 1, whose weights early stopping has taken back; None where it has not.
    warnings : list of str
        The distinct warnings given on the way, as "Category: message".
    error : str or None
        What failed, as "Type: message".
    traceback : str or None
        Where it failed.

    See Also
    --------
    Standing : The means over the folds.

    Examples
    --------
    >>> from skimgrec import compare, load_digits_images
    >>> X, y = load_digits_images(return_X_y=True)
    >>> row = compare(["1nn"], X[:300], y[:300], cv=3, random_state=0).rows[0]
    >>> row.estimator, row.fold, row.n_train, row.n_test, sorted(row.scores)
    ('1nn', 0, 200, 100, ['accuracy', 'f1_macro'])
    """

    estimator: str
    fold: int
    n_train: int
    n_test: int
    scores: Mapping[str, float]
    fit_time: float = math.nan
    predict_time: float = math.nan
    peak_memory: float = math.nan
    model_size: float = math.nan
    train_size: int | float | None = None
    train_scores: Mapping[str, float] | None = None
    predicted: list[int] | None = None
    probabilities: NDArray[np.float32] | None = field(default=None, repr=False, compare=False)
    history: Mapping[str, list[float]] | None = field(default=None, repr=False)
    best_epoch: int | None = None
    warnings: list[str] = field(default_factory=list)
    error: str | None = None
    traceback: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain values that JSON can hold, without the probabilities.

        Returns
        -------
        content : dict
            The parameters by name; NaN is None.
        """
        content = {name: value for name, value in vars(self).items() if name != "probabilities"}
        for name in _NUMBERS:
            content[name] = _to_json(content[name])
        for name in _SCORES:
            if content[name] is not None:
                content[name] = {metric: _to_json(score) for metric, score in content[name].items()}
        if content["history"] is not None:
            content["history"] = {name: list(map(_to_json, values)) for name, values in content["history"].items()}
        for name in _OF_TRAINING:
            if content[name] is None:  # of nearly all estimators, so that files do not say it row by row
                del content[name]
        return content

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> FoldRow:
        """Return the row that `to_dict` gave.

        Parameters
        ----------
        content : dict
            What `to_dict` returned.

        Returns
        -------
        row : FoldRow
            The row, without the probabilities.
        """
        values = {
            "peak_memory": None,
            "model_size": None,
            "train_scores": None,
            **dict.fromkeys(_OF_TRAINING),
            **content,
        }  # results of the first versions lack them
        for name in _NUMBERS:
            values[name] = _from_json(values[name])
        for name in _SCORES:
            if values[name] is not None:
                values[name] = {metric: _from_json(score) for metric, score in values[name].items()}
        if values["history"] is not None:
            values["history"] = {name: list(map(_from_json, numbers)) for name, numbers in values["history"].items()}
        return cls(**values)


_NUMBERS = ("fit_time", "predict_time", "peak_memory", "model_size")
_SCORES = ("scores", "train_scores")
_OF_TRAINING = ("history", "best_epoch")


def _to_json(number: float) -> float | str | None:
    if math.isnan(number):
        return None
    return number if math.isfinite(number) else str(number)


def _from_json(value: float | str | None) -> float:
    return math.nan if value is None else float(value)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One estimator's means and spreads over the folds in which it has a value.

    `ComparisonResult.standings` returns a list of these.

    Parameters
    ----------
    estimator : str
        Its name.
    mean, std : dict of str to float
        Mean and sample standard deviation of each metric; NaN without folds, and the latter with a single one.
    fit_time, predict_time : tuple of float
        Mean and sample standard deviation, in seconds.
    pictures_per_second : float
        How many pictures are predicted in a second, over all folds.
    peak_memory : float
        The highest of the folds, in bytes.
    model_size : float
        The mean of the folds, in bytes.
    n_scored : int
        Number of folds with a score in the first metric.
    n_failed : int
        Number of folds in which something failed.
    complete : bool
        Whether every fold has a score in the first metric. Only then is the mean one over the same pictures as others'.

    See Also
    --------
    FoldRow : The measurements of one fold.

    Examples
    --------
    >>> from skimgrec import compare, load_digits_images
    >>> X, y = load_digits_images(return_X_y=True)
    >>> best = compare(["chance", "1nn"], X[:300], y[:300], cv=3, random_state=0).standings()[0]
    >>> best.estimator, best.n_scored, best.n_failed, best.complete
    ('1nn', 3, 0, True)
    """

    estimator: str
    mean: Mapping[str, float]
    std: Mapping[str, float]
    fit_time: tuple[float, float]
    predict_time: tuple[float, float]
    pictures_per_second: float
    peak_memory: float
    model_size: float
    n_scored: int
    n_failed: int
    complete: bool


def standings(rows: Sequence[FoldRow], metrics: Sequence[str], names: Sequence[str], n_folds: int) -> list[Standing]:
    """Return the standing of each estimator in `names`, best mean of the first metric first, incomplete ones last."""
    result = [_standing(name, [row for row in rows if row.estimator == name], metrics, n_folds) for name in names]
    first = metrics[0]

    def rank(standing: Standing) -> tuple[bool, float]:
        return not standing.complete, -standing.mean[first] if standing.n_scored else math.inf

    return sorted(result, key=rank)


def scored_throughout(rows: Sequence[FoldRow], metric: str, names: Sequence[str], n_folds: int) -> list[str]:
    """Return those of `names` that have a score in `metric` in every fold, best mean first."""
    scores = {name: [row.scores[metric] for row in rows if row.estimator == name] for name in names}
    means = {
        name: float(np.mean(values))
        for name, values in scores.items()
        if len(values) == n_folds and not any(map(math.isnan, values))
    }
    return sorted(means, key=lambda name: -means[name])


def _standing(name: str, rows: Sequence[FoldRow], metrics: Sequence[str], n_folds: int) -> Standing:
    spread = {metric: _mean_and_std([row.scores[metric] for row in rows]) for metric in metrics}
    n_scored = sum(not math.isnan(row.scores[metrics[0]]) for row in rows)
    return Standing(
        estimator=name,
        mean={metric: spread[metric][0] for metric in metrics},
        std={metric: spread[metric][1] for metric in metrics},
        fit_time=_mean_and_std([row.fit_time for row in rows]),
        predict_time=_mean_and_std([row.predict_time for row in rows]),
        pictures_per_second=_pictures_per_second(rows),
        peak_memory=max((row.peak_memory for row in rows if not math.isnan(row.peak_memory)), default=math.nan),
        model_size=_mean_and_std([row.model_size for row in rows])[0],
        n_scored=n_scored,
        n_failed=sum(row.error is not None for row in rows),
        complete=n_scored == n_folds,
    )


def _mean_and_std(values: Sequence[float]) -> tuple[float, float]:
    known = np.array([value for value in values if not math.isnan(value)])
    mean = float(known.mean()) if len(known) else math.nan
    # An infinite score has a mean but no spread.
    spread = len(known) > 1 and bool(np.isfinite(known).all())
    return mean, float(known.std(ddof=1)) if spread else math.nan


def _pictures_per_second(rows: Sequence[FoldRow]) -> float:
    timed = [row for row in rows if row.predict_time > 0]
    return sum(row.n_test for row in timed) / sum(row.predict_time for row in timed) if timed else math.nan
