"""
What a network has learnt, as features for a forest
===================================================

A fitted network is a transformer: it gives what one of its layers makes of a picture. Any classifier can go on from
there. Does a forest do better on learnt features than on pixels or HOG, and is it worth the network before it?

With ``--full``, the pictures are the 10,000 test pictures of MNIST, from the folder that ``SKIMGREC_DATA`` names or
downloaded::

    python plot_cnn_features.py --full
"""

# %%
# The candidates
# --------------
# The network stands in the pipeline like any other step, so that each fold trains its own on its own training pictures.
# ``feature_layer=-2``, the default, is the layer before the scores.

import sys

from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skimgrec import (
    ComparisonDisplay,
    HOGTransformer,
    ImageFlattener,
    KerasCNNClassifier,
    compare,
    fetch_mnist,
    load_digits_images,
)

FULL = "--full" in sys.argv
X, y = fetch_mnist(subset="test", return_X_y=True) if FULL else load_digits_images(return_X_y=True)
forest = RandomForestClassifier(random_state=0)
cnn = KerasCNNClassifier(architecture="sequential", epochs=12, random_state=0)
candidates = {
    "forest on pixels": make_pipeline(ImageFlattener(), forest),
    "forest on HOG": make_pipeline(HOGTransformer(), forest),
    "forest on CNN features": make_pipeline(cnn, forest),
    "1-NN on CNN features": make_pipeline(cnn, KNeighborsClassifier(1)),
    "CNN": cnn,
}
result = compare(candidates, X, y, cv=3, random_state=0)
result

# %%
# In a picture
# ------------
# What stands behind the network costs little beside it.

import matplotlib.pyplot as plt

ComparisonDisplay.from_result(result, kind="fit_time")
plt.show()

# %%
# The features themselves
# -----------------------
# A network that is fitted already needs no second fit. In ``FrozenEstimator`` it stays as it is, also in
# cross-validation; what comes after it must then be tested on pictures that the network has not seen either.

from sklearn.frozen import FrozenEstimator

fitted = cnn.fit(X[:900], y[:900])
frozen = make_pipeline(FrozenEstimator(fitted), forest).fit(X[900:1300], y[900:1300])
print("shape of the features:", fitted.transform(X[:5]).shape)
print(f"a forest on them, trained on 400 pictures: {frozen.score(X[1300:], y[1300:]):.3f}")

# %%
# Which of them differ
# --------------------

print(result.verdict())
