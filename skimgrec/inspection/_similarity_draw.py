"""Drawing a sheet of similar pictures, and a map of distances."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from skimgrec.inspection._matplotlib import roomy_layout
from skimgrec.inspection._picture_sheet import GAP, LINE, MARGIN, SIDE, TITLE_SIZE, Sheet, file_name, shown
from skimgrec.utils._shown import escaped

# In inches: the space between a query, the most and the least similar pictures, and above the first row.
_APART, _HEADING = 0.4, 0.26
_LONGEST_LABEL = 20
# Classes beyond the first number have small names, and beyond the second some have none.
_MANY_CLASSES, _MOST_NAMES = 25, 60
# Distances beyond this share get the last colour, where with them the colours would have to span so many times as much.
_SHARE_IN_COLOURS, _MUCH_WIDER = 0.95, 1.5


class CaptionedPicture(NamedTuple):
    """A picture with the lines below it.

    Parameters
    ----------
    image : ndarray of shape (h, w), (h, w, 3) or (h, w, 4), uint8, or None
        None where it cannot be read.
    lines : list of str
        What is said of it.
    """

    image: NDArray[np.uint8] | None
    lines: list[str]


def names_of(labels: Any, target_names: Any) -> list[str] | None:
    """Return the name of each label, None without labels.

    Parameters
    ----------
    labels : array-like or None
        The labels.
    target_names : array-like of str or None
        Names, where labels are positions among them.

    Raises
    ------
    ValueError
        If a label is no position in `target_names`.
    """
    if labels is None:
        return None
    labels = np.asarray(labels)
    if target_names is None:
        return [str(label) for label in labels]
    names = np.asarray(target_names)
    if labels.dtype.kind not in "iu" or (len(labels) and (labels.min() < 0 or labels.max() >= len(names))):
        raise ValueError(
            f"target_names has {len(names)} names, but the labels are not all positions among them, 0 to "
            f"{len(names) - 1}. Leave target_names out to show the labels themselves."
        )
    return [str(name) for name in names[labels]]


def captioned(
    matches: Any,
    queries: Any,
    images: Any,
    query_labels: Sequence[str] | None,
    labels: Sequence[str] | None,
    value_range: tuple[float, float] | None,
) -> tuple[list[CaptionedPicture], list[list[CaptionedPicture]], list[list[CaptionedPicture]]]:
    """Return the queries, and for each the most and the least similar pictures, with what stands below them.

    Parameters
    ----------
    matches, queries, images, query_labels, labels, value_range : object
        As `SimilarityDisplay.from_matches` takes them.
    """
    if query_labels is not None and len(query_labels) != len(queries):
        raise ValueError(f"Got {len(query_labels)} classes for {len(queries)} queries, expected one for each.")
    pictures = [
        CaptionedPicture(
            picture,
            [*_file_line(query), *([] if query_labels is None else [query_labels[place]])],
        )
        for place, (picture, query) in enumerate(zip(_shown_all(queries, value_range), queries, strict=True))
    ]

    def found(rows: NDArray[np.intp], distances: NDArray[np.float64]) -> list[list[CaptionedPicture]]:
        needed = np.unique(rows)
        some = [images[row] for row in needed.tolist()]
        drawn = dict(zip(needed.tolist(), _shown_all(some, value_range), strict=True))
        return [
            [
                CaptionedPicture(
                    drawn[row],
                    [*([] if labels is None else [labels[row]]), distance_text(distance), *_file_line(images[row])],
                )
                for row, distance in zip(of_query.tolist(), away.tolist(), strict=True)
            ]
            for of_query, away in zip(rows, distances, strict=True)
        ]

    return pictures, found(matches.most, matches.most_distances), found(matches.least, matches.least_distances)


def _shown_all(pictures: Any, value_range: tuple[float, float] | None) -> list[NDArray[np.uint8] | None]:
    """Return pictures to be shown: those from files are uint8, whatever range the others have."""
    return [
        shown([picture], None if isinstance(picture, (str, os.PathLike)) else value_range)[0] for picture in pictures
    ]


def _file_line(picture: Any) -> list[str]:
    return [file_name(picture)] if isinstance(picture, (str, os.PathLike)) else []


def distance_text(distance: float) -> str:
    """Return a distance in three digits.

    Examples
    --------
    >>> [distance_text(value) for value in (0.0, 1.2, 1234.5)]
    ['0', '1.20', '1,230']
    """
    if distance == 0:
        return "0"
    rounded = float(f"{distance:.3g}")
    return f"{rounded:,.0f}" if rounded >= 100 else f"{distance:#.3g}"


def draw_sheet(
    queries: Sequence[CaptionedPicture],
    most: Sequence[Sequence[CaptionedPicture]],
    least: Sequence[Sequence[CaptionedPicture]],
    ax: Any,
) -> Sheet:
    """Draw a row for each query: the query, the most similar pictures, and the least similar ones.

    Parameters
    ----------
    queries, most, least : sequence
        As `SimilarityDisplay` has them.
    ax : matplotlib Axes or None
        Where to draw.
    """
    if not queries:
        raise ValueError("There are no queries: expected at least one picture.")
    groups = [("query", [[query] for query in queries]), ("most similar", most), ("least similar", least)]
    widths = [max((len(row) for row in rows), default=0) for _, rows in groups]
    n_lines = max(len(one.lines) for _, rows in groups for row in rows for one in row)
    row_height = SIDE + n_lines * LINE + 0.04 + 1.5 * GAP
    # Where each group begins.
    lefts, left = [], MARGIN
    for width in widths:
        lefts.append(left)
        left += width * (SIDE + GAP) - GAP + _APART if width else 0
    sheet = Sheet(left - _APART + MARGIN, 2 * MARGIN + _HEADING + len(queries) * row_height - 1.5 * GAP, ax)
    top = MARGIN + _HEADING
    for (title, rows), begin, width in zip(groups, lefts, widths, strict=True):
        if not width:
            continue
        if title == "query" and len(queries) > 1:
            title = "queries"
        sheet.text(title, begin, MARGIN, TITLE_SIZE)
        for number, row in enumerate(rows):
            for place, one in enumerate(row):
                x, y = begin + place * (SIDE + GAP), top + number * row_height
                sheet.picture(one.image, x, y)
                sheet.caption(one.lines, x, y + SIDE + 0.04, color="k")
    for begin, width in zip(lefts[1:], widths[1:], strict=True):
        if width:
            x = begin - _APART / 2
            sheet.ax.plot([x, x], [MARGIN, top + len(queries) * row_height - 1.5 * GAP], color="0.8", linewidth=0.8)
    return sheet


def sample_of(labels: Any, n: int, n_samples: Any, random_state: Any) -> NDArray[np.intp]:
    """Return rows, up to the same number of each class at random, sorted by class.

    Parameters
    ----------
    labels : ndarray of shape (n,) or None
        The classes.
    n : int
        How many rows there are.
    n_samples : int
        How many to return; fewer where there are no more.
    random_state : int, RandomState instance or None
        Which.

    Raises
    ------
    ValueError
        If `n_samples` is not an integer of at least 2, or there is a single row.
    """
    if not isinstance(n_samples, Integral) or n_samples < 2 or n < 2:
        raise ValueError(
            f"n_samples={n_samples!r} of {n} pictures: expected an integer of at least 2, and as many pictures."
        )
    order = check_random_state(random_state).permutation(n)
    codes = np.zeros(n, np.intp) if labels is None else np.unique(labels, return_inverse=True)[1]
    # Which of its class each row is, in random order: the first ones of every class are taken.
    rank = np.empty(n, np.intp)
    seen = np.zeros(codes.max() + 1, np.intp)
    for row in order.tolist():
        rank[row] = seen[codes[row]]
        seen[codes[row]] += 1
    chosen = order[np.argsort(rank[order], kind="stable")[:n_samples]]
    return chosen[np.lexsort((chosen, codes[chosen]))]


def draw_distances(
    distances: NDArray[np.float64], labels: NDArray[Any] | None, metric: str, ax: Any, cmap: Any, colorbar: bool
) -> tuple[Any, Any]:
    """Draw a map of distances with the names of the classes at its sides.

    Parameters
    ----------
    distances : ndarray of shape (k, k)
        The distances.
    labels : ndarray of k str or None
        The classes, those of one class together.
    metric : str
        The kind of distance.
    ax : matplotlib Axes or None
        Where to draw.
    cmap : object
        The colours.
    colorbar : bool
        Whether to draw a colour bar.

    Returns
    -------
    ax : matplotlib Axes
    image : matplotlib AxesImage
    """
    import matplotlib.pyplot as plt

    if ax is None:
        _, ax = plt.subplots(figsize=(6.4, 5.4), layout=roomy_layout())
    # The zeros on the diagonal would take half of the colours, and so would a few pictures far from all others.
    others = distances[~np.eye(len(distances), dtype=bool)]
    low, high, highest = float(others.min()), float(np.quantile(others, _SHARE_IN_COLOURS)), float(others.max())
    if high == low or highest - low < _MUCH_WIDER * (high - low):
        high = highest
    image = ax.imshow(distances, cmap=cmap, vmin=low, vmax=high if high > low else low + 1, interpolation="nearest")
    if colorbar:
        beyond = {(False, False): "neither", (True, False): "min", (False, True): "max", (True, True): "both"}
        bar = ax.figure.colorbar(image, ax=ax, extend=beyond[low > 0, high < highest])
        name = {"euclidean": "Euclidean"}.get(metric, escaped(metric))
        bar.set_label(f"{name} distance".strip())
    if labels is None:
        ax.set(xlabel="picture", ylabel="picture")
        return ax, image
    groups = list(_groups(labels))
    for _, start, _ in groups[1:]:
        for line in (ax.axhline, ax.axvline):
            line(start - 0.5, color="w", linewidth=0.8 if len(groups) <= _MANY_CLASSES else 0.3)
    every = -(-len(groups) // _MOST_NAMES)
    middles = [(start + stop - 1) / 2 for _, start, stop in groups][::every]
    names = [_cut_label(name) for name, _, _ in groups][::every]
    size = 9 if len(groups) <= _MANY_CLASSES else 5.5
    upright = sum(map(len, names)) > 40
    ax.set_yticks(middles, names, fontsize=size, parse_math=False)
    ax.set_xticks(middles, names, fontsize=size, parse_math=False, rotation=90 if upright else 0)
    ax.tick_params(length=0)
    return ax, image


def _cut_label(name: object) -> str:
    from skimgrec.datasets._check_table import printable

    return printable(name, _LONGEST_LABEL)


def _groups(labels: NDArray[Any]) -> Iterator[tuple[str, int, int]]:
    """Yield each class with where it begins and ends."""
    start = 0
    for stop in range(1, len(labels) + 1):
        if stop == len(labels) or labels[stop] != labels[start]:
            yield str(labels[start]), start, stop
            start = stop
