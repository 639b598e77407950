"""Run the measurements one after the other, and write results.json and the documentation's page of benchmarks.

    SKIMGREC_DATA=... python benchmarks/run_all.py [--only hog import ...] [--short] [--arguments ...] [--page-only]

Run it alone on the machine; everything takes hours, with --short about one: that gives the scripts in SHORT fewer rows
or pictures. What is not run, or fails, keeps the results that are there. After a failure the others go on; it is told
once more at the end, and the exit status is 1. --arguments are passed on instead, and are for one script:
python benchmarks/run_all.py --only hog --arguments="--quick --rounds 3"

MNIST and CIFAR-10 are downloaded where neither the folder that SKIMGREC_DATA names nor the cache holds them. Rows on
cats and dogs need that folder, and are left out without it.
"""

import argparse
import ast
import json
import os
import platform
import re
import shlex
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import psutil
from _page import page
from _results import VARIABLE

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results.json"
PAGE = HERE.parent / "docs" / "benchmarks.rst"
# All that takes part in a measurement: its name in the package index, and the module that it brings.
PACKAGES = {
    **{name: name for name in ("joblib", "keras", "numba", "numpy", "scikeras", "simplejpeg", "skops", "skorch")},
    **{"opencv-python-headless": "cv2", "pillow": "PIL", "scikit-image": "skimage", "scikit-learn": "sklearn"},
    **{"tensorflow": "tensorflow", "torch": "torch"},
}
# What decides the speed of networks in float32 and bfloat16, by the names that Linux gives them.
INSTRUCTIONS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")
# Arguments of those that take longest, for a first look at everything.
SHORT = {
    "accuracy": "--rows mnist cats-dogs mlp-10 mlp-100 mlp-10-sigmoid mlp-100-sigmoid --seeds 0",
    "check": "--copies 100",
    "features": "--quick",
    "pretrained": "--data digits --quick",
    "rejection": "--data digits --models forest+hog",
    "streaming": "--n 20000 --folds 2",
    "training": "--runs 3",
    "tutorial3": "--limit 10000",
}


def scripts():
    """Return {name: path} of the measurements."""
    return {path.stem.removeprefix("bench_"): path for path in sorted(HERE.glob("bench_*.py"))}


def machine():
    """Return what a reader should know of the machine."""
    model, flags = platform.processor() or platform.machine(), set()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        text = cpuinfo.read_text(encoding="utf-8")
        model = found.group(1) if (found := re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)) else model
        flags = set(re.findall(r"\w+", text))
    return {
        "model": model,
        "more": [
            f"{psutil.virtual_memory().total / 2**30:.0f} GiB of memory",
            *(f"with {name}" for name in INSTRUCTIONS if name in flags),
        ],
        "processors": os.cpu_count(),
        "system": f"{platform.system()}, Python {platform.python_version()}",
    }


def processor_seconds():
    """Return the seconds that all processors have worked, and those of our own programs that have ended."""
    times, ours = psutil.cpu_times(), os.times()
    return times.user + times.system, ours.children_user + ours.children_system


def versions():
    """Return the versions of what is installed of the contestants."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def caveats(docstring):
    """Return what a docstring says after its first line, as reStructuredText without the command lines."""
    blocks = []
    for block in docstring.split("\n\n")[1:]:
        if not block.startswith("    "):
            blocks.append(block)
        elif "python benchmarks/" not in block:
            blocks.append(f"::\n\n{block}")
    return "\n\n".join(blocks)


def missing(tree):
    """Return the packages that a script imports and that are not installed."""
    modules = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add((node.module or "").partition(".")[0])
    return [name for name, module in PACKAGES.items() if module in modules and find_spec(module) is None]


class NotMeasuredError(Exception):
    """A script failed."""


def measure(path, arguments):
    """Run one script, show what it prints, and return what it found."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstring = ast.get_docstring(tree)
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder, "records.jsonl")
        found = {
            "summary": docstring.splitlines()[0],
            "caveats": caveats(docstring),
            "command": shlex.join(["python", f"benchmarks/{path.name}", *arguments]),
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine(),
            "versions": versions(),
            "missing": missing(tree),
        }
        start, (all_before, ours_before) = time.perf_counter(), processor_seconds()
        command = [sys.executable, str(path), *arguments]
        printed = []
        environment = os.environ | {VARIABLE: str(notes), "PYTHONUNBUFFERED": "1"}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
            for line in process.stdout:
                print(line, end="", flush=True)
                printed.append(line.rstrip())
        if process.returncode:
            raise NotMeasuredError(f"{path.name} failed with status {process.returncode}; nothing of it is kept.")
        lines = notes.read_text(encoding="utf-8").splitlines() if notes.exists() else []
        seconds, (all_after, ours_after) = time.perf_counter() - start, processor_seconds()
        others = (all_after - all_before) - (ours_after - ours_before)
        return found | {
            "seconds": round(seconds, 1),
            "other_work": round(max(0.0, others) / (seconds * (os.cpu_count() or 1)), 3),
            "printed": printed,
            "records": [json.loads(line) for line in lines],
        }


def main():
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=list(scripts()), default=list(scripts()), help="which ones")
    parser.add_argument("--arguments", default="", help="passed on to the script, if it is one")
    parser.add_argument("--short", action="store_true", help="fewer rows or pictures where all take long")
    parser.add_argument("--page-only", action="store_true", help="measure nothing, and write the page anew")
    options = parser.parse_args()
    if options.arguments and len(options.only) != 1:
        parser.error("--arguments are for one script: name it with --only.")
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {"scripts": {}}
    failures = []
    for name in [] if options.page_only else options.only:
        print(f"== {name}", flush=True)
        arguments = options.arguments or (SHORT.get(name, "") if options.short else "")
        try:
            results["scripts"][name] = measure(scripts()[name], shlex.split(arguments))
        except NotMeasuredError as failure:
            print(failure, file=sys.stderr, flush=True)
            failures.append(str(failure))
            continue
        # After each one: what is measured is kept, whatever happens to the next.
        results["scripts"] = dict(sorted(results["scripts"].items()))
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        PAGE.write_text(page(results), encoding="utf-8")
    PAGE.write_text(page(results), encoding="utf-8")
    if failures:
        sys.exit("\n".join(["== Not measured:", *failures]))


if __name__ == "__main__":
    main()
