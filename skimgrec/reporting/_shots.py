"""Pictures with what is said of each, as the sections lay them out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from skimgrec.datasets._check_table import printable as shortened
from skimgrec.reporting._confusion import Entry
from skimgrec.reporting._shelf import PictureShelf, can_be_shown
from skimgrec.reporting._source import ReportSource

# Characters of a name or a line below a picture.
_LONGEST_NAME = 30
_LONGEST_LINE = 60
NO_PICTURES = (
    "The pictures were not given, so that only their names are listed: result.to_html(path, pictures=X) embeds them."
)


class Shots:
    """Make what a template shows of a picture: the picture itself, its name, and lines about it.

    Parameters
    ----------
    source : ReportSource
        What is reported on.
    shelf : PictureShelf
        Where pictures are taken in.
    """

    def __init__(self, source: ReportSource, shelf: PictureShelf) -> None:
        self._source = source
        self._shelf = shelf
        self.with_pictures = can_be_shown(source.pictures)
        names = source.result.filenames
        self._n_shared = len(shared_folder(names or []))

    def shot(self, row: int, *lines: str) -> dict[str, Any]:
        """Return a picture with its name and lines below it.

        Parameters
        ----------
        row : int
            Of the picture in the data.
        *lines : str
            What to say of it; empty ones are left out.

        Returns
        -------
        shot : dict
            With `key`, `name`, `full` (the whole name, where `name` is not), `alt` and `lines`.
        """
        full = self._source.file_name(row)
        names = self._source.result.filenames
        name = shortened(full if names is None else str(names[row])[self._n_shared :], _LONGEST_NAME)
        labelled = shortened(self._source.class_name(self._source.result.target[row]), _LONGEST_LINE)
        return {
            "key": self._shelf.key(row) if self.with_pictures else None,
            "name": name,
            "full": "" if name == full else full,
            "alt": f"a picture labelled {labelled}",
            "lines": [shortened(line, _LONGEST_LINE) for line in lines if line],
        }

    def gallery(self, shots: Sequence[dict[str, Any]], n: int) -> dict[str, Any]:
        """Return some pictures of several as a template shows them, with how many of them there are.

        Parameters
        ----------
        shots : sequence of dict
            As `shot` gives them.
        n : int
            How many there are in all.
        """
        no_room = sum(one["key"] is None for one in shots) if self.with_pictures else 0
        said = [f"{len(shots):,} of {n:,} shown"] if len(shots) < n else []
        if no_room:
            said.append(f"{no_room:,} without the picture, for want of room in this page")
        return {"shots": list(shots), "with_pictures": self.with_pictures, "shown": "; ".join(said)}

    @property
    def lack(self) -> str | None:
        """Why no picture is shown, where none is."""
        if self.with_pictures:
            return None
        return NO_PICTURES if self._source.pictures is None else "The data are no pictures that could be shown."


def shared_folder(names: Sequence[object]) -> str:
    r"""Return the folder that all names begin with, its separator included.

    Examples
    --------
    >>> shared_folder(["pets/cats/1.jpg", "pets/cats/2.jpg", "pets/dogs/1.jpg"])
    'pets/'
    >>> shared_folder([r"C:\\pets\\1.jpg", r"C:\\pets\\2.jpg"]), shared_folder(["a.jpg", "ab.jpg"])
    ('C:\\\\pets\\\\', '')
    """
    if not names:
        return ""
    texts = list(map(str, names))
    # What the first and the last in order share, all share.
    first, last = min(texts), max(texts)
    n_same = next((place for place, pair in enumerate(zip(first, last, strict=False)) if len(set(pair)) > 1), None)
    shared = first[:n_same]
    return shared[: max(shared.rfind("/"), shared.rfind("\\")) + 1]


def chance(value: float | None) -> str:
    """Return a probability as people read it, "" where there is none.

    Examples
    --------
    >>> [chance(value) for value in (0.987, 0.9999, 0.0001, 1.0, None)]
    ['0.99', '>0.99', '<0.01', '1.00', '']
    """
    if value is None or value != value:
        return ""
    if 0.995 <= value < 1:
        return ">0.99"
    return "<0.01" if 0 < value < 0.005 else f"{value:.2f}"


def answer_line(name: str, value: float | None) -> str:
    """Return a class with its probability.

    Examples
    --------
    >>> answer_line("cat", 0.5), answer_line("cat", None)
    ('cat (0.50)', 'cat')
    """
    known = chance(value)
    return f"{name} ({known})" if known else name


def entry_lines(source: ReportSource, true: int, predicted: int, entry: Entry) -> list[str]:
    """Return what is said below a picture of a cell of the confusion matrix."""
    said = f"said: {answer_line(source.class_name(predicted), entry.of_predicted)}"
    label = "" if true == predicted else f"label: {answer_line(source.class_name(true), entry.of_target)}"
    return [said, label, f"{entry.times} times" if entry.times > 1 else ""]
