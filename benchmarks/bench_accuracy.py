"""Accuracy and training time of the networks, beside the tutorials' own networks trained as the tutorials do.

    SKIMGREC_DATA=... python benchmarks/bench_accuracy.py [--rows mnist cifar10 ...] [--seeds 0 1 2] [--no-tutorials]

Run it alone on the machine: a row that is trained for a given time is no use otherwise. Ours are KerasCNNClassifier and
KerasMLPClassifier with their defaults, but for the settings that are printed. A tutorial's network is bare Keras; it is
trained once, with the first seed. The tutorial's perceptrons have sigmoid units and RMSprop; ours have rectified linear
units and Adam, and in the rows "sigmoid" Adam alone. Times are those of fitting, listing and reading the training
pictures included where they are files; the digits' is that of all five fits. Everything takes hours; one row takes
minutes.
"""

import argparse
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from _data import arrays, cats_and_dogs, go_through
from _networks import lenet
from _results import record
from sklearn.model_selection import StratifiedKFold, cross_validate

from skimgrec import KerasCNNClassifier, KerasMLPClassifier, load_digits_images, load_image_folder
from skimgrec.neural_network import load_keras

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
    "mlp-10-sigmoid": ("mnist", "mlp-10", {"hidden_layer_sizes": (10,), "activation": "sigmoid", "epochs": 20}),
    "mlp-100-sigmoid": ("mnist", "mlp-100", {"hidden_layer_sizes": (100,), "activation": "sigmoid", "epochs": 20}),
}


def ours(row, seed):
    """Return the test accuracy and the seconds of a row."""
    data, _, settings = OURS[row]
    kind = KerasMLPClassifier if row.startswith("mlp") else KerasCNNClassifier
    estimator = kind(random_state=seed, **settings)
    if data == "digits":
        digits = load_digits_images()
        folds = StratifiedKFold(5, shuffle=True, random_state=seed)
        found = cross_validate(estimator, digits.images, digits.target, cv=folds)
        return found["test_score"].mean(), found["fit_time"].sum()
    if data != "cats-dogs":
        X, y, X_test, y_test = arrays(data)
        start = time.perf_counter()
        estimator.fit(X, y)
        seconds = time.perf_counter() - start
        return estimator.score(X_test, y_test), seconds
    folder = cats_and_dogs()
    options = {"image_size": (64, 64), "return_X_y": True}
    start = time.perf_counter()
    estimator.fit(*load_image_folder(folder / "training_set", **options))
    seconds = time.perf_counter() - start
    return estimator.score(*load_image_folder(folder / "test_set", **options)), seconds


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


def cifar10_network(seed):
    """Train LeNet-5 for 200 epochs; the accuracy is the best of all epochs on the test set."""
    load_keras().utils.set_random_seed(seed)
    return trained(lenet((32, 32, 3)), "cifar10", epochs=200, batch_size=128, best=True)


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


def cats_dogs_network(seed):
    """Train two convolutions of 32 filters on pictures that a generator shears, zooms and flips, for 50 epochs."""
    folder, keras = cats_and_dogs(), load_keras()
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
    start = time.perf_counter()
    model.fit(shaken.flow_from_directory(folder / "training_set", seed=seed, **options), epochs=50, verbose=0)
    seconds = time.perf_counter() - start
    test = ImageDataGenerator(rescale=1 / 255).flow_from_directory(folder / "test_set", shuffle=False, **options)
    return model.evaluate(test, verbose=0)[1], seconds


TUTORIALS = {
    "mnist": mnist_network,
    "lenet": cifar10_network,
    "cats-dogs": cats_dogs_network,
    "mlp-10": lambda seed: mlp(10, seed),
    "mlp-100": lambda seed: mlp(100, seed),
}


def measure(row, seeds, seen, *, with_tutorial):
    """Print and note a row; `seen` keeps what each tutorial's network has reached."""
    tutorial = OURS[row][1] if with_tutorial else None
    settings = ", ".join(f"{name}={value!r}" for name, value in OURS[row][2].items())
    print(f"\n{row}: ours with {settings or 'the defaults alone'}")
    if tutorial and tutorial not in seen:
        seen[tutorial] = TUTORIALS[tutorial](seeds[0])
        score, seconds = seen[tutorial]
        print(f"{row:16}tutorial         accuracy {score:.4f}   {seconds:7.1f} s", flush=True)
    found = []
    for seed in seeds:
        score, seconds = ours(row, seed)
        found.append((score, seconds))
        share = f"   {seconds / seen[tutorial][1]:.2f} of the tutorial's" if tutorial else ""
        print(f"{row:16}ours, seed {seed:<5} accuracy {score:.4f}   {seconds:7.1f} s{share}", flush=True)
    for place, (what, unit, less) in enumerate([("accuracy", "of 1", False), ("time to fit", "s", True)]):
        values = {"skimgrec": [each[place] for each in found]}
        if tutorial:
            values["tutorial"] = seen[tutorial][place]
        record(f"{row}, {what}", values, unit=unit, less=less)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", nargs="+", choices=list(OURS), default=list(OURS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--no-tutorials", action="store_true", help="leave the tutorials' networks out")
    arguments = parser.parse_args()
    digits = load_digits_images()
    # What TensorFlow does only once.
    KerasMLPClassifier(hidden_layer_sizes=(2,), epochs=1).fit(digits.images[:100], digits.target[:100])
    seen, with_tutorial = {}, not arguments.no_tutorials
    go_through(arguments.rows, lambda row: measure(row, arguments.seeds, seen, with_tutorial=with_tutorial))


if __name__ == "__main__":
    main()
