"""The folds of an integer cv, with and without groups."""

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

from skimgrec import compare
from skimgrec.model_selection._splits import make_splits


def splits_of(y, cv=3, groups=None, seed=0):
    classes, codes = np.unique(y, return_inverse=True)
    return make_splits(cv, np.zeros((len(y), 4)), np.asarray(y), groups, classes=classes, codes=codes, seed=seed)


def shared_groups(pairs, groups):
    groups = np.asarray(groups)
    return [set(groups[train]) & set(groups[test]) for train, test in pairs]


@pytest.mark.parametrize("kind", [int, str, float])
def test_an_integer_keeps_groups_together_and_classes_balanced(rng, kind):
    y = np.repeat(["cat", "dog"], 30)
    groups = np.array([kind(group) for group in rng.permutation(np.repeat(np.arange(20), 3))])
    pairs, description = splits_of(y, groups=groups)
    assert shared_groups(pairs, groups) == [set()] * 3
    assert np.array_equal(np.sort(np.concatenate([test for _, test in pairs])), np.arange(60))
    assert all(0.3 < np.mean(y[test] == "cat") < 0.7 for _, test in pairs)
    assert description == "StratifiedGroupKFold(n_splits=3, random_state=0, shuffle=True)"


def test_groups_are_seeded_and_shuffled():
    y, groups = np.tile([0, 1], 60), np.repeat(np.arange(60), 2)
    first, again, other = (splits_of(y, groups=groups, seed=seed)[0] for seed in (0, 0, 1))
    assert all(np.array_equal(one[1], two[1]) for one, two in zip(first, again, strict=True))
    assert not all(np.array_equal(one[1], two[1]) for one, two in zip(first, other, strict=True))


def test_a_group_may_hold_two_classes():
    y, groups = ["cat", "dog"] * 6, np.repeat(np.arange(6), 2)
    assert shared_groups(splits_of(y, groups=groups)[0], groups) == [set()] * 3


def test_without_groups_nothing_has_changed():
    assert splits_of(["cat", "dog"] * 6)[1] == "StratifiedKFold(n_splits=3, random_state=0, shuffle=True)"


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([0, 0, 0, 1, 1, 1, *range(2, 8)], "cv=3 needs at least 3 groups of every class.*class 'cat' has 2"),
        ([*range(11)], r"groups has shape \(11,\), expected one group for each of the 12 pictures"),
        (np.zeros((12, 2)), r"groups has shape \(12, 2\)"),
        ([None, *range(11)], "groups has missing entries"),
        ([np.nan, *range(11)], "groups has missing entries"),
        (np.array(["a", *range(11)], dtype=object), "groups mixes entries of the types int, str"),
    ],
)
def test_groups_that_cannot_be_kept_are_said(groups, message):
    with pytest.raises(ValueError, match=message):
        splits_of(["cat"] * 6 + ["dog"] * 6, groups=groups)


def own_split(n_train, n_test):
    return ["train"] * n_train + ["test"] * n_test


@pytest.mark.parametrize("cv", [own_split(40, 20), [(range(40), range(40, 60)), (range(20, 60), range(20))]])
def test_groups_are_held_against_given_splits(blobs, cv):
    X, y = blobs
    y = np.tile(["cat", "dog"], 30)
    chance = {"chance": DummyClassifier()}
    groups = np.arange(60)
    assert compare(chance, X, y, cv=cv, groups=groups, random_state=0).notes == []
    groups[59] = groups[30]
    (note,) = compare(chance, X, y, cv=cv, groups=groups, random_state=0).notes
    assert note.startswith(f"1 of {20 if isinstance(cv[0], str) else 40} test pictures shares a group with pictures ")
    with pytest.raises(ValueError, match=r"groups has shape \(59,\), expected one group for each of the 60 pictures"):
        compare(chance, X, y, cv=cv, groups=groups[1:], random_state=0)


def test_compare_tests_no_group_that_it_trains_on(rng):
    """Every picture is there twice: without groups the nearest neighbour remembers its twin."""
    X = np.repeat(rng.integers(0, 256, (40, 8, 8), dtype=np.uint8), 2, axis=0)
    y, groups = np.repeat(rng.permutation(np.tile(["cat", "dog"], 20)), 2), np.repeat(np.arange(40), 2)
    scores = {}
    for given in (None, groups):
        result = compare(["1nn"], X, y, cv=4, groups=given, random_state=0)
        scores[given is None] = np.mean([row.scores["accuracy"] for row in result.rows])
    assert scores[True] > 0.8
    assert scores[False] < 0.7


def test_holdout_is_the_first_of_five_folds():
    y = np.repeat(["a", "b"], 25)
    ((train, test),), description = splits_of(y, "holdout")
    folds, _ = splits_of(y, 5)
    assert (test == folds[0][1]).all()
    assert (train == folds[0][0]).all()
    assert description.startswith("one in 5 held out")


def test_holdout_keeps_groups_together():
    groups = np.arange(50) // 2 % 20
    ((train, test),), _ = splits_of(np.repeat(["a", "b"], 25), "holdout", groups)
    assert not set(groups[train]) & set(groups[test])


@pytest.mark.parametrize("kind", [list, np.array, lambda names: np.array(names, dtype=object)])
def test_the_datas_own_split(kind):
    names = kind(["train", "test", "val", "train", "test", "train"])
    ((train, test),), description = splits_of(["a", "b", "a", "b", "a", "a"], names)
    assert train.tolist() == [0, 3, 5]
    assert test.tolist() == [1, 4]
    assert description == "the data's own split, 1 validation pictures left aside"


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["train", "train", "train", "train"], "no picture in the split 'test': there is nothing to test on"),
        (["test", "test", "val", "val"], "no picture in the split 'train'"),
        (["train", "dev", "test", "test"], "split 'dev', expected 'train', 'test' or 'val'"),
    ],
)
def test_an_own_split_that_is_none(names, message):
    with pytest.raises(ValueError, match=message):
        splits_of(["a", "b", "a", "b"], names)
