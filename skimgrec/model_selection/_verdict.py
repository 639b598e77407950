"""The outcome of a comparison in words."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from skimgrec.model_selection._pairwise import Pair, groups_tested, interval_of, pairs_of
from skimgrec.model_selection._text import (
    difference_text,
    interval_text,
    metric_title,
    on_what,
    printable,
    score_text,
    times_text,
)

if TYPE_CHECKING:
    from skimgrec.model_selection._result import ComparisonResult
    from skimgrec.model_selection._standings import Standing

# Fits that differ by less are not worth a word.
_WORTH_SAYING = 2.0
# More names than these in a row are counted instead.
_MOST_NAMES = 3
# Fewer folds, or fewer test pictures of a single split, leave all but large differences in the dark.
_FEWEST_FOLDS = 5
_FEWEST_TESTED = 100
# Alone, or as the last step of a pipeline.
_GUESSING = re.compile(r"(Pipeline\(steps=\[.*\('[^']*', )?DummyClassifier\([^()]*\)(\)\](, [a-z_]+=[^()]*)*\))?")
# A choice between more is none.
_MOST_CHOICES = 5


def verdict(result: ComparisonResult) -> str:
    """Name the winner of a comparison, say by how much it leads and how sure that is, and what it costs.

    Parameters
    ----------
    result : ComparisonResult
        The comparison.

    Returns
    -------
    text : str
        A few sentences; of a comparison without rows, that there are none, and what was cut. Two classifiers are called
        different where the test of `ComparisonResult.pairwise`, adjusted for all pairs by Holm's method, is below 0.05.
    """
    metric = result.metrics[0]
    ranking = result.standings()
    if not ranking:
        # A comparison that is cut before its first whole fold may have measured smaller training sets.
        what = "Nothing was measured on whole training sets." if result.partial_rows else "Nothing was measured."
        return " ".join([what, *map(printable, result.cut)])
    complete = [standing for standing in ranking if standing.complete]
    incomplete = [standing for standing in ranking if not standing.complete]
    failures = ", ".join(
        f"{printable(standing.estimator)} ({result.n_folds - standing.n_scored} of {result.n_folds})"
        for standing in incomplete
    )
    if not complete:
        return f"No winner: no estimator has a score in every fold. Without a score: {failures}."
    first = complete[0]
    sentences = [_winner(result, complete, metric)]
    if len(complete) > 1:
        pairs = pairs_of(result, metric)
        lead = [pair for pair in pairs if pair.first == first.estimator and pair.test.difference > 0]
        tied = complete[1].mean[metric] == first.mean[metric]
        subject = printable(first.estimator) if tied else "It"
        sentences += _lead(result, subject, lead, metric, len(pairs)) if lead else []
        sentences += _too_little(result, [pair for pair in pairs if pair.first == first.estimator])
        sentences += _beside_guessing(result, complete, pairs)
        sentences += _cost(result, first, complete[1])
        sentences += _trade(result, len(complete))
    if failures:
        sentences.append(f"Not ranked, for want of a score in every fold: {failures}.")
    return " ".join(sentences)


def _winner(result: ComparisonResult, complete: list[Standing], metric: str) -> str:
    first = complete[0]
    name, title = printable(first.estimator), metric_title(metric)
    mean, value, over = "mean ", score_text(first.mean[metric], first.std[metric]), f"over {result.n_folds} folds"
    if result.n_folds == 1:
        value = interval_text(first.mean[metric], *interval_of(result, first.estimator, metric))
        n_groups = _n_groups(result)
        in_groups = f" in {n_groups:,} group{'s' if n_groups > 1 else ''}" if n_groups else ""
        mean, over = "", f"on {_n_test(result):,} test pictures{in_groups}"
    if len(complete) == 1:
        article = "a" if mean or title[0] not in "aeiou" else "an"
        return f"{name} has {article} {mean}{title} of {value} {over}; there is no other to compare it with."
    tied = [standing for standing in complete if standing.mean[metric] == first.mean[metric]]
    if len(tied) > 1:
        names = _names([standing.estimator for standing in tied])
        return f"{names} share the highest {mean}{title}, {first.mean[metric]:.3f} {over}."
    return f"{name} has the highest {mean}{title}, {value} {over}."


def _lead(result: ComparisonResult, subject: str, lead: list[Pair], metric: str, n_pairs: int) -> list[str]:
    """Say which of the others the leader cannot be told apart from, and by how much it beats the best of the rest."""
    if math.isnan(lead[0].test.p_value):
        ahead = difference_text(lead[0].test.difference, metric)
        few = "group" if _n_groups(result) == 1 else "fold"
        return [
            f"{subject} leads {printable(lead[0].second)} by {ahead}; a single {few} does not tell how sure that is."
        ]
    sentences, n_folds = [], result.n_folds
    level = [pair for pair in lead if not pair.differ]
    where = on_what(n_folds)
    by_what = "" if n_folds > 1 else f", {lead[0].test.method.partition(' (')[0]}"
    if level:
        near = level[0]
        names = _names([pair.second for pair in level], "or")
        # An interval is that of its pair alone, and may exclude 0 where many pairs were tested.
        of_pairs = f" over {n_pairs} pairs" if n_pairs > 1 else ""
        many = f", but p = {near.adjusted_p_value:.2f}{of_pairs}" if near.test.low > 0 else ""
        sentences.append(
            f"{subject} cannot be told apart from {names} {where}: it leads {printable(near.second)} by "
            f"{difference_text(near.test.difference, metric)} ({_interval(near, metric)}{many}{by_what})."
        )
    beaten = next((pair for pair in lead if pair.differ), None)
    if beaten is not None:
        sentences.append(
            f"{subject} is better than {printable(beaten.second)} by {difference_text(beaten.test.difference, metric)} "
            f"({_interval(beaten, metric)}{'' if level else by_what})."
        )
    return sentences


def _too_little(result: ComparisonResult, lead: list[Pair]) -> list[str]:
    """Say what would tell more, where folds or test pictures are few, and what a single split cannot tell."""
    if result.n_folds > 1:
        few = result.n_folds < _FEWEST_FOLDS and any(not pair.differ for pair in lead)
        more = "ten folds, or folds made several times, find smaller ones"
        return [f"With {result.n_folds} folds only large differences show: {more}."] if few else []
    n_test, n_compared = _n_test(result), sum(standing.complete for standing in result.standings())
    sentences = [
        f"The best of {n_compared} on the same test pictures was likely a little lucky: expect a little less of it on "
        "new ones."
    ]
    n_groups = _n_groups(result)
    if n_groups and n_groups < _FEWEST_TESTED:
        sentences.append(
            f"{n_groups} group{'s' if n_groups > 1 else ''} of test pictures {'are' if n_groups > 1 else 'is'} little "
            f"to go by. Ten folds would test on all {result.n_samples:,} pictures."
        )
    elif n_test < _FEWEST_TESTED:
        sentences.append(
            f"{n_test} test pictures are few: one of them is {100 / n_test:.1f} points. Ten folds would test on "
            f"all {result.n_samples:,}."
        )
    return sentences


def _trade(result: ComparisonResult, n_complete: int) -> list[str]:
    """Say between which estimators accuracy and time leave a choice, if they rule some out."""
    front = result.pareto()
    by_name = {standing.estimator: standing for standing in result.standings()}
    worth: list[Standing] = []
    for name in reversed(front):
        standing = by_name[name]
        # That guessing is quick is no news, and a little time saved no reason to choose a worse one.
        quicker = not worth or worth[-1].fit_time[0] >= _WORTH_SAYING * standing.fit_time[0]
        if quicker and not guesses(result.estimators[name]):
            worth.append(standing)
    if not 1 < len(worth) <= _MOST_CHOICES or len(front) == n_complete:
        return []
    names = [printable(standing.estimator) for standing in reversed(worth)]
    title = metric_title(result.metrics[0])
    return [f"No other has both a shorter fit and a higher {title} than {', '.join(names[:-1])} or {names[-1]}."]


def _n_test(result: ComparisonResult) -> int:
    return result.rows[0].n_test


def _n_groups(result: ComparisonResult) -> int:
    """Return how many groups the test pictures of the only split are in, 0 if no two share one."""
    groups = groups_tested(result, 0) if result.n_folds == 1 else None
    return 0 if groups is None else int(groups.max()) + 1


def _interval(pair: Pair, metric: str) -> str:
    low, high = (difference_text(value, metric, unit=False) for value in (pair.test.low, pair.test.high))
    return f"95 % interval {low} to {high}"


def guesses(description: str) -> bool:
    """Tell whether an estimator, as it prints itself, is scikit-learn's DummyClassifier, which looks at no picture.

    Examples
    --------
    >>> guesses("Pipeline(steps=[('scale', MinMaxScaler()), ('dummy', DummyClassifier())])"), guesses("SVC()")
    (True, False)
    """
    return _GUESSING.fullmatch(description) is not None


def _beside_guessing(result: ComparisonResult, complete: list[Standing], pairs: list[Pair]) -> list[str]:
    """Say so where the best is not shown to be better than what looks at no picture."""
    first = complete[0].estimator
    guessing = [entry.estimator for entry in complete if guesses(result.estimators[entry.estimator])]
    if first in guessing:
        return [] if len(guessing) == len(complete) else [f"{printable(first)} only guesses: nothing here is better."]
    level = [
        pair.second for pair in pairs if pair.first == first and pair.second in guessing and not pair.differ
    ]  # fmt: skip
    return [f"It is not shown to be better than {_names(level)}, which only guesses."] if level else []


def _cost(result: ComparisonResult, first: Standing, second: Standing) -> list[str]:
    ours, theirs = first.fit_time[0], second.fit_time[0]
    # That guessing is quick is no news.
    guessing = any(guesses(result.estimators[entry.estimator]) for entry in (first, second))
    if guessing or not (ours > 0 and theirs > 0):
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
