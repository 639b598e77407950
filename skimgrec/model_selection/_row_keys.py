"""What a measured row is told by: a hash of all that it depends on."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

import joblib

from skimgrec.model_selection._estimator_fingerprint import NoFingerprintError, fingerprint_of
from skimgrec.model_selection._measure import FoldTask, Measures
from skimgrec.model_selection._networks import has_network, has_unpinned_network
from skimgrec.utils._versions import versions

# Raised when rows of the same fits come to mean something else, such as times that are counted otherwise.
_MEANING = 2
_BACKENDS = ("tensorflow", "torch", "jax")
_THREAD_VARIABLES = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")


def row_keys(
    tasks: Sequence[FoldTask], *, data: str | None, measures: Measures, n_jobs: int
) -> tuple[list[str | None], list[str]]:
    """Return what each task is told by: a hash of all that its row depends on.

    Parameters
    ----------
    tasks : sequence of FoldTask
        What is to be measured.
    data : str or None
        The fingerprint of the pictures and their labels.
    measures : Measures
        What is measured.
    n_jobs : int
        How many fits run at the same time, on which the threads of each depend, if they do.

    Returns
    -------
    keys : list of str or None
        None for what cannot be told.
    reasons : list of str
        Why not, in words, for each estimator that it concerns.
    """
    reasons: dict[str, str] = {}
    if data is None:
        return [None] * len(tasks), ["X cannot be hashed"]
    try:
        scorers = fingerprint_of(dict(measures.scorers))
    except NoFingerprintError as error:
        return [None] * len(tasks), [f"the scorer {error}"]
    shared = [_MEANING, data, scorers, list(measures.scorers), measures.probabilities, measures.train_scores]
    prints: dict[int, list[Any] | None] = {}
    keys: list[str | None] = []
    for task in tasks:
        if id(task.estimator) not in prints:
            try:
                threads = _threads(n_jobs) if has_unpinned_network(task.estimator) else None
                own_versions = _versions(has_network(task.estimator))
                prints[id(task.estimator)] = [fingerprint_of(task.estimator), own_versions, threads]
            except NoFingerprintError as error:
                prints[id(task.estimator)] = None
                reasons[task.name] = f"{task.name} ({error})"
        own = prints[id(task.estimator)]
        if own is None:
            keys.append(None)
            continue
        rows = [_digest(part.astype("<i8").tobytes()) for part in (task.train, task.test)]
        text = json.dumps([*shared, task.name, task.fold, task.train_size, *rows, *own], sort_keys=True)
        keys.append(_digest(text.encode()))
    return keys, list(reasons.values())


def comparison_key(tasks: Sequence[FoldTask], keys: Sequence[str | None], *more: Any) -> str:
    """Return a hash that tells a comparison: of all its rows' keys, in their order."""
    parts = [key or [task.name, task.fold, task.train_size] for task, key in zip(tasks, keys, strict=True)]
    return _digest(json.dumps([parts, more]).encode())


def _versions(network: bool) -> dict[str, str]:
    found = {name: version for name, version in versions().items() if name not in ("keras", *_BACKENDS)}
    if network:
        backend = _backend()
        found |= {name: _installed(name) for name in ("keras", backend)} | {"backend": backend}
    return found


def _installed(name: str) -> str:
    for distribution in (name, f"{name}-cpu", f"{name}-macos"):
        with suppress(metadata.PackageNotFoundError):
            return metadata.version(distribution)
    return "unknown"


def _backend() -> str:
    """Return the backend that Keras uses, or will use, without importing it."""
    loaded = getattr(sys.modules.get("keras"), "config", None)
    if loaded is not None:
        with suppress(Exception):
            return str(loaded.backend())
    if "KERAS_BACKEND" in os.environ:
        return os.environ["KERAS_BACKEND"]
    folder = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    with suppress(OSError, ValueError, KeyError, TypeError):
        return str(json.loads((folder / "keras.json").read_bytes())["backend"])
    return "tensorflow"


def _threads(n_jobs: int) -> list[Any]:
    """Return what the number of threads of a network depends on, unless it has an `n_threads` of its own."""
    share = max(1, joblib.cpu_count() // max(1, n_jobs))
    return [share, *(os.environ.get(name) for name in _THREAD_VARIABLES)]


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()
