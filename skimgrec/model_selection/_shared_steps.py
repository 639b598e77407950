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
from sklearn.pipeline import FeatureUnion, Pipeline
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
class _Part:
    """Features that one or more groups take: alone, or beside others.

    Parameters
    ----------
    steps : list of transformer
        One transformer, behind the loader of its files if there is one.

    Attributes
    ----------
    n_waiting : int
        How many groups have not done with them.
    is_tried : bool
        Whether they have been computed, or could not be.
    features : ndarray of shape (n_rows, n_features) or None
        What the steps give.
    seconds : float
        What that took for each picture.
    """

    steps: list[Any]
    n_waiting: int = field(init=False, default=0)
    is_tried: bool = field(init=False, default=False)
    features: NDArray[Any] | None = field(init=False, default=None)
    seconds: float = field(init=False, default=0.0)

    def release(self) -> None:
        """Note that a group has done with the features, and let go of them after the last."""
        self.n_waiting -= 1
        if self.n_waiting == 0:
            self.features = None


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
    parts : list of _Part
        What their features are made of: one, or several beside each other.
    features : ndarray of shape (len(rows), n_features) or None
        What the steps give.
    seconds : float
        What that took for each picture.
    """

    steps: list[Any]
    tasks: list[FoldTask] = field(default_factory=list)
    n_left: int = field(init=False)
    rows: NDArray[np.intp] = field(init=False)
    parts: list[_Part] = field(init=False, default_factory=list)
    features: NDArray[Any] | None = field(init=False, default=None)
    seconds: float = field(init=False, default=0.0)

    def close(self) -> bool:
        """Settle which pictures are used, and return whether some would be worked through more than once."""
        parts = [part for task in self.tasks for part in (task.train, task.test)]
        self.rows = np.unique(np.concatenate(parts))
        self.n_left = len(self.tasks)
        return sum(map(len, parts)) > len(self.rows)

    def chains(self) -> list[list[Any]]:
        """Return the steps of each part."""
        *before, last = self.steps
        if isinstance(last, FeatureUnion):
            return [[*before, member] for _, member in last.transformer_list]
        return [self.steps]


class SharedSteps:
    """The steps that tasks have in common, computed when the first of them is about to run.

    Steps are shared at the front of a plain `Pipeline` whose classes are skimgrec's own and say, with a method
    ``_can_be_shared(X)``, that what they give for a picture does not depend on what they were fitted on. Their
    parameters must be equal, but for `n_jobs`. A plain `FeatureUnion` of such steps is shared as well, and each of its
    members is computed once for all unions that have it, and for those who take it alone. The rows of the tasks are
    then the same as without sharing: where a shared step fails, warns or takes too much memory, every task is left to
    run it itself.

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
        shared = {id(group): group.close() for group in groups.values()}
        parts: dict[Any, _Part] = {}
        for group in groups.values():
            for chain in group.chains():
                key = (group.rows.tobytes(), *map(_identity, chain))
                part = parts.setdefault(key, _Part(steps=chain))
                part.n_waiting += 1
                group.parts.append(part)
        self._groups = {
            name: group
            for name, group in self._groups.items()
            if shared[id(group)] or any(part.n_waiting > 1 for part in group.parts)
        }

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
                if len(group.parts) == 1:
                    group.parts[0].release()
        if features is None:
            return task, self._X, self._y
        rest = Pipeline(task.estimator.steps[len(group.steps) :], verbose=task.estimator.verbose)
        train, test = (np.searchsorted(group.rows, rows) for rows in (task.train, task.test))
        task = replace(task, estimator=rest, train=train, test=test, shared_seconds=group.seconds)
        return task, features, self._y[group.rows]

    def _compute(self, group: _Group) -> None:
        try:
            group.features = self._features_of(group)
        except Exception:  # the fits fail in the same way, and say so in their rows
            group.features = None
        if group.features is None or len(group.parts) > 1:
            for part in group.parts:
                part.release()
            group.parts = []

    def _features_of(self, group: _Group) -> NDArray[Any] | None:
        parts = group.parts
        if any(part.is_tried and part.features is None for part in parts):
            return None
        with logged_warnings() as messages:
            # The first row also has the kernels compiled, which is no part of anybody's time.
            firsts = [_after(part.steps, _safe_indexing(self._X, group.rows[:1])) for part in parts]
        # Data frames, which set_output can ask for, are left alone.
        if messages or not all(type(first) is np.ndarray for first in firsts):
            return None
        wanted = [first.nbytes for first, part in zip(firsts, parts, strict=True) if part.features is None]
        if len(parts) > 1:
            wanted.append(np.hstack(firsts).nbytes)
        if not self._fits(len(group.rows) * sum(wanted)):
            return None
        everything = len(group.rows) == len(self._X)
        pictures = self._X if everything else _safe_indexing(self._X, group.rows)
        found = [_computed(part, pictures) for part in parts]
        if any(features is None for features in found):
            return None
        start = time.perf_counter()
        joined = np.hstack(found) if len(found) > 1 else found[0]
        group.seconds = (time.perf_counter() - start) / len(group.rows) + sum(part.seconds for part in parts)
        return joined

    def _fits(self, n_bytes: int) -> bool:
        """Return whether features may take so many bytes beside those that are held already."""
        groups = set(self._groups.values())
        arrays = [group.features for group in groups] + [part.features for group in groups for part in group.parts]
        held = sum({id(array): array.nbytes for array in arrays if array is not None}.values())
        available = available_memory()
        most = _MOST_BYTES_IF_UNKNOWN if available is None else min(_MOST_BYTES, _PART_OF_MEMORY * (available + held))
        return held + n_bytes <= most


def _computed(part: _Part, pictures: Any) -> Any:
    """Return the features of a part, None if it fails to give any without a warning."""
    if not part.is_tried:
        part.is_tried = True
        with logged_warnings() as messages:
            start = time.perf_counter()
            features = _after(part.steps, pictures)
            seconds = time.perf_counter() - start
        if not messages:
            part.features, part.seconds = features, seconds / len(features)
    return part.features


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
                members = [step]
                if type(step) is FeatureUnion and not _has_settings(step):
                    members = [member for _, member in step.transformer_list]
                if not all(_trusted(member) and member._can_be_shared(sample) for member in members):
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


def _has_settings(union: FeatureUnion) -> bool:
    """Return whether a union does more than put the features of its members beside each other."""
    return union.transformer_weights is not None or bool(getattr(union, "_sklearn_output_config", None))


def _identity(step: Any) -> tuple[Any, ...]:
    """Return what two steps have in common that give the same features."""
    if isinstance(step, FeatureUnion):
        return type(step), *(_identity(member) for _, member in step.transformer_list)
    parameters = {name: value for name, value in step.get_params(deep=False).items() if name != "n_jobs"}
    output = repr(getattr(step, "_sklearn_output_config", None))
    return type(step), output, *((name, type(value), repr(value)) for name, value in sorted(parameters.items()))


def _after(steps: Sequence[Any], X: Any) -> Any:
    for step in steps:
        X = clone(step).fit_transform(X)
    return X
