"""KerasCNNClassifier against SciKeras's KerasClassifier: a second fit, memory over many fits, one prediction.

    python benchmarks/bench_networks.py [--runs 9] [--fits 60]

Run it alone on the machine. The same small network is trained by both on 100 of scikit-learn's digits for one epoch.
Times are medians of alternating runs; only their ratio is meant to be quoted.
"""

import argparse
import gc
import warnings

import numpy as np
import psutil
from _results import record, report
from _timing import take_turns
from sklearn.datasets import load_digits

from skimgrec import KerasCNNClassifier
from skimgrec.neural_network import load_keras, sequential_cnn


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
    report("A second fit, one epoch of 100 pictures of 8 x 8", take_turns(contestants, options.runs), "SciKeras")

    predictions = {
        "SciKeras": lambda: theirs.predict_proba(X[:1], verbose=0),
        "skimgrec": lambda: ours.predict_proba(X[:1]),
    }
    report("One picture", take_turns(predictions, 10 * options.runs, warm_up=2), "SciKeras")

    print(f"\nGrowth of memory over {options.fits} fits")
    growth = {name: memory_growth(fit, options.fits) for name, fit in reversed(contestants.items())}
    for name, mebibytes in growth.items():
        print(f"  {name:32} {mebibytes:9.1f} MiB")
    record(f"Growth of memory over {options.fits} fits", growth, unit="MiB", ratios=False)


if __name__ == "__main__":
    main()
