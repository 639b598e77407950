"""What importing skimgrec costs beyond importing scikit-learn.

Run it alone on the machine: python benchmarks/bench_import.py
Each import runs in a fresh interpreter, in turn; medians are compared.
"""

import argparse
import statistics
import subprocess
import sys
import time

from _results import record

SKLEARN = "import sklearn.base, sklearn.pipeline, sklearn.utils.validation, sklearn.model_selection"
CONTESTANTS = {
    "scikit-learn alone": SKLEARN,
    "and skimgrec": f"{SKLEARN}; import skimgrec",
    "and HOGTransformer, ImageFlattener": f"{SKLEARN}; from skimgrec import HOGTransformer, ImageFlattener",
    "and every public name": f"{SKLEARN}; from skimgrec import *",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=7, help="alternating runs of each import")
    options = parser.parse_args()
    times = {name: [] for name in CONTESTANTS}
    for run in range(options.runs + 1):
        for name, code in CONTESTANTS.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            if run:  # the first one compiles and warms the disk cache
                times[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(values) for name, values in times.items()}
    base = medians["scikit-learn alone"]
    record("Imports in a fresh interpreter", times, unit="s", ours="and skimgrec")
    for name, seconds in medians.items():
        print(f"{name:36} {seconds:6.2f} s   {seconds - base:+6.2f} s")


if __name__ == "__main__":
    main()
