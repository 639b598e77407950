"""How `ComparisonDisplay` draws: frames in, marks on Axes out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.inspection._label_places import label_points
from skimgrec.utils._shown import escaped, is_share

_COLOR, _GREY = "C0", "0.45"
_LONGEST_LABEL = 36
_LONGEST_IN_PLOT = 28
# More names than these below a plot are counted instead.
_MOST_NAMES = 3
# Estimators are taken off the scale if no more than this share of them makes it this many times as long.
_FEW = 0.25
_LONGER = 3.0
# An axis of times that spans less has ticks between the powers of ten.
_NARROW = 300


def figure_size(kind: str, summary: Any) -> tuple[float, float]:
    """Return the width and height of a figure in inches."""
    n = len(summary)
    label = 0.075 * max(map(len, shortened(summary.index)), default=0)
    if kind == "folds":
        return 5.0 + label, 1.2 + 0.34 * n
    if kind == "pairwise":
        n_complete = int(summary["complete"].sum())
        return max(5.0, 1.2 + label + 0.5 * n_complete), 1.5 + 0.7 * label + 0.36 * n_complete
    return min(7.2 + 0.25 * max(0, n - 8), 10.0), min(4.4 + 0.16 * max(0, n - 6), 8.0)


def draw_folds(ax: Any, summary: Any, folds: Any, metric_name: str) -> None:
    """Draw each fold's score, the means and their intervals, the best estimator on top."""
    scores = [folds.loc[folds["estimator"] == name, "score"].to_numpy(dtype=float) for name in summary.index]
    reach = [np.array([*of, row.low, row.high]) for of, row in zip(scores, summary.itertuples(), strict=True)]
    lowest = _lowest_shown(summary["mean"].to_numpy(dtype=float), reach)
    several = max(map(len, scores)) > 1
    for place, (of, row) in enumerate(zip(scores, summary.itertuples(), strict=True)):
        known = of[np.isfinite(of)]
        if not len(known):
            _note(ax, place, "failed")
        elif row.mean < lowest:
            _note(ax, place, f"◂ {row.mean:.3f}")
        else:
            if several:
                ax.plot(known, np.full(len(known), place - 0.2), "o", markersize=3.5, color="0.6", zorder=2)
            if np.isfinite([row.low, row.high]).all():
                ax.plot([row.low, row.high], [place, place], color=_COLOR, linewidth=2, solid_capstyle="butt", zorder=3)
            face = _COLOR if row.complete else "none"
            ax.plot(row.mean, place, "o", markersize=7, color=_COLOR, markerfacecolor=face, zorder=4)
    labels = [
        name + ("" if complete else f" ({np.isfinite(of).sum()} of {folds['fold'].nunique()})")
        for name, complete, of in zip(shortened(summary.index), summary["complete"], scores, strict=True)
    ]
    ax.set_yticks(range(len(labels)), labels, parse_math=False)
    ax.set_ylim(len(labels) - 0.5, -0.6)
    ax.set_xlabel(escaped(metric_name), parse_math=False)
    _cut_axis(ax, "x", lowest, reach)
    ax.grid(axis="x", alpha=0.25)
    ax.spines[["top", "right"]].set_visible(False)
    interval = bool(np.isfinite(summary["low"]).any())
    _say(ax, [*(["small: folds; large: their mean"] if several else []), *(["bar: 95 % interval"] if interval else [])])


