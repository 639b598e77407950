"""From pictures to pictures: what stands before feature extraction."""

from skimgrec.preprocessing._loader import ImageLoader

__all__ = ["ImageLoader"]
