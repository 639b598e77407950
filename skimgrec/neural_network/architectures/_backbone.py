"""Networks of `keras.applications`, with their own preprocessing, as features and as classifiers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.neural_network._backbones import (
    Backbone,
    Params,
    backbone_named,
    network_size,
    plain_params,
    too_small_error,
)
from skimgrec.neural_network._runtime import load_keras
from skimgrec.neural_network.architectures._parts import output_layer
from skimgrec.neural_network.architectures._residual import MOMENTUM

if TYPE_CHECKING:
    import keras

POOLINGS = ("avg", "max")
_POOLINGS = {"average": "avg", "avg": "avg", "max": "max"}


def feature_network(backbone: Backbone, params: Params, size: tuple[int, int], pooling: str) -> keras.Model:
    """Return a network from RGB pictures of `size`, with values in 0..255, to the features of a backbone."""
    keras = load_keras()
    inputs = keras.Input((*size, 3), dtype="float32")
    return keras.Model(inputs, _pooled(_backbone_on(inputs, backbone, params, size), pooling))


def pictures_as_rgb(pictures: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Return pictures (n, h, w, c) as RGB of another size: grey repeated, alpha left out."""
    rgb = np.repeat(pictures, 3, axis=3) if pictures.shape[3] == 1 else pictures[..., :3]
    if rgb.shape[1:3] == size:
        return np.ascontiguousarray(rgb)
    return load_keras().ops.convert_to_numpy(_resized(rgb, size))


def backbone_architecture(name: str) -> Callable[..., Any]:
    """Return the architecture that a network of `keras.applications` is, as a function.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    backbone = backbone_named(name, "architecture", ("residual", "sequential"))

    def build(
        input_shape: tuple[int, int, int],
        n_outputs: int,
        *,
        pooling: str = "average",
        dropout: float | None = None,
        image_size: Any = "auto",
        backbone_params: Any = None,
    ) -> keras.Model:
        return backbone_cnn(
            input_shape,
            n_outputs,
            backbone=backbone,
            pooling=pooling,
            dropout=dropout,
            image_size=image_size,
            backbone_params=backbone_params,
        )

    return build


def backbone_cnn(
    input_shape: tuple[int, int, int],
    n_outputs: int,
    *,
    backbone: Backbone,
    pooling: str = "average",
    dropout: float | None = None,
    image_size: Any = "auto",
    backbone_params: Any = None,
) -> keras.Model:
    """Build a network of `keras.applications` for classes of one's own.

    Parameters
    ----------
    input_shape : tuple of int (h, w, c)
        Shape of one picture, whose values are in 0..1.
    n_outputs : int
        Number of output units: 1 (sigmoid) for two classes, else one for each class (softmax).
    backbone : Backbone
        Its weights come first among those of the model, in its own order; those of the output layer are the last two.
    pooling, dropout, image_size, backbone_params
        As in `KerasCNNClassifier`.

    Returns
    -------
    model : keras.Model
        Not compiled.

    Raises
    ------
    ValueError
        If the pictures are too small, or a parameter does not fit the network.
    """
    keras = load_keras()
    if dropout is not None and np.iterable(dropout):
        raise ValueError(f"dropout={dropout!r}: {backbone.name} takes one number, for the features at its end.")
    if pooling not in _POOLINGS:
        raise ValueError(f"pooling={pooling!r}: {backbone.name} takes 'average' or 'max', over the places at its end.")
    params, size = plain_params(backbone, backbone_params), network_size(*input_shape[:2], image_size)
    inputs = keras.Input(input_shape, dtype="float32")
    x = keras.layers.Rescaling(255.0, dtype="float32")(inputs)
    if input_shape[2] == 1:
        x = keras.layers.Concatenate(axis=-1)([x, x, x])
    elif input_shape[2] == 4:
        x = x[..., :3]
    if size != input_shape[:2]:
        x = _resized(x, size)
    x = _pooled(_backbone_on(x, backbone, params, size), _POOLINGS[pooling])
    if dropout:
        x = keras.layers.Dropout(dropout, seed=0)(x)
    return keras.Model(inputs, output_layer(n_outputs)(x))


def _resized(x: Any, size: tuple[int, int]) -> Any:
    # Smoothing makes no difference to what is enlarged, and there is no such operation in TensorFlow Lite.
    shrinks = size[0] < x.shape[1] or size[1] < x.shape[2]
    settings = {"interpolation": "bilinear", "antialias": shrinks, "data_format": "channels_last"}
    return load_keras().ops.image.resize(x, size, **settings)


def freeze(core: keras.Model, *, all_but_outputs: bool) -> None:
    """Let training leave batch normalisation as it is, or every layer but the last."""
    normalization = load_keras().layers.BatchNormalization
    for layer in core.layers[:-1]:
        if all_but_outputs or isinstance(layer, normalization):
            layer.trainable = False


def _backbone_on(x: Any, backbone: Backbone, params: Params, size: tuple[int, int]) -> Any:
    """Return the output of a backbone's last convolution for RGB values in 0..255, symbolically."""
    # It may write to what it is given, where that is an array; a symbolic tensor stays as it is.
    prepared = backbone.preprocess(x)
    try:
        model = backbone.build(params=params, input_shape=(*size, 3), input_tensor=prepared)
    except (ValueError, ArithmeticError) as error:
        raise too_small_error(backbone, size, error) from error
    for layer in model.layers:
        # That of 0.999 in some takes thousands of steps before the stored means are those of the pictures.
        if isinstance(layer, load_keras().layers.BatchNormalization):
            layer.momentum = min(layer.momentum, MOMENTUM)
    return model.output


def _pooled(x: Any, pooling: str) -> Any:
    layers = load_keras().layers
    kind = layers.GlobalAveragePooling2D if pooling == "avg" else layers.GlobalMaxPooling2D
    return kind(data_format="channels_last")(x)
