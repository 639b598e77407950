"""The label of what belongs to no class, for classes of every kind."""

import numpy as np
import pytest

from skimgrec.neighbors._unknown_label import choose_unknown_label, with_unknown

ROWS = np.array([0, 1, 0])
UNKNOWN = np.array([False, False, True])


@pytest.mark.parametrize(
    ("classes", "label", "dtype"),
    [
        (np.array([0, 1]), -1, np.int64),
        (np.array([3, 7], np.uint8), -1, np.int64),
        (np.array([3, 7], np.uint64), -1, np.int64),
        (np.array([3, 7], np.int16), -1, np.int16),
        (np.array([-128, 7], np.int8), -129, np.int64),
        (np.array([-1, 1]), -2, np.int64),
        (np.array([False, True]), -1, np.int64),
        (np.array([0.0, 1.0]), -1.0, np.float64),
        (np.array(["a", "b"]), "unknown", np.dtype("<U7")),
        (np.array(["a", "a long name"]), "unknown", np.dtype("<U11")),
        (np.array(["a", "b"], object), "unknown", np.dtype(object)),
    ],
    ids=str,
)
def test_a_label_of_the_kind_of_the_classes_is_chosen(classes, label, dtype):
    assert choose_unknown_label(classes, None, "X") == label
    answers = with_unknown(classes[ROWS], UNKNOWN, label)
    assert answers.dtype == dtype
    assert answers.tolist() == [classes[0], classes[1], label]


def test_dtype_is_the_same_where_nothing_is_rejected():
    labels = np.array([3, 7], np.uint8)
    assert with_unknown(labels, np.array([False, False]), -1).dtype == np.int64


@pytest.mark.parametrize(("classes", "label"), [([0, 1], 99), ([0, 1], np.int32(99)), (["a", "b"], "none of these")])
def test_a_label_of_your_own_is_taken(classes, label):
    assert choose_unknown_label(np.array(classes), label, "X") == label


@pytest.mark.parametrize(("classes", "label"), [([0, 1], 1), (["a", "unknown"], None), (["a", "b"], "a")])
def test_a_class_is_no_label_for_the_unknown(classes, label):
    with pytest.raises(ValueError, match="is one of the classes that X has learnt"):
        choose_unknown_label(np.array(classes), label, "X")


@pytest.mark.parametrize(("classes", "label"), [([0, 1], "unknown"), (["a", "b"], -1)])
def test_text_among_numbers_is_refused(classes, label):
    with pytest.raises(ValueError, match="does not go with classes that are"):
        choose_unknown_label(np.array(classes), label, "X")
