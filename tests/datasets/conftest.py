"""Folders of files and pictures."""

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def tree(tmp_path):
    """Return a function that makes files below a folder: empty ones, links to folders ("a -> b"), or empty folders."""

    def make(*entries):
        for entry in entries:
            name, _, aim = entry.partition(" -> ")
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if aim:
                path.symlink_to(aim, target_is_directory=True)
            elif name.endswith("/"):
                path.mkdir(parents=True)
            else:
                path.touch()
        return str(tmp_path)

    return make


@pytest.fixture
def pictures(tmp_path):
    """Return a function that writes pictures, each of one shade, and gives the folder."""

    def make(*names, size=(12, 16), shade=None):
        for number, name in enumerate(names):
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            picture = np.full((*size, 3), (40 + 10 * number) % 256 if shade is None else shade, np.uint8)
            Image.fromarray(picture).save(path, format="PNG")
        return tmp_path

    return make
