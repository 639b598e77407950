"""What results share that are plain data: files of JSON, and equality by what they hold."""

from __future__ import annotations

import json
import os
from typing import Any, Self

from skimgrec.utils._files import load_json, write_atomically


class SavedResult:
    """A result that is saved to JSON. Its class defines `to_dict` and `from_dict`."""

    def to_dict(self) -> dict[str, Any]:
        """Return the result as dicts, lists, strings and numbers that JSON can hold."""
        raise NotImplementedError

    @classmethod
    def from_dict(cls, content: Any) -> Self:
        """Return the result that `to_dict` gave."""
        raise NotImplementedError

    def to_json(self, path: str | os.PathLike[str] | None = None) -> str:
        """Return the result as JSON, and save it to a file, which appears whole or not at all.

        Parameters
        ----------
        path : path-like, default=None
            The file; one that exists is replaced. None saves nothing.

        Returns
        -------
        text : str
            The JSON. It is ASCII, so that file names that are no valid UTF-8 survive.
        """
        text = json.dumps(self.to_dict(), indent=1, allow_nan=False)
        if path is not None:
            write_atomically(path, text + "\n")
        return text

    @classmethod
    def from_json(cls, path: str | os.PathLike[str]) -> Self:
        """Load a result that `to_json` saved.

        Parameters
        ----------
        path : path-like
            The file.

        Returns
        -------
        result : object of this class
            Equal to the one that was saved.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If it holds no such result, or one saved by a newer version of skimgrec.
        """
        return load_json(path, cls.from_dict)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]  # Python's own way to say that a class has no hash
