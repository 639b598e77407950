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

from skimgrec import HOGTransformer, ImageFlattener, KerasCNNClassifier, KerasMLPClassifier, compare, load_digits_images

digits = load_digits_images()
forest = RandomForestClassifier(random_state=0)
candidates = {
    "1-NN on pixels": make_pipeline(ImageFlattener(), KNeighborsClassifier(1)),
    "logistic regression": make_pipeline(ImageFlattener(scale="unit"), LogisticRegression(max_iter=200)),
    "forest on pixels": make_pipeline(ImageFlattener(), forest),
    "forest on HOG": make_pipeline(HOGTransformer(), forest),
    "multilayer perceptron": KerasMLPClassifier(epochs=10, random_state=0),
    "CNN": KerasCNNClassifier(epochs=10, random_state=0),
}

# %%
# The comparison
# --------------
# The splits are made once. Every candidate is trained on the same two thirds and judged on the same third.

result = compare(candidates, digits.images, digits.target, cv=3, random_state=0)
result
