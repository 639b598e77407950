"""Matrix products on one thread, where several threads of our own work beside each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock

from threadpoolctl import threadpool_limits

_lock = Lock()
_limit = ExitStack()
_n_inside = 0


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let BLAS and OpenMP work on one thread each, as long as anybody is within such a context.

    The limit is the whole process's. Were it set and undone by each thread for itself, one that came while the limit
    stood would leave it behind.
    """
    global _n_inside
    with _lock:
        if _n_inside == 0:
            _limit.enter_context(threadpool_limits(1))
        _n_inside += 1
    try:
        yield
    finally:
        with _lock:
            _n_inside -= 1
            if _n_inside == 0:
                _limit.close()
