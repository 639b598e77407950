"""Where numbers lie on the axes of a chart, and which of them the axes name."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from skimgrec.model_selection._text import duration, metric_title
from skimgrec.utils._shown import is_share

# An axis is logarithmic from this ratio of its largest to its smallest value.
WIDE = 8.0
# Width of a letter of a chart's text, in pixels: that of a wide font.
LETTER = 7.6
_ROUND_SHARES = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9998, 0.9999)


@dataclass(frozen=True, kw_only=True)
class Scale:
    """An axis: pixels from numbers.

    Parameters
    ----------
    low, high : float
        The numbers at its ends.
    start, end : float
        The pixels there.
    ticks : list of tuple of (float, str)
        Numbers that it names, and how.
    bend : callable
        What makes a number one that is drawn in proportion, such as its logarithm.
    """

    low: float
    high: float
    start: float
    end: float
    ticks: list[tuple[float, str]]
    bend: Callable[[float], float] = float

    def at(self, value: float) -> float:
        """Return where a number lies, in pixels; what lies outside is brought to the nearer end."""
        low, high, here = self.bend(self.low), self.bend(self.high), self.bend(min(max(value, self.low), self.high))
        share = 0.5 if high == low else (here - low) / (high - low)
        return round(self.start + share * (self.end - self.start), 1)

    def marks(self, *, apart: float) -> list[dict[str, object]]:
        """Return the ticks as places and texts, without those whose texts would touch.

        Parameters
        ----------
        apart : float
            How many pixels a tick needs, and beyond that each letter of its text if it is 0.
        """
        kept: list[dict[str, object]] = []
        taken: list[tuple[float, float]] = []
        for value, text in self.ticks:
            at = self.at(value)
            half = apart / 2 if apart else (cell_len(text) * LETTER + 12) / 2
            if all(at + half <= left or at - half >= right for left, right in taken):
                taken.append((at - half, at + half))
                kept.append({"at": at, "text": text})
        return kept


def linear_ticks(low: float, high: float, n_steps: int = 6) -> list[float]:
    """Return round numbers from `low` to `high`, no more than `n_steps` steps apart.

    Examples
    --------
    >>> linear_ticks(0.81, 0.93)
    [0.82, 0.84, 0.86, 0.88, 0.9, 0.92]
    >>> linear_ticks(5, 5)
    [5]
    """
    if not high > low:
        return [low]
    size = 10.0 ** math.floor(math.log10((high - low) / n_steps))
    step = next(size * factor for factor in (1, 2, 5, 10, 20) if (high - low) / (size * factor) <= n_steps + 1e-9)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    digits = max(0, -math.floor(math.log10(step) + 1e-9)) + 1
    return [round(number * step, digits) for number in range(first, last + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Return round numbers from `low` to `high`, powers of ten first, then their doubles and fives.

    Examples
    --------
    >>> log_ticks(0.05, 3)
    [0.1, 1.0, 0.05, 0.2, 0.5, 2.0]
    """
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    values = [*(10.0**power for power in powers), *(factor * 10.0**power for power in powers for factor in (2, 5))]
    return [float(f"{value:.6g}") for value in values if low * (1 - 1e-9) <= value <= high * (1 + 1e-9)]


def score_scale(values: Iterable[float], metric: str, start: float, end: float) -> Scale:
    """Return an axis for scores. Shares near 1 are told apart by the errors that are left, on a logarithmic scale.

    Parameters
    ----------
    values : iterable of float
        What it has to hold; NaN and infinity are left out.
    metric : str
        What they are.
    start, end : float
        Pixels of the low and of the high end.
    """
    known = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(known), max(known)
    if is_share(metric) and low >= 0 and high <= 1 and _errors_differ(known):
        return _error_scale(known, start, end)
    pad = 0.06 * (high - low) or 0.05 * abs(high) or 0.05
    low, high = low - pad, high + pad
    if is_share(metric) and min(known) >= 0 and max(known) <= 1:
        low, high = max(low, 0.0), min(high, 1.0)
    return Scale(
        low=low, high=high, start=start, end=end, ticks=[(tick, f"{tick:g}") for tick in linear_ticks(low, high)]
    )


