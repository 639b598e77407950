"""
Filters learnt from patches
===========================

`PatchKMeansTransformer` learns what to look for in pictures from the pictures themselves, without their labels: small
patches are normalised, whitened and put into groups, and the centre of each group is a filter. Before a linear
classifier, the responses to such filters tell pictures apart far better than HOG, without a deep network being trained.

With ``--full``, it learns from the 10,000 test pictures of MNIST, on which HOG is nearly as good, from the folder that
``SKIMGREC_DATA`` names or downloaded::

    python plot_patches.py --full
"""

# %%
# What is learnt
# --------------
# The pictures are made by code: each shows a figure of a few strokes at any place, size and angle. These are the
# filters that are learnt from 2,000 of them, as they look before whitening. Most answer to a stroke or an edge of some
# direction at some place in the patch, as the first layer of a convolutional network does.

import sys

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import make_pipeline

from skimgrec import (
    ComparisonDisplay,
    HOGTransformer,
    ImageFlattener,
    PatchKMeansTransformer,
    compare,
    fetch_mnist,
    make_image_classification,
)

FULL = "--full" in sys.argv
if FULL:
    X, y = fetch_mnist(subset="test", return_X_y=True)
else:
    X, y = make_image_classification(2000, n_classes=6, random_state=0, return_X_y=True)
patches = PatchKMeansTransformer(96, random_state=0, n_jobs=-1).fit(X)
dewhitening = np.linalg.inv(patches.whitening_)
filters = (patches.components_ @ dewhitening).reshape(-1, 6, 6)

fig, axes = plt.subplots(6, 16, figsize=(9, 3.6), layout="constrained")
for ax, values in zip(axes.flat, filters, strict=True):
    limit = abs(values).max()
    ax.imshow(values, cmap="gray", vmin=-limit, vmax=limit)
    ax.set_axis_off()
fig.suptitle("96 filters of 6 x 6 pixels")
plt.show()

# %%
# How many filters
# ----------------
# The same linear classifier on pixels, on HOG, and on the responses to more and more filters, on the same folds. More
# filters help, and cost time in proportion. Figures turned by half a circle are different classes here, which
# the quarters of a picture over which responses are averaged tell apart only in part.


def on(features):
    return make_pipeline(features, RidgeClassifier(alpha=0.1))


models = {"pixels": on(ImageFlattener(dtype="float32", scale=True)), "HOG": on(HOGTransformer())}
for n in (50, 200, 800):
    models[f"{n} filters"] = on(PatchKMeansTransformer(n, random_state=0))
result = compare(models, X, y, cv=3)
print(result)
ComparisonDisplay.from_result(result, kind="fit_time")
plt.show()
