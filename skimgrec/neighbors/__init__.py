"""Similar pictures."""

from skimgrec.neighbors._features import model_features
from skimgrec.neighbors._image_neighbors import ImageNeighbors

__all__ = ["ImageNeighbors", "model_features"]
