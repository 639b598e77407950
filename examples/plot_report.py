"""
Reading a comparison, and handing it on
=======================================

A comparison answers more than which classifier is best: how sure that is, whether more pictures would help, what is
taken for what, and which labels are likely wrong. This example asks all of that, and writes it down in a report, one
file of HTML.

With ``--full``, it is made on 3,000 digits of MNIST, from the folder that ``SKIMGREC_DATA`` names or downloaded::

    python plot_report.py --full
"""

# %%
# The comparison
# --------------
# Four classifiers on 600 of scikit-learn's digits, by names that `compare` knows. ``train_sizes`` repeats each fold
# with a part of its training pictures, and ``keep_probabilities`` keeps what each classifier believes. Three labels
# are made wrong on purpose.

import sys

import matplotlib.pyplot as plt

from skimgrec import (
    ComparisonDisplay,
    ConfusionGalleryDisplay,
    LearningCurvesDisplay,
    compare,
    fetch_mnist,
    load_digits_images,
)

FULL = "--full" in sys.argv
X, y = fetch_mnist(subset="test", return_X_y=True) if FULL else load_digits_images(return_X_y=True)
n = 3000 if FULL else 600
X, y = X[:n], y[:n].copy()
y[[7, 100, 300]] = (y[[7, 100, 300]] + 1) % 10

result = compare(
    ["chance", "1nn", "logistic", "forest+hog"],
    X,
    y,
    cv=5,
    train_sizes=[0.1, 0.3],
    keep_probabilities=True,
    random_state=0,
)
result

# %%
# How sure it is
# --------------
# Every dot is a fold, and the bar is the 95 % interval of the mean.

ComparisonDisplay.from_result(result)
plt.show()

# %%
# Whether more pictures would help
# --------------------------------
# A curve that still rises at its right end gains by more pictures. The band is one standard deviation over the folds to
# each side.

LearningCurvesDisplay.from_result(result)
plt.show()

# %%
# What is taken for what
# ----------------------
# `predictions` has the answer of each classifier about every picture while it had not learnt from it. As a matrix of
# pictures, it shows not only how many of one class were taken for another, but which ones.

answers = result.predictions("1nn")
ConfusionGalleryDisplay.from_predictions(answers["target"], answers["predicted"], X[answers["row"]])
plt.show()

# %%
# Labels that are likely wrong
# ----------------------------
# What a good classifier, which had not learnt from a picture, believes to be of another class is worth a look. Of
# scikit-learn's digits, all three labels that were changed are in the list of the logistic regression. Probabilities of
# the nearest neighbour, which are 0 or 1, would say less.

suspects = result.label_errors("logistic")
suspects.head(5).round(3)

# %%
# All of it in one file
# ---------------------
# The report holds these figures and tables, and more: calibration, ROC curves, pictures that all classifiers get wrong,
# and how to repeat the comparison. It needs no network and no other file.

import tempfile
from pathlib import Path

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder, "report.html")
    result.to_html(path, pictures=X)
    print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB")
