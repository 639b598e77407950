"""Model files against joblib's, skops's and Keras's: size, time to save and to load, and to a first answer.

    python benchmarks/bench_model_files.py [--rounds 5] [--pictures 1500]

Run it alone on the machine. The models are trained on scikit-learn's digits. Contestants take turns; a ratio is that of
the median times. joblib's files are pickles, which run what a stranger put into them; Keras's do not, nor do those of
skimgrec. skops's run nothing but the types that the reader trusts: those that the file names are listed beforehand,
outside of the times, as a user would have read and kept them. The first answer is that of a fresh interpreter, which
imports what it needs, loads the file, and classifies one picture.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import joblib
from _results import record
from _timing import medians, take_turns
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from skops import io

from skimgrec import HOGTransformer, ImageFlattener, KerasCNNClassifier, load_digits_images, load_model, save_model

ANSWER = {
    "skimgrec": "from skimgrec import load_model; model = load_model(path)",
    "joblib": "import joblib; model = joblib.load(path)",
    "skops": "from skops.io import load; model = load(path, trusted=trusted)",
    "Keras": "import keras; model = keras.models.load_model(path)",
}


def models(n_pictures):
    """Return {name: fitted model}."""
    X, y = load_digits_images(return_X_y=True)
    X, y = X[:n_pictures], y[:n_pictures]
    hog = HOGTransformer(pixels_per_cell=(4, 4), cells_per_block=(1, 1))
    return {
        "forest on HOG": make_pipeline(hog, RandomForestClassifier(100, random_state=0)).fit(X, y),
        "nearest neighbours on pixels": make_pipeline(ImageFlattener(), KNeighborsClassifier()).fit(X, y),
        "default network": KerasCNNClassifier(epochs=1, random_state=0).fit(X, y),
    }


def ways(model, folder):
    """Return {contestant: (path, save, load, trusted)} for a model; the two functions take nothing."""
    found = {
        "skimgrec": (folder / "model.skimgrec", save_model, load_model),
        "joblib": (folder / "model.joblib", joblib.dump, joblib.load),
    }
    trusted = []
    if isinstance(model, KerasCNNClassifier):
        import keras

        network = model.model_  # is built anew each time that it is asked for
        found["Keras"] = (folder / "model.keras", lambda _, path: network.save(path), keras.models.load_model)
    else:
        path = folder / "model.skops"
        io.dump(model, path)
        trusted = io.get_untrusted_types(file=path)
        found["skops"] = (path, io.dump, lambda path: io.load(path, trusted=trusted))
    return {
        name: (path, lambda save=save, path=path: save(model, path), lambda load=load, path=path: load(path), trusted)
        for name, (path, save, load) in found.items()
    }


def first_answer(name, path, trusted):
    """Let a fresh interpreter load a file and classify one picture."""
    program = f"path, trusted = {str(path)!r}, {trusted!r}; {ANSWER[name]}; import numpy as np; "
    program += "model.predict(np.zeros((1, 8, 8"
    program += ", 1), 'float32'), verbose=0)" if name == "Keras" else "), 'float32'))"
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True, stderr=subprocess.DEVNULL)


def tell(title, unit, values):
    """Print and note the values of each contestant."""
    found = medians(values)
    for name, middle in found.items():
        print(f"{title:58}{name:10}{middle:10.3g} {unit:4}{middle / found['skimgrec']:8.2f} x", flush=True)
    record(title, values, unit=unit)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pictures", type=int, default=1500, help="that are learnt from, 1797 at most")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for title, model in models(options.pictures).items():
            contestants, calls = ways(model, Path(folder)), {}
            for name, (path, save, load, trusted) in contestants.items():
                answer = partial(first_answer, name, path, trusted)
                calls |= {("saving", name): save, ("loading", name): load, ("start to first answer", name): answer}
            runs = take_turns(calls, options.rounds)
            sizes = {name: [path.stat().st_size / 2**20] for name, (path, *_) in contestants.items()}
            tell(f"{title}, size of the file", "MiB", sizes)
            units = {"saving": ("ms", 1e3), "loading": ("ms", 1e3), "start to first answer": ("s", 1)}
            for what, (unit, factor) in units.items():
                values = {name: [factor * each for each in runs[what, name]] for name in contestants}
                tell(f"{title}, {what}", unit, values)


if __name__ == "__main__":
    main()
