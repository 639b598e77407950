"""A small run of benchmarks/fuzz_models.py: each file is refused or loads, without crash, hang or side effect."""

import re
import subprocess
import sys
from pathlib import Path

FUZZER = Path(__file__).resolve().parents[2] / "benchmarks" / "fuzz_models.py"


def test_damaged_and_hostile_files_are_refused_or_load():
    command = [sys.executable, str(FUZZER), "--files", "300", "--seed", "7", "--without-networks"]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=500)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    loaded, refused = map(int, re.search(r"(\d+) loaded, (\d+) refused", finished.stdout).groups())
    assert loaded + refused == 300
    assert loaded > 20
    assert refused > 200
