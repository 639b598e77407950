"""Accuracy against time of classifiers on every kind of features, one table for each data set.

    SKIMGREC_DATA=... python benchmarks/bench_features.py [--data digits mnist cifar10 cats-dogs] [--quick]
        [--fit-timeout 240] [--json FILE] [--plot FILE]
    python benchmarks/bench_features.py --rows FILE [--plot FILE]

Run it alone on the machine; whole, it takes an hour, with --quick minutes: that takes 400 training and 400 test
pictures of each data set and trains the networks for three epochs, and says which rows are worth waiting for, not how
good they are.

Each row learns from the training pictures of the data and is judged on its test pictures; digits, which have no test
set, are split in a fixed way, stratified. One call of `compare` measures all rows of a data set, with all processors
for each. Stateless features are computed once, and count in the times of each row as if it had computed them itself.
A row with an asterisk is on the Pareto front: no other is as accurate in less time to fit. What takes longer than
--fit-timeout seconds, its test included, is given up. At the end stands the best classifier on each kind of features.
--rows measures nothing, and shows and draws what an earlier run has written with --json. The candidates have their
defaults, but for the convolutional network's epochs and augmentation, which stand in CNN, and its mixed precision.
Features of MobileNetV3Small need ImageNet's weights, and are left out where these cannot be had; the hour is without.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from _data import LeftOut, go_through, in_parts
from sklearn.model_selection import train_test_split

from skimgrec import PretrainedTransformer, candidates, compare
from skimgrec.feature_extraction import feature_descriptions

DATA_SETS = ("digits", "mnist", "cifar10", "cats-dogs")
CLASSIFIERS = ("1nn", "forest", "logistic", "ridge", "svm")
PRETRAINED = "mobilenet"
KINDS = [*feature_descriptions(), "hog+lbp+color", PRETRAINED]
NETWORKS = ("mlp", "cnn")
CNN = {
    "mnist": {"epochs": 4},
    "cifar10": {"epochs": 4, "augmentation": "light"},
    "cats-dogs": {"epochs": 12, "augmentation": "light"},
}
QUICK_TRAIN, QUICK_TEST, QUICK_EPOCHS = 400, 400, 3


def some_of(X, y, split):
    """Return a few pictures of each part, as many of each class as there are in the whole."""
    chosen = []
    for part, most in (("train", QUICK_TRAIN), ("test", QUICK_TEST)):
        rows = np.flatnonzero(split == part)
        if len(rows) > most:
            rows, _ = train_test_split(rows, train_size=most, random_state=0, stratify=y[rows])
        chosen.append(np.sort(rows))
    rows = np.concatenate(chosen)
    return X[rows], y[rows], split[rows]


def without_pretrained(kinds):
    """Return the kinds but that of pretrained weights where these cannot be had, and say so."""
    needing = [kind for kind in kinds if PRETRAINED in kind.split("+")]
    if needing:
        try:
            PretrainedTransformer().fit(np.zeros((1, 32, 32, 3), np.uint8))
        except OSError as error:
            print(f"{', '.join(needing)}: left out. {error}", flush=True)
            return [kind for kind in kinds if kind not in needing]
    return kinds


def measured(name, names, options):
    """Return the rows of a data set, quickest first."""
    X, y, split = in_parts(name)
    if options.quick:
        X, y, split = some_of(X, y, split)
    models = candidates(names, random_state=0, n_jobs=-1)
    if "cnn" in models:
        models["cnn"].set_params(dtype_policy="auto", **CNN.get(name, {}))
    if options.quick:
        for network in set(NETWORKS) & set(models):
            models[network].set_params(epochs=QUICK_EPOCHS)

    def tell(row):
        print(
            f"   {row.estimator:24}{row.fit_time:9.1f} s{'   ' + row.error if row.error else ''}",
            file=sys.stderr,
            flush=True,
        )

    result = compare(
        models,
        X,
        y,
        cv=split,
        random_state=0,
        fit_timeout=options.fit_timeout,
        on_row=tell if options.verbose else None,
    )
    front = set(result.pareto())
    return sorted(
        (
            {
                "data": name,
                "estimator": row.estimator,
                "n_train": row.n_train,
                "n_test": row.n_test,
                "accuracy": row.scores.get("accuracy"),
                "fit_seconds": row.fit_time,
                "predicted_per_second": row.n_test / row.predict_time if row.predict_time else None,
                "pareto": row.estimator in front,
                "error": row.error,
            }
            for row in result.rows
        ),
        key=lambda row: (bool(row["error"]), row["fit_seconds"]),
    )


def show(rows):
    first = rows[0]
    print(f"\n{first['data']}, {first['n_train']:,} training and {first['n_test']:,} test pictures")
    print(f"  {'':24}{'accuracy':>10}{'fit':>12}{'predict':>16}")
    for row in rows:
        if row["error"]:
            print(f"  {row['estimator']:24}{row['error'].partition(': ')[2][:80]}")
            continue
        print(
            f"{'*' if row['pareto'] else ' '} {row['estimator']:24}{row['accuracy']:10.4f}{row['fit_seconds']:10.2f} s"
            f"{row['predicted_per_second']:13,.0f} /s",
            flush=True,
        )


def summarise(rows):
    """Print the best classifier on each kind of features, with its seconds to fit, for each data set."""
    best = {}
    for row in rows:
        known = best.setdefault((_kind(row), row["data"]), row)
        if not row["error"] and (known["error"] or row["accuracy"] > known["accuracy"]):
            best[_kind(row), row["data"]] = row
    names = list(dict.fromkeys(row["data"] for row in rows))
    print("\nthe best on each kind of features, and its seconds to fit")
    print(f"  {'':16}" + "".join(f"{name:>26}" for name in names))
    for kind in dict.fromkeys(_kind(row) for row in rows):
        cells = []
        for name in names:
            row = best.get((kind, name))
            if row is None or row["error"]:
                cells.append("-")
            else:
                classifier = row["estimator"].partition("+")[0]
                cells.append(f"{row['accuracy']:.4f} {classifier}, {row['fit_seconds']:.3g} s")
        print(f"  {kind:16}" + "".join(f"{cell:>26}" for cell in cells))


def _kind(row):
    """Return what features a row is on."""
    classifier, _, kind = row["estimator"].partition("+")
    return "a network" if classifier in NETWORKS else kind or "pixels"


def draw(rows, path):
    """Save the error of every row against the time to fit it, on axes for each data set."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.ticker import LogLocator, NullFormatter

    # Text as text, and no date or random names, so that the same rows give the same small file.
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "features"})
    names = list(dict.fromkeys(row["data"] for row in rows))
    n_cols = min(2, len(names))
    figure, axes = plt.subplots(
        -(-len(names) // n_cols), n_cols, figsize=(6.5 * n_cols, 4.8 * -(-len(names) // n_cols)), squeeze=False
    )
    markers = dict(zip([*CLASSIFIERS, *NETWORKS], "ovsXD*P", strict=True))
    kinds = dict.fromkeys(_kind(row) for row in rows)
    colours = {kind: f"C{number}" for number, kind in enumerate(kinds)}
    for ax, name in zip(axes.flat, names, strict=False):
        found = [row for row in rows if row["data"] == name and not row["error"]]
        for row in found:
            marker = markers[row["estimator"].partition("+")[0]]
            ax.plot(row["fit_seconds"], 1 - row["accuracy"], marker, color=colours[_kind(row)], markersize=8)
        front = [row for row in found if row["pareto"]]
        ax.plot([row["fit_seconds"] for row in front], [1 - row["accuracy"] for row in front], color="0.7", zorder=0)
        ax.set(xscale="log", yscale="log", xlabel="seconds to fit", ylabel="error on the test pictures")
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.3g} %")
        ax.yaxis.set_minor_formatter(NullFormatter())
        ax.set_title(f"{name}, {found[0]['n_train']:,} training pictures")
    for ax in axes.flat[len(names) :]:
        ax.set_axis_off()
    figure.set_layout_engine("constrained")
    for place, handles, labels in (
        ("upper", [plt.Line2D([], [], marker=each, linestyle="", color="0.3") for each in markers.values()], markers),
        ("lower", [plt.Line2D([], [], marker="o", linestyle="", color=each) for each in colours.values()], colours),
    ):
        figure.legend(handles, labels, loc=f"outside {place} center", ncols=len(labels), frameon=False)
    figure.savefig(path, dpi=120, metadata={"Date": None} if path.suffix == ".svg" else None)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", default=DATA_SETS, choices=DATA_SETS)
    parser.add_argument("--features", nargs="+", default=KINDS, help=f"some of {', '.join(KINDS)}, or others")
    parser.add_argument("--classifiers", nargs="+", default=CLASSIFIERS, choices=CLASSIFIERS)
    parser.add_argument("--no-networks", action="store_true", help="leave the networks out")
    parser.add_argument("--fit-timeout", type=float, default=240, metavar="SECONDS")
    parser.add_argument("--quick", action="store_true", help="a few pictures of each data set")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows to this file")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw accuracy against time to this file")
    parser.add_argument("--rows", type=Path, metavar="FILE", help="show the rows of this file instead of measuring")
    parser.add_argument("--verbose", action="store_true", help="tell of each row as soon as it is measured")
    options = parser.parse_args()
    if options.rows:
        rows = json.loads(options.rows.read_text())
        for name in dict.fromkeys(row["data"] for row in rows):
            show([row for row in rows if row["data"] == name])
        summarise(rows)
        if options.plot:
            draw(rows, options.plot)
        return
    begin = time.perf_counter()
    names = [
        classifier if kind == "pixels" else f"{classifier}+{kind}"
        for kind in without_pretrained(options.features)
        for classifier in options.classifiers
    ]
    if not names and options.no_networks:
        raise LeftOut("Nothing is left to measure.")
    rows = []

    def measure(name):
        found = measured(name, names + ([] if options.no_networks else list(NETWORKS)), options)
        show(found)
        rows.extend(found)
        if options.json:
            options.json.write_text(json.dumps(rows, indent=1) + "\n")
        if options.plot:
            draw(rows, options.plot)

    go_through(options.data, measure)
    summarise(rows)
    print(f"\n{time.perf_counter() - begin:.0f} s in all")


if __name__ == "__main__":
    main()
