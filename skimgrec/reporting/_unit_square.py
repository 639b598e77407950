"""Curves from 0 to 1 in a square, as attributes of SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from skimgrec.reporting._calibration import Calibration

# In units of the picture: where the square begins, and its side.
LEFT, TOP, SIDE = 44.0, 10.0, 200.0
_SMALLEST_DOT, _LARGEST_DOT = 2.5, 7.0
_BARS = 34.0
_BARS_TOP = TOP + SIDE + 44.0


def x_of(value: float) -> float:
    """Return where a value from 0 to 1 lies from left to right."""
    return round(LEFT + SIDE * value, 1)


def y_of(value: float) -> float:
    """Return where a value from 0 to 1 lies from top to bottom."""
    return round(TOP + SIDE * (1 - value), 1)


def polyline(points: Sequence[tuple[float, float]]) -> str:
    """Return points as the attribute ``points`` of a line.

    Examples
    --------
    >>> polyline([(0, 0), (0.5, 1)])
    '44,210 144,10'
    """
    return " ".join(f"{x_of(x):g},{y_of(y):g}" for x, y in points)


def reliability_marks(found: Calibration) -> dict[str, Any]:
    """Return the dots, the line through them and the bars below them of a reliability diagram.

    Parameters
    ----------
    found : Calibration
        What is drawn.

    Returns
    -------
    marks : dict
        With `line`, `dots` (of `x`, `y`, `r`, whose area goes with the number of predictions) and `bars` (of `x`, `y`,
        `width`, `height`).
    """
    most = max(one.count for one in found.bins)
    return {
        "line": polyline([(one.stated, one.right) for one in found.bins]),
        "dots": [
            {
                "x": x_of(one.stated),
                "y": y_of(one.right),
                "r": round(max(_SMALLEST_DOT, _LARGEST_DOT * math.sqrt(one.count / most)), 1),
            }
            for one in found.bins
        ],
        "bars": [
            {
                "x": round(x_of(one.low) + 1, 1),
                "y": round(_BARS_TOP + _BARS * (1 - one.count / most), 1),
                "width": round(SIDE * (one.high - one.low) - 2, 1),
                "height": round(_BARS * one.count / most, 1),
            }
            for one in found.bins
        ],
    }
