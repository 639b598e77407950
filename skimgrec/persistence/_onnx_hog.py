"""Histograms of oriented gradients as nodes of an ONNX graph, bin for bin those of `HOGTransformer`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.feature_extraction._hog_layout import HOGLayout
from skimgrec.feature_extraction._hog_orientation import N_DIFFERENCES, bins_of_codes, code_shift
from skimgrec.persistence._onnx_graph import Graph
from skimgrec.utils import with_channel_axis

_EPS, _CLIP = 1e-5, 0.2


def add_hog(graph: Graph, hog: Any, pictures: str, *, is_uint8: bool) -> str:
    """Add a fitted transformer, and return the name of its features, of shape (n, n_features_out).

    Parameters
    ----------
    graph : Graph
        Takes the nodes.
    hog : HOGTransformer
    pictures : str
        Name of the pictures, float32 or uint8.
    is_uint8 : bool
        Which of the two: bytes vote by a table, as in the transformer.
    """
    layout, (height, width, channels) = hog._layout(), with_channel_axis(hog.image_shape_)
    n_rows, n_cols = layout.n_cells(height, width)
    # The transformer takes the roots of integers in this precision, and all that follows.
    dtype = np.float64 if is_uint8 and layout.transform_sqrt else np.float32
    x = graph.reshape(graph.cast(pictures, dtype), [0, height, width, channels])
    if layout.transform_sqrt:
        x = graph.add("Sqrt", x)
    g_row, g_col = _difference(graph, x, 1, height), _difference(graph, x, 2, width)
    by_table = is_uint8 and not (layout.transform_sqrt or layout.soft)
    if channels > 1:
        g_row, g_col = _of_largest(graph, g_row, g_col, rounded=dtype == np.float32 and not by_table)
    parts = []
    for gradient in (g_row, g_col):
        whole = graph.slice(graph.slice(gradient, 1, 0, n_rows * layout.cell[0]), 2, 0, n_cols * layout.cell[1])
        parts.append(graph.reshape(whole, [0, n_rows * layout.cell[0], n_cols * layout.cell[1]]))
    g_row, g_col = parts
    if layout.soft:
        cells = _soft_cells(graph, layout, g_row, g_col, n_rows, n_cols)
    else:
        bins = (_bins_by_table if by_table else _bins_by_edges)(graph, layout, g_row, g_col)
        cells = _cells(graph, layout, bins, _magnitude(graph, g_row, g_col))
    flat = graph.add("Flatten", graph.transpose(cells, (0, 2, 3, 1)))
    return _blocks(graph, layout, flat, n_rows, n_cols)


def _difference(graph: Graph, x: str, axis: int, length: int) -> str:
    """Return what lies after a pixel less what lies before it, 0 at the border."""
    if length < 3:
        return graph.add("Sub", x, x)
    inner = graph.add("Sub", graph.slice(x, axis, 2, length), graph.slice(x, axis, 0, length - 2))
    sizes = np.zeros((2, 4), np.int64)
    sizes[:, axis] = 1
    return graph.add("Pad", inner, graph.constant(sizes.ravel(), np.int64))


def _of_largest(graph: Graph, g_row: str, g_col: str, *, rounded: bool) -> tuple[str, str]:
    """Return the gradients of the channel where they are longest, the first of equals.

    Lengths are compared as `hypot` in float32 rounds them, if `rounded`: in float64, the squares of float32 are exact.
    """
    if rounded:
        squares = _squares(graph, graph.cast(g_row, np.float64), graph.cast(g_col, np.float64))
        lengths = graph.cast(graph.add("Sqrt", squares), np.float32)
    else:
        lengths = _squares(graph, g_row, g_col)
    largest = graph.add("ArgMax", lengths, axis=3, keepdims=1)
    return (
        graph.add("GatherElements", g_row, largest, axis=3),
        graph.add("GatherElements", g_col, largest, axis=3),
    )


def _squares(graph: Graph, g_row: str, g_col: str) -> str:
    return graph.add("Add", graph.add("Mul", g_row, g_row), graph.add("Mul", g_col, g_col))


def _magnitude(graph: Graph, g_row: str, g_col: str) -> str:
    return graph.cast(graph.add("Sqrt", _squares(graph, g_row, g_col)), np.float32)


def _bins_by_table(graph: Graph, layout: HOGLayout, g_row: str, g_col: str) -> str:
    shifted = graph.add("Add", g_col, graph.constant(float(code_shift(layout.signed))))
    code = graph.add("Abs", graph.add("Add", graph.add("Mul", g_row, graph.constant(float(N_DIFFERENCES))), shifted))
    table = bins_of_codes(layout.orientations, layout.signed)
    return graph.cast(graph.add("Gather", graph.constant(table, table.dtype), graph.cast(code, np.int64)), np.int64)


def _bins_by_edges(graph: Graph, layout: HOGLayout, g_row: str, g_col: str) -> str:
    """Count the edges of bins that a gradient's angle has reached.

    An angle in 0 to 180 degrees has reached an edge there if the sine of what lies between them is not negative. ONNX
    has no arctangent of two numbers, nor one in float64.
    """
    zero = graph.constant(0.0, np.float64)
    row, col = (
        graph.add("Unsqueeze", graph.cast(g, np.float64), graph.constant([3], np.int64)) for g in (g_row, g_col)
    )
    below = graph.add("Less", row, zero)
    backward = graph.add("And", graph.add("Equal", row, zero), graph.add("Less", col, zero))
    is_lower = graph.add("Or", below, backward)
    sign = graph.add("Where", is_lower, graph.constant(-1.0, np.float64), graph.constant(1.0, np.float64))
    row, col = graph.add("Mul", row, sign), graph.add("Mul", col, sign)

    turn = 360.0 if layout.signed else 180.0
    edges = turn / layout.orientations * np.arange(1, layout.orientations, dtype=np.float64)
    if not len(edges):
        return graph.reshape(graph.cast(graph.add("Mul", row, zero), np.int64), [0, 0, -1])
    cosines, sines = _direction(edges % 180.0)
    sine = graph.add(
        "Sub",
        graph.add("Mul", row, graph.constant(cosines, np.float64)),
        graph.add("Mul", col, graph.constant(sines, np.float64)),
    )
    reached = graph.add("GreaterOrEqual", sine, zero)
    if layout.signed:
        # An upper angle has reached no edge of the second half turn, a lower one every edge of the first.
        in_first_half = graph.constant(edges < 180.0, np.bool_)
        nearer = graph.add("And", in_first_half, graph.add("Or", is_lower, reached))
        farther = graph.add("And", graph.add("Not", in_first_half), graph.add("And", is_lower, reached))
        reached = graph.add("Or", nearer, farther)
    return graph.total(graph.cast(reached, np.int64), [3])


def _direction(degrees: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return cosines and sines, of the same digits for the multiples of 45 degrees, on which gradients can lie."""
    cosines, sines = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    for angle, exact in ((0.0, (1.0, 0.0)), (45.0, (1.0, 1.0)), (90.0, (0.0, 1.0)), (135.0, (-1.0, 1.0))):
        on_it = degrees == angle
        cosines[on_it], sines[on_it] = exact
    return cosines, sines


