"""What a check of pictures found: plain data that saves to JSON and shows itself as a table."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.utils._files import check_schema
from skimgrec.utils._saved_result import SavedResult

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "skimgrec.ImageCheck"
SCHEMA_VERSION = 1

# The kinds of finding, in the order in which they are shown.
KINDS = {
    "unreadable": "unreadable files",
    "exact_duplicate": "exact duplicates",
    "near_duplicate": "near duplicates",
    "almost_empty": "almost empty",
    "odd_size": "odd sizes",
    "odd_proportions": "odd proportions",
    "odd_mode": "odd kinds of pixels",
    "animated": "animated",
    "exif_orientation": "turned by EXIF",
    "missing_class": "classes missing from a split",
    "tiny_class": "tiny classes",
    "imbalanced_class": "rare classes",
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong with a set of pictures.

    Parameters
    ----------
    kind : str
        One of "unreadable", "exact_duplicate", "near_duplicate", "almost_empty", "odd_size", "odd_proportions",
        "odd_mode", "animated", "exif_orientation", "missing_class", "tiny_class", "imbalanced_class".
    detail : str
        What was seen, in words.
    rows : tuple of int
        The pictures' positions; two or more for duplicates, none for classes.
    names : tuple of str
        Their file names, or "picture 17" where they have none.
    classes : tuple of str
        Their classes, "" where there is no target; the class itself for a finding about a class.
    splits : tuple of str
        Their splits, "" where there are none.
    similarity : float or None
        For near duplicates, how well edges and texture agree, 1 for perfectly.
    """

    kind: str
    detail: str
    rows: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    similarity: float | None = None

    @property
    def across_classes(self) -> bool:
        """Whether duplicates have different classes: one of the labels is probably wrong."""
        return len(self.rows) > 1 and len(set(self.classes)) > 1

    @property
    def across_splits(self) -> bool:
        """Whether duplicates lie in different splits: the test set is seen in training."""
        return len(self.rows) > 1 and len(set(self.splits)) > 1

    @property
    def scope(self) -> str:
        """For duplicates, "across splits and classes", "across splits", "across classes", or ""."""
        across = [word for word, is_so in (("splits", self.across_splits), ("classes", self.across_classes)) if is_so]
        return f"across {' and '.join(across)}" if across else ""


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ImageCheck(SavedResult):
    """The result of `check_images`: what is wrong with a set of pictures, and which of them are copies of one another.

    It shows itself as a table, in a terminal and in a notebook.

    Parameters
    ----------
    findings : tuple of Finding
        What was found, the gravest first.
    groups : ndarray of shape (n_pictures,), int64
        Equal for pictures that are duplicates of one another, exact or near, directly or through others. Every other
        picture has a group of its own.
    n_pictures : int
        How many pictures or files were checked, unreadable ones included.
    class_counts : dict of str to int
        How many there are of each class; empty where no target was given.
    split_counts : dict of str to int
        How many there are in each split; empty where none were given.
    similarity_threshold : float or None
        The similarity that near duplicates have at least; None where they were not looked for.
    n_compared : int
        How often two perceptual hashes were compared.
    n_aligned : int
        How many pairs of thumbnails were held against each other.
    data_name : str or None
        What the caller calls the data.
    images : ndarray, LazyImages, list of str or None
        What was checked, to show its pictures. It is not saved.

    See Also
    --------
    check_images : Makes it.
    ImageCheckDisplay : Shows the pictures.

    Examples
    --------
    >>> from skimgrec import check_images, load_digits_images
    >>> X, y = load_digits_images(return_X_y=True)
    >>> check = check_images(X, y)
    >>> check.is_clean
    True
    >>> check.groups[:5]
    array([0, 1, 2, 3, 4])
    """

    findings: tuple[Finding, ...]
    groups: NDArray[np.int64]
    n_pictures: int
    class_counts: dict[str, int] = field(default_factory=dict)
    split_counts: dict[str, int] = field(default_factory=dict)
    similarity_threshold: float | None = None
    n_compared: int = 0
    n_aligned: int = 0
    data_name: str | None = None
    images: Any = None

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @property
    def counts(self) -> dict[str, int]:
        """How many findings there are of each kind that was found."""
        present = [finding.kind for finding in self.findings]
        return {kind: present.count(kind) for kind in KINDS if kind in present}

    @property
    def n_leaked(self) -> int:
        """How many pictures have a duplicate in another split."""
        return len({row for finding in self.findings if finding.across_splits for row in finding.rows})

    def of_kind(self, *kinds: str) -> list[Finding]:
        """Return the findings of some kinds.

        Parameters
        ----------
        *kinds : str
            The kinds.

        Returns
        -------
        findings : list of Finding
            The findings, in order.

        Raises
        ------
        ValueError
            If there is no such kind of finding.
        """
        for kind in kinds:
            if kind not in KINDS:
                raise ValueError(f"kind={kind!r}: there is no such kind of finding, expected {', '.join(KINDS)}.")
        return [finding for finding in self.findings if finding.kind in kinds]

    def to_frame(self) -> pd.DataFrame:
        """Return the findings as a data frame, one row for each.

        Returns
        -------
        frame : DataFrame
            With the columns `kind`, `scope`, `detail`, `rows`, `names`, `classes`, `splits` (tuples) and `similarity`
            (NaN where there is none).
        """
        import pandas as pd

        columns = ["kind", "scope", "detail", "rows", "names", "classes", "splits", "similarity"]
        records = [{column: getattr(finding, column) for column in columns} for finding in self.findings]
        return pd.DataFrame(records, columns=columns).astype({"similarity": float})

    def to_dict(self) -> dict[str, Any]:
        """Return the result as dicts, lists, strings and numbers that JSON can hold."""
        content: dict[str, Any] = {"schema": SCHEMA, "schema_version": SCHEMA_VERSION, "is_clean": self.is_clean}
        for item in fields(self):
            if item.name != "images":
                content[item.name] = getattr(self, item.name)
        content["counts"] = self.counts
        content["groups"] = self.groups.tolist()
        content["findings"] = [
            {"scope": finding.scope, **{item.name: _plain(getattr(finding, item.name)) for item in fields(finding)}}
            for finding in self.findings
        ]
        return content

    @classmethod
    def from_dict(cls, content: Any) -> ImageCheck:
        """Return the result that `to_dict` gave.

        Parameters
        ----------
        content : dict
            As `to_dict` returns it.

        Returns
        -------
        check : ImageCheck
            Equal to the one that was written.

        Raises
        ------
        ValueError
            If `content` is no such result, or was written by a newer version of skimgrec.
        """
        check_schema(content, SCHEMA, SCHEMA_VERSION, "check of pictures")
        try:
            values = {item.name: content[item.name] for item in fields(cls) if item.name != "images"}
            values["groups"] = np.asarray(values["groups"], np.int64)
            values["findings"] = tuple(_finding(saved) for saved in values["findings"])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"This saved check is damaged: {type(error).__name__}: {error}.") from error
        return cls(**values)

    def pictures(self, rows: Any) -> list[NDArray[np.uint8] | None]:
        """Read some of the pictures, to show them.

        Parameters
        ----------
        rows : iterable of int
            Which.

        Returns
        -------
        pictures : list of ndarray or None
            Arrays of shape (h, w) or (h, w, 3), uint8, brought to at most 256 pixels a side where they lie in files;
            None where one cannot be read, or is not known any more: a result that was saved or pickled keeps the names
            of files, but not arrays.
        """
        from skimgrec.datasets._check_pictures import pictures_of

        return pictures_of(self, rows)

    def __getstate__(self) -> dict[str, Any]:
        images = self.images if isinstance(self.images, list) else None
        return {**self.__dict__, "images": images}

    def __repr__(self) -> str:
        from skimgrec.datasets._check_table import to_text

        return to_text(self)

    def __rich__(self) -> Any:
        from skimgrec.datasets._check_table import to_rich

        return to_rich(self)

    def _repr_html_(self) -> str:
        from skimgrec.datasets._check_table import to_html

        return to_html(self)


def _finding(saved: dict[str, Any]) -> Finding:
    values: dict[str, Any] = {item.name: saved[item.name] for item in fields(Finding)}
    for name in ("rows", "names", "classes", "splits"):
        values[name] = tuple(values[name])
    return Finding(**values)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
