"""From published archives to one npz file: downloaded, verified, converted and put into place whole."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from skimgrec.datasets._sources import SOURCES, Archive
from skimgrec.utils._files import sync_folder, to_disk

_CHUNK_BYTES = 2**16
# Seconds to connect, and without a byte arriving.
_TIMEOUT = (10.0, 30.0)
# Tries in a row that bring no more than a little; fewer where nothing answers, since that is mostly no network at all.
_TRIES, _TRIES_TO_CONNECT = 4, 2
_ENOUGH_BYTES = 2**20
# Seconds before the second try; doubled before each further one.
_PAUSE = 1.0
_NO_ANSWER = {"NewConnectionError", "NameResolutionError", "ConnectTimeoutError", "ProxyError"}
_WORKING, _LEFTOVER_SECONDS = ".unfinished-", 24 * 3600.0

_Host = Callable[[Any], AbstractContextManager[Any]]
_host: ContextVar[_Host | None] = ContextVar("_host", default=None)


@contextmanager
def shown_in(host: _Host) -> Iterator[None]:
    """Let a display that is already on the terminal show the bars of downloads, as two would draw over each other.

    Parameters
    ----------
    host : callable
        Called with the bars, a `rich.progress.Progress` that is not started. Returns a context manager, within which it
        shows them.
    """
    token = _host.set(host)
    try:
        yield
    finally:
        _host.reset(token)


class NotDownloadedError(Exception):
    """No source gave the file; the text says what each one did."""


def make_npz(name: str, folder: Path) -> Path:
    """Make the npz file of a data set from its archives, which are downloaded where they do not lie in `folder`.

    All work is done in a folder of its own inside `folder`, and the result is flushed to the disk before it gets its
    name: several processes may do this at once, and one that is killed leaves nothing under the final name.

    Parameters
    ----------
    name : str
        A key of `SOURCES`.
    folder : Path
        Where the file goes. It is made if it is not there.

    Returns
    -------
    path : Path
        The file, ``<name>.npz`` in `folder`.

    Raises
    ------
    NotDownloadedError
        If an archive cannot be had from any of its sources.
    ValueError
        If an archive has the right hash and the wrong content.
    OSError
        If `folder` cannot be written to.
    """
    source, path = SOURCES[name], folder / f"{name}.npz"
    folder.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(folder)
    working = Path(tempfile.mkdtemp(prefix=f"{_WORKING}{name}-", dir=folder))
    try:
        with _progress() as progress:
            archives = {archive.name: _obtain(archive, folder, working, progress) for archive in source.archives}
        unfinished = working / path.name
        with unfinished.open("wb") as stream:
            arrays: dict[str, Any] = source.read(archives)
            np.savez(stream, **arrays)
            to_disk(stream)
        _put_in_place(unfinished, path)
    finally:
        shutil.rmtree(working, ignore_errors=True)
    return path


def _put_in_place(unfinished: Path, path: Path) -> None:
    try:
        os.replace(unfinished, path)
    except PermissionError:
        # Windows replaces no file that another process reads; that file is as good.
        if not path.is_file():
            raise
    sync_folder(path.parent)


def _remove_leftovers(folder: Path) -> None:
    """Delete what killed processes left long ago."""
    for working in folder.glob(f"{_WORKING}*"):
        with suppress(OSError):
            newest = max(entry.stat().st_mtime for entry in (working, *working.iterdir()))
            if time.time() - newest > _LEFTOVER_SECONDS:
                shutil.rmtree(working, ignore_errors=True)


def _obtain(archive: Archive, folder: Path, working: Path, progress: Any) -> Path:
    """Return the path of an archive with the right content: one that lies in `folder`, or a download."""
    import pooch

    tried = []
    brought = folder / archive.name
    if brought.is_file():
        found = pooch.file_hash(str(brought), alg="sha256")
        if found == archive.sha256:
            return brought
        tried.append(f"{brought} has SHA-256 {found}, expected {archive.sha256}")
    path = working / archive.name
    for place in archive.folders:
        url = f"{place}{archive.name}"
        try:
            download(url, path, progress)
        except NotDownloadedError as error:
            tried.append(f"{url} {error}")
            continue
        found = pooch.file_hash(str(path), alg="sha256")
        if found == archive.sha256:
            return path
        tried.append(
            f"{url} gave {path.stat().st_size} bytes with SHA-256 {found}, expected {archive.sha256}: damaged on its "
            "way, or another page in its place"
        )
    raise NotDownloadedError("; ".join(tried))


def download(url: str, path: Path, progress: Any = None) -> None:
    """Download a file, going on where a dropped connection left off if the server can do that.

    Parameters
    ----------
    url : str
        What to download.
    path : Path
        Where to put it. Its content is unverified.
    progress : rich.progress.Progress or None, default=None
        Where to show how far it is.

    Raises
    ------
    NotDownloadedError
        If the server refuses, or after several tries.
    """
    from requests.exceptions import RequestException

    failures = 0
    with path.open("wb") as stream:
        while True:
            start = stream.tell()
            try:
                _request(url, stream, progress)
            except RequestException as error:
                reason, tries = _judge(error)
                failures = 1 if stream.tell() - start >= _ENOUGH_BYTES else failures + 1
                if failures >= tries:
                    times = f" ({failures} tries)" if failures > 1 else ""
                    raise NotDownloadedError(f"{reason}{times}") from error
                time.sleep(_PAUSE * 2 ** (failures - 1))
            else:
                return


def _request(url: str, stream: BinaryIO, progress: Any) -> None:
    from pooch import HTTPDownloader

    start = stream.tell()

    def at_response(response: Any, **_: Any) -> None:
        # 200 in place of 206: the server sends all of it again. 416: there is less of it than before.
        if start and response.status_code in (200, 416):
            stream.seek(0)
            stream.truncate()

    # Without "identity" a server may compress what it sends, and sizes and ranges would be those of something else.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    get = HTTPDownloader(
        progressbar=_Bar(progress, url, stream) if progress is not None else False,
        chunk_size=_CHUNK_BYTES,
        headers=headers,
        timeout=_TIMEOUT,
        hooks={"response": at_response},
    )
    get(url, stream, None)


def _judge(error: Any) -> tuple[str, int]:
    """Return what went wrong in words, and how often in a row that may happen."""
    from requests.exceptions import ChunkedEncodingError, ConnectionError, HTTPError, SSLError, Timeout

    if isinstance(error, HTTPError) and error.response is not None:
        code = error.response.status_code
        reason = f"answered {code} {error.response.reason}"
        return reason, _TRIES if code >= 500 or code in (408, 416, 429) else 1
    # The cause is wrapped several times over: among an error's arguments, or as its reason.
    chain = [error]
    while inner := [
        part for part in (*chain[-1].args, getattr(chain[-1], "reason", None)) if isinstance(part, Exception)
    ]:
        chain.append(inner[0])
    # "HTTPSConnection(host=..., port=443): Failed to resolve ..." repeats the URL.
    reason = f"failed: {str(chain[-1]).rpartition('): ')[2] or type(chain[-1]).__name__}"
    if isinstance(error, SSLError) or not isinstance(error, (ChunkedEncodingError, ConnectionError, Timeout)):
        return reason, 1
    return reason, _TRIES if _NO_ANSWER.isdisjoint(type(part).__name__ for part in chain) else _TRIES_TO_CONNECT


class _Bar:
    """A task of a rich progress display in the form that pooch fills."""

    def __init__(self, progress: Any, url: str, stream: BinaryIO) -> None:
        self._progress, self._stream = progress, stream
        name = url.rpartition("/")[2]
        known = [task.id for task in progress.tasks if task.description == name]
        self._task = known[0] if known else progress.add_task(name, total=None)

    @property
    def total(self) -> int:
        """What pooch sets when the server has announced how much is still to come."""
        return 0

    @total.setter
    def total(self, to_come: int) -> None:
        self._progress.update(self._task, total=self._stream.tell() + to_come if to_come else None)

    def update(self, _: int) -> None:
        """Bring the bar up to date."""
        self._progress.update(self._task, completed=self._stream.tell())

    def reset(self) -> None:
        """Do nothing: the stream knows how far it is."""

    def close(self) -> None:
        """Do nothing: the display ends for all files at once."""


@contextmanager
def _progress() -> Iterator[Any]:
    """Show the progress of downloads on stderr where that is a terminal, and nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    bars = Progress(*columns, console=Console(file=sys.stderr), transient=True)
    host = _host.get()
    with host(bars) if host is not None else bars:
        yield bars
