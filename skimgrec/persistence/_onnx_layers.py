"""Keras's layers as nodes of an ONNX graph. Pictures go through the graph with their channels first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.neural_network import load_keras
from skimgrec.persistence._export_keras import without_advice
from skimgrec.persistence._onnx_activations import activation_name, add_activation, clipped_relu
from skimgrec.persistence._onnx_graph import Graph, as_channels_first, as_channels_last


class UnknownLayerError(ValueError):
    """A layer, or a setting of one, that has no nodes here; the message names it."""


@dataclass(frozen=True)
class Call:
    """One layer at one place of the network.

    Parameters
    ----------
    graph : Graph
        Takes the nodes.
    layer : keras.Layer
    inputs : list of str
        Names of the values that it is given; those of rank 4 have the channels first.
    shape_in, shape_out : tuple
        Of the first of them and of the output, as Keras has it: with the channels last.
    number : callable
        Gives the value of a variable.
    """

    graph: Graph
    layer: Any
    inputs: list[str]
    shape_in: tuple[int | None, ...]
    shape_out: tuple[int | None, ...]
    number: Callable[[Any], NDArray[Any]]

    @property
    def channel_axis(self) -> int:
        return 1 if len(self.shape_out) == 4 else len(self.shape_out) - 1

    def unknown(self, what: str) -> UnknownLayerError:
        return UnknownLayerError(f"{self.layer.name} ({type(self.layer).__name__}) has {what}")

    def activated(self, value: str) -> str:
        """Add the layer's own activation."""
        name = activation_name(self.layer.activation)
        if name is None:
            raise self.unknown(f"activation={getattr(self.layer.activation, '__name__', self.layer.activation)!r}")
        return add_activation(self.graph, value, name, channel_axis=self.channel_axis)

    def by_channel(self, values: Any) -> str:
        """Return the name of numbers that are one for each channel, or one for all."""
        array = np.asarray(values, np.float32)
        if array.size == 1:
            return self.graph.constant(array.reshape(()))
        if array.size != self.shape_in[-1]:
            raise self.unknown(f"numbers of shape {array.shape}, which are not one for each channel")
        return self.graph.constant(array.reshape((-1, 1, 1) if len(self.shape_in) == 4 else (-1,)))


Converter = Callable[[Call], str]


