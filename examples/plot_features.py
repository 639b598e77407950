"""
Kinds of features
=================

A classifier of vectors sees a picture through its features. This example describes the same pictures by histograms of
oriented gradients (HOG), local binary patterns (LBP), colour histograms and visual words, looks at what each of them
says, and compares how well a support vector machine and the nearest picture do on them.

With ``--full``, it does so on the first 4,000 test pictures of CIFAR-10, whose colours do tell something, from the
folder that ``SKIMGREC_DATA`` names or downloaded::

    python plot_features.py --full
"""

# %%
# The pictures
# ------------
# Made-up figures of four or five strokes, anywhere, of any size and brightness, in four classes. Those of the first two
# are one another turned upside down, as are those of the last two.

import sys

import matplotlib.pyplot as plt
import numpy as np

from skimgrec import (
    BagOfVisualWords,
    ColorHistogramTransformer,
    ComparisonDisplay,
    HOGDisplay,
    ImageGridDisplay,
    LBPTransformer,
    candidates,
    compare,
    fetch_cifar10,
    make_feature_union,
    make_image_classification,
)

FULL = "--full" in sys.argv
if FULL:
    X, y = (part[:4000] for part in fetch_cifar10(subset="test", return_X_y=True))
else:
    X, y = make_image_classification(800, n_channels=3, n_classes=4, random_state=0, return_X_y=True)
ImageGridDisplay.from_images(X[:12], y[:12], n_columns=6)
plt.show()

# %%
# Edges: HOG
# ----------
# HOG says where there are edges, and of which direction. The strokes lie along them.

HOGDisplay.from_image(X[0])
plt.show()

# %%
# Textures, colours and words
# ---------------------------
# The other kinds are histograms: of the patterns of brighter and darker points around each pixel, of hues, saturations
# and values, and of the visual words, which are learnt from the pictures. Here they are counted over the whole picture,
# for one picture of each class. The colours are those of the background, and say nothing of the class.

whole = {
    "local binary patterns": LBPTransformer(method="uniform", pixels_per_cell=None, norm="L1"),
    "colours: hue, saturation, value": ColorHistogramTransformer(pixels_per_cell=None, norm="L1"),
    "visual words": BagOfVisualWords(n_words=24, norm="L1", random_state=0),
}
classes, firsts = np.unique(y, return_index=True)
figure, axes = plt.subplots(len(firsts), 1 + len(whole), figsize=(11, 1.7 * len(firsts)), layout="constrained")
for column, (title, transformer) in enumerate(whole.items(), start=1):
    features = transformer.fit(X).transform(X[firsts])
    axes[0, column].set_title(title)
    for ax, histogram in zip(axes[:, column], features, strict=True):
        ax.bar(np.arange(len(histogram)), histogram, width=0.9)
        ax.set(xticks=[], yticks=[], ylim=(0, features.max()))
for ax, row in zip(axes[:, 0], firsts, strict=True):
    ax.imshow(X[row])
    ax.set(xticks=[], yticks=[], ylabel=f"class {y[row]}")
plt.show()

# %%
# All of them at once
# -------------------
# `make_feature_union` puts kinds beside each other, by name. Each keeps its names.

union = make_feature_union("hog+lbp+color").fit(X)
names = union.get_feature_names_out()
print(len(names), "features:", ", ".join([names[0], "...", names[-1]]))

# %%
# Accuracy against time
# ---------------------
# Candidates take features by name, too. `compare` computes those that learn nothing from the pictures once, and counts
# their time in every row. The line joins the rows that no other beats in accuracy in less time. More kinds are not
# always better: the colours, which say nothing of these classes, drown what the edges say.

kinds = ["hog", "lbp", "color", "bovw", "hog+lbp+color"]
rows = ["1nn", "svm", *(f"{classifier}+{kind}" for kind in kinds for classifier in ("1nn", "svm"))]
result = compare(candidates(rows, random_state=0), X, y, cv="holdout", random_state=0)
ComparisonDisplay.from_result(result, kind="fit_time")
plt.show()

# %%
# In numbers:

for name, row in result.summary().iterrows():
    print(f"{name:18}{row['mean_test_accuracy']:.3f}   {row['mean_fit_time']:.2f} s")
