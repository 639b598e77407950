"""
Tutorial: LeNet, old and new
============================

LeNet-5 of 1998 is the network of many tutorials on CIFAR-10, that with seven classifiers among them
(:doc:`/auto_examples/plot_tutorial_cifar10`): two convolutions with average pooling, then three dense layers. What
does a network of today do with the same pictures and far fewer epochs? And which pictures are alike to LeNet? Here on
scikit-learn's digits, enlarged to 32 by 32 pixels, so that it takes seconds. On CIFAR-10 itself, in some minutes::

    python plot_tutorial_lenet.py --full
"""

# %%
# The pictures
# ------------

import sys
import time

from skimgrec import KerasCNNClassifier, fetch_cifar10, load_digits_images

FULL = "--full" in sys.argv
if FULL:
    train, test = fetch_cifar10(subset="train"), fetch_cifar10(subset="test")
    X, y, X_test, y_test, names = train.images, train.target, test.images, test.target, train.target_names
else:
    X, y = load_digits_images(return_X_y=True)
    X = X.repeat(4, axis=1).repeat(4, axis=2)
    X, X_test, y, y_test, names = X[:1000], X[1000:], y[:1000], y[1000:], None

# %%
# The two networks
# ----------------
# LeNet is trained for a few epochs here; the tutorial trains it for 200.

lenet = KerasCNNClassifier(
    architecture="sequential",
    filters=(6, 16),
    kernel_size=5,
    padding="valid",
    pooling="average",
    dense_units=(120, 84),
    learning_rate_schedule="constant",
    epochs=7 if FULL else 8,
    batch_size=128,
    random_state=0,
)
residual = KerasCNNClassifier(
    filters=None if FULL else (8, 16),
    epochs=7 if FULL else 8,
    augmentation="light" if FULL else None,
    dtype_policy="auto",
    random_state=0,
)
for name, model in (("LeNet", lenet), ("residual", residual)):
    start = time.perf_counter()
    model.fit(X, y)
    seconds = time.perf_counter() - start
    accuracy, n_weights = model.score(X_test, y_test), model.model_.count_params()
    print(f"{name}: {n_weights:,} weights, test accuracy {accuracy:.4f} after {seconds:.0f} s")

# %%
# What they reach on CIFAR-10
# ---------------------------
# ``--full`` prints the last two rows, on two cores. The first is the tutorial's LeNet in bare Keras, measured another
# day (``python benchmarks/bench_accuracy.py --rows cifar10 --seeds 0``); another run of it, for
# :doc:`/auto_examples/plot_tutorial_cifar10`, reached 0.5981.
#
# =====================================  ========  =======
# on the 10,000 test pictures            accuracy  seconds
# =====================================  ========  =======
# LeNet, the best of 200 epochs            0.6167     1197
# LeNet here, 7 epochs                     0.5888       33
# the residual network here, 7 epochs      0.8614      337
# =====================================  ========  =======

# %%
# How they learn
# --------------

import matplotlib.pyplot as plt

fig, axes = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
for ax, name, model in zip(axes, ("LeNet", "residual"), (lenet, residual), strict=True):
    ax.plot(range(1, model.n_iter_ + 1), model.loss_curve_)
    ax.set(title=name, xlabel="epoch", ylabel="loss in training", ylim=(0, None))
plt.show()

# %%
# Which pictures are alike to LeNet
# ---------------------------------
# By the 84 numbers that its last layer but one gives: the first four test pictures, and the most and the least similar
# of the others, all of them new to the network.

from skimgrec import ImageNeighbors, SimilarityDisplay
from skimgrec.neighbors import model_features

neighbors = ImageNeighbors(model_features(lenet)).fit(X_test[4:], y_test[4:])
SimilarityDisplay.from_estimator(neighbors, X_test[:4], y=y_test[:4], images=X_test[4:], target_names=names)
plt.show()
