"""The layers of a network: how one is asked for, and what it gives within the network's graph."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from skimgrec.neural_network._runtime import load_keras

if TYPE_CHECKING:
    import keras


def layers_of(core: keras.Model) -> list[keras.Layer]:
    """Return the layers of a network, but for its inputs."""
    input_layer = load_keras().layers.InputLayer
    return [layer for layer in core.layers if not isinstance(layer, input_layer)]


def layer_names(core: keras.Model) -> list[str]:
    """Return the name of each layer of a network, the same ones for each that is built alike.

    Layers without a name of their own are called "conv2d", "conv2d_1" and so on. Keras counts them up through all
    networks of a process, so that its names tell nothing about the next network.
    """
    names: list[str] = []
    seen: Counter[str] = Counter()
    for layer in layers_of(core):
        kind = _snake_case(type(layer).__name__)
        if re.fullmatch(rf"{re.escape(kind)}(_\d+)?", layer.name):
            names.append(f"{kind}_{seen[kind]}" if seen[kind] else kind)
            seen[kind] += 1
        else:
            names.append(layer.name)
    return names


def find_layer(core: keras.Model, layer: int | str, parameter: str) -> keras.Layer:
    """Return the layer with a number or name, or raise a ValueError that names the parameter and lists the layers."""
    layers, names = layers_of(core), layer_names(core)
    if isinstance(layer, str):
        if layer in names:
            return layers[names.index(layer)]
    elif -len(layers) <= layer < len(layers):
        return layers[layer]
    raise ValueError(
        f"{parameter}={layer!r}: the network has no such layer. It has {len(layers)}, from 0 or -{len(layers)} on, "
        f"with the names {', '.join(names)}."
    )


def nodes_of(core: keras.Model) -> list[Any]:
    """Return the calls of layers that a network consists of, the last ones first."""
    graph = core._functional if isinstance(core, load_keras().Sequential) else core
    return [node for depth in sorted(graph._nodes_by_depth) for node in graph._nodes_by_depth[depth]]


def layer_output(core: keras.Model, layer: keras.Layer) -> Any:
    """Return the symbolic output of a layer in this network; a nested model also has one of its own inside."""
    return next(node for node in nodes_of(core) if node.operation is layer).output_tensors[0]


def _snake_case(name: str) -> str:
    """Return the name of a class as Keras makes one for its layers."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
