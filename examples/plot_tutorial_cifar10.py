"""
Tutorial: seven classifiers on the same pictures
================================================

A tutorial on CIFAR-10 compares random guesses, the nearest neighbour and a random forest on pixels and on HOG, a
perceptron and LeNet, each by a loop of its own. `compare` does it in one call. Here on scikit-learn's digits, so that
it takes seconds. On CIFAR-10 itself, from the folder that ``SKIMGREC_DATA`` names or downloaded, in some minutes::

    python plot_tutorial_cifar10.py --full
"""

# %%
# The pictures
# ------------
# A split that is given is used as it is: ``cv`` takes an array of "train" and "test".

import sys

import numpy as np

from skimgrec import (
    KerasCNNClassifier,
    KerasMLPClassifier,
    candidates,
    compare,
    fetch_cifar10,
    load_digits_images,
)

FULL = "--full" in sys.argv
if FULL:
    data = fetch_cifar10()
    X, y, split = data.images, data.target, data.split
else:
    X, y = load_digits_images(return_X_y=True)
    split = np.repeat(["train", "test"], [1300, 497])

# %%
# The candidates
# --------------

models = candidates(["chance", "1nn", "extra-trees", "1nn+hog", "extra-trees+hog"], random_state=0, n_jobs=-1)
models["mlp"] = KerasMLPClassifier(
    hidden_layer_sizes=(512,) if FULL else (64,), epochs=20 if FULL else 5, batch_size=128, random_state=0
)
models["cnn"] = KerasCNNClassifier(epochs=2 if FULL else 5, augmentation="light" if FULL else None, random_state=0)
result = compare(models, X, y, cv=split, random_state=0, verbose=1)
result

# %%
# What the tutorial reaches
# -------------------------
# Its loops, on today's libraries, take 1522 s for all and reach these accuracies on CIFAR-10, with random forests
# (``benchmarks/bench_tutorial3.py``, on two cores):

TUTORIAL = {
    "chance": (0.0928, 0.0),
    "1nn": (0.3539, 49.8),
    "extra-trees": (0.4714, 214.0),
    "1nn+hog": (0.5125, 19.2),
    "extra-trees+hog": (0.5250, 88.2),
    "mlp": (0.4884, 95.6),
    "cnn": (0.5981, 1055.6),
}
if FULL:
    print(f"{'':18}{'tutorial':>9}{'seconds':>9}{'skimgrec':>10}{'seconds':>9}")
    for row in result.rows:
        accuracy, seconds = TUTORIAL[row.estimator]
        spent = row.fit_time + row.predict_time
        print(f"{row.estimator:18}{accuracy:9.4f}{seconds:9.1f}{row.scores['accuracy']:10.4f}{spent:9.1f}")

# %%
# Which of them differ
# --------------------
# They were tested once, on the same pictures; what both classifiers of a pair got right or wrong tells them apart.

import matplotlib.pyplot as plt

from skimgrec import ComparisonDisplay

ComparisonDisplay.from_result(result, kind="pairwise")
plt.show()
print(result.verdict())
