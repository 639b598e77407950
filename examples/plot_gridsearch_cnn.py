"""
A network in scikit-learn's Pipeline and GridSearchCV
=====================================================

A network's parameters are those of its constructor, and a search reaches them like those of any other step. Here it
varies how much the pictures are blurred before, and how many filters the network has.

With ``--full``, the pictures are the 10,000 test pictures of MNIST, from the folder that ``SKIMGREC_DATA`` names or
downloaded; a quarter of them is searched on::

    python plot_gridsearch_cnn.py --full
"""

# %%
# A pipeline of pictures
# ----------------------
# The first step gives pictures for pictures. Parameters of a step are reached by its name and two underscores.

import sys

import numpy as np
from scipy.ndimage import gaussian_filter
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from skimgrec import KerasCNNClassifier, fetch_mnist, load_digits_images


def blurred(X, sigma):
    return gaussian_filter(X, (0, sigma, sigma))


FULL = "--full" in sys.argv
X, y = fetch_mnist(subset="test", return_X_y=True) if FULL else load_digits_images(return_X_y=True)
n = 2500 if FULL else 400
rng = np.random.default_rng(0)
noisy = X + rng.normal(scale=X.max() / 8, size=X.shape)
pipeline = Pipeline(
    [
        ("blur", FunctionTransformer(blurred, kw_args={"sigma": 0})),
        ("cnn", KerasCNNClassifier(architecture="sequential", epochs=8, learning_rate=0.01, random_state=0)),
    ]
)

# %%
# The search
# ----------
# Four settings on two folds. Networks of the same shape share one compiled model, so that a fit costs little more than
# its epochs.

search = GridSearchCV(
    pipeline,
    {
        "blur__kw_args": [{"sigma": 0}, {"sigma": 0.7}],
        "cnn__filters": [(4, 8), (8, 16)],
    },
    cv=2,
)
search.fit(noisy[:n], y[:n])
print(search.best_params_)
print(f"{search.best_score_:.3f} in cross-validation, {search.score(noisy[n:], y[n:]):.3f} on other pictures")

# %%
# What it found
# -------------
# The spread over the folds is as large as most of the differences: a search finds a good setting, and hardly ever the
# best one. `skimgrec.tune` does the same and says which settings cannot be told apart.

import matplotlib.pyplot as plt

results = search.cv_results_
order = np.argsort(results["mean_test_score"])
names = [f"sigma {each['blur__kw_args']['sigma']}, filters {each['cnn__filters']}" for each in results["params"]]
fig, ax = plt.subplots(figsize=(8, 3.4), layout="constrained")
ax.errorbar(
    results["mean_test_score"][order], range(len(order)), xerr=results["std_test_score"][order], fmt="o", capsize=3
)
ax.set_yticks(range(len(order)), [names[place] for place in order], fontsize=9)
ax.set_xlabel("accuracy, mean and standard deviation of two folds")
plt.show()
