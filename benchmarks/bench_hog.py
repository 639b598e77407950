"""HOGTransformer against scikit-image's hog in a loop and OpenCV's HOGDescriptor: prints ratios.

    python benchmarks/bench_hog.py [--rounds 5] [--quick]

Real pictures are taken where SKIMGREC_DATA names a folder with cifar10.npz and mnist.npz, generated ones otherwise. The
contestants take turns, each on one core; a ratio is that of the median times per picture. scikit-image and OpenCV run
on the first pictures only, which is in their favour if it changes anything.
"""

import argparse
import math
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from _results import record
from numba import njit
from skimage.feature import hog
from skimage.transform import resize

from skimgrec import HOGTransformer

try:
    import cv2
except ImportError:
    cv2 = None

SKIMAGE_SECONDS = 0.3
OPENCV_SECONDS = 0.1


def pictures_named(name, shape, n):
    """Return `n` test pictures of a data set, or as many smooth random ones."""
    path = Path(os.environ.get("SKIMGREC_DATA", "")) / f"{name}.npz"
    if path.is_file():
        with np.load(path) as data:
            return data["x_test"][:n]
    return photographs(shape, n)


def photographs(shape, n):
    """Return pictures with structure at several scales and a little noise."""
    rng = np.random.default_rng(0)
    kinds = []
    for _ in range(min(n, 20)):
        picture = np.zeros(shape)
        for size in (4, 16, 64):
            grain = rng.random(size=(size, size, *shape[2:]))
            picture += resize(grain, shape, order=3) / size**0.5
        picture += rng.normal(scale=0.01, size=shape)
        kinds.append(np.clip(picture / picture.max() * 255, 0, 255).astype(np.uint8))
    return np.stack([np.roll(kinds[i % len(kinds)], i, axis=(0, 1)) for i in range(n)])


def scikit_image(pictures, cell):
    axis = -1 if pictures.ndim == 4 else None
    for picture in pictures:
        hog(picture, pixels_per_cell=(cell, cell), channel_axis=axis)


