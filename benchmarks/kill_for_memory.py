"""Have the kernel kill a fit that takes all memory, and print what became of its row and of the others.

It is run in a control group that limits its memory, for itself and its worker processes together. As root, where
control groups are of version 1::

    mkdir /sys/fs/cgroup/memory/kill && echo 1G > /sys/fs/cgroup/memory/kill/memory.limit_in_bytes
    sh -c 'echo $$ > /sys/fs/cgroup/memory/kill/cgroup.procs && exec python benchmarks/kill_for_memory.py'

and with systemd::

    systemd-run --user --scope -p MemoryMax=1G -p MemorySwapMax=0 python benchmarks/kill_for_memory.py

Without such a limit it refuses to run: it would take the memory of the whole machine. The exit code is 1 if a row is
not as it should be.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.naive_bayes import GaussianNB

from skimgrec import compare

_GROUPS = Path("/sys/fs/cgroup")
_LARGEST_LIMIT = 2**33
_CHUNK = 2**21


class TakesAll(GaussianNB):
    """A classifier whose fit takes a quarter more memory than there may be, unless it is stopped."""

    def __init__(self, limit: int = 0, *, priors: Any = None, var_smoothing: float = 1e-9) -> None:
        super().__init__(priors=priors, var_smoothing=var_smoothing)
        self.limit = limit

    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> TakesAll:
        """Take memory, and fit if that was not the end."""
        held = []
        while 8 * _CHUNK * len(held) < 1.25 * self.limit:
            held.append(np.ones(_CHUNK))
        return super().fit(X, y)


def memory_limit() -> int | None:
    """Return how many bytes the control group of this process may hold, None if it has no limit of its own."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, group = line.split(":", 2)
        for path in (
            *([_GROUPS / "memory" / group[1:] / "memory.limit_in_bytes"] if controllers == "memory" else []),
            *([_GROUPS / group[1:] / "memory.max"] if not controllers else []),
        ):
            text = path.read_text().strip() if path.exists() else "max"
            if text != "max" and int(text) <= _LARGEST_LIMIT:
                return int(text)
    return None


def main() -> int:
    limit = memory_limit()
    if limit is None:
        print(__doc__, file=sys.stderr)
        return 2
    X, y = np.random.default_rng(0).normal(size=(200, 20)), np.arange(200) % 2
    estimators = {"before": GaussianNB(), "all": TakesAll(limit), "after": GaussianNB()}
    right = True
    for n_jobs, isolate in ((1, True), (2, True), (2, False)):
        result = compare(estimators, X, y, cv=2, random_state=0, n_jobs=n_jobs, isolate=isolate)
        print(f"n_jobs={n_jobs}, isolate={isolate}, {limit / 2**20:.0f} MiB, process {os.getpid()}:")
        for row in result.rows:
            print(f"  {row.estimator:6} fold {row.fold}: {(row.error or 'done').splitlines()[0]}")
            right &= (row.error is None) == (row.estimator != "all")
            right &= row.error is None or row.error.startswith("TerminatedWorkerError")
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
