"""Matrix products on one thread, where several threads of our own work beside each other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

from threadpoolctl import threadpool_limits

_lock = RLock()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let BLAS work on one thread, and the OpenMP of the calling thread, within this context.

    Only one thread at a time is within; others wait. BLAS's limit is the whole process's, OpenMP's each thread's, and
    what one thread sets another cannot undo.
    """
    with _lock, threadpool_limits(1):
        yield


def _forget_lock() -> None:
    """Let a forked process begin anew: the thread that may have held the lock is not in it."""
    global _lock
    _lock = RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_lock)
