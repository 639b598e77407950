"""A search over parameters as a table, and its outcome in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from skimgrec.model_selection._param_space import shown_value
from skimgrec.model_selection._table import Table
from skimgrec.model_selection._text import duration, metric_title, on_what, printable, score_text

if TYPE_CHECKING:
    from skimgrec.model_selection._standings import Standing
    from skimgrec.model_selection._tune_result import TuneResult

_LONGEST_NOTE = 200
_LONGEST_VALUE = 40
# More settings than these are counted instead of listed.
_MOST_ROWS = 30
_MOST_NAMES = 3
_RESOURCES = {"n_samples": "training pictures"}


def table_of(result: TuneResult) -> Table:
    """Return a search as a table, best setting first; below it what failed, what warned, and the verdict.

    Parameters
    ----------
    result : TuneResult
        The search.

    Returns
    -------
    table : Table
        With a column for each parameter, mean ± sample standard deviation of each metric, on the training pictures
        too if that was measured, what a setting of successive halving could use, and mean fit and predict time.
    """
    ranking = result.ranking()
    halving = len(result.n_resources) > 1
    with_train = any(ranked.train is not None for ranked in ranking)
    titles = [metric_title(metric) for metric in result.metrics]
    resource = [printable(_RESOURCES.get(result.resource, result.resource))] if halving else []
    rows = [
        (
            *(
                printable(shown_value(result.settings[ranked.standing.estimator][full]), _LONGEST_VALUE)
                for full in result.parameters
            ),
            *(["all" if ranked.n_resources is None else str(ranked.n_resources)] if halving else []),
            *(_score_cell(ranked.standing, metric, result.n_folds) for metric in result.metrics),
            *(_score_cell(ranked.train, metric, result.n_folds) for metric in result.metrics if with_train),
            duration(ranked.standing.fit_time[0]),
            duration(ranked.standing.predict_time[0]),
        )
        for ranked in ranking[:_MOST_ROWS]
    ]
    more = len(ranking) - len(rows)
    return Table(
        title=_title(result),
        header=(
            *map(printable, result.parameters.values()),
            *resource,
            *titles,
            *(f"{title} in training" for title in titles if with_train),
            "fit time",
            "predict time",
        ),
        rows=rows,
        cautions=_cautions(result),
        notes=[*([f"{more} more settings are in to_frame()."] if more else []), *_notes(result)],
        verdict=verdict(result),
        has_winner=ranking[0].standing.complete,
    )


def _title(result: TuneResult) -> str:
    data = result.rounds[0]
    name = [printable(data.data_name)] if data.data_name else []
    pictures = f"of {printable(data.drawn_from)}" if data.drawn_from else "pictures"
    return ", ".join(
        [
            *name,
            f"{data.n_samples} {pictures}",
            f"{data.n_classes} classes",
            f"{data.n_folds} fold{'s' if data.n_folds > 1 else ''}",
            f"{len(result.settings)} setting{'s' if len(result.settings) > 1 else ''} of "
            f"{_model(result)} by method {result.method}",
            f"seed {data.seed}",
        ]
    )


def _model(result: TuneResult) -> str:
    """Return what was tuned, in short: the class alone of what has many parameters."""
    name = result.model if len(result.model) <= _LONGEST_VALUE else result.model.partition("(")[0]
    return printable(name, _LONGEST_VALUE)


def _cautions(result: TuneResult) -> list[str]:
    """Say that the search was not finished, and what is unfair about its comparison."""
    n_measured = sum(len(comparison.rows) for comparison in result.rounds)
    notes = [] if result.finished else [
        f"The search was interrupted after {n_measured} fit{'s' if n_measured > 1 else ''}: a setting that it has not "
        "tried, or not on every fold, may be better."
    ]  # fmt: skip
    return [f"Caution: {printable(note)}" for note in (*notes, *result.notes, *result.rounds[0].notes)]


def _score_cell(standing: Standing | None, metric: str, n_folds: int) -> str:
    if standing is None or math.isnan(standing.mean[metric]):
        return "failed"
    text = score_text(standing.mean[metric], standing.std[metric])
    return text if standing.complete else f"{text} ({standing.n_scored} of {n_folds} folds)"


def _notes(result: TuneResult) -> list[str]:
    """Return a line for each distinct failure and warning, with the settings that it befell."""
    befell: dict[tuple[str, str], list[str]] = {}
    for comparison in result.rounds:
        for row in comparison.rows:
            errors = [("failed with", row.error)] if row.error is not None else []
            for kind, message in [*errors, *(("warned of", warning) for warning in row.warnings)]:
                names = befell.setdefault((kind, printable(message, _LONGEST_NOTE)), [])
                if row.estimator not in names:
                    names.append(row.estimator)
    return [f"{_listed(names)} {kind} {message}" for (kind, message), names in befell.items()]


def _listed(names: list[str]) -> str:
    shown = "; ".join(printable(name) for name in names[:_MOST_NAMES])
    return f"{shown}; and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else shown


def verdict(result: TuneResult) -> str:
    """Name the best setting, say how sure that is, and that its score was chosen for being high.

    Parameters
    ----------
    result : TuneResult
        The search.

    Returns
    -------
    text : str
        A few sentences. Settings cannot be told apart where `ComparisonResult.pairwise` says so.
    """
    ranking = result.ranking()
    best = ranking[0].standing
    metric = result.metrics[0]
    folds = f"over {result.n_folds} folds" if result.n_folds > 1 else "on one split"
    title = metric_title(metric) if result.n_folds == 1 else f"mean {metric_title(metric)}"
    if not best.complete:
        return "No best setting: none has a score in every fold."
    value = score_text(best.mean[metric], best.std[metric])
    if len(ranking) == 1:
        return f"{printable(best.estimator)} has a {title} of {value} {folds}; there is no other."
    rivals = [ranked.standing for ranked in ranking[1:] if ranked.in_last and ranked.standing.complete]
    equal = [rival.estimator for rival in rivals if rival.mean[metric] == best.mean[metric]]
    sentences = [f"{printable(best.estimator)} has the highest {title}, {value} {folds}."]
    if equal:
        sentences.append(f"So {'have' if len(equal) > 1 else 'has'} {_listed(equal)}: the earlier setting goes first.")
    sentences += _how_sure(result, best.estimator, len(rivals))
    sentences += _at_the_end(result, best.estimator)
    sentences.append(
        f"The score is the best of {len(result.settings)} on the same pictures, so expect a little less on new ones; "
        "measure the chosen model on pictures that the search has not seen."
    )
    return " ".join(sentences)


def _how_sure(result: TuneResult, best: str, n_rivals: int) -> list[str]:
    """Say of how many others the best cannot be told apart, on the pictures on which they can be compared."""
    if n_rivals == 0:
        return []
    last = next(comparison for _, comparison in result._comparable_rounds())
    pairs = last.pairwise()
    own = pairs[(pairs["first"] == best) | (pairs["second"] == best)]
    if own["p_value"].isna().all():
        return ["A single split does not tell how sure that is."] if result.n_folds == 1 else []
    where = on_what(result.n_folds)
    level = int((~own["differ"].astype(bool)).sum())
    if level == 0:
        return [f"It is better than {'each of the others' if n_rivals > 1 else 'the other'} {where}."]
    if n_rivals == 1:
        return [f"It cannot be told apart from the other {where}."]
    others = f"any of the {n_rivals} others" if level == n_rivals else f"{level} of the {n_rivals} others"
    return [f"It cannot be told apart from {others} {where}."]


def _at_the_end(result: TuneResult, best: str) -> list[str]:
    """Say where the best value is the smallest or the largest that was tried."""
    sentences = []
    for full, name in result.parameters.items():
        values = result.space[full]
        # What a search draws from a range never reaches its ends.
        if not isinstance(values, list) or not all(
            isinstance(value, (int, float)) and not isinstance(value, bool) for value in values
        ):
            continue
        tried = sorted(set(values))
        chosen = result.settings[best][full]
        if len(tried) < 3 or chosen not in (tried[0], tried[-1]):
            continue
        end = "smallest" if chosen == tried[0] else "largest"
        sentences.append(
            f"{printable(name)}={shown_value(chosen)} is the {end} value tried: beyond it may be a better one."
        )
    return sentences
