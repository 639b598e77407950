"""RejectingClassifier on classes that were left out of training, and the prediction sets of ConformalClassifier.

    SKIMGREC_DATA=... python benchmarks/bench_rejection.py [--data digits mnist cifar10] [--models forest+hog cnn]
        [--limit 10000] [--epochs 8] [--pairs 5]

The classes 0 and 1 are left out of training, then 2 and 3, and so on. The classifier learns the other eight from four
fifths of the training pictures (the first --limit of them); the last fifth calibrates. The test pictures of all ten
classes are then to be told apart into known and unknown. For each way to do so:

- AUROC: the probability that a picture of a known class looks more familiar than one of a class left out;
- rejected: the part of the pictures of classes left out that is rejected, where 95 % of the others are to be answered;
- answered: the part of the pictures of known classes that is answered, which is promised to be 95 %;
- right: the accuracy on the pictures of known classes that are answered.

Each figure is the mean over the pairs of classes, and the least and the greatest of the AUROC. Mahalanobis distances
(Lee et al., 2018: to the nearest class mean, by one shrunk covariance of all classes) are no part of the package, and
stand here for comparison. The sets are those of the known test pictures, at a confidence of 90 %.
"""

import argparse
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from _data import arrays
from sklearn.covariance import ledoit_wolf
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from skimgrec import (
    ConformalClassifier,
    HOGTransformer,
    KerasCNNClassifier,
    RejectingClassifier,
    load_digits_images,
)
from skimgrec.neighbors._feature_space import logits_and_features

COVERAGE, CONFIDENCE = 0.95, 0.9
METHODS = ("softmax", "distance", "combined")


def pictures(name, limit):
    """Return the training and the test pictures of a data set, and their labels."""
    if name == "digits":
        return train_test_split(*load_digits_images(return_X_y=True), test_size=0.4, random_state=0)
    X, y, X_test, y_test = arrays(name)
    return X[:limit], X_test, y[:limit], y_test


def classifier(name, data, epochs):
    if name == "cnn":
        augmentation = "light" if data == "cifar10" else None
        epochs = 20 if data == "digits" else epochs
        return KerasCNNClassifier(epochs=epochs, augmentation=augmentation, dtype_policy="auto", random_state=0)
    cells = {"pixels_per_cell": (2, 2), "cells_per_block": (2, 2)} if data == "digits" else {}
    return make_pipeline(HOGTransformer(**cells), RandomForestClassifier(random_state=0, n_jobs=-1))


def mahalanobis(fitted, X, y):
    """Return a function from pictures to how near they are to the nearest class mean."""
    _, features = logits_and_features(fitted, X, len(fitted.classes_), logits=False)
    codes = np.searchsorted(fitted.classes_, y)
    means = np.array([features[codes == code].mean(axis=0) for code in range(len(fitted.classes_))])
    covariance, _ = ledoit_wolf(features - means[codes], assume_centered=True)
    whitening = np.linalg.inv(np.linalg.cholesky(covariance)).T

    def score(new):
        _, found = logits_and_features(fitted, new, len(fitted.classes_), logits=False)
        white, centres = found @ whitening, means @ whitening
        return -np.min(((white[:, None] - centres[None]) ** 2).sum(axis=2), axis=1)

    return score


def judge(scores, threshold, known, right):
    """Return AUROC, the rejected part of the unknown, the answered part of the known, and the accuracy on that."""
    answered = scores >= threshold
    return (
        roc_auc_score(known, scores),
        1 - answered[~known].mean(),
        answered[known].mean(),
        right[known & answered].mean(),
    )


def one_pair(data, model, pair, arrays, epochs):
    """Return {way: figures} and {kind of sets: (coverage, mean size)} for one pair of classes left out."""
    X, X_test, y, y_test = arrays
    learnt, known = ~np.isin(y, pair), ~np.isin(y_test, pair)
    X, X_val, y, y_val = train_test_split(X[learnt], y[learnt], test_size=0.2, stratify=y[learnt], random_state=0)
    fitted = classifier(model, data, epochs).fit(X, y)
    frozen, ways, sets = FrozenEstimator(fitted), {}, {}
    right = fitted.predict(X_test) == y_test
    for method in METHODS:
        rejecting = RejectingClassifier(frozen, coverage=COVERAGE, method=method, random_state=0)
        rejecting.fit(X, y, X_val=X_val, y_val=y_val)
        ways[method] = judge(rejecting.score_samples(X_test), rejecting.threshold_, known, right)
    score = mahalanobis(fitted, X, y)
    rank = int(np.ceil((len(X_val) + 1) * COVERAGE))
    ways["Mahalanobis"] = judge(score(X_test), np.sort(score(X_val))[-rank], known, right)
    for method in ("lac", "aps", "raps"):
        conformal = ConformalClassifier(frozen, confidence=CONFIDENCE, method=method, random_state=0).fit(X_val, y_val)
        found = conformal.predict_set(X_test[known])
        held = found[np.arange(len(found)), np.searchsorted(conformal.classes_, y_test[known])]
        sets[method] = held.mean(), found.sum(axis=1).mean()
    return ways, sets


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", choices=["digits", "mnist", "cifar10"], default=["digits"])
    parser.add_argument("--models", nargs="+", choices=["forest+hog", "cnn"], default=["forest+hog", "cnn"])
    parser.add_argument("--limit", type=int, default=10_000, help="training pictures of MNIST and CIFAR-10")
    parser.add_argument("--epochs", type=int, default=8, help="of the network, on MNIST and CIFAR-10")
    parser.add_argument("--pairs", type=int, choices=range(1, 6), default=5, help="pairs of classes to leave out")
    options = parser.parse_args()
    for data in options.data:
        arrays = pictures(data, options.limit)
        for model in options.models:
            start = time.perf_counter()
            found = [
                one_pair(data, model, (2 * number, 2 * number + 1), arrays, options.epochs)
                for number in range(options.pairs)
            ]
            print(f"\n{data}, {model}: {options.pairs} pairs of classes, {time.perf_counter() - start:.0f} s")
            print("  way           AUROC  (least, greatest)   rejected   answered   right")
            for way in ("softmax", "distance", "Mahalanobis", "combined"):
                figures = np.array([ways[way] for ways, _ in found])
                auroc, rejected, answered, right = figures.mean(axis=0)
                spread = f"({figures[:, 0].min():.3f}, {figures[:, 0].max():.3f})"
                print(f"  {way:12} {auroc:6.3f}  {spread:18} {rejected:9.3f} {answered:10.3f} {right:7.3f}", flush=True)
            for kind in ("lac", "aps", "raps"):
                held, size = np.mean([sets[kind] for _, sets in found], axis=0)
                print(f"  sets by {kind:5} hold the class of {held:.3f}, {size:.2f} classes on average", flush=True)


if __name__ == "__main__":
    main()
