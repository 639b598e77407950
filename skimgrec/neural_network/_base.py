"""What the Keras classifiers share: training, prediction, and a state of plain numbers."""

from __future__ import annotations

import warnings
from abc import ABCMeta, abstractmethod
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import Tags, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from skimgrec.neural_network._compilation import (
    compilation_key,
    make_loss,
    make_metrics,
    make_optimizer,
    n_outputs,
    optimizer_key,
    wants_one_hot,
)
from skimgrec.neural_network._keras_values import from_plain, to_plain
from skimgrec.neural_network._labels import check_classes, check_labels, encode_labels
from skimgrec.neural_network._network import Arrays, Network, TrainingState, dtype_policy, frozen, with_pixel_scale
from skimgrec.neural_network._pool import networks
from skimgrec.neural_network._row_weights import row_weights
from skimgrec.neural_network._runtime import load_keras
from skimgrec.neural_network._scaling import PixelScale
from skimgrec.utils import chunk_slices, read_chunks, unchanged_on_failure, validate_pictures, with_channel_axis

if TYPE_CHECKING:
    import keras


# Pixels in one forward pass: temporary memory grows with it, and nothing is gained beyond.
_PIXELS_PER_FORWARD_PASS = 2**18
_PICTURES_PER_FORWARD_PASS = 1024


