"""Speed and memory of the networks in use, against bare Keras, skorch and SciKeras: prints ratios.

    python benchmarks/bench_training.py [--only epoch search jobs one many memmap] [--runs 5]

Run it alone on the machine. Pictures are MNIST's, and where it cannot be had random ones of that size, which take as
long. Contestants take turns; a ratio is that of the median times.

    epoch   one more epoch of the MNIST tutorial's network (32-64-64, batches of 64, RMSprop), and of the default one,
            on 12,800 pictures; skorch where it is installed (pip install torch skorch): the same layers in PyTorch.
            Keras is given arrays, and batches that spare it a wait of TensorFlow's
    search  GridSearchCV over 24 settings and 3 folds of scikit-learn's digits, against SciKeras's own KerasClassifier;
            growth of memory
    jobs    such a search, with n_jobs=1 and n_jobs=2, the start of the workers included
    one     one picture, beside the network's own arithmetic; also of a network that was saved and loaded
    many    10,000 pictures
    memmap  some steps of training on 1,000,000 pictures of 32 x 32 x 3 in a memory-mapped file: peak memory beside it
"""

import argparse
import gc
import os
import tempfile
import warnings
from contextlib import suppress
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import psutil
from _data import LeftOut, part
from _results import record, report
from _timing import take_turns
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from skimgrec import KerasCNNClassifier, load_digits_images, load_model, save_model
from skimgrec.neural_network import load_keras, residual_cnn, sequential_cnn

TUTORIAL = {"filters": (32, 64, 64), "padding": "valid", "pooling": ("max", "max", "none"), "dense_units": (64,)}


def mnist_like():
    try:
        X, y = part("mnist", "train")
        return X[:12800], y[:12800]
    except LeftOut:
        print("MNIST cannot be had: random pictures take its place")
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (12800, 28, 28), np.uint8), rng.integers(0, 10, 12800)


def bare(network, optimizer, dtype_policy="float32"):
    """Return a Keras model of a network for pixel values in 0..1."""
    keras = load_keras()
    before = keras.config.dtype_policy().name
    keras.config.set_dtype_policy(dtype_policy)
    try:
        model = network()
    finally:
        keras.config.set_dtype_policy(before)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def with_kerass_normalization(shape):
    """Return the default network as it would be written in Keras."""
    keras = load_keras()

    def plain(layer):
        if type(layer).__name__ != "BatchNormalization":
            return layer.__class__.from_config(layer.get_config())
        return keras.layers.BatchNormalization(momentum=layer.momentum)

    return keras.models.clone_model(residual_cnn(shape, 10), clone_function=plain)


def untuned(X, y, batch_size):
    """Return batches that leave TensorFlow nothing to tune: its thread keeps a training waiting at its end."""
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    return (
        tf.data.Dataset.from_tensor_slices((X, y)).shuffle(len(X)).batch(batch_size).prefetch(2).with_options(options)
    )


def bench_epoch(runs):
    keras = load_keras()
    X, y = mnist_like()
    scaled = X[..., None].astype(np.float32) / 255
    ours = {"epochs": 1, "warm_start": True, "random_state": 0, "learning_rate_schedule": "constant"}
    common = {"optimizer": "rmsprop", "batch_size": 64}
    tutorial = KerasCNNClassifier(architecture="sequential", **TUTORIAL, **common, **ours)
    quick = KerasCNNClassifier(architecture="sequential", **TUTORIAL, **common, **ours, dtype_policy="auto")
    theirs = bare(lambda: sequential_cnn((28, 28, 1), 10, **TUTORIAL), keras.optimizers.RMSprop())
    contestants = {
        "Keras": lambda: theirs.fit(scaled, y, batch_size=64, verbose=0),
        "Keras without tuning": lambda: theirs.fit(untuned(scaled, y, 64), verbose=0),
        "skimgrec": lambda: tutorial.fit(X, y),
        'skimgrec, dtype_policy="auto"': lambda: quick.fit(X, y),
    }
    torch_net = skorch_network()
    if torch_net is not None:
        channels_first, codes = np.ascontiguousarray(scaled.transpose(0, 3, 1, 2)), y.astype(np.int64)
        torch_net.initialize()
        contestants["skorch"] = lambda: torch_net.partial_fit(channels_first, codes)
    beside = ['skimgrec, dtype_policy="auto"']
    title = "The tutorial's network, one epoch of 12,800 pictures"
    times = report(title, take_turns(contestants, runs), "Keras", beside=beside)
    if torch_net is not None:
        print(f"  skimgrec takes {times['skimgrec'] / times['skorch']:.3f} of skorch's time")
    default = KerasCNNClassifier(**ours, batch_size=128)
    quick = KerasCNNClassifier(**ours, batch_size=128, dtype_policy="auto")
    theirs = bare(lambda: with_kerass_normalization((28, 28, 1)), keras.optimizers.Adam())
    contestants = {
        "Keras": lambda: theirs.fit(scaled, y, batch_size=128, verbose=0),
        "Keras without tuning": lambda: theirs.fit(untuned(scaled, y, 128), verbose=0),
        "skimgrec": lambda: default.fit(X, y),
        'skimgrec, dtype_policy="auto"': lambda: quick.fit(X, y),
    }
    report("The default network, one epoch of 12,800 pictures", take_turns(contestants, runs), "Keras", beside=beside)


