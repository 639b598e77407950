"""Pictures whose class is decided at one place, and classifiers that have learnt it."""

from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skimgrec import HOGTransformer, ImageFlattener, KerasCNNClassifier

SIZE = 16
CLASSES = ["across", "down", "nothing"]
# Where the bars are: (top, bottom, left, right).
PLACE = (8, 14, 2, 8)


@pytest.fixture(autouse=True)
def plt():
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    yield plt
    plt.close("all")


def _make(n, seed=0):
    """Return faintly noisy uint8 pictures with bars that lie across, stand, or are not there, and their classes."""
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 40, size=(n, SIZE, SIZE), dtype=np.uint8)
    y = np.array(CLASSES)[np.arange(n) % len(CLASSES)]
    top, bottom, left, right = PLACE
    for picture, name in zip(X, y, strict=True):
        bars = picture[top:bottom, left:right]
        if name != "nothing":
            bars[...] = 20
            (bars if name == "across" else bars.T)[1:-1:3] = 255
    return X, y


@pytest.fixture(scope="session")
def barred():
    return _make(90)


@pytest.fixture(scope="session")
def nearest(barred):
    return make_pipeline(ImageFlattener(), KNeighborsClassifier(1)).fit(*barred)


@pytest.fixture(scope="session")
def forest(barred):
    hog = HOGTransformer(pixels_per_cell=(4, 4), cells_per_block=(1, 1))
    return make_pipeline(hog, RandomForestClassifier(30, random_state=0)).fit(*barred)


@pytest.fixture(scope="session")
def cnn(barred):
    return KerasCNNClassifier(filters=(8, 16), epochs=10, random_state=0).fit(*barred)


@pytest.fixture(scope="session")
def residual(barred):
    """A residual network for two classes, with one output unit."""
    X, y = barred
    two = y != "nothing"
    network = KerasCNNClassifier(filters=(4, 8), loss="binary_crossentropy", epochs=1, random_state=0)
    return network.fit(X[two], y[two])


def _is_there(heat):
    """Tell whether the largest value of a map lies in the place that decides, or right beside it."""
    row, column = np.unravel_index(np.argmax(heat), heat.shape)
    top, bottom, left, right = PLACE
    return top - 1 <= row <= bottom and left - 1 <= column <= right


def _contrast(heat):
    """Return how many times larger a map is in the place that decides than elsewhere, in the mean."""
    top, bottom, left, right = PLACE
    inside = np.zeros(heat.shape, bool)
    inside[top:bottom, left:right] = True
    return heat[inside].mean() / heat[~inside].mean()


def _texts_of(figure):
    """Return all texts of a figure that are not empty."""
    import matplotlib.text

    figure.canvas.draw()  # a formula that cannot be parsed would raise here
    return [text for text in figure.findobj(matplotlib.text.Text) if text.get_text()]


@pytest.fixture(scope="session")
def bars():
    """What the tests ask about these pictures and their maps."""
    return SimpleNamespace(make=_make, is_there=_is_there, contrast=_contrast, classes=CLASSES, size=SIZE)


@pytest.fixture
def texts_of():
    return _texts_of
