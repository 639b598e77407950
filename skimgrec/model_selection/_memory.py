"""How much memory a piece of work takes at its peak, as the operating system counts it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
_SYSTEM = Path("/proc/meminfo")
# The limit of a container, if it is one, and what it has used up.
_LIMITS = Path("/sys/fs/cgroup")
# Written to `_CLEAR`, it sets this process's peak to what it holds now, and changes nothing else.
_RESET_PEAK = "5"


class PeakMemory:
    """What a ``with`` block took.

    Attributes
    ----------
    value : float
        Bytes that the process held at the peak of the block beyond those at its start; NaN where it cannot be told.
    """

    value = math.nan


@contextmanager
def peak_memory() -> Iterator[PeakMemory]:
    """Measure the block's peak of resident memory beyond what the process held before.

    Only Linux can be asked for the peak since a given moment; elsewhere it is NaN. Other threads of the process are
    counted in, and memory that earlier work has freed without returning it to the system is not.
    """
    measured = PeakMemory()
    before = _resident() if _peak_is_reset() else None
    yield measured
    if before is not None:
        measured.value = max(0.0, _kilobytes("VmHWM") - before) * 1024


def _peak_is_reset() -> bool:
    try:
        _CLEAR.write_text(_RESET_PEAK)
    except OSError:
        return False
    return True


def _resident() -> float:
    return _kilobytes("VmRSS")


def _kilobytes(entry: str) -> float:
    found = re.search(rf"^{entry}:\s+(\d+) kB", _STATUS.read_text(), re.MULTILINE)
    return float(found[1]) if found else math.nan


def available_memory() -> float | None:
    """Return how many bytes can be had without swapping, None where that cannot be told: outside Linux.

    A container's limit counts, where cgroups of version 2 set it.
    """
    try:
        available = 1024 * _number(r"^MemAvailable:\s+(\d+) kB", _SYSTEM)
    except (OSError, LookupError):
        return None
    try:
        limit = _number(r"^(\d+)$", _LIMITS / "memory.max")
        # Files that the kernel keeps in memory only as long as nobody needs it.
        reclaimable = _number(r"^inactive_file (\d+)$", _LIMITS / "memory.stat")
        available = min(available, limit - _number(r"^(\d+)$", _LIMITS / "memory.current") + reclaimable)
    except (OSError, LookupError):  # no limit
        pass
    return max(0.0, available)


def _number(pattern: str, path: Path) -> float:
    found = re.search(pattern, path.read_text(), re.MULTILINE)
    if found is None:
        raise LookupError(f"{path} has no {pattern}")
    return float(found[1])
