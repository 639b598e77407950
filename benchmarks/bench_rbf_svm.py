"""What C, gamma and the number of components do to an RBF SVM on pixels and on HOG, exact and approximate.

    SKIMGREC_DATA=... python benchmarks/bench_rbf_svm.py [--train 5000] [--test 2000] [--data digits mnist cifar10]

The settings of "rbf-svm" and "rbf-svm+hog" among the candidates are chosen by it. gamma is in multiples of what
scikit-learn calls "scale", 1 / (number of features * variance). The exact machines share one kernel matrix for each
gamma, so that their times are no guide; those of the approximate ones are.
"""

import argparse
import os
import time
from pathlib import Path

import numpy as np
from sklearn.kernel_approximation import Nystroem
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC, LinearSVC

from skimgrec import HOGTransformer, load_digits_images

DATA = Path(os.environ.get("SKIMGREC_DATA", ""))


def pictures(name, n_train, n_test):
    """Return training pictures, test pictures and the labels of both."""
    if name == "digits":
        digits = load_digits_images()
        return train_test_split(digits.images, digits.target, test_size=0.5, random_state=0, stratify=digits.target)
    with np.load(DATA / f"{name}.npz") as data:
        X, y = data["x_train"], data["y_train"].ravel()
    return train_test_split(X, y, train_size=n_train, test_size=n_test, random_state=0, stratify=y)


def features(kind, X, X_test):
    if kind == "hog":
        hog = HOGTransformer(n_jobs=-1).fit(X)
        return hog.transform(X), hog.transform(X_test)
    top = float(max(X.max(), 1))
    return tuple((part.reshape(len(part), -1) / top).astype(np.float32) for part in (X, X_test))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--train", type=int, default=5000)
    parser.add_argument("--test", type=int, default=2000)
    parser.add_argument("--data", nargs="+", default=["digits", "mnist", "cifar10"])
    parser.add_argument("--features", nargs="+", default=["pixels", "hog"])
    parser.add_argument("--C", nargs="+", type=float, default=[1, 3, 10, 30])
    parser.add_argument("--gamma", nargs="+", type=float, default=[0.5, 1, 2])
    parser.add_argument("--components", nargs="*", type=int, default=[300, 1000, 2000])
    options = parser.parse_args()
    for name in options.data:
        X, X_test, y, y_test = pictures(name, options.train, options.test)
        for kind in options.features:
            A, B = features(kind, X, X_test)
            scale = 1 / (A.shape[1] * A.var(dtype=np.float64))
            near, far = euclidean_distances(A, squared=True), euclidean_distances(B, A, squared=True)
            for times in options.gamma:
                kernel, between = (np.exp(-times * scale * squares) for squares in (near, far))
                scores = []
                for C in options.C:
                    machine = SVC(C=C, kernel="precomputed", cache_size=500).fit(kernel, y)
                    scores.append(f"C={C:g} {machine.score(between, y_test):.4f}")
                print(f"{name:8} {kind:6} gamma {times:g}   exact      {'  '.join(scores)}", flush=True)
                for n_components in options.components:
                    scores = []
                    for C in options.C:
                        begin = time.perf_counter()
                        steps = Nystroem(gamma=times * scale, n_components=min(n_components, len(A)), random_state=0)
                        machine = make_pipeline(steps, LinearSVC(C=C)).fit(A, y)
                        seconds = time.perf_counter() - begin
                        scores.append(f"C={C:g} {machine.score(B, y_test):.4f} ({seconds:.1f} s)")
                    print(f"{name:8} {kind:6} gamma {times:g}   {n_components:5}      {'  '.join(scores)}", flush=True)


if __name__ == "__main__":
    main()
