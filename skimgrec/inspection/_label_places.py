"""Names beside points, placed so that they cover neither each other nor a point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

# In points: from a point to the name beside it, between two names, and of a point.
_GAP = 8.0
_AIR = 3.0
_RADIUS = 3.0
# How far names are looked for a place, in steps of so many points; further off than the first, a thin line leads there.
_STEP = 9.0
_N_STEPS = 40
_LEADING = 17.0
# Directions are tried in this order: right, left, then the others.
_ANGLES = np.deg2rad([35, -35, 145, -145, 0, 180, 90, -90, 65, -65, 115, -115])
_N_ON_A_LINE = 12


def label_points(
    ax: Any,
    points: NDArray[np.float64],
    names: Sequence[str],
    colors: Sequence[Any],
    *,
    line: NDArray[np.float64] | None = None,
    fontsize: float = 9,
) -> list[Any]:
    """Write a name beside each point, at the nearest place that is free.

    Parameters
    ----------
    ax : matplotlib Axes
        Whose limits and scales are final.
    points : ndarray of shape (n, 2)
        In data coordinates.
    names : sequence of str
        Of the points; those that come first have the first choice. They are written as they are, not as formulas.
    colors : sequence
        Of the names.
    line : ndarray of shape (m, 2), default=None
        The corners of a line of level and upright parts, in data coordinates. Names cover it only where the next free
        place is far.
    fontsize : float, default=9
        In points.

    Returns
    -------
    texts : list of Annotation
        Where no place is free, at the first that was tried.
    """
    figure = ax.figure.canvas.figure
    figure.draw_without_rendering()
    scale = figure.dpi / 72
    spots = ax.transData.transform(points)
    frame = ax.get_window_extent()
    radius = _RADIUS * scale
    taken = [np.concatenate([spots - radius, spots + radius], axis=1)]
    parts = np.empty((0, 4))
    if line is not None and len(line):
        ends = ax.transData.transform(line)
        parts = np.concatenate([np.minimum(ends[:-1], ends[1:]), np.maximum(ends[:-1], ends[1:])], axis=1)
    texts = []
    for spot, point, name, color in zip(spots, points, names, colors, strict=True):
        style = {"textcoords": "offset points", "annotation_clip": False}
        text = ax.annotate(
            name, point, (0, 0), color=color, fontsize=fontsize, ha="left", va="bottom", parse_math=False, **style
        )
        text.set_in_layout(False)
        box = text.get_window_extent()
        size = np.array([box.width, box.height])
        corner, lead = _free_corner(spot, size, frame, np.concatenate(taken), parts, scale)
        # In points, so that it also holds in a file of more dots per inch.
        text.set_position(tuple((corner - spot) / scale))
        taken.append(np.concatenate([corner, corner + size])[None])
        if lead is not None:
            stroke = {"arrowstyle": "-", "color": color, "linewidth": 0.6, "alpha": 0.6, "shrinkA": 0, "shrinkB": 4}
            ax.annotate("", point, tuple((lead[-1] - spot) / scale), arrowprops=stroke, **style).set_in_layout(False)
            taken.append(np.concatenate([lead, lead], axis=1))
        texts.append(text)
    return texts


def _free_corner(
    spot: NDArray[np.float64],
    size: NDArray[np.float64],
    frame: Any,
    taken: NDArray[np.float64],
    parts: NDArray[np.float64],
    scale: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Return the lower left corner of a name's box, and the points of the line that leads there, None if it is near."""
    angles = np.tile(_ANGLES, _N_STEPS)
    radii = np.repeat((_GAP + _STEP * np.arange(_N_STEPS)) * scale, len(_ANGLES))
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    # A box to the right of its point starts where the direction leads, one to the left ends there.
    anchors = spot + radii[:, None] * directions
    share = np.where(np.abs(directions) < 0.3, 0.5, np.where(directions > 0, 0.0, 1.0))
    corners = anchors - share * size
    boxes = np.concatenate([corners, corners + size], axis=1)
    air = _AIR * scale
    free = (
        (boxes[:, 0] >= frame.x0 + air)
        & (boxes[:, 1] >= frame.y0 + air)
        & (boxes[:, 2] <= frame.x1 - air)
        & (boxes[:, 3] <= frame.y1 - air)
        & ~_overlap(boxes, taken, air)
    )
    clear = free & ~_overlap(boxes, parts, air)
    near = radii <= _LEADING * scale
    for good in (clear & near, free & near):
        if good.any():
            return corners[good.argmax()], None
    along = np.linspace(0.0, 1.0, _N_ON_A_LINE)[1:, None]
    # The last time, lines may cross: better than a name on a name.
    for places, crossing in ((clear, False), (free, False), (free, True)):
        for position in np.flatnonzero(places):
            lead = spot + along * (anchors[position] - spot)
            outside = lead[np.hypot(*(lead - spot).T) > 1.5 * (_RADIUS + _AIR) * scale]
            if crossing or not _overlap(np.concatenate([outside, outside], axis=1), taken, air).any():
                return corners[position], lead
    return corners[0], None


def _overlap(boxes: NDArray[np.float64], taken: NDArray[np.float64], air: float) -> NDArray[np.bool_]:
    """Tell which boxes come near any that is taken; both have the columns left, bottom, right, top."""
    apart = (
        (boxes[:, None, 0] >= taken[None, :, 2] + air)
        | (boxes[:, None, 2] <= taken[None, :, 0] - air)
        | (boxes[:, None, 1] >= taken[None, :, 3] + air)
        | (boxes[:, None, 3] <= taken[None, :, 1] - air)
    )
    return np.logical_not(apart.all(axis=1))
