"""How far learnt patches and a linear classifier get: test accuracy of PatchKMeansTransformer and RidgeClassifier.

    SKIMGREC_DATA=... python benchmarks/bench_patches.py [--rows cifar10 mnist ...] [--seeds 0 1 2] [--limit 10000]

Each row is fitted on the data's training pictures and tested on its test pictures; the seconds are those of both. The
rows "kinds-..." differ in what the filters are and how patches respond to them, with numbers of filters that take about
the same time; they are tested on 10,000 of CIFAR-10's training pictures, which are not learnt from. The parameters of
the other rows were chosen on such pictures, too. The times mean something only where the machine does nothing else;
CIFAR-10 needs 8 GB of memory, MNIST 12.
"""

import argparse
import time
import warnings

from _data import arrays, go_through
from scipy.linalg import LinAlgWarning
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import make_pipeline

from skimgrec import PatchKMeansTransformer

MIRROR = {"mirror": True}
# Row: the data, the parameters of the features, and alpha of the classifier.
ROWS = {
    "cifar10": ("cifar10", {"n_components": 1600, **MIRROR}, 0.03),
    "cifar10-long": ("cifar10", {"n_components": 2400, **MIRROR}, 0.03),
    "mnist": ("mnist", {"n_components": 2400, "patch_size": 12, "whitening": 3.0, "min_contrast": 0.1}, 0.01),
    "kinds-relu": ("validation", {"n_components": 400, **MIRROR}, 0.05),
    "kinds-relu-patches": ("validation", {"n_components": 400, "dictionary": "patches", **MIRROR}, 0.05),
    "kinds-triangle": ("validation", {"n_components": 400, "encoding": "triangle", **MIRROR}, 0.05),
    "kinds-no-mirror": ("validation", {"n_components": 800}, 0.05),
}


def pictures(name):
    if name != "validation":
        return arrays(name)
    X, y, *_ = arrays("cifar10")
    return X[:40_000], y[:40_000], X[40_000:], y[40_000:]


def measure(row, seeds, limit):
    data, settings, alpha = ROWS[row]
    X, y, X_test, y_test = pictures(data)
    X, y = X[:limit], y[:limit]
    for seed in seeds:
        features = PatchKMeansTransformer(random_state=seed, n_jobs=-1, **settings)
        model = make_pipeline(features, RidgeClassifier(alpha=alpha))
        features._prepare_process(X[:1])
        start = time.perf_counter()
        model.fit(X, y)
        fitted = time.perf_counter()
        accuracy = model.score(X_test, y_test)
        end = time.perf_counter()
        n_features = model[-1].n_features_in_
        print(
            f"{row:20}{seed:5}{n_features:10}{fitted - start:8.0f}{end - fitted:8.0f}{accuracy:10.4f}"
            f"{end - start:9.0f}",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=["cifar10", "mnist"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--limit", type=int, help="how many training pictures, all by default")
    options = parser.parse_args()
    # In single precision the least squares are known to fewer digits than usual, which no class depends on.
    warnings.simplefilter("ignore", LinAlgWarning)
    print(f"{'row':20}{'seed':>5}{'features':>10}{'fit':>8}{'test':>8}{'accuracy':>10}{'seconds':>9}")
    go_through(options.rows, lambda row: measure(row, options.seeds, options.limit))


if __name__ == "__main__":
    main()
