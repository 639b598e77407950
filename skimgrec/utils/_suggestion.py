"""What an unknown name was probably meant to be."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def closest(name: object, known: Iterable[str]) -> str | None:
    """Return the first known name that a name begins, or else the one that it resembles most, None if there is none.

    Parameters
    ----------
    name : object
        What was given.
    known : iterable of str
        What could be.

    Returns
    -------
    found : str or None

    Examples
    --------
    >>> closest("forrest", ["tree", "forest"]), closest("log", ["lda", "logistic"]), closest("xyz", ["tree"])
    ('forest', 'logistic', None)
    """
    known, folded = list(known), str(name).lower()
    # Two letters and fewer are the beginning of too much.
    begun = [other for other in known if len(folded) > 2 and other.startswith(folded)]
    return next(iter(begun or difflib.get_close_matches(folded, known, n=1)), None)


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Return the end of a clause that says that a name is unknown.

    Parameters
    ----------
    name : object
        What was given.
    known : iterable of str
        What could be.

    Returns
    -------
    end : str
        A question with what `closest` finds, "." if that is nothing.

    Examples
    --------
    >>> did_you_mean("forrest", ["tree", "forest"])
    ", did you mean 'forest'?"
    >>> did_you_mean("acc", ["accuracy", "jaccard"])
    ", did you mean 'accuracy'?"
    >>> did_you_mean("xyz", ["tree", "forest"])
    '.'
    """
    found = closest(name, known)
    return "." if found is None else f", did you mean {found!r}?"
