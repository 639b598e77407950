"""
Pictures as points, and what is taken for what
==============================================

Which pictures are alike, and which are mistaken for each other? `EmbeddingDisplay` lays pictures out by their features,
`ConfusionGalleryDisplay` puts them into the cells of a confusion matrix.

With ``--full``, the digits are 10,000 of MNIST, from the folder that ``SKIMGREC_DATA`` names or downloaded::

    python plot_pictures_as_points.py --full
"""

# %%
# By their pixels
# ---------------
# Scikit-learn's digits, laid out by the two directions in which their pixels vary most. A border has the colour of the
# digit; pictures are shown where there is room.

import sys

import matplotlib.pyplot as plt

from skimgrec import EmbeddingDisplay, fetch_mnist, load_digits_images

FULL = "--full" in sys.argv
X, y = fetch_mnist(subset="test", return_X_y=True) if FULL else load_digits_images(return_X_y=True)
EmbeddingDisplay.from_estimator(None, X[1300:], y[1300:])
plt.show()

# %%
# By what a network has learnt
# ----------------------------
# The features are what the last layer but one gives. None of these pictures was learnt from, and yet those of a digit
# lie together.

from skimgrec import KerasCNNClassifier

cnn = KerasCNNClassifier(epochs=5, random_state=0).fit(X[:1300], y[:1300])
EmbeddingDisplay.from_estimator(cnn, X[1300:], y[1300:])
plt.show()

# %%
# t-SNE keeps neighbours together, and pulls the digits apart. How far they are from one another then means nothing, but
# a picture in the midst of other digits does.

EmbeddingDisplay.from_estimator(cnn, X[1300:], y[1300:], method="tsne", random_state=0)
plt.show()

# %%
# What is taken for what
# ----------------------
# Rows are the true digits, columns the predicted ones. Blue cells are right, red ones mistakes; each shows the pictures
# that the classifier was surest of.

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skimgrec import ConfusionGalleryDisplay, HOGTransformer

linear = make_pipeline(HOGTransformer(), LogisticRegression()).fit(X[:1300], y[:1300])
ConfusionGalleryDisplay.from_estimator(linear, X[1300:], y[1300:])
plt.show()

# %%
# A few digits, and more pictures of each:

ConfusionGalleryDisplay.from_estimator(linear, X[1300:], y[1300:], labels=[1, 8, 9], n_pictures=16)
plt.show()
