import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.neighbors import KNeighborsClassifier


@pytest.fixture
def blobs():
    """Return 60 rows of 4 numbers in 3 classes that overlap, sorted by class; the first column is the row number."""
    rng = np.random.default_rng(0)
    y = np.repeat(np.array(["cat", "dog", "owl"]), 20)
    X = rng.normal(size=(60, 4)) + np.repeat([0.0, 1.0, 2.0], 20)[:, None]
    X[:, 0] = np.arange(60)
    return X, y


# Classes that are local to a function travel to worker processes by value: workers cannot import this file.
@pytest.fixture
def make_classifier():
    """Return a function that makes a nearest neighbour classifier which misbehaves where it is told to."""

    class Odd(ClassifierMixin, BaseEstimator):
        def __init__(self, in_fit=None, in_predict=None):
            self.in_fit = in_fit
            self.in_predict = in_predict

        def fit(self, X, y):
            if self.in_fit is not None:
                self.in_fit(X)
            self.model_ = KNeighborsClassifier(1).fit(X[:, 1:], y)
            self.classes_ = self.model_.classes_
            return self

        def predict(self, X):
            if self.in_predict is not None:
                self.in_predict(X)
            return self.model_.predict(X[:, 1:])

        def predict_proba(self, X):
            return self.model_.predict_proba(X[:, 1:])

        def __sklearn_clone__(self):
            # The functions stay the same objects, so that tests can look at what they recorded.
            return type(self)(self.in_fit, self.in_predict)

    return Odd


@pytest.fixture
def fails():
    """Return a function that makes a function which raises."""

    def make(error):
        def fail(X):
            raise error

        return fail

    return make
