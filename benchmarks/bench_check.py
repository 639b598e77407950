"""How many copies check_images finds, how many pairs it takes for copies that are none, and how long it takes.

    SKIMGREC_DATA=... python benchmarks/bench_check.py [--copies 500] [--sheets FOLDER]

Copies of pictures of cats_vs_dogs are made in each of the ways that are listed, and each kind is checked together with
all pictures, by their files. Recall is the share of copies that are in one group with their original. A false pair is
one of two pictures that do not come from one original, beyond the pairs that lie in the data itself, which are shown to
be looked at. MNIST, the digits and CIFAR-10 are checked as they are: digits are no copies of one another,
while 3.3 % of CIFAR-10's test pictures are known to have a near duplicate (Barz & Denzler, 2020).
"""

import argparse
import dataclasses
import tempfile
import time
from io import BytesIO
from pathlib import Path

import numpy as np
from _data import cats_and_dogs, go_through, part
from PIL import Image

from skimgrec import ImageCheckDisplay, check_images
from skimgrec.datasets import load_dataset
from skimgrec.datasets._folder_layout import folder_layout

RESAMPLING = Image.Resampling.BICUBIC


def scaled(factor):
    return lambda image: image.point(lambda value: min(255, int(value * factor)))


def resized(factor):
    return lambda image: image.resize([max(8, round(side * factor)) for side in image.size], RESAMPLING)


def cropped(left, upper, right, lower):
    def crop(image):
        width, height = image.size
        return image.crop((left * width, upper * height, (1 - right) * width, (1 - lower) * height))

    return crop


# What is done to the picture, and the quality of the JPEG that it is saved as.
CHANGES = {
    "saved as PNG (exact)": (lambda image: image, None),
    "JPEG, quality 75": (lambda image: image, 75),
    "JPEG, quality 30": (lambda image: image, 30),
    "half the size": (resized(0.5), 90),
    "1.7 times the size": (resized(1.7), 90),
    "20 % brighter": (scaled(1.2), 90),
    "40 % brighter": (scaled(1.4), 90),
    "20 % darker": (scaled(0.8), 90),
    "grey": (lambda image: image.convert("L"), 90),
    "2 % cropped off each side": (cropped(0.02, 0.02, 0.02, 0.02), 90),
    "5 % cropped off each side": (cropped(0.05, 0.05, 0.05, 0.05), 90),
    "8 % cropped off each side": (cropped(0.08, 0.08, 0.08, 0.08), 90),
    "10 % cropped off two sides": (cropped(0.1, 0, 0, 0.1), 90),
    "mirrored": (lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), 90),
}


def write_copies(paths, folder):
    """Write copies of pictures; return their paths, for each change."""
    written = {}
    for number, (name, (change, quality)) in enumerate(CHANGES.items()):
        written[name] = []
        for row, path in enumerate(paths):
            with Image.open(path) as image:
                copy = change(image.convert("RGB"))
            target = Path(folder) / f"{number:02}_{row:04}.{'png' if quality is None else 'jpg'}"
            copy.save(target, quality=quality or 90)
            written[name].append(str(target))
    return written


def measure_copies(n_copies, sheets):
    layout = folder_layout(str(cats_and_dogs()))
    paths = [layout.full(path) for path in layout.paths]
    chosen = np.random.default_rng(0).choice(len(paths), n_copies, replace=False)
    clean = check_images(paths, layout.labels, split=layout.splits, data_name="cats_vs_dogs")
    known = {tuple(sorted(finding.rows)) for finding in clean.findings if len(finding.rows) > 1}
    print(f"copies of {n_copies} pictures among the {len(paths):,} of cats_vs_dogs, one kind of copy at a time")
    with tempfile.TemporaryDirectory() as folder:
        for name, copies in write_copies([paths[row] for row in chosen], folder).items():
            start = time.perf_counter()
            check = check_images([*paths, *copies])
            seconds = time.perf_counter() - start
            origin = [*range(len(paths)), *map(int, chosen)]
            pairs = check.of_kind("near_duplicate", "exact_duplicate")
            originals = {tuple(sorted({origin[row] for row in finding.rows})) for finding in pairs}
            n_false = sum(len(rows) > 1 and rows not in known for rows in originals)
            found = np.mean(check.groups[len(paths) :] == check.groups[chosen])
            print(f"  {name:28} recall {found:.3f}  false pairs {n_false}  {seconds:.1f} s", flush=True)
    print(clean)
    draw(clean, sheets, "cats_vs_dogs")


