"""KerasCNNClassifier against SciKeras's KerasClassifier: a second fit, memory over many fits, one prediction.

Run it alone on the machine: python benchmarks/bench_networks.py
The same small network is trained by both on 100 of scikit-learn's digits for one epoch. Times are medians of
alternating runs; only their ratio is meant to be quoted.
"""

import argparse
import gc
import statistics
import time
import warnings

import numpy as np
import psutil
from _results import record
from sklearn.datasets import load_digits

from skimgrec import KerasCNNClassifier
from skimgrec.neural_network import load_keras, sequential_cnn


class Medians(dict):
    """The median of each contestant, with the runs that it is of."""

    def __init__(self, runs):
        super().__init__({name: statistics.median(values) for name, values in runs.items()})
        self.runs = runs


def alternate(contestants, runs):
    """Return the median time of each contestant, run in turn."""
    times = {name: [] for name in contestants}
    for _ in range(runs):
        for name, contestant in contestants.items():
            start = time.perf_counter()
            contestant()
            times[name].append(time.perf_counter() - start)
    return Medians(times)


def report(title, medians, base):
    print(f"\n{title}")
    if "skimgrec" in medians:
        record(title, {name: [1e3 * each for each in values] for name, values in medians.runs.items()}, unit="ms")
    for name, seconds in medians.items():
        print(f"  {name:32} {seconds * 1e3:9.2f} ms   {seconds / medians[base]:7.3f} of {base}")


def memory_growth(fit, fits):
    """Return the growth of the process's resident memory over `fits` fits, in MiB, after three to warm up."""
    process = psutil.Process()
    for _ in range(3):
        fit()
    gc.collect()
    before = process.memory_info().rss
    for _ in range(fits):
        fit()
    gc.collect()
    return (process.memory_info().rss - before) / 2**20


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=9, help="alternating runs of each contestant")
    parser.add_argument("--fits", type=int, default=60, help="fits over which memory is watched")
    options = parser.parse_args()
    warnings.simplefilter("ignore")

    keras = load_keras()
    from scikeras.wrappers import KerasClassifier

    bunch = load_digits()
    X, y = (bunch.images[:100] * 15.9375).astype(np.uint8)[..., None], bunch.target[:100]

    def build():
        model = keras.Sequential(
            [keras.Input((8, 8, 1)), keras.layers.Rescaling(1 / 255), *sequential_cnn((8, 8, 1), 10).layers]
        )
        model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    ours = KerasCNNClassifier(architecture="sequential", learning_rate_schedule="constant", epochs=1, random_state=0)
    theirs = KerasClassifier(model=build, epochs=1, verbose=0, batch_size=32)
    contestants = {"SciKeras": lambda: theirs.fit(X, y), "skimgrec": lambda: ours.fit(X, y)}
    alternate(contestants, 1)
    report("A second fit, one epoch of 100 pictures of 8 x 8", alternate(contestants, options.runs), "SciKeras")

    predictions = {
        "SciKeras": lambda: theirs.predict_proba(X[:1], verbose=0),
        "skimgrec": lambda: ours.predict_proba(X[:1]),
    }
    alternate(predictions, 2)
    report("One picture", alternate(predictions, 10 * options.runs), "SciKeras")

    print(f"\nGrowth of memory over {options.fits} fits")
    growth = {name: memory_growth(fit, options.fits) for name, fit in reversed(contestants.items())}
    for name, mebibytes in growth.items():
        print(f"  {name:32} {mebibytes:9.1f} MiB")
    record(f"Growth of memory over {options.fits} fits", growth, unit="MiB")


if __name__ == "__main__":
    main()
