"""Pictures that are like others, and pictures that are like none: rejection, and sets of classes."""

from skimgrec.neighbors._conformal import ConformalClassifier
from skimgrec.neighbors._rejecting import RejectingClassifier

__all__ = ["ConformalClassifier", "RejectingClassifier"]
