"""The outcome of a comparison in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from skimgrec.model_selection._pairwise import Pair, pairs_of
from skimgrec.model_selection._text import difference_text, metric_title, printable, score_text, times_text

if TYPE_CHECKING:
    from skimgrec.model_selection._result import ComparisonResult
    from skimgrec.model_selection._standings import Standing

# Fits that differ by less are not worth a word.
_WORTH_SAYING = 2.0
# More names than these in a row are counted instead.
_MOST_NAMES = 3


def verdict(result: ComparisonResult) -> str:
    """Name the winner of a comparison, say by how much it leads and how sure that is, and what it costs.

    Parameters
    ----------
    result : ComparisonResult
        The comparison.

    Returns
    -------
    text : str
        A few sentences. Two classifiers are called different where the corrected resampled t-test, adjusted for all
        pairs by Holm's method, is below 0.05.
    """
    metric = result.metrics[0]
    ranking = result.standings()
    complete = [standing for standing in ranking if standing.complete]
    incomplete = [standing for standing in ranking if not standing.complete]
    folds = f"{result.n_folds} fold{'s' if result.n_folds > 1 else ''}"
    failures = ", ".join(
        f"{printable(standing.estimator)} ({result.n_folds - standing.n_scored} of {result.n_folds})"
        for standing in incomplete
    )
    if not complete:
        return f"No winner: no estimator has a score in every fold. Without a score: {failures}."
    first = complete[0]
    sentences = [_winner(complete, metric, folds)]
    if len(complete) > 1:
        pairs = pairs_of(result.rows, ranking, metric)
        lead = [pair for pair in pairs if pair.first == first.estimator and pair.test.difference > 0]
        tied = complete[1].mean[metric] == first.mean[metric]
        subject = printable(first.estimator) if tied else "It"
        sentences += _lead(subject, lead, metric, len(pairs)) if lead else []
        sentences += _cost(first, complete[1])
    if failures:
        sentences.append(f"Not ranked, for want of a score in every fold: {failures}.")
    return " ".join(sentences)


def _winner(complete: list[Standing], metric: str, folds: str) -> str:
    first = complete[0]
    name, title = printable(first.estimator), metric_title(metric)
    value = score_text(first.mean[metric], first.std[metric])
    if len(complete) == 1:
        return f"{name} has a mean {title} of {value} over {folds}; there is no other to compare it with."
    tied = [standing for standing in complete if standing.mean[metric] == first.mean[metric]]
    if len(tied) > 1:
        names = _names([standing.estimator for standing in tied])
        return f"{names} share the highest mean {title}, {first.mean[metric]:.3f} over {folds}."
    return f"{name} has the highest mean {title}, {value} over {folds}."


def _lead(subject: str, lead: list[Pair], metric: str, n_pairs: int) -> list[str]:
    """Say which of the others the leader cannot be told apart from, and by how much it beats the best of the rest."""
    if math.isnan(lead[0].test.p_value):
        ahead = difference_text(lead[0].test.difference, metric)
        return [
            f"{subject} leads {printable(lead[0].second)} by {ahead}; a single fold does not tell how sure that is."
        ]
    sentences = []
    level = [pair for pair in lead if not pair.differ]
    if level:
        near = level[0]
        names = _names([pair.second for pair in level], "or")
        # An interval is that of its pair alone, and may exclude 0 where many pairs were tested.
        many = f", but p = {near.adjusted_p_value:.2f} over {n_pairs} pairs" if near.test.low > 0 else ""
        sentences.append(
            f"{subject} cannot be told apart from {names} on these folds: it leads {printable(near.second)} by "
            f"{difference_text(near.test.difference, metric)} ({_interval(near, metric)}{many})."
        )
    beaten = next((pair for pair in lead if pair.differ), None)
    if beaten is not None:
        sentences.append(
            f"{subject} is better than {printable(beaten.second)} by {difference_text(beaten.test.difference, metric)} "
            f"({_interval(beaten, metric)})."
        )
    return sentences


def _interval(pair: Pair, metric: str) -> str:
    low, high = (difference_text(value, metric, unit=False) for value in (pair.test.low, pair.test.high))
    return f"95 % interval {low} to {high}"


def _cost(first: Standing, second: Standing) -> list[str]:
    ours, theirs = first.fit_time[0], second.fit_time[0]
    if not (ours > 0 and theirs > 0):
        return []
    quick, ratio = (second, ours / theirs) if theirs < ours else (first, theirs / ours)
    slow = first if quick is second else second
    if ratio < _WORTH_SAYING:
        return []
    return [f"{printable(quick.estimator)} fits {times_text(ratio)} times as fast as {printable(slow.estimator)}."]


def _names(names: list[str], word: str = "and") -> str:
    shown = [printable(name) for name in names[:_MOST_NAMES]]
    if len(names) > _MOST_NAMES:
        shown = [*shown[: _MOST_NAMES - 1], f"{len(names) - _MOST_NAMES + 1} others"]
    return f" {word} ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else shown[0]
