import numpy as np
import pytest
from sklearn.datasets import load_digits

from skimgrec import KerasCNNClassifier, KerasMLPClassifier


@pytest.fixture(scope="session")
def digits():
    """Return 300 digits of 10 classes as uint8 pictures of the full range, and their labels."""
    bunch = load_digits()
    return (bunch.images[:300] * 15.9375).astype(np.uint8), bunch.target[:300]


@pytest.fixture(scope="session")
def two_digits():
    """Return the zeros and ones among the first 300 digits."""
    bunch = load_digits()
    rows = np.flatnonzero(bunch.target[:300] < 2)
    return (bunch.images[rows] * 15.9375).astype(np.uint8), bunch.target[rows]


def small(kind, **parameters):
    """Return a classifier that trains in a moment."""
    defaults = {"epochs": 2, "learning_rate": 0.01, "learning_rate_schedule": "constant", "random_state": 0}
    if kind is KerasCNNClassifier:
        defaults |= {"architecture": "sequential", "filters": (4,), "dense_units": (16,)}
    else:
        defaults |= {"hidden_layer_sizes": (16,)}
    return kind(**{**defaults, **parameters})


@pytest.fixture
def cnn():
    return lambda **parameters: small(KerasCNNClassifier, **parameters)


@pytest.fixture(params=[KerasCNNClassifier, KerasMLPClassifier], ids=["cnn", "mlp"])
def network(request):
    return lambda **parameters: small(request.param, **parameters)


def same_weights(a, b):
    return len(a.weights_) == len(b.weights_) and all(map(np.array_equal, a.weights_, b.weights_))


@pytest.fixture(name="same_weights")
def same_weights_fixture():
    return same_weights
