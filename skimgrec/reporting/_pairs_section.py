"""Every classifier against every other: how far apart they are, and how sure that is."""

from __future__ import annotations

import math
from typing import Any

from skimgrec.model_selection._pairwise import Pair, left_out
from skimgrec.model_selection._text import difference_text, metric_title, on_what, printable
from skimgrec.reporting._section import Section
from skimgrec.reporting._shelf import PictureShelf
from skimgrec.reporting._source import ReportSource
from skimgrec.utils._shown import is_share

# The best so many have a row and a column; more fit on no screen.
MOST_MODELS = 30
_MOST_WORDS = 8


def build(source: ReportSource, shelf: PictureShelf) -> Section | None:
    """Return the section with the matrix, None with fewer than two classifiers to compare."""
    pairs = source.pairs
    if not pairs:
        return None
    ranked = list(dict.fromkeys(name for pair in pairs for name in (pair.first, pair.second)))
    names = ranked[:MOST_MODELS]
    metric = source.metric
    missing = left_out(source.result, metric)
    return Section(
        id="pairs",
        title="Pairs",
        template="pairs.html.j2",
        content={
            "names": [{"number": number, "name": printable(name)} for number, name in enumerate(names, start=1)],
            "rows": matrix(pairs, names, metric),
            "compact": len(names) > _MOST_WORDS,
            "metric": metric_title(metric),
            "unit": " in percentage points" if is_share(metric) else "",
            "left_out": [printable(name) for name in missing],
        },
        summary=_summary(source, pairs, len(ranked)),
    )


def _summary(source: ReportSource, pairs: list[Pair], n_models: int) -> str:
    n_differ = sum(pair.differ for pair in pairs)
    untold = sum(math.isnan(pair.test.p_value) for pair in pairs)
    methods = list(dict.fromkeys(pair.test.method for pair in pairs))
    parts = [
        f"Of {len(pairs):,} pair{'s' if len(pairs) > 1 else ''}, {n_differ:,} can be told apart "
        f"{on_what(source.result.n_folds)}, by {' or '.join(methods)}, with p-values adjusted for the number of pairs "
        "by Holm's method and a limit of 0.05."
        if untold < len(pairs)
        else "On these test pictures no pair can be tested in this metric: the differences alone are shown."
    ]
    if n_models > MOST_MODELS:
        parts.append(f"The {MOST_MODELS} best of {n_models} models have a row; `pairwise()` has all pairs.")
    return " ".join(parts)


def matrix(pairs: list[Pair], names: list[str], metric: str) -> list[dict[str, Any]]:
    """Return a row for each classifier with a cell for each other one: how far the row's is ahead of the column's.

    Parameters
    ----------
    pairs : list of Pair
        All pairs, the better one first.
    names : list of str
        Which classifiers, in this order.
    metric : str
        What they differ in.

    Returns
    -------
    rows : list of dict
        With `name`, and `cells`, None on the diagonal and for what was not compared. A cell has the `difference`, its
        `interval`, its `p` value, all as text, what they say in a sentence, and `kind`: "better", "worse", "level"
        for what cannot be told apart, or "untold".
    """
    known = {(pair.first, pair.second): pair for pair in pairs}
    rows = []
    for number, name in enumerate(names, start=1):
        cells: list[dict[str, str] | None] = []
        for other in names:
            if (name, other) in known:
                cells.append(_cell(known[name, other], metric, turned=False))
            elif (other, name) in known:
                cells.append(_cell(known[other, name], metric, turned=True))
            else:
                cells.append(None)
        rows.append({"number": number, "name": printable(name), "cells": cells})
    return rows


def _cell(pair: Pair, metric: str, *, turned: bool) -> dict[str, str]:
    test, sign = pair.test, -1 if turned else 1
    low, high = (-test.high, -test.low) if turned else (test.low, test.high)
    ours, theirs = (pair.second, pair.first) if turned else (pair.first, pair.second)
    difference = sign * test.difference
    shown = _signed(difference, metric)
    interval = "" if math.isnan(low) else f"{_signed(low, metric)} to {_signed(high, metric)}"
    p = "" if math.isnan(pair.adjusted_p_value) else p_text(pair.adjusted_p_value)
    kind = "untold" if not p else "level" if not pair.differ else "better" if difference > 0 else "worse"
    way = "is ahead of" if difference > 0 else "is behind" if difference < 0 else "is level with"
    by = f" by {difference_text(abs(difference), metric)}" if difference else ""
    says = {
        "better": "The two can be told apart.",
        "worse": "The two can be told apart.",
        "level": "The two cannot be told apart.",
        "untold": "How sure that is cannot be told.",
    }[kind]
    numbers = f" (95 % interval {interval}; adjusted {p})" if p and interval else f" (adjusted {p})" if p else ""
    return {
        "difference": shown,
        "interval": interval,
        "p": p,
        "kind": kind,
        "says": f"{printable(ours)} {way} {printable(theirs)}{by}{numbers}. {says}",
    }


def _signed(difference: float, metric: str) -> str:
    text = difference_text(difference, metric, unit=False)
    if not text.strip("-0."):
        return text.lstrip("-")
    return f"+{text}" if difference > 0 else text.replace("-", "\N{MINUS SIGN}", 1)


def p_text(p_value: float) -> str:
    """Return a p-value with the digits that it deserves.

    Examples
    --------
    >>> [p_text(p_value) for p_value in (0.0000123, 0.0123, 0.5, 1.0)]
    ['p < 0.001', 'p = 0.012', 'p = 0.50', 'p = 1']
    """
    if p_value < 0.001:
        return "p < 0.001"
    if p_value >= 0.9995:
        return "p = 1"
    return f"p = {p_value:.3f}" if p_value < 0.1 else f"p = {p_value:.2f}"
