"""What importing skimgrec costs beyond importing scikit-learn.

    python benchmarks/bench_import.py [--runs 7]

Run it alone on the machine. Each import runs in a fresh interpreter, in turn; medians are compared.
"""

import argparse
import subprocess
import sys
from functools import partial

from _results import record
from _timing import medians, take_turns

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
    imports = {
        name: partial(subprocess.run, [sys.executable, "-c", code], check=True) for name, code in CONTESTANTS.items()
    }
    times = take_turns(imports, options.runs)
    found = medians(times)
    base = found["scikit-learn alone"]
    beside = [name for name in CONTESTANTS if name != "and skimgrec"]
    record("Imports in a fresh interpreter", times, unit="s", ours="and skimgrec", beside=beside)
    for name, seconds in found.items():
        print(f"{name:36} {seconds:6.2f} s   {seconds - base:+6.2f} s")


if __name__ == "__main__":
    main()
