"""Keras's activation functions as nodes of an ONNX graph."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from skimgrec.neural_network import load_keras
from skimgrec.persistence._onnx_graph import Graph

_Add = Callable[[Graph, str], str]


def _times_sigmoid(graph: Graph, x: str) -> str:
    return graph.add("Mul", x, graph.add("Sigmoid", x))


def _gelu(graph: Graph, x: str) -> str:
    error = graph.add("Erf", graph.add("Mul", x, graph.constant(math.sqrt(0.5))))
    share = graph.add("Mul", graph.add("Add", error, graph.constant(1.0)), graph.constant(0.5))
    return graph.add("Mul", x, share)


def clipped_relu(graph: Graph, x: str, *, largest: float | None = None, slope: float = 0.0) -> str:
    """Add a rectifier that may have a slope below 0 and a largest value."""
    if slope:
        x = graph.add("LeakyRelu", x, alpha=float(slope))
        return x if largest is None else graph.add("Min", x, graph.constant(float(largest)))
    if largest is None:
        return graph.add("Relu", x)
    return graph.add("Clip", x, graph.constant(0.0), graph.constant(float(largest)))


_KNOWN: dict[str, _Add] = {
    "linear": lambda graph, x: x,
    "relu": clipped_relu,
    "relu6": lambda graph, x: clipped_relu(graph, x, largest=6.0),
    "leaky_relu": lambda graph, x: clipped_relu(graph, x, slope=0.2),
    "elu": lambda graph, x: graph.add("Elu", x),
    # The constants of Keras, to more digits than ONNX's own.
    "selu": lambda graph, x: graph.add("Selu", x, alpha=1.6732632423543772, gamma=1.0507009873554805),
    "sigmoid": lambda graph, x: graph.add("Sigmoid", x),
    "hard_sigmoid": lambda graph, x: graph.add("HardSigmoid", x, alpha=1 / 6, beta=0.5),
    "tanh": lambda graph, x: graph.add("Tanh", x),
    "softplus": lambda graph, x: graph.add("Softplus", x),
    "softsign": lambda graph, x: graph.add("Softsign", x),
    "exponential": lambda graph, x: graph.add("Exp", x),
    "silu": _times_sigmoid,
    "hard_silu": lambda graph, x: graph.add("HardSwish", x),
    "gelu": _gelu,
    "mish": lambda graph, x: graph.add("Mish", x),
}


def activation_name(activation: Any) -> str | None:
    """Return the name of one of Keras's own functions, None for any other."""
    name = getattr(activation, "__name__", "")
    is_keras_own = getattr(load_keras().activations, name, None) is activation
    return name if is_keras_own and (name in _KNOWN or name == "softmax") else None


def add_activation(graph: Graph, x: str, name: str, *, channel_axis: int) -> str:
    """Add the function that `activation_name` has named; a softmax goes along the channels."""
    if name == "softmax":
        return graph.add("Softmax", x, axis=channel_axis)
    return _KNOWN[name](graph, x)