def _cells(graph: Graph, layout: HOGLayout, bins: str, magnitudes: str) -> str:
    """Return the mean votes of cells, of shape (n, orientations, rows, columns)."""
    depth, values = graph.constant([layout.orientations], np.int64), graph.constant([0.0, 1.0])
    chosen = graph.add("OneHot", bins, depth, values, axis=1)
    votes = graph.add("Mul", chosen, graph.add("Unsqueeze", magnitudes, graph.constant([1], np.int64)))
    return graph.add("AveragePool", votes, kernel_shape=list(layout.cell), strides=list(layout.cell))


def _soft_cells(graph: Graph, layout: HOGLayout, g_row: str, g_col: str, n_rows: int, n_cols: int) -> str:
    """Return the votes of cells, each shared between the nearest two bins along all three axes."""
    zero, one = graph.constant(0.0), graph.constant(1.0)
    row, col = (graph.cast(g, np.float32) for g in (g_row, g_col))
    height, width = graph.add("Abs", row), graph.add("Abs", col)
    longer, shorter = graph.add("Max", height, width), graph.add("Min", height, width)
    divisor = graph.add("Where", graph.add("Greater", longer, zero), longer, one)
    angle = graph.add("Atan", graph.add("Div", shorter, divisor))
    steep, below = graph.add("Greater", height, width), graph.add("Less", row, zero)
    angle = graph.add("Where", steep, graph.add("Sub", graph.constant(math.pi / 2), angle), angle)
    turned = graph.add("Xor", below, graph.add("Less", col, zero))
    angle = graph.add("Where", turned, graph.add("Sub", graph.constant(math.pi), angle), angle)
    if layout.signed:
        angle = graph.add("Where", below, graph.add("Add", angle, graph.constant(math.pi)), angle)
    n = layout.orientations
    bins_per_radian = n / (2 * math.pi if layout.signed else math.pi)
    position = graph.add("Mul", angle, graph.constant(bins_per_radian))
    position = graph.add("Unsqueeze", position, graph.constant([1], np.int64))

    shares = []
    for turn in (-n, 0, n):  # orientations are circular
        centres = (np.arange(n) + 0.5 + turn).reshape(-1, 1, 1)
        distance = graph.add("Abs", graph.add("Sub", position, graph.constant(centres)))
        shares.append(graph.add("Relu", graph.add("Sub", one, distance)))
    share = graph.add("Sum", *shares)
    magnitudes = graph.add("Unsqueeze", _magnitude(graph, row, col), graph.constant([1], np.int64))
    votes = graph.add("Mul", share, magnitudes)
    down = graph.constant(_cell_shares(n_rows, layout.cell[0]))
    across = graph.constant(_cell_shares(n_cols, layout.cell[1]).T)
    return graph.add("MatMul", graph.add("MatMul", down, votes), across)


