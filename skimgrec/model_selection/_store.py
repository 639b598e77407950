"""The folder of a run: every finished row in a file of its own, found again by what it was measured from."""

from __future__ import annotations

import hashlib
import io
import json
import os
import time
import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from skimgrec.model_selection._measure import FoldTask, Measured
from skimgrec.model_selection._standings import FoldRow
from skimgrec.utils._files import check_schema, sync_folder, write_atomically

_SCHEMA, _VERSION = "skimgrec.run_row", 1
# A temporary file that old was left by a process that has been killed.
_LEFT_BEHIND_SECONDS = 3600.0


class RowStore:
    """The rows in a run's folder.

    Rows are told by their key, so that several comparisons, and several processes at once, can use one folder. Each
    file appears whole or not at all, and one that is damaged counts as missing. What cannot be written is said once.

    Parameters
    ----------
    folder : path-like
        Made if it is not there.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self._rows = self.folder / "rows"
        self._failed = False
        with self._writing():
            self._rows.mkdir(parents=True, exist_ok=True)
            self._sweep()

    def load(self, key: str, task: FoldTask) -> Measured | None:
        """Return the row with a key and the versions it was measured with, None if it is not there, whole, and right.

        Parameters
        ----------
        key : str
            What the row was measured from.
        task : FoldTask
            What is to be measured.
        """
        path = self._rows / f"{key}.json"
        # Whatever is wrong with a file, the row is measured anew.
        with suppress(Exception):
            content = json.loads(path.read_bytes())
            check_schema(content, _SCHEMA, _VERSION, "row")
            row = FoldRow.from_dict(content["row"])
            if content["check"] != _check(content["row"], content["versions"]) or content["key"] != key:
                return None
            if (row.estimator, row.fold, row.n_test) != (task.name, task.fold, len(task.test)):
                return None
            if content["probabilities"] is not None:
                data = (self._rows / content["probabilities"]).read_bytes()
                if _digest(data) != content["probabilities_check"]:
                    return None
                with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
                    row = replace(row, probabilities=arrays["probabilities"])
            return row, content["versions"]
        return None

    def save(self, key: str, row: FoldRow, loaded: Mapping[str, str]) -> None:
        """Write a row at once; what fails is said, once, and costs the row's place in the folder alone."""
        with self._writing():
            content: dict[str, Any] = {"schema": _SCHEMA, "schema_version": _VERSION, "key": key}
            content |= {"row": row.to_dict(), "versions": dict(loaded)}
            content |= {"check": _check(content["row"], content["versions"])}
            content |= {"probabilities": None, "probabilities_check": None}
            if row.probabilities is not None:
                buffer = io.BytesIO()
                np.savez_compressed(buffer, probabilities=row.probabilities)
                check = _digest(buffer.getvalue())
                # Another process may be writing the same row, drawn with other random numbers.
                name = f"{key}-{check[:8]}.npz"
                write_atomically(self._rows / name, buffer.getvalue())
                content |= {"probabilities": name, "probabilities_check": check}
            write_atomically(self._rows / f"{key}.json", json.dumps(content, allow_nan=False))
            sync_folder(self._rows)

    def seed(self, drawn: int) -> int:
        """Return the seed of this folder: what the first comparison that names none has drawn."""
        content = self._first_of("seed.json", {"seed": drawn})
        seed = content.get("seed")
        return seed if isinstance(seed, int) and 0 <= seed < 2**32 else drawn

    def manifest(self, comparison: str, content: dict[str, Any]) -> dict[str, Any]:
        """Return what is written down about a comparison: `content`, if this is the first time it is run here.

        Parameters
        ----------
        comparison : str
            Its fingerprint.
        content : dict of str to object
            What JSON can hold.
        """
        return self._first_of(f"run-{comparison}.json", content)

    def update_manifest(self, comparison: str, content: dict[str, Any]) -> None:
        """Write down what has been found out about a comparison since it began."""
        with self._writing():
            write_atomically(self.folder / f"run-{comparison}.json", json.dumps(content, indent=1))
            sync_folder(self.folder)

    def _first_of(self, name: str, content: dict[str, Any]) -> dict[str, Any]:
        path = self.folder / name
        with suppress(OSError, ValueError):
            found = json.loads(path.read_bytes())
            if isinstance(found, dict):
                return found
        with self._writing():
            temporary = self.folder / f".{uuid4().hex}.tmp"
            write_atomically(temporary, json.dumps(content, indent=1))
            try:
                if path.exists():  # damaged
                    os.replace(temporary, path)
                else:
                    os.link(temporary, path)
            except FileExistsError:  # by another process, just now
                with suppress(OSError, ValueError):
                    return json.loads(path.read_bytes())
            except OSError:  # a file system without links
                os.replace(temporary, path)
            finally:
                temporary.unlink(missing_ok=True)
            sync_folder(self.folder)
        return content

    def _sweep(self) -> None:
        for path in [*self.folder.glob(".*.tmp"), *self._rows.glob(".*.tmp")]:
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _LEFT_BEHIND_SECONDS:
                    path.unlink()

    def _writing(self) -> _SaidOnce:
        return _SaidOnce(self)


@dataclass
class _SaidOnce:
    """Lets errors of writing become one warning."""

    store: Any

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> bool:
        if not isinstance(error, OSError):
            return False
        if not self.store._failed:
            self.store._failed = True
            warnings.warn(
                f"run_dir={os.fspath(self.store.folder)!r} cannot be written to: {error.strerror or error}. The "
                "comparison goes on; rows that are not written are measured anew the next time.",
                RuntimeWarning,
                stacklevel=2,
            )
        return True


def _check(row: Any, loaded: Any) -> str:
    return _digest(json.dumps([row, loaded], sort_keys=True).encode())


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()
