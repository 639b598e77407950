"""The data: how many pictures each class has, some of them, and what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.datasets._check_result import KINDS
from skimgrec.datasets._check_table import headline, remedies, table_rows
from skimgrec.model_selection._text import printable
from skimgrec.reporting._across_models import counted
from skimgrec.reporting._section import Section
from skimgrec.reporting._shelf import PictureShelf
from skimgrec.reporting._shots import Shots
from skimgrec.reporting._source import ReportSource
from skimgrec.utils import LazyImages

if TYPE_CHECKING:
    from skimgrec.datasets import Finding, ImageCheck

# Pictures of all classes together on the contact sheet, and of one class.
_MOST_SAMPLES, _MOST_OF_CLASS = 600, 10
# A report is made in seconds: of more pictures than these, near duplicates are not looked for, or nothing is checked.
_MOST_FOR_NEAR, _MOST_CHECKED, _MOST_FILES = 10_000, 30_000, 10_000
_FINDINGS_SHOWN, _PICTURES_OF_ONE = 8, 3


def build(source: ReportSource, shelf: PictureShelf) -> Section | None:
    """Return the section with the classes, a contact sheet and the findings of `check_images`; None without labels."""
    result = source.result
    if not result.target:
        return None
    shots = Shots(source, shelf)
    target = np.asarray(result.target, dtype=np.intp)
    counts = np.bincount(target, minlength=result.n_classes)
    most = int(counts.max())
    n_each = max(1, min(_MOST_OF_CLASS, _MOST_SAMPLES // result.n_classes)) if shots.with_pictures else 0
    classes = [
        {
            "name": source.class_name(code),
            "count": f"{count:,}",
            "value": count,
            "share": f"{100 * count / len(target):.1f} %",
            "bar": round(100 * count / most, 1),
            "samples": [shots.shot(int(row)) for row in spread(np.flatnonzero(target == code), n_each)],
        }
        for code, count in enumerate(counts.tolist())
    ]
    smallest = int(counts.min())
    sizes = f"{smallest:,} to {most:,} of each" if smallest < most else f"{most:,} of each"
    return Section(
        id="data",
        title="The pictures",
        template="data.html.j2",
        content={
            "classes": classes,
            "with_samples": bool(n_each),
            "lack": shots.lack,
            "check": _check(source, shots) if shots.with_pictures else None,
        },
        summary=f"{counted(len(target))}{_size(source)} in {result.n_classes:,} classes, {sizes}.",
    )


def _size(source: ReportSource) -> str:
    shape = source.result.picture_shape
    return f" of {' x '.join(map(str, shape))}" if shape and len(shape) > 1 else ""


def spread(rows: NDArray[np.intp], n: int) -> NDArray[np.intp]:
    """Return `n` of some rows, spread evenly over them; all of fewer.

    Examples
    --------
    >>> import numpy as np
    >>> spread(np.arange(10, 20), 3).tolist(), spread(np.arange(2), 3).tolist()
    ([10, 14, 19], [0, 1])
    """
    if len(rows) <= n:
        return rows
    return rows[np.linspace(0, len(rows) - 1, n).astype(np.intp)] if n else rows[:0]


def _check(source: ReportSource, shots: Shots) -> dict[str, Any]:
    """Return what `check_images` finds in the pictures, or `why` they are not checked."""
    from skimgrec.datasets import check_images

    result, pictures, n = source.result, source.pictures, source.result.n_samples
    in_files = isinstance(pictures, LazyImages) or not hasattr(pictures, "dtype") or pictures.dtype.kind in "OUS"
    if n > (_MOST_FILES if in_files else _MOST_CHECKED):
        where = "files" if in_files else "pictures"
        return {"why": f"{n:,} {where} are not checked anew for a report: skimgrec check does it."}
    near = n <= _MOST_FOR_NEAR
    try:
        check = check_images(
            pictures,
            result.target,
            target_names=source.class_names,
            filenames=None if result.filenames is None else [printable(name) for name in result.filenames],
            near_duplicates=near,
        )
    # Whatever is wrong with the pictures, the report is made.
    except Exception as error:
        return {"why": f"They cannot be checked: {type(error).__name__}: {printable(error, 300)}"}
    return {
        "why": "",
        "said": f"{headline(check)}." if near else f"{headline(check)}. Near duplicates were not looked for.",
        "rows": [{"kind": kind, "count": count, "lines": lines} for kind, count, lines in table_rows(check)],
        "remedies": remedies(check),
        "groups": _groups(check, shots),
    }


def _groups(check: ImageCheck, shots: Shots) -> list[dict[str, Any]]:
    """Return the pictures of the first few findings of each kind, as galleries."""
    groups = []
    for kind, title in KINDS.items():
        some = [finding for finding in check.of_kind(kind) if finding.rows]
        if some and kind != "unreadable":
            shown = [shot for finding in some[:_FINDINGS_SHOWN] for shot in _shots(finding, shots)]
            n = sum(min(len(finding.rows), _PICTURES_OF_ONE) for finding in some)
            groups.append({"title": f"{title[0].upper()}{title[1:]}", "gallery": shots.gallery(shown, n)})
    return groups


def _shots(finding: Finding, shots: Shots) -> list[dict[str, Any]]:
    said = finding.detail.split(";")[0].split(" (standard")[0].removeprefix("its ")
    if finding.similarity is not None:
        said = f"similarity {finding.similarity:.2f}"
    return [
        shots.shot(row, f"label: {finding.classes[place]}", said if place == 0 else "same as before")
        for place, row in enumerate(finding.rows[:_PICTURES_OF_ONE])
    ]
