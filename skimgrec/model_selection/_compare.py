"""Measuring classifiers on the same splits of the same pictures."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from typing import Any

import numpy as np

from skimgrec.model_selection._arguments import check_limits, labels_of, named_estimators, scorers_of, seed_from
from skimgrec.model_selection._comparison import Comparison
from skimgrec.model_selection._fairness import (
    check_groups_are_kept,
    check_inner_splits,
    check_near_duplicates,
    classes_not_taught,
    groups_of_copies,
    groups_of_several,
    groups_to_keep,
    note_on_classes,
    note_on_copies,
    note_on_groups,
    note_on_scaling,
    notes_on_estimators,
)
from skimgrec.model_selection._isolated import check_backend
from skimgrec.model_selection._measure import Measures
from skimgrec.model_selection._networks import with_n_threads
from skimgrec.model_selection._result import ComparisonResult
from skimgrec.model_selection._run import check_n_jobs
from skimgrec.model_selection._splits import checked_train_sizes, group_codes, make_splits
from skimgrec.model_selection._standings import FoldRow
from skimgrec.model_selection._store import RowStore

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
    near_duplicates: str = "say",
    n_jobs: int | None = None,
    random_state: int | np.random.RandomState | None = None,
    run_dir: str | os.PathLike[str] | None = None,
    fit_timeout: float | None = None,
    isolate: bool = False,
    budget: float | None = None,
    n_threads: int | None = None,
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
        fold, by an integer `cv`, by "holdout" and by splitters that look at groups; of other splits, a note says how
        many test pictures share a group with pictures learnt from. Tests and intervals on a single split take the
        pictures of a group together.
    train_sizes : array-like of int or float, default=None
        Sizes of smaller training sets that each estimator is also fitted on, for `ComparisonResult.learning_curves`:
        numbers of pictures, or shares of the training pictures up to 1. Each is a stratified part of the next larger
        one. All training pictures take part in any case, and alone decide the ranking.
    return_train_score : bool, default=False
        Whether the metrics are also computed on the pictures learnt from, outside the times that are measured.
    keep_probabilities : bool, default=False
        Whether the probabilities of the test pictures are kept, as `ComparisonResult.label_errors` needs them. They are
        predicted anew, outside the times that are measured, where no metric asks for them.
    near_duplicates : {"say", "ignore", "group"}, default="say"
        What to do about pictures that have a copy, exact or near, among those learnt from, as `check_images` finds them
        (of flattened pictures, exact copies alone): say how many there are, do not look for them, or keep copies in one
        fold. The latter takes a `cv` that can keep groups together, and no `groups` beside it. Copies that were found
        are a group in tests and intervals on a single split, unless `groups` says otherwise.
    n_jobs : int, default=None
        How many fits to run at the same time, through joblib, whose `parallel_config` can choose another backend.
        None is 1 unless that says otherwise; -1 takes all processors. Scores do not depend on it, except those of
        networks: TensorFlow has fewer threads in a worker, which changes its rounding, and so the training, a little.
    random_state : int, RandomState or None, default=None
        Seeds the shuffled folds and the candidates that are named. None draws a seed, which the result keeps, and
        `run_dir`, for the calls that go on there. NumPy's global random state is left alone.
    run_dir : path-like, default=None
        A folder for what is measured. Each row is written there as soon as it is finished, and a later call, after an
        interruption or with more to compare, measures only what is missing. Rows are taken only if the estimator, its
        parameters and code, the pictures, the split, what is measured and the versions of the libraries are the same.
        Rows that failed are measured again, unless a metric is all that failed and another one has a score.
    fit_timeout : float, default=None
        Seconds after which a fit, its test included, is given up and becomes a row with an error. Implies `isolate`.
    isolate : bool, default=False
        Whether fits run in processes of their own, `n_jobs` of them, so that one that crashes, or takes more memory
        than there is, costs its own row alone.
    budget : float, default=None
        Seconds for the whole call, with what comes before the first fit: looking for near-duplicates, hashing the
        pictures, reading `run_dir`. The cheapest estimators come first, networks last and with fewer epochs if need be;
        what does not fit is left out, and `ComparisonResult.cut` says what that was. Implies `isolate`. Steps that
        pipelines have in common are left to each fit, which can be cut.
    n_threads : int, default=None
        Number of threads for each network that has no `n_threads` of its own. With the same number, its scores are the
        same for every `n_jobs`.
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
        folds, X, y and groups of different lengths, y that is no class labels, an unknown metric, training pictures in
        a test fold.
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

    Predict times are those of scoring the test pictures: each kind of prediction that metrics of scikit-learn's kind
    ask for is made once, also where one of them fails, and computing the metrics, usually milliseconds, is part of it.
    Callables that are no scorers predict for themselves. Both are wall-clock times, and jobs that run at the same time
    slow each other.

    Steps that pipelines have in common, such as `HOGTransformer` of the same uint8 pictures, are computed once, where
    what they give for a picture does not depend on the others, and there is no `budget`. Scores do not change by it.
    Each fit is charged with the time that its training pictures took there, each prediction with that of its test
    pictures, and the peak memory of a fit counts its rows of the features, as if each pipeline had run alone.

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
        near_duplicates=near_duplicates,
        n_jobs=n_jobs,
        random_state=random_state,
        run_dir=run_dir,
        fit_timeout=fit_timeout,
        isolate=isolate,
        budget=budget,
        n_threads=n_threads,
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
    near_duplicates: str = "say",
    n_jobs: int | None = None,
    random_state: int | np.random.RandomState | None = None,
    run_dir: str | os.PathLike[str] | None = None,
    fit_timeout: float | None = None,
    isolate: bool = False,
    budget: float | None = None,
    n_threads: int | None = None,
    budget_start: float | None = None,
) -> Comparison:
    """Check the arguments of `compare` and make the folds, without measuring anything.

    Parameters
    ----------
    estimators, X, y, cv, scoring, groups, train_sizes, return_train_score, keep_probabilities : object
        As `compare` takes them.
    near_duplicates, n_jobs, random_state, run_dir, fit_timeout, isolate, budget, n_threads : object
        Likewise.
    budget_start : float, default=None
        Moment of `time.monotonic` from which `budget` counts; None is that of this call.

    Returns
    -------
    comparison : Comparison
        Ready to be measured.
    """
    budget_start = time.monotonic() if budget_start is None else budget_start
    check_n_jobs(n_jobs)
    check_limits(fit_timeout=fit_timeout, budget=budget, n_threads=n_threads)
    isolate = isolate or fit_timeout is not None or budget is not None
    if isolate:
        check_backend()
    seed = seed_from(random_state)
    if run_dir is not None and random_state is None:
        seed = RowStore(run_dir).seed(seed)
    named = named_estimators(estimators, seed)
    if n_threads is not None:
        named = {name: with_n_threads(estimator, int(n_threads)) for name, estimator in named.items()}
    scorers = scorers_of(scoring)
    y, classes, codes = labels_of(X, y)
    check_near_duplicates(near_duplicates, groups)
    given_groups = None if groups is None else group_codes(groups, len(codes))
    copies = None if near_duplicates == "ignore" else groups_of_copies(X, n_jobs=n_jobs)
    if near_duplicates == "group":
        groups = groups_to_keep(copies, X)
    splits, description = make_splits(cv, X, y, groups, classes=classes, codes=codes, seed=seed)
    check_inner_splits(named, splits)
    if near_duplicates == "group":
        check_groups_are_kept(copies, splits, description)
    not_taught = classes_not_taught(splits, codes)
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
        run_dir=run_dir,
        fit_timeout=fit_timeout,
        isolate=isolate,
        budget=budget,
        budget_start=budget_start,
        not_taught=not_taught,
        groups=groups_of_several(copies if given_groups is None else given_groups),
        notes=[
            *note_on_copies(copies, splits),
            *note_on_groups(given_groups, splits, description),
            *note_on_classes(not_taught, splits, classes, codes),
            *note_on_scaling(X),
            *notes_on_estimators(named),
        ],
    )
