"""What classifiers share that wrap another one and keep pictures from it, to see how it does on new ones."""

from __future__ import annotations

from abc import ABCMeta
from copy import deepcopy
from numbers import Real
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.utils import Tags, _safe_indexing, check_random_state, get_tags, indexable
from sklearn.utils._param_validation import HasMethods, Interval
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, _routing_enabled, process_routing
from sklearn.utils.validation import _check_method_params, _check_sample_weight, has_fit_parameter

from skimgrec.utils import check_labels


class Rows(NamedTuple):
    """Some of the pictures.

    Parameters
    ----------
    X : array-like of n rows
        Pictures, rows or paths.
    codes : ndarray of shape (n,)
        Positions of their labels among the classes.
    weights : ndarray of shape (n,)
        Above 0.
    """

    X: Any
    codes: NDArray[np.intp]
    weights: NDArray[np.float64]


class HeldOutClassifier(ClassifierMixin, MetaEstimatorMixin, BaseEstimator, metaclass=ABCMeta):
    """Base of the classifiers that learn something from pictures which the wrapped one has not seen."""

    estimator: Any
    validation_fraction: float
    random_state: Any

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "estimator": [HasMethods(["fit", "predict_proba"])],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "random_state": ["random_state"],
    }

    def _fit_estimator(
        self,
        X: Any,
        y: Any,
        sample_weight: ArrayLike | None,
        X_val: Any,
        y_val: Any,
        fit_params: dict[str, Any],
        *,
        all_held_out: bool = False,
    ) -> tuple[Rows, Rows]:
        """Fit a clone of the estimator to a part of the pictures, and return that part and the other one.

        `all_held_out` says that a frozen estimator leaves nothing to do with the first part.
        """
        frozen = isinstance(self.estimator, FrozenEstimator)
        labels = check_labels(self, y)
        X, labels = indexable(X, labels)
        weights = _check_sample_weight(sample_weight, labels, dtype=np.float64, ensure_non_negative=True)
        rows = np.flatnonzero(weights)
        if X_val is None and y_val is None:
            training, aside = (rows, rows) if frozen and all_held_out else self._split(labels, rows)
            X_val, y_val, weights_val = _safe_indexing(X, aside), labels[aside], weights[aside]
        else:
            training = rows
            X_val, y_val, weights_val = *self._given(X_val, y_val), None
        self.estimator_ = clone(self.estimator).fit(
            _safe_indexing(X, training), labels[training], **self._routed(X, training, sample_weight, fit_params)
        )
        self.classes_ = self.estimator_.classes_
        for attribute in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.estimator_, attribute):
                setattr(self, attribute, getattr(self.estimator_, attribute))
            elif hasattr(self, attribute):
                delattr(self, attribute)
        held_out = Rows(X_val, self._codes(y_val), np.ones(len(y_val)) if weights_val is None else weights_val)
        return Rows(_safe_indexing(X, training), self._codes(labels[training]), weights[training]), held_out

    def _split(self, labels: NDArray[Any], rows: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the rows to train on and those to hold out, shuffled, of each class alike."""
        seed = check_random_state(self.random_state)
        try:
            return train_test_split(rows, test_size=self.validation_fraction, stratify=labels[rows], random_state=seed)
        except ValueError as error:
            raise ValueError(
                f"{type(self).__name__} sets validation_fraction={self.validation_fraction} of its pictures "
                f"(n_samples={len(rows)}) aside, class by class, which cannot be done: {error} Give more pictures of "
                "each class, another validation_fraction, or X_val and y_val."
            ) from error

    def _given(self, X_val: Any, y_val: Any) -> tuple[Any, NDArray[Any]]:
        if X_val is None or y_val is None:
            missing, there = ("X_val", "y_val") if X_val is None else ("y_val", "X_val")
            raise ValueError(f"{there} is given without {missing}: give both to {type(self).__name__}.fit, or neither.")
        try:
            X_val, labels = indexable(X_val, check_labels(self, y_val))
        except ValueError as error:
            raise ValueError(f"X_val and y_val cannot be used: {error}") from error
        return X_val, labels

    def _routed(
        self, X: Any, training: NDArray[np.intp], sample_weight: Any, fit_params: dict[str, Any]
    ) -> dict[str, Any]:
        """Return what the estimator's `fit` gets beside the pictures: of arrays for all of them, the training rows."""
        if _routing_enabled():
            given = process_routing(self, "fit", sample_weight=sample_weight, **fit_params).estimator.fit
        else:
            given = dict(fit_params)
            # A frozen estimator learns nothing; the weights still count where this one does.
            if sample_weight is not None and not isinstance(self.estimator, FrozenEstimator):
                given[self._name_of_weights()] = sample_weight
        return _check_method_params(X, params=given, indices=training)

    def _name_of_weights(self) -> str:
        """Return under which name the estimator's `fit` takes weights: a pipeline has them for its last step."""
        estimator, prefix = self.estimator, ""
        while isinstance(estimator, Pipeline):
            prefix += f"{estimator.steps[-1][0]}__"
            estimator = estimator.steps[-1][1]
        if not has_fit_parameter(estimator, "sample_weight"):
            raise ValueError(
                f"sample_weight is given, but {type(estimator).__name__}.fit takes none. Leave it out, or wrap a "
                "classifier that takes weights."
            )
        return f"{prefix}sample_weight"

    def _codes(self, labels: NDArray[Any]) -> NDArray[np.intp]:
        """Return the positions of labels among the estimator's classes."""
        known = np.isin(labels, self.classes_)
        if not known.all():
            raise ValueError(
                f"y holds labels that the estimator does not know: {np.unique(labels[~known])[:5].tolist()}; its "
                f"classes are {self.classes_[:10].tolist()}. Give {type(self).__name__} pictures of these only."
            )
        return np.searchsorted(self.classes_, labels)

    def get_metadata_routing(self) -> MetadataRouter:
        """Return how metadata are routed, as scikit-learn's guide to metadata routing describes.

        Returns
        -------
        routing : MetadataRouter
            What `fit` takes, and hands on to the `fit` of the estimator.
        """
        return (
            MetadataRouter(owner=self)
            .add_self_request(self)
            .add(estimator=self.estimator, method_mapping=MethodMapping().add(caller="fit", callee="fit"))
        )

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags = deepcopy(inner.input_tags)
        tags.input_tags.pairwise = False
        if inner.classifier_tags is not None:
            tags.classifier_tags = deepcopy(inner.classifier_tags)
            tags.classifier_tags.multi_label = False
        return tags
