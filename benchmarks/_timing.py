"""How measurements take times, in turns, and ask for the memory of their process."""

import math
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

Clock = Callable[[], float]


def seconds(function: Callable[..., Any], *arguments: Any, clock: Clock = time.perf_counter) -> float:
    """Return the seconds of one call."""
    start = clock()
    function(*arguments)
    return clock() - start


def take_turns(
    contestants: Mapping[Any, Callable[[], Any] | tuple[Callable[[], Any], int]],
    rounds: int,
    *,
    warm_up: int = 1,
    clock: Clock = time.perf_counter,
) -> dict[Any, list[float]]:
    """Return the seconds of each contestant, round by round.

    Parameters
    ----------
    contestants : dict of {name: function or (function, int)}
        What is called once in each round, in this order. A number beside it, such as that of the pictures, divides the
        seconds.
    rounds : int
        How many count.
    warm_up : int
        Rounds before these, which compile, import and fill caches.
    clock : function
        `time.thread_time` takes the time of the processor instead.
    """
    calls = {name: each if isinstance(each, tuple) else (each, 1) for name, each in contestants.items()}
    times: dict[Any, list[float]] = {name: [] for name in calls}
    for number in range(warm_up + rounds):
        for name, (function, n) in calls.items():
            spent = seconds(function, clock=clock)
            if number >= warm_up:
                times[name].append(spent / n)
    return times


def medians(runs: Mapping[Any, list[float]]) -> dict[Any, float]:
    """Return the median of each contestant."""
    return {name: median(values) for name, values in runs.items()}


def peak_memory() -> float:
    """Return the most MiB that this process has held, NaN where the system does not tell."""
    try:
        import resource
    except ImportError:
        return math.nan
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def memory(field: str) -> float:
    """Return the MiB of a field of Linux's /proc/self/status, such as "VmRSS" or "VmHWM"; NaN on other systems."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return math.nan
    return next((int(line.split()[1]) / 2**10 for line in lines if line.startswith(f"{field}:")), math.nan)


def forget_peak() -> None:
    """Let "VmHWM" start again from what is held now, where the system can."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
