"""Measuring classifiers on the same splits of the same pictures."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import _num_samples, column_or_1d

from skimgrec.model_selection._candidates import candidates
from skimgrec.model_selection._fingerprint import data_fingerprint, splits_fingerprint
from skimgrec.model_selection._result import ComparisonResult
from skimgrec.model_selection._run import FoldTask, check_n_jobs, run_tasks, versions
from skimgrec.model_selection._splits import make_splits
from skimgrec.model_selection._standings import FoldRow

Estimators = Mapping[str, Any] | Sequence[str | tuple[str, Any]] | None
Scoring = str | Callable[..., float] | Iterable[str] | Mapping[str, str | Callable[..., float]]


def compare(
    estimators: Estimators,
    X: Any,
    y: Any,
    *,
    cv: Any = 5,
    scoring: Scoring = ("accuracy", "f1_macro"),
    groups: Any = None,
    n_jobs: int | None = None,
    random_state: int | np.random.RandomState | None = None,
    on_row: Callable[[FoldRow], object] | None = None,
    verbose: int = 0,
    data_name: str | None = None,
) -> ComparisonResult:
    """Fit and test classifiers on the same splits of the same pictures.

    The splits are made once. For each of them every estimator is cloned, fitted on its training pictures and tested
    on the others. An estimator that fails leaves a row with the reason, and the comparison goes on.

    Parameters
    ----------
    estimators : dict of str to estimator, list of str or (str, estimator), or None
        What to compare. A dict names each estimator. A list may mix names of `candidates`, such as "forest+hog", and
        pairs of a name and an estimator. None takes eight of them. Estimators of yours are used as they are: one
        that draws random numbers is reproducible only with a `random_state` of its own.
    X : array-like of shape (n, ...)
        The pictures, (n, h, w) or (n, h, w, c), or flattened, (n, n_features). The candidates take all three; an
        estimator of scikit-learn's takes pictures behind `ImageFlattener` or `HOGTransformer`. What else has n rows
        that scikit-learn can index is handed on as it is, to estimators of yours that can take it.
    y : array-like of shape (n,)
        The class of each picture: integers, strings or booleans.
    cv : int, splitter or iterable of (train, test), default=5
        The splits. An integer is a number of folds, stratified by class and shuffled, which keep `groups` together. A
        splitter is one of scikit-learn's or like it. An iterable gives pairs of row numbers or of masks, and is read
        once.
    scoring : str, callable, list of str, or dict of str to str or callable, default=("accuracy", "f1_macro")
        The metrics, as scikit-learn names them; higher is better. Estimators are ranked by the first.
    groups : array-like of shape (n,), default=None
        The group of each picture, such as a number that near-duplicates share. All pictures of a group are in one
        fold, by an integer `cv` and by splitters that look at groups.
    n_jobs : int, default=None
        How many fits to run at the same time, through joblib, whose `parallel_config` can choose another backend.
        None is 1 unless that says otherwise; -1 takes all processors. Scores do not depend on it, except those of
        networks: TensorFlow has fewer threads in a worker, which changes its rounding, and so the training, a little.
    random_state : int, RandomState or None, default=None
        Seeds the shuffled folds and the candidates that are named. None draws a seed, which the result keeps. NumPy's
        global random state is left alone.
    on_row : callable, default=None
        Called with each `FoldRow` as soon as it is measured, in any order if `n_jobs` is above 1.
    verbose : int, default=0
        If above 0, print a line for each row as soon as it is measured.
    data_name : str, default=None
        What to call the data where the result is shown.

    Returns
    -------
    result : ComparisonResult
        One row for each estimator and fold.

    Raises
    ------
    ValueError
        If there is nothing to compare or to learn: unknown or duplicate names, fewer pictures or groups in a class than
        folds, X and y of different lengths, y that is no class labels, an unknown metric, training pictures in a test
        fold.
    TypeError
        If something to compare is no estimator.

    See Also
    --------
    candidates : The estimators that have a name.
    ComparisonResult : What is returned.
    sklearn.model_selection.cross_validate : The same for one estimator.

    Notes
    -----
    Fit times are those of `fit` alone. What a process does only once, such as loading Keras or compiling the kernels of
    HOG, is done before the clock starts, where the estimator tells it apart. Building a network for its first fit in a
    process is part of that fit.

    Predict times are those of scoring the test pictures: each kind of prediction that the metrics ask for is made once,
    and computing the metrics, usually milliseconds, is part of it. Both are wall-clock times, and jobs that run at the
    same time slow each other.

    Interrupted with Ctrl-C, it raises `KeyboardInterrupt`; what `on_row` was called with until then is measured.

    Examples
    --------
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from skimgrec import compare, load_digits_images
    >>> digits = load_digits_images()
    >>> result = compare({"1nn": KNeighborsClassifier(1)}, digits.data, digits.target, cv=3, random_state=0)
    >>> print(result.verdict())
    1nn has a mean accuracy of 0.98... ± 0.00... over 3 folds; there is no other to compare it with.
    """
    comparison = prepare_comparison(
        estimators, X, y, cv=cv, scoring=scoring, groups=groups, n_jobs=n_jobs, random_state=random_state
    )
    with closing(comparison.measure()) as rows:
        for row in rows:
            if verbose > 0:
                from skimgrec.model_selection._table import describe_row

                print(f"[{len(comparison.rows)}/{len(comparison.tasks)}] {describe_row(row)}", flush=True)
            if on_row is not None:
                on_row(row)
    result = comparison.result()
    result.data_name = data_name
    return result


@dataclass(kw_only=True)
class Comparison:
    """A comparison whose arguments are checked and whose folds are made. `prepare_comparison` makes it.

    Parameters
    ----------
    X : array-like of n rows
        The pictures.
    y : ndarray of shape (n,)
        Their labels.
    classes : ndarray of shape (n_classes,)
        The classes, sorted.
    codes : ndarray of shape (n,)
        Position of each label among the classes.
    estimators : dict of str to estimator
        What to compare.
    scorers : dict of str to callable
        The metrics.
    splits : list of (ndarray, ndarray)
        Rows to train on, and rows to test on.
    cv : str
        How they were made.
    seed : int
        What they, and the candidates asked for by name, were seeded with.
    n_jobs : int or None
        How many fits run at the same time, as joblib takes it.

    Attributes
    ----------
    tasks : list of FoldTask
        What there is to measure.
    rows : list of FoldRow
        What is measured, in any order.
    """

    X: Any
    y: NDArray[Any]
    classes: NDArray[Any]
    codes: NDArray[np.intp]
    estimators: dict[str, Any]
    scorers: dict[str, Callable[..., float]]
    splits: list[tuple[NDArray[np.intp], NDArray[np.intp]]]
    cv: str
    seed: int
    n_jobs: int | None
    tasks: list[FoldTask] = field(init=False)
    rows: list[FoldRow] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self._started = datetime.now(UTC).isoformat(timespec="seconds")
        self._versions = versions()
        self.tasks = [
            FoldTask(name=name, estimator=estimator, fold=fold, train=train, test=test)
            for name, estimator in self.estimators.items()
            for fold, (train, test) in enumerate(self.splits)
        ]

    def measure(self) -> Generator[FoldRow, None, None]:
        """Measure one task after the other, or several at the same time, and yield the row of each that is done."""
        with closing(run_tasks(self.tasks, self.X, self.y, self.scorers, n_jobs=self.n_jobs)) as measured:
            for row, loaded in measured:
                self.rows.append(row)
                self._versions.update(loaded)
                yield row

    def result(self) -> ComparisonResult:
        """Return what is measured so far, without the estimators of which nothing is."""
        order = {(task.name, task.fold): position for position, task in enumerate(self.tasks)}
        rows = sorted(self.rows, key=lambda row: order[row.estimator, row.fold])
        measured = {row.estimator for row in rows}
        shape = getattr(self.X, "shape", None)
        return ComparisonResult(
            rows=rows,
            metrics=tuple(self.scorers),
            estimators={
                name: " ".join(_describe(estimator).split())
                for name, estimator in self.estimators.items()
                if name in measured
            },
            cv=self.cv,
            n_folds=len(self.splits),
            seed=self.seed,
            n_samples=len(self.codes),
            picture_shape=None if shape is None else tuple(int(side) for side in shape[1:]),
            class_names=[_plain_label(label) for label in self.classes.tolist()],
            data_fingerprint=data_fingerprint(self.X, self.classes, self.codes),
            splits_fingerprint=splits_fingerprint(self.splits),
            versions=self._versions,
            date=self._started,
        )


def prepare_comparison(
    estimators: Estimators,
    X: Any,
    y: Any,
    *,
    cv: Any = 5,
    scoring: Scoring = ("accuracy", "f1_macro"),
    groups: Any = None,
    n_jobs: int | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> Comparison:
    """Check the arguments of `compare` and make the folds, without measuring anything.

    Parameters
    ----------
    estimators, X, y, cv, scoring, groups, n_jobs, random_state : object
        As `compare` takes them.

    Returns
    -------
    comparison : Comparison
        Ready to be measured.
    """
    check_n_jobs(n_jobs)
    seed = _seed_from(random_state)
    named = _named_estimators(estimators, seed)
    scorers = _scorers(scoring)
    y, classes, codes = _labels(X, y)
    splits, description = make_splits(cv, X, y, groups, classes=classes, codes=codes, seed=seed)
    return Comparison(
        X=X,
        y=y,
        classes=classes,
        codes=codes,
        estimators=named,
        scorers=scorers,
        splits=splits,
        cv=description,
        seed=seed,
        n_jobs=n_jobs,
    )


def _seed_from(random_state: Any) -> int:
    """Return a seed without drawing from NumPy's global random state."""
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    if isinstance(random_state, Integral):
        seed = int(random_state)
        if not 0 <= seed < 2**32:
            raise ValueError(f"random_state={seed}, expected an integer from 0 to 2**32 - 1.")
        return seed
    return int(check_random_state(random_state).randint(2**31 - 1))


