"""Write the model files that later releases must be able to load: run once for each release, and commit what it writes.

Usage: python tools/make_model_fixture.py [FOLDER]

Each file has the version of skimgrec in its name and, in its card, the answers that its model gave. FOLDER is
tests/persistence/files; tests/persistence/test_old_files.py loads all that lie there.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import skimgrec
from skimgrec import HOGTransformer, ImageFlattener, KerasMLPClassifier, save_model

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "persistence" / "files"


def pictures() -> tuple[np.ndarray, np.ndarray]:
    """Return 12 pictures of 4 x 4 pixels in 2 classes, which no generator has to make again."""
    numbers = np.arange(12 * 16).reshape(12, 4, 4)
    labels = np.arange(12) % 2
    return (numbers * 37 % 251 // (1 + labels[:, None, None])).astype(np.uint8), np.array(["cat", "dog"])[labels]


MODELS = {
    "tree": lambda: make_pipeline(
        ImageFlattener(), StandardScaler(), DecisionTreeClassifier(max_depth=2, random_state=0)
    ),
    "hog": lambda: make_pipeline(HOGTransformer(pixels_per_cell=(2, 2), cells_per_block=(1, 1)), LogisticRegression()),
    "network": lambda: KerasMLPClassifier(hidden_layer_sizes=(2,), epochs=1, random_state=0),
}


def main(folder: Path) -> None:
    """Fit and save each model."""
    folder.mkdir(parents=True, exist_ok=True)
    X, y = pictures()
    for name, make in MODELS.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = make().fit(X, y)
        path = folder / f"{name}-{skimgrec.__version__}.skimgrec"
        save_model(model, path, card={"answers": np.round(model.predict_proba(X), 6)})
        print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
