"""What C, gamma and the number of landmarks do to an RBF SVM on pixels and on HOG, exact and approximate.

    SKIMGREC_DATA=... python benchmarks/bench_rbf_svm.py [--train 5000] [--test 2000] [--data digits mnist cifar10]
    SKIMGREC_DATA=... python benchmarks/bench_rbf_svm.py --whole [cifar10 ...] [--candidate svm+hog]

The settings of "rbf-svm" and "rbf-svm+hog" among the candidates are chosen by the first, on parts of the training
pictures. gamma is in multiples of what scikit-learn calls "scale", 1 / (number of features * variance). The exact
machines share one kernel matrix for each gamma, so that their times are no guide; those of the approximate ones are,
which are RBFSVMClassifier's, beside scikit-learn's Nystroem and LinearSVC with as many components if --reference asks
for it.

The second trains the candidate on all training pictures of a data set, and prints its accuracy on all test pictures,
and the seconds that features, training and prediction take.
"""

import argparse
import time
from collections import defaultdict

import numpy as np
from _data import arrays, go_through, part
from sklearn.kernel_approximation import Nystroem
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC, LinearSVC

from skimgrec import HOGTransformer, candidates, load_digits_images
from skimgrec.model_selection import RBFSVMClassifier


def pictures(name, n_train, n_test):
    """Return training pictures, test pictures and the labels of both."""
    if name == "digits":
        digits = load_digits_images()
        return train_test_split(digits.images, digits.target, test_size=0.5, random_state=0, stratify=digits.target)
    X, y = part(name, "train")
    return train_test_split(X, y, train_size=n_train, test_size=n_test, random_state=0, stratify=y)


def features(kind, X, X_test):
    if kind == "hog":
        hog = HOGTransformer(n_jobs=-1).fit(X)
        return hog.transform(X), hog.transform(X_test)
    top = float(max(X.max(), 1))
    return tuple((part.reshape(len(part), -1) / top).astype(np.float32) for part in (X, X_test))


def whole(name, candidate):
    X, y, X_test, y_test = arrays(name)
    model = candidates([candidate], random_state=0, n_jobs=-1)[candidate]
    model[:-1].fit_transform(X[:2])  # compiles the kernels
    begin = time.perf_counter()
    model.fit(X, y)
    fitted = time.perf_counter()
    accuracy = model.score(X_test, y_test)
    end = time.perf_counter()
    print(
        f"{candidate} on {name}, {len(X):,} training and {len(X_test):,} test pictures: accuracy {accuracy:.4f}, "
        f"{fitted - begin:.1f} s to fit and {end - fitted:.1f} s to predict, {end - begin:.1f} s in all",
        flush=True,
    )


def measure(name, options):
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
                scores = defaultdict(list)
                for C in options.C:
                    size = min(n_components, len(A))
                    machines = {"ours": RBFSVMClassifier(C=C, n_components=size, max_exact=0, random_state=0)}
                    machines["ours"].set_params(gamma=times * scale)
                    if options.reference:
                        steps = Nystroem(gamma=times * scale, n_components=size, random_state=0)
                        machines["scikit-learn's"] = make_pipeline(steps, LinearSVC(C=C, tol=1e-2))
                    for title, machine in machines.items():
                        begin = time.perf_counter()
                        machine.fit(A, y)
                        seconds = time.perf_counter() - begin
                        scores[title].append(f"C={C:g} {machine.score(B, y_test):.4f} ({seconds:.1f} s)")
                for title, found in scores.items():
                    line = f"{name:8} {kind:6} gamma {times:g}   {n_components:5}      {'  '.join(found)}"
                    print(f"{line}   {title}" if options.reference else line, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--train", type=int, default=5000)
    parser.add_argument("--test", type=int, default=2000)
    parser.add_argument("--data", nargs="+", default=["digits", "mnist", "cifar10"])
    parser.add_argument("--features", nargs="+", default=["pixels", "hog"])
    parser.add_argument("--C", nargs="+", type=float, default=[1, 3, 10, 30])
    parser.add_argument("--gamma", nargs="+", type=float, default=[0.5, 1, 2])
    parser.add_argument("--components", nargs="*", type=int, default=[1000, 2000, 4000])
    parser.add_argument("--reference", action="store_true", help="also Nystroem and LinearSVC")
    parser.add_argument("--whole", nargs="*", help="data sets to train a candidate on, all of them; cifar10 by default")
    parser.add_argument("--candidate", default="svm+hog", help="which one; svm+hog by default")
    options = parser.parse_args()
    if options.whole is not None:
        go_through(options.whole or ["cifar10"], lambda name: whole(name, options.candidate))
        return
    go_through(options.data, lambda name: measure(name, options))


if __name__ == "__main__":
    main()
