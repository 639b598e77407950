"""Searching for the best parameters of a model, every setting on the same splits."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any
from warnings import warn

from sklearn.utils import _safe_indexing

from skimgrec.model_selection._search import plan_search
from skimgrec.model_selection._standings import FoldRow
from skimgrec.model_selection._tune_result import TuneResult
from skimgrec.model_selection._tuning import Tuning, prepare_tuning
from skimgrec.utils import interrupts_passed_on


def tune(
    model: Any,
    X: Any,
    y: Any,
    params: Mapping[str, Any],
    *,
    method: str = "grid",
    n_iter: int | None = None,
    cv: Any = 5,
    scoring: Any = "accuracy",
    return_train_score: bool = False,
    refit: bool = True,
    groups: Any = None,
    near_duplicates: str = "say",
    resource: str = "n_samples",
    factor: int = 3,
    min_resources: int | str = "exhaust",
    n_jobs: int | None = None,
    random_state: Any = None,
    run_dir: str | os.PathLike[str] | None = None,
    fit_timeout: float | None = None,
    isolate: bool = False,
    n_threads: int | None = None,
    on_row: Callable[[FoldRow], object] | None = None,
    data_name: str | None = None,
) -> TuneResult:
    """Search for the parameters with which a model scores best, every setting on the same splits of the same pictures.

    Each setting is measured as an estimator of `compare` is: a setting that fails leaves rows with the reason, and the
    search goes on.

    Parameters
    ----------
    model : estimator or str
        What to tune: a classifier, a pipeline, or the name of one of `candidates`, such as "forest+hog".
    X : array-like of shape (n, ...)
        The pictures, as `compare` takes them.
    y : array-like of shape (n,)
        The class of each picture.
    params : dict of str to sequence, str or distribution
        What to try for each parameter: a list of values; a range "low:high" or "low:high:log", of integers if both ends
        are, with both ends in it; a distribution of SciPy's. A parameter of a pipeline's step may be named without the
        step, if no other step has it.
    method : {"grid", "random", "halving", "optuna"}, default="grid"
        How settings are found. "grid" takes every combination of listed values. "random" draws `n_iter`. "halving" is
        successive halving: many settings on few resources, the best of them on `factor` times as many, and so on, to
        the last round on all there are, or with ``min_resources="smallest"`` perhaps on fewer. "optuna" asks Optuna's
        TPE sampler for one setting after the other, which looks where earlier ones scored well; it needs ``pip install
        "skimgrec[optuna]"``.
    n_iter : int, default=None
        How many settings are drawn. None is 20, and for "halving" with nothing but lists, every combination. Numbers
        drawn from a range have four digits.
    cv : int, "holdout", splitter, iterable of (train, test), or array-like of n str, default=5
        The splits, as `compare` takes them; the `split` of a data set is its own.
    scoring : str, callable, list of str, or dict of str to str or callable, default="accuracy"
        The metrics, as scikit-learn names them; higher is better. Settings are ranked by the first, and the earlier one
        of equals goes first.
    return_train_score : bool, default=False
        Whether the metrics are also computed on the pictures learnt from.
    refit : bool, default=True
        Whether the model with the best setting is at the end fitted once more, as `TuneResult.best_estimator_`: on all
        of `X`, or where `cv` is the split of a data set, on its training pictures, so that the test pictures stay
        unseen.
    groups : array-like of shape (n,), default=None
        The group of each picture; all pictures of a group are in one fold.
    near_duplicates : {"say", "ignore", "group"}, default="say"
        What is done about copies of pictures, as in `compare`.
    resource : str, default="n_samples"
        What the rounds of "halving" have more and more of: "n_samples", training pictures, in stratified parts of
        which each is within the next, or an integer parameter of the model such as "epochs", up to the model's value.
    factor : int, default=3
        In each round of "halving", how many times more resources there are, and fewer settings.
    min_resources : int or {"exhaust", "smallest"}, default="exhaust"
        The resources of the first round of "halving". "exhaust" is what lets the last round have all there are;
        "smallest" is two pictures of each class, or 1.
    n_jobs : int, default=None
        How many fits to run at the same time, as in `compare`. "optuna" runs those of one setting at the same time.
    random_state : int, RandomState or None, default=None
        Seeds the folds, the settings that are drawn, and a model that is named. None draws a seed, which the result
        keeps.
    run_dir : path-like, default=None
        A folder that keeps what is finished, so that the same call goes on where an earlier one ended. It needs an
        integer `random_state`, or settings would be drawn anew.
    fit_timeout : float, default=None
        Seconds after which a fit counts as failed, as in `compare`.
    isolate : bool, default=False
        Whether each fit has a process of its own, as in `compare`.
    n_threads : int, default=None
        Threads of each fit, as in `compare`.
    on_row : callable, default=None
        Called with each `FoldRow` as soon as it is measured.
    data_name : str, default=None
        What to call the data where the result is shown.

    Returns
    -------
    result : TuneResult
        The settings with their scores, and the best one.

    Raises
    ------
    ValueError
        If a parameter is unknown, has no values or a range where values are needed, or what `compare` refuses.
    TypeError
        If `model` is no classifier, or values are none.
    ImportError
        If Optuna is asked for and not installed.

    Warns
    -----
    RuntimeWarning
        If the best setting fails when it is fitted once more; the result has no model then.

    See Also
    --------
    TuneResult : What is returned.
    TuningDisplay : Draws every parameter against the score.
    compare : Measures different models.

    Notes
    -----
    The best score is chosen for being high, and so a little higher than the model's on new pictures. To measure it,
    leave a test set aside, or give `compare` a `sklearn.model_selection.GridSearchCV`, which then searches in each fold
    anew.

    Interrupted with Ctrl-C, it raises `KeyboardInterrupt`; what `on_row` was called with until then is measured.

    Successive halving is that of Jamieson and Talwalkar, "Non-stochastic best arm identification and hyperparameter
    optimization", 2016, with the rounds of `sklearn.model_selection.HalvingRandomSearchCV`. Unlike there, the test
    folds of every round are whole.

    Examples
    --------
    >>> from skimgrec import load_digits_images, tune
    >>> X, y = load_digits_images(return_X_y=True)
    >>> X, y = X[:600], y[:600]
    >>> result = tune("knn+hog", X, y, {"n_neighbors": [1, 3, 30]}, cv=3, random_state=0)
    >>> result.best_params_
    {'kneighborsclassifier__n_neighbors': 3}
    >>> result.best_estimator_.score(X, y) > 0.9
    True
    """
    search = plan_search(
        model,
        params,
        method=method,
        n_iter=n_iter,
        resource=resource,
        factor=factor,
        min_resources=min_resources,
        random_state=random_state,
    )
    tuning = prepare_tuning(
        search,
        X,
        y,
        cv=cv,
        scoring=scoring,
        return_train_score=return_train_score,
        groups=groups,
        near_duplicates=near_duplicates,
        n_jobs=n_jobs,
        run_dir=run_dir,
        fit_timeout=fit_timeout,
        isolate=isolate,
        n_threads=n_threads,
    )
    with closing(tuning.measure()) as rows:
        for row in rows:
            if on_row is not None:
                on_row(row)
    result = tuning.result()
    for comparison in result.rounds:
        comparison.data_name = data_name
    if refit and result.best_ is not None:
        result.best_estimator_ = _refitted(tuning, result.best_)
    return result


def _refitted(tuning: Tuning, name: str) -> Any:
    model, rows = tuning.model_with(name), tuning.whole.rows_to_refit
    try:
        with interrupts_passed_on():
            # All rows are not copied.
            X = tuning.X if len(rows) == len(tuning.whole.y) else _safe_indexing(tuning.X, rows)
            model.fit(X, tuning.whole.y[rows])
    except (Exception, SystemExit) as error:  # hours of measurements must not be lost with the last fit
        warn(
            f"The best setting, {name}, failed when it was fitted once more, so that best_estimator_ is None: "
            f"{type(error).__name__}: {error}",
            RuntimeWarning,
            stacklevel=3,
        )
        return None
    return model
