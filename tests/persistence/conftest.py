import warnings

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skimgrec import ImageFlattener


@pytest.fixture(scope="session")
def digits():
    """Return 200 digits as uint8 pictures, and their labels."""
    bunch = load_digits()
    return (bunch.images[:200] * 15.9375).astype(np.uint8), bunch.target[:200]


@pytest.fixture(scope="session")
def nearest(digits):
    """Return a fitted pipeline that is saved in a moment."""
    return make_pipeline(ImageFlattener(), KNeighborsClassifier(1)).fit(*digits)


@pytest.fixture
def quietly_fitted(digits):
    def fit(model):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a few iterations on few pictures do not converge
            return model.fit(*digits)

    return fit
