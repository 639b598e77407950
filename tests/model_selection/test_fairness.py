"""What would be unfair in a comparison is refused or said."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.dummy import DummyClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import (
    GridSearchCV,
    PredefinedSplit,
    RepeatedStratifiedKFold,
    StratifiedGroupKFold,
    StratifiedKFold,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skimgrec import ImageFlattener, check_images, compare, load_digits_images, make_image_classification
from skimgrec.model_selection._fairness import groups_of_copies
from skimgrec.preprocessing import ImageLoader

CHANCE = {"chance": make_pipeline(ImageFlattener(), DummyClassifier())}


@pytest.fixture(scope="module")
def pictures():
    """Return 60 pictures of 3 classes, five of which are near copies of others, and two exact ones."""
    data = make_image_classification(60, image_size=(32, 32), n_classes=3, random_state=0)
    X, y = data.images.copy(), data.target.copy()
    X[50:55] = np.clip(X[:5] * 0.9 + 8, 0, 255).astype("uint8")
    X[55:57] = X[5:7]
    y[50:57] = y[:7]
    return X, y


def test_copies_across_folds_are_counted_and_said(pictures):
    X, y = pictures
    result = compare(CHANCE, X, y, cv=3, random_state=0)
    groups = check_images(X, y).groups
    fold_of = {row: fold for fold, rows in enumerate(result.test_rows) for row in rows}
    folds_of_group = {group: {fold_of[row] for row in np.flatnonzero(groups == group)} for group in groups}
    n_seen = sum(len(folds_of_group[group]) > 1 for group in groups)
    assert 0 < n_seen <= 14
    assert result.notes[0].startswith(f"{n_seen} of 60 test pictures have a copy, exact or near, among the pictures")
    assert "near_duplicates='group' (--near-duplicates group)" in result.notes[0]
    assert "Caution: " in str(result)


@pytest.mark.parametrize("cv", [3, "holdout", StratifiedGroupKFold(3)])
def test_copies_can_be_kept_together(pictures, cv):
    X, y = pictures
    result = compare(CHANCE, X, y, cv=cv, random_state=0, near_duplicates="group")
    assert result.notes == []
    groups = check_images(X, y).groups
    for test in result.test_rows:
        assert not set(groups[test]) & set(np.delete(groups, test))


def test_given_groups_that_keep_copies_together_leave_nothing_to_say(pictures):
    X, y = pictures
    assert compare(CHANCE, X, y, cv=3, groups=check_images(X, y).groups, random_state=0).notes == []


def test_copies_are_not_looked_for_if_not_wanted(pictures, monkeypatch):
    monkeypatch.setattr("skimgrec.datasets.check_images", lambda *args, **kwargs: pytest.fail("was called"))
    assert compare(CHANCE, *pictures, cv=3, random_state=0, near_duplicates="ignore").notes == []


def test_without_copies_grouping_changes_nothing():
    X, y = (array[:300] for array in load_digits_images(return_X_y=True))
    plain, grouped = (compare(CHANCE, X, y, cv=3, random_state=0, near_duplicates=what) for what in ("say", "group"))
    assert plain.splits_fingerprint == grouped.splits_fingerprint
    assert plain.notes == grouped.notes == []


@pytest.mark.filterwarnings("ignore:The groups parameter is ignored")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"near_duplicates": "drop"}, "near_duplicates='drop', expected 'say', 'ignore' or 'group'"),
        ({"groups": np.arange(60)}, "groups is given as well"),
        ({"cv": StratifiedKFold(3, shuffle=True, random_state=0)}, "StratifiedKFold.*pays no heed to groups: .* copy"),
        ({"cv": ["train"] * 30 + ["test"] * 30}, "own split.*pays no heed to groups"),
        ({"X": [[1.0]] * 60}, "X is a list.*Give pictures"),
    ],
)
def test_what_cannot_keep_copies_together_is_refused(pictures, arguments, message):
    X, y = pictures
    with pytest.raises(ValueError, match=message):
        compare(**{"estimators": CHANCE, "X": X, "y": y, "cv": 3, "near_duplicates": "group", **arguments})


def test_equal_rows_of_flattened_pictures_are_copies(pictures):
    X, y = pictures
    flat = X.reshape(len(X), -1)
    given = [(np.arange(50), np.arange(50, 60))]
    result = compare({"nb": GaussianNB()}, flat, y, cv=given)
    assert result.notes[0].startswith("2 of 10 test pictures have a copy")
    # Equal rows of a few numbers say nothing.
    assert compare({"nb": GaussianNB()}, flat[:, :4] // 200, y, cv=given).notes == []


def test_equal_rows_are_looked_for_without_a_copy_of_the_pictures():
    X = np.random.default_rng(0).integers(0, 256, (1000, 8192), dtype=np.uint8)
    X[999] = X[3]
    tracemalloc.start()
    groups = groups_of_copies(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert groups[999] == 3
    assert len(set(groups.tolist())) == 999
    assert peak < X.nbytes / 4


def test_copies_among_files_are_found(pictures, tmp_path):
    X, y = pictures
    paths = [str(tmp_path / f"{number}.png") for number in range(60)]
    for path, picture in zip(paths, X, strict=True):
        Image.fromarray(picture.squeeze()).save(path)
    model = make_pipeline(ImageLoader(image_size=(32, 32)), ImageFlattener(), DummyClassifier())
    given = [(np.arange(50), np.arange(50, 60))]
    for files in (np.array(paths), ImageLoader(image_size=(32, 32)).fit_transform(paths)):
        estimator = model if isinstance(files, np.ndarray) else model[1:]
        assert compare({"m": estimator}, files, y, cv=given).notes[0].startswith("7 of 10 test pictures have a copy")


def test_pictures_that_break_the_contract_still_reach_the_estimators(pictures):
    X, y = pictures
    broken = X.astype(float)
    broken[0, 0, 0] = np.nan
    result = compare(CHANCE, broken, y, cv=2, random_state=0)
    assert len(result.rows) == 2
    assert result.notes == []


def test_a_frozen_part_is_said(blobs):
    X, y = blobs
    frozen = FrozenEstimator(StandardScaler().fit(X))
    estimators = {"nb": GaussianNB(), "frozen": make_pipeline(frozen, GaussianNB())}
    (note,) = compare(estimators, X, y, cv=2, random_state=0).notes
    assert note.startswith("frozen holds a FrozenEstimator, which was fitted outside the folds")


@pytest.mark.parametrize("convert", [np.asarray, np.float32, pd.DataFrame, lambda X: X.reshape(60, 2, 2)])
def test_features_standardised_before_the_folds_are_said(blobs, convert):
    X, y = blobs
    scaled = StandardScaler().fit_transform(np.c_[X[:, :3], np.ones(60)])
    (note,) = compare({"1nn": KNeighborsClassifier(1)}, convert(scaled), y, cv=2, random_state=0).notes
    assert "mean 0 and standard deviation 1 over all pictures" in note
    assert "Put StandardScaler into a Pipeline" in note


def test_features_brought_to_a_range_before_the_folds_are_said():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 5)), np.arange(200) % 2
    (note,) = compare({"nb": GaussianNB()}, MinMaxScaler().fit_transform(X), y, cv=2, random_state=0).notes
    assert "Put MinMaxScaler into a Pipeline" in note


def test_what_is_no_scaling_over_all_rows_is_left_alone():
    rng = np.random.default_rng(0)
    y = np.arange(400) % 2
    # All 256 levels in every place, as photographs have them: a division by 255 knows nothing of the test pictures.
    levels = np.stack([rng.permutation(np.arange(400) % 256) for _ in range(30)], axis=1) / 255
    bits = rng.integers(2, size=(400, 5)).astype(float)
    half = StandardScaler().fit(rng.normal(3, 2, size=(200, 5)))
    for X in (levels, bits, half.transform(rng.normal(3, 2, size=(400, 5))), rng.normal(size=(400, 5))):
        assert compare({"nb": GaussianNB()}, X, y, cv=2, random_state=0, near_duplicates="ignore").notes == []


@pytest.mark.parametrize(
    "inner",
    [PredefinedSplit([0, 1] * 30), [(np.arange(20), np.arange(20, 40))], [(np.ones(60, bool), np.zeros(60, bool))]],
)
def test_a_search_that_splits_by_row_numbers_is_refused(blobs, inner):
    search = GridSearchCV(KNeighborsClassifier(), {"n_neighbors": [1, 3]}, cv=inner)
    with pytest.raises(ValueError, match=r"tuned has .*cv=\w+, which lists rows by their numbers"):
        compare({"tuned": search}, *blobs, cv=3)
    with pytest.raises(ValueError, match="piped has gridsearchcv__cv="):
        compare({"piped": make_pipeline(StandardScaler(), search)}, *blobs, cv=3)


def test_a_search_may_list_the_rows_of_the_only_split(blobs):
    X, y = blobs
    split = np.where(np.arange(60) % 3 == 0, "test", "train")
    search = GridSearchCV(KNeighborsClassifier(), {"n_neighbors": [1, 3]}, cv=PredefinedSplit([0, -1] * 20))
    assert compare({"tuned": search}, X, y, cv=split).rows[0].error is None


@pytest.mark.parametrize("inner", [None, 3, StratifiedKFold(2), RepeatedStratifiedKFold(n_splits=2, n_repeats=1)])
def test_a_search_with_folds_of_its_own_is_honest(blobs, inner):
    search = GridSearchCV(KNeighborsClassifier(), {"n_neighbors": [1, 3]}, cv=inner)
    result = compare({"tuned": search}, *blobs, cv=2, random_state=0)
    assert result.notes == []
    assert result.rows[0].error is None
