"""A five-fold comparison of HOG + forest and a CNN on a folder larger than one would load: prints the peak memory.

    python benchmarks/bench_streaming.py [--n 100000] [--folds 5]

The folder is made first: small JPEGs of two classes, 32 x 32 in colour. Its pictures are decoded as they are needed, in
every fold anew. The peak is that of the whole process, TensorFlow included, in a process of its own; the pictures
themselves would take 293 MiB as uint8 and 1.1 GiB as float32 if 100,000 were loaded.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from _timing import peak_memory
from PIL import Image
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline

from skimgrec import HOGTransformer, ImageLoader, KerasCNNClassifier, compare, load_image_folder


def make_folder(folder, n):
    """Write `n` pictures: stripes that rise in one class and fall in the other, under noise."""
    rng = np.random.default_rng(0)
    rows, cols = np.mgrid[:32, :32]
    for number in range(n):
        falling = number % 2
        wave = np.sin((rows + (1 - 2 * falling) * cols) * rng.uniform(0.3, 1.0) + rng.uniform(0, 6))
        picture = 128 + 50 * wave[..., None] + rng.normal(scale=90, size=(32, 32, 3))
        place = folder / ("rising", "falling")[falling] / f"{number // 1000:03}" / f"{number:06}.jpg"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(place, quality=85)


def measure(folder, folds):
    """Compare on the folder, in a process of its own."""
    start = time.perf_counter()
    data = load_image_folder(folder, image_size=(32, 32), load_images=False)
    print(f"{len(data.filenames)} files listed in {time.perf_counter() - start:.0f} s", flush=True)
    loader = ImageLoader((32, 32), n_jobs=-1)
    forest = RandomForestClassifier(n_estimators=30, max_depth=12, n_jobs=-1, random_state=0)
    candidates = {
        "forest+hog": make_pipeline(loader, HOGTransformer(), forest),
        "cnn": make_pipeline(loader, KerasCNNClassifier(filters=(8, 16), epochs=1, random_state=0)),
    }
    print(compare(candidates, data.filenames, data.target, cv=folds, random_state=0, verbose=1))
    print(f"peak memory {peak_memory():.0f} MiB, in {time.perf_counter() - start:.0f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=100_000, help="number of pictures")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.folder:
        measure(arguments.folder, arguments.folds)
        return
    with tempfile.TemporaryDirectory() as folder:
        make_folder(Path(folder), arguments.n)
        command = [sys.executable, __file__, "--folder", folder, "--folds", str(arguments.folds)]
        subprocess.run(command, check=True, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"})


if __name__ == "__main__":
    main()
