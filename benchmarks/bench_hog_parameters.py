"""What each parameter of HOGTransformer does to accuracy and time, on scikit-learn's digits and on CIFAR-10.

    python benchmarks/bench_hog_parameters.py [--runs 11] [--train 5000]

Run it alone on the machine. One parameter differs from the default at a time. Accuracy is that of a ridge classifier on
the standardised features, whose penalty is chosen on the training pictures, so that settings with many features are not
at a disadvantage: on the digits in five-fold cross-validation, on CIFAR-10 after training on 5,000 pictures on all the
test pictures. Time is that of `transform` on one core, as a multiple of the default's, the median of alternating runs.
"""

import argparse
import statistics

import numpy as np
from _data import arrays, go_through
from _timing import take_turns
from sklearn.linear_model import RidgeClassifierCV
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skimgrec import HOGTransformer, load_digits_images
from skimgrec.datasets import stratified_subset

SHARED = [
    {"orientations": 4},
    {"orientations": 6},
    {"orientations": 12},
    {"orientations": 18},
    {"cells_per_block": (1, 1)},
    {"cells_per_block": (2, 2)},
    {"cells_per_block": (4, 4)},
    {"block_norm": "L1"},
    {"block_norm": "L1-sqrt"},
    {"block_norm": "L2"},
    {"transform_sqrt": True},
    {"signed_gradient": True},
    {"signed_gradient": True, "orientations": 18},
    {"interpolation": "bilinear"},
]
CELLS = {
    "digits": [{"pixels_per_cell": (1, 1)}, {"pixels_per_cell": (4, 4), "cells_per_block": (2, 2)}],
    "CIFAR-10": [
        {"pixels_per_cell": (4, 4)},
        {"pixels_per_cell": (6, 6)},
        {"pixels_per_cell": (16, 16), "cells_per_block": (2, 2)},
    ],
}
TOGETHER = {
    "digits": {"signed_gradient": True, "orientations": 18, "interpolation": "bilinear"},
    "CIFAR-10": {
        "signed_gradient": True,
        "orientations": 18,
        "interpolation": "bilinear",
        "pixels_per_cell": (4, 4),
        "cells_per_block": (2, 2),
    },
}


def digits_splits(seed):
    """Return pictures, classes, and five pairs of training and test rows."""
    images, target = load_digits_images(return_X_y=True)
    return images, target, list(StratifiedKFold(5, shuffle=True, random_state=seed).split(images, target))


def cifar_splits(n_train, seed):
    """Return pictures, classes, and one pair of training and test rows."""
    X, y, X_test, y_test = arrays("cifar10")
    rows = stratified_subset(y, n_train, random_state=seed)
    images, target = np.concatenate([X[rows], X_test]), np.concatenate([y[rows], y_test])
    return images, target, [(np.arange(len(rows)), np.arange(len(rows), len(images)))]


def accuracy(features, target, splits):
    """Return the share of test pictures that are classified correctly, over all splits."""
    right = []
    for train, test in splits:
        model = make_pipeline(StandardScaler(), RidgeClassifierCV(alphas=np.logspace(0, 5, 11)))
        right += list(model.fit(features[train], target[train]).predict(features[test]) == target[test])
    return float(np.mean(right))


def time_ratios(transformers, images, runs):
    """Return the median over alternating runs of each transformer's time, as a multiple of the first one's."""
    for hog in transformers:
        hog.transform(images[:2])  # compiles
    contestants = {number: lambda hog=hog: hog.transform(images) for number, hog in enumerate(transformers)}
    times = take_turns(contestants, runs, warm_up=0)
    return [statistics.median(np.divide(seconds, times[0])) for seconds in times.values()]


def report(name, images, target, splits, runs):
    settings = [{}, *SHARED[:4], *CELLS[name], *SHARED[4:], TOGETHER[name]]
    transformers = [HOGTransformer(**setting).fit(images) for setting in settings]
    timed = np.resize(images, (20_000, *images.shape[1:]))  # enough for times of some milliseconds
    ratios = time_ratios(transformers, timed, runs)
    tested = sum(len(test) for _, test in splits)
    print(f"\n{name}: {len(images)} pictures of {' x '.join(map(str, images.shape[1:]))}, {tested} of them tested")
    print(f"  {'':80} {'features':>8} {'accuracy':>9} {'time':>6}")
    for hog, setting, ratio in zip(transformers, settings, ratios, strict=True):
        features = hog.transform(images)
        label = ", ".join(f"{key}={value!r}" for key, value in setting.items()) or "default"
        score = accuracy(features, target, splits)
        print(f"  {label:80} {features.shape[1]:8d} {score:9.3f} {ratio:6.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=11, help="alternating runs of each setting")
    parser.add_argument("--train", type=int, default=5000, help="training pictures of CIFAR-10")
    parser.add_argument("--seed", type=int, default=0, help="of the choice of pictures")
    options = parser.parse_args()

    splits = {"digits": digits_splits, "CIFAR-10": lambda seed: cifar_splits(options.train, seed)}
    go_through(splits, lambda name: report(name, *splits[name](options.seed), options.runs))


if __name__ == "__main__":
    main()
