"""JSON from a file that nobody has vouched for."""

from __future__ import annotations

import json
from typing import Any

from skimgrec.utils._model_file_error import ModelFileError

# What Python may come to hold for one text, in bytes.
_MOST_MEMORY = 150 * 2**20


def parse_json(text: bytes, name: str) -> Any:
    """Return what a JSON text holds.

    Raises
    ------
    ModelFileError
        If it is no JSON, nested too deeply for Python's own parser, or so made that a small text becomes large.
    """
    # The objects of CPython 3.11 to 3.13 for each mark of the text. Marks within strings are counted too: too much.
    marks = {b"{": 240, b"[": 80, b",": 40, b'"': 30}
    if 3 * len(text) + sum(size * text.count(mark) for mark, size in marks.items()) > _MOST_MEMORY:
        raise ModelFileError(f"{name} would take more than {_MOST_MEMORY >> 20} MiB of memory once it is read.")
    try:
        return json.loads(text.decode("utf-8"))
    except RecursionError:
        raise ModelFileError(f"{name} is nested too deeply.") from None
    except ValueError as error:
        raise ModelFileError(f"{name} is no valid JSON: {str(error)[:200]}") from error


def to_json(value: Any) -> bytes:
    """Return compact JSON."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
