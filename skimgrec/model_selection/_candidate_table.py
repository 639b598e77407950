"""Ready-made classifiers: how each is built, and on which features of a picture it makes sense."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from skimgrec.feature_extraction._union import FEATURES, Feature, named_features

_Build = Callable[[int | None, int | None], Any]


class Candidate(NamedTuple):
    """A classifier that has a name.

    Parameters
    ----------
    description : str
        One line about it.
    build : callable
        Takes (random_state, n_jobs) and returns an unfitted classifier of pictures.
    by_default : bool
        Whether a comparison that names none takes it.
    cost : int, default=5
        Its place when the cheapest come first, by what fits of a few thousand pictures usually take.
    """

    description: str
    build: _Build
    by_default: bool
    cost: int = 5


def _chance(random_state: int | None, n_jobs: int | None) -> Any:
    from sklearn.dummy import DummyClassifier

    return DummyClassifier(strategy="stratified", random_state=random_state)


def _majority(random_state: int | None, n_jobs: int | None) -> Any:
    from sklearn.dummy import DummyClassifier

    return DummyClassifier(strategy="most_frequent")


def _nearest(random_state: int | None, n_jobs: int | None) -> Any:
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier(n_neighbors=1, n_jobs=n_jobs)


def _nearest_five(random_state: int | None, n_jobs: int | None) -> Any:
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier(n_neighbors=5, weights="distance", n_jobs=n_jobs)


def _forest(random_state: int | None, n_jobs: int | None) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(random_state=random_state, n_jobs=n_jobs)


def _extra_trees(random_state: int | None, n_jobs: int | None) -> Any:
    from sklearn.ensemble import ExtraTreesClassifier

    return ExtraTreesClassifier(random_state=random_state, n_jobs=n_jobs)


def _boosting(random_state: int | None, n_jobs: int | None) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(random_state=random_state)


def _logistic(random_state: int | None, n_jobs: int | None) -> Any:
    from sklearn.linear_model import LogisticRegression

    # scikit-learn's own tolerance of 1e-4 scores no better, and takes ten times as long on CIFAR-10.
    return LogisticRegression(tol=1e-3, max_iter=2000)


def _ridge(random_state: int | None, n_jobs: int | None) -> Any:
    from sklearn.linear_model import RidgeClassifier

    # Between what suits learnt patches, about 0.1, and other features, 1 or more.
    return RidgeClassifier(alpha=0.3)


def _linear_svm(random_state: int | None, n_jobs: int | None) -> Any:
    from sklearn.svm import LinearSVC

    # Not worth more: with a C of 1, pixels are fitted no better and for much longer.
    return LinearSVC(C=0.1, random_state=random_state)


def _rbf_svm(random_state: int | None, n_jobs: int | None) -> Any:
    from skimgrec.model_selection._rbf_svm import RBFSVMClassifier

    return RBFSVMClassifier(random_state=random_state)


def _perceptron(random_state: int | None, n_jobs: int | None) -> Any:
    from skimgrec.neural_network import KerasMLPClassifier

    return KerasMLPClassifier(random_state=random_state)


def _convolutional(random_state: int | None, n_jobs: int | None) -> Any:
    from skimgrec.neural_network import KerasCNNClassifier

    return KerasCNNClassifier(random_state=random_state)


def _sequential(random_state: int | None, n_jobs: int | None) -> Any:
    from skimgrec.neural_network import KerasCNNClassifier

    return KerasCNNClassifier(architecture="sequential", random_state=random_state)


def _pretrained(image_shape: Any, random_state: int | None, n_jobs: int | None) -> Any:
    from skimgrec.neural_network import PretrainedTransformer

    return PretrainedTransformer(image_shape=image_shape)


# Those of `make_feature_union`, and what needs a network, which that knows nothing of.
KINDS = {**FEATURES, "mobilenet": Feature("features of MobileNetV3Small (needs its ImageNet weights)", _pretrained)}


def _on_pixels(build: _Build, **flattening: Any) -> _Build:
    def build_on_pixels(random_state: int | None, n_jobs: int | None) -> Any:
        from sklearn.pipeline import make_pipeline

        from skimgrec.feature_extraction import ImageFlattener

        return make_pipeline(ImageFlattener(**flattening), build(random_state, n_jobs))

    return build_on_pixels


def _on_features(build: _Build, features: str) -> _Build:
    def build_on_features(random_state: int | None, n_jobs: int | None) -> Any:
        from sklearn.pipeline import FeatureUnion, make_pipeline

        steps = named_features(features, random_state=random_state, n_jobs=n_jobs, kinds=KINDS)
        transformer = steps[0][1] if len(steps) == 1 else FeatureUnion(steps)
        return make_pipeline(transformer, build(random_state, n_jobs))

    return build_on_features


class Classifier(NamedTuple):
    """A classifier that can stand on features of any kind.

    Parameters
    ----------
    description : str
        What it is, to which the features are added.
    build : callable
        Takes (random_state, n_jobs) and returns an unfitted classifier of vectors.
    cost : int
        That of a `Candidate` on HOG features.
    by_default : bool, default=False
        Whether a comparison that names none takes it on HOG features.
    """

    description: str
    build: _Build
    cost: int
    by_default: bool = False


CLASSIFIERS = {
    "1nn": Classifier("the class of the nearest training picture, by its", _nearest, 2, True),
    "knn": Classifier("a vote of the five nearest, by their", _nearest_five, 2),
    "forest": Classifier("random forest on", _forest, 4, True),
    "extra-trees": Classifier("extremely randomised trees on", _extra_trees, 4),
    "boosting": Classifier("gradient boosting of trees on", _boosting, 9),
    "logistic": Classifier("logistic regression on", _logistic, 5),
    "ridge": Classifier("linear least squares on", _ridge, 4),
    "linear-svm": Classifier("linear SVM on", _linear_svm, 6),
    "rbf-svm": Classifier("SVM with an RBF kernel on", _rbf_svm, 7),
}
# What some names are short for, alone or before features.
SHORT = {"svm": "rbf-svm"}


def _on(name: str, features: str) -> Candidate:
    classifier = CLASSIFIERS[name]
    kinds = [KINDS[kind].description for kind in features.split("+")]
    words = " and ".join(filter(None, [", ".join(kinds[:-1]), kinds[-1]]))
    # Every further kind of features makes the rows longer.
    cost = classifier.cost + len(kinds) - 1
    return Candidate(
        f"{classifier.description} {words}",
        _on_features(classifier.build, features),
        classifier.by_default and features == "hog",
        cost,
    )


# uint8 pixels would be searched in float64, with twice the memory.
_SEARCHED: dict[str, Any] = {"dtype": "float32"}
_SCALED: dict[str, Any] = {"dtype": "float32", "scale": True}

CANDIDATES = {
    "chance": Candidate("guesses, with the class frequencies of the training pictures", _chance, True, 0),
    "majority": Candidate("the most frequent class, always", _majority, False, 0),
    "1nn": Candidate(
        "the class of the nearest training picture, by its pixels", _on_pixels(_nearest, **_SEARCHED), True, 1
    ),
    "knn": Candidate("a vote of the five nearest, by their pixels", _on_pixels(_nearest_five, **_SEARCHED), False, 1),
    "forest": Candidate("random forest on pixels", _on_pixels(_forest), True, 3),
    "extra-trees": Candidate("extremely randomised trees on pixels", _on_pixels(_extra_trees), False, 3),
    "boosting": Candidate("gradient boosting of trees on pixels", _on_pixels(_boosting), False, 9),
    "logistic": Candidate("logistic regression on pixels scaled to 0..1", _on_pixels(_logistic, **_SCALED), True, 5),
    "ridge": Candidate("linear least squares on pixels scaled to 0..1", _on_pixels(_ridge, **_SCALED), False, 3),
    "linear-svm": Candidate("linear SVM on pixels scaled to 0..1", _on_pixels(_linear_svm, **_SCALED), False, 6),
    "rbf-svm": Candidate(
        "SVM with an RBF kernel on pixels scaled to 0..1",
        _on_pixels(_rbf_svm, **_SCALED),
        False,
        7,
    ),
    **{f"{name}+hog": _on(name, "hog") for name in CLASSIFIERS},
    "mlp": Candidate("multilayer perceptron on pixels, trained with Keras", _perceptron, True, 1),
    "cnn": Candidate("residual convolutional network, trained with Keras", _convolutional, True, 3),
    "cnn-sequential": Candidate("convolutions, pooling and dense layers, trained with Keras", _sequential, False, 2),
}


def candidate_named(name: Any) -> Candidate | None:
    """Return the classifier of a name, such as "forest" or "svm+hog+lbp"; None if there is none."""
    if not isinstance(name, str):
        return None
    classifier, plus, features = name.partition("+")
    classifier = SHORT.get(classifier, classifier)
    if classifier + plus + features in CANDIDATES:
        return CANDIDATES[classifier + plus + features]
    kinds = features.split("+")
    if classifier not in CLASSIFIERS or not set(kinds) <= set(KINDS) or len(set(kinds)) < len(kinds):
        return None
    return _on(classifier, features)
