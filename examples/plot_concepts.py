"""
What a network does to a picture, step by step
==============================================

A convolutional network is a chain of simple steps. This example trains a small one, sends one digit through it and
draws what each step makes of it; then what a hidden unit looks for, how weights are learnt, and what augmentation and
HOG do. The page :doc:`How it works </user_guide/concepts>` explains the steps in words and in numbers.

The digits have 8 by 8 pixels, so that the number of each can be written on it. With ``--full``, they are 10,000 of
MNIST, of 28 by 28 pixels, from the folder that ``SKIMGREC_DATA`` names or downloaded::

    python plot_concepts.py --full
"""

# %%
# Convolution: a small filter slides over the picture
# ---------------------------------------------------
# A filter is a square of weights. Lay it on the picture, multiply each weight by the pixel below it, add up the nine
# products: that is one pixel of the result. This filter answers where it gets brighter from left to right; red is a
# positive answer, blue a negative one.

import sys

import matplotlib.pyplot as plt
import numpy as np
from scipy.signal import correlate2d

from skimgrec import fetch_mnist, load_digits_images

FULL = "--full" in sys.argv
X, y = fetch_mnist(subset="test", return_X_y=True) if FULL else load_digits_images(return_X_y=True)
n = 9000 if FULL else 1300  # to learn from
digit = X[n:][y[n:] == 3][0]
edges = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
answers = correlate2d(digit.astype(float), edges, mode="same")


def show_numbers(ax, values, title, cmap="RdBu_r", decimals=0, limit=None):
    """Draw a map, with the number of each pixel on it if it is small."""
    limit = limit or max(abs(values).max(), 1e-9)
    low = 0 if cmap == "Greys" else -limit
    ax.imshow(values, cmap=cmap, vmin=low, vmax=limit)
    for (row, column), value in np.ndenumerate(values if len(values) <= 8 else []):
        dark = value > 0.6 * limit or (low < 0 and value < -0.6 * limit)
        ax.text(column, row, f"{value:.{decimals}f}", ha="center", va="center", fontsize=7, color="w" if dark else "k")
    ax.set_title(title, loc="left", fontsize=10)
    ax.set(xticks=[], yticks=[])


def frame(ax, row, column, side):
    ax.add_patch(plt.Rectangle((column - 0.5, row - 0.5), side, side, fill=False, edgecolor="tab:orange", linewidth=3))


fig, axes = plt.subplots(1, 3, figsize=(10.5, 3.8), layout="constrained", width_ratios=[8, 3.4, 8])
show_numbers(axes[0], digit, "the picture", cmap="Greys")
show_numbers(axes[1], edges, "the filter")
show_numbers(axes[2], answers, "the answers")
row, column = (2, 4) if not FULL else np.unravel_index(answers.argmax(), answers.shape)
frame(axes[0], row - 1, column - 1, 3)
frame(axes[2], row, column, 1)
plt.show()

# %%
# A network learns its filters
# ----------------------------
# Nobody writes these weights down. The network starts with random ones and changes them until they help to tell the
# digits apart. This one has eight filters, and each step has a layer of its own, so that we can look in between.

from skimgrec import FeatureMapsDisplay, KerasCNNClassifier
from skimgrec.neural_network import load_keras

keras = load_keras()


def small_network(input_shape, n_outputs):
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Conv2D(8, 3, padding="same", name="convolution"),
            layers.ReLU(name="relu"),
            layers.MaxPooling2D(2, name="pooling"),
            layers.Flatten(name="flattening"),
            layers.Dense(32, activation="relu", name="hidden"),
            layers.Dense(n_outputs, name="logits"),
            layers.Softmax(name="softmax"),
        ]
    )


cnn = KerasCNNClassifier(architecture=small_network, epochs=20, random_state=0).fit(X[:n], y[:n])
print(f"right on {cnn.score(X[n:], y[n:]):.1%} of pictures that it has not seen")
FeatureMapsDisplay.from_estimator(cnn, digit, layer="convolution")
plt.show()

# %%
# ReLU and pooling
# ----------------
# ReLU sets negative answers to 0: "not here" is all that they say. Pooling keeps the largest of each square of 2 by 2:
# where exactly the filter answered matters less than that it did, and the map is a quarter as large.


def output_of(layer, pictures):
    """Return what a layer gives for pictures."""
    return cnn.set_params(feature_layer=layer).transform(pictures)


