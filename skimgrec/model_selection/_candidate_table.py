"""Ready-made classifiers: how each is built, and on which features of a picture it makes sense."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

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


def _on_pixels(build: _Build, **flattening: Any) -> _Build:
    def build_on_pixels(random_state: int | None, n_jobs: int | None) -> Any:
        from sklearn.pipeline import make_pipeline

        from skimgrec.feature_extraction import ImageFlattener

        return make_pipeline(ImageFlattener(**flattening), build(random_state, n_jobs))

    return build_on_pixels


def _on_hog(build: _Build) -> _Build:
    def build_on_hog(random_state: int | None, n_jobs: int | None) -> Any:
        from sklearn.pipeline import make_pipeline

        from skimgrec.feature_extraction import HOGTransformer

        return make_pipeline(HOGTransformer(n_jobs=n_jobs), build(random_state, n_jobs))

    return build_on_hog


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
    "linear-svm": Candidate("linear SVM on pixels scaled to 0..1", _on_pixels(_linear_svm, **_SCALED), False, 6),
    "rbf-svm": Candidate(
        "SVM with an RBF kernel on pixels scaled to 0..1",
        _on_pixels(_rbf_svm, **_SCALED),
        False,
        7,
    ),
    "1nn+hog": Candidate("the class of the nearest training picture, by its HOG features", _on_hog(_nearest), True, 2),
    "knn+hog": Candidate("a vote of the five nearest, by their HOG features", _on_hog(_nearest_five), False, 2),
    "forest+hog": Candidate("random forest on HOG features", _on_hog(_forest), True, 4),
    "extra-trees+hog": Candidate("extremely randomised trees on HOG features", _on_hog(_extra_trees), False, 4),
    "boosting+hog": Candidate("gradient boosting of trees on HOG features", _on_hog(_boosting), False, 9),
    "logistic+hog": Candidate("logistic regression on HOG features", _on_hog(_logistic), False, 5),
    "linear-svm+hog": Candidate("linear SVM on HOG features", _on_hog(_linear_svm), False, 6),
    "rbf-svm+hog": Candidate("SVM with an RBF kernel on HOG features", _on_hog(_rbf_svm), False, 7),
    "mlp": Candidate("multilayer perceptron on pixels, trained with Keras", _perceptron, True, 1),
    "cnn": Candidate("residual convolutional network, trained with Keras", _convolutional, True, 3),
    "cnn-sequential": Candidate("convolutions, pooling and dense layers, trained with Keras", _sequential, False, 2),
}
