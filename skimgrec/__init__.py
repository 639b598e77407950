"""Image classification the scikit-learn way.

Every public name is imported on first use, so that ``import skimgrec`` loads neither TensorFlow nor Keras nor
Numba nor matplotlib.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0.dev0"

_HOMES = {
    "BagOfVisualWords": "skimgrec.feature_extraction",
    "ColorHistogramTransformer": "skimgrec.feature_extraction",
    "ComparisonDisplay": "skimgrec.inspection",
    "ComparisonResult": "skimgrec.model_selection",
    "ConformalClassifier": "skimgrec.neighbors",
    "ConfusionGalleryDisplay": "skimgrec.inspection",
    "EmbeddingDisplay": "skimgrec.inspection",
    "ExplanationDisplay": "skimgrec.inspection",
    "FeatureMapsDisplay": "skimgrec.inspection",
    "HOGDisplay": "skimgrec.inspection",
    "HOGTransformer": "skimgrec.feature_extraction",
    "ImageCheck": "skimgrec.datasets",
    "ImageCheckDisplay": "skimgrec.inspection",
    "ImageFlattener": "skimgrec.feature_extraction",
    "ImageGridDisplay": "skimgrec.inspection",
    "ImageLoader": "skimgrec.preprocessing",
    "ImageNeighbors": "skimgrec.neighbors",
    "KerasCNNClassifier": "skimgrec.neural_network",
    "KerasMLPClassifier": "skimgrec.neural_network",
    "LBPTransformer": "skimgrec.feature_extraction",
    "LearningCurvesDisplay": "skimgrec.inspection",
    "PatchKMeansTransformer": "skimgrec.feature_extraction",
    "PretrainedTransformer": "skimgrec.neural_network",
    "RejectingClassifier": "skimgrec.neighbors",
    "SimilarityDisplay": "skimgrec.inspection",
    "TrainingCurveDisplay": "skimgrec.inspection",
    "TuneResult": "skimgrec.model_selection",
    "TuningDisplay": "skimgrec.inspection",
    "candidates": "skimgrec.model_selection",
    "check_images": "skimgrec.datasets",
    "compare": "skimgrec.model_selection",
    "export_model": "skimgrec.persistence",
    "fetch_cifar10": "skimgrec.datasets",
    "fetch_cifar100": "skimgrec.datasets",
    "fetch_fashion_mnist": "skimgrec.datasets",
    "fetch_mnist": "skimgrec.datasets",
    "grad_cam": "skimgrec.inspection",
    "import_model": "skimgrec.persistence",
    "load_digits_images": "skimgrec.datasets",
    "load_image_folder": "skimgrec.datasets",
    "load_model": "skimgrec.persistence",
    "make_feature_union": "skimgrec.feature_extraction",
    "make_image_classification": "skimgrec.datasets",
    "occlusion_map": "skimgrec.inspection",
    "open_index": "skimgrec.persistence",
    "read_card": "skimgrec.persistence",
    "save_index": "skimgrec.persistence",
    "save_model": "skimgrec.persistence",
    "show_versions": "skimgrec.utils",
    "tune": "skimgrec.model_selection",
}

__all__ = ["__version__", *sorted(_HOMES)]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'skimgrec' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
