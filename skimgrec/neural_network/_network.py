"""A compiled network that serves one estimator after another: its numbers are put in and taken out."""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skimgrec.neural_network._augmentation import Amounts
from skimgrec.neural_network._layers import find_layer, layer_output
from skimgrec.neural_network._release import forget_gradients
from skimgrec.neural_network._runtime import load_keras
from skimgrec.neural_network._scaling import PixelScale

if TYPE_CHECKING:
    import keras

_seeding = threading.RLock()

Arrays = Sequence[NDArray[Any]]
Forward = Callable[[NDArray[Any]], NDArray[Any]]


@dataclass
class TrainingState:
    """All numbers that training changes.

    Parameters
    ----------
    weights : tuple of ndarray
        As `keras.Model.get_weights` gives them, moving averages of batch normalisation included.
    optimizer : tuple of ndarray
        Step count, learning rate and moments.
    generators : tuple of ndarray
        State of each seed generator, of dropout for example.
    """

    weights: Arrays
    optimizer: Arrays
    generators: Arrays


class Network:
    """A Keras model, compiled and traced once, and reset between its users.

    Parameters
    ----------
    core : keras.Model
        Built, for values in 0..1.
    input_dtype : {"uint8", "float32"}, default="float32"
        With "uint8", the network divides pixels by 255 itself.
    augmentation : tuple, default=()
        Random changes of the pictures in training, as `augmentation_amounts` gives them.
    """

    def __init__(self, core: keras.Model, input_dtype: str = "float32", augmentation: Amounts = ()) -> None:
        self._core = core
        self._input_dtype = input_dtype
        # Compiled here when it is first trained.
        self.model = with_front_layers(core, _front_layers(input_dtype, augmentation), input_dtype=input_dtype)
        # Whose weights the model holds now: the very tuple that `load_weights` was given or `state` returned.
        self.holder: Arrays | None = None
        # How it is compiled, as `compilation_key` tells it.
        self.compilation: Hashable = None
        self._generators = [v for v in self.model.variables if v.name == "seed_generator_state"]
        self._untrained_optimizer: Arrays = ()
        self._as_compiled: tuple[Any, ...] | None = None
        self._is_distributed = False
        self._forward: Forward | None = None
        self._features: dict[int | str, Forward] = {}

    def compile(
        self,
        compilation: Hashable,
        optimizer: keras.Optimizer,
        loss: Any,
        metrics: list[Any],
        *,
        spare_vectors: bool = False,
    ) -> None:
        """Compile the model for training, unless it already is.

        Parameters
        ----------
        compilation : hashable
            All that the other arguments depend on.
        optimizer, loss, metrics
            New objects, which become the network's own.
        spare_vectors : bool
            Whether the optimizer's weight decay leaves biases and the scales of normalisation alone.
        """
        if self.compilation is not None:
            return
        if spare_vectors:
            vectors = [variable for variable in self.model.trainable_variables if len(variable.shape) < 2]
            optimizer.exclude_from_weight_decay(var_list=vectors)
        # XLA takes seconds to compile such networks on a CPU, and the steps are then slower.
        # Weighted, so that a row of weight 2 counts like two rows in them as in the loss.
        self.model.compile(optimizer=optimizer, loss=loss, weighted_metrics=metrics, jit_compile=_jit_compile())
        # Built now, the optimizer's variables do not force a second trace of the training step.
        # Under mixed precision the model's optimizer is a wrapper around this one.
        self.model.optimizer.build(self.model.trainable_variables)
        self._untrained_optimizer = values_of(self.model.optimizer.variables)
        # Keras makes it anew where a callback of the user's compiles the model again. Under a distribution of Keras's,
        # it can be made only when the metrics are built, which is in the first step.
        self._is_distributed = load_keras().distribution.distribution() is not None
        if not self._is_distributed:
            self.model.make_train_function()
        self._as_compiled = self._compiled_parts()
        self.compilation = compilation

    @property
    def is_unspoilt(self) -> bool:
        """Whether no callback has frozen or thawed layers, or compiled the model otherwise."""
        return self._as_compiled in (None, self._compiled_parts())

    def _compiled_parts(self) -> tuple[Any, ...]:
        trainable = [layer.trainable for layer in self.model._flatten_layers()]
        function = None if self._is_distributed else getattr(self.model, "train_function", None)
        return trainable, getattr(self.model, "optimizer", None), function

    def initialize(self, seed: int, weights: Arrays | None = None) -> None:
        """Give every variable a first value: that in `weights`, or one that depends on `seed` alone."""
        self.holder = None
        rng = np.random.default_rng(seed)
        if weights is None:
            self._draw_weights(rng)
        else:
            self.model.set_weights(weights)
        for generator in self._generators:
            generator.assign(np.array([rng.integers(2**31), 0]))
        _assign(self.model.optimizer.variables, self._untrained_optimizer)

    def _draw_weights(self, rng: np.random.Generator) -> None:
        for layer in self.model._flatten_layers(include_self=False):
            for variable in layer._trainable_variables + layer._non_trainable_variables:
                initializer = _seeded(getattr(layer, f"{variable.name}_initializer"), rng)
                variable.assign(initializer(variable.shape, dtype=variable.dtype))

    def load_weights(self, weights: Arrays) -> None:
        """Make the model predict with `weights`."""
        if self.holder is not weights:
            self.holder = None
            self.model.set_weights(weights)
            self.holder = weights

    def load(self, state: TrainingState) -> None:
        """Make the model go on from where `state` was taken."""
        self.load_weights(state.weights)
        self.holder = None
        _assign(self.model.optimizer.variables, state.optimizer)
        _assign(self._generators, state.generators)

    def snapshot(self) -> TrainingState:
        """Return a copy of all numbers that training changes, while it goes on."""
        return TrainingState(
            weights=values_of(self.model.weights),
            optimizer=values_of(self.model.optimizer.variables),
            generators=values_of(self._generators),
        )

    def state(self) -> TrainingState:
        """Return a copy of all numbers that training has changed, once it is over."""
        state = self.snapshot()
        self.holder = state.weights
        return state

    def predict(self, batch: NDArray[Any]) -> NDArray[Any]:
        """Return the network's outputs for one batch, without the cost of `keras.Model.predict`."""
        if self._forward is None:
            self._forward = _forward_function(self.model)
        return self._forward(batch)

    def features(self, batch: NDArray[Any], layer: int | str) -> NDArray[Any]:
        """Return what a layer gives for one batch, one row for each picture."""
        if layer not in self._features:
            part = load_keras().Model(self._core.inputs, self._layer_output(layer))
            front = _front_layers(self._input_dtype, ())
            self._features[layer] = _forward_function(with_front_layers(part, front, input_dtype=self._input_dtype))
        return self._features[layer](batch).reshape(len(batch), -1)

    def n_features(self, layer: int | str) -> int:
        """Return how many numbers a layer gives for one picture."""
        return math.prod(self._layer_output(layer).shape[1:])

    def release(self) -> None:
        """Let go of what would outlive the network. It must not be used afterwards."""
        if self.compilation is not None and load_keras().backend.backend() == "tensorflow":
            forget_gradients([*self.model.variables, *self.model.optimizer.variables])
        self._forward = None
        self._features.clear()

    def _layer_output(self, layer: int | str) -> Any:
        return layer_output(self._core, find_layer(self._core, layer, "feature_layer"))


