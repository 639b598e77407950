"""
A folder of pictures that is never loaded whole
===============================================

A folder may be larger than memory. `ImageLoader` makes a lazy batch of its files, which is read in pieces when it is
needed, inside a pipeline and inside cross-validation. Here a small folder is made up for it.

With ``--full``, it is the one of cats and dogs, ``cats_vs_dogs/training_set`` in the folder that ``SKIMGREC_DATA``
names::

    python plot_streaming.py --full
"""

# %%
# A folder
# --------
# One folder for each class, with 100 pictures each. A file that is no picture is skipped, with a warning.

import os
import sys
import tempfile
import warnings
from pathlib import Path

from PIL import Image

from skimgrec import ImageLoader, KerasCNNClassifier, load_digits_images, load_image_folder

FULL = "--full" in sys.argv
temporary = tempfile.TemporaryDirectory()
if FULL:
    if "SKIMGREC_DATA" not in os.environ:
        sys.exit("--full needs the variable SKIMGREC_DATA, the name of a folder that holds cats_vs_dogs.")
    folder = Path(os.environ["SKIMGREC_DATA"], "cats_vs_dogs", "training_set")
else:
    folder = Path(temporary.name)
    X, y = load_digits_images(return_X_y=True)
    for label, name in enumerate(["zero", "one", "two", "three"]):
        (folder / name).mkdir()
        for number, picture in enumerate(X[y == label][:100]):
            pixels = (picture * 15.9).astype("uint8").repeat(4, axis=0).repeat(4, axis=1)
            Image.fromarray(pixels).save(folder / name / f"{number:03}.jpg")
    (folder / "one" / "broken.jpg").write_bytes(b"this is no picture")

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    pictures = load_image_folder(folder, load_images=False)
for each in caught:
    print(each.message.args[0].splitlines()[0].replace(str(folder), "FOLDER"))
print(len(pictures.filenames), "files, classes", *pictures.target_names)

# %%
# A lazy batch
# ------------
# It has the shape of an array, and holds names of files. A part of it that is asked for is read then.

loader = ImageLoader((48, 48)) if FULL else ImageLoader((16, 16), grey=True)
batch = loader.fit_transform(pictures.filenames)
print(type(batch).__name__, batch.shape, batch.dtype)
print("read now:", batch[:2].shape)

# %%
# Cross-validation on paths
# -------------------------
# scikit-learn passes the names on, the pipeline reads the files of each fold as the network asks for its batches.
# ``cache=`` would keep what is decoded on the disk, which pays from the second epoch on.

from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

labels = pictures.target_names[pictures.target]
model = make_pipeline(loader, KerasCNNClassifier(architecture="sequential", filters=(8, 16), epochs=6, random_state=0))
scores = cross_val_score(model, pictures.filenames, labels, cv=3)
print("accuracy of three folds:", scores.round(3))

# %%
# From a file to its class
# ------------------------
# The fitted pipeline takes names of files, and can be saved with `save_model`.

import matplotlib.pyplot as plt

from skimgrec import ImageGridDisplay

model.fit(pictures.filenames[::2], labels[::2])
asked = pictures.filenames[1::2][:: len(labels) // 20]
captions = [
    f"{answer} {probabilities.max():.2f}"
    for answer, probabilities in zip(model.predict(asked), model.predict_proba(asked), strict=True)
]
ImageGridDisplay.from_images(list(asked), captions)
plt.show()
temporary.cleanup()