def opencv(pictures, cell):
    cv2.setNumThreads(1)
    height, width = (side // cell * cell for side in pictures.shape[1:3])
    block, step = (3 * cell, 3 * cell), (cell, cell)
    descriptor = cv2.HOGDescriptor((width, height), block, step, step, 9)
    for picture in pictures:
        descriptor.compute(picture)


def seconds(function, *arguments):
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


def take_turns(contestants, rounds):
    """Return the seconds per picture of each contestant (function, number of pictures), run by run."""
    times = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, (function, n) in contestants.items():
            times[name].append(seconds(function) / n)
    return times


def enough(function, pictures, cell, budget):
    """Return the first pictures that `function` takes about `budget` seconds for."""
    function(pictures[:1], cell)
    few = pictures[:3]
    return pictures[: max(1, int(budget / seconds(function, few, cell) * len(few)))]


def compare(title, pictures, cell, rounds):
    transformer = HOGTransformer(pixels_per_cell=(cell, cell)).fit(pictures)
    transformer.transform(pictures)
    contestants = {"skimgrec": (lambda: transformer.transform(pictures), len(pictures))}
    part = enough(scikit_image, pictures, cell, SKIMAGE_SECONDS)
    contestants["scikit-image"] = (lambda: scikit_image(part, cell), len(part))
    if cv2 is not None and hasattr(cv2, "HOGDescriptor") and pictures.dtype == np.uint8:
        cv_part = enough(opencv, pictures, cell, OPENCV_SECONDS)
        contestants["OpenCV"] = (lambda: opencv(cv_part, cell), len(cv_part))
    runs = take_turns(contestants, rounds)
    record(title, {name: [1e6 * each for each in values] for name, values in runs.items()}, unit="µs a picture")
    times = {name: median(values) for name, values in runs.items()}
    ours = times["skimgrec"]
    opencv_ratio = f"{times['OpenCV'] / ours:8.1f} x" if "OpenCV" in times else f"{'-':>10}"
    print(f"{title:42}{ours * 1e6:10.1f} us{times['scikit-image'] / ours:8.1f} x{opencv_ratio}", flush=True)


@njit(nogil=True)
def arithmetic(n):
    total = 0.0
    for i in range(n):
        total += math.sqrt(i)
    return total


def compare_threads(pictures, rounds):
    """Compare two threads with one, beside what two threads bring to arithmetic that shares nothing at all."""
    one, two = (HOGTransformer(pixels_per_cell=(8, 8), n_jobs=n_jobs).fit(pictures) for n_jobs in (1, 2))
    two.transform(pictures)
    arithmetic(1)
    with ThreadPoolExecutor(2) as threads:
        contestants = {
            "one": (lambda: one.transform(pictures), 1),
            "two": (lambda: two.transform(pictures), 1),
            "one plain": (lambda: arithmetic(20_000_000), 1),
            "two plain": (lambda: list(threads.map(arithmetic, [10_000_000] * 2)), 1),
        }
        times = {name: median(values) for name, values in take_turns(contestants, 5 * rounds).items()}
    print(
        f"n_jobs=2 against 1: {times['one'] / times['two']:.2f} x "
        f"(plain arithmetic in two threads: {times['one plain'] / times['two plain']:.2f} x)"
    )


def print_peak_memory(n):
    """Let a process of its own work on `n` pictures, and ask for the most memory that it held meanwhile.

    Linux tells the resident memory, which misses what fits into memory that was freed before; tracemalloc tells what
    NumPy allocated, which misses the compiled code's few arrays.
    """
    if not Path("/proc/self/clear_refs").exists():
        print("peak memory: measured on Linux only")
        return
    code = """
import sys
import tracemalloc
from pathlib import Path
import numpy as np
from skimgrec import HOGTransformer

def memory(field):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 2**10 for line in lines if line.startswith(field))

rng = np.random.default_rng(0)
pictures = np.empty((int(sys.argv[1]), 32, 32, 3), sys.argv[3])
for i in range(0, len(pictures), 100):
    pictures[i : i + 100] = rng.integers(0, 256, size=(100, 32, 32, 3))
transformer = HOGTransformer(pixels_per_cell=(8, 8), n_jobs=int(sys.argv[2])).fit(pictures)
transformer.transform(pictures[:100])
Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from here
before = memory("VmRSS")
features = transformer.transform(pictures)
resident = memory("VmHWM") - before
tracemalloc.start()
features = None
features = transformer.transform(pictures)
allocated = tracemalloc.get_traced_memory()[1] / 2**20
print(*(max(0, peak - features.nbytes / 2**20) for peak in (resident, allocated)))
"""
    for dtype, n_jobs in (("uint8", 1), ("uint8", 2), ("float32", 1), ("float64", 1)):
        command = [sys.executable, "-c", code, str(n), str(n_jobs), dtype]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        resident, allocated = map(float, output.split())
        print(
            f"peak memory beyond input and output, {n} pictures, {dtype}, n_jobs={n_jobs}: "
            f"{resident:.1f} MiB resident, {allocated:.1f} MiB by NumPy"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="a tenth of the pictures")
    arguments = parser.parse_args()
    n = 1000 if arguments.quick else 10000

    cifar, mnist = pictures_named("cifar10", (32, 32, 3), n), pictures_named("mnist", (28, 28), n)
    print(f"{'':42}{'a picture':>13}{'skimage':>10}{'OpenCV':>10}")
    compare("CIFAR-10, 32 x 32 x 3, uint8", cifar, 8, arguments.rounds)
    compare("MNIST, 28 x 28, uint8, cells of 4", mnist, 4, arguments.rounds)
    compare("photographs, 512 x 512 x 3, uint8", photographs((512, 512, 3), n // 50), 8, arguments.rounds)
    compare("CIFAR-10 as float32 in 0..1", (cifar / 255).astype(np.float32), 8, arguments.rounds)
    compare_threads(cifar, arguments.rounds)
    print_peak_memory(5 * n)


if __name__ == "__main__":
    main()
