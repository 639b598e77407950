"""The outcome of a comparison in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from skimgrec.model_selection._text import metric_title, printable, score_text

if TYPE_CHECKING:
    from skimgrec.model_selection._result import ComparisonResult
    from skimgrec.model_selection._standings import Standing


def verdict(result: ComparisonResult) -> str:
    """Name the winner of a comparison and say whether its lead exceeds the spread over the folds.

    Parameters
    ----------
    result : ComparisonResult
        The comparison.

    Returns
    -------
    text : str
        One to three sentences. They claim no statistical significance.
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
    sentences = [_winner(complete, metric, folds)]
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
        names = ", ".join(printable(standing.estimator) for standing in tied[:-1])
        return (
            f"{names} and {printable(tied[-1].estimator)} share the highest mean {title}, {first.mean[metric]:.3f} "
            f"over {folds}: they do not differ on average."
        )
    second = complete[1]
    text = (
        f"{name} has the highest mean {title}, {value} over {folds}; {printable(second.estimator)} follows at "
        f"{score_text(second.mean[metric], second.std[metric])}."
    )
    spread = first.std[metric] + second.std[metric]
    if math.isnan(spread):
        return text
    if first.mean[metric] - second.mean[metric] <= spread:
        return f"{text} Their spreads overlap, so these folds do not settle which of the two is better."
    return f"{text} Their spreads do not overlap."
