"""Picture files to load."""

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """Return the paths of 36 pictures of several sizes, and labels that say which colour is strongest."""
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    labels = np.array(["red", "green", "blue"] * 12)
    paths = []
    for number, label in enumerate(labels):
        picture = rng.integers(0, 100, size=(20 + number % 3, 24, 3), dtype=np.uint8)
        picture[..., ["red", "green", "blue"].index(label)] += 120
        paths.append(str(folder / f"{number:02}.png"))
        Image.fromarray(picture).save(paths[-1])
    return np.array(paths, dtype=object), labels
