"""Running the fits of a comparison, one after another or side by side."""

from __future__ import annotations

import platform
import sys
import time
import traceback
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import joblib
import numpy as np
from joblib.parallel import get_active_backend
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.metrics import check_scoring
from sklearn.utils import _safe_indexing
from sklearn.utils.parallel import Parallel, delayed

from skimgrec.model_selection._standings import FoldRow
from skimgrec.model_selection._warning_log import intercepted_warnings, logged_warnings
from skimgrec.preprocessing import ImageLoader
from skimgrec.utils import interrupts_passed_on

# Named only where they took part: they may be installed and unused.
_OPTIONAL_LIBRARIES = ("keras", "tensorflow", "torch", "jax")

Measured = tuple[FoldRow, dict[str, str]]
Scorers = Mapping[str, Callable[..., float]]


@dataclass(frozen=True, kw_only=True)
class FoldTask:
    """One estimator on one fold, to be measured."""

    name: str
    estimator: Any
    fold: int
    train: NDArray[np.intp]
    test: NDArray[np.intp]


def check_n_jobs(n_jobs: int | None) -> None:
    """Raise an error if joblib would refuse `n_jobs`."""
    if n_jobs is not None and (not isinstance(n_jobs, (int, np.integer)) or n_jobs == 0):
        raise ValueError(f"n_jobs={n_jobs!r}, expected None, a positive number of jobs, or -1 for all processors.")


def run_tasks(
    tasks: Sequence[FoldTask], X: Any, y: NDArray[Any], scorers: Scorers, *, n_jobs: int | None
) -> Generator[Measured, None, None]:
    """Yield the row of each task as it is measured, with the versions of the libraries that its process had loaded.

    A task that cannot be sent to a worker, or takes its worker down, gives a row with that reason.

    Parameters
    ----------
    tasks : sequence of FoldTask
        What to measure.
    X : array-like of n rows
        The pictures.
    y : ndarray of shape (n,)
        Their labels.
    scorers : dict of str to callable
        The metrics.
    n_jobs : int or None
        As joblib takes it.

    Yields
    ------
    measured : (FoldRow, dict of str to str)
        In any order.
    """
    pending = dict(enumerate(tasks))
    with intercepted_warnings():
        try:
            with _closing(_parallel(pending.items(), X, y, scorers, n_jobs)) as measured:
                for number, row, loaded in measured:
                    del pending[number]
                    yield row, loaded
        except Exception:  # a worker died or a task could not be sent; alone, each task shows whether it is to blame
            for number, task in pending.items():
                yield _measure_alone(number, task, X, y, scorers, n_jobs)


def _closing(results: Any) -> Any:
    return closing(results) if hasattr(results, "close") else nullcontext(results)


def _parallel(tasks: Iterable[tuple[int, FoldTask]], X: Any, y: Any, scorers: Scorers, n_jobs: int | None) -> Any:
    backend, _ = get_active_backend()
    streams = getattr(backend, "supports_return_generator", False)
    parallel = Parallel(n_jobs=n_jobs, return_as="generator_unordered" if streams else "list")
    # The numbers of the tasks are fixed before any of them finishes and leaves the caller's dict.
    return parallel(delayed(_measure)(number, task, X, y, scorers) for number, task in list(tasks))


def _measure_alone(
    number: int, task: FoldTask, X: Any, y: NDArray[Any], scorers: Scorers, n_jobs: int | None
) -> Measured:
    try:
        with _closing(_parallel([(number, task)], X, y, scorers, n_jobs)) as measured:
            ((_, row, loaded),) = measured
    except Exception as error:
        row = FoldRow(
            estimator=task.name,
            fold=task.fold,
            n_train=len(task.train),
            n_test=len(task.test),
            scores=dict.fromkeys(scorers, float("nan")),
            error=_reason(error),
            traceback=traceback.format_exc(),
        )
        return row, {}
    return row, loaded


def _measure(
    number: int, task: FoldTask, X: Any, y: NDArray[Any], scorers: Scorers
) -> tuple[int, FoldRow, dict[str, str]]:
    """Fit and test a clone of one estimator on one fold."""
    scores = dict.fromkeys(scorers, float("nan"))
    times: dict[str, float] = {}
    error = trace = None
    with logged_warnings() as messages:
        try:
            model = clone(task.estimator)
            X_part, y_part = _safe_indexing(X, task.train), y[task.train]
            _prepare_process(model, X_part)
            start = time.perf_counter()
            # Ctrl-C ends the comparison, not only the fit that happens to run.
            with interrupts_passed_on():
                model.fit(X_part, y_part)
            times["fit_time"] = time.perf_counter() - start
            X_part, y_part = _safe_indexing(X, task.test), y[task.test]
            start = time.perf_counter()
            values = _score(model, X_part, y_part, scorers)
            elapsed = time.perf_counter() - start
            failures = {metric: value for metric, value in values.items() if isinstance(value, str)}
            scores.update({metric: float(value) for metric, value in values.items() if metric not in failures})
            if len(failures) < len(scorers):
                times["predict_time"] = elapsed
            if failures:
                error, trace = _failed_metrics(failures, all_failed=len(failures) == len(scorers))
        except Exception as failure:
            error, trace = _reason(failure), traceback.format_exc()
    row = FoldRow(
        estimator=task.name,
        fold=task.fold,
        n_train=len(task.train),
        n_test=len(task.test),
        scores=scores,
        warnings=messages,
        error=error,
        traceback=trace,
        **times,
    )
    return number, row, versions()


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


def _score(model: Any, X: Any, y: NDArray[Any], scorers: Scorers) -> dict[str, Any]:
    """Return the score in each metric, or the text of a traceback where it failed."""
    try:
        return check_scoring(model, scoring=dict(scorers), raise_exc=False)(model, X, y)
    except Exception:  # scikit-learn gives up on every metric where one asks for a method that the model lacks
        return {metric: _score_alone(model, X, y, scorer) for metric, scorer in scorers.items()}


def _score_alone(model: Any, X: Any, y: NDArray[Any], scorer: Callable[..., float]) -> float | str:
    try:
        return scorer(model, X, y)
    except Exception:
        return traceback.format_exc()


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


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


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that measure here, those of Keras's kind only if loaded."""
    import sklearn

    import skimgrec

    found = {
        "python": platform.python_version(),
        "skimgrec": skimgrec.__version__,
        "scikit-learn": sklearn.__version__,
        "numpy": np.__version__,
        "joblib": joblib.__version__,
    }
    for name in _OPTIONAL_LIBRARIES:
        if name in sys.modules:
            try:
                found[name] = metadata.version(name)
            except metadata.PackageNotFoundError:  # installed under another name, such as tensorflow-cpu
                found[name] = str(getattr(sys.modules[name], "__version__", "unknown"))
    return found
