"""What the Keras classifiers share: their parameters and their methods."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin, _fit_context
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skimgrec.neural_network._augmentation import NAMED
from skimgrec.neural_network._network import Network
from skimgrec.neural_network._runtime import load_keras
from skimgrec.neural_network._scaling import PixelScale
from skimgrec.neural_network._schedule import SCHEDULES
from skimgrec.neural_network._training import TrainableNetwork
from skimgrec.utils import (
    Pictures,
    chunk_slices,
    read_chunks,
    unchanged_on_failure,
    validate_pictures,
    with_channel_axis,
)

# Pixels in one forward pass: temporary memory grows with it, and nothing is gained beyond.
_PIXELS_PER_FORWARD_PASS = 2**18
_PICTURES_PER_FORWARD_PASS = 1024


class BaseKerasClassifier(ClassifierMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin, TrainableNetwork):
    """Base of the classifiers that train a Keras network; a subclass names the architecture."""

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "dropout": [Interval(Real, 0, 1, closed="left"), "array-like", None],
        "batch_normalization": ["boolean", "array-like", None],
        "loss": [str, callable, None],
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
        "metrics": [str, callable, "array-like", None],
        "optimizer": "no_validation",
        "learning_rate": [Interval(Real, 0, None, closed="neither"), None],
        "learning_rate_schedule": [StrOptions(set(SCHEDULES))],
        "weight_decay": [Interval(Real, 0, None, closed="left"), None],
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "augmentation": [StrOptions(set(NAMED)), dict, None],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "callbacks": "no_validation",
        "feature_layer": [Integral, str],
        "dtype_policy": [str, None],
        "n_threads": [Interval(Integral, 1, None, closed="left"), None],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "warm_start": ["boolean"],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
        "image_shape": ["array-like", None],
    }

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        X_val: ArrayLike | None = None,
        y_val: ArrayLike | None = None,
    ) -> Self:
        """Train the network from new initial weights, or from the last ones with ``warm_start=True``.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features)
            Pictures; `uint8` is never copied to float as a whole, and those that `ImageLoader` gives are read batch by
            batch, once in every epoch.
        y : array-like of shape (n,)
            Class labels: numbers or strings.
        sample_weight : array-like of shape (n,), default=None
            Weight of each picture; a weight of 2 counts like the picture given twice.
        X_val : array-like of the shape of X, default=None
            Pictures to judge each epoch by, of the shape and range of values of `X`. With ``early_stopping=True`` they
            take the place of those that would be set aside.
        y_val : array-like, default=None
            Their labels, all of which occur in `y`.

        Returns
        -------
        self : object
            The fitted classifier.

        Raises
        ------
        ValueError
            If `X` breaks the picture contract, `X_val` has another shape or range of values, `y` holds a single class,
            or a parameter has an unusable value.

        Warns
        -----
        sklearn.exceptions.ConvergenceWarning
            If Ctrl-C ends training after its first epoch: the classifier is then fitted, as at the end of the last
            finished epoch. Also if weights are not finite.
        """
        resume = bool(self.warm_start) and hasattr(self, "_weights")
        with unchanged_on_failure(self):
            self._train(
                X,
                y,
                sample_weight,
                classes=None,
                epochs=self.epochs,
                resume=resume,
                validation=(X_val, y_val),
                stop_early=bool(self.early_stopping),
            )
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Train for one more epoch on these pictures, going on exactly where training stopped.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features)
            Pictures, of the same shape and range of values at every call.
        y : array-like of shape (n,)
            Class labels.
        classes : array-like of shape (n_classes,), default=None
            All labels that any call will bring. Needed at the first call, unless `fit` came before.
        sample_weight : array-like of shape (n,), default=None
            Weight of each picture.

        Returns
        -------
        self : object
            The fitted classifier.

        Raises
        ------
        ValueError
            If `classes` is missing at the first call or differs later, `y` holds a label that is not in it,
            ``class_weight="balanced"``, which a part of the pictures cannot tell, or ``early_stopping=True``.
        """
        resume = hasattr(self, "_weights")
        if not resume and classes is None:
            raise ValueError(
                "classes must be passed on the first call to partial_fit: later calls may bring labels that this one "
                "lacks. Use classes=np.unique(y) with the labels of all pictures."
            )
        if isinstance(self.class_weight, str):
            raise ValueError(
                f"class_weight={self.class_weight!r} is not supported for partial_fit, which sees a part of the "
                "pictures. Give the weights as a dict: sklearn.utils.compute_class_weight computes them."
            )
        if self.early_stopping:
            raise ValueError(
                f"early_stopping={self.early_stopping!r} is not supported for partial_fit, which trains for one epoch. "
                "Stop calling it when a score of your own gets no better, or use fit."
            )
        with unchanged_on_failure(self):
            self._train(X, y, sample_weight, classes=classes, epochs=1, resume=resume, new_cycle=False)
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features)
            Pictures of the shape and range of values seen at `fit`.

        Returns
        -------
        probabilities : ndarray of shape (n, n_classes)
            In the order of `classes_`; every row sums to 1.
        """
        check_is_fitted(self)
        pictures = validate_pictures(self, X, reset=False)
        probabilities = np.empty((len(pictures), len(self.classes_)))
        with self._forward_pass(pictures) as (network, batches):
            for rows, batch in batches:
                outputs = network.predict(batch)
                probabilities[rows, -outputs.shape[1] :] = outputs
        if self.n_outputs_ == 1:
            probabilities[:, 0] = 1 - probabilities[:, 1]
        else:
            # float32 rows sum to 1 within 1e-7 only, which scikit-learn's log loss would warn of.
            probabilities /= probabilities.sum(axis=1, keepdims=True)
        return probabilities

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the most probable class of each picture.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features)
            Pictures of the shape and range of values seen at `fit`.

        Returns
        -------
        labels : ndarray of shape (n,)
            Of the kind given to `fit`.
        """
        probabilities = self.predict_proba(X)
        return self.classes_[np.argmax(probabilities, axis=1)]

    def transform(self, X: ArrayLike) -> NDArray[np.float32]:
        """Return what the layer `feature_layer` gives for each picture.

        Parameters
        ----------
        X : array-like of shape (n, h, w), (n, h, w, c) or (n, n_features)
            Pictures of the shape and range of values seen at `fit`.

        Returns
        -------
        features : ndarray of shape (n, n_features_out)
            The layer's output, flattened where it has several axes.

        Raises
        ------
        ValueError
            If the network has no such layer.
        """
        check_is_fitted(self)
        pictures = validate_pictures(self, X, reset=False)
        with self._forward_pass(pictures) as (network, batches):
            features = np.empty((len(pictures), network.n_features(self.feature_layer)), np.float32)
            for rows, batch in batches:
                features[rows] = network.features(batch, self.feature_layer)
        return features

    @property
    def _n_features_out(self) -> int:
        check_is_fitted(self)
        load_keras(self.n_threads)
        with self._lend_network(self._input_dtype) as network:
            return network.n_features(self.feature_layer)

    @contextmanager
    def _forward_pass(self, pictures: Pictures) -> Iterator[tuple[Network, Iterator[tuple[slice, NDArray[Any]]]]]:
        """Lend a network that holds the weights, with the batches that it should be given and where they lie."""
        load_keras(self.n_threads)
        scale = PixelScale.for_pictures(pictures.dtype, self.value_range_)
        height, width = self._size_in_network()
        size = max(1, min(_PICTURES_PER_FORWARD_PASS, _PIXELS_PER_FORWARD_PASS // (height * width)))

        def batches() -> Iterator[tuple[slice, NDArray[Any]]]:
            for where, chunk in read_chunks(pictures, multiple_of=size):
                for rows in chunk_slices(len(chunk), size=size):
                    yield slice(where.start + rows.start, where.start + rows.stop), scale(chunk[rows])

        with self._lend_network(scale.input_dtype, weights=self._weights) as network:
            network.load_weights(self._weights)
            yield network, batches()

    def _size_in_network(self) -> tuple[int, int]:
        """Return the height and width that the network works with."""
        return with_channel_axis(self.image_shape_)[:2]

    def _prepare_process(self, X: Any) -> None:
        """Load Keras, so that no fit is charged with the seconds that this takes a process."""
        load_keras(self.n_threads)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = []
        return tags
