"""Pictures that are like others, and pictures that are like none: similar ones, rejection, and sets of classes."""

from skimgrec.neighbors._conformal import ConformalClassifier
from skimgrec.neighbors._features import model_features
from skimgrec.neighbors._image_neighbors import ImageNeighbors
from skimgrec.neighbors._rejecting import RejectingClassifier

__all__ = ["ConformalClassifier", "ImageNeighbors", "RejectingClassifier", "model_features"]
