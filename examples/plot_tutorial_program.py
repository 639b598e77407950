"""
Tutorial: cats and dogs as a program
====================================

A classifier is of use once it has left the notebook: one program learns from a folder of photographs and writes a model
file, another one reads the file and says what is on a picture. Here are the commands that do so without a line of code,
and the two programs in 18 and 10 lines. The folder holds drawn heads of cats and dogs, so that it takes seconds. With
real photographs, in the folder ``cats_vs_dogs`` of the one that ``SKIMGREC_DATA`` names, in some minutes::

    python plot_tutorial_program.py --full

:doc:`/auto_examples/plot_tutorial_cats_and_dogs` says what photographs these are, and does the same inside Python.
"""

# %%
# The folder
# ----------
# ``training_set`` and ``test_set``, each with a folder ``cats`` and a folder ``dogs``. The cats that are drawn have
# pointed ears, the dogs hanging ones; all else is chance.

import os
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image, ImageDraw

from skimgrec import ImageGridDisplay

FULL = "--full" in sys.argv
programs = Path(sys.argv[0]).resolve().parent / "cats_vs_dogs"  # beside this example
temporary = tempfile.TemporaryDirectory()
place = Path(temporary.name)


def head(kind, rng):
    """Draw the head of a cat or of a dog."""
    ground, fur = rng.integers(0, 256, (2, 3))
    fur = np.where(abs(fur - ground).max() < 60, 255 - ground, fur)
    picture = Image.new("RGB", (96, 96), tuple(ground.tolist()))
    draw = ImageDraw.Draw(picture)
    x, y, size = rng.uniform(40, 56), rng.uniform(46, 60), rng.uniform(20, 27)
    dark = tuple((fur // 2).tolist())
    draw.ellipse((x - size, y - size, x + size, y + size), fill=tuple(fur.tolist()))
    for side in (-1, 1):
        if kind == "cats":
            ear = [(x + side * size * a, y - size * b) for a, b in ((0.2, 0.9), (0.95, 0.3), (0.9, 1.6))]
            draw.polygon(ear, fill=dark)
        else:
            middle = x + side * size
            draw.ellipse((middle - size * 0.35, y - size * 0.7, middle + size * 0.35, y + size), fill=dark)
        eye = x + side * size * 0.4
        draw.ellipse((eye - 3, y - size * 0.3 - 3, eye + 3, y - size * 0.3 + 3), fill="black")
    draw.ellipse((x - 4, y + size * 0.2, x + 4, y + size * 0.2 + 6), fill="black")
    noisy = np.asarray(picture) + rng.normal(scale=12, size=(96, 96, 3))
    return Image.fromarray(noisy.clip(0, 255).astype("uint8"))


if FULL:
    if "SKIMGREC_DATA" not in os.environ:
        sys.exit("--full needs the variable SKIMGREC_DATA, the name of a folder that holds cats_vs_dogs.")
    folder = Path(os.environ["SKIMGREC_DATA"], "cats_vs_dogs").resolve()
else:
    folder = place / "photographs"
    rng = np.random.default_rng(0)
    for part, n in (("training_set", 150), ("test_set", 50)):
        for kind in ("cats", "dogs"):
            (folder / part / kind).mkdir(parents=True)
            for number in range(n):
                head(kind, rng).save(folder / part / kind / f"{number:03}.jpg")

new = [min((folder / "test_set" / kind).iterdir()) for kind in ("cats", "dogs")]
shown = [*sorted((folder / "training_set/cats").iterdir())[:5], *sorted((folder / "training_set/dogs").iterdir())[:5]]
ImageGridDisplay.from_images(shown, [path.parent.name for path in shown], n_columns=5)
plt.show()

# %%
# Two commands
# ------------
# ``skimgrec train`` learns from the training pictures, says how good that is on the test pictures, and writes a file.
# ``skimgrec predict`` takes the file and pictures. The model here is a logistic regression on HOG; with
# ``--epochs 12 --augment light`` in place of ``--model logistic+hog`` it is the network.


def run(*command):
    """Run a command as it would be typed, print what it prints, and return the seconds that it took."""

    def show(text):
        print(text.replace(str(programs), "cats_vs_dogs").replace(str(place) + os.sep, ""))

    show(f"$ {shlex.join(map(str, command))}")
    started = {"skimgrec": [sys.executable, "-m", "skimgrec"], "python": [sys.executable]}[command[0]]
    begin = time.perf_counter()
    done = subprocess.run([*started, *command[1:]], cwd=place, capture_output=True, text=True)
    seconds = time.perf_counter() - begin
    if done.returncode:
        sys.exit(done.stderr)
    # A network's progress is on the standard error stream of a program, the remarks of a command as well.
    show((done.stderr if command[0] == "skimgrec" else "") + done.stdout)
    return seconds


seconds = run(
    *("skimgrec", "train", folder, "--model", "logistic+hog", "--size", "64", "-o", "baseline.skimgrec"),
)
_ = run("skimgrec", "predict", "baseline.skimgrec", *new)

# %%
# Two programs
# ------------
# For whoever wants to change more than options. ``train.py``, in ``examples/cats_vs_dogs``:
#
# .. literalinclude:: ../../examples/cats_vs_dogs/train.py
#
# and ``predict.py``:
#
# .. literalinclude:: ../../examples/cats_vs_dogs/predict.py

seconds_of_both = run("python", programs / "train.py", folder)
_ = run("python", programs / "predict.py", "cnn.skimgrec", *new)

# %%
# What they reach
# ---------------
# What was published, and what ``--full`` prints: accuracy on the 1,999 test photographs, and seconds on two cores for
# the whole command, from the start of Python to the model file.
#
# =========================================  =========  ======  =======
# ..                                         published  here    seconds
# =========================================  =========  ======  =======
# ``skimgrec train``, logistic regression    0.68       0.7054        5
# ``train.py``, logistic regression and CNN  0.80       0.9085      186
# =========================================  =========  ======  =======

print(f"skimgrec train: {seconds:.0f} s; train.py: {seconds_of_both:.0f} s")

# %%
# One picture in, one name out
# ----------------------------
# The names of the classes are those of the folders, and are in the file.

from skimgrec import load_model

model = load_model(place / "cnn.skimgrec")
print(dict(enumerate(model.classes_.tolist())))
(probabilities,) = model.predict_proba(new[:1])
plt.figure(figsize=(3.2, 3.4), layout="constrained")
plt.imshow(Image.open(new[0]))
plt.title(f"{model.classes_[probabilities.argmax()]}, {probabilities.max():.1%}", loc="left")
plt.axis("off")
plt.show()

# %%
# :doc:`/user_guide/programs` has more of the commands' options, and says what is in a model file.

temporary.cleanup()