def jpeg(quality):
    def save(image):
        content = BytesIO()
        image.save(content, "JPEG", quality=quality)
        return Image.open(content)

    return save


DIGIT_CHANGES = {
    "JPEG, quality 90": jpeg(90),
    "JPEG, quality 75": jpeg(75),
    "20 % darker": scaled(0.8),
    "shifted by one pixel": lambda image: Image.fromarray(np.roll(np.asarray(image), 1, axis=1)),
    "resized to 14 x 14 and back": lambda image: image.resize((14, 14), RESAMPLING).resize((28, 28), RESAMPLING),
}


def measure_digit_copies(n_pictures, n_copies):
    digits = part("mnist", "test")[0][:n_pictures]
    chosen = np.random.default_rng(0).choice(n_pictures, n_copies, replace=False)
    print(f"copies of {n_copies} pictures among the first {n_pictures:,} test pictures of MNIST")
    for name, change in DIGIT_CHANGES.items():
        copies = np.stack([np.asarray(change(Image.fromarray(digits[row]))) for row in chosen])
        check = check_images(np.concatenate([digits, copies]))
        found = np.mean(check.groups[n_pictures:] == check.groups[chosen])
        print(f"  {name:28} recall {found:.3f}", flush=True)


def measure_built_in(name, sheets):
    if name != "digits":
        part(name, "all")  # says so where it cannot be had
    bunch = load_dataset(name, subset="all")
    start = time.perf_counter()
    check = check_images(
        bunch.images, bunch.target, target_names=bunch.target_names, split=bunch.get("split"), data_name=name
    )
    seconds = time.perf_counter() - start
    n = check.n_pictures
    print(f"{name}, {n:,} pictures, {seconds:.1f} s: {check.counts or 'nothing found'}")
    print(
        f"  similarity asked for {check.similarity_threshold}; hashes compared {check.n_compared:,} times, "
        f"{check.n_compared / (3 * n * (n - 1) / 2):.3f} of what all pairs would take; "
        f"thumbnails {check.n_aligned:,} times"
    )
    if check.split_counts:
        leaked = {
            row
            for finding in check.findings
            if finding.across_splits
            for row, split in zip(finding.rows, finding.splits, strict=True)
            if split == "test"
        }
        n_test = check.split_counts["test"]
        print(f"  test pictures with a duplicate in training: {len(leaked)}, {len(leaked) / n_test:.2%} of {n_test:,}")
        doubtful = sorted(check.of_kind("near_duplicate"), key=lambda finding: finding.similarity)[:60]
        draw(dataclasses.replace(check, findings=tuple(doubtful)), sheets, f"{name}_least_similar")


def draw(check, sheets, name):
    if sheets:
        import matplotlib

        matplotlib.use("Agg")
        Path(sheets).mkdir(parents=True, exist_ok=True)
        ImageCheckDisplay.from_check(check, n_each=60).figure_.savefig(Path(sheets) / f"{name}.png", dpi=110)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--copies", type=int, default=500, help="originals that are copied")
    parser.add_argument("--sheets", help="folder for contact sheets")
    options = parser.parse_args()
    todo = [lambda: measure_copies(options.copies, options.sheets), lambda: measure_digit_copies(8000, 300)]
    todo += [lambda name=name: measure_built_in(name, options.sheets) for name in ("digits", "mnist", "cifar10")]
    go_through(todo, lambda measure: measure())


if __name__ == "__main__":
    main()
