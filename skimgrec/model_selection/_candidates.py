"""The classifiers that a comparison starts from, by name."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

_Build = Callable[[int | None, int | None], Any]


def _chance(random_state: int | None, n_jobs: int | None) -> Any:
    from sklearn.dummy import DummyClassifier

    return DummyClassifier(strategy="stratified", random_state=random_state)


def _nearest_on_pixels(random_state: int | None, n_jobs: int | None) -> Any:
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline

    from skimgrec.feature_extraction import ImageFlattener

    # uint8 pixels would be searched in float64, with twice the memory.
    return make_pipeline(ImageFlattener(dtype="float32"), KNeighborsClassifier(n_neighbors=1, n_jobs=n_jobs))


def _forest_on_pixels(random_state: int | None, n_jobs: int | None) -> Any:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import make_pipeline

    from skimgrec.feature_extraction import ImageFlattener

    return make_pipeline(ImageFlattener(), RandomForestClassifier(random_state=random_state, n_jobs=n_jobs))


def _logistic_on_pixels(random_state: int | None, n_jobs: int | None) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    from skimgrec.feature_extraction import ImageFlattener

    # scikit-learn's own tolerance of 1e-4 scores no better, and takes ten times as long on CIFAR-10.
    return make_pipeline(ImageFlattener(dtype="float32", scale=True), LogisticRegression(tol=1e-3, max_iter=2000))


def _nearest_on_hog(random_state: int | None, n_jobs: int | None) -> Any:
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline

    from skimgrec.feature_extraction import HOGTransformer

    return make_pipeline(HOGTransformer(n_jobs=n_jobs), KNeighborsClassifier(n_neighbors=1, n_jobs=n_jobs))


def _forest_on_hog(random_state: int | None, n_jobs: int | None) -> Any:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import make_pipeline

    from skimgrec.feature_extraction import HOGTransformer

    forest = RandomForestClassifier(random_state=random_state, n_jobs=n_jobs)
    return make_pipeline(HOGTransformer(n_jobs=n_jobs), forest)


def _perceptron(random_state: int | None, n_jobs: int | None) -> Any:
    from skimgrec.neural_network import KerasMLPClassifier

    return KerasMLPClassifier(random_state=random_state)


def _convolutional(random_state: int | None, n_jobs: int | None) -> Any:
    from skimgrec.neural_network import KerasCNNClassifier

    return KerasCNNClassifier(random_state=random_state)


class _Candidate(NamedTuple):
    description: str
    build: _Build


_CANDIDATES = {
    "chance": _Candidate("guesses, with the class frequencies of the training pictures", _chance),
    "1nn": _Candidate("the class of the nearest training picture, by its pixels", _nearest_on_pixels),
    "forest": _Candidate("random forest on pixels", _forest_on_pixels),
    "logistic": _Candidate("logistic regression on pixels scaled to 0..1", _logistic_on_pixels),
    "1nn+hog": _Candidate("the class of the nearest training picture, by its HOG features", _nearest_on_hog),
    "forest+hog": _Candidate("random forest on HOG features", _forest_on_hog),
    "mlp": _Candidate("multilayer perceptron on pixels, trained with Keras", _perceptron),
    "cnn": _Candidate("convolutional neural network, trained with Keras", _convolutional),
}


def candidate_descriptions() -> dict[str, str]:
    """Return one line about each classifier that `candidates` knows, by name.

    Examples
    --------
    >>> from skimgrec.model_selection import candidate_descriptions
    >>> candidate_descriptions()["forest+hog"]
    'random forest on HOG features'
    """
    return {name: entry.description for name, entry in _CANDIDATES.items()}


def candidates(
    names: Iterable[str] | None = None, *, random_state: int | None = None, n_jobs: int | None = None
) -> dict[str, Any]:
    """Build classifiers of pictures by name, ready for `compare`.

    Each takes pictures of shape (n, h, w) or (n, h, w, c), or flattened ones. TensorFlow is loaded by none of them
    before it is fitted.

    Parameters
    ----------
    names : iterable of str, default=None
        Which ones, in the order wanted: "chance", "1nn", "forest", "logistic", "1nn+hog", "forest+hog", "mlp" and
        "cnn". None takes all of them. `candidate_descriptions` says what they are.
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
    ValueError: Unknown candidate 'forest+hgo', did you mean 'forest+hog'? Known are chance, 1nn, forest, logistic,
    1nn+hog, forest+hog, mlp, cnn.
    """
    if isinstance(names, str):
        raise ValueError(f"names={names!r} is one string: give a list of names, [{names!r}].")
    wanted = list(_CANDIDATES if names is None else names)
    known = ", ".join(_CANDIDATES)
    if not wanted:
        raise ValueError(f"No candidate is named. Known are {known}.")
    for position, name in enumerate(wanted):
        if name not in _CANDIDATES:
            close = difflib.get_close_matches(str(name).lower(), _CANDIDATES, n=1)
            hint = f", did you mean {close[0]!r}?" if close else "."
            raise ValueError(f"Unknown candidate {name!r}{hint} Known are {known}.")
        if name in wanted[:position]:
            raise ValueError(f"Candidate {name!r} is named twice. Name each one once.")
    return {name: _CANDIDATES[name].build(random_state, n_jobs) for name in wanted}
