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
    filters : int or sequence of int, default=(32, 64)
        Number of filters of the convolution of each block; its length is the number of blocks.
    kernel_size : int or sequence, default=3
        Side of the convolution's window in pixels, cut to what reaches it. Here and in `padding`, `pooling` and
        `pool_size`, a sequence has one entry for each block; an entry may be a pair (rows, columns).
    activation : str, callable or sequence of these, default="relu"
        Keras activation of each block and dense layer; a sequence has one entry for each, blocks first. So it is with
        `dropout` and `batch_normalization`, too.
    padding : {"same", "valid"} or sequence of these, default="same"
        Whether a convolution keeps the size of the picture by zeros around it.
    pooling : {"max", "average", "none"}, None or sequence of these, default="max"
        How each block shrinks the picture; "none" or None for not at all.
    pool_size : int or sequence, default=2
        Side of the pooling window in pixels, and its step.
    dense_units : int or sequence of int, default=(128,)
        Number of units of each dense layer between the blocks and the output; () for none.
    dropout : float, None or sequence of these, default=None
        Part of a block's or dense layer's outputs that is set to zero in training, in [0, 1).
    batch_normalization : bool, None or sequence of these, default=False
        Whether to normalise between the linear part of a block or dense layer and its activation.

    Returns
    -------
    model : keras.Model
        Not compiled.

    Raises
    ------
    ValueError
        If a sequence has another length than there are blocks.

    See Also
    --------
    KerasCNNClassifier : Builds and trains it, as ``architecture="sequential"``.
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
