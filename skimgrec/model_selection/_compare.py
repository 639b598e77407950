"""Measuring classifiers on the same splits of the same pictures."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.model_selection._arguments import labels_of, named_estimators, scorers_of, seed_from
from skimgrec.model_selection._fingerprint import data_fingerprint, splits_fingerprint
from skimgrec.model_selection._measure import FoldTask, Measures
from skimgrec.model_selection._result import ComparisonResult
from skimgrec.model_selection._run import check_n_jobs, run_tasks
from skimgrec.model_selection._splits import checked_train_sizes, make_splits, nested_parts
from skimgrec.model_selection._standings import FoldRow
from skimgrec.utils._versions import versions

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
    train_sizes: Any = None,
    return_train_score: bool = False,
    keep_probabilities: bool = False,
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
    cv : int, "holdout", splitter, iterable of (train, test), or array-like of n str, default=5
        The splits. An integer is a number of folds, stratified by class and shuffled, which keep `groups` together;
        "holdout" is the first of five such folds alone. A splitter is one of scikit-learn's or like it, such as
        ``RepeatedStratifiedKFold()``. An iterable gives pairs of row numbers or of masks, and is read once. The name of
        each picture's split, "train", "test" or "val", as data sets have it in `split`, is their own split: learnt from
        "train" and tested on "test", "val" left aside.
    scoring : str, callable, list of str, or dict of str to str or callable, default=("accuracy", "f1_macro")
        The metrics, as scikit-learn names them; higher is better. Estimators are ranked by the first.
    groups : array-like of shape (n,), default=None
        The group of each picture, such as a number that near-duplicates share. All pictures of a group are in one
        fold, by an integer `cv` and by splitters that look at groups.
    train_sizes : array-like of int or float, default=None
        Sizes of smaller training sets that each estimator is also fitted on, for `ComparisonResult.learning_curves`:
        numbers of pictures, or shares of the training pictures up to 1. Each is a stratified part of the next larger
        one. All training pictures take part in any case, and alone decide the ranking.
    return_train_score : bool, default=False
        Whether the metrics are also computed on the pictures learnt from, outside the times that are measured.
    keep_probabilities : bool, default=False
        Whether the probabilities of the test pictures are kept, as `ComparisonResult.label_errors` needs them. They are
        predicted anew, outside the times that are measured, where no metric asks for them.
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
        estimators,
        X,
        y,
        cv=cv,
        scoring=scoring,
        groups=groups,
        train_sizes=train_sizes,
        return_train_score=return_train_score,
        keep_probabilities=keep_probabilities,
        n_jobs=n_jobs,
        random_state=random_state,
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
    codes : ndarray of shape (n,)
        Position of each label among the classes that `measures` has.
    estimators : dict of str to estimator
        What to compare.
    measures : Measures
        What is measured of each fit.
    splits : list of (ndarray, ndarray)
        Rows to train on, and rows to test on.
    cv : str
        How they were made.
    seed : int
        What they, and the candidates asked for by name, were seeded with.
    train_sizes : list of int or float
        Sizes of smaller training parts, smallest first.
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
    codes: NDArray[np.intp]
    estimators: dict[str, Any]
    measures: Measures
    splits: list[tuple[NDArray[np.intp], NDArray[np.intp]]]
    cv: str
    seed: int
    train_sizes: list[int | float]
    n_jobs: int | None
    tasks: list[FoldTask] = field(init=False)
    rows: list[FoldRow] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self._started = datetime.now(UTC).isoformat(timespec="seconds")
        self._versions = versions()
        parts = {
            (fold, size): part
            for fold, (train, _) in enumerate(self.splits)
            for size, part in [
                *nested_parts(train, self.train_sizes, self.codes, seed=self.seed).items(),
                (None, train),
            ]
        }
        self.tasks = [
            FoldTask(name=name, estimator=estimator, fold=fold, train=train, test=self.splits[fold][1], train_size=size)
            for name, estimator in self.estimators.items()
            for (fold, size), train in parts.items()
        ]

    def measure(self) -> Generator[FoldRow, None, None]:
        """Measure one task after the other, or several at the same time, and yield the row of each that is done."""
        with closing(run_tasks(self.tasks, self.X, self.y, self.measures, n_jobs=self.n_jobs)) as measured:
            for row, loaded in measured:
                self.rows.append(row)
                self._versions.update(loaded)
                yield row

    def result(self) -> ComparisonResult:
        """Return what is measured so far, without the estimators of which nothing is."""
        order = {(task.name, task.fold, task.train_size): position for position, task in enumerate(self.tasks)}
        rows = sorted(self.rows, key=lambda row: order[row.estimator, row.fold, row.train_size])
        measured = {row.estimator for row in rows if row.train_size is None}
        classes = self.measures.classes
        shape = getattr(self.X, "shape", None)
        return ComparisonResult(
            rows=[row for row in rows if row.train_size is None],
            partial_rows=[row for row in rows if row.train_size is not None],
            metrics=tuple(self.measures.scorers),
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
            class_names=[_plain_label(label) for label in classes.tolist()],
            target=self.codes.tolist(),
            test_rows=[test.tolist() for _, test in self.splits],
            data_fingerprint=data_fingerprint(self.X, classes, self.codes),
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
    train_sizes: Any = None,
    return_train_score: bool = False,
    keep_probabilities: bool = False,
    n_jobs: int | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> Comparison:
    """Check the arguments of `compare` and make the folds, without measuring anything.

    Parameters
    ----------
    estimators, X, y, cv, scoring, groups, train_sizes, return_train_score, keep_probabilities, n_jobs, \
    random_state : object
        As `compare` takes them.

    Returns
    -------
    comparison : Comparison
        Ready to be measured.
    """
    check_n_jobs(n_jobs)
    seed = seed_from(random_state)
    named = named_estimators(estimators, seed)
    scorers = scorers_of(scoring)
    y, classes, codes = labels_of(X, y)
    splits, description = make_splits(cv, X, y, groups, classes=classes, codes=codes, seed=seed)
    return Comparison(
        X=X,
        y=y,
        codes=codes,
        estimators=named,
        measures=Measures(
            scorers=scorers, classes=classes, probabilities=keep_probabilities, train_scores=return_train_score
        ),
        splits=splits,
        cv=description,
        seed=seed,
        train_sizes=checked_train_sizes(train_sizes, splits),
        n_jobs=n_jobs,
    )


def _describe(estimator: Any) -> str:
    try:
        return repr(estimator)
    except Exception:  # somebody else's __repr__ must not end the comparison after hours of fitting
        return type(estimator).__name__


def _plain_label(label: Any) -> Any:
    return label if isinstance(label, (bool, int, float, str)) else str(label)
