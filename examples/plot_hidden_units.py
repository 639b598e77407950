"""
How many hidden units does a perceptron need?
=============================================

More units in the hidden layer fit the training pictures better. Whether they help on other pictures is a question for
`tune`, which measures each size on the same splits, and on the pictures learnt from as well.
"""

# %%
# The sweep
# ---------
# Scikit-learn's digits, 1,797 grey pictures of 8 x 8 pixels. A plain number stands for one hidden layer of so many
# units.

from skimgrec import KerasMLPClassifier, TuningDisplay, load_digits_images, tune

digits = load_digits_images()
result = tune(
    KerasMLPClassifier(epochs=15, random_state=0),
    digits.images,
    digits.target,
    {"hidden_layer_sizes": [4, 8, 16, 32, 64, 128]},
    cv=3,
    return_train_score=True,
    refit=False,
    random_state=0,
)
result

# %%
# Every size against the score
# ----------------------------
# The bars are the standard deviation over the three folds, the star is the best setting. The sizes double from one to
# the next, so that their axis is logarithmic.

import matplotlib.pyplot as plt

TuningDisplay.from_result(result)
plt.show()

# %%
# What to make of it
# ------------------
# The verdict names the best size, tells how many others cannot be told apart from it, and what its score is worth.

print(result.verdict())
