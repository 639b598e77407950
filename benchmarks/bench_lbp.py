"""LBPTransformer against a loop over scikit-image's local_binary_pattern: prints ratios.

    python benchmarks/bench_lbp.py [--rounds 5] [--quick] [--n-jobs 1]

Pictures are the test pictures of CIFAR-10 and MNIST, and generated ones where they cannot be had. The contestants take
turns on one core, and are timed by the time that the processor spent on them; a ratio is that of the median times per
picture. scikit-image gives the codes alone, or codes whose histograms NumPy takes by cell, which is what LBPTransformer
gives. It runs on the first pictures only. With --n-jobs, LBPTransformer has more cores, as the loop cannot; the times
are then those of the clock on the wall, which other work on the machine makes longer.
"""

import argparse
import os
import time
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from _data import some_test_pictures
from _results import record
from _timing import medians, take_turns
from skimage.feature import local_binary_pattern

from skimgrec import LBPTransformer
from skimgrec.feature_extraction._lbp_layout import n_codes

METHOD = "nri_uniform"


def noise(shape, n):
    return np.random.default_rng(0).integers(0, 256, (n, *shape), dtype=np.uint8)


def as_grey(picture):
    """Return the luminance, of which both take their codes; it is not timed with scikit-image."""
    if picture.ndim == 2:
        return picture
    luminance = picture @ np.array([0.299, 0.587, 0.114])
    return np.rint(luminance).astype(np.uint8) if picture.dtype == np.uint8 else luminance


def codes(pictures, points, radius):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of noise in floating-point pictures
        return [local_binary_pattern(picture, points, radius, METHOD) for picture in pictures]


def histograms(pictures, points, radius, cell):
    n_bins = n_codes(METHOD, points)
    result = []
    for coded in codes(pictures, points, radius):
        rows, cols = (side // cell for side in coded.shape)
        cells = coded[: rows * cell, : cols * cell].astype(np.intp).reshape(rows, cell, cols, cell).swapaxes(1, 2)
        cells = cells.reshape(rows * cols, -1) + n_bins * np.arange(rows * cols)[:, None]
        counts = np.bincount(cells.ravel(), minlength=rows * cols * n_bins)
        result.append(np.sqrt(counts / cell**2))
    return result


def compare(title, pictures, cell, scale, rounds, n_reference, n_jobs):
    lbp = LBPTransformer(scales=[scale], pixels_per_cell=(cell, cell), n_jobs=n_jobs).fit(pictures)
    few = [as_grey(picture) for picture in pictures[:n_reference]]
    contestants = {
        "skimgrec": (lambda: lbp.transform(pictures), len(pictures)),
        "codes": (lambda: codes(few, *scale), len(few)),
        "histograms": (lambda: histograms(few, *scale, cell), len(few)),
    }
    runs = take_turns(contestants, rounds, clock=time.thread_time if n_jobs == 1 else time.perf_counter)
    microseconds = {name: [1e6 * each for each in values] for name, values in runs.items()}
    cores = "of one core" if n_jobs == 1 else f"n_jobs={n_jobs}"
    record(f"{title}, scale {scale}", microseconds, unit=f"µs a picture, {cores}", beside=["codes"])
    found = medians(runs)
    ours = found["skimgrec"]
    codes_ratio, ratio = found["codes"] / ours, found["histograms"] / ours
    print(f"{title:32}{scale!s:>8}{ours * 1e6:10.1f} us{codes_ratio:10.1f} x{ratio:10.1f} x", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--n-jobs", type=int, default=1, help="threads of LBPTransformer")
    parser.add_argument("--quick", action="store_true", help="a tenth of the pictures")
    arguments = parser.parse_args()
    rounds, n_jobs = arguments.rounds, arguments.n_jobs
    n = 500 if arguments.quick else 5000

    cifar = some_test_pictures("cifar10", n, lambda: noise((32, 32, 3), n))
    mnist = some_test_pictures("mnist", n, lambda: noise((28, 28), n))
    large = noise((512, 512), n // 100)
    print(f"{'':32}{'scale':>8}{'a picture':>13}{'codes':>12}{'histograms':>12}")
    for scale in ((8, 1), (16, 2), (24, 3)):
        compare("CIFAR-10, 32 x 32 x 3, uint8", cifar, 8, scale, rounds, 100, n_jobs)
        compare("MNIST, 28 x 28, cells of 4", mnist, 4, scale, rounds, 100, n_jobs)
        compare("noise, 512 x 512, cells of 64", large, 64, scale, rounds, 1, n_jobs)
    compare("CIFAR-10 as float32 in 0..1", (cifar / 255).astype(np.float32), 8, (8, 1), rounds, 100, n_jobs)


if __name__ == "__main__":
    main()