class BaseKerasClassifier(ClassifierMixin, BaseEstimator, metaclass=ABCMeta):
    """Base of the classifiers that train a Keras network; a subclass names the architecture."""

    _parameter_constraints: ClassVar[dict] = {
        "dropout": [Interval(Real, 0, 1, closed="left"), "array-like", None],
        "batch_normalization": ["boolean", "array-like", None],
        "loss": [str, callable, None],
        "metrics": [str, callable, "array-like", None],
        "optimizer": "no_validation",
        "learning_rate": [Interval(Real, 0, None, closed="neither"), None],
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "warm_start": ["boolean"],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
        "image_shape": ["array-like", None],
    }

    history_: dict[str, list[Any]]
    _seed: int
    _weights: Arrays

    @abstractmethod
    def _architecture(self) -> tuple[Callable[..., keras.Model], dict[str, Any]]:
        """Return the function that builds the network, and its hyperparameters."""

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
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

        Returns
        -------
        self : object
            The fitted classifier.

        Raises
        ------
        ValueError
            If `X` breaks the picture contract, `y` holds a single class, or a parameter has an unusable value.
        """
        resume = bool(self.warm_start) and hasattr(self, "_weights")
        with unchanged_on_failure(self):
            self._train(X, y, sample_weight, classes=None, epochs=self.epochs, resume=resume)
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
            If `classes` is missing at the first call or differs later, `y` holds a label that is not in it, or
            ``class_weight="balanced"``, which a part of the pictures cannot tell.
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
        with unchanged_on_failure(self):
            self._train(X, y, sample_weight, classes=classes, epochs=1, resume=resume)
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
        scale = PixelScale.for_pictures(pictures.dtype, self.value_range_)
        height, width, _ = with_channel_axis(self.image_shape_)
        size = max(1, min(_PICTURES_PER_FORWARD_PASS, _PIXELS_PER_FORWARD_PASS // (height * width)))
        probabilities = np.empty((len(pictures), len(self.classes_)))
        with self._lend_network(scale.input_dtype, weights=self._weights) as network:
            network.load_weights(self._weights)
            for where, chunk in read_chunks(pictures, multiple_of=size):
                for rows in chunk_slices(len(chunk), size=size):
                    outputs = network.predict(scale(chunk[rows]))
                    probabilities[where][rows, -outputs.shape[1] :] = outputs
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

    @property
    def model_(self) -> keras.Model:
        """The trained network: a new, compiled `keras.Model` that takes pixel values as `fit` saw them.

        Changing it does not change the classifier.
        """
        check_is_fitted(self)
        low, high = self.value_range_
        model = with_pixel_scale(self._build_core(), PixelScale(low, high, "float32"), input_dtype="float32")
        model.set_weights(self._weights)
        model.compile(
            optimizer=make_optimizer(self.optimizer, self.learning_rate),
            loss=make_loss(self.loss),
            metrics=make_metrics(self.metrics),
        )
        return model

    def summary(self) -> None:
        """Print the layers of the trained network, the shape of their outputs and their numbers of parameters."""
        self.model_.summary()

    def _train(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        *,
        classes: ArrayLike | None,
        epochs: int,
        resume: bool,
    ) -> None:
        name = type(self).__name__
        labels = check_labels(self, y)
        pictures = validate_pictures(self, X, reset=not resume)
        check_consistent_length(pictures, labels)
        load_keras()
        if resume:
            self._check_resumable(classes)
        else:
            self._start(check_classes(labels, classes, name))
        targets = encode_labels(labels, self.classes_, name)
        weights = row_weights(targets, self.classes_, sample_weight, self.class_weight)

        from skimgrec.neural_network._batches import EpochOrder, TrainingBatches
        from skimgrec.neural_network._scikeras import train

        scale = PixelScale.for_pictures(pictures.dtype, self.value_range_)
        batches = TrainingBatches(
            pictures,
            targets,
            weights,
            n_outputs=self.n_outputs_,
            one_hot=wants_one_hot(self.loss),
            scale=scale,
            batch_size=self.batch_size,
            seed=self._seed,
        )
        with self._lend_trainable_network(scale.input_dtype, resume) as network:
            history = train(
                network.model,
                batches,
                epochs=epochs,
                initial_epoch=self.n_iter_,
                callbacks=[EpochOrder(batches)],
                verbose=int(self.verbose),
            )
            self._store(network.state())
        self.n_iter_ += epochs
        self.history_ = {**self.history_, **{k: self.history_.get(k, []) + values for k, values in history.items()}}
        if not all(np.isfinite(array).all() for array in self._weights):
            warnings.warn(
                f"{name} has diverged: some of its weights are not finite, and its predictions are meaningless. Try a "
                "smaller learning_rate.",
                ConvergenceWarning,
                stacklevel=4,
            )

    def _start(self, classes: NDArray[Any]) -> None:
        """Set all that does not change while training goes on."""
        self.n_outputs_ = n_outputs(self.loss, len(classes))
        self.classes_ = classes
        self.n_iter_ = 0
        self.history_ = {}
        # Kept apart from the parameters and Keras's global policy, which may be set anew while the weights stay.
        self._hyperparameters = _plain(self._architecture()[1])
        self._dtype_policy = load_keras().config.dtype_policy().name
        self._seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))

    def _check_resumable(self, classes: ArrayLike | None) -> None:
        name = type(self).__name__
        if classes is not None and not np.array_equal(np.unique(np.asarray(classes)), self.classes_):
            raise ValueError(f"classes={classes!r} differ from those of the first call to {name}: {self.classes_!r}.")
        wanted = _plain(self._architecture()[1])
        changed = [key for key, value in wanted.items() if value != self._hyperparameters[key]]
        if n_outputs(self.loss, len(self.classes_)) != self.n_outputs_:
            changed.append("loss")
        if changed:
            raise ValueError(
                f"{name} cannot go on training: {', '.join(changed)} changed since it was fitted, and the trained "
                "weights do not fit another network. Set it back, or fit with warm_start=False."
            )

    def _lend_network(self, input_dtype: str, **wishes: Any) -> AbstractContextManager[Network]:
        """Lend a network of the fitted architecture from the process's pool."""

        def build() -> Network:
            core = self._build_core()
            unscaled = PixelScale(0.0, 255.0, "uint8")
            return Network(with_pixel_scale(core, unscaled, input_dtype="uint8") if input_dtype == "uint8" else core)

        key: Hashable = (
            self._architecture()[0],
            tuple(self._hyperparameters.items()),
            with_channel_axis(self.image_shape_),
            self.n_outputs_,
            input_dtype,
            self._dtype_policy,
        )
        return networks.lend(key, build, **wishes)

    @contextmanager
    def _lend_trainable_network(self, input_dtype: str, resume: bool) -> Iterator[Network]:
        """Lend a compiled network that starts from this classifier's state, or from new weights."""
        optimizer = make_optimizer(self.optimizer, self.learning_rate)
        compilation = compilation_key(optimizer, self.loss, self.metrics)
        with self._lend_network(input_dtype, compilation=compilation) as network:
            network.compile(compilation, optimizer, make_loss(self.loss), make_metrics(self.metrics))
            if resume:
                self._check_same_optimizer(optimizer)
                network.load(TrainingState(self._weights, self._optimizer_variables, self._generator_states))
                rate = self.learning_rate
            else:
                network.initialize(self._seed)
                self._optimizer_key = optimizer_key(optimizer)
                rate = optimizer.get_config()["learning_rate"]
            # A rate that the optimizer was given as a schedule stands in its configuration as a dict.
            if isinstance(rate, Real):
                network.model.optimizer.learning_rate = float(rate)
            yield network

    def _check_same_optimizer(self, optimizer: keras.Optimizer) -> None:
        if optimizer_key(optimizer) != self._optimizer_key:
            raise ValueError(
                f"{type(self).__name__} cannot go on training: the optimizer changed since it was fitted, and "
                f"{type(optimizer).__name__} with {optimizer.get_config()} cannot take over the state. Set it back "
                "(learning_rate may change), or fit with warm_start=False."
            )

    def _store(self, state: TrainingState) -> None:
        self._weights = state.weights
        self._optimizer_variables = state.optimizer
        self._generator_states = state.generators

    @property
    def weights_(self) -> Arrays:
        """Weights of the network, in the order of `keras.Model.get_weights`, as read-only arrays."""
        return list(self._weights)

    @weights_.setter
    def weights_(self, weights: Sequence[ArrayLike]) -> None:
        self._weights = frozen(weights)

    def _prepare_process(self, X: Any) -> None:
        """Load Keras, so that no fit is charged with the seconds that this takes a process."""
        load_keras()

    def __getstate__(self) -> dict[str, Any]:
        return {name: to_plain(value) for name, value in super().__getstate__().items()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__({name: from_plain(value) for name, value in state.items()})
        if "_weights" in state:
            self._weights = frozen(self._weights)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_weights")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def _build_core(self) -> keras.Model:
        shape = with_channel_axis(self.image_shape_)
        with dtype_policy(self._dtype_policy):
            return self._architecture()[0](shape, self.n_outputs_, **self._hyperparameters)


def _plain(hyperparameters: dict[str, Any]) -> dict[str, Any]:
    """Return hyperparameters as values that compare and hash: sequences as tuples, NumPy's numbers as Python's."""

    def plain(value: Any) -> Any:
        if isinstance(value, np.generic):
            return value.item()
        if np.iterable(value) and not isinstance(value, str):
            return tuple(plain(part) for part in value)
        return value

    return {name: plain(value) for name, value in hyperparameters.items()}
