"""RejectingClassifier."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import _fit_context, clone
from sklearn.utils import Tags, _safe_indexing, check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skimgrec.neighbors._familiarity import fit_neighbors, mean_ranks, nearness, sureness
from skimgrec.neighbors._feature_space import as_rows, logits_and_features
from skimgrec.neighbors._held_out import HeldOutClassifier, Rows
from skimgrec.neighbors._quantile import conformal_quantile
from skimgrec.neighbors._temperature import fit_temperature, tempered
from skimgrec.neighbors._unknown_label import choose_unknown_label, with_unknown
from skimgrec.utils import unchanged_on_failure


class RejectingClassifier(HeldOutClassifier):
    """Classifier that answers "none of these" to pictures unlike those it was trained on.

    It wraps any classifier. A part of the training pictures is kept from it. They say how familiar pictures of the
    known kinds are, and the least familiar ones are rejected from then on, so that at least the part `coverage` of
    pictures of the known kinds is answered. They also calibrate the probabilities, by one temperature.

    Parameters
    ----------
    estimator : classifier
        The classifier to wrap, with `predict_proba` or `decision_function`: a network, a pipeline, a search. It is
        cloned and fitted. Wrapped in :class:`sklearn.frozen.FrozenEstimator`, it stays as it was fitted before; `fit`
        then wants pictures of the known classes that it has not learnt from.
    coverage : float, default=0.95
        Part of the pictures of known kinds that are to be answered, in (0, 1]; 1 answers everything. It may be changed
        after the fit with `set_params`, and holds from then on.
    method : {"combined", "distance", "softmax"}, default="combined"
        What makes a picture familiar. "softmax" is the highest probability that the classifier gives; "distance" is the
        distance of its features to the `n_neighbors`-th nearest among those of training pictures, both brought to
        length 1; "combined" is the mean of the ranks that a picture has by each of the two among the pictures held out.
    n_neighbors : int, default=5
        How many neighbours. Where there are fewer training pictures, all of them.
    max_samples : int, default=10000
        The most training pictures that distances are measured to, drawn at random. They are kept with the classifier.
    feature_extractor : transformer, default=None
        What gives the features, such as :class:`HOGTransformer`; it is cloned, and fitted to those training pictures.
        None takes the features where the classifier has them: what a network's `transform` gives, which is its last
        layer but one; what the last step of a pipeline gets; or the pixels.
    unknown_label : int, float or str, default=None
        What `predict` answers where it rejects. None is "unknown" where classes are text, and -1 where they are
        numbers, or the next lower number if classes are negative themselves.
    validation_fraction : float, default=0.2
        Part of the pictures to keep from the estimator, of each class alike, in (0, 1).
    random_state : int, RandomState instance or None, default=None
        Seeds which pictures are held out, and which ones distances are measured to. The estimator has its own.

    Attributes
    ----------
    estimator_ : classifier
        The fitted estimator.
    classes_ : ndarray of shape (n_classes,)
        The known classes; the unknown label is not among them.
    unknown_label_ : int, float or str
        What `predict` answers where it rejects.
    threshold_ : float
        Pictures whose `score_samples` is below it are rejected. It follows `coverage`.
    temperature_ : float
        What the logarithms of the estimator's probabilities are divided by, to calibrate them.
    calibration_scores_ : ndarray of shape (n_held_out,)
        How familiar the pictures held out are, ascending.
    feature_extractor_ : transformer or None
        The fitted `feature_extractor`.
    n_features_in_ : int
        Number of values in a picture, if the estimator says it.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen in `fit`, if the estimator says them.

    See Also
    --------
    ConformalClassifier : Sets of classes that hold the right one with a given probability.
    sklearn.calibration.CalibratedClassifierCV : Calibration alone.

    Notes
    -----
    The literature calls this open-set recognition. Highest probabilities are the usual baseline [1]_, distances to a
    k-th neighbour among features of length 1 do better for many networks [2]_. The probabilities are calibrated by
    temperature scaling [4]_.

    The threshold is a conformal quantile [3]_: among n pictures held out it is the score of rank
    ``ceil((n + 1) * coverage)`` from the most familiar down. A new picture of the known kinds is then answered with a
    probability of at least `coverage`, on average over what might have been held out, whatever the classifier. How many
    pictures of other kinds are rejected, nothing can promise: that depends on what they are.

    Metrics that compare `predict` with labels count a rejected picture as wrong; those of probabilities do not see it.

    References
    ----------
    .. [1] Hendrycks, D. and Gimpel, K. (2017). A baseline for detecting misclassified and out-of-distribution examples
       in neural networks. ICLR.
    .. [2] Sun, Y., Ming, Y., Zhu, X. and Li, Y. (2022). Out-of-distribution detection with deep nearest neighbors.
       ICML.
    .. [3] Vovk, V., Gammerman, A. and Shafer, G. (2005). Algorithmic learning in a random world. Springer.
    .. [4] Guo, C., Pleiss, G., Sun, Y. and Weinberger, K. (2017). On calibration of modern neural networks. ICML.

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from skimgrec import HOGTransformer, RejectingClassifier, load_digits_images
    >>> X, y = load_digits_images(return_X_y=True)
    >>> hog = HOGTransformer(pixels_per_cell=(2, 2), cells_per_block=(2, 2))
    >>> forest = make_pipeline(hog, RandomForestClassifier(random_state=0))
    >>> model = RejectingClassifier(forest, random_state=0).fit(X[:1200][y[:1200] < 8], y[:1200][y[:1200] < 8])
    >>> model.classes_, model.unknown_label_
    (array([0, 1, 2, 3, 4, 5, 6, 7]), -1)
    >>> new, labels = X[1200:], y[1200:]
    >>> known = model.predict(new) != model.unknown_label_
    >>> bool(known[labels < 8].mean() > 0.9), bool(known[labels >= 8].mean() < 0.6)
    (True, True)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **HeldOutClassifier._parameter_constraints,
        "estimator": [HasMethods(["fit", "predict_proba"]), HasMethods(["fit", "decision_function"])],
        "coverage": [Interval(Real, 0, 1, closed="right")],
        "method": [StrOptions({"combined", "distance", "softmax"})],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "max_samples": [Interval(Integral, 1, None, closed="left")],
        "feature_extractor": [HasMethods(["fit", "transform"]), None],
        "unknown_label": [str, Real, None],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        coverage: float = 0.95,
        method: str = "combined",
        n_neighbors: int = 5,
        max_samples: int = 10_000,
        feature_extractor: Any = None,
        unknown_label: Any = None,
        validation_fraction: float = 0.2,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.estimator = estimator
        self.coverage = coverage
        self.method = method
        self.n_neighbors = n_neighbors
        self.max_samples = max_samples
        self.feature_extractor = feature_extractor
        self.unknown_label = unknown_label
        self.validation_fraction = validation_fraction
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        X_val: Any = None,
        y_val: ArrayLike | None = None,
        **fit_params: Any,
    ) -> Self:
        """Fit the estimator to a part of the pictures, and learn from the others what is familiar.

        Parameters
        ----------
        X : array-like of n rows
            What the estimator takes: pictures, flattened pictures, or paths.
        y : array-like of shape (n,)
            Class labels: numbers or strings.
        sample_weight : array-like of shape (n,), default=None
            Weight of each picture in the fit of the estimator and in the calibration of probabilities. Pictures of
            weight 0 are left out. In `coverage`, each of the others counts once.
        X_val : array-like, default=None
            Pictures of the known classes that are held out in place of a part of `X`.
        y_val : array-like, default=None
            Their labels.
        **fit_params : dict
            What else the `fit` of the estimator takes. Of arrays with a row for each picture, it gets the rows that it
            is fitted to.

        Returns
        -------
        self : RejectingClassifier
            The fitted classifier.

        Raises
        ------
        ValueError
            If too few pictures are held out to promise `coverage`, a class has too few to be divided, labels are
            unknown to a frozen estimator, the unknown label is a class, or weights are given to an estimator that takes
            none.
        """
        distances = self.method != "softmax"
        with unchanged_on_failure(self):
            training, held_out = self._fit_estimator(
                X, y, sample_weight, X_val, y_val, fit_params, all_held_out=not distances
            )
            self.unknown_label_ = choose_unknown_label(self.classes_, self.unknown_label, type(self).__name__)
            self.feature_extractor_: Any = None
            self._neighbors: Any = None
            self._calibration_views: NDArray[np.float64] | None = None
            self._fitted_method = self.method
            if distances:
                self._fit_space(training)
            logits, views = self._look(held_out.X)
            self.temperature_ = fit_temperature(logits, held_out.codes, held_out.weights)
            if len(views) > 1:
                self._calibration_views = np.sort(views, axis=1)
            self.calibration_scores_ = np.sort(self._familiarity(views, are_calibration=True))
            _ = self.threshold_  # too few pictures are an error now, and not when the first one is asked about
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable class of each picture, or the unknown label.

        Parameters
        ----------
        X : array-like of n rows
            What the estimator takes.

        Returns
        -------
        labels : ndarray of shape (n,)
            Of the kind given to `fit`. Integers may be of a wider type, which holds the unknown label as well.
        """
        check_is_fitted(self)
        logits, views = self._look(X)
        labels = self.classes_[np.argmax(logits, axis=1)]
        return with_unknown(labels, self._familiarity(views) < self.threshold_, self.unknown_label_)

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the calibrated probability of each known class, whether a picture is rejected or not.

        Parameters
        ----------
        X : array-like of n rows
            What the estimator takes.

        Returns
        -------
        probabilities : ndarray of shape (n, n_classes)
            In the order of `classes_`; every row sums to 1.
        """
        check_is_fitted(self)
        logits, _ = logits_and_features(self.estimator_, X, len(self.classes_), features=False)
        return tempered(logits, self.temperature_)

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """Return how familiar each picture is.

        Parameters
        ----------
        X : array-like of n rows
            What the estimator takes.

        Returns
        -------
        scores : ndarray of shape (n,)
            The higher, the more familiar; pictures below `threshold_` are rejected. By "softmax", the highest
            probability before calibration; by "distance", the distance with a minus sign; by "combined", from 0 to 1.
        """
        check_is_fitted(self)
        _, views = self._look(X, logits=self._fitted_method != "distance")
        return self._familiarity(views)

    def _probabilities_and_known(self, X: Any) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return what `predict_proba` does, and which pictures `predict` does not reject, in one pass over them."""
        check_is_fitted(self)
        logits, views = self._look(X)
        return tempered(logits, self.temperature_), self._familiarity(views) >= self.threshold_

    @property
    def threshold_(self) -> float:
        """Pictures whose `score_samples` is below it are rejected."""
        check_is_fitted(self)
        if self.coverage == 1:
            return -np.inf
        strangeness = -self.calibration_scores_[::-1]
        return -conformal_quantile(strangeness, self.coverage, parameter="coverage", name=type(self).__name__)

    def _fit_space(self, training: Rows) -> None:
        """Learn where training pictures lie, at most `max_samples` of them."""
        X, n = training.X, len(training.codes)
        if n > self.max_samples:
            rows = check_random_state(self.random_state).choice(n, self.max_samples, replace=False)
            X = _safe_indexing(X, np.sort(rows))
        if self.feature_extractor is not None:
            self.feature_extractor_ = clone(self.feature_extractor)
            features = as_rows(self.feature_extractor_.fit_transform(X))
        else:
            _, features = logits_and_features(self.estimator_, X, len(self.classes_), logits=False)
        self._neighbors = fit_neighbors(features, self.n_neighbors)

    def _look(self, X: Any, *, logits: bool = True) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the logits of pictures, and how familiar they are by each view of the method: (n_views, n)."""
        said, features = logits_and_features(
            self.estimator_,
            X,
            len(self.classes_),
            extractor=self.feature_extractor_,
            logits=logits,
            features=self._fitted_method != "softmax",
        )
        views = []
        if self._fitted_method != "distance":
            views.append(sureness(said))
        if self._fitted_method != "softmax":
            views.append(nearness(self._neighbors, features))
        return said, np.array(views)

    def _familiarity(self, views: NDArray[np.float64], *, are_calibration: bool = False) -> NDArray[np.float64]:
        if self._calibration_views is None:
            return views[0]
        return mean_ranks(views, self._calibration_views, are_calibration=are_calibration)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = tags.input_tags.sparse and self.method == "softmax"
        return tags
