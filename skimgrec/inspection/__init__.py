"""What a model looked at: plots in scikit-learn's Display convention."""

from skimgrec.inspection._check_display import ImageCheckDisplay
from skimgrec.inspection._comparison_display import ComparisonDisplay
from skimgrec.inspection._confusion_gallery_display import ConfusionGalleryDisplay
from skimgrec.inspection._embedding_display import EmbeddingDisplay
from skimgrec.inspection._explanation_display import ExplanationDisplay
from skimgrec.inspection._feature_maps_display import FeatureMapsDisplay
from skimgrec.inspection._grad_cam import grad_cam
from skimgrec.inspection._hog_display import HOGDisplay
from skimgrec.inspection._image_grid_display import ImageGridDisplay
from skimgrec.inspection._learning_curves_display import LearningCurvesDisplay
from skimgrec.inspection._occlusion import occlusion_map
from skimgrec.inspection._similarity_display import SimilarityDisplay
from skimgrec.inspection._training_curve_display import TrainingCurveDisplay
from skimgrec.inspection._tuning_display import TuningDisplay

__all__ = [
    "ComparisonDisplay",
    "ConfusionGalleryDisplay",
    "EmbeddingDisplay",
    "ExplanationDisplay",
    "FeatureMapsDisplay",
    "HOGDisplay",
    "ImageCheckDisplay",
    "ImageGridDisplay",
    "LearningCurvesDisplay",
    "SimilarityDisplay",
    "TrainingCurveDisplay",
    "TuningDisplay",
    "grad_cam",
    "occlusion_map",
]
