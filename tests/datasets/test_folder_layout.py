"""Which file belongs to which class and split, by paths alone."""

import os

import pytest

from skimgrec.datasets._folder_layout import folder_layout, split_of


def classes_of(layout):
    found = {}
    for path, label in zip(layout.paths, layout.labels, strict=True):
        found.setdefault(label, []).append(path)
    return found


def test_a_folder_is_a_class_at_any_depth_and_files_are_sorted(tree):
    layout = folder_layout(tree("dog/b.JPG", "dog/a/z/1.png", "cat/10", "cat/9.jpeg", "cat/B.jpg", "cat/a.txt"))
    assert layout.paths == ["cat/10", "cat/9.jpeg", "cat/B.jpg", "cat/a.txt", "dog/a/z/1.png", "dog/b.JPG"]
    assert layout.labels == ["cat"] * 4 + ["dog"] * 2
    assert (layout.class_names, layout.splits, layout.ignored) == (["cat", "dog"], None, [])
    assert [os.path.isfile(layout.full(path)) for path in layout.paths] == [True] * 6


def test_litter_is_left_out(tree):
    layout = folder_layout(
        tree(
            "cat/1.jpg", "dog/1.jpg", ".git/1.jpg", "__MACOSX/cat/1.jpg", "cat/.DS_Store", "cat/._1.jpg",
            "cat/Thumbs.db", "dog/DESKTOP.INI", "dog/.hidden/2.jpg", "Thumbs.db", "dog/__MACOSX/3.jpg",
        )
    )  # fmt: skip
    assert layout.paths == ["cat/1.jpg", "dog/1.jpg"]
    assert layout.loose == []


def test_links_to_folders_are_followed_but_not_in_circles(tree, tmp_path):
    tree("elsewhere/x/1.jpg", "data/cat/1.jpg", "data/dog/2.jpg", "data/bird -> ../elsewhere/x")
    tree("data/cat/up -> ..", "data/cat/itself -> .", "data/all -> .", "data/dog/away -> ../../elsewhere")
    tree("data/dog/again -> ../../elsewhere/x", "data/dog/knot -> knot")
    layout = folder_layout(str(tmp_path / "data"))
    assert classes_of(layout) == {
        "bird": ["bird/1.jpg"],
        "cat": ["cat/1.jpg"],
        "dog": ["dog/2.jpg", "dog/again/1.jpg", "dog/knot"],
    }


@pytest.mark.parametrize(
    ("training", "test"),
    [
        ("training_set", "test_set"),
        ("train", "test"),
        ("TRAIN", "Testing"),
        ("Training", "test-set"),
        ("trainset", "TEST"),
        ("train_images", "test-images"),
        ("train data", "testdata"),
    ],
)
def test_splits_are_recognised(tree, training, test):
    layout = folder_layout(
        tree(f"{training}/cat/1.jpg", f"{training}/dog/1.jpg", f"{test}/cat/x/2.jpg", f"{test}/dog/2.jpg")
    )
    by_path = dict(zip(layout.paths, layout.splits, strict=True))
    assert by_path == {
        f"{training}/cat/1.jpg": "train",
        f"{training}/dog/1.jpg": "train",
        f"{test}/cat/x/2.jpg": "test",
        f"{test}/dog/2.jpg": "test",
    }
    assert layout.class_names == ["cat", "dog"]
    assert layout.paths == sorted(layout.paths)


@pytest.mark.parametrize("name", ["val", "valid", "Validation", "validation_set"])
def test_validation_is_a_split(tree, name):
    layout = folder_layout(tree("train/cat/1.jpg", "train/dog/1.jpg", f"{name}/cat/1.jpg"))
    assert sorted(layout.splits) == ["train", "train", "val"]


@pytest.mark.parametrize("name", ["trainer", "train1", "my_train", "evaluate", "", "tests", "train_test"])
def test_other_names_are_no_splits(name):
    assert split_of(name) is None


def test_folders_beside_the_splits_are_no_classes(tree):
    layout = folder_layout(
        tree(
            "training_set/cats/1.jpg", "training_set/dogs/1.jpg", "test_set/cats/1.jpg", "single_prediction/x.jpg",
            "Predict/1.jpg", "saved_model/variables/a.index", "notes.txt", "sample.jpg", "training_set/labels.csv",
        )
    )  # fmt: skip
    assert layout.ignored == ["Predict", "saved_model", "single_prediction"]
    assert layout.class_names == ["cats", "dogs"]
    assert (layout.loose, layout.doubtful) == (["training_set/labels.csv"], [])


def test_unlabelled_test_pictures_are_ignored(tree):
    layout = folder_layout(tree("train/cat/1.jpg", "train/dog/1.jpg", "test/1.jpg", "test/2.jpg"))
    assert (layout.ignored, set(layout.splits)) == (["test"], {"train"})


def test_a_class_called_train_is_a_class(tree):
    layout = folder_layout(tree("train/1.jpg", "train/steam/2.jpg", "car/1.jpg", "bus/1.jpg"))
    assert (layout.splits, layout.class_names) == (None, ["bus", "car", "train"])
    assert classes_of(layout)["train"] == ["train/1.jpg", "train/steam/2.jpg"]


