"""How hard `make_image_classification` is: pixels, HOG and a network on the same pictures.

    python benchmarks/bench_synthetic.py [--train 3000] [--seeds 3]

Run it alone on the machine. Grey pictures of 32 by 32 pixels in 10 classes; each seed makes its own training and
test pictures.
"""

import argparse
import time

import numpy as np

from skimgrec import KerasCNNClassifier, candidates, make_image_classification


def classifiers(seed, epochs):
    ready = candidates(["1nn", "forest", "forest+hog"], random_state=seed, n_jobs=-1)
    blocks = {"architecture": "sequential", "filters": (32, 64, 64), "learning_rate_schedule": "constant"}
    return ready | {"sequential": KerasCNNClassifier(**blocks, epochs=epochs, random_state=seed)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--train", type=int, default=3000, help="training pictures")
    parser.add_argument("--test", type=int, default=1000, help="test pictures")
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--channels", type=int, default=1, choices=(1, 3))
    parser.add_argument("--side", type=int, default=32, help="rows and columns of a picture")
    parser.add_argument("--epochs", type=int, default=12, help="of the network")
    parser.add_argument("--seeds", type=int, default=3, help="how many, from 0 on")
    options = parser.parse_args()

    scores = {}
    begin = time.perf_counter()
    for seed in range(options.seeds):
        X, y = make_image_classification(
            options.train + options.test,
            image_size=(options.side, options.side),
            n_channels=options.channels,
            n_classes=options.classes,
            random_state=seed,
            return_X_y=True,
        )
        n = options.train
        for name, classifier in classifiers(seed, options.epochs).items():
            score = classifier.fit(X[:n], y[:n]).score(X[n:], y[n:])
            scores.setdefault(name, []).append(score)
    print(f"accuracy after {options.train} training pictures, {options.classes} classes, on {options.test} others")
    print(f"{'':12}{'mean':>7}" + "".join(f"{f'seed {seed}':>9}" for seed in range(options.seeds)))
    for name, values in scores.items():
        print(f"{name:12}{np.mean(values):7.3f}" + "".join(f"{value:9.3f}" for value in values))
    print(f"{time.perf_counter() - begin:.0f} s in all")


if __name__ == "__main__":
    main()