def skorch_network():
    """Return the tutorial's network in PyTorch, None where that is not installed."""
    try:
        import torch
        from skorch import NeuralNetClassifier
    except ImportError:
        print("skorch is not installed, and left out")
        return None
    nn = torch.nn
    module = nn.Sequential(
        *(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(64, 64, 3), nn.ReLU(), nn.Flatten()),
        *(nn.Linear(576, 64), nn.ReLU(), nn.Linear(64, 10)),
    )
    return NeuralNetClassifier(
        module,
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.RMSprop,
        lr=0.001,
        max_epochs=1,
        batch_size=64,
        train_split=None,
        iterator_train__shuffle=True,
        verbose=0,
    )


def digits():
    bunch = load_digits_images()
    return bunch.images, bunch.target


SETTINGS = {"filters": [8, 16], "epochs": [1, 2], "learning_rate": [0.001, 0.01], "dense_units": [16, 32, 64]}


def bench_search(runs):
    keras = load_keras()
    from scikeras.wrappers import KerasClassifier

    X, y = digits()

    def build(filters, dense_units):
        layers = sequential_cnn((8, 8, 1), 10, filters=(filters,), dense_units=(dense_units,)).layers
        return keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Rescaling(1 / 255), *layers])

    theirs = KerasClassifier(
        model=build,
        filters=8,
        dense_units=16,
        loss="sparse_categorical_crossentropy",
        optimizer="adam",
        batch_size=32,
        verbose=0,
    )
    their_settings = {
        "model__filters": SETTINGS["filters"],
        "epochs": SETTINGS["epochs"],
        "optimizer__learning_rate": SETTINGS["learning_rate"],
        "model__dense_units": SETTINGS["dense_units"],
    }
    ours = KerasCNNClassifier(architecture="sequential", batch_size=32, learning_rate_schedule="constant")
    searches = {
        "SciKeras": GridSearchCV(theirs, their_settings, cv=3, refit=False),
        "skimgrec": GridSearchCV(ours, {**SETTINGS, "filters": [(8,), (16,)]}, cv=3, refit=False),
    }
    growth = {}

    def searched(name):
        def run():
            gc.collect()
            before = psutil.Process().memory_info().rss
            searches[name].fit(X[..., None], y)
            gc.collect()
            growth.setdefault(name, []).append((psutil.Process().memory_info().rss - before) / 2**20)

        return run

    for search in searches.values():  # what TensorFlow does only once
        clone(search.estimator).fit(X[:100, ..., None], y[:100])
    times = take_turns({name: searched(name) for name in searches}, max(3, runs // 2), warm_up=0)
    report("24 settings, 3 folds of digits", times, "SciKeras")
    for name, values in growth.items():
        print(f"  {name:32} memory grew by {', '.join(f'{value:.0f}' for value in values)} MiB in each search")
    record("Growth of memory in each of these searches", growth, unit="MiB", ratios=False)


def bench_jobs(runs):
    X, y = digits()
    settings = {"filters": [(8, 16), (16, 32)], "learning_rate": [0.003, 0.01], "dropout": [None, 0.2]}
    # A number of workers that joblib has kept from before would spare them their start.
    from joblib.externals.loky import get_reusable_executor

    net = KerasCNNClassifier(epochs=15, random_state=0)

    def search(n_jobs):
        get_reusable_executor().shutdown(wait=True)
        GridSearchCV(net, settings, cv=3, refit=False, n_jobs=n_jobs).fit(X, y)

    clone(net).set_params(epochs=1).fit(X[:100], y[:100])
    contestants = {"n_jobs=1": lambda: search(1), "n_jobs=2": lambda: search(2)}
    times = take_turns(contestants, max(3, runs // 3), warm_up=0)
    report("8 settings, 3 folds of digits", times, "n_jobs=1", ours="n_jobs=1", beside=["n_jobs=2"])


def bench_one(runs):
    X, y = mnist_like()
    net = KerasCNNClassifier(epochs=1, random_state=0).fit(X[:1280], y[:1280])
    model = net.model_
    picture = X[:1, ..., None]
    with tempfile.TemporaryDirectory() as folder:
        save_model(net, Path(folder, "net.skimgrec"))
        loaded = load_model(Path(folder, "net.skimgrec"))
    contestants = {
        "the network alone": lambda: model.predict_on_batch(picture),
        "skimgrec": lambda: net.predict_proba(X[:1]),
        "saved and loaded": lambda: loaded.predict_proba(X[:1]),
    }
    runs = take_turns(contestants, 100 * runs, warm_up=20)
    times = report("One picture", runs, "the network alone", beside=["the network alone", "saved and loaded"])
    beyond = times["skimgrec"] - times["the network alone"]
    print(f"  {beyond * 1e3:.2f} ms beyond the network's own arithmetic (Keras's predict_on_batch)")


def bench_many(runs):
    X, y = mnist_like()
    X = X[:10000]
    for title, parameters in (("default", {}), ("tutorial's", {"architecture": "sequential", **TUTORIAL})):
        net = KerasCNNClassifier(epochs=1, random_state=0, **parameters).fit(X[:1280], y[:1280])
        model = net.model_
        contestants = {
            "Keras, batches of 32": lambda model=model: model.predict(X[..., None], verbose=0),
            "Keras, batches of 256": lambda model=model: model.predict(X[..., None], verbose=0, batch_size=256),
            "skimgrec": lambda net=net: net.predict_proba(X),
        }
        report(f"10,000 pictures, the {title} network", take_turns(contestants, runs), "Keras, batches of 256")


def bench_memmap(runs):
    keras = load_keras()

    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.peak = max(getattr(self, "peak", 0), own_memory())
            if batch == 200:
                self.model.stop_training = True
                raise KeyboardInterrupt

    shape = (1_000_000, 32, 32, 3)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "pictures.npy")
        pictures = np.lib.format.open_memmap(path, "w+", np.uint8, shape)
        part = np.random.default_rng(0).integers(0, 256, (10_000, *shape[1:]), np.uint8)
        for start in range(0, len(pictures), len(part)):
            pictures[start : start + len(part)] = part
        del pictures
        pictures = np.load(path, mmap_mode="r")
        y = np.arange(len(pictures)) % 10
        KerasCNNClassifier(epochs=1).fit(part[:1280], y[:1280])
        gc.collect()
        before, stop = own_memory(), Stop()
        with suppress(KeyboardInterrupt):
            KerasCNNClassifier(epochs=1, callbacks=lambda: stop).fit(pictures, y)
        print(f"\n1,000,000 pictures from a memory map, 200 steps: {(stop.peak - before) / 2**20:.0f} MiB beside it")


def own_memory():
    """Return the bytes that the process holds and that are no pages of files."""
    memory = psutil.Process().memory_info()
    return memory.rss - getattr(memory, "shared", 0)


BENCHES = {
    "epoch": bench_epoch,
    "search": bench_search,
    "jobs": bench_jobs,
    "one": bench_one,
    "many": bench_many,
    "memmap": bench_memmap,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=list(BENCHES), default=list(BENCHES))
    parser.add_argument("--runs", type=int, default=5, help="alternating runs of each contestant")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    for name in arguments.only:
        BENCHES[name](arguments.runs)


if __name__ == "__main__":
    main()
