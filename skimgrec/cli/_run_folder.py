"""Where compare and tune keep what they have measured, so that the same command goes on after it was cut short."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_RUNS = "runs"
_MARK = "skimgrec-run.txt"
_MARK_TEXT = "The finished fits of skimgrec compare or tune. With --fresh they are removed, and nothing else.\n"
_ROWS = "rows"
_ROW_FILE = re.compile(r"[0-9a-f]+(?:-[0-9a-f]+)?\.(?:json|npz)|\..*\.tmp")
# Whoever has not come back to a run by then does not come back.
_FORGOTTEN_SECONDS = 30 * 24 * 3600.0


@dataclass(frozen=True)
class RunFolder:
    """The folder of a run.

    Parameters
    ----------
    path : Path or None
        Where it is; None if there is none.
    kept : bool
        Whether the user has named it. Others are removed once the comparison is finished.
    """

    path: Path | None
    kept: bool

    def begin(self, *, fresh: bool) -> None:
        """Remove what an earlier run has left there, if `fresh`; of a folder that the user has named, nothing else."""
        if self.path is None or not fresh:
            return
        if self.kept:
            _empty(self.path)
        else:
            shutil.rmtree(self.path, ignore_errors=True)

    def mark(self) -> None:
        """Write down that this folder may be emptied, before anything else is written there."""
        if self.path is not None and self.kept:
            with suppress(OSError):  # rows that cannot be written are said
                self.path.mkdir(parents=True, exist_ok=True)
                (self.path / _MARK).write_text(_MARK_TEXT, encoding="utf-8")

    def finish(self) -> None:
        """Remove the folder, if the user has not named it."""
        if self.path is not None and not self.kept:
            shutil.rmtree(self.path, ignore_errors=True)


def run_folder(named: Path | None, inputs: Mapping[str, Any], *, fresh: bool) -> tuple[RunFolder, str | None]:
    """Return the folder of a run, and what is to be said about it.

    Parameters
    ----------
    named : Path or None
        The folder that the user has named; None takes one in the cache folder.
    inputs : dict of str to object
        What the numbers depend on, in values that JSON can hold. It names the folder in the cache.
    fresh : bool
        Whether `RunFolder.begin` is to remove what an earlier run has left there.

    Returns
    -------
    folder : RunFolder
        Its folder may not be there yet.
    note : str or None
        Why nothing can be kept, if so.

    Raises
    ------
    ValueError
        If a folder to be emptied holds something else than a run.
    """
    if named is not None:
        if fresh:
            _check_is_run(named)
        return RunFolder(named, kept=True), None
    from skimgrec.datasets._stored import cache_folder

    runs = cache_folder() / _RUNS
    try:
        runs.mkdir(parents=True, exist_ok=True)
        if not os.access(runs, os.W_OK):
            raise PermissionError("it cannot be written to")
    except OSError as error:
        return RunFolder(None, kept=False), (
            f"What is measured is not kept, in case this is cut short: {runs}: {error.strerror or error}. --run FOLDER "
            "names another place."
        )
    _remove_forgotten(runs)
    text = json.dumps(inputs, sort_keys=True, ensure_ascii=False)
    path = runs / hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:20]
    return RunFolder(path, kept=False), None


def _check_is_run(folder: Path) -> None:
    if folder.is_dir() and any(folder.iterdir()) and not (folder / _MARK).is_file():
        raise ValueError(
            f"--fresh --run {folder}: this folder holds something else than the run of an earlier command, which has a "
            f"file {_MARK}. Name another folder, or empty it yourself."
        )


def _empty(folder: Path) -> None:
    """Remove a run that the user has named, and nothing else."""
    if not (folder / _MARK).is_file():
        return
    rows = folder / _ROWS
    own = [path for path in rows.glob("*") if _ROW_FILE.fullmatch(path.name)]
    own += [folder / "seed.json", *folder.glob("run-*.json"), *folder.glob(".*.tmp")]
    own += [folder / _MARK]  # last, so that after a kill the next command may still go on
    for path in own:
        path.unlink(missing_ok=True)
    # Whatever else lies there is somebody's own.
    for place in (rows, folder):
        with suppress(OSError):
            place.rmdir()


def place_of(data: str) -> str:
    """Return the absolute path of a file or folder, a name of a data set as it is."""
    path = os.path.expanduser(data)
    return os.path.realpath(path) if os.path.exists(path) else data


def _remove_forgotten(runs: Path) -> None:
    for path in runs.iterdir():
        with suppress(OSError):
            newest = max(entry.stat().st_mtime for entry in (path, *path.rglob("*")))
            if time.time() - newest > _FORGOTTEN_SECONDS:
                shutil.rmtree(path, ignore_errors=True)
