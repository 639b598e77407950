"""An ONNX file: the model as one graph from pictures to probabilities, and what a consumer has to know of it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.persistence._export_source import Source
from skimgrec.persistence._onnx_graph import IR_VERSION, OPSET, Graph, used_nodes
from skimgrec.persistence._onnx_network import add_network
from skimgrec.persistence._onnx_pipeline import convert_pipeline

INPUT, OUTPUT = "pictures", "probabilities"


def onnx_bytes(source: Source) -> bytes:
    """Return the content of an ONNX file.

    Raises
    ------
    ValueError
        If a part of the estimator has no counterpart in ONNX.
    """
    from onnx import helper

    if source.is_network:
        graph = Graph()
        graph.add("Identity", add_network(graph, source.estimator, INPUT), output=OUTPUT)
        nodes, constants = graph.nodes, graph.constants
        opsets = [helper.make_opsetid("", OPSET)]
    else:
        model, found = convert_pipeline(source)
        nodes, constants, opsets = list(model.graph.node), list(model.graph.initializer), list(model.opset_import)
        if found != OUTPUT:
            nodes.append(helper.make_node("Identity", [found], [OUTPUT], name=OUTPUT))
    # Labels, for example, nobody asks for.
    nodes = used_nodes(nodes, OUTPUT)
    needed = {name for node in nodes for name in node.input}
    body = helper.make_graph(
        nodes,
        "skimgrec",
        [_described(INPUT, source.dtype, source.shape)],
        [_described(OUTPUT, np.dtype(np.float32), (len(source.classes),))],
        [constant for constant in constants if constant.name in needed],
    )
    from skimgrec import __version__

    written = helper.make_model(
        body,
        # A runtime refuses a domain named twice.
        opset_imports=list({opset.domain: opset for opset in opsets}.values()),
        ir_version=IR_VERSION,
        producer_name="skimgrec",
        producer_version=__version__,
    )
    helper.set_model_props(written, _properties(source))
    return written.SerializeToString()


def _described(name: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Any:
    from onnx import helper

    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(dtype), ["batch", *shape])


def _properties(source: Source) -> dict[str, str]:
    properties: dict[str, Any] = {
        "classes": source.classes,
        "image_shape": source.shape,
        "value_range": source.value_range,
        "loading": source.loading,
        "preprocessing": source.preprocessing,
        "estimator": " -> ".join(type(step).__name__ for step in _steps(source.estimator)),
    }
    return {name: json.dumps(value) for name, value in properties.items() if value is not None}


def _steps(estimator: Any) -> list[Any]:
    return [step for _, step in estimator.steps] if hasattr(estimator, "steps") else [estimator]


def run_onnx(content: bytes, pictures: NDArray[Any]) -> NDArray[Any]:
    """Return what onnxruntime makes of pictures with the content of an ONNX file."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # One thread is enough for a check, and needs no processor of its own, which not every container grants.
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return session.run([OUTPUT], {INPUT: pictures})[0]
