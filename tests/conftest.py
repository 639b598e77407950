"""What the whole suite shares."""

import os

# SciPy reads this once, when it is first imported; without it scikit-learn skips its array API check.
os.environ.setdefault("SCIPY_ARRAY_API", "1")

import numpy as np
import pytest


@pytest.fixture
def rng():
    return np.random.default_rng(0)
