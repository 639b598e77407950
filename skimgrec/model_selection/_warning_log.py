"""Collecting the warnings of each job, also where jobs share a process as threads."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# Python hides these from users by default: they are meant for the authors of libraries.
_HIDDEN = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)

_lock = threading.Lock()
_logs: dict[int, list[str]] = {}


class _Interception:
    """Whether `warnings` is redirected in this process, by how many, and how to undo it."""

    depth = 0
    catcher: Any = None
    show: Any = None


@contextmanager
def intercepted_warnings() -> Iterator[None]:
    """Let every warning through to `logged_warnings` in the threads that use it, and show the others as before.

    `warnings.catch_warnings` changes the whole process, and two threads that enter and leave it in turn leave it
    changed for good. So the outermost caller redirects, and the last to leave restores.
    """
    with _lock:
        if _Interception.depth == 0:
            _Interception.catcher = warnings.catch_warnings()
            _Interception.catcher.__enter__()
            _Interception.show = warnings.showwarning
            warnings.simplefilter("always")
            for category in _HIDDEN:
                warnings.simplefilter("ignore", category)
            warnings.showwarning = _dispatch
        _Interception.depth += 1
    try:
        yield
    finally:
        with _lock:
            _Interception.depth -= 1
            if _Interception.depth == 0:
                _Interception.catcher.__exit__(None, None, None)


@contextmanager
def logged_warnings() -> Iterator[list[str]]:
    """Collect the distinct warnings of the current thread, as "Category: message" in the order of their appearance."""
    thread = threading.get_ident()
    messages: list[str] = []
    with intercepted_warnings():
        outer = _logs.get(thread)
        _logs[thread] = messages
        try:
            yield messages
        finally:
            if outer is None:
                del _logs[thread]
            else:
                _logs[thread] = outer


def _dispatch(message: Warning | str, category: type[Warning], *args: Any, **kwargs: Any) -> None:
    log = _logs.get(threading.get_ident())
    if log is None:
        _Interception.show(message, category, *args, **kwargs)
        return
    text = f"{category.__name__}: {message}"
    if text not in log:
        log.append(text)
