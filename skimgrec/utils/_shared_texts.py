"""Texts that several docstrings share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

_Documented = TypeVar("_Documented", bound=Callable[..., Any])


def with_shared_texts(texts: Mapping[str, str]) -> Callable[[_Documented], _Documented]:
    """Return a decorator that puts texts in the places which a docstring has marked for them.

    Parameters
    ----------
    texts : dict of str to str
        The text for each mark: ``[[name]]`` for the key "name". Its lines are indented as the mark is.

    Returns
    -------
    decorate : callable
        Takes a class or a function, and returns it.
    """

    def decorate(documented: _Documented) -> _Documented:
        # There is none under python -OO.
        if documented.__doc__ is not None:
            lines = documented.__doc__.split("\n")
            for number, line in enumerate(lines):
                for name, text in texts.items():
                    if f"[[{name}]]" in line:
                        indent = line[: len(line) - len(line.lstrip())]
                        lines[number] = line = line.replace(f"[[{name}]]", text.replace("\n", f"\n{indent}"))
            documented.__doc__ = "\n".join(lines)
        return documented

    return decorate
