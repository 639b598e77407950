"""
Similar pictures
================

Which pictures are similar depends on what they are compared by: pixels, histograms of oriented gradients (HOG), or what
a trained network makes of them. This example looks for the most and the least similar of scikit-learn's digits in all
three ways, and draws what is found with `SimilarityDisplay`.

With ``--full``, it does so on the 10,000 test pictures of MNIST, from the folder that ``SKIMGREC_DATA`` names or
downloaded::

    python plot_similar.py --full
"""

# %%
# The most and the least similar
# ------------------------------
# `ImageNeighbors` keeps one vector of features for each picture. Asked about other pictures, it returns those whose
# vectors are nearest, or farthest. The sheet has a row for each query; below each picture stand its class and its
# distance. By its pixels, a digit is similar to digits that were written in the same places, and least similar to those
# that have ink where it has none.

import sys

import matplotlib.pyplot as plt

from skimgrec import (
    ImageGridDisplay,
    ImageNeighbors,
    KerasCNNClassifier,
    SimilarityDisplay,
    fetch_mnist,
    load_digits_images,
)
from skimgrec.neighbors import model_features

FULL = "--full" in sys.argv
digits = fetch_mnist(subset="test") if FULL else load_digits_images()
n_queries = 1000 if FULL else 300
queries, indexed = slice(0, n_queries), slice(n_queries, None)
X, y = digits.images[indexed], digits.target[indexed]

pixels = ImageNeighbors("pixels").fit(X, y)
asked = [8, 17, 35, 53]
SimilarityDisplay.from_estimator(pixels, digits.images[asked], y=digits.target[asked], images=X)
plt.show()

# %%
# HOG
# ---
# HOG, the default, looks at the edges and their directions, not at the ink. On pictures of 8 x 8 pixels it sees little,
# and takes some digits for others that have the same curves.

hog = ImageNeighbors("hog").fit(X, y)
SimilarityDisplay.from_estimator(hog, digits.images[asked], y=digits.target[asked], images=X)
plt.show()

# %%
# What a network has learnt
# -------------------------
# A network that was trained to tell the digits apart has, before its last layer, numbers in which digits of one class
# lie together. `model_features` takes them from the trained classifier. Here the network learns from the first
# digits alone, those that queries come from, and the others are new to it.

network = KerasCNNClassifier(epochs=30, random_state=0)
network.fit(digits.images[queries], digits.target[queries])
learnt = ImageNeighbors(model_features(network)).fit(X, y)
SimilarityDisplay.from_estimator(learnt, digits.images[asked], y=digits.target[asked], images=X)
plt.show()

# %%
# A map of the distances
# ----------------------
# Ten pictures of each class, compared with each other in the three ways: where a class is a dark square on the
# diagonal, its pictures are similar to one another. Dark squares elsewhere are classes that are taken for each other.
# These digits were centred and brought to one size, so that pixels serve well to find the nearest one. The network has
# seen but few digits, and yet sets the classes apart most clearly.

fig, axes = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
fig.get_layout_engine().set(w_pad=0.1)
ways = {"pixels": pixels, "HOG": hog, "a network's last layer but one": learnt}
for (name, neighbors), ax in zip(ways.items(), axes, strict=True):
    SimilarityDisplay.from_sample(neighbors, n_samples=100, random_state=0, ax=ax)
    _, nearest = neighbors.kneighbors(n_neighbors=1)
    same = (y[nearest[:, 0]] == y).mean()
    ax.set_title(f"{name}:\nnearest digit of the same class {same:.1%}", fontsize=9)
plt.show()

# %%
# Pictures that are like no other
# -------------------------------
# Without pictures to look for, every picture of the index is a query, and not its own neighbour. Those farthest from
# their nearest neighbour are the odd ones of the set: unusual hands, or wrong labels.

distances, nearest = pixels.kneighbors(n_neighbors=1)
odd = distances[:, 0].argsort()[::-1][:18]
captions = [[f"{y[row]}", f"{distances[row, 0]:.1f} away"] for row in odd]
ImageGridDisplay.from_images(X[odd], captions)
plt.show()