def with_front_layers(core: keras.Model, front: list[keras.Layer], *, input_dtype: str) -> keras.Model:
    """Return `core` behind other layers."""
    if not front:
        return core
    keras = load_keras()
    layers = core.layers if isinstance(core, keras.Sequential) else [core]
    return keras.Sequential([keras.Input(core.input_shape[1:], dtype=input_dtype), *front, *layers])


def rescaling(scale: PixelScale) -> keras.Layer:
    """Return a layer that brings pixel values to 0..1."""
    return load_keras().layers.Rescaling(scale.factor, offset=-scale.low * scale.factor, dtype="float32")


def _front_layers(input_dtype: str, augmentation: Amounts) -> list[keras.Layer]:
    front = [rescaling(PixelScale(0.0, 255.0, "uint8"))] if input_dtype == "uint8" else []
    if augmentation:
        from skimgrec.neural_network._augmentation_layer import RandomChanges

        front.append(RandomChanges(augmentation))
    return front


def _forward_function(model: keras.Model) -> Forward:
    if load_keras().backend.backend() != "tensorflow":
        return lambda batch: np.asarray(model.predict_on_batch(batch))
    import tensorflow as tf

    # Traced once for any number of pictures: Keras's own function is traced again for the second number it meets, and
    # TensorFlow then warns about it.
    spec = tf.TensorSpec((None, *model.input_shape[1:]), model.inputs[0].dtype)
    forward = tf.function(lambda batch: model(batch, training=False), autograph=False).get_concrete_function(spec)
    return lambda batch: forward(tf.constant(batch)).numpy()


def _jit_compile() -> bool | str:
    return "auto" if load_keras().backend.backend() == "jax" else False


def _seeded(initializer: Any, rng: np.random.Generator) -> Any:
    config = initializer.get_config()
    if "seed" not in config:
        return initializer
    return type(initializer).from_config({**config, "seed": int(rng.integers(2**31))})


def values_of(variables: Sequence[Any]) -> Arrays:
    """Return copies of the numbers of variables, as `frozen` does."""
    keras = load_keras()
    if keras.backend.backend() == "tensorflow":
        # Keras's own conversion warns under NumPy 2.
        return frozen(variable.value.numpy() for variable in variables)
    return frozen(keras.ops.convert_to_numpy(variable.value) for variable in variables)


def frozen(arrays: Iterable[ArrayLike]) -> Arrays:
    """Return copies that cannot be written to, in a tuple: it stands for its numbers in `Network.holder`."""
    copies = tuple(np.array(array) for array in arrays)
    for copy in copies:
        copy.flags.writeable = False
    return copies


@contextmanager
def dtype_policy(name: str) -> Iterator[None]:
    """Build layers under a dtype policy. Keras keeps the policy for each thread apart."""
    keras = load_keras()
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


@contextmanager
def keras_seeded(seed: int) -> Iterator[None]:
    """Let layers without a seed of their own draw one that `seed` decides: Keras takes it from Python's generator."""
    with _seeding:
        before = random.getstate()
        random.seed(seed)
        try:
            yield
        finally:
            random.setstate(before)


def _assign(variables: Sequence[Any], values: Arrays) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
