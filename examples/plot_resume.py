"""
A comparison that was cut short goes on
=======================================

With ``run_dir``, every fit that is finished is on the disk. After Ctrl-C, a crash or a power cut, the same call
measures what is missing and nothing else.

With ``--full``, the pictures are the 10,000 test pictures of MNIST, from the folder that ``SKIMGREC_DATA`` names or
downloaded::

    python plot_resume.py --full
"""

# %%
# A classifier that says when it is fitted
# ----------------------------------------

import sys
import tempfile

from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skimgrec import ImageFlattener, compare, fetch_mnist, load_digits_images


class LoudForest(RandomForestClassifier):
    """A random forest that prints a line when it is fitted."""

    def fit(self, X, y):
        """Fit, and say so."""
        print(f"a forest of {self.n_estimators} trees is fitted")
        return super().fit(X, y)


FULL = "--full" in sys.argv
X, y = fetch_mnist(subset="test", return_X_y=True) if FULL else load_digits_images(return_X_y=True)
models = {
    "1-NN": make_pipeline(ImageFlattener(), KNeighborsClassifier(1)),
    "10 trees": make_pipeline(ImageFlattener(), LoudForest(10, random_state=0)),
    "20 trees": make_pipeline(ImageFlattener(), LoudForest(20, random_state=0)),
}

# %%
# Interrupted
# -----------
# Ctrl-C is played here: when eight rows are there, ``on_row`` raises what Ctrl-C raises.

temporary = tempfile.TemporaryDirectory()
settings = {"cv": 3, "random_state": 0, "run_dir": temporary.name}
rows = []


def eight_and_no_more(row):
    rows.append(row)
    if len(rows) == 8:
        raise KeyboardInterrupt


try:
    compare(models, X, y, on_row=eight_and_no_more, **settings)
except KeyboardInterrupt:
    print("interrupted, with", len(rows), "rows of 9")

# %%
# And on
# ------
# The same call once more. One fit was missing.

result = compare(models, X, y, **settings)
result

# %%
# One more classifier
# -------------------
# Pictures and folds are the same, so that only the new one is fitted.

models["40 trees"] = make_pipeline(ImageFlattener(), LoudForest(40, random_state=0))
import matplotlib.pyplot as plt

from skimgrec import ComparisonDisplay

more = compare(models, X, y, **settings)
print(more.verdict())
ComparisonDisplay.from_result(more)
plt.show()

# %%
# What counts as the same
# -----------------------
# The parameters, the code of the class, the pictures, the rows of the fold and the versions of the libraries. Where one
# of them is another, the fit is done anew. On the command line, ``skimgrec compare`` keeps such a folder by itself.

temporary.cleanup()
