"""A fitted network as an estimator keeps it: plain numbers, and the way from them back to a Keras model."""

from __future__ import annotations

import inspect
from abc import ABCMeta, abstractmethod
from collections.abc import Callable, Hashable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from skimgrec.neural_network._augmentation import Amounts
from skimgrec.neural_network._compilation import make_metrics, make_optimizer, make_saveable_loss
from skimgrec.neural_network._keras_values import from_plain, to_plain
from skimgrec.neural_network._network import (
    Arrays,
    Network,
    dtype_policy,
    frozen,
    keras_seeded,
    rescaling,
    with_front_layers,
)
from skimgrec.neural_network._placement import placement
from skimgrec.neural_network._pool import networks
from skimgrec.neural_network._scaling import PixelScale
from skimgrec.neural_network.architectures import (
    architecture_function,
    check_core,
    check_new_variables,
    freeze,
    is_backbone,
)
from skimgrec.utils import with_channel_axis

if TYPE_CHECKING:
    import keras


class FittedNetwork(BaseEstimator, metaclass=ABCMeta):
    """What the network has learned, and what it is built by."""

    history_: dict[str, list[Any]]
    _augmentation: Amounts
    _weights: Arrays
    # Whether training has begun with weights from elsewhere.
    _is_pretrained: bool = False

    @abstractmethod
    def _architecture(self) -> tuple[str | Callable[..., keras.Model], dict[str, Any]]:
        """Return the architecture that the parameters ask for, and those of its hyperparameters that are given."""

    @property
    def model_(self) -> keras.Model:
        """The trained network: a new, compiled `keras.Model` that takes pixel values as `fit` saw them.

        Changing it does not change the classifier. `keras.models.load_model` brings back what its `save` has written;
        with class codes smoothed by `label_smoothing`, or a loss that is no one of Keras's own, only with
        ``compile=False``.
        """
        check_is_fitted(self)
        from skimgrec.neural_network._batch_normalization import keras_own_layers

        low, high = self.value_range_
        scale = rescaling(PixelScale(low, high, "float32"))
        with keras_own_layers():
            model = with_front_layers(self._build_core(), [scale], input_dtype="float32")
        model.set_weights(self._weights)
        model.compile(
            optimizer=make_optimizer(self.optimizer, self.learning_rate, self.weight_decay),
            loss=make_saveable_loss(self.loss, self.label_smoothing),
            metrics=make_metrics(self.metrics),
        )
        return model

    @property
    def loss_(self) -> float:
        """Loss of the last epoch, on the training pictures as they were augmented; NaN before the first one.

        That is where the weights come from elsewhere.
        """
        return self.loss_curve_[-1] if self.loss_curve_ else float("nan")

    @property
    def loss_curve_(self) -> list[float]:
        """Loss of each epoch."""
        check_is_fitted(self)
        return list(self.history_["loss"])

    @property
    def best_loss_(self) -> float:
        """The smallest loss of an epoch; NaN before the first one."""
        return min(self.loss_curve_, default=float("nan"))

    @property
    def validation_scores_(self) -> list[float] | None:
        """Accuracy of each epoch on the validation pictures; None without any.

        Where `metrics` lacks the accuracy, the validation loss with a minus sign.
        """
        check_is_fitted(self)
        if "val_loss" not in self.history_:
            return None
        if "val_accuracy" in self.history_:
            return list(self.history_["val_accuracy"])
        return [-loss for loss in self.history_["val_loss"]]

    @property
    def best_validation_score_(self) -> float | None:
        """The highest of `validation_scores_`; None without any."""
        scores = self.validation_scores_
        return None if scores is None else float(np.nanmax(scores))

    @property
    def best_epoch_(self) -> int | None:
        """Number of the epoch, from 1, whose weights early stopping has taken back.

        None without early stopping, and where what a fit went on from was better than all of its epochs.
        """
        scores, rank = self.validation_scores_, getattr(self, "_best_rank", None)
        if scores is None or rank is None:
            return None
        ranks = list(zip(scores, [-loss for loss in self.history_["val_loss"]], strict=True))
        return ranks.index(tuple(rank)) + 1 if tuple(rank) in ranks else None

    def summary(self) -> None:
        """Print the layers of the trained network, the shape of their outputs and their numbers of parameters."""
        self.model_.summary()

    @property
    def weights_(self) -> Arrays:
        """Weights of the network, in the order of `keras.Model.get_weights`, as read-only arrays."""
        return list(self._weights)

    @weights_.setter
    def weights_(self, weights: Sequence[ArrayLike]) -> None:
        self._weights = frozen(weights)

    def __getstate__(self) -> dict[str, Any]:
        return {name: to_plain(value) for name, value in super().__getstate__().items()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        n_threads = state.get("n_threads")
        parameters = inspect.signature(type(self)).parameters.values()
        # Of a version that lacked a parameter, the state has none; it did what is the default now.
        defaults = {each.name: each.default for each in parameters if each.default is not each.empty}
        super().__setstate__({**defaults, **{name: from_plain(value, n_threads) for name, value in state.items()}})
        if "_weights" in state:
            self._weights = frozen(self._weights)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_weights")

    def _lend_network(
        self, input_dtype: str, *, only_outputs: bool = False, **wishes: Any
    ) -> AbstractContextManager[Network]:
        """Lend a network of the fitted architecture from the process's pool.

        With `only_outputs`, training changes its last layer alone. Where the weights come from elsewhere, it never
        changes normalisation, which goes by its stored means: those of a few small batches would be worse.
        """
        is_pretrained = self._is_pretrained

        def build() -> Network:
            core = self._build_core()
            if is_pretrained:
                freeze(core, all_but_outputs=only_outputs)
            return Network(core, input_dtype, self._augmentation)

        key: Hashable = (
            self._fitted_architecture,
            tuple(self._hyperparameters.items()),
            with_channel_axis(self.image_shape_),
            self.n_outputs_,
            input_dtype,
            self._augmentation,
            self._dtype_policy,
            *(is_pretrained, only_outputs),
            placement(),
        )
        return networks.lend(key, build, **wishes)

    def _build_core(self, seed: int = 0) -> keras.Model:
        """Build the fitted architecture. A user's own function draws what it draws from `seed`."""
        shape = with_channel_axis(self.image_shape_)
        function = architecture_function(self._fitted_architecture)
        if isinstance(self._fitted_architecture, str):
            # The layers of Keras's own networks have no seeds.
            seeded = keras_seeded(seed) if is_backbone(self._fitted_architecture) else nullcontext()
            with dtype_policy(self._dtype_policy), seeded:
                return function(shape, self.n_outputs_, **self._hyperparameters)
        with dtype_policy(self._dtype_policy), keras_seeded(seed):
            core = function(shape, self.n_outputs_, **self._hyperparameters)
            core = check_core(core, function, shape, self.n_outputs_)
        check_new_variables(core, function)
        return core
