"""What the tests of features share."""

import numpy as np
import pytest

from skimgrec.utils import LazyImages


class Source:
    """Pictures as if they lay in files, and how many were read at a time."""

    def __init__(self, pictures, reads):
        self.pictures, self.reads, self.paths = pictures, reads, np.arange(len(pictures)).astype(str)

    shape = property(lambda self: self.pictures.shape[1:])

    def __len__(self):
        return len(self.pictures)

    def take(self, rows):
        return Source(self.pictures[rows], self.reads)

    def read(self):
        self.reads.append(len(self))
        return self.pictures

    def fingerprint(self):
        return b"fixed"


@pytest.fixture
def as_in_files():
    """Return a function that gives pictures as if they lay in files, and a list of how many were read at a time."""

    def lay(pictures):
        reads = []
        return LazyImages(Source(pictures, reads)), reads

    return lay
