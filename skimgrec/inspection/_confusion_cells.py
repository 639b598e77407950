"""Which pictures lie in which cell of a confusion matrix, and which classes are worth showing of many."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# (row, column) of a confusion matrix: true class, predicted class.
Cell = tuple[int, int]


def codes_of(
    y_true: Any, y_pred: Any, labels: Any
) -> tuple[NDArray[Any], NDArray[np.intp], NDArray[np.intp], NDArray[Any]]:
    """Return the classes, the true and predicted ones as positions among them, and the rows that both are in.

    Raises
    ------
    ValueError
        If there is not one prediction for each true class, or `labels` repeats one or lacks all.
    """
    true, predicted = np.asarray(y_true), np.asarray(y_pred)
    if true.ndim != 1 or true.shape != predicted.shape or not len(true):
        raise ValueError(
            f"y_true has shape {true.shape} and y_pred {predicted.shape}, expected (n,) for both: a true and a "
            "predicted class for each picture."
        )
    true, predicted = _plain(true), _plain(predicted)
    if (true.dtype.kind in "US") != (predicted.dtype.kind in "US"):
        raise ValueError(
            f"y_true has labels like {true[0]!r} and y_pred like {predicted[0]!r}: bring both to the same kind, "
            "text or numbers."
        )
    classes = np.unique(np.concatenate([true, predicted])) if labels is None else np.asarray(labels)
    if len(np.unique(classes)) != len(classes):
        raise ValueError(f"labels={labels!r}: a class is there twice.")
    order = np.argsort(classes)
    in_order = classes[order]
    found = []
    for values in (true, predicted):
        places = np.searchsorted(in_order, values).clip(max=len(classes) - 1)
        found.append(np.where(in_order[places] == values, order[places], -1))
    rows = np.flatnonzero((found[0] >= 0) & (found[1] >= 0))
    if not len(rows):
        raise ValueError(f"labels={labels!r}: no picture is of one of these and predicted as one of them.")
    return classes, found[0], found[1], rows


def _plain(labels: NDArray[Any]) -> NDArray[Any]:
    """Return labels of type object, as data frames have them, as text where all of them are."""
    return (
        labels.astype(str) if labels.dtype.kind == "O" and all(isinstance(label, str) for label in labels) else labels
    )


def count_pairs(true: NDArray[np.intp], predicted: NDArray[np.intp], n_classes: int) -> NDArray[np.intp]:
    """Return the confusion matrix, of shape (n_classes, n_classes): true classes down, predicted ones across."""
    counts = np.bincount(true * n_classes + predicted, minlength=n_classes**2)
    return counts.reshape(n_classes, n_classes)


def most_confused(matrix: NDArray[np.intp], n_most: int) -> NDArray[np.intp]:
    """Return at most so many classes, in their order: those of the pairs that are mistaken for each other most often.

    Where few are mistaken, the most frequent ones follow.
    """
    n_classes = len(matrix)
    if n_classes <= n_most:
        return np.arange(n_classes)
    mistakes = matrix + matrix.T
    np.fill_diagonal(mistakes, 0)
    first, second = np.triu_indices(n_classes, 1)
    amounts = mistakes[first, second]
    chosen: list[int] = []
    for pair in np.argsort(-amounts, kind="stable"):
        if amounts[pair] == 0 or len(chosen) >= n_most:
            break
        for one in (int(first[pair]), int(second[pair])):
            if one not in chosen and len(chosen) < n_most:
                chosen.append(one)
    for one in np.argsort(-matrix.sum(axis=1), kind="stable").tolist():
        if len(chosen) >= n_most:
            break
        if one not in chosen:
            chosen.append(one)
    return np.sort(np.array(chosen, dtype=np.intp))


def rows_of_cells(
    true: NDArray[np.intp], predicted: NDArray[np.intp], rows: NDArray[np.intp], confidence: NDArray[np.float64] | None
) -> dict[Cell, NDArray[np.intp]]:
    """Return for each cell the rows of its pictures: the most confident ones first, where that is known."""
    if confidence is not None:
        rows = rows[np.argsort(-confidence[rows], kind="stable")]
    cells: dict[Cell, list[int]] = {}
    for row in rows.tolist():
        cells.setdefault((int(true[row]), int(predicted[row])), []).append(row)
    return {cell: np.array(some, dtype=np.intp) for cell, some in sorted(cells.items())}
