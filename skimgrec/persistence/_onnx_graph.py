"""An ONNX graph as it is put together: nodes, constants, and names that occur once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

import numpy as np

# Of 2022, with the format of files that goes with it: runtimes of the last years read it.
OPSET, ML_OPSET, IR_VERSION = 18, 3, 8


class Graph:
    """Nodes and constants of a part of a model.

    Parameters
    ----------
    prefix : str, default=""
        What all names begin with that the graph gives out.
    """

    def __init__(self, prefix: str = "") -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._prefix = prefix
        self._numbers = count(1)
        self._known: dict[tuple[Any, ...], str] = {}

    def add(self, operator: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        """Add a node with one output, and return that output's name."""
        from onnx import helper

        name = f"{self._prefix}{operator}_{next(self._numbers)}"
        self.nodes.append(helper.make_node(operator, inputs, [output or name], name=name, **attributes))
        return output or name

    def add_pair(self, operator: str, *inputs: str, **attributes: Any) -> tuple[str, str]:
        """Add a node with two outputs, and return their names."""
        from onnx import helper

        name = f"{self._prefix}{operator}_{next(self._numbers)}"
        outputs = f"{name}_first", f"{name}_second"
        self.nodes.append(helper.make_node(operator, inputs, outputs, name=name, **attributes))
        return outputs

    def constant(self, values: Any, dtype: Any = np.float32) -> str:
        """Add an array, unless the graph has it already, and return its name."""
        from onnx import numpy_helper

        array = np.ascontiguousarray(np.asarray(values, dtype))
        # `ascontiguousarray` gives a single number an axis.
        array = array.reshape(np.shape(values))
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._known:
            self._known[key] = f"{self._prefix}constant_{next(self._numbers)}"
            self.constants.append(numpy_helper.from_array(array, self._known[key]))
        return self._known[key]

    def cast(self, value: str, dtype: Any) -> str:
        """Convert to another dtype of NumPy's."""
        from onnx import helper

        return self.add("Cast", value, to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def reshape(self, value: str, shape: Sequence[int]) -> str:
        """Give another shape; a length of 0 stands for that of the input, -1 for what is left."""
        return self.add("Reshape", value, self.constant(shape, np.int64))

    def transpose(self, value: str, axes: Sequence[int]) -> str:
        """Exchange the axes."""
        return self.add("Transpose", value, perm=list(axes))

    def slice(self, value: str, axis: int, start: int, stop: int) -> str:
        """Take a part along an axis; a negative `stop` counts from the end."""
        bounds = [self.constant([bound], np.int64) for bound in (start, stop, axis)]
        return self.add("Slice", value, *bounds)

    def total(self, value: str, axes: Sequence[int], *, keep: bool = False) -> str:
        """Add up along axes."""
        return self.add("ReduceSum", value, self.constant(axes, np.int64), keepdims=int(keep))


def as_channels_first(graph: Graph, pictures: str) -> str:
    """Bring (n, h, w, c) into the order in which ONNX computes: (n, c, h, w)."""
    return graph.transpose(pictures, (0, 3, 1, 2))


def as_channels_last(graph: Graph, pictures: str) -> str:
    """Undo `as_channels_first`."""
    return graph.transpose(pictures, (0, 2, 3, 1))


def used_nodes(nodes: Sequence[Any], output: str) -> list[Any]:
    """Return those of the nodes, in their order, on which an output depends."""
    needed, kept = {output}, []
    for node in reversed(nodes):
        if needed & set(node.output):
            needed |= set(node.input)
            kept.append(node)
    return kept[::-1]