def draw_times(ax: Any, summary: Any, front: Sequence[str], kind: str, metric_name: str) -> None:
    """Draw the mean score over the mean time, and the line of those that none other beats in both."""
    times = summary[kind].to_numpy(dtype=float)
    means = summary["mean"].to_numpy(dtype=float)
    known = np.isfinite(times) & np.isfinite(means)
    # Below the clock's resolution, a time is taken for 0, for which a logarithmic axis has no place.
    times = np.maximum(times, min(times[known & (times > 0)], default=1e-6))
    reach = [np.array([row.mean, row.low, row.high]) for row in summary[known].itertuples()]
    lowest = _lowest_shown(means[known], reach)
    ax.set_xscale("log")
    names = shortened(summary.index, _LONGEST_IN_PLOT)
    points, labels, colors = [], [], []
    chosen = [name in front for name in summary.index]
    # Those on the line come first, so that their names have the first choice of a place.
    for place in sorted(np.flatnonzero(known), key=lambda position: not chosen[position]):
        row = summary.iloc[place]
        color = _COLOR if chosen[place] else _GREY
        label = names[place]
        off = means[place] < lowest
        y = lowest if off else means[place]
        if not off and np.isfinite([row["low"], row["high"]]).all():
            ax.plot([times[place]] * 2, [row["low"], row["high"]], color=color, linewidth=1.2, alpha=0.5, zorder=2)
        ax.plot(
            times[place],
            y,
            "v" if off else "o",
            markersize=7,
            color=color,
            markerfacecolor=color if row["complete"] else "none",
            clip_on=False,
            zorder=4,
        )
        points.append((times[place], y))
        labels.append(
            f"{label} {means[place]:.3f}" if off else label if row["complete"] else f"{label} (not all folds)"
        )
        colors.append(color)
    line = sorted(np.flatnonzero(known & chosen), key=lambda position: (times[position], means[position]))
    heights = np.maximum(means[line], lowest)
    ax.plot(times[line], heights, drawstyle="steps-post", color=_COLOR, linewidth=1.2, alpha=0.6, zorder=1)
    _cut_axis(ax, "y", lowest, reach)
    _mark_times(ax, times[known])
    lacking = [name for name, has_both in zip(names, known, strict=True) if not has_both]
    missing = f"\nwithout a score: {_counted(lacking)}" if lacking else ""
    what = "fit" if kind == "fit_time" else "predict"
    ax.set_xlabel(f"mean time to {what} a fold{missing}", parse_math=False)
    ax.set_ylabel(escaped(metric_name), parse_math=False)
    ax.grid(alpha=0.25)
    ax.spines[["top", "right"]].set_visible(False)
    _say(ax, ["line: no other is both better and quicker"])
    if not points:
        ax.set_yticks([])
        _note(ax, 0, "no estimator has a score")
    else:
        corners = np.stack([np.repeat(times[line], 2)[1:], np.repeat(heights, 2)[:-1]], axis=1)
        label_points(ax, np.array(points), labels, colors, line=corners)


def draw_pairs(ax: Any, summary: Any, pairs: Any, metric: str, metric_name: str) -> None:
    """Draw the differences of all pairs as a triangle of numbers."""
    from matplotlib import colormaps
    from matplotlib.patches import Rectangle

    names = [name for name, complete in zip(summary.index, summary["complete"], strict=True) if complete]
    place = {name: position for position, name in enumerate(names)}
    share = is_share(metric)
    widest = max((abs(value) for value in pairs["difference"] if np.isfinite(value)), default=0.0) or 1.0
    shades = colormaps["Blues"]
    for pair in pairs.itertuples():
        column, row = sorted((place[pair.first], place[pair.second]))
        difference = pair.difference if place[pair.first] == column else -pair.difference
        # By its root, so that one that guesses does not leave all others pale.
        shade = 0.25 + 0.6 * np.sqrt(abs(difference) / widest) if pair.differ else 0.0
        color = shades(shade) if pair.differ else "0.94"
        ax.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=color, edgecolor="white", linewidth=1.5))
        ink = _GREY if not pair.differ else "white" if shade > 0.55 else "black"
        text = "-" if not np.isfinite(difference) else f"{100 * difference + 0.0:.1f}" if share else f"{difference:.2g}"
        ax.text(column, row, text, ha="center", va="center", fontsize=8, color=ink)
    shown = shortened(names)
    slant = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if max(map(len, shown[:-1])) > 6 else {}
    ax.set_xticks(range(len(names) - 1), shown[:-1], parse_math=False, **slant)
    ax.set_yticks(range(1, len(names)), shown[1:], parse_math=False)
    ax.set_xlim(-0.5, len(names) - 1.5)
    ax.set_ylim(len(names) - 0.5, 0.5)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    left_out = shortened(name for name in summary.index if name not in place)
    if left_out:
        ax.set_xlabel(f"without a score in every fold: {_counted(left_out)}", parse_math=False)
    unit = ", in points" if share else ""
    _say(
        ax,
        [
            f"{escaped(metric_name)}: lead of the column over the row{unit}",
            "blue: they differ; grey: cannot be told apart",
        ],
    )


