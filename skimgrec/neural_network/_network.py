"""A compiled network that serves one estimator after another: its numbers are put in and taken out."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skimgrec.neural_network._runtime import load_keras
from skimgrec.neural_network._scaling import PixelScale

if TYPE_CHECKING:
    import keras

Arrays = Sequence[NDArray[Any]]


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
    model : keras.Model
        Built; compiled here when it is first trained.
    """

    def __init__(self, model: keras.Model) -> None:
        self.model = model
        # Whose weights the model holds now: the very tuple that `load_weights` was given or `state` returned.
        self.holder: Arrays | None = None
        # How it is compiled, as `compilation_key` tells it.
        self.compilation: Hashable = None
        self._generators = [v for v in model.variables if v.name == "seed_generator_state"]
        self._untrained_optimizer: Arrays = ()
        self._forward: Callable[[NDArray[Any]], NDArray[Any]] | None = None

    def compile(self, compilation: Hashable, optimizer: keras.Optimizer, loss: Any, metrics: list[Any]) -> None:
        """Compile the model for training, unless it already is."""
        if self.compilation is not None:
            return
        # XLA takes seconds to compile such networks on a CPU, and the steps are then slower.
        self.model.compile(optimizer=optimizer, loss=loss, metrics=metrics, jit_compile=_jit_compile())
        # Built now, the optimizer's variables do not force a second trace of the training step.
        # Under mixed precision the model's optimizer is a wrapper around this one.
        self.model.optimizer.build(self.model.trainable_variables)
        self._untrained_optimizer = _values(self.model.optimizer.variables)
        self.compilation = compilation

    def initialize(self, seed: int) -> None:
        """Give every variable a first value that depends on `seed` alone."""
        self.holder = None
        rng = np.random.default_rng(seed)
        for layer in self.model._flatten_layers(include_self=False):
            for variable in layer._trainable_variables + layer._non_trainable_variables:
                initializer = _seeded(getattr(layer, f"{variable.name}_initializer"), rng)
                variable.assign(initializer(variable.shape, dtype=variable.dtype))
        for generator in self._generators:
            generator.assign(np.array([rng.integers(2**31), 0]))
        _assign(self.model.optimizer.variables, self._untrained_optimizer)

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

    def state(self) -> TrainingState:
        """Return a copy of all numbers that training has changed."""
        state = TrainingState(
            weights=_values(self.model.weights),
            optimizer=_values(self.model.optimizer.variables),
            generators=_values(self._generators),
        )
        self.holder = state.weights
        return state

    def predict(self, batch: NDArray[Any]) -> NDArray[Any]:
        """Return the network's outputs for one batch, without the cost of `keras.Model.predict`."""
        if self._forward is None:
            self._forward = _forward_function(self.model)
        return self._forward(batch)


def with_pixel_scale(core: keras.Model, scale: PixelScale, *, input_dtype: str) -> keras.Model:
    """Return `core`, which takes 0..1, behind a layer that brings pixel values there."""
    keras = load_keras()
    rescaling = keras.layers.Rescaling(scale.factor, offset=-scale.low * scale.factor, dtype="float32")
    layers = core.layers if isinstance(core, keras.Sequential) else [core]
    return keras.Sequential([keras.Input(core.input_shape[1:], dtype=input_dtype), rescaling, *layers])


def _forward_function(model: keras.Model) -> Callable[[NDArray[Any]], NDArray[Any]]:
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


def _values(variables: Sequence[Any]) -> Arrays:
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


def _assign(variables: Sequence[Any], values: Arrays) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
