"""A small residual network, of the kind that learns CIFAR-10 in a few epochs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from skimgrec.neural_network._runtime import load_keras
from skimgrec.neural_network.architectures._parts import (
    Activation,
    as_sizes,
    fitting,
    normalization_layer,
    output_layer,
    per_block,
)

if TYPE_CHECKING:
    import keras

# Of the stem; each stage has twice as many as the one before. Multiples of 16 fill the vector units.
_STEM = 16
# Small pictures in colour have more to tell for each pixel, and leave time for it.
_SMALL_SIDE, _COLOUR_STEM = 32, 32
_MOST_STAGES = 5
# The default of 0.99 is an average over hundreds of steps, more than a short training has.
MOMENTUM = 0.9


def residual_cnn(
    input_shape: tuple[int, int, int],
    n_outputs: int,
    *,
    filters: int | Sequence[int] | None = None,
    kernel_size: Any = 3,
    activation: Activation | Sequence[Activation] = "relu",
    dropout: float | None = None,
) -> keras.Model:
    """Build a residual network: a stem, stages that halve the picture, and the mean over all positions.

    A stage is max pooling by 2, a convolution, and a pair of convolutions that a shortcut leads around. Each of them is
    followed by batch normalisation and the activation. Pooling comes first, because most of the time goes into the
    largest maps. With the defaults, pictures of 28 x 28 make 117 thousand parameters, of 32 x 32 x 3 465 thousand.

    Parameters
    ----------
    input_shape : tuple of int (h, w, c)
        Shape of one picture, whose values are in 0..1.
    n_outputs : int
        Number of output units: 1 (sigmoid) for two classes, else one for each class (softmax).
    filters : int or sequence of int, default=None
        Filters of the stem and of each stage. None is 16 in the stem (32 for pictures in colour of up to 32 pixels) and
        twice as many from stage to stage: one stage up to 16 pixels of the longer side, and one more for each
        doubling, five at most.
    kernel_size : int or sequence with an entry for the stem and each stage, default=3
        Side of the convolutions' windows, cut to what reaches them.
    activation : str, callable or sequence with an entry for the stem and each stage, default="relu"
        Keras activation.
    dropout : float, default=None
        Part of the means that is set to zero in training.

    Returns
    -------
    model : keras.Model
        Not compiled.

    Raises
    ------
    ValueError
        If a sequence has another length than `filters`.

    See Also
    --------
    KerasCNNClassifier : Builds and trains it, as ``architecture="residual"``.

    References
    ----------
    He, Zhang, Ren and Sun, Deep residual learning for image recognition, CVPR 2016. The shape with a pair in every
    stage follows Page's "How to train your ResNet" (2018).
    """
    keras = load_keras()
    layers = keras.layers
    if dropout is not None and np.iterable(dropout):
        raise ValueError(f"dropout={dropout!r}: the residual architecture takes one number, for the means at its end.")
    filters = default_filters(input_shape) if filters is None else as_sizes("filters", filters)
    kernels = per_block("kernel_size", kernel_size, len(filters), "filters")
    activations = per_block("activation", activation, len(filters), "filters")

    def convolve(x: Any, block: int) -> Any:
        convolution = layers.Conv2D(
            filters[block],
            fitting(kernels[block], x.shape[1:3]),
            padding="same",
            use_bias=False,
            data_format="channels_last",
            kernel_initializer=keras.initializers.HeNormal(seed=0),
        )
        x = normalization_layer(momentum=MOMENTUM)(convolution(x))
        return layers.Activation(activations[block])(x)

    inputs = keras.Input(input_shape, dtype="float32")
    x = convolve(inputs, 0)
    for stage in range(1, len(filters)):
        x = layers.MaxPooling2D(fitting(2, x.shape[1:3]), data_format="channels_last")(x)
        x = convolve(x, stage)
        x = layers.Add()([x, convolve(convolve(x, stage), stage)])
    x = layers.GlobalAveragePooling2D(data_format="channels_last")(x)
    if dropout:
        x = layers.Dropout(dropout, seed=0)(x)
    return keras.Model(inputs, output_layer(n_outputs)(x))


def default_filters(input_shape: tuple[int, int, int]) -> tuple[int, ...]:
    """Return filters for as many stages as the longer side of the picture calls for."""
    side = max(input_shape[:2])
    n_stages = 1 + max(0, math.ceil(math.log2(side / 16)))
    stem = _COLOUR_STEM if input_shape[2] > 1 and side <= _SMALL_SIDE else _STEM
    return tuple(stem * 2**stage for stage in range(min(n_stages, _MOST_STAGES) + 1))
