"""Names beside the points of a chart, where there is room for them."""

from __future__ import annotations

from collections.abc import Sequence

from skimgrec.reporting._scales import short, width_of

_HEIGHT, _GAP, _LONGEST = 15.0, 8.0, 180.0
# The line that joins points leaves them to the right, and reaches them from below.
_ON_LINE = ("above left", "left", "above", "above right", "below right", "right", "below", "below left")
Box = tuple[float, float, float, float]


def place_names(
    points: Sequence[tuple[float, float]], names: Sequence[str], box: Box, *, n_on_line: int = 0
) -> list[dict[str, object] | None]:
    """Return where each point's name can stand without touching another name or a point.

    Parameters
    ----------
    points : sequence of tuple of (float, float)
        The points, the most important first, in pixels from the upper left.
    names : sequence of str
        Their names.
    box : tuple of float
        Left, top, right and bottom of what there is room in.
    n_on_line : int, default=0
        How many of them lie on a line that comes from below and goes on to the right. Their names keep clear of it.

    Returns
    -------
    places : list of dict or None
        For each point `x`, `y` (of the baseline), `anchor` and `text` of its name, None where there is no room.
    """
    taken: list[Box] = [(x - 5, y - 5, x + 5, y + 5) for x, y in points]
    places: list[dict[str, object] | None] = []
    for number, ((x, y), name) in enumerate(zip(points, names, strict=True)):
        text = short(name, _LONGEST)
        wide = width_of(text)
        found = None
        beside = {
            "right": ("start", x + _GAP, y),
            "left": ("end", x - _GAP - wide, y),
            "above": ("middle", x - wide / 2, y - _HEIGHT),
            "below": ("middle", x - wide / 2, y + _HEIGHT),
            "above right": ("start", x + _GAP, y - _HEIGHT * 0.8),
            "below right": ("start", x + _GAP, y + _HEIGHT * 0.8),
            "above left": ("end", x - _GAP - wide, y - _HEIGHT * 0.8),
            "below left": ("end", x - _GAP - wide, y + _HEIGHT * 0.8),
        }
        for anchor, left, middle in map(beside.__getitem__, _ON_LINE if number < n_on_line else beside):
            own = (left, middle - _HEIGHT / 2, left + wide, middle + _HEIGHT / 2)
            inside = own[0] >= box[0] and own[1] >= box[1] and own[2] <= box[2] and own[3] <= box[3]
            if inside and not any(_touch(own, other) for other in taken):
                taken.append(own)
                at = {"start": left, "end": left + wide, "middle": x}[anchor]
                found = {"x": round(at, 1), "y": round(middle + 4.5, 1), "anchor": anchor, "text": text}
                break
        places.append(found)
    return places


def spread_out(heights: Sequence[float], apart: float, low: float, high: float) -> list[float]:
    """Return heights near the given ones that are at least so far apart, as far as there is room for it.

    Parameters
    ----------
    heights : sequence of float
        Where things would stand by themselves.
    apart : float
        How much room each needs.
    low, high : float
        Between which they stand.

    Examples
    --------
    >>> spread_out([10.0, 12.0, 50.0], 10.0, 0.0, 100.0)
    [10.0, 20.0, 50.0]
    """
    order = sorted(range(len(heights)), key=lambda number: heights[number])
    apart = min(apart, (high - low) / max(1, len(heights) - 1))
    placed = list(heights)
    floor = low
    for number in order:
        placed[number] = max(placed[number], floor)
        floor = placed[number] + apart
    ceiling = high
    for number in reversed(order):
        placed[number] = round(min(placed[number], ceiling), 1)
        ceiling = placed[number] - apart
    return placed


def _touch(first: Box, second: Box) -> bool:
    return first[0] < second[2] and second[0] < first[2] and first[1] < second[3] and second[1] < first[3]
