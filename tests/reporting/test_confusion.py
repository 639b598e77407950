import numpy as np
import pytest

from skimgrec.reporting._confusion import (
    Entry,
    cell_entries,
    coarse_matrix,
    confused_pairs,
    confusion_counts,
    largest_cap,
)

TARGET = np.array([0, 0, 1, 1, 2])
PREDICTED = np.array([0, 1, 1, -1, 1])


def test_labels_that_are_no_class_have_a_column_of_their_own():
    counts = confusion_counts(TARGET, PREDICTED, 3)
    assert counts.tolist() == [[1, 1, 0, 0], [0, 1, 0, 1], [0, 1, 0, 0]]


def test_a_matrix_without_predictions_is_empty():
    nothing = np.empty(0, np.intp)
    assert confusion_counts(nothing, nothing, 2).tolist() == [[0, 0, 0], [0, 0, 0]]
    assert cell_entries(nothing, nothing, None, nothing, 2) == {}


def test_every_prediction_lies_in_one_cell():
    cells = cell_entries(TARGET, PREDICTED, None, np.array([7, 3, 5, 0, 9]), 3)
    assert {place: [entry.row for entry in some] for place, some in cells.items()} == {
        (0, 0): [7],
        (0, 1): [3],
        (1, 1): [5],
        (1, 3): [0],
        (2, 1): [9],
    }
    assert all(entry.of_target is None and entry.of_predicted is None for some in cells.values() for entry in some)


def test_the_surest_pictures_of_a_cell_come_first():
    probabilities = np.array([[0.4, 0.6], [0.1, 0.9], [0.3, 0.7]])
    cells = cell_entries(np.zeros(3, np.intp), np.ones(3, np.intp), probabilities, np.array([4, 2, 8]), 2)
    (some,) = cells.values()
    assert [entry.row for entry in some] == [2, 8, 4]
    assert (some[0].of_target, some[0].of_predicted) == (pytest.approx(0.1), pytest.approx(0.9))


def test_a_label_that_is_no_class_has_no_probability():
    cells = cell_entries(np.array([1]), np.array([-1]), np.array([[0.4, 0.6]]), np.array([0]), 2)
    assert cells == {(1, 2): [Entry(0, 1, pytest.approx(0.6), None)]}


def test_predictions_of_one_picture_in_one_cell_are_one_entry():
    # Row 5 is tested three times: twice taken for class 1, with 0.6 and 0.8, and once recognised.
    target, rows = np.zeros(4, np.intp), np.array([5, 5, 5, 6])
    probabilities = np.array([[0.4, 0.6], [0.2, 0.8], [0.9, 0.1], [0.3, 0.7]])
    cells = cell_entries(target, np.array([1, 1, 0, 1]), probabilities, rows, 2)
    assert [(entry.row, entry.times) for entry in cells[0, 1]] == [(5, 2), (6, 1)]
    assert cells[0, 1][0].of_predicted == pytest.approx(0.7)
    assert [(entry.row, entry.times) for entry in cells[0, 0]] == [(5, 1)]


def test_pairs_are_ordered_by_their_number_and_leave_out_what_is_right():
    counts = np.array([[9, 1, 0, 2], [4, 9, 0, 0], [0, 0, 9, 0]])
    assert confused_pairs(counts, 10) == [(1, 0, 4), (0, 3, 2), (0, 1, 1)]
    assert confused_pairs(counts, 1) == [(1, 0, 4)]


def test_many_cells_show_few_pictures_each():
    assert largest_cap([100] * 10, 24, 240) == 24
    assert largest_cap([100] * 10, 24, 239) == 23
    assert largest_cap([], 24, 10) == 24


def test_classes_that_are_confused_come_into_one_group():
    counts = np.zeros((6, 7), np.int64)
    np.fill_diagonal(counts, 20)
    for first, second in ((0, 3), (1, 4), (2, 5)):
        counts[first, second] = counts[second, first] = 10
    counts[0, 1] = 1
    counts[5, 6] = 3  # no class: in no group
    found = coarse_matrix(counts, 3)
    assert sorted(found.groups) == [[0, 3], [1, 4], [2, 5]]
    assert sorted(np.diag(found.counts).tolist()) == [60, 60, 60]
    assert found.mistakes_within == [20, 20, 20]
    assert found.counts.sum() == counts[:, :6].sum()


def test_a_class_without_pictures_breaks_no_group():
    counts = np.zeros((40, 41), np.int64)
    counts[np.arange(39), np.arange(39)] = 5
    found = coarse_matrix(counts, 16)
    assert len(found.groups) == 16
    assert sorted(code for group in found.groups for code in group) == list(range(40))
