"""Compilation of the numeric kernels: kept on disk where there is a place for it, never a reason to fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit


def compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Return a decorator that compiles a function with Numba, without the GIL, on its first call.

    The machine code is cached next to the package or in the user's cache folder. Where neither can be written (a
    read-only installation), it lasts as long as the process.

    Parameters
    ----------
    **options
        Passed on to `numba.njit`.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        try:
            return njit(nogil=True, cache=True, **options)(function)
        except RuntimeError:  # Numba found no folder to cache in
            return njit(nogil=True, **options)(function)

    return decorate
