"""From pictures to vectors: transformers whose output any scikit-learn estimator takes."""

from skimgrec.feature_extraction._color import ColorHistogramTransformer
from skimgrec.feature_extraction._flatten import ImageFlattener
from skimgrec.feature_extraction._hog import HOGTransformer
from skimgrec.feature_extraction._lbp import LBPTransformer
from skimgrec.feature_extraction._patches import PatchKMeansTransformer
from skimgrec.feature_extraction._union import feature_descriptions, make_feature_union
from skimgrec.feature_extraction._words import BagOfVisualWords

__all__ = [
    "BagOfVisualWords",
    "ColorHistogramTransformer",
    "HOGTransformer",
    "ImageFlattener",
    "LBPTransformer",
    "PatchKMeansTransformer",
    "feature_descriptions",
    "make_feature_union",
]
