"""Accuracy against time of pretrained networks: their features, and training them further, on pictures new to them.

    SKIMGREC_DATA=... python benchmarks/bench_pretrained.py [--data digits mnist cifar10 cats-dogs]
        [--n-train 200 2000] [--weights imagenet] [--quick]

Run it alone on the machine; whole, it takes 20 minutes. With --weights, the network is MobileNetV3Small with these
weights, "imagenet" or the name of a file. Without, it needs none that must be downloaded: a MobileNet of a quarter of
its width, at 64 x 64 pixels, is first trained on the training pictures of another data set, which the heading of each
table names, with the seconds of that; they count in no row. What such a network has seen is little beside ImageNet, and
so is what it is worth.

Each row learns from --n-train training pictures, or from all where there are fewer, chosen with a fixed seed in the
proportions of the classes, and is judged on all test pictures. "random weights" are features of the same network,
untrained; "from scratch" is the same network, trained for as many epochs (10) as "trained further", which spends two of
them on its output layer alone. HOG and the residual network, trained for 20 epochs, stand for what needs no weights. A
row with an asterisk is on the Pareto front. --quick trains for one epoch on the first of --n-train, after a short first
training.
"""

import argparse
import os
import tempfile
import time
from functools import cache
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from _data import LeftOut, go_through, in_parts
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skimgrec import HOGTransformer, KerasCNNClassifier, PretrainedTransformer, compare
from skimgrec.neural_network import load_keras

# On which pictures the network is trained that is used on these: always others.
SOURCES = {"digits": "cifar10", "mnist": "cifar10", "cats-dogs": "cifar10", "cifar10": "cats-dogs"}
SOURCE_EPOCHS = {"cifar10": 4, "cats-dogs": 12}
WIDTH, SIDE = 0.25, 64
NARROW = {"backbone_params": {"alpha": WIDTH}, "image_size": (SIDE, SIDE)}
FLIPPED = ("cifar10", "cats-dogs")
EPOCHS = 10


@cache
def source_weights(source, folder, quick):
    """Train the network on all training pictures of a data set; return the file of its weights, and what to call it."""
    X, y, split = in_parts(source)
    training = np.flatnonzero(split == "train")[:: 20 if quick else 1]
    network = KerasCNNClassifier(
        architecture="mobilenet",
        augmentation="light",
        batch_size=64,
        epochs=1 if quick else SOURCE_EPOCHS[source],
        learning_rate=0.003,
        dtype_policy="auto",
        random_state=0,
        **NARROW,
    )
    start = time.perf_counter()
    network.fit(X[training], y[training])
    seconds = time.perf_counter() - start
    backbone = load_keras().applications.MobileNet((SIDE, SIDE, 3), alpha=WIDTH, include_top=False, weights=None)
    backbone.set_weights(network.weights_[:-2])
    path = Path(folder, f"{source}.weights.h5")
    backbone.save_weights(path)
    accuracy = network.score(X[split == "test"], y[split == "test"])
    return path, f"MobileNet trained on {source} in {seconds:.0f} s, accuracy {accuracy:.4f} on its test pictures"


def contestants(architecture, weights, settings, name, epochs):
    """Return the rows of a table."""
    linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    training = {
        "epochs": epochs,
        "augmentation": "light" if name in FLIPPED else None,
        "dtype_policy": "auto",
        "random_state": 0,
    }

    def logistic(given):
        return make_pipeline(PretrainedTransformer(architecture, weights=given, random_state=0, **settings), linear)

    def network(given):
        return KerasCNNClassifier(architecture=architecture, weights=given, **settings, **training)

    return {
        "logistic on HOG": make_pipeline(HOGTransformer(), linear),
        "logistic, random weights": logistic(None),
        "logistic, these weights": logistic(weights),
        "trained further": network(weights),
        "from scratch": network(None),
        "residual network": KerasCNNClassifier(**training | {"epochs": 2 * epochs}),
    }


def measure(name, options, folder):
    """Print the tables of a data set."""
    X, y, split = in_parts(name)
    if options.weights:
        architecture, weights, settings = "mobilenet_v3_small", options.weights, {}
        title = f"MobileNetV3Small with the weights {Path(weights).name}"
    else:
        architecture, settings = "mobilenet", NARROW
        try:
            weights, title = source_weights(SOURCES[name], folder, options.quick)
        except LeftOut as reason:
            raise LeftOut(
                f"{name} is left out, since the network is to be trained on other pictures. {reason}"
            ) from reason
    training, test = np.flatnonzero(split == "train"), np.flatnonzero(split == "test")
    if options.quick:
        test = test[:: max(1, len(test) // 400)]
    models = contestants(architecture, weights, settings, name, 1 if options.quick else EPOCHS)
    for n_train in options.n_train[: 1 if options.quick else None]:
        rows = training
        if n_train < len(rows):
            rows, _ = train_test_split(rows, train_size=n_train, random_state=0, stratify=y[rows])
        result = compare(models, X, y, cv=[(rows, test)], random_state=0)
        front = set(result.pareto())
        print(f"\n{name}, {len(rows):,} training and {len(test):,} test pictures; {title}")
        for row in sorted(result.rows, key=lambda row: row.fit_time):
            found = row.error[:90] if row.error else f"accuracy {row.scores['accuracy']:.4f}"
            print(
                f"{'*' if row.estimator in front else ' '} {row.estimator:26}{found}{row.fit_time:10.2f} s", flush=True
            )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", default=list(SOURCES), choices=list(SOURCES))
    parser.add_argument("--n-train", nargs="+", type=int, default=[200, 2000], metavar="N")
    parser.add_argument("--weights", metavar="WEIGHTS", help='"imagenet", or a file of MobileNetV3Small')
    parser.add_argument("--quick", action="store_true", help="one epoch on few pictures")
    options = parser.parse_args()
    if options.weights:
        try:
            PretrainedTransformer("mobilenet_v3_small", weights=options.weights).fit(
                np.zeros((1, SIDE, SIDE), np.uint8)
            )
        except (OSError, ValueError) as error:
            parser.error(str(error))
    with tempfile.TemporaryDirectory() as folder:
        go_through(options.data, lambda name: measure(name, options, folder))


if __name__ == "__main__":
    main()
