"""The picture files that the arguments of a command stand for: files, folders, and patterns."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from skimgrec.utils._picture_format import PictureFormat

STDIN = "-"


@dataclass(frozen=True)
class NamedPictures:
    """Picture files in the order in which they were named.

    Parameters
    ----------
    files : list of str
        The files; "-" is standard input.
    notes : list of str
        What was left out, in sentences.
    """

    files: list[str]
    notes: list[str]


def named_pictures(names: Sequence[str], files_from: Path | None = None) -> NamedPictures:
    """Return the files that names stand for.

    Parameters
    ----------
    names : sequence of str
        Files, taken as they are; folders, for all files in them, at any depth, that have the name of a picture, sorted;
        patterns with ``*``, ``?``, ``[`` and ``**``, as Python's glob takes them; and "-".
    files_from : Path, default=None
        A file with more names, one on each line.

    Returns
    -------
    found : NamedPictures

    Raises
    ------
    ValueError
        If there is nothing.
    FileNotFoundError
        If a pattern or folder stands for no picture.
    """
    wanted = [*names, *([] if files_from is None else _lines(files_from))]
    if not wanted:
        raise ValueError("No picture is named: give files, folders or patterns.")
    if wanted.count(STDIN) > 1:
        raise ValueError("- is given twice, but standard input holds one picture.")
    files: list[str] = []
    notes: list[str] = []
    for name in wanted:
        if name != STDIN and os.path.isdir(name):
            files += _in_folder(name, notes)
        elif name == STDIN or os.path.lexists(name) or not glob.has_magic(name):
            # A file that is not there has its message where its answer would be.
            files.append(name)
        else:
            files += _in_pattern(name, notes)
    return NamedPictures(files, notes)


def read_named(files: Sequence[str], wanted: PictureFormat) -> tuple[list[Any], dict[str, str]]:
    """Read picture files, and standard input where it is named.

    Parameters
    ----------
    files : sequence of str
        As `NamedPictures` has them.
    wanted : PictureFormat
        What to bring the pictures to.

    Returns
    -------
    pictures : list of ndarray
        Those that could be read, in order.
    errors : dict of str to str
        Why the others could not, by the name of the file.
    """
    from skimgrec.utils._decode import UnreadablePictureError, read_picture
    from skimgrec.utils._picture_files import decode_files

    decoded = decode_files([file for file in files if file != STDIN], wanted, n_jobs=-1)
    pictures: list[Any] = []
    errors: dict[str, str] = {}
    for file in files:
        found: Any
        try:
            found = (
                read_picture("standard input", wanted, content=sys.stdin.buffer.read())
                if file == STDIN
                else next(decoded)
            )
        except UnreadablePictureError as error:
            found = error
        if isinstance(found, UnreadablePictureError):
            errors[file] = found.reason
        else:
            pictures.append(found)
    return pictures, errors


def _lines(path: Path) -> list[str]:
    text = sys.stdin.read() if str(path) == STDIN else path.read_text(encoding="utf-8-sig", errors="surrogateescape")
    return [line.rstrip("\r") for line in text.split("\n") if line.strip()]


def _in_pattern(pattern: str, notes: list[str]) -> Iterator[str]:
    found = sorted(glob.glob(os.path.expanduser(pattern), recursive=True))
    if not found:
        raise FileNotFoundError(f"No file matches {pattern}; it is looked for from {os.getcwd()}.")
    for name in found:
        if os.path.isdir(name):
            # "**" stands for folders too, whose files it stands for anyway.
            if "**" not in pattern:
                yield from _in_folder(name, notes)
        else:
            yield name


def _in_folder(folder: str, notes: list[str]) -> list[str]:
    from skimgrec.datasets._folder_layout import has_name_of_picture

    found, n_others = [], 0

    def unreadable(error: OSError) -> None:
        raise error

    for place, folders, names in os.walk(folder, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if has_name_of_picture(name) and not name.startswith("."):
                found.append(os.path.join(place, name))
            elif not name.startswith("."):
                n_others += 1
    if not found:
        raise FileNotFoundError(f"The folder {folder} holds no file with the name of a picture, such as cat.jpg.")
    if n_others:
        notes.append(
            f"{n_others} file{'s' if n_others > 1 else ''} in {folder} without the name of a picture: left out. Name "
            "such a file itself to have it read."
        )
    return found
