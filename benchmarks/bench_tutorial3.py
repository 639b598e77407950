"""The comparison of a tutorial on CIFAR-10, as the tutorial wrote it and with skimgrec's compare, in one run.

    SKIMGREC_DATA=... python benchmarks/bench_tutorial3.py [--limit N] [--only ours|tutorial] [--seed 0]

Run it alone on the machine; whole, it takes half an hour on two cores. Six classifiers learn from the 50,000
training pictures, beside random guesses, and their accuracy and macro F1 are those on the 10,000 test pictures.

The tutorial's way is its own loops on today's libraries, in their defaults: random guesses; 1-NN and a random forest
on raw pixels; both on HOG, computed picture by picture with scikit-image's `hog` (9 orientations, 8 x 8 pixels a cell,
3 x 3 cells a block, colour); a perceptron of 512 ReLU units trained for 20 epochs; LeNet-5 with average pooling trained
for 200 epochs, of which the best on the test set counts. Both networks train with Adam, 128 pictures a batch, by
Keras's `fit`. The time of HOG counts in both rows that use it, there as in ours, and once in the time of all.

Ours is one call of `compare` on the data's own split, with all processors for the classical candidates, as the
tutorial's loops do not. The forests are extremely randomised trees, as the table's title says; --forest forest takes
random forests, as the tutorial has them. The perceptron is trained as the tutorial's, in mixed precision; the CNN
is the default residual network with light augmentation, in mixed precision.

A row is "equal or better" if its accuracy is at least the tutorial's, and "within chance" if it is short of it by less
than 1.96 standard errors of the difference of two proportions on so many test pictures.
"""

import argparse
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from _data import arrays
from _networks import lenet
from _results import record
from sklearn.metrics import accuracy_score, f1_score

from skimgrec import KerasCNNClassifier, KerasMLPClassifier, candidates, compare
from skimgrec.neural_network import load_keras

FORESTS = ("extra-trees", "forest")
TITLES = {
    "chance": "random guesses",
    "1nn": "1-NN, pixels",
    "forest": "forest, pixels",
    "1nn+hog": "1-NN, HOG",
    "forest+hog": "forest, HOG",
    "mlp": "perceptron",
    "cnn": "CNN",
}
MLP_EPOCHS, LENET_EPOCHS = 20, 200


