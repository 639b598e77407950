"""The rules by which single pictures and classes are found odd."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from skimgrec.datasets._fingerprints import Fingerprint

# Standard deviation of a thumbnail's values, in levels of 0..255, below which a picture is almost empty.
EMPTY_SPREAD = 3.0
# A size or proportion is odd where fewer than one in a hundred other pictures come within this factor of it.
SIDE_FACTOR = 2.0
PROPORTION_FACTOR = 1.5
_RARE = 0.01
_FEWEST_PICTURES = 5
# A kind of pixels is odd where at most a tenth of the pictures, or two, have it, and more than half share another.
_ODD_MODE_SHARE = 0.1
_ODD_MODE_COUNT = 2
# Folds of a comparison by default: a class with fewer pictures cannot be in each of them.
SMALLEST_CLASS = 5
LARGEST_IMBALANCE = 3.0

_MODES = {
    "1": "black and white", "L": "grey", "I": "grey, 32 bits", "F": "grey, floating-point", "P": "palette",
    "RGB": "RGB", "RGBA": "RGB with alpha", "LA": "grey with alpha", "PA": "palette with alpha",
    "RGBa": "RGB with alpha", "La": "grey with alpha", "CMYK": "CMYK", "LAB": "LAB", "HSV": "HSV", "YCbCr": "YCbCr",
}  # fmt: skip
_ORIENTATIONS = {
    2: "mirrored", 3: "rotated by 180°", 4: "mirrored and rotated by 180°", 5: "mirrored and rotated by 90°",
    6: "rotated by 90°", 7: "mirrored and rotated by 270°", 8: "rotated by 270°",
}  # fmt: skip

# (kind, position in the prints, what was seen)
Odd = tuple[str, int, str]


def odd_pictures(prints: Sequence[Fingerprint]) -> Iterator[Odd]:
    """Yield what is odd about single pictures."""
    for place, one in enumerate(prints):
        if one.spread < EMPTY_SPREAD:
            yield (
                "almost_empty",
                place,
                (
                    f"its values vary by {one.spread:.1f} of 255 levels (standard deviation of a 32 x 32 thumbnail), "
                    f"less than {EMPTY_SPREAD:g}"
                ),
            )
        if one.n_frames > 1:
            yield "animated", place, f"it has {one.n_frames} frames, of which the first is read"
        if one.orientation != 1:
            yield "exif_orientation", place, f"{_ORIENTATIONS[one.orientation]} (EXIF orientation {one.orientation})"
    yield from _odd_sizes(prints)
    yield from _odd_modes(prints)


def _odd_sizes(prints: Sequence[Fingerprint]) -> Iterator[Odd]:
    if len(prints) < _FEWEST_PICTURES:
        return
    sizes = np.array([one.size for one in prints], float)
    common = Counter(one.size for one in prints).most_common(1)[0][0]
    usual = f"{common[0]} x {common[1]} is the most common size"
    rules: list[tuple[str, float, np.ndarray, Callable[[int], str]]] = [
        ("odd_size", SIDE_FACTOR, np.sqrt(sizes[:, 0] * sizes[:, 1]), lambda place: ""),
        (
            "odd_proportions",
            PROPORTION_FACTOR,
            sizes[:, 1] / sizes[:, 0],
            lambda place: f", {sizes[place, 1] / sizes[place, 0]:.2g} times as wide as high",
        ),
    ]
    for kind, factor, values, more in rules:
        for place in _lonely(values, factor):
            height, width = prints[place].size
            yield kind, int(place), f"{height} x {width} pixels{more(place)}; {usual}"


def _lonely(values: np.ndarray, factor: float) -> np.ndarray:
    """Return the places of values that few others come near to, where most of them have company."""
    ordered = np.sort(values)
    n_near = np.searchsorted(ordered, values * factor, "right") - np.searchsorted(ordered, values / factor, "left") - 1
    if n_near.max() + 1 <= len(values) / 2:
        return np.empty(0, int)
    return np.flatnonzero(n_near < _RARE * (len(values) - 1))


def _odd_modes(prints: Sequence[Fingerprint]) -> Iterator[Odd]:
    kinds = [_MODES.get(one.mode, "grey, 16 bits" if one.mode.startswith("I;16") else one.mode) for one in prints]
    counts = Counter(kinds)
    common, n_common = counts.most_common(1)[0]
    if n_common <= len(prints) / 2:
        return
    most = max(_ODD_MODE_COUNT, _ODD_MODE_SHARE * len(prints))
    for place, kind in enumerate(kinds):
        if kind != common and counts[kind] <= most:
            yield "odd_mode", place, f"{kind}; {n_common:,} of {len(prints):,} are {common}"


def odd_classes(
    labels: Sequence[str], splits: Sequence[str] | None, names: Sequence[str]
) -> Iterator[tuple[str, str, str]]:
    """Yield (kind, class, what was seen) for classes that are tiny, rare, or missing from a split."""
    counts = Counter(dict.fromkeys(names, 0))
    counts.update(labels)
    if splits is not None:
        within = Counter(zip(labels, splits, strict=True))
        for name in counts:
            for split in sorted(set(splits)):
                if counts[name] and not within[name, split]:
                    yield "missing_class", name, f"{name}: no picture in {split}, {counts[name]:,} elsewhere"
    largest, most = max(counts.items(), key=lambda item: item[1])
    for name, count in counts.items():
        if count < SMALLEST_CLASS:
            yield "tiny_class", name, f"{name}: {count} pictures, fewer than the {SMALLEST_CLASS} that 5 folds need"
        elif most > LARGEST_IMBALANCE * count:
            yield (
                "imbalanced_class",
                name,
                (f"{name}: {count:,} pictures, {most / count:.1f} times fewer than {largest} with {most:,}"),
            )
