"""A small run of benchmarks/fuzz_keras.py: each file is refused or read, without crash, hang or much memory."""

import re
import subprocess
import sys
from pathlib import Path

FUZZER = Path(__file__).resolve().parents[2] / "benchmarks" / "fuzz_keras.py"


def test_damaged_files_of_keras_are_refused_or_read():
    command = [sys.executable, str(FUZZER), "--files", "600", "--seed", "7"]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    read, refused = map(int, re.search(r"(\d+) read, (\d+) refused", finished.stdout).groups())
    assert read + refused == 600
    assert min(read, refused) > 100
