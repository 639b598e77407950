"""What an unknown name was probably meant to be."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


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
        A question with the first that the name begins, or else that it resembles, or "." if there is none.

    Examples
    --------
    >>> did_you_mean("forrest", ["tree", "forest"])
    ", did you mean 'forest'?"
    >>> did_you_mean("acc", ["accuracy", "jaccard"])
    ", did you mean 'accuracy'?"
    >>> did_you_mean("xyz", ["tree", "forest"])
    '.'
    """
    known, folded = list(known), str(name).lower()
    # Two letters and fewer are the beginning of too much.
    begun = [other for other in known if len(folded) > 2 and other.startswith(folded)]
    close = begun or difflib.get_close_matches(folded, known, n=1)
    return f", did you mean {close[0]!r}?" if close else "."
