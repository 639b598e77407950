"""The layers of a network: how one is asked for, and what it gives within the network's graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skimgrec.neural_network._runtime import load_keras

if TYPE_CHECKING:
    import keras


def layers_of(core: keras.Model) -> list[keras.Layer]:
    """Return the layers of a network, but for its inputs."""
    input_layer = load_keras().layers.InputLayer
    return [layer for layer in core.layers if not isinstance(layer, input_layer)]


def find_layer(core: keras.Model, layer: int | str, parameter: str) -> keras.Layer:
    """Return the layer with a number or name, or raise a ValueError that names the parameter and lists the layers."""
    layers = layers_of(core)
    if isinstance(layer, str):
        found = [part for part in layers if part.name == layer]
    else:
        found = [layers[layer]] if -len(layers) <= layer < len(layers) else []
    if not found:
        raise ValueError(
            f"{parameter}={layer!r}: the network has no such layer. It has {len(layers)}, from 0 or -{len(layers)} on, "
            f"with the names {', '.join(part.name for part in layers)}."
        )
    return found[0]


def nodes_of(core: keras.Model) -> list[Any]:
    """Return the calls of layers that a network consists of, the last ones first."""
    graph = core._functional if isinstance(core, load_keras().Sequential) else core
    return [node for depth in sorted(graph._nodes_by_depth) for node in graph._nodes_by_depth[depth]]


def layer_output(core: keras.Model, layer: keras.Layer) -> Any:
    """Return the symbolic output of a layer in this network; a nested model also has one of its own inside."""
    return next(node for node in nodes_of(core) if node.operation is layer).output_tensors[0]