maps = {name: output_of(name, digit[None]) for name in ("convolution", "relu", "pooling")}
maps = {name: values.reshape(-1, 8) for name, values in maps.items()}
channel = np.minimum(maps["convolution"].max(axis=0), -maps["convolution"].min(axis=0)).argmax()
strongest = maps["pooling"][:, channel].argmax()
fig, axes = plt.subplots(1, 3, figsize=(10.5, 3.8), layout="constrained")
for ax, (name, values) in zip(axes, maps.items(), strict=True):
    side = int(len(values) ** 0.5)
    one = values[:, channel].reshape(side, side)
    title = {"convolution": "one filter's answers", "relu": "after ReLU", "pooling": "after pooling"}[name]
    show_numbers(ax, one, title, decimals=1, limit=abs(maps["convolution"][:, channel]).max())
row, column = divmod(strongest, len(digit) // 2)
frame(axes[1], 2 * row, 2 * column, 2)
frame(axes[2], row, column, 1)
plt.show()

# %%
# Flattening and full connection
# ------------------------------
# The eight maps of 4 by 4 numbers are laid out in one row of 128. From here on there is no above and below any more. In
# a fully connected layer each unit takes all of these numbers, each with a weight of its own.

fig, axes = plt.subplots(3, 1, figsize=(9, 3), layout="constrained")
titles = {
    "flattening": f"flattened: {maps['pooling'].size:,} numbers",
    "hidden": "hidden layer: 32 units",
    "logits": "one score for each digit",
}
for ax, (name, title) in zip(axes, titles.items(), strict=True):
    values = output_of(name, digit[None])
    limit = abs(values).max()
    ax.imshow(values, cmap="RdBu_r", aspect="auto", vmin=-limit, vmax=limit)
    ax.set_title(title, loc="left", fontsize=10)
    ax.set(yticks=[], xticks=range(10) if name == "logits" else [])
plt.show()

# %%
# Softmax and cross-entropy
# -------------------------
# Softmax makes probabilities of the scores: all positive, and 1 in sum. The loss of one picture is minus the logarithm
# of the probability that its true class was given. Here is the test picture that the network is least sure of.

probabilities = output_of("softmax", X[n:])
doubtful = np.diff(np.sort(probabilities)[:, -2:])[:, 0].argmin()
truth = y[n + doubtful]
fig, axes = plt.subplots(1, 3, figsize=(10.5, 3.2), layout="constrained", width_ratios=[2, 3, 3])
axes[0].imshow(X[n + doubtful], cmap="Greys")
axes[0].set_title(f"a {truth}", loc="left", fontsize=10)
axes[0].set(xticks=[], yticks=[])
colors = ["tab:orange" if number == truth else "tab:blue" for number in range(10)]
axes[1].bar(range(10), output_of("logits", X[n + doubtful][None])[0], color=colors)
axes[1].set_title("scores", loc="left", fontsize=10)
axes[2].bar(range(10), probabilities[doubtful], color=colors)
axes[2].set_title("probabilities", loc="left", fontsize=10)
axes[2].set_ylim(0, 1)
for ax in axes[1:]:
    ax.set_xticks(range(10))
    ax.axhline(0, color="0.3", linewidth=0.8)
loss = -np.log(probabilities[doubtful, truth])
axes[2].text(0.97, 0.95, f"cross-entropy {loss:.2f}", transform=axes[2].transAxes, ha="right", va="top", fontsize=9)
plt.show()

# %%
# Two curves to know
# ------------------
# Cross-entropy costs little where the network is sure and right, and without limit where it is sure and wrong. The
# sigmoid squeezes any number into 0 to 1. Its slope is what learning goes by, and it is almost nothing at both ends.

fig, axes = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")
p = np.linspace(0.005, 1, 300)
axes[0].plot(p, -np.log(p))
axes[0].set(xlabel="probability given to the true class", ylabel="cross-entropy", xlim=(0, 1), ylim=(0, 5))
z = np.linspace(-6, 6, 300)
sigmoid = 1 / (1 + np.exp(-z))
axes[1].plot(z, sigmoid, label="sigmoid")
axes[1].plot(z, sigmoid * (1 - sigmoid), label="its slope")
axes[1].plot(z, np.maximum(z, 0), color="0.6", linestyle="--", label="ReLU")
axes[1].set(xlabel="sum of weighted inputs", ylim=(-0.05, 1.25))
axes[1].legend(fontsize=9)
plt.show()

# %%
# What a hidden unit looks for
# ----------------------------
# A multilayer perceptron has no filters. Each hidden unit has a weight for every pixel, which can be drawn as a
# picture: ink on red raises the unit's answer, ink on blue lowers it.

from skimgrec import KerasMLPClassifier

mlp = KerasMLPClassifier(hidden_layer_sizes=(12,), activation="sigmoid", epochs=60, random_state=0)
mlp.fit(X[:n], y[:n])
print(f"12 hidden units: right on {mlp.score(X[n:], y[n:]):.1%}")
weights = mlp.weights_[0]
fig, axes = plt.subplots(2, 6, figsize=(9, 3.3), layout="constrained")
for number, ax in enumerate(axes.flat):
    ax.imshow(weights[:, number].reshape(digit.shape), cmap="RdBu_r", vmin=-abs(weights).max(), vmax=abs(weights).max())
    ax.set_title(f"unit {number + 1}", loc="left", fontsize=9)
    ax.set(xticks=[], yticks=[])
plt.show()

# %%
# Learning: down the slope
# ------------------------
# Left, the loss of 200 digits as one weight of the perceptron changes and all others stay. The slope at the dot says
# which way is down, and a step of training goes there. Backpropagation finds this slope for every weight at once.
# Right, what came of it, epoch by epoch.


def loss_at(shift, unit=3, pixel=(3, 3) if not FULL else (14, 14)):
    moved = [each.copy() for each in mlp.weights_]
    moved[0][np.ravel_multi_index(pixel, digit.shape), unit] += shift
    hidden = 1 / (1 + np.exp(-(X[:200].reshape(200, -1) / X.max() @ moved[0] + moved[1])))
    scores = hidden @ moved[2] + moved[3]
    scores -= scores.max(axis=1, keepdims=True)
    log_probabilities = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return -log_probabilities[np.arange(200), y[:200]].mean()


fig, axes = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")
shifts = np.linspace(-10, 10, 101)
axes[0].plot(shifts, [loss_at(shift) for shift in shifts])
at = 6.0
slope = (loss_at(at + 1e-3) - loss_at(at - 1e-3)) / 2e-3
near = np.array([at - 4, at + 4])
axes[0].plot(near, loss_at(at) + slope * (near - at), color="tab:orange")
axes[0].plot(at, loss_at(at), "o", color="tab:orange")
axes[0].annotate("", (at - 3.5, loss_at(at - 3.5)), (at, loss_at(at)), arrowprops={"arrowstyle": "->", "color": "0.3"})
axes[0].set(xlabel="change of one weight", ylabel="loss")
axes[1].plot(range(1, mlp.n_iter_ + 1), mlp.loss_curve_)
axes[1].set(xlabel="epoch", ylabel="loss in training", ylim=(0, None))
plt.show()

# %%
# Augmentation: the same picture, never the same twice
# ----------------------------------------------------
# In training, each picture is changed a little at random, anew in every epoch. A cat that is mirrored, moved and turned
# is still a cat, so that the network cannot learn its pictures by heart. There is no parameter for looking at that: a
# callback gives us the network in training, and among its layers is the one that makes the changes.

from skimage import data
from skimage.transform import resize

cat = (resize(data.cat()[:, 90:390], (64, 64), anti_aliasing=True) * 255).astype(np.uint8)
watcher = keras.callbacks.Callback()
changes = {"flip": True, "rotation": 0.08, "shift": 0.1, "zoom": 0.2, "contrast": 0.3}
shaken = KerasCNNClassifier(filters=(4, 8), epochs=1, augmentation=changes, callbacks=[lambda: watcher], random_state=0)
shaken.fit(np.stack([cat, cat[::-1]]), ["upright", "upside down"])
(shake,) = (layer for layer in watcher.model.layers if layer.name.startswith("random_changes"))

from skimgrec import ImageGridDisplay

copies = np.clip(np.asarray(shake(np.stack([cat] * 9).astype("float32"), training=True)), 0, 255).astype(np.uint8)
ImageGridDisplay.from_images(np.concatenate([cat[None], copies]), ["the picture"] + ["changed"] * 9, n_columns=5)
plt.show()

# %%
# HOG: features that nobody has to learn
# --------------------------------------
# Histograms of oriented gradients say where there are edges, and of which direction. Any classifier of rows of numbers
# can go by them.

from skimgrec import HOGDisplay

HOGDisplay.from_image(cat, panels=["image", "magnitude", "hog"])
plt.show()
