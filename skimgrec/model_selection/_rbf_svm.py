"""A support vector machine with an RBF kernel that scales to many pictures."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from skimgrec.model_selection._landmarks import choose_landmarks, fit_machine, sides_of


class RBFSVMClassifier(ClassifierMixin, BaseEstimator):
    """Support vector machine with an RBF kernel, exact on few rows and approximate on many.

    The exact machine takes time that grows faster than the square of the number of rows. Above `max_exact` of them, the
    kernel is approximated by its values at `n_components` rows drawn at random, the landmarks (Nystroem's method), and
    a linear machine is trained on those.

    Parameters
    ----------
    C : float, default=3.0
        How much a training row on the wrong side costs, above 0.
    gamma : "scale" or float, default="scale"
        Of the kernel ``exp(-gamma * squared distance)``. "scale" is 1 / (n_features * variance of all values).
    n_components : int, default=4000
        How many landmarks the approximate kernel rests on, at most as many as there are rows. Time grows with the
        square of it.
    max_exact : int, default=5000
        Up to how many training rows the machine is exact.
    random_state : int, RandomState or None, default=None
        Seeds the choice of the landmarks.

    Attributes
    ----------
    estimator_ : SVC or None
        The exact machine; None above `max_exact` rows.
    landmarks_ : ndarray of shape (n_landmarks, n_features) or None
        The training rows that the approximate kernel rests on, without repetitions; None of the exact machine, as what
        follows.
    dual_coef_ : ndarray of shape (n_classes, n_landmarks), or (1, n_landmarks) of two classes, or None
        How much each landmark speaks for each class.
    intercept_ : ndarray of shape (n_classes,), or (1,) of two classes, or None
        What is added to that.
    gamma_ : float
        The kernel's `gamma` in use.
    classes_ : ndarray of shape (n_classes,)
        The classes, sorted.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen in `fit`, if they are all strings.

    See Also
    --------
    sklearn.svm.SVC : The exact machine.
    sklearn.kernel_approximation.Nystroem : The approximation.
    sklearn.svm.LinearSVC : The linear machine.

    Notes
    -----
    The exact machine trains one classifier for each pair of classes with the hinge loss, the approximate one for each
    class against all others with the squared hinge loss, on what :class:`~sklearn.kernel_approximation.Nystroem` gives:
    it approximates :class:`~sklearn.svm.LinearSVC` on that, intercept included. It is computed by least squares to
    moving targets (majorisation, as in Groenen, Nalbantov and Bioch), for all classes with one Cholesky factor, in the
    precision of the features. It ends with the first step that lowers what is minimised by less than a thousandth, or
    after 50. Near the default `C`, nearly all rows then get the class that they would get at the minimum. The larger
    `C` is, the further from the minimum that is, and no warning says so: where a large `C` is to have its full effect,
    use scikit-learn's two. The steps take the memory of n_samples * n_components of their numbers, up to 2 GiB; beyond,
    the kernel is computed anew in each step.

    With `sample_weight`, each row's cost is multiplied. Landmarks are drawn from the rows whose weight is not 0, all
    with the same chance: unless all are landmarks, a row of weight 2 is therefore not quite the same as the row twice.

    References
    ----------
    Williams, C. and Seeger, M. (2001). Using the Nystroem method to speed up kernel machines. NIPS.

    Groenen, P., Nalbantov, G. and Bioch, J. (2008). SVM-Maj: a majorization approach to linear support vector machines
    with different hinge errors. Advances in Data Analysis and Classification 2(1).
    https://doi.org/10.1007/s11634-008-0020-9

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skimgrec.model_selection import RBFSVMClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> model = RBFSVMClassifier().fit(X[:1000], y[:1000])
    >>> round(model.score(X[1000:], y[1000:]), 2)
    0.97
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "C": [Interval(Real, 0, None, closed="neither")],
        "gamma": [StrOptions({"scale"}), Interval(Real, 0, None, closed="neither")],
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "max_exact": [Interval(Integral, 0, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        C: float = 3.0,
        gamma: str | float = "scale",
        n_components: int = 4000,
        max_exact: int = 5000,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.C = C
        self.gamma = gamma
        self.n_components = n_components
        self.max_exact = max_exact
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train the machine.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Features, such as pixels on one scale.
        y : array-like of shape (n,)
            The class of each row.
        sample_weight : array-like of shape (n,), default=None
            How much each row counts, at least 0. None means 1.

        Returns
        -------
        self : RBFSVMClassifier
            The fitted classifier.

        Raises
        ------
        ValueError
            If the rows that count are of fewer than two classes, or a weight is below 0.
        """
        X, y = validate_data(self, X, y, dtype=[np.float64, np.float32])
        check_classification_targets(y)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
            counted = sample_weight > 0
            X, y, sample_weight = X[counted], y[counted], sample_weight[counted]
        classes = np.unique(y)
        if len(classes) < 2:
            raise ValueError(
                f"The number of classes has to be greater than one; got 1 class, {classes.tolist()[0]!r}. Give "
                f"{type(self).__name__} rows of two classes or more."
            )
        gamma = float(self.gamma) if self.gamma != "scale" else 1 / (X.shape[1] * _variance(X, sample_weight) or 1.0)
        machine: Any = None
        approximate: tuple[Any, Any, Any] = (None, None, None)
        if len(X) <= self.max_exact:
            from sklearn.svm import SVC

            machine = SVC(C=self.C, gamma=gamma).fit(X, y, sample_weight)
        else:
            landmarks = choose_landmarks(X, self.n_components, check_random_state(self.random_state))
            of_class = y[:, None] == (classes[1:] if len(classes) == 2 else classes)
            signs = np.where(of_class, 1, -1).astype(X.dtype)
            approximate = landmarks, *fit_machine(X, signs, sample_weight, landmarks, gamma, self.C)
        self.estimator_ = machine
        self.landmarks_, self.dual_coef_, self.intercept_ = approximate
        self.gamma_ = gamma
        self.classes_ = classes
        return self

    def decision_function(self, X: Any) -> NDArray[Any]:
        """Return how clearly each row is on the side of each class.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Features.

        Returns
        -------
        decisions : ndarray of shape (n, n_classes), or (n,) of two classes
            The higher, the more of the class; of two classes, positive is the second.
        """
        rows = self._rows(X)
        if self.estimator_ is not None:
            return self.estimator_.decision_function(rows)
        return self._decisions(rows)

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the class of each row.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Features.

        Returns
        -------
        classes : ndarray of shape (n,)
            A class each.
        """
        rows = self._rows(X)
        if self.estimator_ is not None:
            return self.estimator_.predict(rows)
        decisions = self._decisions(rows)
        return self.classes_[(decisions > 0).astype(int) if decisions.ndim == 1 else decisions.argmax(axis=1)]

    def _decisions(self, rows: NDArray[Any]) -> NDArray[Any]:
        sides = sides_of(rows, self.landmarks_, self.dual_coef_, self.intercept_, self.gamma_)
        return sides[:, 0] if len(self.classes_) == 2 else sides

    def _rows(self, X: Any) -> NDArray[Any]:
        check_is_fitted(self)
        return validate_data(self, X, reset=False, dtype=[np.float64, np.float32])


def _variance(X: NDArray[np.floating], weights: NDArray[np.floating] | None) -> float:
    """Return the variance of all values."""
    if weights is None:
        return float(X.var())
    mean = float(np.average(X.mean(axis=1), weights=weights))
    return float(np.average(np.square(X - X.dtype.type(mean)).mean(axis=1), weights=weights))
