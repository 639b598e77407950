"""HOGTransformer against scikit-image's hog in a loop and OpenCV's HOGDescriptor: prints ratios.

    python benchmarks/bench_hog.py [--rounds 5] [--quick]

Pictures are the test pictures of CIFAR-10 and MNIST (generated where they cannot be had), and generated ones of 512 x
512 pixels, with structure at several scales and a little noise. The contestants take turns, each on one core; a ratio
is that of the median times per picture. scikit-image and OpenCV run on the first pictures only, which is in
their favour if it changes anything.
"""

import argparse
import math
import os
import subprocess
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from _data import some_test_pictures
from _results import record
from _timing import forget_peak, medians, memory, seconds, take_turns
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


def generated(shape, n):
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


def enough(function, pictures, cell, budget):
    """Return the first pictures that `function` takes about `budget` seconds for."""
    function(pictures[:1], cell)
    few = pictures[:3]
    return pictures[: max(1, int(budget / seconds(function, few, cell) * len(few)))]


def compare(title, pictures, cell, rounds):
    transformer = HOGTransformer(pixels_per_cell=(cell, cell)).fit(pictures)
    contestants = {"skimgrec": (lambda: transformer.transform(pictures), len(pictures))}
    part = enough(scikit_image, pictures, cell, SKIMAGE_SECONDS)
    contestants["scikit-image"] = (lambda: scikit_image(part, cell), len(part))
    if cv2 is not None and hasattr(cv2, "HOGDescriptor") and pictures.dtype == np.uint8:
        cv_part = enough(opencv, pictures, cell, OPENCV_SECONDS)
        contestants["OpenCV"] = (lambda: opencv(cv_part, cell), len(cv_part))
    runs = take_turns(contestants, rounds)
    record(title, {name: [1e6 * each for each in values] for name, values in runs.items()}, unit="µs a picture")
    times = medians(runs)
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
    arithmetic(1)
    with ThreadPoolExecutor(2) as threads:
        contestants = {
            "one": lambda: one.transform(pictures),
            "two": lambda: two.transform(pictures),
            "one plain": lambda: arithmetic(20_000_000),
            "two plain": lambda: list(threads.map(arithmetic, [10_000_000] * 2)),
        }
        times = medians(take_turns(contestants, 5 * rounds))
    print(
        f"n_jobs=2 against 1: {times['one'] / times['two']:.2f} x "
        f"(plain arithmetic in two threads: {times['one plain'] / times['two plain']:.2f} x)"
    )


def print_peak_memory(n):
    """Let a process of its own work on `n` pictures, and ask for the most memory that it held meanwhile.

    Linux tells the resident memory, which misses what fits into memory that was freed before; tracemalloc tells what
    NumPy allocated, which misses the compiled code's few arrays.
    """
    for dtype, n_jobs in (("uint8", 1), ("uint8", 2), ("float32", 1), ("float64", 1)):
        print(f"peak memory beyond input and output, {n} pictures, {dtype}, n_jobs={n_jobs}: ", end="", flush=True)
        subprocess.run([sys.executable, __file__, "--memory", str(n), dtype, str(n_jobs)], check=True)


def measure_memory(n, dtype, n_jobs):
    rng = np.random.default_rng(0)
    pictures = np.empty((n, 32, 32, 3), dtype)
    for i in range(0, n, 100):
        pictures[i : i + 100] = rng.integers(0, 256, size=(100, 32, 32, 3))
    transformer = HOGTransformer(pixels_per_cell=(8, 8), n_jobs=n_jobs).fit(pictures)
    transformer.transform(pictures[:100])
    forget_peak()
    before = memory("VmRSS")
    features = transformer.transform(pictures)
    resident = memory("VmHWM") - before
    tracemalloc.start()
    features = None
    features = transformer.transform(pictures)
    allocated = tracemalloc.get_traced_memory()[1] / 2**20
    # NaN, on other systems than Linux, stays what it is.
    resident, allocated = (np.maximum(0, peak - features.nbytes / 2**20) for peak in (resident, allocated))
    print(f"{resident:.1f} MiB resident, {allocated:.1f} MiB by NumPy")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="a tenth of the pictures")
    parser.add_argument("--memory", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.memory:
        n, dtype, n_jobs = arguments.memory
        measure_memory(int(n), dtype, int(n_jobs))
        return
    n = 1000 if arguments.quick else 10000

    cifar = some_test_pictures("cifar10", n, lambda: generated((32, 32, 3), n))
    mnist = some_test_pictures("mnist", n, lambda: generated((28, 28), n))
    print(f"{'':42}{'a picture':>13}{'skimage':>10}{'OpenCV':>10}")
    compare("CIFAR-10, 32 x 32 x 3, uint8", cifar, 8, arguments.rounds)
    compare("MNIST, 28 x 28, uint8, cells of 4", mnist, 4, arguments.rounds)
    compare("generated pictures, 512 x 512 x 3, uint8", generated((512, 512, 3), n // 50), 8, arguments.rounds)
    compare("CIFAR-10 as float32 in 0..1", (cifar / 255).astype(np.float32), 8, arguments.rounds)
    compare_threads(cifar, arguments.rounds)
    print_peak_memory(5 * n)


if __name__ == "__main__":
    main()
