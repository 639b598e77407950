"""Similar pictures as they are printed: in lines, as CSV, and as JSON."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from skimgrec.cli._named_pictures import STDIN, read_named
from skimgrec.cli._output import printable

if TYPE_CHECKING:
    from skimgrec.cli._similar_index import Indexed
    from skimgrec.neighbors._matches import Matches

_LONGEST_NAME = 100


class Similar(NamedTuple):
    """One picture that was found.

    Parameters
    ----------
    kind : {"most", "least"}
        Whether it is among the most or the least similar ones.
    rank : int
        From 1.
    name : str
        What it is called.
    label : str or None
        Its class.
    distance : float
        How far it is.
    """

    kind: str
    rank: int
    name: str
    label: str | None
    distance: float


class Found(NamedTuple):
    """What was found for the queries that could be read.

    Parameters
    ----------
    files : list of str
        These queries.
    pictures : list of ndarray
        Theirs, as they were compared.
    matches : Matches or None
        For each of them; None if none could be read.
    errors : dict of str to str
        Why the others could not.
    """

    files: list[str]
    pictures: list[Any]
    matches: Matches | None
    errors: dict[str, str]


def look_for(index: Indexed, files: Sequence[str], n_most: int, n_least: int) -> Found:
    """Read picture files, and return what is most and least similar to them.

    Parameters
    ----------
    index : Indexed
        Where to look.
    files : sequence of str
        The queries; "-" is standard input.
    n_most, n_least : int
        How many to find of each.
    """
    from skimgrec.neighbors._matches import find_matches

    neighbors = index.neighbors
    pictures, errors = read_named(files, neighbors._query_loader()._format())
    good = [file for file in files if file not in errors]
    if not good:
        return Found([], [], None, errors)
    own = [None if file == STDIN else file for file in good]
    return Found(good, pictures, find_matches(neighbors, np.stack(pictures), n_most, n_least, files=own), errors)


def similar_to(index: Indexed, found: Found, place: int) -> Iterator[Similar]:
    """Yield the pictures that were found for one of the queries."""
    assert found.matches is not None
    for kind in ("most", "least"):
        rows, distances = getattr(found.matches, kind)[place], getattr(found.matches, f"{kind}_distances")[place]
        for rank, (row, distance) in enumerate(zip(rows.tolist(), distances.tolist(), strict=True), start=1):
            label = None if index.labels is None else index.labels[row]
            yield Similar(kind, rank, index.name(row), label, distance)


def write(index: Indexed, files: Sequence[str], found: Found, *, as_csv: bool, as_json: bool) -> None:
    """Print what was found for each file, in the order in which they were named.

    Parameters
    ----------
    index : Indexed
        Where it was found.
    files : sequence of str
        The queries.
    found : Found
        What was found.
    as_csv, as_json : bool
        The form; lines if both are False.
    """
    places = {file: place for place, file in enumerate(found.files)}
    answers = [(file, list(similar_to(index, found, places[file])) if file in places else None) for file in files]
    if as_json:
        print(json.dumps([_entry(file, similar, found) for file, similar in answers], indent=1))
    elif as_csv:
        _write_csv(answers, found)
    else:
        _write_lines([(file, similar) for file, similar in answers if similar is not None])


def _entry(file: str, similar: list[Similar] | None, found: Found) -> dict[str, Any]:
    if similar is None:
        return {"file": file, "error": found.errors[file]}
    kinds = {
        f"{kind}_similar": [
            {"file": one.name, "class": one.label, "distance": one.distance} for one in similar if one.kind == kind
        ]
        for kind in ("most", "least")
    }
    return {"file": file, **kinds}


def _write_csv(answers: list[tuple[str, list[Similar] | None]], found: Found) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["query", "similar", "rank", "file", "class", "distance", "error"])
    for file, similar in answers:
        if similar is None:
            writer.writerow([file, "", "", "", "", "", found.errors[file]])
        for one in similar or ():
            writer.writerow([file, one.kind, one.rank, one.name, one.label or "", f"{one.distance:.6g}", ""])


def _write_lines(answers: list[tuple[str, list[Similar]]]) -> None:
    names = [printable(one.name) for _, similar in answers for one in similar]
    width = min(max(map(len, names), default=0), _LONGEST_NAME)
    for file, similar in answers:
        print(printable(file))
        for kind in ("most", "least"):
            some = [one for one in similar if one.kind == kind]
            if some:
                print(f"  {kind} similar")
            for one in some:
                label = "" if one.label is None else f"  {printable(one.label)}"
                print(f"    {one.distance:<9.4g} {printable(one.name):{width if label else 0}}{label}")
