"""
Why is this picture taken for that?
===================================

Three classifiers recognise the same digits: one by its nearest neighbour, one by edges, one by what it has learnt to
look for. This example asks all of them what in a picture decides, by covering it patch by patch, and looks into the
network. `ExplanationDisplay` and `FeatureMapsDisplay` draw it.

With ``--full``, the digits are 10,000 of MNIST, from the folder that ``SKIMGREC_DATA`` names or downloaded::

    python plot_why.py --full
"""

# %%
# Three classifiers
# -----------------
# They are trained on the first 1,300 of scikit-learn's digits and asked about the others.

import sys

from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skimgrec import HOGTransformer, ImageFlattener, KerasCNNClassifier, fetch_mnist, load_digits_images

FULL = "--full" in sys.argv
X, y = fetch_mnist(subset="test", return_X_y=True) if FULL else load_digits_images(return_X_y=True)
models = {
    "1-NN": make_pipeline(ImageFlattener(), KNeighborsClassifier(1)),
    "forest on HOG": make_pipeline(HOGTransformer(), RandomForestClassifier(random_state=0)),
    "CNN": KerasCNNClassifier(epochs=5, random_state=0),
}
for name, model in models.items():
    model.fit(X[:1300], y[:1300])
    print(f"{name}: {model.score(X[1300:], y[1300:]):.3f}")

# %%
# Cover a part and ask again
# --------------------------
# A patch slides over the picture. Red is where the probability of the predicted class falls if the patch lies there,
# blue where it rises. The probabilities of a nearest neighbour are 0 or 1: its map says where a patch makes another
# digit the nearest.

import matplotlib.pyplot as plt

from skimgrec import ExplanationDisplay

three = X[1300:][y[1300:] == 3][0]
ExplanationDisplay.from_estimator(models, three)
plt.show()

# %%
# Another picture, and a larger patch:

four = X[1300:][y[1300:] == 4][0]
ExplanationDisplay.from_estimator(models, four, method_params={"patch_size": X.shape[1] // 2})
plt.show()

# %%
# Where a network's maps speak for a class
# ----------------------------------------
# Grad-CAM adds up the maps of the network's last layer with maps, weighted by how the class's logit rises with them.
# It takes one pass, where occlusion takes a hundred, and is as coarse as the maps: here they have 4 x 4 positions. What
# speaks for the 3, and what for an 8?

fig, axes = plt.subplots(2, 3, figsize=(8.4, 5.6), layout="constrained")
for row, digit in zip(axes, [3, 8], strict=True):
    ExplanationDisplay.from_estimator({"CNN": models["CNN"]}, three, method="both", class_of_interest=digit, ax=row)
plt.show()

# %%
# Filters and maps
# ----------------
# Each filter of the first convolution makes a map of the picture. Red is what it answers to, blue its opposite.

from skimgrec import FeatureMapsDisplay

FeatureMapsDisplay.from_estimator(models["CNN"], three)
plt.show()

# %%
# A mark that gives the class away
# --------------------------------
# Suppose that all pictures of a 3 have a bright corner, as photographs of one source may have a watermark. The score on
# pictures of the same source is as good as ever. The maps tell what it is worth.

marked = X.copy()
corner = X.shape[1] // 4
marked[y == 3, :corner, :corner] = X.max()
cheated = {
    "1-NN": make_pipeline(ImageFlattener(), KNeighborsClassifier(1)),
    "forest on pixels": make_pipeline(ImageFlattener(), RandomForestClassifier(random_state=0)),
    "CNN": KerasCNNClassifier(epochs=5, random_state=0),
}
for name, model in cheated.items():
    model.fit(marked[:1300], y[:1300])
    print(f"{name}: {model.score(marked[1300:], y[1300:]):.3f}")

marked_three = marked[1300:][y[1300:] == 3][0]
ExplanationDisplay.from_estimator(cheated, marked_three)
plt.show()
