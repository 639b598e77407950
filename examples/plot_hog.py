"""
What HOG sees
=============

Histograms of oriented gradients (HOG) describe where a picture has edges, and of which direction. This example follows
one photograph through the stages of `HOGTransformer`, changes its parameters one at a time, and shows what a forest and
a linear model look at when they read digits. `HOGDisplay` draws all of it.

With ``--full``, the digits are 10,000 of MNIST, from the folder that ``SKIMGREC_DATA`` names or downloaded::

    python plot_hog.py --full
"""

# %%
# From pixels to histograms
# -------------------------
# The horizontal gradient is the difference between the pixels right and left of each pixel, the vertical one that
# between the pixels below and above. Together they are an arrow, with a magnitude and an angle. The picture is divided
# into cells; in each of them, the magnitudes are added up by angle, and the sums are normalised together with those of
# the cells around it. A glyph shows the result: its strokes lie along the edges, at right angles to the gradients.

import sys

import matplotlib.pyplot as plt
from skimage.data import chelsea

from skimgrec import HOGDisplay, HOGTransformer, fetch_mnist, load_digits_images

cat = chelsea()
HOGDisplay.from_image(cat)
plt.show()

# %%
# The colours of the angle go round in a circle, since 180° is 0° again: an edge is the same edge from either side. In
# flat regions the angle is noise and is not drawn. HOG has no such mask, but there the magnitudes, which are what is
# added up, are small.

# %%
# The size of a cell
# ------------------
# A cell is as fine as HOG can tell where an edge is. Within it, only the direction is kept.

eye = cat[60:188, 100:228]
sizes = [4, 8, 16]
fig, axes = plt.subplots(1, 4, figsize=(12, 3.3), layout="constrained")
HOGDisplay.from_image(eye, panels=["image"], ax=axes[:1])
for size, ax in zip(sizes, axes[1:], strict=True):
    hog = HOGTransformer(pixels_per_cell=(size, size)).fit(eye[None])
    HOGDisplay.from_image(eye, hog=hog, ax=ax)
    n_features = len(hog.get_feature_names_out())
    ax.set_title(f"cells of {size} by {size}: {n_features:,} features", loc="left", fontsize=9)
plt.show()

# %%
# The other parameters
# --------------------
# More orientations tell finer angles apart. With ``signed_gradient`` a stroke is half as long and starts in the centre
# of its cell: the bright side of the edge is on its left, so that a bright line on dark ground and a dark line on
# bright ground differ. With ``interpolation="bilinear"`` a pixel votes in the neighbouring cells and orientations too:
# strokes no longer jump from one direction or cell to the next.

settings = [
    {"orientations": 4},
    {"orientations": 18},
    {"signed_gradient": True, "orientations": 18},
    {"interpolation": "bilinear"},
]
fig, axes = plt.subplots(1, 4, figsize=(12, 3.6), layout="constrained")
for setting, ax in zip(settings, axes, strict=True):
    HOGDisplay.from_image(eye, hog=HOGTransformer(**setting), ax=ax)
    title = ",\n".join(f"{name}={value!r}" for name, value in setting.items())
    ax.set_title(title, loc="left", fontsize=9)
plt.show()

# %%
# Blocks make the lighting irrelevant
# -----------------------------------
# The right half of this picture has a fifth of the light. Its gradients are a fifth as long, but each cell is
# normalised with its neighbours, so its glyphs are the same, except where the light changes.

dimmed = eye / 255.0
dimmed[:, 64:] /= 5
HOGDisplay.from_image(dimmed, panels=["image", "magnitude", "hog"])
plt.show()

# %%
# What a forest looks at
# ----------------------
# A random forest gives each feature an importance. They are the same for all pictures: `HOGDisplay.from_estimator`
# draws them alone, or multiplied with the features of one picture.

from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

FULL = "--full" in sys.argv
X, y = fetch_mnist(subset="test", return_X_y=True) if FULL else load_digits_images(return_X_y=True)
three = X[y == 3][0]
forest = make_pipeline(HOGTransformer(), RandomForestClassifier(random_state=0))
forest.fit(X, y)

fig, axes = plt.subplots(1, 3, figsize=(10.5, 3.4), layout="constrained")
HOGDisplay.from_estimator(
    forest,
    three,
    panels=["image", "importances"],
    ax=axes[:2],
)
HOGDisplay.from_estimator(forest, ax=axes[2])
plt.show()

# %%
# What speaks for a class, and what against
# -----------------------------------------
# A linear model has a coefficient for each feature and class. Strokes in red speak for the class where the picture has
# them, strokes in blue against it.

linear = make_pipeline(HOGTransformer(), LogisticRegression())
linear.fit(X, y)

fig, axes = plt.subplots(2, 5, figsize=(12, 5.2), layout="constrained")
for digit, ax in enumerate(axes.flat):
    HOGDisplay.from_estimator(linear, class_of_interest=digit, ax=ax, colorbar=False)
    ax.set_title(f"for and against {digit}", loc="left", fontsize=9)
plt.show()

# %%
# For one picture, the features times the coefficients add up to the model's decision (up to its intercept). Asked why
# this 3 is a 3, and why it is not an 8:

fig, axes = plt.subplots(1, 3, figsize=(10.5, 3.4), layout="constrained")
HOGDisplay.from_image(three, panels=["image"], ax=axes[:1])
for digit, ax in zip([3, 8], axes[1:], strict=True):
    HOGDisplay.from_estimator(
        linear,
        three,
        class_of_interest=digit,
        ax=ax,
    )
plt.show()
