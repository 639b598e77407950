"""
Is a convolutional network worth its training time?
===================================================

Accuracy is one half of a comparison, the time it costs is the other. This example compares six classifiers on the same
splits of scikit-learn's digits, 1,797 grey pictures of 8 x 8 pixels, and draws one against the other.

With ``--full``, it does so on the 10,000 test pictures of MNIST, from the folder that ``SKIMGREC_DATA`` names or
downloaded::

    python plot_compare_digits.py --full
"""

# %%
# The candidates
# --------------
# Each candidate takes the pictures themselves. Those that want rows of numbers are pipelines: `ImageFlattener` gives
# them the pixels, `HOGTransformer` the directions of the edges.

import sys

from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skimgrec import (
    ComparisonDisplay,
    HOGTransformer,
    ImageFlattener,
    KerasCNNClassifier,
    KerasMLPClassifier,
    compare,
    fetch_mnist,
    load_digits_images,
)

FULL = "--full" in sys.argv
X, y = fetch_mnist(subset="test", return_X_y=True) if FULL else load_digits_images(return_X_y=True)
forest = RandomForestClassifier(random_state=0)
candidates = {
    "1-NN on pixels": make_pipeline(ImageFlattener(), KNeighborsClassifier(1)),
    "logistic regression": make_pipeline(
        ImageFlattener(scale=True),
        LogisticRegression(max_iter=200),
    ),
    "forest on pixels": make_pipeline(ImageFlattener(), forest),
    "forest on HOG": make_pipeline(HOGTransformer(), forest),
    "multilayer perceptron": KerasMLPClassifier(epochs=10, random_state=0),
    "CNN": KerasCNNClassifier(epochs=10, random_state=0),
}

# %%
# The comparison
# --------------
# The splits are made once. Every candidate is trained on the same two thirds of the pictures and judged on the same
# third, three times over.

result = compare(
    candidates,
    X,
    y,
    cv=3,
    random_state=0,
)
result

# %%
# Accuracy against time
# ---------------------
# Up is better, left is cheaper; the time axis is logarithmic. The line joins the classifiers that no other beats in
# accuracy without taking longer: a choice is to be made among these. The bars are 95 % intervals.

import matplotlib.pyplot as plt

ComparisonDisplay.from_result(result, kind="fit_time")
plt.show()

# %%
# Fold by fold
# ------------
# Three folds do not say much about where the mean of a classifier lies: the bars are long.

ComparisonDisplay.from_result(result)
plt.show()

# %%
# Which of them differ
# --------------------
# All classifiers met the same folds, so that their differences are surer than their scores. Each number is by how many
# points the classifier of the column is ahead of that of the row. Those that differ are blue, by a t-test that is
# corrected for what the folds' training sets share, and by Holm's method for the number of pairs.

ComparisonDisplay.from_result(result, kind="pairwise")
plt.show()

# %%
# The verdict in words
# --------------------
# The result also says it in a sentence, and whether the winner's lead is larger than the spread over the folds.

print(result.verdict())
