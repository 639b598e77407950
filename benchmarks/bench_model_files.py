"""Model files against joblib's, skops's and Keras's: size, time to save and to load, and to a first answer.

    python benchmarks/bench_model_files.py [--rounds 5] [--pictures 1500]

Run it alone on the machine. The models are trained on scikit-learn's digits. Contestants take turns; a ratio is that of
the median times. joblib's files are pickles, which run what a stranger put into them; skops's (where it is installed:
pip install skops) and Keras's do not, nor do skimgrec's. The first answer is that of a fresh interpreter, which imports
what it needs, loads the file, and classifies one picture.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import joblib
from _results import record
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skimgrec import HOGTransformer, ImageFlattener, KerasCNNClassifier, load_digits_images, load_model, save_model

ANSWER = {
    "skimgrec": "from skimgrec import load_model; model = load_model(path)",
    "joblib": "import joblib; model = joblib.load(path)",
    "skops": "from skops.io import load, get_untrusted_types as types; model = load(path, trusted=types(file=path))",
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


def ways(model):
    """Return {contestant: (suffix, save, load)} for a model."""
    found = {
        "skimgrec": (".skimgrec", save_model, load_model),
        "joblib": (".joblib", joblib.dump, joblib.load),
    }
    if isinstance(model, KerasCNNClassifier):
        import keras

        found["Keras"] = (".keras", lambda model, path: model.model_.save(path), keras.models.load_model)
        return found
    try:
        from skops import io
    except ImportError:
        return found
    found["skops"] = (
        ".skops",
        io.dump,
        lambda path: io.load(path, trusted=io.get_untrusted_types(file=path)),
    )
    return found


def seconds(function, *arguments):
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


def first_answer(name, path):
    """Return the seconds of a fresh interpreter that loads a file and classifies one picture."""
    program = f"path = {str(path)!r}; {ANSWER[name]}; import numpy as np; model.predict(np.zeros((1, 8, 8"
    program += ", 1), 'float32'), verbose=0)" if name == "Keras" else "), 'float32'))"
    start = time.perf_counter()
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def report(title, unit, values):
    """Print and note the values of each contestant."""
    ours = statistics.median(values["skimgrec"])
    for name, runs in values.items():
        middle = statistics.median(runs)
        print(f"{title:58}{name:10}{middle:10.3g} {unit:4}{middle / ours:8.2f} x", flush=True)
    record(title, values, unit=unit)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pictures", type=int, default=1500, help="that are learnt from, 1797 at most")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for title, model in models(options.pictures).items():
            contestants = ways(model)
            paths = {name: Path(folder, f"model{suffix}") for name, (suffix, _, _) in contestants.items()}
            saved, loaded, answered = ({name: [] for name in contestants} for _ in range(3))
            for name, (_, save, load) in contestants.items():  # what is imported or compiled once
                save(model, paths[name])
                load(paths[name])
                first_answer(name, paths[name])
            for _ in range(options.rounds):
                for name, (_, save, load) in contestants.items():
                    saved[name].append(1e3 * seconds(save, model, paths[name]))
                    loaded[name].append(1e3 * seconds(load, paths[name]))
                    answered[name].append(first_answer(name, paths[name]))
            sizes = {name: [path.stat().st_size / 2**20] for name, path in paths.items()}
            report(f"{title}, size of the file", "MiB", sizes)
            report(f"{title}, saving", "ms", saved)
            report(f"{title}, loading", "ms", loaded)
            report(f"{title}, start to first answer", "s", answered)


if __name__ == "__main__":
    main()
