"""Accuracy and training time of the networks, beside the tutorials' own networks trained as the tutorials do.

    SKIMGREC_DATA=... python benchmarks/bench_accuracy.py [--rows mnist cifar10 ...] [--seeds 0 1 2] [--no-tutorials]

Run it alone on the machine: a row that is trained for a given time is no use otherwise. Ours are KerasCNNClassifier and
KerasMLPClassifier with their defaults, but for what stands in OURS. A tutorial's network is bare Keras; it is trained
once, with the first seed. Times are those of fitting, reading the pictures included where they are files. Everything
takes hours; one row takes minutes.
"""

import argparse
import os
import time
from pathlib import Path
from statistics import mean

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from _results import record
from sklearn.model_selection import StratifiedKFold, cross_val_score

from skimgrec import KerasCNNClassifier, KerasMLPClassifier, load_digits_images, load_image_folder
from skimgrec.neural_network import load_keras

DATA = Path(os.environ.get("SKIMGREC_DATA", ""))
QUICK = {"dtype_policy": "auto"}
# Row: the data, the tutorial whose time counts, and what differs from the defaults.
OURS = {
    "mnist": ("mnist", "mnist", {"epochs": 4, **QUICK}),
    "mnist-third": ("mnist", "mnist", {"epochs": 1, **QUICK}),
    "cifar10": ("cifar10", "lenet", {"epochs": 7, "augmentation": "light", **QUICK}),
    "cifar10-long": ("cifar10", None, {"epochs": 30, "augmentation": "light", **QUICK}),
    "cats-dogs": ("cats-dogs", "cats-dogs", {"epochs": 12, "augmentation": "light", **QUICK}),
    "digits": ("digits", None, {}),
    "mlp-10": ("mnist", "mlp-10", {"hidden_layer_sizes": (10,), "epochs": 20}),
    "mlp-100": ("mnist", "mlp-100", {"hidden_layer_sizes": (100,), "epochs": 20}),
}


def arrays(name):
    with np.load(DATA / f"{name}.npz") as data:
        return data["x_train"], data["y_train"].ravel(), data["x_test"], data["y_test"].ravel()


def ours(row, seed):
    """Return the test accuracy and the seconds of a row."""
    data, _, settings = OURS[row]
    kind = KerasMLPClassifier if row.startswith("mlp") else KerasCNNClassifier
    estimator = kind(random_state=seed, **settings)
    if data == "digits":
        digits = load_digits_images()
        folds = StratifiedKFold(5, shuffle=True, random_state=seed)
        start = time.perf_counter()
        scores = cross_val_score(estimator, digits.images, digits.target, cv=folds)
        return mean(scores), time.perf_counter() - start
    start = time.perf_counter()
    if data == "cats-dogs":
        pictures = load_image_folder(DATA / "cats_vs_dogs", image_size=(64, 64), n_jobs=-1)
        training = pictures.split == "train"
        X, y = pictures.images[training], pictures.target[training]
        X_test, y_test = pictures.images[~training], pictures.target[~training]
    else:
        X, y, X_test, y_test = arrays(data)
        start = time.perf_counter()
    estimator.fit(X, y)
    seconds = time.perf_counter() - start
    return estimator.score(X_test, y_test), seconds


def mnist_network(seed):
    """Train three convolutions of 32, 64 and 64 filters with RMSprop for five epochs."""
    keras = load_keras()
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return trained(model, "mnist", epochs=5, batch_size=64)


def lenet(seed):
    """Train LeNet-5 with average pooling for 200 epochs; the accuracy is the best of all epochs on the test set."""
    keras = load_keras()
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(6, 5, activation="relu"),
            layers.AveragePooling2D(2),
            layers.Conv2D(16, 5, activation="relu"),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dense(120, activation="relu"),
            layers.Dense(84, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return trained(model, "cifar10", epochs=200, batch_size=128, best=True)


def mlp(n_units, seed):
    """Train one hidden layer of sigmoid units for 20 epochs."""
    keras = load_keras()
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(),
            layers.Dense(n_units, activation="sigmoid"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return trained(model, "mnist", epochs=20, batch_size=128)


def trained(model, data, *, epochs, batch_size, best=False):
    X, y, X_test, y_test = arrays(data)
    if X.ndim == 3:
        X, X_test = X[..., None], X_test[..., None]
    start = time.perf_counter()
    X = X.astype("float32") / 255
    validation = (X_test.astype("float32") / 255, y_test)
    history = model.fit(
        X, y, epochs=epochs, batch_size=batch_size, verbose=0, validation_data=validation if best else None
    )
    seconds = time.perf_counter() - start
    if best:
        return max(history.history["val_accuracy"]), seconds
    return model.evaluate(*validation, verbose=0)[1], seconds


def cats_and_dogs(seed):
    """Train two convolutions of 32 filters on pictures that a generator shears, zooms and flips, for 50 epochs."""
    keras = load_keras()
    keras.utils.set_random_seed(seed)
    from tensorflow.keras.preprocessing.image import ImageDataGenerator

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((64, 64, 3)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    shaken = ImageDataGenerator(rescale=1 / 255, shear_range=0.2, zoom_range=0.2, horizontal_flip=True)
    options = {"target_size": (64, 64), "batch_size": 32, "class_mode": "binary"}
    training = shaken.flow_from_directory(DATA / "cats_vs_dogs" / "training_set", seed=seed, **options)
    plain = ImageDataGenerator(rescale=1 / 255)
    test = plain.flow_from_directory(DATA / "cats_vs_dogs" / "test_set", shuffle=False, **options)
    start = time.perf_counter()
    model.fit(training, epochs=50, verbose=0)
    seconds = time.perf_counter() - start
    return model.evaluate(test, verbose=0)[1], seconds


TUTORIALS = {
    "mnist": mnist_network,
    "lenet": lenet,
    "cats-dogs": cats_and_dogs,
    "mlp-10": lambda seed: mlp(10, seed),
    "mlp-100": lambda seed: mlp(100, seed),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", nargs="+", choices=list(OURS), default=list(OURS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--no-tutorials", action="store_true", help="leave the tutorials' networks out")
    arguments = parser.parse_args()
    rows = [row for row in arguments.rows if OURS[row][0] == "digits" or DATA.joinpath("mnist.npz").exists()]
    if rows != arguments.rows:
        print("SKIMGREC_DATA names no folder with mnist.npz: only the rows of digits are run")
    load_keras()
    seen = {}
    for row in rows:
        tutorial = OURS[row][1]
        if tutorial and tutorial not in seen and not arguments.no_tutorials:
            seen[tutorial] = TUTORIALS[tutorial](arguments.seeds[0])
            score, seconds = seen[tutorial]
            print(f"{row:12} tutorial         accuracy {score:.4f}   {seconds:7.1f} s", flush=True)
        found = []
        for seed in arguments.seeds:
            score, seconds = ours(row, seed)
            found.append((score, seconds))
            share = f"   {seconds / seen[tutorial][1]:.2f} of the tutorial's" if tutorial in seen else ""
            print(f"{row:12} ours, seed {seed:<5} accuracy {score:.4f}   {seconds:7.1f} s{share}", flush=True)
        for place, (what, unit, less) in enumerate([("accuracy", "of 1", False), ("time to fit", "s", True)]):
            values = {"skimgrec": [each[place] for each in found]}
            if tutorial in seen:
                values["tutorial"] = seen[tutorial][place]
            record(f"{row}, {what}", values, unit=unit, less=less)


if __name__ == "__main__":
    main()
