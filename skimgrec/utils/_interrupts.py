"""Whether Ctrl-C during a fit ends that fit alone, or all that it is part of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_passed_on: ContextVar[bool] = ContextVar("interrupts_passed_on", default=False)


@contextmanager
def interrupts_passed_on() -> Iterator[None]:
    """Let a `KeyboardInterrupt` through the fits in the ``with`` block, which else would end with what they have."""
    token = _passed_on.set(True)
    try:
        yield
    finally:
        _passed_on.reset(token)


def may_keep_interrupted_fit() -> bool:
    """Tell whether an interrupted fit may return as if it had finished."""
    return not _passed_on.get()
