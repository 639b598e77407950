"""
Pictures of no known class
==========================

A classifier that has learnt eight digits calls a 9 one of the eight. `RejectingClassifier` may say "none of these", and
`ConformalClassifier` gives several classes where it is not sure.

With ``--full``, the digits are 10,000 of MNIST, from the folder that ``SKIMGREC_DATA`` names or downloaded::

    python plot_unknown.py --full
"""

# %%
# Eight digits of ten
# -------------------
# The classifier never sees an 8 or a 9. What it says of them is wrong, whatever it says.

import sys

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.utils import shuffle

from skimgrec import HOGTransformer, fetch_mnist, load_digits_images

FULL = "--full" in sys.argv
X, y = fetch_mnist(subset="test", return_X_y=True) if FULL else load_digits_images(return_X_y=True)
if FULL:  # MNIST's writers come one after the other; what is asked must be like what was learnt
    X, y = shuffle(X, y, random_state=0)
known = y < 8
learnt = np.arange(len(X)) < (6500 if FULL else 1200)
asked = ~learnt
forest = make_pipeline(HOGTransformer(), RandomForestClassifier(random_state=0))
forest.fit(X[learnt & known], y[learnt & known])
print("a forest calls 8s and 9s:", *np.unique(forest.predict(X[asked & ~known])))

# %%
# None of these
# -------------
# A part of the training pictures is set aside, to learn how far from the others a picture of a known class may lie.
# With ``coverage=0.9``, one in ten of the known ones is given up along with the strangers.

from skimgrec import RejectingClassifier

rejecting = RejectingClassifier(forest, coverage=0.9, random_state=0).fit(X[learnt & known], y[learnt & known])
answers = rejecting.predict(X[asked])
rejected = answers == rejecting.unknown_label_
print(f"rejected of the known digits: {rejected[known[asked]].mean():.2f}")
print(f"rejected of 8s and 9s:        {rejected[~known[asked]].mean():.2f}")
answered = ~rejected & known[asked]
print(f"right where it answers:       {(answers == y[asked])[answered].mean():.3f}")
print(f"right without rejection:      {(forest.predict(X[asked & known]) == y[asked & known]).mean():.3f}")

# %%
# Some of those that it rejects, with what they are:

import matplotlib.pyplot as plt

from skimgrec import ImageGridDisplay

ImageGridDisplay.from_images(X[asked][rejected][:20], y[asked][rejected][:20], n_columns=10)
plt.show()

# %%
# How much to give up
# -------------------
# ``coverage`` may be changed after the fit. More strangers are recognised where more known pictures are given up.

coverages = np.linspace(0.5, 1.0, 11)
shares = []
for coverage in coverages:
    said = rejecting.set_params(coverage=coverage).predict(X[asked])
    unknown = said == rejecting.unknown_label_
    shares.append([unknown[known[asked]].mean(), unknown[~known[asked]].mean()])
lost, found = np.transpose(shares)
fig, ax = plt.subplots(figsize=(5, 3.6), layout="constrained")
ax.plot(lost, found, "o-")
ax.set(xlabel="known digits rejected", ylabel="8s and 9s rejected", xlim=(-0.02, 1), ylim=(-0.02, 1.02))
ax.plot([0, 1], [0, 1], color="0.7", linestyle="--")
plt.show()

# %%
# Sets of classes
# ---------------
# A set holds the true class with the probability that is asked for, if the picture is like those learnt from. It says
# by its size how sure the classifier is.

from skimgrec import ConformalClassifier

conformal = ConformalClassifier(forest, confidence=0.99, random_state=0).fit(X[learnt & known], y[learnt & known])
sets = conformal.predict_set(X[asked & known])  # a row for each picture, a column for each class
truth = y[asked & known]
held = sets[np.arange(len(truth)), np.searchsorted(conformal.classes_, truth)].mean()
print(f"sets that hold the true digit: {held:.3f}; classes in a set: {sets.sum(axis=1).mean():.2f}")
largest = sets.sum(axis=1).argmax()
print("the largest set:", *conformal.classes_[sets[largest]], "of a", truth[largest])
