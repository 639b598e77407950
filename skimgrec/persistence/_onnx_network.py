"""A Keras network as nodes of an ONNX graph, from pixel values to probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.neural_network import load_keras
from skimgrec.persistence._export_source import in_float32
from skimgrec.persistence._onnx_graph import Graph, as_channels_first
from skimgrec.persistence._onnx_layers import Call, UnknownLayerError, converter_of, known_layers
from skimgrec.utils import with_channel_axis


def add_network(graph: Graph, net: Any, pictures: str) -> str:
    """Add a fitted classifier, and return the name of its probabilities, of shape (n, n_classes).

    Parameters
    ----------
    graph : Graph
        Takes the nodes.
    net : KerasCNNClassifier or KerasMLPClassifier
        Fitted. Its numbers are taken in float32, whatever precision it calculates in.
    pictures : str
        Name of the pictures, of any shape that its batches may have, and any numeric dtype.

    Raises
    ------
    ValueError
        If the network has a layer that has no nodes here: it is named.
    """
    core = plain_core(net)
    numbers = {
        id(variable): np.asarray(array, np.float32)
        for variable, array in zip(core.weights, in_float32(net)._weights, strict=True)
    }
    height, width, channels = with_channel_axis(net.image_shape_)
    low, high = net.value_range_
    x = graph.reshape(graph.cast(pictures, np.float32), [0, height, width, channels])
    if low:
        x = graph.add("Sub", x, graph.constant(float(low)))
    x = graph.add("Mul", x, graph.constant(1.0 if high == low else 1.0 / (high - low)))
    try:
        outputs = _add_model(graph, core, [as_channels_first(graph, x)], numbers)
    except UnknownLayerError as error:
        raise ValueError(
            f"{type(net).__name__} cannot be exported to ONNX: {error}, for which skimgrec has no counterpart there. "
            f"It knows Keras's {', '.join(known_layers())}. Keras's own converter may do: pip install tf2onnx, then "
            'estimator.model_.export("model.onnx", format="onnx").'
        ) from error
    if net.n_outputs_ == 1:
        other = graph.add("Sub", graph.constant(1.0), outputs[0])
        return graph.add("Concat", other, outputs[0], axis=1)
    return outputs[0]


def plain_core(net: Any) -> Any:
    """Return the network of a fitted classifier, untrained, in float32 and of Keras's own layers."""
    load_keras(net.n_threads)
    from skimgrec.neural_network._batch_normalization import keras_own_layers

    with keras_own_layers():
        return in_float32(net)._build_core()


def _add_model(graph: Graph, model: Any, inputs: list[str], numbers: Mapping[int, NDArray[Any]]) -> list[str]:
    """Add a model, and the models in it, from its inputs on."""
    keras = load_keras()
    function = model._functional if isinstance(model, keras.Sequential) else model
    if not hasattr(function, "_nodes_by_depth"):
        raise UnknownLayerError(f"{model.name} is a {type(model).__name__}, which does not tell its layers")

    def number(variable: Any) -> NDArray[Any]:
        return numbers[id(variable)]

    values = {id(tensor): name for tensor, name in zip(function._inputs, inputs, strict=True)}
    for depth in sorted(function._nodes_by_depth, reverse=True):
        for node in function._nodes_by_depth[depth]:
            if node.is_input:
                continue
            layer, given = node.operation, node.arguments.keras_tensors
            names = [values[id(tensor)] for tensor in given]
            if isinstance(layer, keras.Model):
                results = _add_model(graph, layer, names, numbers)
            else:
                shapes = tuple(given[0].shape), tuple(node.outputs[0].shape)
                if len({len(tensor.shape) for tensor in given}) > 1:
                    raise UnknownLayerError(f"{layer.name} is given inputs of different numbers of axes")
                results = [converter_of(layer)(Call(graph, layer, names, *shapes, number))]
            values.update({id(tensor): name for tensor, name in zip(node.outputs, results, strict=True)})
    return [values[id(tensor)] for tensor in function._outputs]
