"""What a comparison is asked for, checked: the estimators, the metrics, the labels and the seed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Integral, Number, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import _num_samples, column_or_1d

from skimgrec.model_selection._candidates import candidates
from skimgrec.utils._suggestion import did_you_mean


def check_limits(*, fit_timeout: Any, budget: Any, n_threads: Any) -> None:
    """Raise an error if a limit of time is no positive number of seconds, or `n_threads` no positive integer."""
    for name, seconds in (("fit_timeout", fit_timeout), ("budget", budget)):
        if seconds is not None and not (isinstance(seconds, Real) and 0 < float(seconds) < np.inf):
            raise ValueError(f"{name}={seconds!r}, expected a positive number of seconds, or None for no limit.")
    if n_threads is not None and not (isinstance(n_threads, Integral) and int(n_threads) >= 1):
        raise ValueError(f"n_threads={n_threads!r}, expected a positive number of threads, or None.")


def seed_from(random_state: Any) -> int:
    """Return a seed without drawing from NumPy's global random state."""
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    if isinstance(random_state, Integral):
        seed = int(random_state)
        if not 0 <= seed < 2**32:
            raise ValueError(f"random_state={seed}, expected an integer from 0 to 2**32 - 1.")
        return seed
    return int(check_random_state(random_state).randint(2**31 - 1))


def named_estimators(estimators: Any, seed: int) -> dict[str, Any]:
    """Return what to compare by name, in the order given."""
    if estimators is None:
        return candidates(random_state=seed)
    if isinstance(estimators, str):
        raise ValueError(f"estimators={estimators!r} is one string: give a list of names, [{estimators!r}].")
    if isinstance(estimators, Mapping):
        entries: list[Any] = list(estimators.items())
    elif isinstance(estimators, Iterable):
        entries = list(estimators)
    else:
        raise TypeError(
            f"estimators is a {type(estimators).__name__}, expected a dict of estimators by name, such as "
            "{'forest': RandomForestClassifier()}, a list of candidates' names, or None for the default candidates."
        )
    if not entries:
        raise ValueError("estimators is empty: there is nothing to compare. None takes the default candidates.")
    named: dict[str, Any] = {}
    for entry in entries:
        name, estimator = _entry(entry, seed)
        if name in named:
            raise ValueError(f"Two estimators are called {name!r}. Give each one a name of its own.")
        named[name] = estimator
    return named


def _entry(entry: Any, seed: int) -> tuple[str, Any]:
    if isinstance(entry, str):
        return entry, candidates([entry], random_state=seed)[entry]
    if not isinstance(entry, tuple) or len(entry) != 2:
        raise TypeError(
            f"estimators holds a {type(entry).__name__} without a name, expected the name of a candidate or a pair "
            "such as ('forest', RandomForestClassifier())."
        )
    name, estimator = entry
    if not isinstance(name, str) or not name.strip():
        raise TypeError(f"{name!r} is the name of an estimator, expected a string that is not empty.")
    if isinstance(estimator, type):
        raise TypeError(f"{name!r} is the class {estimator.__name__}, expected an instance: {estimator.__name__}().")
    missing = [method for method in ("get_params", "fit", "predict") if not hasattr(estimator, method)]
    if missing:
        raise TypeError(
            f"{name!r} is a {type(estimator).__name__} without {' and '.join(missing)}, expected a scikit-learn "
            "compatible classifier."
        )
    return name, estimator


def scorers_of(scoring: Any) -> dict[str, Callable[..., float]]:
    """Return the scorer of each metric by name, in the order given."""
    if isinstance(scoring, str):
        scoring = (scoring,)
    if callable(scoring):
        return {"score": scoring}
    if not isinstance(scoring, Mapping):
        names = list(scoring) if isinstance(scoring, Iterable) else [scoring]
        odd = [name for name in names if not isinstance(name, str)]
        if odd:
            raise TypeError(f"scoring holds {odd[0]!r}, expected names of metrics. A dict takes scorers by name.")
        if len(set(names)) < len(names):
            raise ValueError(f"scoring={names} names a metric twice. Name each one once.")
        scoring = dict(zip(names, names, strict=True))
    if not scoring:
        raise ValueError("scoring is empty: name at least one metric, such as 'accuracy'.")
    return {str(name): _scorer(value) for name, value in scoring.items()}


def _scorer(value: Any) -> Callable[..., float]:
    if callable(value):
        return value
    from sklearn.metrics import get_scorer, get_scorer_names

    known = get_scorer_names()
    if value not in known:
        raise ValueError(
            f"Unknown metric {value!r}{did_you_mean(value, known)} sklearn.metrics.get_scorer_names() lists all."
        )
    return get_scorer(value)


def labels_of(X: Any, y: Any) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.intp]]:
    """Return the labels as an array, the sorted classes, and each picture's position among them."""
    if isinstance(y, (list, tuple)):
        _check_kinds(y)
    y = column_or_1d(np.asarray(y))
    n_pictures = _num_samples(X)
    if n_pictures != len(y):
        raise ValueError(f"X has {n_pictures} pictures, but y has {len(y)} labels. Each picture needs one label.")
    if n_pictures == 0:
        raise ValueError("X holds no pictures.")
    if y.dtype.kind in "Of":
        _check_kinds(y.tolist())
    kind = type_of_target(y, input_name="y")
    if kind not in ("binary", "multiclass"):
        raise ValueError(f"y holds {kind} values, expected one class for each picture: integers, strings or booleans.")
    try:
        classes, codes = np.unique(y, return_inverse=True)
    except TypeError as error:
        raise ValueError(_mixed(y.tolist())) from error
    if len(classes) < 2:
        raise ValueError(f"y has a single class, {classes.tolist()[0]!r}. A comparison needs at least two.")
    return y, classes, codes


def _check_kinds(labels: Sequence[Any]) -> None:
    """Raise an error if labels are missing, or strings stand beside numbers, which NumPy would make strings of."""
    # NaN differs from itself. What is no single label fails later.
    single = [label for label in labels if label is None or isinstance(label, (str, bytes, Number, np.generic))]
    if any(label is None or label != label for label in single):
        raise ValueError("y has missing labels. Leave those pictures out, or label them.")
    kinds = {str if isinstance(label, str) else bytes if isinstance(label, bytes) else Number for label in single}
    if len(kinds) > 1:
        raise ValueError(_mixed(single))


def _mixed(labels: Sequence[Any]) -> str:
    names = sorted({type(label).__name__ for label in labels})
    return f"y mixes labels of the types {', '.join(names)}: use one of them."
