"""What the fuzzers share: a worker that may crash or hang tries the files, and what became of each is counted."""

import json
import re
import subprocess
import sys
import time
from collections import Counter
from queue import Empty, Queue
from threading import Thread

# What a worker may take to start, and to make a file.
STARTING_SECONDS = 180.0
BAD = ("wrong", "hang", "crash")


def start_worker(command):
    """Return a worker and the queue of its lines, None at their end."""
    worker = subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True)
    lines = Queue()

    def listen():
        for line in worker.stdout:
            if line.startswith("["):
                lines.put(json.loads(line))
        lines.put(None)

    Thread(target=listen, daemon=True).start()
    return worker, lines


def outcomes(script, n, *arguments, seed, hang_seconds):
    """Yield [number, name, outcome, text, seconds, memory] of each file.

    The script, called with ``--worker FIRST LAST``, prints [number, name] before it tries a file, and the rest after.
    """
    number = 0
    while number < n:
        worker, lines = start_worker([script, "--worker", str(number), str(n), "--seed", str(seed), *arguments])
        name = None  # of the file that is being tried
        try:
            while number < n:
                line = lines.get(timeout=STARTING_SECONDS if name is None else hang_seconds)
                if line is None:
                    worker.wait()
                    if name is None:
                        raise RuntimeError(f"the worker ended with {worker.returncode} before file {number}")
                    yield [number, name, "crash", f"exit status {worker.returncode}", 0.0, 0.0]
                    number += 1
                    break
                if len(line) == 2:
                    name = line[1]
                else:
                    yield line
                    number, name = number + 1, None
        except Empty:
            yield [number, name, "hang", f"over {hang_seconds:g} s", hang_seconds, 0.0]
            number += 1
        finally:
            worker.kill()
            worker.wait()


def report(found, kinds, *, seed, measured, n_reasons):
    """Print what became of the files, and return 1 if something bad did.

    Parameters
    ----------
    found : iterable
        As `outcomes` yields them.
    kinds : tuple of str
        The outcomes that are no fault.
    seed : int
    measured : tuple of str
        Those whose time and memory count.
    n_reasons : int
        How many reasons are listed.
    """
    start, results = time.perf_counter(), []
    for result in found:
        results.append(result)
        if result[2] in BAD:
            print(f"{result[2].upper()}: file {result[0]}, {result[1]}: {result[3]}", flush=True)
    totals = Counter(outcome for _, _, outcome, *_ in results)
    print(f"{len(results)} files of seed {seed} in {time.perf_counter() - start:.0f} s: ", end="")
    print(", ".join(f"{totals[kind]} {kind}" for kind in (*kinds, *BAD)))
    timed = [result for result in results if result[2] in measured]
    for _, name, outcome, _, seconds, _ in sorted(timed, key=lambda result: -result[4])[:3]:
        print(f"slowest: {seconds:.2f} s, {outcome}, {name}")
    print(f"most memory: {max((result[5] for result in timed), default=0.0):.0f} MiB")
    reasons = Counter(
        re.sub(r"\d[\d,.]*", "#", text) for _, _, outcome, text, *_ in results if text and outcome in kinds
    )
    for reason, count in reasons.most_common(n_reasons):
        print(f"{count:6} x {reason[:110]}")
    return int(any(totals[kind] for kind in BAD))
