"""One fit of a comparison: a clone of an estimator fitted on some rows, tested on others, and written down."""

from __future__ import annotations

import functools
import math
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.metrics import check_scoring, get_scorer
from sklearn.utils import _safe_indexing

from skimgrec.model_selection._memory import peak_memory
from skimgrec.model_selection._standings import FoldRow
from skimgrec.model_selection._warning_log import logged_warnings
from skimgrec.persistence import model_file_size
from skimgrec.preprocessing import ImageLoader
from skimgrec.utils import interrupts_passed_on
from skimgrec.utils._training_history import best_epoch, trained_part, training_history
from skimgrec.utils._versions import versions

Scorers = Mapping[str, Callable[..., float]]
Measured = tuple[FoldRow, dict[str, str]]
# What metrics ask a model for.
_METHODS = ("predict", "predict_proba", "decision_function")
_SCORER = type(get_scorer("accuracy"))


@dataclass(frozen=True, kw_only=True)
class FoldTask:
    """One estimator on one fold, to be measured.

    Parameters
    ----------
    name : str
        The estimator's name.
    estimator : estimator
        To be cloned.
    fold : int
        Number of the fold, from 0.
    train, test : ndarray of int
        Rows to learn from, and to test on.
    train_size : int, float or None
        How many of the fold's training rows `train` holds, as asked for; None if it holds them all.
    shared_seconds : float
        What steps that were computed beforehand, for several tasks at once, took for each row. The task's times count
        them in for its own rows.
    """

    name: str
    estimator: Any
    fold: int
    train: NDArray[np.intp]
    test: NDArray[np.intp]
    train_size: int | float | None = None
    shared_seconds: float = 0.0

    def failed(self, metrics: Mapping[str, Any], error: str, trace: str | None = None) -> FoldRow:
        """Return the row of a task that could not be measured."""
        return FoldRow(
            estimator=self.name,
            fold=self.fold,
            n_train=len(self.train),
            n_test=len(self.test),
            train_size=self.train_size,
            scores=dict.fromkeys(metrics, math.nan),
            error=error,
            traceback=trace,
        )


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured of each task.

    Parameters
    ----------
    scorers : dict of str to callable
        The metrics.
    classes : ndarray of shape (n_classes,)
        The classes, sorted: predictions are kept as positions in them.
    probabilities : bool
        Whether the predicted probabilities of the test rows are kept, too.
    train_scores : bool
        Whether the metrics are also computed on the rows learnt from.
    """

    scorers: Scorers
    classes: NDArray[Any]
    probabilities: bool = False
    train_scores: bool = False


def measure(
    task: FoldTask, X: Any, y: NDArray[Any], measures: Measures, *, on_start: Callable[[], object] | None = None
) -> Measured:
    """Fit and test a clone of one estimator on one fold.

    Parameters
    ----------
    task : FoldTask
        What to fit, and on which rows.
    X : array-like of n rows
        The pictures.
    y : ndarray of shape (n,)
        Their labels.
    measures : Measures
        What to write down.
    on_start : callable, default=None
        Called just before the fit begins.

    Returns
    -------
    row : FoldRow
        With the reason, if it failed: with an `Exception` or a `SystemExit`. Ctrl-C goes through.
    versions : dict of str to str
        Of the libraries that this process has loaded.
    """
    scorers = measures.scorers
    scores = dict.fromkeys(scorers, math.nan)
    found: dict[str, Any] = {}
    error = trace = None
    with logged_warnings() as messages:
        try:
            model = clone(task.estimator)
            _guess_anew(model, task.fold)
            X_train, y_train = _safe_indexing(X, task.train), y[task.train]
            _prepare_process(model, X_train)
            if on_start is not None:
                on_start()
            start = time.perf_counter()
            # Ctrl-C ends the comparison, not only the fit that happens to run.
            with peak_memory() as memory, interrupts_passed_on():
                model.fit(X_train, y_train)
            found["fit_time"] = time.perf_counter() - start + task.shared_seconds * len(task.train)
            # Alone, the task would have held the features of the shared steps.
            found["peak_memory"] = memory.value + (X_train.nbytes if task.shared_seconds else 0)
            found["model_size"] = model_file_size(model)
            found.update(_training_of(model))
            if measures.train_scores:
                values = _score(model, X_train, y_train, scorers)
                found["train_scores"] = {
                    metric: math.nan if isinstance(value, str) else float(value) for metric, value in values.items()
                }
            X_test, y_test = _safe_indexing(X, task.test), y[task.test]
            answers = _remember_answers(model, X_test)
            start = time.perf_counter()
            values = _score(model, X_test, y_test, scorers, answers)
            elapsed = time.perf_counter() - start
            # Alone, each kind of prediction would have gone through the shared steps.
            elapsed += task.shared_seconds * len(task.test) * max(1, len(answers.asked))
            failures = {metric: value for metric, value in values.items() if isinstance(value, str)}
            scores.update({metric: float(value) for metric, value in values.items() if metric not in failures})
            if len(failures) < len(scorers):
                found["predict_time"] = elapsed
                found.update(_kept(model, X_test, answers.given, measures))
            if failures:
                error, trace = _failed_metrics(failures, all_failed=len(failures) == len(scorers))
        # What ends a program, such as `sys.exit` in somebody's `fit`, must not end the comparison.
        except (Exception, SystemExit) as failure:
            error, trace = reason(failure), traceback.format_exc()
    row = FoldRow(
        estimator=task.name,
        fold=task.fold,
        n_train=len(task.train),
        n_test=len(task.test),
        train_size=task.train_size,
        scores=scores,
        warnings=messages,
        error=error,
        traceback=trace,
        **found,
    )
    return row, versions()


@dataclass
class _Answers:
    """What a model has answered about the test rows, by the method that was asked."""

    given: dict[str, Any] = field(default_factory=dict)
    # The methods that a metric has asked; others are those that they are made of.
    asked: set[str] = field(default_factory=set)
    # Whether a method that was asked before is not asked again.
    served: bool = False
    asking: bool = False


def _remember_answers(model: Any, X: Any) -> _Answers:
    """Let a fitted model write down what it answers about `X`, so that nothing is predicted twice to be kept."""
    answers = _Answers()
    for method in _METHODS:
        answer = getattr(model, method, None)
        if answer is None:
            continue

        def remembered(rows: Any, *args: Any, _answer: Any = answer, _method: str = method, **kwargs: Any) -> Any:
            if rows is not X or args or kwargs:
                return _answer(rows, *args, **kwargs)
            if answers.asking:  # `predict` of many classifiers looks at their probabilities
                answers.given[_method] = result = _answer(rows)
                return result
            if answers.served and _method in answers.asked:
                return answers.given[_method]
            answers.asking = True
            try:
                answers.given[_method] = result = _answer(rows)
            finally:
                answers.asking = False
            answers.asked.add(_method)
            return result

        with suppress(AttributeError, TypeError):  # a class with slots, or a wrapper of compiled code
            setattr(model, method, functools.wraps(answer)(remembered))
    return answers


def _kept(model: Any, X: Any, answers: Mapping[str, Any], measures: Measures) -> dict[str, Any]:
    """Return the predictions of the test rows in the form in which a row keeps them."""
    kept: dict[str, Any] = {}
    with suppress(Exception):  # a metric of the user's own may be all that this model can do
        predicted = answers["predict"] if "predict" in answers else model.predict(X)
        kept["predicted"] = _codes_of(predicted, measures.classes)
    if measures.probabilities:
        with suppress(Exception):  # likewise
            probabilities = answers["predict_proba"] if "predict_proba" in answers else model.predict_proba(X)
            kept["probabilities"] = _in_all_classes(np.asarray(probabilities), model.classes_, measures.classes)
    return kept


def _training_of(model: Any) -> dict[str, Any]:
    """Return what a fitted model has kept of its training, where it has."""
    with suppress(Exception):  # attributes of somebody's class may do anything
        part = trained_part(model)
        history = training_history(part)
        if history is not None:
            return {"history": history, "best_epoch": best_epoch(part)}
    return {}


def _codes_of(labels: Any, classes: NDArray[Any]) -> list[int]:
    """Return the position of each label among the classes, -1 for what is none of them."""
    positions = {label: code for code, label in enumerate(classes.tolist())}
    return [positions.get(label, -1) for label in np.asarray(labels).tolist()]


def _in_all_classes(probabilities: NDArray[Any], learnt: NDArray[Any], classes: NDArray[Any]) -> NDArray[np.float32]:
    """Return probabilities of the classes that a model has learnt as those of all classes, without what is none."""
    whole = np.zeros((len(probabilities), len(classes)), dtype=np.float32)
    codes = np.asarray(_codes_of(learnt, classes))
    whole[:, codes[codes >= 0]] = probabilities[:, codes >= 0]
    return whole


def _prepare_process(model: Any, X: Any) -> None:
    """Let `model` and its nested parts do what a process does once, so that no fit is charged with it.

    A part that has something to load or to compile says so with a method ``_prepare_process(X)``, which gets the first
    picture, read from its file where `X` holds paths. What fails there fails again in `fit`, and is reported then.
    """
    with suppress(Exception):
        parts = list({id(part): part for part in (model, *model.get_params(deep=True).values())}.values())
        loader = next((part for part in parts if isinstance(part, ImageLoader)), None)
        first = X[:1] if loader is None else clone(loader).set_params(cache=None).transform(X[:1])
        for part in parts:
            prepare = getattr(part, "_prepare_process", None)
            if callable(prepare):
                with suppress(Exception):
                    prepare(first)


def _score(model: Any, X: Any, y: NDArray[Any], scorers: Scorers, answers: _Answers | None = None) -> dict[str, Any]:
    """Return the score in each metric, or the text of a traceback where it failed."""
    answers = answers or _Answers()
    # Metrics of scikit-learn's kind look at predictions alone; others may want to see new ones each time.
    answers.served = all(isinstance(scorer, _SCORER) for scorer in scorers.values())
    try:
        return check_scoring(model, scoring=dict(scorers), raise_exc=False)(model, X, y)
    except Exception:  # scikit-learn gives up on every metric where one asks for a method that the model lacks
        scores = {}
        for metric, scorer in scorers.items():
            answers.served = isinstance(scorer, _SCORER)
            scores[metric] = _score_alone(model, X, y, scorer)
        return scores


def _score_alone(model: Any, X: Any, y: NDArray[Any], scorer: Callable[..., float]) -> float | str:
    try:
        return scorer(model, X, y)
    except Exception:
        return traceback.format_exc()


def reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _guess_anew(model: Any, fold: int) -> None:
    """Give what guesses another seed in each fold.

    With the same one it would give the same answers in each, and where the classes come one after the other in all of
    them, have the same score, as if that were sure.
    """
    from sklearn.dummy import DummyClassifier

    parts = [model, *(model.get_params(deep=True).values() if hasattr(model, "get_params") else ())]
    for part in parts:
        if isinstance(part, DummyClassifier) and isinstance(part.random_state, Integral):
            part.random_state = (int(part.random_state) + fold) % 2**32


def _failed_metrics(failures: Mapping[str, str], *, all_failed: bool) -> tuple[str, str]:
    """Return why metrics failed, in one line and in full."""
    reasons = {metric: _exception_of(trace) for metric, trace in failures.items()}
    if all_failed and len(set(reasons.values())) == 1:
        return next(iter(reasons.values())), next(iter(failures.values()))
    return "; ".join(f"{metric}: {reason}" for metric, reason in reasons.items()), "\n".join(failures.values())


def _exception_of(trace: str) -> str:
    """Return the "Type: message" at the end of a formatted traceback."""
    lines = trace.rstrip().splitlines()
    last_frame = max((number for number, line in enumerate(lines) if line.startswith('  File "')), default=-1)
    rest = lines[last_frame + 1 :]
    while len(rest) > 1 and rest[0].startswith("    "):
        rest = rest[1:]
    return "\n".join(rest)
