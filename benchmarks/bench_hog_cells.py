"""Accuracy on HOG by size of cells and blocks, which shows whether ``pixels_per_cell="auto"`` is a good default.

    python benchmarks/bench_hog_cells.py [--quick]

The data are scikit-learn's digits, MNIST, CIFAR-10, and photographs of cats and dogs at 64 x 64 and 128 x 128 where
SKIMGREC_DATA names a folder with cats_vs_dogs. Splits and seeds are fixed. Layouts of more than 9,000 features are left
out.
"""

import argparse

import numpy as np
from _data import arrays, cats_and_dogs, go_through
from PIL import Image, ImageOps
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from skimgrec import HOGTransformer

CELLS = (1, 2, 4, 8, 16, 32)
BLOCKS = ((2, 2), (3, 3))
MOST_FEATURES = 9_000


def classifiers():
    return {
        "linear SVM": make_pipeline(StandardScaler(), LinearSVC(C=1e-3, max_iter=200, random_state=0)),
        "forest": RandomForestClassifier(100, n_jobs=2, random_state=0),
        "1-NN": KNeighborsClassifier(1),
    }


def data_sets(n_train, n_test):
    """Yield the name of each data set, and what returns its training and test pictures and the classes of both."""
    yield "digits, 8 x 8", some_digits
    for name, title in (("mnist", "MNIST, 28 x 28"), ("cifar10", "CIFAR-10, 32 x 32")):
        yield title, lambda name=name: first_pictures(name, n_train, n_test)
    for size in (64, 128):
        yield f"cats and dogs, {size} x {size}", lambda size=size: photographs(size, n_train, n_test)


def some_digits():
    digits = load_digits()
    return train_test_split(
        digits.images.astype(np.uint8), digits.target, test_size=0.4, stratify=digits.target, random_state=0
    )


def first_pictures(name, n_train, n_test):
    X, y, X_test, y_test = arrays(name)
    return X[:n_train], X_test[:n_test], y[:n_train], y_test[:n_test]


def photographs(size, n_train, n_test):
    """Return the first pictures of each kind, cropped to a square in the middle, and their classes."""
    folder, parts = cats_and_dogs(), []
    for name, n in (("training_set", n_train), ("test_set", n_test)):
        pictures, classes = [], []
        for kind in ("cats", "dogs"):
            for path in sorted((folder / name / kind).glob("*.jpg"))[: n // 2]:
                with Image.open(path) as picture:
                    pictures.append(np.asarray(ImageOps.fit(picture.convert("RGB"), (size, size))))
                classes.append(kind)
        parts.append((np.stack(pictures), np.array(classes)))
    (train, train_classes), (test, test_classes) = parts
    return train, test, train_classes, test_classes


def compare(title, parts):
    train, test, train_classes, test_classes = parts
    print(f"\n{title}: {len(train)} pictures to learn from, {len(test)} to test", flush=True)
    print(f"{'cell':>6}{'block':>8}{'features':>10}" + "".join(f"{name:>12}" for name in classifiers()))
    for block in BLOCKS:
        auto = HOGTransformer(cells_per_block=block).fit(train).pixels_per_cell_
        for cell in CELLS:
            smallest = cell * max(block)
            if min(train.shape[1:3]) < smallest:
                continue
            hog = HOGTransformer(pixels_per_cell=(cell, cell), cells_per_block=block, n_jobs=2).fit(train)
            n_features = len(hog.get_feature_names_out())
            if n_features > MOST_FEATURES:
                continue
            features = hog.transform(train), hog.transform(test)
            scores = [
                classifier.fit(features[0], train_classes).score(features[1], test_classes)
                for classifier in classifiers().values()
            ]
            mark = "  auto" if auto == (cell, cell) else ""
            row = f"{cell:>6}{'{} x {}'.format(*block):>8}{n_features:>10}"
            print(row + "".join(f"{score:>12.3f}" for score in scores) + mark, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a quarter of the pictures")
    arguments = parser.parse_args()
    n_train, n_test = (1000, 500) if arguments.quick else (4000, 2000)
    go_through(data_sets(n_train, n_test), lambda found: compare(found[0], found[1]()))


if __name__ == "__main__":
    main()