def shortened(names: Iterable[object], longest: int = _LONGEST_LABEL) -> list[str]:
    """Return names on one line, long ones without their middle: beginnings and ends are what tells names apart.

    Where that makes two the same, they are cut later or not at all.
    """
    lines = [escaped(" ".join(str(name).split())) for name in names]
    for length in (longest, 2 * longest):
        head = length // 2
        cut = [line if len(line) <= length else f"{line[:head]}…{line[head + 1 - length :]}" for line in lines]
        if len(set(cut)) == len(set(lines)):
            return cut
    return lines


def _lowest_shown(means: NDArray[np.float64], reach: Sequence[NDArray[np.float64]]) -> float:
    """Return the lower end of the axis of scores, -inf where all have room on it.

    A few estimators far below the others, such as one that guesses, would leave no room to tell the others apart.
    """
    order = [position for position in np.argsort(-means, kind="stable") if np.isfinite(means[position])]
    ends = [reach[position][np.isfinite(reach[position])] for position in order]
    for n_shown in range(2, len(order)):
        kept = np.concatenate(ends[:n_shown])
        length, whole = np.ptp(kept), kept.max() - min(map(np.min, ends))
        below = means[order[n_shown]] < kept.min()
        if len(order) - n_shown <= max(1, _FEW * len(order)) and below and whole > _LONGER * max(length, 1e-9):
            return float(kept.min() - 0.08 * (length or 1.0))
    return -np.inf


def _cut_axis(ax: Any, which: str, lowest: float, reach: Sequence[NDArray[np.float64]]) -> None:
    """End the axis of scores below at the lowest that is shown, and above after the highest."""
    if np.isfinite(lowest):
        highest = max(values[np.isfinite(values)].max(initial=-np.inf) for values in reach)
        limits = lowest, highest + 0.06 * (highest - lowest)
        (ax.set_xlim if which == "x" else ax.set_ylim)(*limits)


def _mark_times(ax: Any, times: NDArray[np.float64]) -> None:
    """Leave room for names beside the points, and give the ticks units."""
    from matplotlib.ticker import LogLocator, NullFormatter

    if len(times):
        span = max(times.max() / times.min(), 4.0)
        ax.set_xlim(times.min() / span**0.12, times.max() * span**0.3)
        low, high = ax.get_xlim()
        if high / low < _NARROW:
            ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.xaxis.set_major_formatter(lambda time, _: f"{time:,g} s" if time >= 0.999 else f"{1000 * time:g} ms")
    ax.xaxis.set_minor_formatter(NullFormatter())


def _note(ax: Any, place: int, text: str) -> None:
    """Write beside an estimator's name what stands for its points."""
    ax.annotate(
        text,
        (0, place),
        (5, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        va="center",
        fontsize=9,
        color=_GREY,
    )


def _say(ax: Any, parts: Sequence[str]) -> None:
    """Say above the plot how it is to be read."""
    ax.set_title("\n".join(parts), loc="left", fontsize=9, color="0.3", parse_math=False)


def _counted(names: Sequence[str]) -> str:
    """Return names in a row, or one below the other where they are long, and the number of those beyond the first."""
    shown = list(names)
    if len(names) > _MOST_NAMES:
        shown = [*names[: _MOST_NAMES - 1], f"{len(names) - _MOST_NAMES + 1} others"]
    row = ", ".join(shown)
    return row if len(row) <= _LONGEST_LABEL else "\n" + ",\n".join(shown)
