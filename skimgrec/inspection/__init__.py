"""What a model looked at: plots in scikit-learn's Display convention."""

from skimgrec.inspection._check_display import ImageCheckDisplay
from skimgrec.inspection._comparison_display import ComparisonDisplay
from skimgrec.inspection._hog_display import HOGDisplay
from skimgrec.inspection._image_grid_display import ImageGridDisplay
from skimgrec.inspection._learning_curves_display import LearningCurvesDisplay
from skimgrec.inspection._similarity_display import SimilarityDisplay
from skimgrec.inspection._training_curve_display import TrainingCurveDisplay
from skimgrec.inspection._tuning_display import TuningDisplay

__all__ = [
    "ComparisonDisplay",
    "HOGDisplay",
    "ImageCheckDisplay",
    "ImageGridDisplay",
    "LearningCurvesDisplay",
    "SimilarityDisplay",
    "TrainingCurveDisplay",
    "TuningDisplay",
]
