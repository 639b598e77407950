import numpy as np
import pytest

from skimgrec.reporting._confusion import cell_entries
from skimgrec.reporting._mistakes import NOT_TESTED, all_wrong, disagreement, picture_answers, surest_mistakes


def answers(predicted, target, *, rows=None, probabilities=None, n=None):
    rows = np.arange(len(predicted)) if rows is None else np.asarray(rows)
    target = np.asarray(target)[rows]
    return picture_answers(target, np.asarray(predicted), probabilities, rows, n or int(rows.max()) + 1)


def test_the_surest_mistakes_come_first_and_labels_that_are_no_class_last():
    target, predicted = np.array([0, 0, 1, 1]), np.array([1, 0, 0, -1])
    probabilities = np.array([[0.4, 0.6], [0.9, 0.1], [0.8, 0.2], [0.5, 0.5]])
    cells = cell_entries(target, predicted, probabilities, np.arange(4), 2)
    assert [(true, said, entry.row) for true, said, entry in surest_mistakes(cells, 5)] == [
        (1, 0, 2),
        (0, 1, 0),
        (1, 2, 3),
    ]
    assert len(surest_mistakes(cells, 1)) == 1


def test_without_probabilities_mistakes_are_in_the_order_of_the_pictures():
    cells = cell_entries(np.array([0, 1, 0]), np.array([1, 0, 1]), None, np.array([8, 4, 6]), 2)
    assert [entry.row for _, _, entry in surest_mistakes(cells, 5)] == [4, 6, 8]


def test_the_commonest_answer_of_repeated_folds_counts():
    probabilities = np.array([[0.2, 0.8], [0.7, 0.3], [0.1, 0.9]])
    found = answers([1, 0, 1], [0, 0, 0, 0], rows=[3, 3, 3], probabilities=probabilities)
    assert found.times.tolist() == [0, 0, 0, 3]
    assert found.right.tolist() == [0, 0, 0, 1]
    assert found.answer.tolist() == [NOT_TESTED] * 3 + [1]
    assert found.of_answer[3] == pytest.approx(2 / 3)
    assert found.of_target[3] == pytest.approx(1 / 3)
    assert np.isnan(found.of_target[:3]).all()


def test_an_answer_that_is_no_class_is_an_answer():
    found = answers([-1, 0], [0, 0], probabilities=np.array([[0.5, 0.5], [0.9, 0.1]]))
    assert found.answer.tolist() == [-1, 0]
    assert np.isnan(found.of_answer[0])


def test_no_answers_at_all():
    nothing = np.empty(0, np.intp)
    found = picture_answers(nothing, nothing, None, nothing, 2)
    assert found.answer.tolist() == [NOT_TESTED, NOT_TESTED]


def test_wrong_by_all_means_every_time_by_every_model():
    target = [0, 0, 0, 0]
    # Row 0 is got right once by the first model, row 1 never by either, row 2 by the second, and row 3 is not tested
    # by the second.
    first = answers([0, 1, 1, 1, 1, 1, 1, 1], target, rows=[0, 0, 1, 1, 2, 2, 3, 3])
    second = answers([1, 1, 0], target, rows=[0, 1, 2], n=4)
    rows, n_tested = all_wrong([first, second])
    assert (rows.tolist(), n_tested) == ([1], 3)


def test_what_is_furthest_from_right_comes_first():
    probabilities = np.array([[0.3, 0.7], [0.1, 0.9], [0.2, 0.8]])
    sure = answers([1, 1, 1], [0, 0, 0], probabilities=probabilities)
    rows, _ = all_wrong([sure, answers([1, 1, 1], [0, 0, 0])])
    assert rows.tolist() == [1, 2, 0]


def test_disagreement_is_told_apart_by_who_is_right():
    target = np.array([0, 0, 0, 0, 0])
    first, second = answers([0, 1, 1, 0, 1], target), answers([0, 0, 2, 1, 1], target)
    found = disagreement(first, second, target)
    assert (found.only_first.tolist(), found.only_second.tolist(), found.neither.tolist()) == ([3], [1], [2])
    assert (found.count, found.n_tested) == (3, 5)


def test_pictures_that_one_was_not_tested_on_are_no_disagreement():
    target = np.array([0, 1])
    found = disagreement(answers([0, 1], target), answers([1], target, rows=[0], n=2), target)
    assert (found.count, found.n_tested) == (1, 1)


def test_the_surest_disagreement_comes_first():
    target = np.array([0, 0, 0])
    first = answers([0, 0, 0], target, probabilities=np.array([[0.6, 0.4], [0.9, 0.1], [0.7, 0.3]]))
    second = answers([1, 1, 1], target)
    assert disagreement(first, second, target).only_first.tolist() == [1, 2, 0]
