"""A small run of benchmarks/fuzz_pictures.py: each damaged file is read or listed, without crash, hang or warning."""

import re
import subprocess
import sys
from pathlib import Path

FUZZER = Path(__file__).resolve().parents[2] / "benchmarks" / "fuzz_pictures.py"


def test_damaged_files_are_read_or_listed():
    command = [sys.executable, str(FUZZER), "--files", "300", "--seed", "7"]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=500)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    read, listed = map(int, re.search(r"(\d+) read, (\d+) listed", finished.stdout).groups())
    assert read + listed == 300
    assert min(read, listed) > 50