def _cell_shares(n_cells: int, side: int) -> NDArray[np.float64]:
    """Return the share of each pixel's vote, over the side of a cell, that goes to each cell: (cells, pixels)."""
    centres = (np.arange(n_cells) + 0.5) * side
    pixels = np.arange(n_cells * side) + 0.5
    return np.maximum(0.0, 1.0 - abs(pixels - centres[:, None]) / side) / side


def _blocks(graph: Graph, layout: HOGLayout, cells: str, n_rows: int, n_cols: int) -> str:
    """Return the normalised blocks as rows, from cells of shape (n, rows * columns * orientations)."""
    places = np.arange(n_rows * n_cols * layout.orientations).reshape(n_rows, n_cols, layout.orientations)
    windows = np.lib.stride_tricks.sliding_window_view(places, layout.block, axis=(0, 1))
    # (block rows, block columns, orientations, rows, columns) into the order of the features.
    order = windows.transpose(0, 1, 3, 4, 2).reshape(windows.shape[0] * windows.shape[1], -1)
    blocks = graph.add("Gather", cells, graph.constant(order, np.int64), axis=1)
    if layout.norm.startswith("L1"):
        size = graph.add("Add", graph.total(blocks, [2], keep=True), graph.constant(_EPS))
        blocks = graph.add("Div", blocks, size)
        blocks = graph.add("Sqrt", blocks) if layout.norm == "L1-sqrt" else blocks
    else:
        blocks = _by_length(graph, blocks)
        if layout.norm == "L2-Hys":
            blocks = _by_length(graph, graph.add("Min", blocks, graph.constant(_CLIP)))
    return graph.add("Flatten", blocks)


def _by_length(graph: Graph, blocks: str) -> str:
    squares = graph.total(graph.add("Mul", blocks, blocks), [2], keep=True)
    return graph.add("Div", blocks, graph.add("Sqrt", graph.add("Add", squares, graph.constant(_EPS**2))))
