"""Going on with a comparison where an earlier call, or a process that was killed, has left it."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from skimgrec.model_selection._measure import FoldTask, Measured, Measures
from skimgrec.model_selection._row_keys import comparison_key, row_keys
from skimgrec.model_selection._standings import FoldRow
from skimgrec.model_selection._store import RowStore

_Place = tuple[str, int, int | float | None]


class Resumption:
    """What a run's folder holds of a comparison, and where its new rows go.

    Parameters
    ----------
    folder : path-like
        The run's folder.
    tasks : sequence of FoldTask
        What is to be measured.
    data : str or None
        The fingerprint of the pictures and their labels.
    measures : Measures
        What is measured.
    n_jobs : int
        How many fits run at the same time.
    started : str
        Now, as results give it.
    about : sequence of object
        What else tells this comparison from others on the same folds, in values that JSON can hold.

    Attributes
    ----------
    found : list of Measured
        The rows that are there, in the order of the tasks.
    started : str
        When the comparison was run for the first time.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        tasks: Sequence[FoldTask],
        *,
        data: str | None,
        measures: Measures,
        n_jobs: int,
        started: str,
        about: Sequence[Any] = (),
    ) -> None:
        self._store = RowStore(folder)
        self._settings: dict[str, Any] = {"data": data, "measures": measures, "n_jobs": n_jobs}
        self._keys: dict[_Place, str] = {}
        keys, reasons = row_keys(tasks, **self._settings)
        if reasons:
            warnings.warn(
                f"run_dir: what is measured of {', '.join(reasons)} is not taken from the folder, because it cannot be "
                "told whether it has changed.",
                RuntimeWarning,
                stacklevel=2,
            )
        self._comparison = comparison_key(tasks, keys, *about)
        self._manifest = self._store.manifest(
            self._comparison, {"started": started, "estimators": list(dict.fromkeys(task.name for task in tasks))}
        )
        self.started = str(self._manifest.get("started", started))
        self.found = self._load(tasks, keys)

    def add(self, tasks: Sequence[FoldTask]) -> list[Measured]:
        """Take in tasks that have changed since, and return those of their rows that are there."""
        keys, _ = row_keys(tasks, **self._settings)
        return self._load(tasks, keys)

    def _load(self, tasks: Sequence[FoldTask], keys: Sequence[str | None]) -> list[Measured]:
        found = []
        for task, key in zip(tasks, keys, strict=True):
            if key is None:
                continue
            self._keys[task.name, task.fold, task.train_size] = key
            measured = self._store.load(key, task)
            if measured is not None:
                found.append(measured)
        return found

    def keep(self, row: FoldRow, loaded: Mapping[str, str]) -> None:
        """Write down a row, unless it has an error and no score: it is tried again by the next call.

        A row with a score is finished. A metric that failed beside it would fail again, and one that has changed since
        is measured anew in any case.
        """
        key = self._keys.get((row.estimator, row.fold, row.train_size))
        scored = row.error is None or any(not math.isnan(score) for score in row.scores.values())
        if key is not None and scored:
            self._store.save(key, row, loaded)

    @property
    def plan(self) -> dict[str, int]:
        """The numbers of epochs that were chosen for networks when the comparison was first run."""
        plan = self._manifest.get("epochs", {})
        return {str(name): epochs for name, epochs in plan.items() if isinstance(epochs, int) and epochs >= 1}

    def keep_plan(self, epochs: Mapping[str, int]) -> None:
        """Write down the numbers of epochs chosen."""
        self._manifest = {**self._manifest, "epochs": dict(epochs)}
        self._store.update_manifest(self._comparison, self._manifest)
