"""
How a network learns, epoch by epoch
====================================

A network sees its training pictures once in every epoch. `TrainingCurveDisplay` draws how its loss and its accuracy
change meanwhile, on the pictures that it learns from and on others. This example trains a multilayer perceptron on
digits of which some have a wrong label, until it knows even these by heart.

With ``--full``, the digits are the 10,000 test pictures of MNIST, 9,000 of which judge, from the folder that
``SKIMGREC_DATA`` names or downloaded::

    python plot_training.py --full
"""

# %%
# Too many epochs
# ---------------
# The network learns from 1,000 of scikit-learn's digits, three in ten of which get a label at random, and is judged
# after every epoch by the other 797, which keep their own labels. At first it learns what most of the labels have in
# common, which serves on both. Then it learns the wrong ones as well: on the pictures learnt from, the loss goes on
# falling, while on the others it rises, and fewer of them are recognised.

import sys

import matplotlib.pyplot as plt
import numpy as np

from skimgrec import ImageGridDisplay, KerasMLPClassifier, TrainingCurveDisplay, fetch_mnist, load_digits_images

FULL = "--full" in sys.argv
digits = fetch_mnist(subset="test") if FULL else load_digits_images()
rng = np.random.default_rng(0)
X, y = digits.images[:1000], digits.target[:1000].copy()
X_other, y_other = digits.images[1000:], digits.target[1000:]
changed = rng.choice(1000, 300, replace=False)
y[changed] = rng.integers(0, 10, 300)

parameters = {"hidden_layer_sizes": (128,), "learning_rate": 0.01, "epochs": 60, "random_state": 0}
mlp = KerasMLPClassifier(**parameters)
mlp.fit(X, y, X_val=X_other, y_val=y_other)
TrainingCurveDisplay.from_estimator(mlp)
plt.show()

# %%
# Early stopping
# --------------
# With ``early_stopping=True``, a part of the training pictures is set aside, wrong labels and all. When the score on
# them has not risen for `n_iter_no_change` epochs, training ends, and the network takes back the weights of the best
# epoch, which the dotted line marks.

stopped = KerasMLPClassifier(
    **parameters,
    early_stopping=True,
    validation_fraction=0.25,
    n_iter_no_change=8,
)
stopped.fit(X, y)
display = TrainingCurveDisplay.from_estimator(stopped)
for ax in display.axes_:
    ax.axvline(stopped.best_epoch_, color="0.6", linestyle=":")
plt.show()

# %%
# The network that stopped early has learnt from fewer pictures, and yet recognises more of those that are new to both.

for name, network in {"60 epochs": mlp, "stopped early": stopped}.items():
    print(f"{name}: {network.score(X_other, y_other):.3f}")

# %%
# What it knows by heart
# ----------------------
# `ImageGridDisplay` lays pictures out with lines below each. These are training pictures with a wrong label which the
# network that was trained for too long answers to, and which the other one has not believed.

right = digits.target[:1000]
by_heart = (y != right) & (mlp.predict(X) == y) & (stopped.predict(X) == right)
rows = np.flatnonzero(by_heart)[:18]
captions = [[f"labelled {y[row]}", f"stopped early: {right[row]}"] for row in rows]
ImageGridDisplay.from_images(X[rows], captions)
plt.show()
