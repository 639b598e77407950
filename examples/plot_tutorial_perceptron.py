"""
Tutorial: a perceptron with ten hidden units, and with a hundred
================================================================

The oldest network: one hidden layer of sigmoid units. How many should there be? A sweep over their number shows how far
more of them help, with sigmoid units and with ReLU. Here on scikit-learn's small digits, so that it takes seconds. On
MNIST itself, from the folder that ``SKIMGREC_DATA`` names or downloaded::

    python plot_tutorial_perceptron.py --full
"""

# %%
# More and more units
# -------------------
# Each size is trained once with each activation, and judged on the test pictures.

import sys
import time

from skimgrec import KerasMLPClassifier, fetch_mnist, load_digits_images

FULL = "--full" in sys.argv
if FULL:
    X, y = fetch_mnist(subset="train", return_X_y=True)
    X_test, y_test = fetch_mnist(subset="test", return_X_y=True)
else:
    X, y = load_digits_images(return_X_y=True)
    X, X_test, y, y_test = X[:1300], X[1300:], y[:1300], y[1300:]

networks = {}
sizes = (10, 18, 32, 56, 100, 178) if FULL else (5, 10, 30, 100)
accuracies = {"sigmoid": [], "relu": []}
for activation, reached in accuracies.items():
    for n_units in sizes:
        network = KerasMLPClassifier(
            hidden_layer_sizes=(n_units,),
            activation=activation,
            epochs=20,
            batch_size=128 if FULL else 32,
            random_state=0,
        )
        start = time.perf_counter()
        network.fit(X, y)
        seconds = time.perf_counter() - start
        networks[n_units, activation] = network
        reached.append(network.score(X_test, y_test))
        print(f"{n_units:4} {activation:8} test accuracy {reached[-1]:.4f} after {seconds:.0f} s")

# %%
# The sweep in a picture
# ----------------------
# From one size to the next it is about the same ratio, so that the axis is logarithmic. With ``--full``, crosses mark
# what was published for MNIST.

import matplotlib.pyplot as plt

fig, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
for activation, reached in accuracies.items():
    ax.plot(sizes, reached, "o-", label=activation)
if FULL:
    ax.plot([10, 100], [0.924, 0.975], "kx", label="published, sigmoid")
ax.set(xscale="log", xlabel="hidden units", ylabel="test accuracy", xticks=sizes, xticklabels=sizes)
ax.minorticks_off()
ax.legend()
plt.show()

# %%
# What they reach on MNIST
# ------------------------
# The first column is what the tutorial gives, the second what its network reaches in bare Keras today (``python
# benchmarks/bench_accuracy.py --rows mlp-10 mlp-100 --seeds 0``). The others are what ``--full`` prints, on the same
# day and the same two cores: accuracy on the 10,000 test pictures, and seconds for 20 epochs.
#
# ============  =========  ==============  ==============  ==============
# hidden units  published  bare Keras      sigmoid, here   ReLU, here
# ============  =========  ==============  ==============  ==============
# 10            0.924      0.9260, 17 s    0.9316, 15 s    0.9377, 13 s
# 18                                       0.9449, 13 s    0.9561, 12 s
# 32                                       0.9592, 13 s    0.9710, 13 s
# 56                                       0.9689, 15 s    0.9748, 16 s
# 100           0.975      0.9769, 19 s    0.9739, 18 s    0.9769, 17 s
# 178                                      0.9783, 23 s    0.9799, 22 s
# ============  =========  ==============  ==============  ==============
#
# With 100 sigmoid units bare Keras is ahead by 0.3 points, with ReLU they are level.

# %%
# How fast they learn
# -------------------
# The slope of a sigmoid is a quarter at most, that of ReLU is 1 where it answers: it learns in fewer epochs.
# :doc:`/user_guide/concepts` has both curves.

fig, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
for (n_units, activation), network in networks.items():
    if n_units in (10, 100):
        ax.plot(range(1, network.n_iter_ + 1), network.loss_curve_, label=f"{n_units} {activation} units")
ax.set(xlabel="epoch", ylabel="loss in training", ylim=(0, None))
ax.legend()
plt.show()

# %%
# :doc:`/auto_examples/plot_hidden_units` sweeps with `tune`, which says which sizes cannot be told apart; on the small
# digits in cross-validation.
