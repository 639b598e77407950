"""Files that are there whole or not at all, and saved results that say what they are."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, BinaryIO, TypeVar
from uuid import uuid4

_DESCRIPTOR = re.compile(r"/dev/(?:(stdout|stderr)|fd/(\d+))|/proc/self/fd/(\d+)")
_Result = TypeVar("_Result")


def to_disk(stream: IO[Any]) -> None:
    """Wait until what was written to a stream has reached the disk."""
    stream.flush()
    os.fsync(stream.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the names of a folder's files have reached the disk."""
    if os.name == "nt":  # where a folder cannot be opened, nor has to be
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network file systems refuse it
            os.fsync(handle)
    finally:
        os.close(handle)


def write_atomically(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Write a file, text as UTF-8, so that it appears whole or not at all. One that exists is replaced."""
    with open_atomically(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


def descriptor_of(path: str | os.PathLike[str]) -> int | None:
    """Return the descriptor that a name such as ``/dev/stdout`` or ``/dev/fd/3`` stands for, None for other names."""
    found = _DESCRIPTOR.fullmatch(os.fspath(path))
    if found is None:
        return None
    return {"stdout": 1, "stderr": 2}.get(found[1]) or int(found[2] or found[3])


@contextmanager
def open_atomically(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Lend a stream for a binary file that appears under its name whole, once the block has ended, or not at all.

    One that exists is replaced; after an error in the block it stays as it is. A process that is killed may leave a
    hidden file that ends in ``.tmp`` beside it. A link keeps its place, and what it points to is replaced. What is no
    file, such as a named pipe, is written to as it comes, and so is ``/dev/stdout``, wherever it leads.
    """
    opened = descriptor_of(path)
    if opened is not None:
        # Opened anew, a file that output goes to would be written to from its start.
        with os.fdopen(os.dup(opened), "wb") as file:
            yield file
        return
    if os.path.exists(path) and not os.path.isfile(path):
        with open(path, "wb") as file:
            yield file
        return
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(f"{os.fspath(path)}: there is no folder {target.parent}. Make it first.")
    temporary = target.with_name(f".{uuid4().hex}.tmp")
    try:
        with temporary.open("xb") as file:
            yield file
            to_disk(file)
        os.replace(temporary, target)
        sync_folder(target.absolute().parent)
    finally:
        temporary.unlink(missing_ok=True)


def check_schema(content: Any, schema: str, version: int, what: str) -> None:
    """Check that `content` is a saved result of one kind, and no newer than this skimgrec can read.

    Parameters
    ----------
    content : object
        What was read.
    schema : str
        The kind that is expected, as its entry "schema" names it.
    version : int
        The highest "schema_version" that can be read.
    what : str
        The kind in words, such as "comparison".

    Raises
    ------
    ValueError
        If it is something else, or newer.
    """
    if not isinstance(content, dict) or content.get("schema") != schema:
        raise ValueError(f"This is no saved {what}: it has no entry schema={schema!r}.")
    found = content.get("schema_version")
    if not isinstance(found, int) or found > version:
        raise ValueError(
            f"This {what} was saved by a newer skimgrec, in schema_version={found!r}; this one reads up to {version}. "
            "Upgrade with pip install --upgrade skimgrec."
        )


def load_json(path: str | os.PathLike[str], from_dict: Callable[[Any], _Result]) -> _Result:
    """Return what `from_dict` makes of a JSON file; its ValueErrors, and JSON's, name the file."""
    try:
        text = Path(path).read_bytes()
    except OSError:
        if not isinstance(path, str) or not path.lstrip().startswith("{"):
            raise
        raise ValueError(
            "Got JSON itself, expected the name of a file that holds it: from_dict(json.loads(text)) takes the text."
        ) from None
    try:
        return from_dict(json.loads(text))
    except ValueError as error:
        raise ValueError(f"{os.fspath(path)}: {error}") from error
