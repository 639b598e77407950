"""Numbers and names as people read them."""

from __future__ import annotations

import math

_TITLES = {"f1_macro": "macro F1", "f1_micro": "micro F1", "f1_weighted": "weighted F1", "roc_auc": "ROC AUC"}


def metric_title(metric: str) -> str:
    """Return a metric's name as people write it."""
    return _TITLES.get(metric, printable(metric.replace("_", " ")))


def score_text(mean: float, std: float) -> str:
    """Return "0.986 ± 0.006", or the mean alone where there is no spread."""
    return f"{mean:.3f}" if math.isnan(std) else f"{mean:.3f} ± {std:.3f}"


def duration(seconds: float) -> str:
    """Return seconds in a unit that reads well, "-" for NaN.

    Examples
    --------
    >>> [duration(seconds) for seconds in (1e-6, 0.00042, 0.0123, 2.345, 61.0, 300.0, 7200.0, float("nan"))]
    ['<0.01 ms', '0.42 ms', '12 ms', '2.3 s', '61 s', '5.0 min', '2.0 h', '-']
    """
    if math.isnan(seconds):
        return "-"
    if seconds < 1e-5:
        return "<0.01 ms"
    for unit, size in (("h", 3600.0), ("min", 60.0), ("s", 1.0)):
        # Seconds stay readable for longer than one minute.
        if seconds >= size * (2 if unit == "min" else 1):
            break
    else:
        unit, size = "ms", 1e-3
    value = seconds / size
    digits = 0 if value >= 10 else 1 if value >= 1 else 2
    return f"{value:.{digits}f} {unit}"


def printable(text: object, longest: int | None = None) -> str:
    """Return text on one line, with control characters spelt out, cut after `longest` characters."""
    line = " ".join(str(text).split())
    line = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in line)
    return line if longest is None or len(line) <= longest else line[: longest - 1] + "…"