def test_a_class_folder_called_train_in_a_split(tree):
    layout = folder_layout(tree("train/train/1.jpg", "train/car/1.jpg", "test/train/1.jpg", "test/car/1.jpg"))
    assert layout.class_names == ["car", "train"]
    assert sorted(layout.splits) == ["test", "test", "train", "train"]


def test_a_split_with_a_stray_picture_stays_a_split(tree):
    layout = folder_layout(
        tree("train/1.jpg", "train/cat/1.jpg", "train/dog/1.jpg", "test/cat/1.jpg", "test/dog/1.jpg")
    )
    assert layout.class_names == ["cat", "dog"]
    assert layout.loose == ["train/1.jpg"]


def test_folders_that_may_be_classes_are_doubtful(tree):
    layout = folder_layout(tree("train/steam/2.jpg", "train/diesel/2.jpg", "car/1.jpg", "bus/1.jpg"))
    assert layout.class_names == ["diesel", "steam"]
    assert layout.doubtful == layout.ignored == ["bus", "car"]
    layout = folder_layout(
        tree("train/steam/1.png", "train/diesel/1.png", "bus/red/1.png", "saved_model/x.png", "predictions/a/1.png")
    )
    assert layout.doubtful == ["bus", "car"]
    root = tree("one/train/steam/1.png", "one/train/diesel/1.png", "one/bus/red/1.png", "one/test/1.png")
    layout = folder_layout(os.path.join(root, "one"))
    assert (layout.doubtful, layout.ignored) == (["bus"], ["bus", "test"])


def test_a_folder_with_the_classes_of_the_splits_is_a_twin(tree):
    layout = folder_layout(
        tree("training/cat/1.png", "training/dog/1.png", "evaluation/cat/1.png", "evaluation/dog/1.png", "x/y/1.png")
    )
    assert (layout.twins, layout.doubtful, layout.ignored) == (["evaluation"], ["x"], ["evaluation", "x"])


def test_a_class_without_test_files_is_no_error(tree):
    layout = folder_layout(tree("train/cat/1.jpg", "train/dog/1.jpg", "test/cat/1.jpg", "test/dog/", "test/empty/"))
    assert layout.class_names == ["cat", "dog"]


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([], "holds nothing: expected one folder for each class, named after it"),
        (["1.jpg", "2.jpg"], "holds 2 files, the first of them 1.jpg, and no folders.*Move the pictures"),
        (["cat/", "dog/"], "holds no pictures: its folders cat, dog are empty"),
        (["cat/1.jpg", "dog/"], "the class 'dog' has no pictures. Each class needs at least one"),
        (["cat/1.jpg", "dog/", "cow/"], "the classes cow, dog have no pictures"),
        (
            ["pets/train/cat/1", "pets/test/cat/1", "photos/1.jpg"],
            "pets holds test, train with folders of files in them, so that it is a data set of its own.*Use .*pets",
        ),
        (
            ["cat/train/1.png", "cat/test/1.png", "dog/train/1.png", "dog/test/2.png"],
            "the classes hold train and test folders, such as cat/train; expected train/cat, test/cat",
        ),
        (["cat/1.jpg"], "has a single class, 'cat'.*Add a folder for another class beside it"),
        (["all/cat/1.jpg", "all/dog/1.jpg"], "single class, 'all'.*If the classes, or .* in it, cat, dog, use .*all"),
        (["train/cat/1.jpg", "test/cat/2.jpg"], "single class, 'cat'"),
        (["test/cat/1.jpg", "test/dog/2.jpg"], "has test and no folder to train on.*name its folder: .*test"),
        (
            ["train/cat/1", "train/dog/1", "test/Cat/1"],
            "test has pictures of Cat, of which train has none; it has cat, dog.*the same spelling",
        ),
        (["train/cat/1", "train/dog/", "test/dog/1"], "train: the class 'dog' has no pictures"),
    ],
)  # fmt: skip
def test_what_is_no_folder_of_classes_is_said(tree, entries, message):
    root = tree(*entries)
    with pytest.raises(ValueError, match=message) as caught:
        folder_layout(root)
    assert root in str(caught.value)


def test_what_is_no_folder_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"There is no folder .*nowhere"):
        folder_layout(str(tmp_path / "nowhere"))
    (tmp_path / "cats.zip").touch()
    with pytest.raises(NotADirectoryError, match=r"cats\.zip is a file, expected a folder.*Unpack it first"):
        folder_layout(str(tmp_path / "cats.zip"))


def test_a_folder_that_cannot_be_listed_is_named(tree, monkeypatch):
    root = tree("cat/1.jpg", "cat/locked/2.jpg", "dog/1.jpg")
    scandir = os.scandir

    def refuse(path):
        if path.endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    layout = folder_layout(root)
    assert layout.paths == ["cat/1.jpg", "dog/1.jpg"]
    assert layout.unreadable == [("cat/locked", "the folder cannot be listed (Permission denied)")]
