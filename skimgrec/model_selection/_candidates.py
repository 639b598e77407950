"""The classifiers that a comparison starts from, by name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from skimgrec.model_selection._candidate_table import CANDIDATES


def candidate_descriptions() -> dict[str, str]:
    """Return one line about each classifier that `candidates` knows, by name.

    Examples
    --------
    >>> from skimgrec.model_selection import candidate_descriptions
    >>> candidate_descriptions()["forest+hog"]
    'random forest on HOG features'
    """
    return {name: entry.description for name, entry in CANDIDATES.items()}


def candidates(
    names: Iterable[str] | None = None, *, random_state: int | None = None, n_jobs: int | None = None
) -> dict[str, Any]:
    """Build classifiers of pictures by name, ready for `compare`.

    Each takes pictures of shape (n, h, w) or (n, h, w, c), or flattened ones. TensorFlow is loaded by none of them
    before it is fitted.

    Parameters
    ----------
    names : iterable of str, default=None
        Which ones, in the order wanted. `candidate_descriptions` lists them. None takes eight that are quick or strong:
        "chance", "1nn", "forest", "logistic", "1nn+hog", "forest+hog", "mlp" and "cnn".
    random_state : int, default=None
        Seed for each classifier that draws random numbers.
    n_jobs : int, default=None
        For each classifier that can work in parallel. Leave it None where the comparison itself runs in parallel.

    Returns
    -------
    estimators : dict of str to estimator
        Unfitted classifiers by name.

    Raises
    ------
    ValueError
        If a name is unknown, appears twice, or there is none.

    See Also
    --------
    compare : Measures them on the same splits.

    Examples
    --------
    >>> from skimgrec.model_selection import candidates
    >>> candidates(["chance"], random_state=0)
    {'chance': DummyClassifier(random_state=0, strategy='stratified')}
    >>> candidates(["forest+hgo"])
    Traceback (most recent call last):
        ...
    ValueError: Unknown candidate 'forest+hgo', did you mean 'forest+hog'? Known are chance, majority, 1nn, knn, ...
    """
    if isinstance(names, str):
        raise ValueError(f"names={names!r} is one string: give a list of names, [{names!r}].")
    wanted = [name for name, entry in CANDIDATES.items() if entry.by_default] if names is None else list(names)
    known = ", ".join(CANDIDATES)
    if not wanted:
        raise ValueError(f"No candidate is named. Known are {known}.")
    for position, name in enumerate(wanted):
        if name not in CANDIDATES:
            close = difflib.get_close_matches(str(name).lower(), CANDIDATES, n=1)
            hint = f", did you mean {close[0]!r}?" if close else "."
            raise ValueError(f"Unknown candidate {name!r}{hint} Known are {known}.")
        if name in wanted[:position]:
            raise ValueError(f"Candidate {name!r} is named twice. Name each one once.")
    return {name: CANDIDATES[name].build(random_state, n_jobs) for name in wanted}
