"""How the learning rate changes while training goes on."""

from __future__ import annotations

import math

SCHEDULES = ("constant", "cosine", "one_cycle")

# Of the peak: where "one_cycle" starts, where it is highest, and where both schedules end and stay.
_START = 0.04
_PEAK_AT = 0.3
_END = 0.01


def rate_factor(schedule: str, position: float) -> float:
    """Return the learning rate as a part of its peak.

    Parameters
    ----------
    schedule : {"cosine", "one_cycle"}
    position : float
        Part of the planned steps that is done; from 1 on, the rate stays.

    Returns
    -------
    factor : float

    Examples
    --------
    >>> from skimgrec.neural_network._schedule import rate_factor
    >>> [round(rate_factor("one_cycle", position), 2) for position in (0, 0.15, 0.3, 0.65, 1, 2)]
    [0.04, 0.52, 1.0, 0.5, 0.01, 0.01]
    """
    position = min(position, 1.0)
    if schedule == "cosine":
        return _eased(1.0, _END, position)
    if position < _PEAK_AT:
        return _eased(_START, 1.0, position / _PEAK_AT)
    return _eased(1.0, _END, (position - _PEAK_AT) / (1 - _PEAK_AT))


def _eased(start: float, end: float, position: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * position)) / 2
