import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skimgrec import HOGTransformer


@pytest.fixture(scope="session")
def digits():
    """Return 900 digits as uint8 pictures, and their labels."""
    bunch = load_digits()
    return (bunch.images[:900] * 15.9375).astype(np.uint8), bunch.target[:900]


@pytest.fixture(scope="session")
def known(digits):
    """Return the digits below 8, and their labels."""
    X, y = digits
    return X[y < 8], y[y < 8]


@pytest.fixture
def hog_pipe():
    hog = HOGTransformer(pixels_per_cell=(2, 2), cells_per_block=(1, 1))
    return make_pipeline(hog, LogisticRegression(tol=1e-2))


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """Return paths of 60 colour pictures in files, and their labels."""
    folder, rng = tmp_path_factory.mktemp("photos"), np.random.default_rng(5)
    paths, labels = [], []
    for number in range(60):
        label = ("red", "blue")[number % 2]
        pixels = rng.integers(0, 120, (20, 24, 3), dtype=np.uint8)
        pixels[..., 0 if label == "red" else 2] += 110
        path = folder / f"{number:02}.png"
        Image.fromarray(pixels).save(path)
        paths.append(str(path))
        labels.append(label)
    return np.array(paths), np.array(labels)
