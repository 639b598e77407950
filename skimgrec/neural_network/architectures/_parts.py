"""What the architectures are built from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from skimgrec.neural_network._runtime import load_keras

if TYPE_CHECKING:
    import keras

Activation = str | Callable[..., Any] | None


class Stack:
    """Layers one on another, and the shape of what leaves the last.

    Initializers and dropout carry a seed of 0: without one, Keras would draw from Python's global generator, and the
    values that count are set before training anyway.
    """

    def __init__(self, input_shape: tuple[int, int, int]) -> None:
        self._keras = load_keras()
        self._layers: list[Any] = [self._keras.Input(input_shape, dtype="float32")]
        self._shape: tuple[int | None, ...] = (None, *input_shape)

    @property
    def height_width(self) -> tuple[int, int]:
        return cast(tuple[int, int], self._shape[1:3])

    def add(self, layer: keras.Layer) -> None:
        self._layers.append(layer)
        self._shape = layer.compute_output_shape(self._shape)

    def add_activated(self, layer: keras.Layer, activation: Activation, normalize: bool | None) -> None:
        """Add a linear layer, its normalisation where wanted, and its activation after both."""
        if not normalize:
            layer.activation = self._keras.activations.get(activation)
            self.add(layer)
            return
        self.add(layer)
        self.add(normalization_layer())
        self.add(self._keras.layers.Activation(activation))

    def add_dropout(self, rate: float | None) -> None:
        if rate:
            self.add(self._keras.layers.Dropout(rate, seed=0))

    def add_dense(
        self, sizes: Sequence[int], activations: Sequence[Any], rates: Sequence[Any], normalized: Sequence[Any]
    ) -> None:
        for units, activation, rate, normalize in zip(sizes, activations, rates, normalized, strict=True):
            initializer = self._keras.initializers.GlorotUniform(seed=0)
            dense = self._keras.layers.Dense(units, kernel_initializer=initializer)
            self.add_activated(dense, activation, normalize)
            self.add_dropout(rate)

    def to_classifier(self, n_outputs: int) -> keras.Model:
        return self._keras.Sequential([*self._layers, output_layer(n_outputs)])


def normalization_layer(**settings: Any) -> keras.Layer:
    """Return a new layer of batch normalisation over the last axis, with Keras's settings."""
    load_keras()
    from skimgrec.neural_network._batch_normalization import normalization

    return normalization(**settings)


def output_layer(n_outputs: int) -> keras.Layer:
    """Return the layer of probabilities: one sigmoid unit, or a softmax over several."""
    keras = load_keras()
    initializer = keras.initializers.GlorotUniform(seed=0)
    activation = "sigmoid" if n_outputs == 1 else "softmax"
    # Probabilities stay float32 under a mixed-precision policy.
    return keras.layers.Dense(n_outputs, activation=activation, kernel_initializer=initializer, dtype="float32")


def as_sizes(name: str, sizes: Any) -> tuple[int, ...]:
    given = tuple(sizes) if np.iterable(sizes) else (sizes,)
    if not all(isinstance(size, Integral) and int(size) >= 1 for size in given):
        raise ValueError(f"{name}={sizes!r}: expected a positive integer or a sequence of them.")
    return tuple(map(int, given))


def per_block(name: str, value: Any, n_blocks: int, counted: str) -> tuple[Any, ...]:
    """Return one value for each block: a sequence's own, or the same for all."""
    if isinstance(value, str) or not np.iterable(value):
        return (value,) * n_blocks
    value = tuple(value)
    if len(value) != n_blocks:
        raise ValueError(
            f"{name}={value!r} has {len(value)} entries, but {counted} make {n_blocks} blocks. Give one entry for "
            "each block, or a single value for all of them."
        )
    return value


def fitting(size: int | Sequence[int], height_width: tuple[int, int]) -> tuple[int, int]:
    """Return a window no larger than what it slides over, so that every architecture takes small pictures."""
    rows, columns = size if np.iterable(size) else (size, size)
    return min(int(rows), height_width[0]), min(int(columns), height_width[1])
