"""Several kinds of features at once, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from sklearn.pipeline import FeatureUnion

from skimgrec.feature_extraction._color import ColorHistogramTransformer
from skimgrec.feature_extraction._flatten import ImageFlattener
from skimgrec.feature_extraction._hog import HOGTransformer
from skimgrec.feature_extraction._lbp import LBPTransformer
from skimgrec.feature_extraction._patches import PatchKMeansTransformer
from skimgrec.feature_extraction._words import BagOfVisualWords
from skimgrec.utils._suggestion import did_you_mean


class Feature(NamedTuple):
    """A kind of features that has a name.

    Parameters
    ----------
    description : str
        What it is, after which a sentence can go on.
    build : callable
        Takes (image_shape, random_state, n_jobs) and returns an unfitted transformer of pictures.
    """

    description: str
    build: Callable[[Any, int | None, int | None], Any]


def _pixels(image_shape: Any, random_state: int | None, n_jobs: int | None) -> Any:
    return ImageFlattener(dtype="float32", scale=True, image_shape=image_shape)


def _hog(image_shape: Any, random_state: int | None, n_jobs: int | None) -> Any:
    return HOGTransformer(image_shape=image_shape, n_jobs=n_jobs)


def _lbp(image_shape: Any, random_state: int | None, n_jobs: int | None) -> Any:
    return LBPTransformer(image_shape=image_shape, n_jobs=n_jobs)


def _color(image_shape: Any, random_state: int | None, n_jobs: int | None) -> Any:
    return ColorHistogramTransformer(image_shape=image_shape, n_jobs=n_jobs)


def _words(image_shape: Any, random_state: int | None, n_jobs: int | None) -> Any:
    return BagOfVisualWords(image_shape=image_shape, random_state=random_state, n_jobs=n_jobs)


def _patches(image_shape: Any, random_state: int | None, n_jobs: int | None) -> Any:
    return PatchKMeansTransformer(image_shape=image_shape, random_state=random_state, n_jobs=n_jobs)


# Histograms that are normalised to the same length, 1 a block of HOG, a cell or a picture, so that none of them
# drowns the others where distances count.
FEATURES = {
    "hog": Feature("HOG features", _hog),
    "lbp": Feature("local binary patterns", _lbp),
    "color": Feature("colour histograms", _color),
    "bovw": Feature("visual words", _words),
    "patches": Feature("responses to learnt filters of patches", _patches),
    "pixels": Feature("pixels scaled to 0..1", _pixels),
}


def feature_descriptions() -> dict[str, str]:
    """Return what each of the features is that `make_feature_union` knows, by name.

    Examples
    --------
    >>> from skimgrec.feature_extraction import feature_descriptions
    >>> feature_descriptions()["lbp"]
    'local binary patterns'
    """
    return {name: feature.description for name, feature in FEATURES.items()}


def make_feature_union(
    features: str | Iterable[str],
    *,
    image_shape: tuple[int, ...] | None = None,
    random_state: int | None = None,
    n_jobs: int | None = None,
) -> FeatureUnion:
    """Build a transformer that describes pictures by several kinds of features at once.

    Parameters
    ----------
    features : str or iterable of str
        Which ones, in the order wanted, as a list of names or joined by plus signs: "hog" (:class:`HOGTransformer`),
        "lbp" (:class:`LBPTransformer`), "color" (:class:`ColorHistogramTransformer`), "bovw"
        (:class:`BagOfVisualWords`), "patches" (:class:`PatchKMeansTransformer`) and "pixels" (:class:`ImageFlattener`,
        scaled to 0..1). `feature_descriptions` lists them.
    image_shape : tuple of int, default=None
        (height, width) or (height, width, channels) of pictures that come flattened.
    random_state : int, default=None
        Seed for each kind that draws random numbers.
    n_jobs : int, default=None
        Number of threads that each kind works with, one kind after another.

    Returns
    -------
    union : FeatureUnion
        Unfitted, with a step for each kind under its name.

    Raises
    ------
    ValueError
        If a name is unknown, appears twice, or there is none.

    See Also
    --------
    skimgrec.model_selection.candidates : Classifiers on such features, by names such as "svm+hog+lbp+color".

    Notes
    -----
    All of them have their default parameters, with which each block of HOG, each histogram of a cell and that of the
    visual words has the Euclidean length 1, as the responses to patches of each quarter have on average. So none is
    longer than the others only because it counts more, and they need not be standardised. A kind that says nothing of
    the classes costs accuracy all the same, in an SVM or for the nearest neighbours. Pixels are only scaled to 0..1. A
    parameter is set as in every union, for example ``union.set_params(lbp__scales=((8, 1), (16, 2)))``. Pictures in
    files are read once for each kind.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skimgrec import make_feature_union
    >>> union = make_feature_union("hog+lbp")
    >>> features = union.fit_transform(load_digits().images)
    >>> [(name, step.transform(load_digits().images).shape[1]) for name, step in union.transformer_list]
    [('hog', 324), ('lbp', 944)]
    >>> features.shape
    (1797, 1268)
    """
    return FeatureUnion(named_features(features, image_shape=image_shape, random_state=random_state, n_jobs=n_jobs))


def named_features(
    features: str | Iterable[str],
    *,
    image_shape: tuple[int, ...] | None = None,
    random_state: int | None = None,
    n_jobs: int | None = None,
    kinds: Mapping[str, Feature] = FEATURES,
) -> list[tuple[str, Any]]:
    """Return a transformer for each kind of features, with its name; `kinds` are those that there are.

    Raises
    ------
    ValueError
        If a name is unknown, appears twice, or there is none.
    """
    names = features.split("+") if isinstance(features, str) else list(features)
    known = ", ".join(kinds)
    if not names or names == [""]:
        raise ValueError(f"No features are named. Known are {known}, joined by plus signs as in 'hog+lbp'.")
    for position, name in enumerate(names):
        if name not in kinds:
            raise ValueError(
                f"Unknown features {name!r}{did_you_mean(name, kinds)} Known are {known}, joined by plus signs as in "
                "'hog+lbp'."
            )
        if name in names[:position]:
            raise ValueError(f"The features {name!r} are named twice. Name each kind once.")
    return [(name, kinds[name].build(image_shape, random_state, n_jobs)) for name in names]
