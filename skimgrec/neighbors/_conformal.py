"""ConformalClassifier."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skimgrec.neighbors._held_out import HeldOutClassifier
from skimgrec.neighbors._quantile import conformal_quantile
from skimgrec.neighbors._set_scores import adaptive_scores, lac_scores
from skimgrec.utils import unchanged_on_failure


class ConformalClassifier(HeldOutClassifier):
    """Classifier that also answers with sets of classes, which hold the right one with a given probability.

    It wraps any classifier with `predict_proba`. A part of the training pictures is kept from it, and tells how strange
    the right class may look. A set holds every class that looks no stranger (split conformal prediction [1]_). The
    promise needs no assumption about the classifier, only that new pictures are like those held out: a poor classifier
    keeps it with large sets.

    Parameters
    ----------
    estimator : classifier
        The classifier to wrap. It is cloned and fitted. Wrapped in :class:`sklearn.frozen.FrozenEstimator`, it stays as
        it was fitted before; `fit` then wants pictures that it has not learnt from, and uses all of them.
    confidence : float, default=0.9
        Probability that a set holds the right class, in (0, 1). It may be changed after the fit with `set_params`, and
        holds from then on.
    method : {"lac", "aps", "raps"}, default="lac"
        How strange a class looks. "lac" is what its probability lacks to 1, which gives the smallest sets on average,
        and empty ones where no class is likely enough [2]_. "aps" is the probability of all classes that are more
        likely, and a random part of its own: sets are larger, and larger where the classifier is less sure [3]_. "raps"
        adds `penalty` for each class beyond the first `k_reg`, which cuts off long tails of unlikely classes [4]_.
    randomized : bool, default=True
        Whether the part of a class's own probability is drawn at random for "aps" and "raps". False counts all of it:
        sets are larger than promised, and none is empty.
    penalty : float, default=0.01
        For "raps": what is added for each class, not negative.
    k_reg : int, default=1
        For "raps": how many of the most probable classes are free of it.
    validation_fraction : float, default=0.2
        Part of the pictures to keep from the estimator, of each class alike, in (0, 1).
    random_state : int, RandomState instance or None, default=None
        Seeds which pictures are held out, and the random parts. The estimator has its own.

    Attributes
    ----------
    estimator_ : classifier
        The fitted estimator.
    classes_ : ndarray of shape (n_classes,)
        The classes.
    threshold_ : float
        Classes that look no stranger are in the set. It follows `confidence`.
    calibration_scores_ : ndarray of shape (n_held_out,)
        How strange the right class of each picture held out looks, ascending.
    n_features_in_ : int
        Number of values in a picture, if the estimator says it.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen in `fit`, if the estimator says them.

    See Also
    --------
    RejectingClassifier : Rejects pictures of no known class.

    Notes
    -----
    The threshold is the calibration score of rank ``ceil((n + 1) * confidence)`` among n, so that the promise holds for
    any n, on average over the pictures held out and new ones. It says nothing of each class apart, and nothing of
    pictures unlike those held out.

    The random parts are drawn for the pictures of a call in their order, from a seed that `fit` has set: the same call
    gives the same sets.

    References
    ----------
    .. [1] Vovk, V., Gammerman, A. and Shafer, G. (2005). Algorithmic learning in a random world. Springer.
    .. [2] Sadinle, M., Lei, J. and Wasserman, L. (2019). Least ambiguous set-valued classifiers with bounded error
       levels. Journal of the American Statistical Association 114, 223-234.
    .. [3] Romano, Y., Sesia, M. and Candes, E. (2020). Classification with valid and adaptive coverage. NeurIPS.
    .. [4] Angelopoulos, A., Bates, S., Malik, J. and Jordan, M. (2021). Uncertainty sets for image classifiers using
       conformal prediction. ICLR.

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from skimgrec import ConformalClassifier, ImageFlattener, load_digits_images
    >>> X, y = load_digits_images(return_X_y=True)
    >>> forest = make_pipeline(ImageFlattener(), RandomForestClassifier(random_state=0))
    >>> model = ConformalClassifier(forest, confidence=0.95, random_state=0).fit(X[:1000], y[:1000])
    >>> sets = model.predict_set(X[1000:])
    >>> sets.shape, sets.dtype
    ((797, 10), dtype('bool'))
    >>> bool(sets[range(797), y[1000:]].mean() > 0.9)
    True
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **HeldOutClassifier._parameter_constraints,
        "confidence": [Interval(Real, 0, 1, closed="neither")],
        "method": [StrOptions({"lac", "aps", "raps"})],
        "randomized": ["boolean"],
        "penalty": [Interval(Real, 0, None, closed="left")],
        "k_reg": [Interval(Integral, 0, None, closed="left")],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        confidence: float = 0.9,
        method: str = "lac",
        randomized: bool = True,
        penalty: float = 0.01,
        k_reg: int = 1,
        validation_fraction: float = 0.2,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.estimator = estimator
        self.confidence = confidence
        self.method = method
        self.randomized = randomized
        self.penalty = penalty
        self.k_reg = k_reg
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
        """Fit the estimator to a part of the pictures, and calibrate its sets with the others.

        Parameters
        ----------
        X : array-like of n rows
            What the estimator takes: pictures, flattened pictures, or paths.
        y : array-like of shape (n,)
            Class labels: numbers or strings.
        sample_weight : array-like of shape (n,), default=None
            Weight of each picture in the fit of the estimator. Pictures of weight 0 are left out. In `confidence`, each
            of the others counts once.
        X_val : array-like, default=None
            Pictures that are held out in place of a part of `X`.
        y_val : array-like, default=None
            Their labels.
        **fit_params : dict
            What else the `fit` of the estimator takes. Of arrays with a row for each picture, it gets the rows that it
            is fitted to.

        Returns
        -------
        self : ConformalClassifier
            The fitted classifier.

        Raises
        ------
        ValueError
            If too few pictures are held out to promise `confidence`, a class has too few to be divided, labels are
            unknown to a frozen estimator, or weights are given to an estimator that takes none.
        """
        with unchanged_on_failure(self):
            _, held_out = self._fit_estimator(X, y, sample_weight, X_val, y_val, fit_params, all_held_out=True)
            generator = check_random_state(self.random_state)
            self._fitted_scores = (self.method, bool(self.randomized), float(self.penalty), int(self.k_reg))
            scores = self._scores(self.estimator_.predict_proba(held_out.X), generator)
            self.calibration_scores_ = np.sort(scores[np.arange(len(scores)), held_out.codes])
            self._seed = int(generator.randint(2**31 - 1))
            _ = self.threshold_  # too few pictures are an error now, and not when the first one is asked about
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """Return what the estimator predicts.

        Parameters
        ----------
        X : array-like of n rows
            What the estimator takes.

        Returns
        -------
        labels : ndarray of shape (n,)
            Of the kind given to `fit`.
        """
        check_is_fitted(self)
        return self.estimator_.predict(X)

    def predict_proba(self, X: Any) -> NDArray[Any]:
        """Return the estimator's probabilities.

        Parameters
        ----------
        X : array-like of n rows
            What the estimator takes.

        Returns
        -------
        probabilities : ndarray of shape (n, n_classes)
            In the order of `classes_`.
        """
        check_is_fitted(self)
        return self.estimator_.predict_proba(X)

    def predict_set(self, X: Any) -> NDArray[np.bool_]:
        """Return which classes are in the set of each picture.

        Parameters
        ----------
        X : array-like of n rows
            What the estimator takes.

        Returns
        -------
        sets : ndarray of bool of shape (n, n_classes)
            A column for each class, in the order of `classes_`. A row of False is an empty set: no class is likely
            enough.
        """
        probabilities = self.predict_proba(X)
        return self._scores(probabilities, np.random.RandomState(self._seed)) <= self.threshold_

    @property
    def threshold_(self) -> float:
        """Classes that look no stranger are in the set."""
        check_is_fitted(self)
        return conformal_quantile(
            self.calibration_scores_, self.confidence, parameter="confidence", name=type(self).__name__
        )

    def _scores(self, probabilities: NDArray[Any], generator: np.random.RandomState) -> NDArray[np.float64]:
        """Return how strange each class looks for each picture."""
        method, randomized, penalty, k_reg = self._fitted_scores
        if method == "lac":
            return lac_scores(probabilities)
        parts = generator.uniform(size=len(probabilities)) if randomized else np.ones(len(probabilities))
        if method == "aps":
            return adaptive_scores(probabilities, parts)
        return adaptive_scores(probabilities, parts, penalty=penalty, k_reg=k_reg)
