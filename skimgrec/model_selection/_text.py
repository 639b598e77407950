"""Numbers and names as people read them."""

from __future__ import annotations

import math

from skimgrec.utils._shown import escaped, is_share

_TITLES = {"f1_macro": "macro F1", "f1_micro": "micro F1", "f1_weighted": "weighted F1", "roc_auc": "ROC AUC"}


def metric_title(metric: str) -> str:
    """Return a metric's name as people write it."""
    return _TITLES.get(metric, printable(metric.replace("_", " ")))


def score_text(mean: float, std: float) -> str:
    """Return "0.986 ± 0.006", or the mean alone where there is no spread."""
    return f"{mean:.3f}" if math.isnan(std) else f"{mean:.3f} ± {std:.3f}"


def interval_text(value: float, low: float, high: float) -> str:
    """Return "0.953 (0.948 to 0.958)", or the value alone where there is no interval."""
    return f"{value:.3f}" if math.isnan(low) else f"{value:.3f} ({low:.3f} to {high:.3f})"


def difference_text(difference: float, metric: str, *, unit: bool = True) -> str:
    """Return how much one score exceeds another: "3.1 points" of a share of 1, else the number.

    Examples
    --------
    >>> difference_text(0.0312, "accuracy"), difference_text(0.25, "neg_log_loss")
    ('3.1 points', '0.25')
    """
    if not is_share(metric):
        return f"{difference:.3g}"
    return f"{100 * difference + 0.0:.1f}{' points' if unit else ''}"


def on_what(n_folds: int) -> str:
    """Return what classifiers were told apart on.

    Examples
    --------
    >>> on_what(5), on_what(1)
    ('on these folds', 'on these test pictures')
    """
    return "on these folds" if n_folds > 1 else "on these test pictures"


def times_text(ratio: float) -> str:
    """Return a ratio of times with the digits that such a ratio deserves.

    Examples
    --------
    >>> [times_text(ratio) for ratio in (2.345, 38.7, 1234.0)]
    ['2.3', '39', '1,200']
    """
    if ratio < 10:
        return f"{ratio:.1f}"
    return f"{float(f'{ratio:.2g}'):,.0f}"


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


def rate_text(per_second: float) -> str:
    """Return how many there are in a second with the digits that such a rate deserves, "-" for NaN.

    Examples
    --------
    >>> [rate_text(rate) for rate in (0.123, 4.56, 78.9, 45678.0, float("nan"))]
    ['0.12', '4.6', '79', '45,700', '-']
    """
    if math.isnan(per_second):
        return "-"
    digits = 2 if per_second < 1 else 1 if per_second < 10 else 0
    return f"{float(f'{per_second:.3g}'):,.{digits}f}"


def memory_text(n_bytes: float) -> str:
    """Return a size in memory in a unit that reads well, "-" for NaN.

    Examples
    --------
    >>> [memory_text(size) for size in (0.0, 345e3, 12.3e6, 4.56e9, float("nan"))]
    ['<1 MB', '<1 MB', '12 MB', '4.6 GB', '-']
    """
    if math.isnan(n_bytes):
        return "-"
    if n_bytes < 1e6:
        return "<1 MB"
    return f"{n_bytes / 1e6:.0f} MB" if n_bytes < 1e9 else f"{n_bytes / 1e9:.1f} GB"


def printable(text: object, longest: int | None = None) -> str:
    """Return text on one line, with control characters spelt out, cut after `longest` characters."""
    line = escaped(" ".join(str(text).split()))
    return line if longest is None or len(line) <= longest else line[: longest - 1] + "…"
