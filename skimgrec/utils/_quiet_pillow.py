"""Warnings of Pillow's, held back where several threads decode."""

from __future__ import annotations

import threading
import warnings
from contextlib import suppress
from typing import Any


class _QuietPillow:
    """Hold back Pillow's warnings, of damaged metadata for the most part, while any thread is inside.

    ``warnings.catch_warnings`` puts back the list of filters that it found, so two threads would undo each other's.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._entry: Any = None

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            # A test's or the user's own catch_warnings may have put our entry away meanwhile.
            if self._entry is None or self._entry not in warnings.filters:
                warnings.filterwarnings("ignore", module=r"PIL\.")
                self._entry = warnings.filters[0]

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                with suppress(ValueError):
                    warnings.filters.remove(self._entry)  # type: ignore[attr-defined]
                self._entry = None


quiet_pillow = _QuietPillow()