def _named_estimators(estimators: Any, seed: int) -> dict[str, Any]:
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


def _scorers(scoring: Any) -> dict[str, Callable[..., float]]:
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

    if value not in get_scorer_names():
        close = difflib.get_close_matches(str(value), get_scorer_names(), n=1)
        hint = f", did you mean {close[0]!r}?" if close else "."
        raise ValueError(f"Unknown metric {value!r}{hint} sklearn.metrics.get_scorer_names() lists all.")
    return get_scorer(value)


def _labels(X: Any, y: Any) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.intp]]:
    """Return the labels as an array, the sorted classes, and each picture's position among them."""
    y = column_or_1d(np.asarray(y))
    n_pictures = _num_samples(X)
    if n_pictures != len(y):
        raise ValueError(f"X has {n_pictures} pictures, but y has {len(y)} labels. Each picture needs one label.")
    if n_pictures == 0:
        raise ValueError("X holds no pictures.")
    # NaN differs from itself.
    if y.dtype.kind in "Of" and any(label is None or label != label for label in y):
        raise ValueError("y has missing labels. Leave those pictures out, or label them.")
    kind = type_of_target(y, input_name="y")
    if kind not in ("binary", "multiclass"):
        raise ValueError(f"y holds {kind} values, expected one class for each picture: integers, strings or booleans.")
    try:
        classes, codes = np.unique(y, return_inverse=True)
    except TypeError as error:
        kinds = sorted({type(label).__name__ for label in y})
        raise ValueError(f"y mixes labels of the types {', '.join(kinds)}: use one of them.") from error
    if len(classes) < 2:
        raise ValueError(f"y has a single class, {classes.tolist()[0]!r}. A comparison needs at least two.")
    return y, classes, codes


def _describe(estimator: Any) -> str:
    try:
        return repr(estimator)
    except Exception:  # somebody else's __repr__ must not end the comparison after hours of fitting
        return type(estimator).__name__


def _plain_label(label: Any) -> Any:
    return label if isinstance(label, (bool, int, float, str)) else str(label)
