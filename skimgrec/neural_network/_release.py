"""Memory that TensorFlow keeps of a network for as long as the process lives, given back."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

_PREFIX = "CustomGradient-"
# From the registered function to the tensors that its graph hangs on, through functions within functions.
_DEPTH = 3


def forget_gradients(variables: Sequence[Any]) -> None:
    """Take a discarded network's entries out of TensorFlow's registry of gradients.

    Tracing a training step registers two functions for the optimizer, which hold the step's whole graph and everything
    in it. They are only asked for while a gradient through the step is traced, which nobody does. TensorFlow offers no
    way to unregister them; where its inner workings have changed, nothing happens but that memory grows.

    Parameters
    ----------
    variables : sequence of keras.Variable
        Those of the network and of its optimizer.
    """
    ops: Any = sys.modules.get("tensorflow.python.framework.ops")
    registry = getattr(getattr(ops, "_gradient_registry", None), "_registry", None)
    if not isinstance(registry, dict):
        return
    values = [variable.value for variable in variables]
    # Under a strategy, graphs hold the part of a variable on each device.
    own = {id(part) for value in values for part in (value, *getattr(value, "values", ()))}
    for name in [name for name in list(registry) if str(name).startswith(_PREFIX)]:
        entry = registry.get(name)
        function = entry.get("type") if isinstance(entry, dict) else None
        if any(id(watched) in own for graph in _graphs(function, _DEPTH) for watched in _variables(graph)):
            registry.pop(name, None)


def _graphs(function: Any, depth: int) -> Iterator[Any]:
    """Yield the graphs of the tensors that a function has closed over."""
    for cell in getattr(function, "__closure__", None) or ():
        try:
            value = cell.cell_contents
        except ValueError:  # not filled
            continue
        if isinstance(value, (list, tuple)):
            for part in value[:1]:
                graph = getattr(part, "graph", None)
                while graph is not None:
                    yield graph
                    graph = getattr(graph, "outer_graph", None)
        elif callable(value) and depth:
            yield from _graphs(value, depth - 1)


def _variables(graph: Any) -> list[Any]:
    # `graph.variables` raises an error once one of them is gone, as those of networks made elsewhere may be.
    living = (reference() for reference in getattr(graph, "_weak_variables", ()))
    return [variable for variable in living if variable is not None]
