"""The measurements of one fold, and each estimator's standing over all folds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True, kw_only=True)
class FoldRow:
    """How one estimator did on one fold.

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
    warnings : list of str
        The distinct warnings given on the way, as "Category: message".
    error : str or None
        What failed, as "Type: message".
    traceback : str or None
        Where it failed.
    """

    estimator: str
    fold: int
    n_train: int
    n_test: int
    scores: Mapping[str, float]
    fit_time: float = math.nan
    predict_time: float = math.nan
    warnings: list[str] = field(default_factory=list)
    error: str | None = None
    traceback: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain values that JSON can hold."""
        return {
            **vars(self),
            "scores": {metric: _to_json(score) for metric, score in self.scores.items()},
            "fit_time": _to_json(self.fit_time),
            "predict_time": _to_json(self.predict_time),
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> FoldRow:
        """Return the row that `to_dict` gave."""
        numbers = {key: _from_json(content[key]) for key in ("fit_time", "predict_time")}
        scores = {metric: _from_json(score) for metric, score in content["scores"].items()}
        return cls(**{**content, **numbers, "scores": scores})


def _to_json(number: float) -> float | str | None:
    if math.isnan(number):
        return None
    return number if math.isfinite(number) else str(number)


def _from_json(value: float | str | None) -> float:
    return math.nan if value is None else float(value)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One estimator's means and spreads over the folds in which it has a value.

    Parameters
    ----------
    estimator : str
        Its name.
    mean, std : dict of str to float
        Mean and sample standard deviation of each metric; NaN without folds, and the latter with a single one.
    fit_time, predict_time : tuple of float
        Mean and sample standard deviation, in seconds.
    n_scored : int
        Number of folds with a score in the first metric.
    n_failed : int
        Number of folds in which something failed.
    complete : bool
        Whether every fold has a score in the first metric. Only then is the mean one over the same pictures as others'.
    """

    estimator: str
    mean: Mapping[str, float]
    std: Mapping[str, float]
    fit_time: tuple[float, float]
    predict_time: tuple[float, float]
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


def _standing(name: str, rows: Sequence[FoldRow], metrics: Sequence[str], n_folds: int) -> Standing:
    spread = {metric: _mean_and_std([row.scores[metric] for row in rows]) for metric in metrics}
    n_scored = sum(not math.isnan(row.scores[metrics[0]]) for row in rows)
    return Standing(
        estimator=name,
        mean={metric: spread[metric][0] for metric in metrics},
        std={metric: spread[metric][1] for metric in metrics},
        fit_time=_mean_and_std([row.fit_time for row in rows]),
        predict_time=_mean_and_std([row.predict_time for row in rows]),
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