def load(limit):
    """Return training pictures, their labels, test pictures and their labels; a fifth as many to test on."""
    X, y, X_test, y_test = arrays("cifar10")
    if limit is None:
        return X, y, X_test, y_test
    return X[:limit], y[:limit], X_test[: limit // 5], y_test[: limit // 5]


def tutorial(X, y, X_test, y_test, seed):
    """Yield the name, the accuracy, the macro F1 and the seconds of each row, as the tutorial gets them."""
    from skimage.feature import hog
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.neighbors import KNeighborsClassifier

    def judged(name, predicted, begin):
        seconds = time.perf_counter() - begin
        return name, accuracy_score(y_test, predicted), f1_score(y_test, predicted, average="macro"), seconds

    begin = time.perf_counter()
    yield judged("chance", np.random.default_rng(seed).integers(0, 10, len(y_test)), begin)

    def both(suffix, features, test_features, beforehand):
        for name, model in (("1nn", KNeighborsClassifier(1)), ("forest", RandomForestClassifier(random_state=seed))):
            begin = time.perf_counter() - beforehand
            model.fit(features, y)
            yield judged(name + suffix, model.predict(test_features), begin)

    begin = time.perf_counter()
    flat, flat_test = X.reshape(len(X), -1), X_test.reshape(len(X_test), -1)
    yield from both("", flat, flat_test, time.perf_counter() - begin)

    begin = time.perf_counter()
    features, test_features = (
        np.array([hog(picture, channel_axis=-1) for picture in pictures]) for pictures in (X, X_test)
    )
    yield from both("+hog", features, test_features, time.perf_counter() - begin)

    keras = load_keras()
    layers = keras.layers

    def perceptron(shape):
        hidden = [layers.Flatten(), layers.Dense(512, activation="relu"), layers.Dense(10, activation="softmax")]
        model = keras.Sequential([keras.Input(shape), *hidden])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    for name, network, epochs in (("mlp", perceptron, MLP_EPOCHS), ("cnn", lenet, LENET_EPOCHS)):
        begin = time.perf_counter()
        keras.utils.set_random_seed(seed)
        A, B = (pictures.astype("float32") / 255 for pictures in (X, X_test))
        model = network(X.shape[1:])
        watched = {}
        if name == "cnn":
            # It never stops early; it keeps the weights of the epoch that was best on the test set.
            best = keras.callbacks.EarlyStopping("val_accuracy", patience=epochs, restore_best_weights=True)
            watched = {"validation_data": (B, y_test), "callbacks": [best]}
        model.fit(A, y, epochs=epochs, batch_size=128, verbose=0, **watched)
        yield judged(name, model.predict(B, verbose=0).argmax(axis=1), begin)


def ours(X, y, X_test, y_test, seed, cnn_epochs, forest):
    """Return the same rows from one comparison, each with the seconds of its fit and its predictions, and all seconds.

    All seconds are those of the call, with what a process does only once.
    """
    names = ["chance", "1nn", forest, "1nn+hog", f"{forest}+hog"]
    models = candidates(names, random_state=seed, n_jobs=-1)
    models["mlp"] = KerasMLPClassifier(
        hidden_layer_sizes=(512,), epochs=MLP_EPOCHS, batch_size=128, dtype_policy="auto", random_state=seed
    )
    models["cnn"] = KerasCNNClassifier(epochs=cnn_epochs, augmentation="light", dtype_policy="auto", random_state=seed)
    begin = time.perf_counter()
    split = np.repeat(["train", "test"], [len(y), len(y_test)])
    result = compare(
        models, np.concatenate([X, X_test]), np.concatenate([y, y_test]), cv=split, random_state=seed, on_row=say
    )
    seconds = time.perf_counter() - begin
    rows = [
        (row.estimator.replace(forest, "forest"), row.scores["accuracy"], row.scores["f1_macro"],
         row.fit_time + row.predict_time)
        for row in result.rows
    ]  # fmt: skip
    return rows, seconds


def say(row):
    print(
        f"  {row.estimator}: fit {row.fit_time:.1f} s, predict {row.predict_time:.1f} s {row.error or ''}", flush=True
    )


def show(title, rows, seconds):
    print(f"\n{title}\n{'':16}{'accuracy':>9}{'macro F1':>9}{'seconds':>9}")
    for name, accuracy, f1, spent in rows:
        print(f"{TITLES[name]:16}{accuracy:9.4f}{f1:9.4f}{spent:9.1f}")
    print(f"{'in all':16}{'':18}{seconds:9.1f}", flush=True)


def verdicts(theirs, mine, n_test):
    print("\naccuracy, ours against the tutorial's")
    for (name, their_accuracy, *_, their_seconds), (_, accuracy, *_, seconds) in zip(theirs, mine, strict=True):
        error = np.sqrt((accuracy * (1 - accuracy) + their_accuracy * (1 - their_accuracy)) / n_test)
        gain = accuracy - their_accuracy
        verdict = "equal or better" if gain >= 0 else "within chance" if gain > -1.96 * error else "WORSE"
        ratio = f"{seconds / their_seconds:.2f} of the time" if their_seconds > 1 else ""
        print(f"{TITLES[name]:16}{gain:+9.4f}  {verdict:16}{ratio}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limit", type=int, metavar="N", help="train on N pictures, and test on a fifth as many")
    parser.add_argument("--only", choices=["ours", "tutorial"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cnn-epochs", type=int, default=2, metavar="N", help="of our convolutional network")
    parser.add_argument("--forest", choices=FORESTS, default=FORESTS[0], help="our candidate for the forests' rows")
    options = parser.parse_args()
    data = load(options.limit)
    load_keras()
    theirs = mine = None
    if options.only != "tutorial":
        mine, our_seconds = ours(*data, options.seed, options.cnn_epochs, options.forest)
        show(f"skimgrec's compare, with {options.forest} for the forests", mine, our_seconds)
    if options.only != "ours":
        begin = time.perf_counter()
        theirs = []
        for row in tutorial(*data, options.seed):
            theirs.append(row)
            print(f"  {row[0]}: {row[3]:.1f} s", flush=True)
        their_seconds = time.perf_counter() - begin
        show("as the tutorial wrote it", theirs, their_seconds)
    if theirs and mine:
        record("The whole comparison", {"tutorial": their_seconds, "skimgrec": our_seconds}, unit="s")
        for other, own in zip(theirs, mine, strict=True):
            beside = ["tutorial"] if other[0] == "chance" else []
            for what, place in (("accuracy", 1), ("macro F1", 2)):
                values = {"tutorial": other[place], "skimgrec": own[place]}
                record(f"Test {what}, {TITLES[other[0]]}", values, unit="of 1", less=False, beside=beside)
        verdicts(theirs, mine, len(data[3]))
        print(f"\ntotal time: {our_seconds / their_seconds:.3f} of the tutorial's (target: at most 0.25)")


if __name__ == "__main__":
    main()
