"""What runs in a worker process of `_isolated`: fits, one at a time, until it is told to stop or is killed."""

from __future__ import annotations

import os
import pickle
import signal
import threading
import time
import traceback
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import joblib

from skimgrec.model_selection._measure import FoldTask, measure, reason

_SECONDS_BETWEEN_LOOKS = 1.0


def serve(connection: Connection, parent: int) -> None:
    """Measure the tasks that come, and send back what was found.

    Parameters
    ----------
    connection : Connection
        Brings ("data", number, path of X, path of the rest) and ("task", number of the data, pickled task), and takes
        ("started",) when a fit begins and ("done", row, versions) or ("failed", reason, traceback).
    parent : int
        The process for which this works: without it, this one ends.
    """
    # Ctrl-C is the parent's to act on, which then ends this process and all that it has started.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "setsid"):
        with suppress(OSError):
            os.setsid()
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    connection.send(("ready",))
    files: tuple[Path, Path] | None = None
    data: tuple[Any, Any, Any] | None = None
    while True:
        try:
            kind, _, *rest = connection.recv()
        except (EOFError, OSError):
            return
        if kind == "data":
            files, data = (rest[0], rest[1]), None  # what was worked on before is not held twice
            continue
        assert files is not None
        try:
            data = data or _load(*files)
            answer = _answer(connection, rest[0], data)
        except (Exception, SystemExit) as error:
            answer = "failed", reason(error), traceback.format_exc()
        connection.send(answer)


def _load(pictures: Path, others: Path) -> tuple[Any, Any, Any]:
    # Arrays are mapped: the pages of a file that workers share lie in memory once.
    X = joblib.load(pictures, mmap_mode="r") if pictures.suffix == ".joblib" else pickle.loads(pictures.read_bytes())
    return (X, *pickle.loads(others.read_bytes()))


def _answer(connection: Connection, pickled: bytes, data: tuple[Any, Any, Any]) -> tuple[Any, ...]:
    task: FoldTask = pickle.loads(pickled)
    return ("done", *measure(task, *data, on_start=lambda: connection.send(("started",))))


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    os.killpg(0, signal.SIGKILL)