def _window(call: Call, size: Sequence[int], strides: Sequence[int], dilation: Sequence[int]) -> dict[str, Any]:
    """Return the attributes that say how a window slides over a picture."""
    if call.layer.data_format != "channels_last":
        raise call.unknown(f"data_format={call.layer.data_format!r}")
    attributes: dict[str, Any] = {"strides": [int(step) for step in strides]}
    if any(step != 1 for step in dilation):
        attributes["dilations"] = [int(step) for step in dilation]
    if call.layer.padding == "valid":
        return attributes
    if call.layer.padding != "same":
        raise call.unknown(f"padding={call.layer.padding!r}")
    if None in call.shape_in[1:3]:
        return {**attributes, "auto_pad": "SAME_UPPER"}
    before, after = [], []
    for side, window, step, gap in zip(call.shape_in[1:3], size, strides, dilation, strict=True):
        assert side is not None
        missing = max(0, (-(-side // step) - 1) * step + (window - 1) * gap + 1 - side)
        # TensorFlow's: what cannot be shared out evenly goes to the end.
        before.append(missing // 2)
        after.append(missing - missing // 2)
    return {**attributes, "pads": before + after}


def _convolution(call: Call, x: str, kernel: NDArray[Any], bias: Any, groups: int) -> str:
    """Add a convolution with a kernel of shape (outputs, inputs of a group, rows, columns)."""
    layer, size = call.layer, kernel.shape[2:]
    attributes = {**_window(call, size, layer.strides, layer.dilation_rate), "kernel_shape": list(size)}
    if groups != 1:
        attributes["group"] = groups
    more = [] if bias is None else [call.graph.constant(call.number(bias))]
    return call.graph.add("Conv", x, call.graph.constant(kernel), *more, **attributes)


def _depthwise_kernel(kernel: NDArray[Any]) -> NDArray[Any]:
    rows, columns, channels, multiplier = kernel.shape
    return kernel.transpose(2, 3, 0, 1).reshape(channels * multiplier, 1, rows, columns)


def _conv2d(call: Call) -> str:
    layer = call.layer
    kernel = call.number(layer._kernel).transpose(3, 2, 0, 1)
    return call.activated(_convolution(call, call.inputs[0], kernel, layer.bias, layer.groups))


def _depthwise(call: Call) -> str:
    layer = call.layer
    kernel = call.number(layer.kernel)
    return call.activated(
        _convolution(call, call.inputs[0], _depthwise_kernel(kernel), layer.bias, groups=kernel.shape[2])
    )


def _separable(call: Call) -> str:
    layer = call.layer
    kernel = call.number(layer.depthwise_kernel)
    x = _convolution(call, call.inputs[0], _depthwise_kernel(kernel), None, groups=kernel.shape[2])
    mixing = call.graph.constant(call.number(layer.pointwise_kernel).transpose(3, 2, 0, 1))
    more = [] if layer.bias is None else [call.graph.constant(call.number(layer.bias))]
    return call.activated(call.graph.add("Conv", x, mixing, *more))


def _dense(call: Call) -> str:
    graph, layer, x = call.graph, call.layer, call.inputs[0]
    kernel = graph.constant(call.number(layer._kernel))
    if len(call.shape_in) == 2:
        more = [] if layer.bias is None else [graph.constant(call.number(layer.bias))]
        return call.activated(graph.add("Gemm", x, kernel, *more))
    is_picture = len(call.shape_in) == 4
    x = graph.add("MatMul", as_channels_last(graph, x) if is_picture else x, kernel)
    if layer.bias is not None:
        x = graph.add("Add", x, graph.constant(call.number(layer.bias)))
    return call.activated(as_channels_first(graph, x) if is_picture else x)


def _normalized(call: Call) -> str:
    layer = call.layer
    axes = np.atleast_1d(np.asarray(layer.axis)) % len(call.shape_in)
    if axes.tolist() != [len(call.shape_in) - 1]:
        raise call.unknown(f"axis={layer.axis!r}")
    mean, variance = call.number(layer.moving_mean), call.number(layer.moving_variance)
    scale = np.ones_like(mean) if layer.gamma is None else call.number(layer.gamma)
    offset = np.zeros_like(mean) if layer.beta is None else call.number(layer.beta)
    if len(call.shape_in) not in (2, 4):
        raise call.unknown(f"an input of {len(call.shape_in)} axes")
    constants = [call.graph.constant(array) for array in (scale, offset, mean, variance)]
    return call.graph.add("BatchNormalization", call.inputs[0], *constants, epsilon=float(layer.epsilon))


def _pooling(operator: str) -> Converter:
    def add(call: Call) -> str:
        layer = call.layer
        window = {**_window(call, layer.pool_size, layer.strides, (1, 1)), "kernel_shape": list(layer.pool_size)}
        return call.graph.add(operator, call.inputs[0], **window)

    return add


def _global_pooling(operator: str) -> Converter:
    def add(call: Call) -> str:
        if call.layer.data_format != "channels_last":
            raise call.unknown(f"data_format={call.layer.data_format!r}")
        pooled = call.graph.add(operator, call.inputs[0])
        return pooled if call.layer.keepdims else call.graph.add("Flatten", pooled)

    return add


def _in_keras_order(call: Call) -> str:
    """Return the first input with its channels last, unless the order of its numbers is the same anyway."""
    shape = call.shape_in
    if len(shape) != 4 or shape[3] == 1 or shape[1] == shape[2] == 1:
        return call.inputs[0]
    return as_channels_last(call.graph, call.inputs[0])


def _flatten(call: Call) -> str:
    if call.layer.data_format != "channels_last":
        raise call.unknown(f"data_format={call.layer.data_format!r}")
    return call.graph.add("Flatten", _in_keras_order(call))


def _reshape(call: Call) -> str:
    if None in call.shape_out[1:]:
        raise call.unknown(f"an output of unknown shape {call.shape_out}")
    shape = [int(side or 0) for side in call.shape_out[1:]]
    x = call.graph.reshape(_in_keras_order(call), [0, *shape])
    return as_channels_first(call.graph, x) if len(shape) == 3 else x


def _rescaling(call: Call) -> str:
    x = call.graph.add("Mul", call.inputs[0], call.by_channel(call.layer.scale))
    return call.graph.add("Add", x, call.by_channel(call.layer.offset))


def _normalization(call: Call) -> str:
    keras = load_keras()
    with without_advice():
        mean, variance = (np.asarray(keras.ops.convert_to_numpy(x)) for x in (call.layer.mean, call.layer.variance))
    spread = np.maximum(np.sqrt(variance), keras.config.epsilon())
    if call.layer.invert:
        x = call.graph.add("Mul", call.inputs[0], call.by_channel(spread))
        return call.graph.add("Add", x, call.by_channel(mean))
    x = call.graph.add("Sub", call.inputs[0], call.by_channel(mean))
    return call.graph.add("Div", x, call.by_channel(spread))


def _border(call: Call, sign: int) -> str:
    """Add or take away rows and columns around a picture."""
    layer = call.layer
    if layer.data_format != "channels_last":
        raise call.unknown(f"data_format={layer.data_format!r}")
    (top, bottom), (left, right) = layer.padding if sign > 0 else layer.cropping
    sizes = np.array([0, 0, top, left, 0, 0, bottom, right])
    return call.graph.add("Pad", call.inputs[0], call.graph.constant(sign * sizes, np.int64))


def _upsampling(call: Call) -> str:
    layer = call.layer
    if layer.data_format != "channels_last" or layer.interpolation != "nearest":
        raise call.unknown(f"interpolation={layer.interpolation!r}, data_format={layer.data_format!r}")
    scales = call.graph.constant([1, 1, *layer.size])
    how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    return call.graph.add("Resize", call.inputs[0], "", scales, **how)


def _merging(operator: str) -> Converter:
    def add(call: Call) -> str:
        merged = call.inputs[0]
        for other in call.inputs[1:]:
            merged = call.graph.add(operator, merged, other)
        return merged

    return add


def _average(call: Call) -> str:
    return call.graph.add("Mul", _merging("Add")(call), call.graph.constant(1 / len(call.inputs)))


def _concatenate(call: Call) -> str:
    rank = len(call.shape_in)
    axis = call.layer.axis % rank
    if rank == 4:
        axis = {0: 0, 1: 2, 2: 3, 3: 1}[axis]
    return call.graph.add("Concat", *call.inputs, axis=axis)


def _relu(call: Call) -> str:
    layer = call.layer
    if layer.threshold:
        raise call.unknown(f"threshold={layer.threshold!r}")
    return clipped_relu(call.graph, call.inputs[0], largest=layer.max_value, slope=float(layer.negative_slope))


def _softmax(call: Call) -> str:
    if call.layer.axis not in (-1, len(call.shape_in) - 1):
        raise call.unknown(f"axis={call.layer.axis!r}")
    return call.graph.add("Softmax", call.inputs[0], axis=call.channel_axis)


def _prelu(call: Call) -> str:
    slope = call.number(call.layer.alpha)
    if len(call.shape_in) == 4:
        slope = slope.transpose(2, 0, 1)
    return call.graph.add("PRelu", call.inputs[0], call.graph.constant(slope))


def _same(call: Call) -> str:
    return call.inputs[0]


# What does nothing when it predicts.
_IDLE = (
    "ActivityRegularization AlphaDropout Dropout GaussianDropout GaussianNoise Identity RandomBrightness "
    "RandomContrast RandomFlip RandomRotation RandomShear RandomTranslation RandomZoom SpatialDropout2D"
)
_CONVERTERS: dict[str, Converter] = {
    **dict.fromkeys(_IDLE.split(), _same),
    "Activation": lambda call: call.activated(call.inputs[0]),
    "Add": _merging("Add"),
    "Average": _average,
    "AveragePooling2D": _pooling("AveragePool"),
    "BatchNormalization": _normalized,
    "Concatenate": _concatenate,
    "Conv2D": _conv2d,
    "Cropping2D": lambda call: _border(call, -1),
    "Dense": _dense,
    "DepthwiseConv2D": _depthwise,
    "ELU": lambda call: call.graph.add("Elu", call.inputs[0], alpha=float(call.layer.alpha)),
    "Flatten": _flatten,
    "GlobalAveragePooling2D": _global_pooling("GlobalAveragePool"),
    "GlobalMaxPooling2D": _global_pooling("GlobalMaxPool"),
    "LeakyReLU": lambda call: clipped_relu(call.graph, call.inputs[0], slope=float(call.layer.negative_slope)),
    "MaxPooling2D": _pooling("MaxPool"),
    "Maximum": _merging("Max"),
    "Minimum": _merging("Min"),
    "Multiply": _merging("Mul"),
    "Normalization": _normalization,
    "PReLU": _prelu,
    "ReLU": _relu,
    "Rescaling": _rescaling,
    "Reshape": _reshape,
    "SeparableConv2D": _separable,
    "Softmax": _softmax,
    "Subtract": _merging("Sub"),
    "UpSampling2D": _upsampling,
    "ZeroPadding2D": lambda call: _border(call, 1),
}


def known_layers() -> list[str]:
    """Return the names of all layers that have nodes here."""
    return sorted(_CONVERTERS)


def converter_of(layer: Any) -> Converter:
    """Return what adds the nodes of a layer.

    Raises
    ------
    UnknownLayerError
        If it is none of Keras's own, or of a kind that has none.
    """
    kind = type(layer)
    name = kind.__name__
    if name not in _CONVERTERS or getattr(load_keras().layers, name, None) is not kind:
        raise UnknownLayerError(f"{layer.name} is a {name} of {kind.__module__.partition('.')[0]}")
    return _CONVERTERS[name]
