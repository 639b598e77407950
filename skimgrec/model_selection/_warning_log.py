"""Collecting the warnings of each job, also where jobs share a process as threads."""

from __future__ import annotations

import sys
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
    """Whether `warnings` is redirected in this process, by how many, what was there before, and how to undo it."""

    depth = 0
    catcher: Any = None
    show: Any = None
    filters: list[Any] = []  # noqa: RUF012  the class is the one holder of this state
    shown: set[tuple[Any, ...]] = set()  # noqa: RUF012  likewise


@contextmanager
def intercepted_warnings() -> Iterator[None]:
    """Let every warning through to `logged_warnings` in the threads that use it, and treat the others as before.

    `warnings.catch_warnings` changes the whole process, and two threads that enter and leave it in turn leave it
    changed for good. So the outermost caller redirects, and the last to leave restores. Warnings of other threads, and
    of the caller between two fits, go through the filters that were in force at the outset, "error" included. Two
    things differ for them meanwhile: filters set in the meantime have no say, and what those filters show only once may
    be shown once more than without.
    """
    with _lock:
        if _Interception.depth == 0:
            _Interception.catcher = warnings.catch_warnings()
            _Interception.catcher.__enter__()
            _Interception.show = warnings.showwarning
            # Entering has put a copy in their place.
            _Interception.filters = list(warnings.filters)
            _Interception.shown = set()
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


def _dispatch(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, *args: Any, **kwargs: Any
) -> None:
    log = _logs.get(threading.get_ident())
    if log is not None:
        text = f"{category.__name__}: {message}"
        if text not in log:
            log.append(text)
        return
    action = _action(str(message), category, _module(filename), lineno)
    if action == "error":
        raise message if isinstance(message, Warning) else category(message)
    if action == "ignore":
        return
    if action not in ("always", "all"):
        where = {"default": (filename, lineno), "module": (filename,)}.get(action, ())
        once = (str(message), category, *where)
        if once in _Interception.shown:
            return
        _Interception.shown.add(once)
    _Interception.show(message, category, filename, lineno, *args, **kwargs)


def _action(text: str, category: type[Warning], module: str, lineno: int) -> str:
    """Return what the filters from before the interception say about a warning."""
    for action, text_pattern, kind, module_pattern, line in _Interception.filters:
        if (
            issubclass(category, kind)
            and (text_pattern is None or text_pattern.match(text))
            and (module_pattern is None or module_pattern.match(module))
            and line in (0, lineno)
        ):
            return action
    return "default"


def _module(filename: str) -> str:
    """Return the name of the module that warns: the nearest caller whose code lies in that file."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename == filename:
            return frame.f_globals.get("__name__", "")
        frame = frame.f_back
    return filename.removesuffix(".py")
