"""The classifiers that a comparison starts from, by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from skimgrec.model_selection._candidate_table import CANDIDATES, CLASSIFIERS, KINDS, SHORT, Candidate, candidate_named
from skimgrec.utils._suggestion import closest, did_you_mean


def candidate_descriptions() -> dict[str, str]:
    """Return one line about each classifier that `candidates` knows, by name.

    On features other than HOG, and on several kinds at once, there are as many again, which are not listed.

    Returns
    -------
    descriptions : dict of str to str
        One line about each, by its name.

    See Also
    --------
    candidates : Builds them.

    Examples
    --------
    >>> from skimgrec.model_selection import candidate_descriptions
    >>> candidate_descriptions()["forest+hog"]
    'random forest on HOG features'
    """
    return {name: entry.description for name, entry in CANDIDATES.items()}


def candidate_features() -> dict[str, str]:
    """Return what each kind of features is that names of candidates may have, by name.

    Returns
    -------
    descriptions : dict of str to str
        What each kind is, by the name that stands behind a plus sign, as "hog" in "forest+hog".

    See Also
    --------
    skimgrec.feature_extraction.feature_descriptions : Those of them that `make_feature_union` builds.

    Examples
    --------
    >>> from skimgrec.model_selection import candidate_features
    >>> candidate_features()["hog"]
    'HOG features'
    """
    return {name: feature.description for name, feature in KINDS.items()}


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
        "chance", "1nn", "forest", "logistic", "1nn+hog", "forest+hog", "mlp" and "cnn". Any of "1nn", "knn", "forest",
        "extra-trees", "boosting", "logistic", "ridge", "linear-svm" and "rbf-svm" ("svm" for short) goes with one or
        more kinds of features, joined by plus signs: "forest+lbp", "svm+hog+lbp+color". `make_feature_union` says which
        there are; and there is "mobilenet" (`PretrainedTransformer`), as in "logistic+mobilenet". That needs ImageNet's
        weights, which Keras downloads at the first fit; without a network, the fit fails and says where to put them.
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
    found: dict[str, Candidate] = {}
    for name in wanted:
        candidate = candidate_named(name)
        if candidate is None:
            kinds = ", ".join(KINDS)
            raise ValueError(
                f"Unknown candidate {name!r}{_hint(str(name))} Known are {known}; {', '.join(CLASSIFIERS)} go with any "
                f"features of {kinds}, such as 'forest+hog+lbp'."
            )
        if name in found:
            raise ValueError(f"Candidate {name!r} is named twice. Name each one once.")
        other = next((other for other in found if _one_spelling(other) == _one_spelling(name)), None)
        if other is not None:
            raise ValueError(f"Candidates {other!r} and {name!r} are the same classifier. Name one of them.")
        found[name] = candidate
    return {name: candidate.build(random_state, n_jobs) for name, candidate in found.items()}


def _one_spelling(name: str) -> tuple[str, ...]:
    """Return what is equal for names of the same classifier: the order of features changes no more than columns."""
    classifier, *kinds = name.split("+")
    return (SHORT.get(classifier, classifier), *sorted(kinds))


def _hint(name: str) -> str:
    """Return what a name that is unknown was probably to be."""
    classifier, plus, features = name.lower().partition("+")
    if not plus:
        return did_you_mean(classifier, [*CANDIDATES, *SHORT])
    kinds = features.split("+")
    if len(set(kinds)) < len(kinds):
        return ": it names features twice."
    if classifier in CANDIDATES and classifier not in CLASSIFIERS:
        return f": {classifier} takes no features."
    parts = [closest(classifier, [*CLASSIFIERS, *SHORT]), *(closest(kind, KINDS) for kind in kinds)]
    found = [part for part in parts if part is not None]
    return f", did you mean {'+'.join(found)!r}?" if len(found) == len(parts) else "."
