"""What was found in a folder or a table of pictures, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from skimgrec.datasets._folder_layout import SPLITS
from skimgrec.datasets._folder_reading import SkippedFile
from skimgrec.utils._shown import escaped

_FIRST = 3


def printable(name: object) -> str:
    """Return a file name that any terminal and any file can take: names need not be valid text."""
    return escaped(str(name).encode("utf-8", "backslashreplace").decode("utf-8"))


def some(names: Sequence[Any], n: int = _FIRST) -> str:
    """Return the first few names, and how many more there are."""
    more = f" and {len(names) - n:,} more" if len(names) > n else ""
    return ", ".join(printable(name) for name in names[:n]) + more


def skipped_in_words(skipped: list[SkippedFile], n_files: int, where: str = "") -> str:
    """Return how many files were skipped, and the first few with the reason.

    Parameters
    ----------
    skipped : list of SkippedFile
        The files.
    n_files : int
        How many there were in all.
    where : str, default=""
        Where to see all of them.

    Returns
    -------
    sentence : str
        Empty if there are none.
    """
    if not skipped:
        return ""
    first = "; ".join(f"{printable(file.filename)}: {printable(file.reason)}" for file in skipped[:_FIRST])
    more = "; ..." if len(skipped) > _FIRST else "."
    verb = "file was" if len(skipped) == 1 else "files were"
    return f"{len(skipped):,} {verb} skipped, of {n_files:,}: {first}{more}{f' {where}' if where else ''}"


def ignored_in_words(ignored: list[str]) -> str:
    """Return which folders are no classes, empty if there are none."""
    if not ignored:
        return ""
    subject = "is no class: it lies" if len(ignored) == 1 else "are no classes: they lie"
    return f"{some(ignored, 5)} {subject} beside the splits."


def doubtful_in_words(doubtful: list[str], split: str) -> str:
    """Return that folders were left out that may be classes."""
    verbs = "holds pictures and is" if len(doubtful) == 1 else "hold pictures and are"
    return (
        f"{some(doubtful, 5)} {verbs} left out, because a folder beside them, which holds folders, was "
        f"taken for the split {str(split)!r}. If these are classes, give that folder another name, or put its pictures "
        "directly into it; if not, name that folder instead of the whole."
    )


def twins_in_words(twins: Sequence[str]) -> str:
    """Return that folders were left out that hold the same classes as the splits."""
    verbs = (
        "holds folders called as the classes are, and is"
        if len(twins) == 1
        else ("hold folders called as the classes are, and are")
    )
    return (
        f"{some(twins, 5)} {verbs} left out: splits are called train, val or test. If these pictures are a split, "
        "rename the folder so; if not, move it away."
    )


def sizes_in_words(sizes: Counter[tuple[int, int]]) -> str:
    """Return the smallest, the largest and the most common of several sizes."""
    by_area = sorted(sizes, key=lambda size: (size[0] * size[1], size))
    usual, often = min(sizes.items(), key=lambda item: (-item[1], item[0]))
    return (
        f"{len(sizes):,} different sizes, the smallest {_size(by_area[0])}, the largest {_size(by_area[-1])}, the most "
        f"common {_size(usual)} ({often:,} of {sizes.total():,})"
    )


def _size(size: tuple[int, ...]) -> str:
    return f"{size[0]} x {size[1]}"


def describe(
    source: str,
    labels: Sequence[str],
    class_names: Sequence[str],
    *,
    splits: Sequence[str] | None,
    shape: tuple[int, ...] | None,
    sentences: Sequence[str] = (),
) -> str:
    """Return a description: where from, counts by class and split, and what else there is to say.

    Parameters
    ----------
    source : str
        Where the pictures come from.
    labels : sequence of str
        The class of each picture.
    class_names : sequence of str
        The classes.
    splits : sequence of str or None
        The split of each picture.
    shape : tuple of int or None
        Shape of one picture; None where no pictures are kept.
    sentences : sequence of str
        What else there is to say; empty ones are left out.

    Returns
    -------
    description : str
    """
    kind = "" if shape is None else f", {_size(shape)} pixels, {'grey' if len(shape) == 2 else 'colour'}"
    if shape is None:
        kind = ", as file names"
    lines = [f"Pictures from {printable(source)}", "", f"{len(labels):,} pictures of {len(class_names)} classes{kind}."]
    lines += ["", *_counts(labels, class_names, splits)]
    said = [sentence for sentence in sentences if sentence]
    missing = _without_test(labels, class_names, splits)
    said += [missing] if missing else []
    return "\n".join([*lines, *(f"\n{sentence}" for sentence in said)]) + "\n"


def _counts(labels: Sequence[str], class_names: Sequence[str], splits: Sequence[str] | None) -> list[str]:
    present = [] if splits is None else [split for split in SPLITS if split in set(splits)]
    counts = Counter(zip(labels, splits or [""] * len(labels), strict=True))
    columns = present or [""]
    rows = [["class", *(present or ["pictures"])]]
    rows += [[printable(name), *(f"{counts[name, split]:,}" for split in columns)] for name in class_names]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return [
        "  ".join(
            [row[0].ljust(widths[0]), *(text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    ]


def _without_test(labels: Sequence[str], class_names: Sequence[str], splits: Sequence[str] | None) -> str:
    if splits is None or "test" not in splits:
        return ""
    tested = {label for label, split in zip(labels, splits, strict=True) if split == "test"}
    missing = [name for name in class_names if name not in tested]
    return f"Without test pictures: {some(missing, 5)}." if missing else ""
