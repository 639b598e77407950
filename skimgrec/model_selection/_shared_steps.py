"""Steps that many fits of a comparison begin with, such as HOG of the same pictures, computed once for all of them."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.metrics import get_scorer
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing

from skimgrec.model_selection._measure import FoldTask, Scorers
from skimgrec.model_selection._memory import available_memory
from skimgrec.model_selection._warning_log import logged_warnings
from skimgrec.preprocessing import ImageLoader

# A fit copies its rows of the features, and some estimators copy those in float64: four times the features in all.
_PART_OF_MEMORY = 1 / 4
_MOST_BYTES = 2**32
_MOST_BYTES_IF_UNKNOWN = 2**30


@dataclass(kw_only=True, eq=False)
class _Group:
    """The tasks that begin with the same steps.

    Parameters
    ----------
    steps : list of transformer
        The steps of one of them.
    tasks : list of FoldTask
        All of them.

    Attributes
    ----------
    n_left : int
        How many of them have not been handed out.
    rows : ndarray of int
        The pictures that they use, sorted.
    features : ndarray of shape (len(rows), n_features) or None
        What the steps give.
    seconds : float
        What that took for each picture.
    """

    steps: list[Any]
    tasks: list[FoldTask] = field(default_factory=list)
    n_left: int = field(init=False)
    rows: NDArray[np.intp] = field(init=False)
    features: NDArray[Any] | None = field(init=False, default=None)
    seconds: float = field(init=False, default=0.0)

    def close(self) -> bool:
        """Settle which pictures are used, and return whether some would be worked through more than once."""
        parts = [part for task in self.tasks for part in (task.train, task.test)]
        self.rows = np.unique(np.concatenate(parts))
        self.n_left = len(self.tasks)
        return sum(map(len, parts)) > len(self.rows)


class SharedSteps:
    """The steps that tasks have in common, computed when the first of them is about to run.

    Steps are shared at the front of a plain `Pipeline` whose classes are skimgrec's own and say, with a method
    ``_can_be_shared(X)``, that what they give for a picture does not depend on what they were fitted on. Their
    parameters must be equal, but for `n_jobs`. The rows of the tasks are then the same as without sharing: where a
    shared step fails, warns or takes too much memory, every task is left to run it itself.

    Parameters
    ----------
    tasks : sequence of FoldTask
        What is going to run.
    X : array-like of n rows
        The pictures.
    y : ndarray of shape (n,)
        Their labels.
    scorers : dict of str to callable
        The metrics. Only those of scikit-learn's kind, which look at predictions alone, can do with the features.
    """

    def __init__(self, tasks: Sequence[FoldTask], X: Any, y: NDArray[Any], scorers: Scorers) -> None:
        self._X, self._y = X, y
        self._lock = threading.Lock()
        self._groups: dict[str, _Group] = {}
        if not all(isinstance(scorer, type(get_scorer("accuracy"))) for scorer in scorers.values()):
            return
        tasks_of: dict[str, list[FoldTask]] = defaultdict(list)
        for task in tasks:
            tasks_of[task.name].append(task)
        groups: dict[Any, _Group] = {}
        for name, own in tasks_of.items():
            steps = _shareable_steps(own[0].estimator, X)
            if steps:
                group = groups.setdefault(tuple(map(_identity, steps)), _Group(steps=steps))
                group.tasks += own
                self._groups[name] = group
        closed = {id(group): group.close() for group in groups.values()}
        self._groups = {name: group for name, group in self._groups.items() if closed[id(group)]}

    def of(self, task: FoldTask) -> tuple[FoldTask, Any, NDArray[Any]]:
        """Return a task as it is to be run, what its rows are rows of (the pictures, or features), and their labels.

        To be called once for each task, in the process that holds the pictures, just before it runs: features are let
        go of after their last task. A task that has to be repeated runs on the pictures.
        """
        with self._lock:
            group = self._groups.get(task.name)
            if group is None or group.n_left == 0:
                return task, self._X, self._y
            if group.n_left == len(group.tasks):
                self._compute(group)
            group.n_left -= 1
            features = group.features
            if group.n_left == 0:
                group.features = None
        if features is None:
            return task, self._X, self._y
        rest = Pipeline(task.estimator.steps[len(group.steps) :], verbose=task.estimator.verbose)
        train, test = (np.searchsorted(group.rows, rows) for rows in (task.train, task.test))
        task = replace(task, estimator=rest, train=train, test=test, shared_seconds=group.seconds)
        return task, features, self._y[group.rows]

    def _compute(self, group: _Group) -> None:
        try:
            with logged_warnings() as messages:
                # The first row also has the kernels compiled, which is no part of anybody's time.
                first = _after(group.steps, _safe_indexing(self._X, group.rows[:1]))
                # Data frames, which set_output can ask for, are left alone.
                if type(first) is not np.ndarray or not self._fits(first.nbytes * len(group.rows)):
                    return
                everything = len(group.rows) == len(self._X)
                pictures = self._X if everything else _safe_indexing(self._X, group.rows)
                start = time.perf_counter()
                features = _after(group.steps, pictures)
                seconds = time.perf_counter() - start
        except Exception:  # the fits fail in the same way, and say so in their rows
            return
        if not messages:
            group.features, group.seconds = features, seconds / len(group.rows)

    def _fits(self, n_bytes: int) -> bool:
        """Return whether features may take so many bytes beside those that are held already."""
        held = sum(group.features.nbytes for group in set(self._groups.values()) if group.features is not None)
        available = available_memory()
        most = _MOST_BYTES_IF_UNKNOWN if available is None else min(_MOST_BYTES, _PART_OF_MEMORY * (available + held))
        return held + n_bytes <= most


def _shareable_steps(estimator: Any, X: Any) -> list[Any]:
    """Return the steps at the front of an estimator whose features can serve others, none if there are none."""
    # A subclass may do anything with its steps, and who has a memory has arranged for sharing.
    if type(estimator) is not Pipeline or estimator.memory is not None or estimator.transform_input is not None:
        return []
    steps: list[Any] = []
    try:
        with logged_warnings():
            sample = _safe_indexing(X, [0]) if len(X) else X
            for _, step in estimator.steps[:-1]:
                # Lazy batches are had for nothing, so that this computes nothing of weight.
                if steps:
                    sample = clone(steps[-1]).fit_transform(sample)
                if not _trusted(step) or not step._can_be_shared(sample):
                    break
                steps.append(step)
                if not isinstance(step, ImageLoader):
                    break
    except Exception:
        return []
    # Without a step behind it that reads the files, a loader does no work that could be shared.
    return [] if steps and isinstance(steps[-1], ImageLoader) else steps


def _trusted(step: Any) -> bool:
    return type(step).__module__.startswith("skimgrec.") and hasattr(step, "_can_be_shared")


def _identity(step: Any) -> tuple[Any, ...]:
    """Return what two steps have in common that give the same features."""
    parameters = {name: value for name, value in step.get_params(deep=False).items() if name != "n_jobs"}
    output = repr(getattr(step, "_sklearn_output_config", None))
    return type(step), output, *((name, type(value), repr(value)) for name, value in sorted(parameters.items()))


def _after(steps: Sequence[Any], X: Any) -> Any:
    for step in steps:
        X = clone(step).fit_transform(X)
    return X
