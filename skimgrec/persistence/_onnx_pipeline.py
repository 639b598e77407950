"""Pipelines and other estimators of scikit-learn as ONNX, by way of skl2onnx; our own steps bring their nodes."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import numpy as np

from skimgrec.persistence._export_source import Source, is_network, members
from skimgrec.persistence._onnx_graph import ML_OPSET, OPSET, Graph
from skimgrec.persistence._onnx_hog import add_hog
from skimgrec.persistence._onnx_neighbors import add_neighbors, are_known_neighbors
from skimgrec.persistence._onnx_network import add_network


def convert_pipeline(source: Source) -> tuple[Any, str]:
    """Return an ONNX model, and the name of the output that holds its probabilities.

    Raises
    ------
    ValueError
        If a step has no counterpart in ONNX.
    """
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.neighbors import KNeighborsClassifier

    from skimgrec.feature_extraction import HOGTransformer, ImageFlattener
    from skimgrec.neural_network import KerasCNNClassifier, KerasMLPClassifier

    estimator = _with_plain_votes(source.estimator)
    _check_networks_come_last(estimator)
    is_uint8 = source.dtype == np.uint8
    # Many of skl2onnx's own converters want floats.
    entrance = "floats" if is_uint8 else "pictures"

    def convert_hog(scope: Any, operator: Any, container: Any) -> None:
        graph, given = _new_graph(scope, "hog"), operator.inputs[0].full_name
        features = add_hog(graph, operator.raw_operator, given, is_uint8=is_uint8 and given == entrance)
        graph.add("Identity", features, output=operator.outputs[0].full_name)
        _hand_over(graph, container)

    converters = {
        HOGTransformer: convert_hog,
        HistGradientBoostingClassifier: _convert_boosting,
        ImageFlattener: _convert_flattener,
        KNeighborsClassifier: _convert_neighbors,
        KerasCNNClassifier: _convert_network,
        KerasMLPClassifier: _convert_network,
    }
    _check_features_are_known(estimator, converters)
    shapes = {
        HOGTransformer: _shape_of_features,
        ImageFlattener: _shape_of_features,
        KNeighborsClassifier: _shape_of_probabilities,
        KerasCNNClassifier: _shape_of_probabilities,
        KerasMLPClassifier: _shape_of_probabilities,
    }
    # Probabilities as an array rather than as a list of dicts. Our own classifiers have no options, and none are added
    # to those that are listed.
    last = _last(estimator)
    options: dict[int, dict[str, bool]] = {} if is_network(last) else {id(last): {"zipmap": False}}
    options.update({id(part): {} for part in members(estimator) if is_network(part)})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = convert_sklearn(
                estimator,
                name="skimgrec",
                initial_types=[(entrance, FloatTensorType([None, *source.shape]))],
                target_opset={"": OPSET, "ai.onnx.ml": ML_OPSET},
                custom_conversion_functions=converters,
                custom_shape_calculators=shapes,
                options=options,
            )
    except Exception as error:  # whatever a converter makes of a model that it does not know
        parts = dict.fromkeys(type(part).__name__ for part in members(estimator))
        raise ValueError(
            f"The estimator cannot be exported to ONNX ({' '.join(str(error).split())[:300]}). It holds "
            f"{', '.join(parts)}. What can be exported: the Keras classifiers; and pipelines of ImageFlattener, "
            "HOGTransformer and those estimators of scikit-learn that skl2onnx knows, which "
            "skl2onnx.supported_converters() lists."
        ) from error
    if is_uint8:
        graph = Graph("entrance_")
        graph.add("Identity", graph.cast("pictures", np.float32), output=entrance)
        nodes = [*graph.nodes, *model.graph.node]
        del model.graph.node[:]
        model.graph.node.extend(nodes)
    outputs = [output.name for output in model.graph.output]
    return model, outputs[1] if len(outputs) > 1 else outputs[0]


def _last(estimator: Any) -> Any:
    """Return the last step of nested pipelines."""
    steps = getattr(estimator, "steps", None)
    return _last(steps[-1][1]) if steps else estimator


def _with_plain_votes(estimator: Any) -> Any:
    """Return an estimator that skl2onnx takes: a vote must not flatten what it would give as a transformer."""
    steps = getattr(estimator, "steps", None)
    if steps:
        changed = copy.copy(estimator)
        changed.steps = [*steps[:-1], (steps[-1][0], _with_plain_votes(steps[-1][1]))]
        return changed
    if getattr(estimator, "flatten_transform", False):
        estimator = copy.copy(estimator)
        estimator.flatten_transform = False
    return estimator


def _check_networks_come_last(estimator: Any) -> None:
    for part in members(estimator):
        for name, step in getattr(part, "steps", [])[:-1]:
            if is_network(step):
                raise ValueError(
                    f"The step {name!r}, a {type(step).__name__} whose features a later step takes, cannot be exported "
                    "to ONNX: a network can where it is the classifier, at the end of a pipeline."
                )


def _check_features_are_known(estimator: Any, converters: dict[Any, Any]) -> None:
    for part in members(estimator):
        if type(part).__module__.startswith("skimgrec.feature_extraction.") and type(part) not in converters:
            raise ValueError(
                f"The step {type(part).__name__} has no counterpart in ONNX, so that the estimator cannot be exported. "
                "Of the kinds of features, HOGTransformer ('hog') and ImageFlattener ('pixels') can be, alone or "
                "beside each other in a FeatureUnion. save_model keeps every kind."
            )


def _hand_over(graph: Graph, container: Any) -> None:
    for constant in graph.constants:
        container.add_initializer(constant.name, constant.data_type, None, constant)
    container.nodes.extend(graph.nodes)
    container.node_domain_version_pair_sets.add(("", OPSET))


def _new_graph(scope: Any, name: str) -> Graph:
    return Graph(scope.get_unique_operator_name(name) + "_")


def _convert_flattener(scope: Any, operator: Any, container: Any) -> None:
    flattener, graph = operator.raw_operator, _new_graph(scope, "flatten")
    rows = graph.add("Flatten", graph.cast(operator.inputs[0].full_name, np.float32))
    dtype = flattener._dtype_out(np.dtype(flattener.dtype_in_))
    if flattener.scale:
        low, width = flattener._scaling()
        rows = graph.add("Div", graph.add("Sub", rows, graph.constant(low)), graph.constant(width))
    elif dtype.kind != "f" and np.dtype(flattener.dtype_in_).kind == "f":
        rows = graph.cast(rows, np.int64)
    if dtype == np.float16:
        rows = graph.cast(rows, np.float16)
    graph.add("Identity", graph.cast(rows, np.float32), output=operator.outputs[0].full_name)
    _hand_over(graph, container)


def _convert_neighbors(scope: Any, operator: Any, container: Any) -> None:
    """Add nearest neighbours with distances in float64, as scikit-learn computes them; others are left to skl2onnx."""
    if not are_known_neighbors(operator.raw_operator):
        _skl2onnx_converter("SklearnKNeighborsClassifier")(scope, operator, container)
        return
    graph = _new_graph(scope, "neighbors")
    _hand_over_classifier(
        graph, add_neighbors(graph, operator.raw_operator, operator.inputs[0].full_name), operator, container
    )


def _convert_boosting(scope: Any, operator: Any, container: Any) -> None:
    _skl2onnx_converter("SklearnHistGradientBoostingClassifier")(scope, operator, _TreesMended(container))


def _skl2onnx_converter(alias: str) -> Any:
    from skl2onnx.common._registration import get_converter

    return get_converter(alias)


class _TreesMended:
    """A container that mends what skl2onnx says of trees.

    True and False become the numbers that ONNX has for them, without which protobuf refuses them. Thresholds become the
    next float32 below, not the nearest: the pixels or features, which are float32, then fall to the same side.
    """

    def __init__(self, container: Any) -> None:
        self._container = container

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)

    def add_node(self, *given: Any, **attributes: Any) -> Any:
        for name, value in attributes.items():
            if isinstance(value, (list, tuple)) and any(isinstance(part, (bool, np.bool_)) for part in value):
                attributes[name] = [int(part) for part in value]
        if "nodes_values" in attributes:
            thresholds = np.asarray(attributes["nodes_values"], np.float64)
            single = thresholds.astype(np.float32)
            lower = np.where(single > thresholds, np.nextafter(single, np.float32(-np.inf)), single)
            attributes["nodes_values"] = lower.tolist()
        return self._container.add_node(*given, **attributes)


def _convert_network(scope: Any, operator: Any, container: Any) -> None:
    graph = _new_graph(scope, "network")
    probabilities = add_network(graph, operator.raw_operator, operator.inputs[0].full_name)
    _hand_over_classifier(graph, probabilities, operator, container)


def _hand_over_classifier(graph: Graph, probabilities: str, operator: Any, container: Any) -> None:
    label, wanted = (output.full_name for output in operator.outputs)
    graph.add("Identity", probabilities, output=wanted)
    # Of the class, which is all that those within others need: skl2onnx asks for one.
    graph.add("ArgMax", probabilities, output=label, axis=1, keepdims=0)
    _hand_over(graph, container)


def _shape_of_features(operator: Any) -> None:
    from skl2onnx.common.data_types import FloatTensorType

    n_features = len(operator.raw_operator.get_feature_names_out())
    operator.outputs[0].type = FloatTensorType([None, n_features])


def _shape_of_probabilities(operator: Any) -> None:
    from skl2onnx.common.data_types import FloatTensorType, Int64TensorType

    operator.outputs[0].type = Int64TensorType([None])
    operator.outputs[1].type = FloatTensorType([None, len(operator.raw_operator.classes_)])
