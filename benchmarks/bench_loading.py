"""Folders of JPEGs to arrays, against Keras's image_dataset_from_directory and a plain Pillow loop: prints ratios.

    python benchmarks/bench_loading.py [--rounds 5] [--quick] [--n-jobs -1]

Small pictures are cats_vs_dogs/training_set where SKIMGREC_DATA names a folder with it, generated ones of that size
otherwise; larger photographs are generated, 1500 x 2000. The contestants take turns, and give all pictures of a folder
in 64 x 64 and colour, resized bilinearly; a ratio is that of the median times. skimgrec and Keras start from the name
of the folder and give the classes as well; "keras, again" starts from a data set that has listed the files before, and
has tuned its number of threads. skimgrec decodes JPEGs at reduced size where that leaves enough pixels; the plain loop
and Keras decode the whole picture. The plain loop has one thread, Keras all of its own. The loop runs on a part of the
pictures, which changes nothing but the time that this takes.
"""

import argparse
import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from _data import LeftOut, cats_and_dogs
from _results import record
from _timing import medians, take_turns
from PIL import Image

from skimgrec import ImageLoader, load_image_folder
from skimgrec.utils import _fast_jpeg

SIZE = (64, 64)


def write_jpegs(folder, n, shape):
    """Write smooth random pictures with a little noise, in two classes."""
    rng = np.random.default_rng(0)
    height, width = shape
    for number in range(n):
        small = Image.fromarray(rng.integers(0, 256, (8, 8, 3), np.uint8))
        picture = np.asarray(small.resize((width, height), Image.Resampling.BICUBIC), np.float32)
        picture += rng.normal(scale=8, size=(height, width, 1))
        place = folder / "ab"[number % 2] / f"{number:05}.jpg"
        place.parent.mkdir(exist_ok=True)
        Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(place, quality=90)


def paths_in(folder):
    return np.array(
        sorted(entry.path for part in os.scandir(folder) if part.is_dir() for entry in os.scandir(part.path))
    )


def skimgrec(folder, n_jobs):
    load_image_folder(folder, image_size=SIZE, n_jobs=n_jobs)


def skimgrec_cached(folder, n_jobs, cache):
    ImageLoader(SIZE, cache=cache, n_jobs=n_jobs).fit_transform(paths_in(folder))


def skimgrec_by_pillow(folder, n_jobs):
    """Do as if simplejpeg were not installed."""
    kept, _fast_jpeg.simplejpeg = _fast_jpeg.simplejpeg, None
    try:
        skimgrec(folder, n_jobs)
    finally:
        _fast_jpeg.simplejpeg = kept


def pillow_loop(folder, step):
    pictures = []
    for path in paths_in(folder)[::step]:
        with Image.open(path) as image:
            pictures.append(np.asarray(image.convert("RGB").resize(SIZE[::-1], Image.Resampling.BILINEAR)))
    np.stack(pictures)


def keras_data(folder):
    return keras.utils.image_dataset_from_directory(str(folder), image_size=SIZE, verbose=False)


def iterate(data):
    for _ in data:
        pass


def compare(title, folder, rounds, n_jobs, step):
    with tempfile.TemporaryDirectory() as cache:
        known, n = keras_data(folder), len(paths_in(folder))
        contestants = {
            "skimgrec": (lambda: skimgrec(folder, n_jobs), n),
            "keras": (lambda: iterate(keras_data(folder)), n),
            "keras, again": (lambda: iterate(known), n),
            "Pillow loop": (lambda: pillow_loop(folder, step), -(-n // step)),
            "skimgrec, Pillow only": (lambda: skimgrec_by_pillow(folder, n_jobs), n),
            "skimgrec, cached": (lambda: skimgrec_cached(folder, n_jobs, cache), n),
        }
        runs = take_turns(contestants, rounds)
    runs = {name: [1 / each for each in values] for name, values in runs.items()}
    rates = medians(runs)
    beside = ["skimgrec, Pillow only", "skimgrec, cached"]
    record(f"{title}, read at 64 x 64", runs, unit="pictures/s", less=False, beside=beside)
    print(f"{title}, {n} files; on the right, how many times as fast skimgrec is")
    for name, rate in rates.items():
        ratio = f"{rates['skimgrec'] / rate:12.2f} x" if name != "skimgrec" else ""
        print(f"    {name:24}{rate:10.0f} pictures/s{ratio}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="a tenth of the generated pictures")
    parser.add_argument("--n-jobs", type=int, default=-1)
    arguments = parser.parse_args()
    decoder = "simplejpeg" if _fast_jpeg.simplejpeg is not None else "Pillow (pip install simplejpeg is faster)"
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, n_jobs={arguments.n_jobs}, JPEG by {decoder}")
    with tempfile.TemporaryDirectory() as name:
        try:
            small = cats_and_dogs() / "training_set"
        except LeftOut:
            small = Path(name, "small")
            small.mkdir()
            write_jpegs(small, 800 if arguments.quick else 8000, (108, 120))
        compare("small JPEGs", small, arguments.rounds, arguments.n_jobs, 8)
        large = Path(name, "large")
        large.mkdir()
        write_jpegs(large, 20 if arguments.quick else 100, (1500, 2000))
        compare("generated JPEGs of 1500 x 2000", large, arguments.rounds, arguments.n_jobs, 5)


if __name__ == "__main__":
    main()