def _errors_differ(shares: Sequence[float]) -> bool:
    left = [1 - share for share in shares if share < 1]
    return bool(left) and max(left) >= WIDE * min(left)


def _error_scale(shares: Sequence[float], start: float, end: float) -> Scale:
    errors = [1 - share for share in shares if share < 1]
    # A share of 1 leaves no errors, which has no logarithm: it lies a little beyond the best of the others.
    smallest = min(errors) / (2 if max(shares) == 1 else 1.15)
    low, high = max(0.0, 1 - 1.15 * max(errors)), 1 - smallest
    ticks = [(value, f"{value:g}") for value in _ROUND_SHARES if low <= value < high]
    if max(shares) == 1:
        ticks.append((high, "1"))
    return Scale(low=low, high=high, start=start, end=end, ticks=ticks[::-1], bend=lambda share: -math.log10(1 - share))


def score_axis_title(metric: str, scale: Scale) -> str:
    """Return what an axis of scores is called, and that its steps are not even where they are not."""
    return metric_title(metric) + ("" if scale.bend is float else ", stretched towards 1")


def time_scale(seconds: Iterable[float], start: float, end: float) -> Scale:
    """Return an axis for times, logarithmic where they differ much.

    Parameters
    ----------
    seconds : iterable of float
        What it has to hold. Times of 0 lie at its low end.
    start, end : float
        Pixels of its ends.
    """
    known = [value for value in seconds if math.isfinite(value)]
    above = [value for value in known if value > 0] or [1.0]
    low, high = min(above), max(above)
    if high >= WIDE * low:
        low, high = low / 1.4, high * 1.4
        ticks = [(value, _tick_of_time(value)) for value in _times(low, high)]
        return Scale(low=low, high=high, start=start, end=end, ticks=ticks, bend=math.log10)
    high *= 1.1
    unit = next((size for size in (3600.0, 60.0, 1.0) if high >= 2 * size), 1e-3)
    ticks = [(tick * unit, _tick_of_time(tick * unit)) for tick in linear_ticks(0.0, high / unit)]
    return Scale(low=0.0, high=high, start=start, end=end, ticks=ticks)


def _times(low: float, high: float) -> list[float]:
    whole = [value for value in (60.0, 600.0, 3600.0, 36000.0, 86400.0, 300.0, 1800.0) if low <= value <= high]
    return [*(value for value in log_ticks(low, min(high, 30.0)) if value <= high), *whole] if low < 30 else whole


def _tick_of_time(seconds: float) -> str:
    if seconds == 0:
        return "0"
    for unit, size in (("d", 86400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0), ("ms", 1e-3)):
        if seconds >= size * (1 - 1e-9):
            return f"{seconds / size:.4g} {unit}"
    return duration(seconds)


def count_scale(counts: Iterable[float], start: float, end: float) -> Scale:
    """Return an axis for numbers of pictures, logarithmic where they differ much; it names the numbers themselves.

    Parameters
    ----------
    counts : iterable of float
        The numbers.
    start, end : float
        Pixels of its ends.
    """
    known = sorted({value for value in counts if value > 0}) or [1.0]
    ticks = [(value, f"{round(value):,}") for value in known[::-1]]
    bend: Callable[[float], float] = math.log10 if known[-1] >= WIDE * known[0] else float
    return Scale(low=known[0], high=known[-1], start=start, end=end, ticks=ticks, bend=bend)


def short(text: str, width: float) -> str:
    """Return a name, cut to what has room in so many pixels.

    Examples
    --------
    >>> short("a very long name", 60)
    'a very…'
    """
    cells = max(2, int(width / LETTER))
    return text if cell_len(text) <= cells else set_cell_size(text, cells - 1).rstrip() + "…"


def width_of(text: str) -> float:
    """Return about how many pixels a text of a chart takes."""
    return cell_len(text) * LETTER
