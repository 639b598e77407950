"""Nearest neighbours as nodes of an ONNX graph, by distances that are as exact as scikit-learn's."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.persistence._onnx_graph import Graph

# float32 holds whole numbers up to here.
_WHOLE = 2**24


def are_known_neighbors(knn: Any) -> bool:
    """Tell whether `add_neighbors` knows the metric and the weights of a fitted classifier."""
    points = knn._fit_X
    return (
        knn.effective_metric_ == "euclidean"
        and knn.weights in ("uniform", "distance", None)
        and isinstance(points, np.ndarray)
        and not isinstance(knn.classes_, list)
    )


def add_neighbors(graph: Graph, knn: Any, rows: str) -> str:
    """Add a fitted classifier, and return the name of its probabilities, of shape (n, n_classes).

    Parameters
    ----------
    graph : Graph
        Takes the nodes.
    knn : KNeighborsClassifier
        One that `are_known_neighbors`.
    rows : str
        Name of the rows of features, float32.
    """
    points = knn._fit_X
    dtype = np.float32 if _is_exact_in_float32(points) else np.float64
    zero, one = graph.constant(0, dtype), graph.constant(1, dtype)
    x = graph.cast(rows, dtype)
    products = graph.add("MatMul", x, graph.cast(_kept(graph, points), dtype))
    lengths = graph.constant((points.astype(np.float64) ** 2).sum(axis=1), dtype)
    own = graph.total(graph.add("Mul", x, x), [1], keep=True)
    squares = graph.add("Sub", graph.add("Add", own, lengths), graph.add("Mul", products, graph.constant(2, dtype)))
    k = graph.constant([int(knn.n_neighbors)], np.int64)
    nearest, where = graph.add_pair("TopK", graph.add("Max", squares, zero), k, axis=1, largest=0, sorted=1)
    codes = graph.add("Gather", graph.constant(knn._y.ravel(), np.int64), where)
    n_classes = graph.constant([len(knn.classes_)], np.int64)
    votes = graph.cast(graph.add("OneHot", codes, n_classes, graph.constant([0.0, 1.0]), axis=2), dtype)
    if knn.weights == "distance":
        # Where training pictures are met exactly, they alone vote.
        met = graph.add("Equal", nearest, zero)
        same = graph.cast(met, dtype)
        inverse = graph.add("Div", one, graph.add("Sqrt", graph.add("Where", met, one, nearest)))
        any_met = graph.add("Greater", graph.total(same, [1], keep=True), zero)
        weights = graph.add("Where", any_met, same, inverse)
        votes = graph.add("Mul", votes, graph.add("Unsqueeze", weights, graph.constant([2], np.int64)))
    sums = graph.total(votes, [1])
    return graph.cast(graph.add("Div", sums, graph.total(sums, [1], keep=True)), np.float32)


def _is_exact_in_float32(points: NDArray[Any]) -> bool:
    """Return whether distances between such points are whole numbers that float32 holds."""
    largest = float(np.abs(points).max(initial=0.0))
    return 4 * points.shape[1] * largest**2 < _WHOLE and bool((points == np.rint(points)).all())


def _kept(graph: Graph, points: NDArray[Any]) -> str:
    """Return the name of the points as columns, in the smallest dtype that holds them."""
    columns = np.ascontiguousarray(points.T)
    if columns.min() >= 0 and columns.max() <= 255 and (columns == np.rint(columns)).all():
        return graph.constant(columns, np.uint8)
    is_float32 = columns.dtype == np.float32 or bool((columns.astype(np.float32) == columns).all())
    return graph.constant(columns, np.float32 if is_float32 else np.float64)
