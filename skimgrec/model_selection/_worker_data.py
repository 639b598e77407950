"""Pictures and labels in files, from which worker processes on the same machine read them."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import joblib
from joblib.externals.loky.backend.reduction import dumps
from numpy.typing import NDArray

# Data that stays on disk while no worker needs it: the pictures, and features of them.
_KEPT = 2


@dataclass(eq=False)
class WorkerData:
    """Data on disk.

    Parameters
    ----------
    X : array-like of n rows
        The pictures, or features of them.
    number : int
        Tells it from others of the same folder.
    files : (Path, Path)
        Those of X, and of the labels and what is measured.
    """

    X: Any
    number: int
    files: tuple[Path, Path]


@dataclass(eq=False)
class DataFolder:
    """A folder of its own for the data of worker processes, made when the first are written.

    It lies in the one that the environment variable JOBLIB_TEMP_FOLDER names, else where temporary files go.
    """

    _path: Path | None = field(init=False, default=None)
    _held: list[WorkerData] = field(init=False, default_factory=list)
    _number: int = field(init=False, default=-1)

    @property
    def place(self) -> str:
        """Where it lies, or would."""
        return os.environ.get("JOBLIB_TEMP_FOLDER") or tempfile.gettempdir()

    def put(self, X: Any, y: NDArray[Any], measures: Any, in_use: Collection[int]) -> WorkerData:
        """Write data to files that every worker reads, unless they are there from a task before.

        Parameters
        ----------
        X : array-like of n rows
            The pictures. The same object is the same data.
        y : ndarray of shape (n,)
            Their labels.
        measures : Measures
            What is measured on them.
        in_use : collection of int
            The numbers of those data that must stay.

        Returns
        -------
        data : WorkerData

        Raises
        ------
        OSError
            If they cannot be written; nothing of them is left then.
        Exception
            Whatever pickling X raises.
        """
        known = next((data for data in self._held if data.X is X), None)
        if known is not None:
            self._held.remove(known)
            self._held.append(known)
            return known
        for old in [data for data in self._held[: 1 - _KEPT] if data.number not in in_use]:
            self._held.remove(old)
            _remove(old.files)
        if self._path is None:
            os.makedirs(self.place, exist_ok=True)
            self._path = Path(tempfile.mkdtemp(prefix="skimgrec-", dir=self.place))
        self._number += 1
        pictures, others = self._path / f"{self._number}.joblib", self._path / f"{self._number}.pickle"
        by_value = self._path / f"{self._number}-pictures.pickle"
        try:
            try:
                joblib.dump(X, pictures)
            except OSError:  # no room on the disk
                raise
            except Exception:  # of classes that are local to a function, say
                _remove([pictures])
                pictures = by_value
                pictures.write_bytes(pickled_by_value(X))
            others.write_bytes(pickled_by_value((y, measures)))
        except BaseException:
            _remove([pictures, by_value, others])
            raise
        self._held.append(WorkerData(X, self._number, (pictures, others)))
        return self._held[-1]

    def remove(self) -> None:
        """Delete it with all that is in it."""
        self._held.clear()
        if self._path is not None:
            shutil.rmtree(self._path, ignore_errors=True)
            self._path = None


def pickled_by_value(value: Any) -> bytes:
    """Pickle a value with the classes and functions that a worker could not import."""
    return bytes(dumps(value))


def _remove(files: Collection[Path]) -> None:
    for path in files:
        # A worker that has mapped it keeps it; Windows keeps the file, too.
        with suppress(OSError):
            path.unlink()
