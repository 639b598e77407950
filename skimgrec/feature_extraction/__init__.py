"""From pictures to vectors: transformers whose output any scikit-learn estimator takes."""

from skimgrec.feature_extraction._flatten import ImageFlattener
from skimgrec.feature_extraction._hog import HOGTransformer

__all__ = ["HOGTransformer", "ImageFlattener"]
