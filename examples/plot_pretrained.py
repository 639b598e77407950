"""
A network that has seen other pictures
======================================

A network that was trained on many pictures sees something in other ones, too. With forty pictures of one's own, is it
better to take what it sees as features for a classifier, to train it further, or to train one from scratch?

Such a network is mostly one of ``keras.applications`` with the weights of ImageNet, which Keras downloads. This page
needs no connection and takes seconds: it trains a narrow one itself, on a thousand of scikit-learn's digits, writes its
weights to a file, and goes on from there. With ImageNet's weights, on the photographs of cats and dogs in the folder
``cats_vs_dogs`` of the one that ``SKIMGREC_DATA`` names, learning from 400 of them and judged on 2,000::

    python plot_pretrained.py --full
"""

# %%
# Weights in a file
# -----------------
# The file has the weights of the network without its output layer, as ``keras.applications`` publishes them. The
# network is a MobileNet of half its width, which sees the digits at 32 by 32 pixels.

import os
import sys
import tempfile
from pathlib import Path

import numpy as np

from skimgrec import KerasCNNClassifier, load_digits_images, load_image_folder
from skimgrec.neural_network import load_keras

FULL = "--full" in sys.argv
temporary = tempfile.TemporaryDirectory()
if FULL:
    if "SKIMGREC_DATA" not in os.environ:
        sys.exit("--full needs the variable SKIMGREC_DATA, the name of a folder that holds cats_vs_dogs.")
    name, weights, settings = "mobilenet_v3_small", "imagenet", {}
else:
    name, settings = "mobilenet", {"backbone_params": {"alpha": 0.5}, "image_size": (32, 32)}
    X, y = load_digits_images(return_X_y=True)
    other = KerasCNNClassifier(
        architecture=name, epochs=15, batch_size=50, learning_rate=0.005, random_state=0, **settings
    ).fit(X[:1000], y[:1000])
    print(f"It tells ten digits apart: {other.score(X[1000:], y[1000:]):.3f} right")
    backbone = load_keras().applications.MobileNet((32, 32, 3), alpha=0.5, include_top=False, weights=None)
    backbone.set_weights(other.weights_[:-2])
    weights = Path(temporary.name, "digits.weights.h5")
    backbone.save_weights(weights)
    print(f"{weights.name}: {weights.stat().st_size / 1e6:.1f} MB")

# %%
# Another question
# ----------------
# The network has learnt to tell ten digits apart. The question now is whether a digit is odd, and the answers are known
# for forty others. Three times, forty are chosen, and the rest is for the test.

from sklearn.model_selection import StratifiedShuffleSplit

if FULL:
    folder = load_image_folder(Path(os.environ["SKIMGREC_DATA"], "cats_vs_dogs"), image_size=(96, 96), n_jobs=-1)
    mixed = np.random.default_rng(0).permutation(len(folder.target))
    X, y = folder.images[mixed], folder.target_names[folder.target[mixed]]
else:
    X, y = X[1000:], np.where(y[1000:] % 2, "odd", "even")
splits = StratifiedShuffleSplit(3, train_size=400 if FULL else 40, test_size=2000 if FULL else None, random_state=0)

# %%
# The candidates
# --------------
# Logistic regression is given features of three kinds: HOG; those of the network with random weights, which say what
# its training is worth; and those of the network with these weights. Then the network itself is trained further, its
# output layer alone at first, and a residual network, the default, is trained from scratch.

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skimgrec import HOGTransformer, PretrainedTransformer, compare

linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
learnt = PretrainedTransformer(name, weights=weights, **settings)
learnt.fit(X[:1])  # so that missing weights are told of here, and not in two rows of the comparison
untrained = PretrainedTransformer(name, weights=None, random_state=0, **settings)
candidates = {
    "HOG": make_pipeline(HOGTransformer(), linear),
    "random weights": make_pipeline(untrained, linear),
    "these weights": make_pipeline(learnt, linear),
    "trained further": KerasCNNClassifier(
        architecture=name,
        weights=weights,
        epochs=16,
        freeze_epochs=12,
        batch_size=8,
        learning_rate=0.01,
        random_state=0,
        **settings,
    ),
    "residual network": KerasCNNClassifier(epochs=20, batch_size=8, random_state=0),
}
result = compare(candidates, X, y, cv=splits, random_state=0)
for candidate, row in result.summary().iterrows():
    print(f"{candidate:17}{row['mean_test_accuracy']:.3f}   {row['mean_fit_time']:.2f} s")

# %%
# In a picture
# ------------
# Here forty digits are enough for a linear classifier on features that somebody else has learnt, but too few to train
# that network further: the residual network, trained from scratch, does better.

import matplotlib.pyplot as plt

from skimgrec import ComparisonDisplay

ComparisonDisplay.from_result(result, kind="fit_time")
plt.show()

# %%
# What the network sees
# ---------------------
# The same pictures laid out by the features of both. To the network that has learnt nothing, odd and even are mixed.

from skimgrec import EmbeddingDisplay

figure, axes = plt.subplots(1, 2, figsize=(11, 5), layout="constrained")
for ax, transformer, title in zip(axes, (untrained, learnt), ("random weights", "these weights"), strict=True):
    EmbeddingDisplay.from_estimator(transformer.fit(X[:1]), X[:400], y[:400], n_thumbnails=80, ax=ax)
    ax.set_title(title, loc="left")
plt.show()

# %%
# What is fitted needs no file
# ----------------------------
# The weights are part of the fitted model, of its pickles and of its model file.

from skimgrec import load_model, save_model

model = make_pipeline(learnt, linear).fit(X[:400], y[:400])
temporary.cleanup()
with tempfile.TemporaryDirectory() as place:
    save_model(model, Path(place, "model.skimgrec"))
    print(load_model(Path(place, "model.skimgrec")).predict(X[400:410]))

# %%
# :doc:`/user_guide/pretrained` says more, also of ``cache``, which keeps features from run to run.
