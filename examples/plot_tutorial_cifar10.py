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
# What it reaches on CIFAR-10
# ---------------------------
# The tutorial's loops, on today's libraries and with random forests, measured another day (``python
# benchmarks/bench_tutorial3.py``), and what ``--full`` prints: accuracy, and seconds to fit and predict on two cores.
# In all, 1,522 s and 343 s. The forests here are of extremely randomised trees, the network is the residual one, for
# two epochs. The tutorial's is LeNet, of whose 200 epochs the one that is best on the test pictures counts;
# :doc:`/auto_examples/plot_tutorial_lenet` has another run of it.
#
# ==================  ========  =======  ========  =======
# ..                  tutorial  seconds  here      seconds
# ==================  ========  =======  ========  =======
# chance              0.0928        0.0  0.1009        0.0
# 1-NN                0.3539       49.8  0.3539       38.6
# forest              0.4714      214.0  0.4749       52.6
# 1-NN on HOG         0.5125       19.2  0.5125        3.9
# forest on HOG       0.5250       88.2  0.5372       11.6
# perceptron          0.4884       95.6  0.4897       80.5
# CNN                 0.5981     1055.6  0.7522      155.8
# ==================  ========  =======  ========  =======

for row in result.rows:
    print(f"{row.estimator:18}{row.scores['accuracy']:9.4f}{row.fit_time + row.predict_time:9.1f} s")

# %%
# Which of them differ
# --------------------
# They were tested once, on the same pictures; what both classifiers of a pair got right or wrong tells them apart.

import matplotlib.pyplot as plt

from skimgrec import ComparisonDisplay

ComparisonDisplay.from_result(result, kind="pairwise")
plt.show()
print(result.verdict())
