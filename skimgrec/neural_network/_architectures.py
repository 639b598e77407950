"""Network architectures: plain functions from a picture's shape to an untrained `keras.Model` of probabilities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from skimgrec.neural_network._runtime import load_keras

if TYPE_CHECKING:
    import keras

Activation = str | Callable[..., Any] | None


def sequential_cnn(
    input_shape: tuple[int, int, int],
    n_outputs: int,
    *,
    filters: int | Sequence[int] = (32, 64),
    kernel_size: Any = 3,
    activation: Activation | Sequence[Activation] = "relu",
    padding: str | Sequence[str] = "same",
    pooling: str | Sequence[str | None] | None = "max",
    pool_size: Any = 2,
    dense_units: int | Sequence[int] = (128,),
    dropout: float | Sequence[float | None] | None = None,
    batch_normalization: bool | Sequence[bool | None] | None = False,
) -> keras.Model:
    """Build a convolutional network: blocks of convolution and pooling, then dense layers.

    Parameters
    ----------
    input_shape : tuple of int (h, w, c)
        Shape of one picture, whose values are in 0..1.
    n_outputs : int
        Number of output units: 1 (sigmoid) for two classes, else one for each class (softmax).
    filters, kernel_size, activation, padding, pooling, pool_size, dense_units, dropout, batch_normalization
        As in `KerasCNNClassifier`.

    Returns
    -------
    model : keras.Model
        Not compiled.

    Raises
    ------
    ValueError
        If a sequence has another length than there are blocks.
    """
    keras = load_keras()
    layers = keras.layers
    filters, dense_units = _as_sizes("filters", filters), _as_sizes("dense_units", dense_units)
    n_conv, n_blocks = len(filters), len(filters) + len(dense_units)
    kernels = _per_block("kernel_size", kernel_size, n_conv, "filters")
    paddings = _per_block("padding", padding, n_conv, "filters")
    poolings = _per_block("pooling", pooling, n_conv, "filters")
    pool_sizes = _per_block("pool_size", pool_size, n_conv, "filters")
    activations = _per_block("activation", activation, n_blocks, "filters and dense_units")
    rates = _per_block("dropout", dropout, n_blocks, "filters and dense_units")
    normalized = _per_block("batch_normalization", batch_normalization, n_blocks, "filters and dense_units")

    stack = _Stack(input_shape)
    for block in range(n_conv):
        convolution = layers.Conv2D(
            filters[block],
            _fitting(kernels[block], stack.height_width),
            padding=paddings[block],
            data_format="channels_last",
            kernel_initializer=keras.initializers.GlorotUniform(seed=0),
        )
        stack.add_activated(convolution, activations[block], normalized[block])
        if poolings[block] is not None:
            if poolings[block] not in ("max", "average"):
                raise ValueError(f"pooling={poolings[block]!r}: expected 'max', 'average' or None.")
            pool = layers.MaxPooling2D if poolings[block] == "max" else layers.AveragePooling2D
            stack.add(pool(_fitting(pool_sizes[block], stack.height_width), data_format="channels_last"))
        stack.add_dropout(rates[block])
    stack.add(layers.Flatten(data_format="channels_last"))
    stack.add_dense(dense_units, activations[n_conv:], rates[n_conv:], normalized[n_conv:])
    return stack.to_classifier(n_outputs)


def multilayer_perceptron(
    input_shape: tuple[int, int, int],
    n_outputs: int,
    *,
    hidden_layer_sizes: int | Sequence[int] = (100,),
    activation: Activation | Sequence[Activation] = "relu",
    dropout: float | Sequence[float | None] | None = None,
    batch_normalization: bool | Sequence[bool | None] | None = False,
) -> keras.Model:
    """Build a network of dense layers over the flattened picture.

    Parameters
    ----------
    input_shape : tuple of int (h, w, c)
        Shape of one picture, whose values are in 0..1.
    n_outputs : int
        Number of output units: 1 (sigmoid) for two classes, else one for each class (softmax).
    hidden_layer_sizes, activation, dropout, batch_normalization
        As in `KerasMLPClassifier`.

    Returns
    -------
    model : keras.Model
        Not compiled.

    Raises
    ------
    ValueError
        If a sequence has another length than there are hidden layers.
    """
    keras = load_keras()
    sizes = _as_sizes("hidden_layer_sizes", hidden_layer_sizes)
    activations = _per_block("activation", activation, len(sizes), "hidden_layer_sizes")
    rates = _per_block("dropout", dropout, len(sizes), "hidden_layer_sizes")
    normalized = _per_block("batch_normalization", batch_normalization, len(sizes), "hidden_layer_sizes")
    stack = _Stack(input_shape)
    stack.add(keras.layers.Flatten(data_format="channels_last"))
    stack.add_dense(sizes, activations, rates, normalized)
    return stack.to_classifier(n_outputs)


class _Stack:
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
        self.add(self._keras.layers.BatchNormalization())
        self.add(self._keras.layers.Activation(activation))

    def add_dropout(self, rate: float | None) -> None:
        if rate:
            self.add(self._keras.layers.Dropout(rate, seed=0))

    def add_dense(self, sizes: Sequence[int], activations: Sequence, rates: Sequence, normalized: Sequence) -> None:
        for units, activation, rate, normalize in zip(sizes, activations, rates, normalized, strict=True):
            initializer = self._keras.initializers.GlorotUniform(seed=0)
            dense = self._keras.layers.Dense(units, kernel_initializer=initializer)
            self.add_activated(dense, activation, normalize)
            self.add_dropout(rate)

    def to_classifier(self, n_outputs: int) -> keras.Model:
        activation = "sigmoid" if n_outputs == 1 else "softmax"
        initializer = self._keras.initializers.GlorotUniform(seed=0)
        # Probabilities stay float32 under a mixed-precision policy.
        output = self._keras.layers.Dense(
            n_outputs, activation=activation, kernel_initializer=initializer, dtype="float32"
        )
        return self._keras.Sequential([*self._layers, output])


def _as_sizes(name: str, sizes: Any) -> tuple[int, ...]:
    given = tuple(sizes) if np.iterable(sizes) else (sizes,)
    if not all(isinstance(size, Integral) and int(size) >= 1 for size in given):
        raise ValueError(f"{name}={sizes!r}: expected a positive integer or a sequence of them.")
    return tuple(map(int, given))


def _per_block(name: str, value: Any, n_blocks: int, counted: str) -> tuple[Any, ...]:
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


def _fitting(size: int | Sequence[int], height_width: tuple[int, int]) -> tuple[int, int]:
    """Return a window no larger than what it slides over, so that every architecture takes small pictures."""
    rows, columns = size if np.iterable(size) else (size, size)
    return min(int(rows), height_width[0]), min(int(columns), height_width[1])
