"""What compiled code takes on trust, and a hostile file could break: indices, shapes, and finite numbers.

scikit-learn's trees, forests, boosting, support vectors and neighbours follow indices from their fitted state without
looking at them, so that a wrong one reads or writes memory that is not theirs. Everything else is Python and NumPy, and
fails by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.persistence._errors import ModelFileError
from skimgrec.persistence._types import OWN, SEARCH_TREES, SEARCHERS

_MOST_ORIENTATIONS = 2**16
# Learned numbers of every kind of estimator, by the names that scikit-learn gives them.
_LEARNED = ("coef_", "intercept_", "coefs_", "intercepts_", "dual_coef_", "support_vectors_", "components_", "theta_")
# Those that have a column for each feature.
_BY_FEATURE = ("coef_", "_coef", "_standard_coef", "_average_coef", "standard_coef_", "average_coef_")


def check_tree(args: Any, state: Any) -> None:
    """Check what a decision tree is made from.

    Raises
    ------
    ModelFileError
        If its parts do not fit each other, or a node leads to none or back.
    """
    what = "A decision tree"
    _require(isinstance(args, tuple) and len(args) == 3 and isinstance(state, dict), what, "is incomplete")
    n_features, n_classes, n_outputs = args
    _require(_is_count(n_features) and _is_count(n_outputs), what, "has sizes that are none")
    _require(_is_integers(n_classes) and n_classes.shape == (n_outputs,), what, "has no number of classes")
    _require(n_classes.dtype == np.intp and (n_classes >= 1).all(), what, "has no number of classes")
    nodes, values = state.get("nodes"), state.get("values")
    depth, count = state.get("max_depth"), state.get("node_count")
    _require(type(depth) is int and _is_count(count), what, "has sizes that are none")
    _require(isinstance(nodes, np.ndarray) and nodes.shape == (count,), what, "has another number of nodes")
    _require({"left_child", "right_child", "feature"} <= set(nodes.dtype.names or ()), what, "has nodes that are none")
    shape = (count, n_outputs, int(n_classes.max()))
    _require(isinstance(values, np.ndarray) and values.shape == shape, what, "has values of another shape")
    _require(values.dtype == np.float64 and bool(np.isfinite(values).all()), what, "has values that are not finite")
    inner = nodes["left_child"] != -1
    _check_children(what, inner, nodes["left_child"], nodes["right_child"])
    features = nodes["feature"][inner]
    _require(bool(((features >= 0) & (features < n_features)).all()), what, "asks for a feature that there is not")


def check_random_state(state: Any) -> None:
    """Check the state of NumPy's Mersenne Twister, which does not look at its own place in the key.

    Raises
    ------
    ModelFileError
        If it is another generator's, or the place is outside.
    """
    what = "A random state"
    _require(isinstance(state, dict) and state.get("bit_generator") == "MT19937", what, "is of another generator")
    inner = state.get("state")
    _require(isinstance(inner, dict), what, "is incomplete")
    key, place = inner.get("key"), inner.get("pos")
    _require(_is_integers(key) and key.shape == (624,), what, "has a key of another length")
    _require(type(place) is int and 0 <= place <= 624, what, "has a place outside its key")


def check_object(value: Any, name: str) -> None:
    """Check a rebuilt object of scikit-learn or ours, and finish what was left out of the file.

    Raises
    ------
    ModelFileError
        If its parts do not fit each other.
    """
    check = _CHECKS.get(name)
    if check is not None:
        check(value)
    state = vars(value)
    for attribute in _LEARNED:
        for array in _arrays(state.get(attribute)):
            _require(
                bool(np.isfinite(array).all()), type(value).__name__, f"has values in {attribute} that are not finite"
            )
    n_features = state.get("n_features_in_")
    for attribute in _BY_FEATURE:
        array = state.get(attribute)
        if n_features is not None and isinstance(array, np.ndarray) and array.ndim == 2:
            _require(array.shape[1] == n_features, type(value).__name__, f"has {attribute} for other features")
    if name in OWN:
        _check_own(value)
    if name in SEARCHERS:
        _finish_neighbours(value)


def _check_decision_tree(value: Any) -> None:
    tree: Any = getattr(value, "tree_", None)
    n_features = getattr(value, "n_features_in_", None)
    if tree is None and n_features is None:
        return
    what = type(value).__name__
    _require(_is_a(tree, "sklearn.tree._tree.Tree"), what, "has no tree")
    _require(tree.n_features == n_features, what, "has a tree of other features")


def _check_forest(value: Any) -> None:
    trees = getattr(value, "estimators_", None)
    if trees is None:
        return
    what = type(value).__name__
    _require(isinstance(trees, list) or (isinstance(trees, np.ndarray) and trees.ndim == 2), what, "has no trees")
    n_features, n_outputs = getattr(value, "n_features_in_", None), getattr(value, "n_outputs_", 1)
    boosted = isinstance(trees, np.ndarray)
    n_values = 1 if boosted else None
    for tree in np.ravel(trees) if boosted else trees:
        _require(_is_a(tree, "sklearn.tree._classes.", whole=False) and hasattr(tree, "tree_"), what, "has other trees")
        _require(tree.tree_.n_features == n_features, what, "has trees of other features")
        # Boosting reads one value of a leaf, a forest what the tree itself says there is.
        _require(not boosted or tree.tree_.value.shape[1:] == (1, n_values), what, "has trees with other leaves")
        _require(boosted or tree.tree_.n_outputs == n_outputs, what, "has trees with other outputs")


def _check_gradient_boosting(value: Any) -> None:
    _check_forest(value)
    trees = getattr(value, "estimators_", None)
    if trees is None:
        return
    what = type(value).__name__
    _require(isinstance(trees, np.ndarray) and trees.ndim == 2, what, "has no trees")
    # The trees add to the columns that the first guess has, and nothing looks how many there are.
    guess = value._raw_predict_init(np.zeros((1, value.n_features_in_), np.float32))
    _require(guess.shape == (1, trees.shape[1]), what, "has trees for other classes")


def _check_one_hot(value: Any) -> None:
    """Check that no index lies beyond the columns: they go into a sparse matrix that does not look."""
    state, what = vars(value), type(value).__name__
    if "categories_" not in state:
        return
    _require(
        state.get("_infrequent_enabled") is False and state.get("drop_idx_") is None, what, "leaves out categories"
    )
    _require(state.get("_drop_idx_after_grouping") is None, what, "leaves out categories")
    categories = state["categories_"]
    whole = isinstance(categories, list) and all(isinstance(part, np.ndarray) and part.ndim == 1 for part in categories)
    _require(whole, what, "has no categories")
    sizes = state.get("_n_features_outs")
    _require(isinstance(sizes, list) and sizes == [len(part) for part in categories], what, "has other categories")
    for part in categories:
        if part.dtype.kind != "O":
            numbers = part[:-1] if part.dtype.kind == "f" and len(part) and np.isnan(part[-1]) else part
            _require(bool((numbers[:-1] < numbers[1:]).all()), what, "has categories out of order")


def _check_predictor(value: Any) -> None:
    what = "A tree of histogram boosting"
    nodes: Any = getattr(value, "nodes", None)
    wanted = {"left", "right", "feature_idx", "is_leaf", "is_categorical", "value"}
    _require(isinstance(nodes, np.ndarray) and nodes.ndim == 1 and len(nodes) > 0, what, "has no nodes")
    _require(wanted <= set(nodes.dtype.names or ()), what, "has nodes that are none")
    # What a category indexes is checked nowhere in scikit-learn.
    _require(not nodes["is_categorical"].any(), what, "splits by categories, which no model file can hold")
    inner = nodes["is_leaf"] == 0
    _check_children(what, inner, nodes["left"].astype(np.int64), nodes["right"].astype(np.int64))
    _require(bool(np.isfinite(nodes["value"]).all()), what, "has values that are not finite")
    for part in ("raw_left_cat_bitsets", "binned_left_cat_bitsets"):
        array: Any = getattr(value, part, None)
        _require(_is_integers(array) and array.ndim == 2 and array.shape[1] == 8, what, f"has no {part}")


def _check_histogram_boosting(value: Any) -> None:
    stages = getattr(value, "_predictors", None)
    if stages is None:
        return
    what = type(value).__name__
    n_features, mapper = getattr(value, "n_features_in_", None), getattr(value, "_bin_mapper", None)
    _require(_is_count(n_features), what, "has no number of features")
    _require(getattr(value, "_n_features", None) == n_features, what, "has another number of features")
    _require(getattr(value, "_preprocessor", None) is None, what, "has categories, which no model file can hold")
    _require(_is_a(mapper, "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper"), what, "has no bins")
    categorical: Any = getattr(mapper, "is_categorical_", None)
    _require(isinstance(categorical, np.ndarray) and categorical.shape == (n_features,), what, "has other bins")
    _require(not categorical.any(), what, "has categories, which no model file can hold")
    _require(isinstance(stages, list) and all(isinstance(stage, list) for stage in stages), what, "has no trees")
    for tree in (tree for stage in stages for tree in stage):
        _require(
            _is_a(tree, "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"), what, "has other trees"
        )
        inner = tree.nodes["is_leaf"] == 0
        _require(
            bool((tree.nodes["feature_idx"][inner] < n_features).all()), what, "asks for a feature that there is not"
        )
        _require(bool((tree.nodes["feature_idx"][inner] >= 0).all()), what, "asks for a feature that there is not")


def _check_support_vectors(value: Any) -> None:
    state = vars(value)
    if "support_vectors_" not in state:
        return
    what = type(value).__name__
    _require("_impl" not in state, what, "is of another kind")
    names = ("support_", "support_vectors_", "_n_support", "_dual_coef_", "_intercept_", "_probA", "_probB", "classes_")
    arrays = [state.get(name) for name in names]
    _require(all(isinstance(array, np.ndarray) for array in arrays), what, "is incomplete or sparse")
    support, vectors, counts, dual, intercept, *probabilities, classes = arrays
    k, n = len(classes), len(support)
    pairs = k * (k - 1) // 2
    precomputed = state.get("kernel") == "precomputed"
    _require(state.get("_sparse") is False, what, "is sparse")
    _require(_is_integers(support) and support.ndim == 1 and _is_integers(counts), what, "has no support")
    _require(counts.shape == (k,) and bool((counts >= 0).all()) and int(counts.sum()) == n, what, "has another support")
    _require(vectors.ndim == 2 and (precomputed or len(vectors) == n), what, "has other support vectors")
    _require(precomputed or vectors.shape[1] == state.get("n_features_in_"), what, "has vectors of other features")
    _require(dual.shape == (k - 1, n) and intercept.shape == (pairs,), what, "has coefficients of another shape")
    _require(all(array.shape in ((0,), (pairs,)) for array in probabilities), what, "has coefficients of another shape")
    fitted = state.get("shape_fit_")
    _require(isinstance(fitted, tuple) and len(fitted) > 0 and _is_count(fitted[0]), what, "has no shape")
    _require(bool(((support >= 0) & (support < fitted[0])).all()), what, "has a support that there is not")


def _finish_neighbours(value: Any) -> None:
    state, what = vars(value), type(value).__name__
    if "_fit_X" not in state:
        return
    points, labels, method = state["_fit_X"], state.get("_y"), state.get("_fit_method")
    _require(isinstance(points, np.ndarray) and points.ndim == 2 and points.dtype.kind in "fiu", what, "has no points")
    _require(points.shape == (state.get("n_samples_fit_"), state.get("n_features_in_")), what, "has other points")
    if hasattr(value, "classes_"):
        several = isinstance(value.classes_, list)
        classes = value.classes_ if several else [value.classes_]
        _require(_is_integers(labels) and len(labels) == len(points), what, "has other labels")
        _require(labels.ndim <= 2 and labels.size == len(points) * len(classes), what, "has other labels")
        columns = labels.reshape(len(points), len(classes)).T
        inside = all(
            ((column >= 0) & (column < len(names))).all() for column, names in zip(columns, classes, strict=True)
        )
        _require(inside, what, "has labels that there are not")
    _require(method in ("brute", *SEARCH_TREES.values()), what, "searches in no known way")
    tree = state.get("_tree")
    _require(tree == (None if method == "brute" else method), what, "has a search tree that is none")
    if tree is not None:
        metric, settings = state.get("effective_metric_"), state.get("effective_metric_params_")
        _require(isinstance(metric, str) and isinstance(settings, dict), what, "has no metric")
        _require(_is_count(state.get("leaf_size")), what, "has no size of a leaf")
        from sklearn.neighbors import BallTree, KDTree

        kind = KDTree if tree == "kd_tree" else BallTree
        value._tree = kind(points, value.leaf_size, metric=metric, **settings)


def _check_own(value: Any) -> None:
    """Check parameters that only `fit` looks at, and that compiled code or a network is made by.

    What is checked goes by the type alone: a file may leave out any attribute, and bring any other.
    """
    value._validate_params()
    what = type(value).__name__
    learnt = {name for name in vars(value).keys() - value.get_params(deep=False).keys() if name[:1] != "_"}
    learnt |= {name for name in vars(value) if name in _STATES.values()}
    if what == "ImageLoader" or not learnt:
        return
    if what in _WRAPPERS:
        if hasattr(value, "calibration_scores_"):
            _check_calibration(value)
        return
    _require(hasattr(value, "n_features_in_"), what, "has no number of features")
    shape: Any = getattr(value, "image_shape_", None)
    is_shape = isinstance(shape, tuple) and len(shape) in (2, 3) and all(_is_count(side) for side in shape)
    _require(is_shape, what, "has no shape of pictures")
    _require(int(np.prod(shape)) == value.n_features_in_, what, "has pictures of another shape")
    if what in _STATES:
        _require(_STATES[what] in vars(value), what, "has no layout")
    if what == "HOGTransformer":
        _check_hog(value)
    elif what == "PatchKMeansTransformer":
        from skimgrec.persistence._patches_faults import patches_fault

        fault = patches_fault(value)
        _require(fault is None, what, fault or "")
    elif what in ("LBPTransformer", "ColorHistogramTransformer", "BagOfVisualWords"):
        from skimgrec.persistence._histogram_faults import histogram_fault

        fault = histogram_fault(value, _STATES[what])
        _require(fault is None, what, fault or "")
    elif what in _STATES:
        from skimgrec.neural_network._pretrained_state import check_stored_backbone
        from skimgrec.neural_network._stored_state import check_stored_state

        check = check_stored_backbone if what == "PretrainedTransformer" else check_stored_state
        try:
            check(value)
        except (ValueError, OverflowError) as error:
            raise ModelFileError(str(error)) from error


def _check_calibration(value: Any) -> None:
    """Check what a wrapper has learnt from pictures held out: NaN there would let every picture, or class, through."""
    state, what = vars(value), type(value).__name__
    scores, views = state["calibration_scores_"], state.get("_calibration_views")
    _require(isinstance(scores, np.ndarray) and scores.ndim == 1 and scores.dtype == np.float64, what, "has no scores")
    _require(len(scores) > 0 and bool(np.isfinite(scores).all()), what, "has scores that are not finite")
    _require(bool((scores[:-1] <= scores[1:]).all()), what, "has scores out of order")
    if views is not None:
        _require(isinstance(views, np.ndarray) and views.dtype == np.float64, what, "has no views")
        _require(views.shape == (2, len(scores)), what, "has views of other pictures")
        _require(bool(np.isfinite(views).all()), what, "has views that are not finite")
    temperature = state.get("temperature_", 1.0)
    _require(isinstance(temperature, float) and 0 < temperature < np.inf, what, "has a temperature that is none")


def _check_hog(value: Any) -> None:
    """Check the sizes that the kernels trust, for which the parameters do not stand any more."""
    what = "HOGTransformer"
    parts = value._fitted_layout
    _require(isinstance(parts, tuple) and len(parts) == 7, what, "has no layout")
    orientations, cell, block, norm, *flags = parts
    pairs = all(isinstance(pair, tuple) and len(pair) == 2 and all(map(_is_count, pair)) for pair in (cell, block))
    _require(pairs and _is_count(orientations) and orientations <= _MOST_ORIENTATIONS, what, "has sizes that are none")
    _require(
        norm in ("L1", "L1-sqrt", "L2", "L2-Hys") and all(isinstance(flag, bool) for flag in flags), what, "is odd"
    )
    fits = all(side >= c * b for side, c, b in zip(value.image_shape_, cell, block, strict=False))
    _require(fits, what, "has cells that do not fit into its pictures")


# The attribute in which each type of ours keeps what is taken on trust.
_STATES = {
    "BagOfVisualWords": "_words_layout",
    "ColorHistogramTransformer": "_color_layout",
    "HOGTransformer": "_fitted_layout",
    "KerasCNNClassifier": "_weights",
    "KerasMLPClassifier": "_weights",
    "LBPTransformer": "_lbp_layout",
    "PatchKMeansTransformer": "_patches_layout",
    "PretrainedTransformer": "_weights",
}
_WRAPPERS = ("ConformalClassifier", "RejectingClassifier")
_TREES = "DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier ExtraTreeRegressor"
_FORESTS = "ExtraTreesClassifier RandomForestClassifier RandomTreesEmbedding"
_BOOSTING = "sklearn.ensemble._hist_gradient_boosting"
_CHECKS: dict[str, Callable[[Any], None]] = {
    **{f"sklearn.tree._classes.{name}": _check_decision_tree for name in _TREES.split()},
    **{f"sklearn.ensemble._forest.{name}": _check_forest for name in _FORESTS.split()},
    "sklearn.ensemble._gb.GradientBoostingClassifier": _check_gradient_boosting,
    "sklearn.preprocessing._encoders.OneHotEncoder": _check_one_hot,
    f"{_BOOSTING}.predictor.TreePredictor": _check_predictor,
    f"{_BOOSTING}.gradient_boosting.HistGradientBoostingClassifier": _check_histogram_boosting,
    "sklearn.svm._classes.SVC": _check_support_vectors,
    "sklearn.svm._classes.NuSVC": _check_support_vectors,
}


def _require(condition: bool, what: str, fault: str) -> None:
    if not condition:
        raise ModelFileError(f"{what} in the file {fault}: the file was damaged or made up.")


def _check_children(what: str, inner: NDArray[Any], *children: NDArray[Any]) -> None:
    """Every child comes after its node, as all builders of trees number them, so that each path ends in a leaf."""
    own = np.flatnonzero(inner)
    for child in children:
        _require(bool(((child[inner] > own) & (child[inner] < len(inner))).all()), what, "has a node that leads astray")


def _is_count(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool) and bool(1 <= value < 2**40)


def _is_integers(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "iu"


def _is_a(value: Any, name: str, *, whole: bool = True) -> bool:
    found = f"{type(value).__module__}.{type(value).__qualname__}"
    return found == name if whole else found.startswith(name)


def _arrays(value: Any) -> Iterable[NDArray[Any]]:
    for part in value if isinstance(value, (list, tuple)) else [value]:
        if isinstance(part, np.ndarray) and part.dtype.kind in "fc":
            yield part
