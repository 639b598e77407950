"""
Is a convolutional network worth its training time?
===================================================

Accuracy is one half of a comparison, the time it costs is the other. This example compares six classifiers on the same
splits of scikit-learn's digits, 1,797 grey pictures of 8 x 8 pixels, and draws one against the other.
"""

# %%
# The candidates
# --------------
# Each candidate takes the pictures themselves. Those that want rows of numbers are pipelines: `ImageFlattener` gives
# them the pixels, `HOGTransformer` the directions of the edges.

from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skimgrec import (
    HOGTransformer,
    ImageFlattener,
    KerasCNNClassifier,
    KerasMLPClassifier,
    compare,
    load_digits_images,
)

digits = load_digits_images()
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
    digits.images,
    digits.target,
    cv=3,
    random_state=0,
)
result

# %%
# Accuracy against time
# ---------------------
# ``summary`` has one row for each candidate. Up is better, left is cheaper; the time axis is logarithmic. The bars are
# the standard deviation over the three folds.

import matplotlib.pyplot as plt
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, PercentFormatter

summary = result.summary()
colors = {"pixels": "#6b6b6b", "HOG": "#1b7f79", "network": "#c4552d"}
kinds = {
    "forest on HOG": "HOG",
    "multilayer perceptron": "network",
    "CNN": "network",
}

fig, ax = plt.subplots(figsize=(7.5, 4.5), layout="constrained")
for name, row in summary.iterrows():
    color = colors[kinds.get(name, "pixels")]
    time, accuracy = row["mean_fit_time"], row["mean_test_accuracy"]
    ax.errorbar(
        time,
        accuracy,
        yerr=row["std_test_accuracy"],
        fmt="o",
        markersize=8,
        capsize=3,
        color=color,
        zorder=3,
    )
    ax.annotate(
        name,
        (time, accuracy),
        xytext=(9, 4),
        textcoords="offset points",
        color=color,
        path_effects=[withStroke(linewidth=3, foreground="white")],
    )

times = summary["mean_fit_time"]
ax.set_xscale("log")
ax.set_xlim(times.min() / 2, times.max() * 25)
ax.xaxis.set_major_formatter(FuncFormatter(lambda time, _: f"{time:g} s"))
ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
ax.set_xlabel("time to fit one fold")
ax.set_ylabel("accuracy")
ax.set_title("Six classifiers on scikit-learn's digits", loc="left")
ax.grid(alpha=0.25)
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# The verdict in words
# --------------------
# The result also says it in a sentence, and whether the winner's lead is larger than the spread over the folds.

print(result.verdict())
