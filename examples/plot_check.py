"""
What is wrong with a set of pictures
====================================

A picture that is there twice, once to learn from and once to be tested on, makes every score look better than it is. A
copy with another label is wrong in one of its two places. `check_images` looks for both before anything is trained, and
`ImageCheckDisplay` shows what it has found.

With ``--full``, it checks the photographs of cats and dogs in the folder ``cats_vs_dogs`` of the one that
``SKIMGREC_DATA`` names::

    python plot_check.py --full
"""

# %%
# Pictures with faults
# --------------------
# Synthetic pictures of four classes, some of which are there twice: one as it is but with another label, one once to
# learn from and once to be tested on, and one darker. Another one shows nothing at all.

import os
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from skimgrec import ImageCheckDisplay, check_images, load_image_folder, make_image_classification

FULL = "--full" in sys.argv
if FULL:
    if "SKIMGREC_DATA" not in os.environ:
        sys.exit("--full needs the variable SKIMGREC_DATA, the name of a folder that holds cats_vs_dogs.")
    folder = load_image_folder(Path(os.environ["SKIMGREC_DATA"], "cats_vs_dogs"), load_images=False)
    check = check_images(folder.filenames, folder.target, target_names=folder.target_names, split=folder.split)
else:
    X, y = make_image_classification(60, n_classes=4, n_channels=3, random_state=0, return_X_y=True)
    split = np.where(np.arange(60) < 45, "train", "test")
    X[10] = X[3]
    X[50], y[50] = X[20], y[20]
    X[12] = (X[8] * 0.85).astype(np.uint8)
    X[25] = 128
    y[10], y[12] = (y[3] + 1) % 4, y[8]
    check = check_images(X, y, split=split)
print(check)

# %%
# The findings as pictures
# ------------------------
# What belongs together stands together, with the row, the class and the split below each picture. The sentences below
# the table above say what to do about each kind of finding.

ImageCheckDisplay.from_check(check)
plt.show()
