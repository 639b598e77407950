"""Blocks of convolution and pooling, then dense layers: the networks of the tutorials."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from skimgrec.neural_network._runtime import load_keras
from skimgrec.neural_network.architectures._parts import Activation, Stack, as_sizes, fitting, per_block

if TYPE_CHECKING:
    import keras


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
    filters, dense_units = as_sizes("filters", filters), as_sizes("dense_units", dense_units)
    n_conv, n_blocks = len(filters), len(filters) + len(dense_units)
    kernels = per_block("kernel_size", kernel_size, n_conv, "filters")
    paddings = per_block("padding", padding, n_conv, "filters")
    poolings = per_block("pooling", pooling, n_conv, "filters")
    pool_sizes = per_block("pool_size", pool_size, n_conv, "filters")
    activations = per_block("activation", activation, n_blocks, "filters and dense_units")
    rates = per_block("dropout", dropout, n_blocks, "filters and dense_units")
    normalized = per_block("batch_normalization", batch_normalization, n_blocks, "filters and dense_units")

    stack = Stack(input_shape)
    for block in range(n_conv):
        convolution = layers.Conv2D(
            filters[block],
            fitting(kernels[block], stack.height_width),
            padding=paddings[block],
            data_format="channels_last",
            kernel_initializer=keras.initializers.GlorotUniform(seed=0),
        )
        stack.add_activated(convolution, activations[block], normalized[block])
        if poolings[block] not in (None, "none"):
            if poolings[block] not in ("max", "average"):
                raise ValueError(f"pooling={poolings[block]!r}: expected 'max', 'average' or 'none'.")
            pool = layers.MaxPooling2D if poolings[block] == "max" else layers.AveragePooling2D
            stack.add(pool(fitting(pool_sizes[block], stack.height_width), data_format="channels_last"))
        stack.add_dropout(rates[block])
    stack.add(layers.Flatten(data_format="channels_last"))
    stack.add_dense(dense_units, activations[n_conv:], rates[n_conv:], normalized[n_conv:])
    return stack.to_classifier(n_outputs)
