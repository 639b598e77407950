"""What a template shows of a network's training: loss and metrics, epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from skimgrec.model_selection._standings import FoldRow
from skimgrec.model_selection._text import metric_title
from skimgrec.reporting._scales import Scale, linear_ticks, log_ticks, score_axis_title, score_scale
from skimgrec.reporting._source import ReportSource

_VALIDATION = "val_"
# The loss and what else is recorded first, usually the accuracy.
_MOST_PANELS = 2
# Lines of more folds hide one another; a line of 500 pixels shows no more points.
MOST_FOLDS, _MOST_POINTS = 10, 120
_SIZES = {"wide": (500, 290), "narrow": (350, 270)}
# A loss is drawn on a logarithmic axis from this ratio of its largest to its smallest value.
_WIDE = 300.0


def training_content(source: ReportSource, name: str) -> dict[str, Any] | None:
    """Return the training curves of a model in its folds, None if no fold has kept a history.

    Parameters
    ----------
    source : ReportSource
        What is reported on.
    name : str
        Of the model.

    Returns
    -------
    content : dict or None
        With `said` in words, `charts`, `header` and `rows` of the numbers in a table, and `has_validation` and
        `has_best`, which of the marks there are.
    """
    rows = [row for row in source.result.rows if row.estimator == name and row.history]
    drawn = rows[:MOST_FOLDS]
    panels = _panels(drawn)
    if not panels:
        return None
    n_epochs = {row.fold: max(len(values) for values in (row.history or {}).values()) for row in rows}
    has_validation = any(quantity.startswith(_VALIDATION) for row in rows for quantity in row.history or {})
    kept = [row.best_epoch for row in rows if row.best_epoch is not None]
    return {
        "said": _said(source, rows, list(n_epochs.values()), kept, has_validation=has_validation),
        "charts": [_chart(drawn, quantity, max(n_epochs.values())) for quantity in panels],
        "header": [
            "fold",
            "epochs",
            *(["kept"] if kept else []),
            *(f"{quantity}{where}" for quantity in map(metric_title, panels) for where in _wheres(has_validation)),
        ],
        "rows": [_numbers(row, panels, n_epochs[row.fold], bool(kept), has_validation) for row in rows],
        "has_validation": has_validation,
        "has_best": bool(kept),
    }


def _panels(rows: Sequence[FoldRow]) -> list[str]:
    """Return the quantities to draw: those with a number in some epoch, the loss first."""
    found = dict.fromkeys(
        quantity.removeprefix(_VALIDATION)
        for row in rows
        for quantity, values in (row.history or {}).items()
        if any(map(math.isfinite, values))
    )
    return sorted(found, key=lambda quantity: quantity != "loss")[:_MOST_PANELS]


def _wheres(has_validation: bool) -> tuple[str, ...]:
    return (", training", ", validation") if has_validation else ("",)


def _said(
    source: ReportSource, rows: Sequence[FoldRow], n_epochs: Sequence[int], kept: Sequence[int], *, has_validation: bool
) -> str:
    """Say in words what the curves show, and what early stopping kept."""
    n_folds = source.result.n_folds
    beside = f" Of {n_folds} folds, {len(rows)} kept such a record." if len(rows) < n_folds else ""
    beside += f" Drawn are the first {MOST_FOLDS} of {len(rows)} folds." if len(rows) > MOST_FOLDS else ""
    lines = "One line for each fold" if len(rows) > 1 else "The one fold"
    if not has_validation:
        return (
            f"{lines}, over {_range(n_epochs)} epochs, on the pictures learnt from alone: how well it does on others, "
            f"these curves do not tell.{beside}"
        )
    by_heart = any("val_loss" in (row.history or {}) for row in rows)
    return " ".join(
        [
            f"{lines}, solid on the pictures learnt from, dashed on validation pictures, which are none of those that "
            "the fold tests on.",
            *(
                ["Where the dashed loss rises while the solid one falls, the network learns its pictures by heart."]
                if by_heart
                else []
            ),
            f"Training ended after {_range(n_epochs)} epochs, and early stopping kept the weights of epoch "
            f"{_range(kept)}, the best on validation pictures.{beside}"
            if kept
            else f"Training took {_range(n_epochs)} epochs, and kept the weights of the last one.{beside}",
        ]
    )


def _range(numbers: Iterable[int]) -> str:
    """Return a range of numbers in words.

    Examples
    --------
    >>> _range([7, 5, 9]), _range([5, 5])
    ('5 to 9', '5')
    """
    low, high = min(known := list(numbers)), max(known)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _chart(rows: Sequence[FoldRow], quantity: str, n_epochs: int) -> dict[str, Any]:
    """Return a chart of one quantity, in training and in validation, for wide pages and for phones."""
    return {
        "title": f"{metric_title(quantity)} in each epoch",
        "sizes": {size: draw(rows, quantity, n_epochs, *pixels) for size, pixels in _SIZES.items()},
    }


def draw(rows: Sequence[FoldRow], quantity: str, n_epochs: int, width: int, height: int) -> dict[str, Any]:
    """Return the marks of a chart of training curves.

    Parameters
    ----------
    rows : sequence of FoldRow
        With their history.
    quantity : str
        What to draw, without ``val_``.
    n_epochs : int
        How many epochs the longest training had.
    width, height : int
        Of the chart, in pixels.
    """
    left, top, right, bottom = 60, 12, width - 14, height - 46
    both = (quantity, _VALIDATION + quantity)
    values = [value for row in rows for name in both for value in (row.history or {}).get(name, [])]
    scale = _loss_scale(values, bottom, top) if quantity == "loss" else score_scale(values, quantity, bottom, top)
    epochs = Scale(
        low=1,
        high=max(2, n_epochs),
        start=left + 8,
        end=right - 8,
        ticks=[(tick, f"{tick:,}") for tick in _epoch_ticks(n_epochs)],
    )
    lines, dots = [], []
    for row in rows:
        for name, where in zip(both, ("training", "validation"), strict=True):
            curve = (row.history or {}).get(name, [])
            path = _path(curve, epochs, scale)
            if path:
                lines.append({"kind": where, "path": path, "text": f"fold {row.fold + 1}, {where}"})
        judged = (row.history or {}).get(both[1]) or (row.history or {}).get(quantity) or []
        if row.best_epoch is not None and row.best_epoch <= len(judged) and math.isfinite(judged[row.best_epoch - 1]):
            value = judged[row.best_epoch - 1]
            text = f"fold {row.fold + 1} kept epoch {row.best_epoch}: {value:.4g}"
            dots.append({"x": epochs.at(row.best_epoch), "y": scale.at(value), "text": text})
    y_title = score_axis_title(quantity, scale)
    if quantity == "loss":
        y_title = "loss" if scale.bend is float else "loss, logarithmic"
    return {
        "width": width,
        "height": height,
        "box": (left, top, right, bottom),
        "x": epochs.marks(apart=0),
        "y": scale.marks(apart=20),
        "x_title": "epoch",
        "y_title": y_title,
        "lines": lines,
        "dots": dots,
    }


def _epoch_ticks(n_epochs: int) -> list[int]:
    """Return whole numbers, the first and the last epoch before others, which give way to them.

    Examples
    --------
    >>> _epoch_ticks(30), _epoch_ticks(3), _epoch_ticks(1)
    ([1, 30, 5, 10, 15, 20, 25, 30], [1, 3, 1, 2, 3], [1])
    """
    if n_epochs <= 1:
        return [1]
    between = [tick for tick in linear_ticks(1, n_epochs) if tick == int(tick)]
    return [1, n_epochs, *map(int, between)]


def _loss_scale(values: Sequence[float], start: float, end: float) -> Scale:
    """Return an axis for losses, logarithmic where they differ very much."""
    known = [value for value in values if math.isfinite(value)]
    low, high = min(known), max(known)
    if low > 0 and high >= _WIDE * low:
        low, high = low / 1.3, high * 1.3
        ticks = [(tick, f"{tick:g}") for tick in log_ticks(low, high)]
        return Scale(low=low, high=high, start=start, end=end, ticks=ticks, bend=math.log10)
    pad = 0.06 * (high - low) or 0.05 * abs(high) or 0.05
    # Most losses cannot be below 0.
    low, high = (max(0.0, low - pad) if low >= 0 else low - pad), high + pad
    ticks = [(tick, f"{tick:g}") for tick in linear_ticks(low, high)]
    return Scale(low=low, high=high, start=start, end=end, ticks=ticks)


def _path(values: Sequence[float], epochs: Scale, scale: Scale) -> str:
    """Return a curve as a path, with gaps where there is no number; "" without any."""
    places = np.arange(len(values))
    if len(places) > _MOST_POINTS:
        places = np.unique(np.linspace(0, len(values) - 1, _MOST_POINTS).round().astype(int))
    parts, joined = [], False
    for place in places.tolist():
        known = math.isfinite(values[place])
        if known:
            x, y = epochs.at(place + 1), scale.at(values[place])
            # A point by itself is drawn as a line of no length with round ends.
            parts.append(f"L{x:g} {y:g}" if joined else f"M{x:g} {y:g}h0")
        joined = known
    return "".join(parts)


def _numbers(
    row: FoldRow, panels: Sequence[str], n_epochs: int, with_kept: bool, has_validation: bool
) -> list[dict[str, Any]]:
    """Return a fold's line of the table: its epochs, and its numbers in the epoch whose weights it has."""
    cells = [_cell(f"{row.fold + 1}", row.fold + 1), _cell(f"{n_epochs:,}", n_epochs)]
    if with_kept:
        cells.append(_cell("-" if row.best_epoch is None else f"{row.best_epoch:,}", row.best_epoch))
    epoch = row.best_epoch or n_epochs
    for quantity in panels:
        for name in (quantity, _VALIDATION + quantity)[: 1 + has_validation]:
            values = (row.history or {}).get(name, [])
            value = values[epoch - 1] if epoch <= len(values) else math.nan
            cells.append(_cell(f"{value:.4g}" if math.isfinite(value) else "-", value))
    return cells


def _cell(text: str, value: float | None) -> dict[str, Any]:
    return {"text": text, "value": value if value is not None and math.isfinite(value) else None}
