"""Whatever the command line may be given as DATA."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skimgrec.datasets import load_data
from skimgrec.utils import LazyImages


@pytest.fixture
def npz(tmp_path):
    """Return a function that writes an npz file and gives its path."""

    def write(**arrays):
        np.savez(tmp_path / "data.npz", **arrays)
        return tmp_path / "data.npz"

    return write


@pytest.fixture
def table(tmp_path):
    """Return a function that writes a table and gives its path."""

    def write(suffix=".csv", **columns):
        path = tmp_path / f"table{suffix}"
        frame = pd.DataFrame(columns)
        frame.to_csv(path, index=False) if suffix == ".csv" else frame.to_parquet(path)
        return path

    return write


X = np.arange(6 * 20, dtype=np.uint8).reshape(6, 4, 5)
Y = np.array([2, 0, 1, 1, 0, 2])
AB = ["a.png", "b.png"]


def labels_of(data):
    return data.target_names[data.target].tolist()


# Names


def test_a_built_in_name_wins_over_a_folder_of_that_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_data("digits").notes == []
    with pytest.raises(
        FileNotFoundError, match=r"no file or folder digits; .* For the built-in data set, give the str"
    ):
        load_data(Path("digits"))
    (tmp_path / "digits").mkdir()
    data = load_data("digits")
    assert data.images.shape == (1797, 8, 8)
    assert data.notes == ["digits is the built-in data set, not the folder or file beside you: that is ./digits."]
    with pytest.raises(ValueError, match=r"digits holds nothing"):
        load_data(Path("digits"))
    with pytest.raises(ValueError, match=r"\./digits holds nothing"):
        load_data("./digits")


def test_the_training_part_of_a_built_in_data_set_says_so(tmp_path):
    np.savez(
        tmp_path / "mnist.npz",
        x_train=np.zeros((20, 28, 28), np.uint8), y_train=np.arange(20) % 10,
        x_test=np.zeros((10, 28, 28), np.uint8), y_test=np.arange(10),
    )  # fmt: skip
    assert load_data("mnist", data_home=tmp_path).split.tolist() == ["train"] * 20
    assert load_data("mnist", data_home=tmp_path, subset="all").split.tolist() == ["train"] * 20 + ["test"] * 10
    assert "split" not in load_data("digits")


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("digit", ValueError, "Unknown data set 'digit', did you mean 'digits'.*Nor is there a file or folder digit"),
        ("cats/", FileNotFoundError, "There is no file or folder cats/; it is looked for from"),
        ("cats.npz", FileNotFoundError, "There is no file or folder cats.npz"),
        ("photo.jpg", ValueError, "photo.jpg is a file with the extension '.jpg', expected a folder"),
        ("cats.zip", ValueError, "expected a folder with one folder for each class, an .npz file.*Unpack it first"),
        ("empty", ValueError, "empty holds nothing"),
    ],
)  # fmt: skip
def test_what_is_no_data_is_said(tmp_path, monkeypatch, name, kind, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photo.jpg").touch()
    (tmp_path / "cats.zip").touch()
    (tmp_path / "empty").mkdir()
    with pytest.raises(kind, match=message):
        load_data(name)


# Folders


def test_a_folder(pictures):
    root = pictures("cat/1.png", "dog/1.png", "dog/2.png")
    data = load_data(root)
    assert data.images.shape == (3, 12, 16, 3)
    assert labels_of(data) == ["cat", "dog", "dog"]
    assert data.filenames.tolist() == [str(root / name) for name in ("cat/1.png", "dog/1.png", "dog/2.png")]
    assert (data.skipped, data.ignored, data.notes) == ([], [], [])
    assert load_data(root, image_size=(8, 6), grey=True).images.shape == (3, 8, 6)


def test_mixed_sizes_are_brought_to_one_and_everything_is_noted(pictures):
    root = pictures("train/cat/1.png", "train/dog/1.png", "test/cat/1.png", "Predict/1.png")
    pictures("train/dog/2.png", size=(30, 20))
    (root / "train/dog/3.png").touch()
    data = load_data(root)
    assert data.images.shape == (3, 64, 64, 3)
    assert data.split.tolist() == ["train"] * 3
    sizes = "2 different sizes, the smallest 12 x 16, the largest 30 x 20, the most common 12 x 16 (2 of 3)"
    assert [note.partition(":")[0] for note in data.notes] == [
        f"The pictures have {sizes}",
        "1 file was skipped, of 4",
        "Predict is no class",
    ]
    assert data.notes[0].endswith("all are brought to 64 x 64.")
    everything = load_data(root, subset="all", image_size=(8, 8))
    assert everything.split.tolist() == ["test", "train", "train", "train"]
    assert len(everything.notes) == 2
    assert load_data(root, subset="test").images.shape == (1, 12, 16, 3)
    with pytest.raises(ValueError, match="has the splits test, train: subset='val' is not among them"):
        load_data(root, subset="val")
    with pytest.raises(ValueError, match="subset='tset': expected"):
        load_data(root, subset="tset")


def test_folders_that_may_be_classes_are_noted(pictures):
    root = pictures("train/steam/2.png", "train/diesel/2.png", "car/1.png", "bus/1.png")
    assert load_data(root).notes[0].startswith("bus, car hold pictures and are left out")


def test_a_split_of_broken_files_is_said(pictures):
    root = pictures("train/cat/1.png", "train/dog/1.png", "test/cat/1.png")
    (root / "test/cat/1.png").write_bytes(b"")
    with pytest.raises(ValueError, match=r"no picture of the split 'test' can be read: 1 file was skipped, of 1: .*"):
        load_data(root, subset="test")


def test_much_stays_in_its_files(pictures):
    root = pictures("cat/1.png", "dog/1.png", "dog/2.png")
    (root / "cat/0.png").touch()
    array, lazy = load_data(root), load_data(root, most_bytes=3 * 12 * 16 * 3 - 1)
    assert isinstance(lazy.images, LazyImages)
    assert load_data(root, most_bytes=1, n_jobs=3).images._source._n_jobs == 3
    assert "data" not in lazy
    assert np.array_equal(np.asarray(lazy.images), array.images)
    assert isinstance(load_data(root, most_bytes=3 * 12 * 16 * 3).images, np.ndarray)
    assert (lazy.skipped, lazy.target.tolist()) == (array.skipped, [0, 1, 1])


def test_reading_is_reported(pictures):
    root = pictures(*(f"{label}/{number}.png" for label in ("cat", "dog") for number in range(200)))
    seen = []
    load_data(root, image_size=(8, 8), on_read=lambda done, total: seen.append((done, total)))
    assert seen == [(256, 400), (400, 400)]


# npz


def test_npz_of_splits(npz):
    path = npz(x_train=X[:4], y_train=Y[:4], x_test=X[4:], y_test=Y[4:], class_names=["a", "b", "c"])
    data = load_data(path)
    assert np.array_equal(data.images, X[:4])
    assert labels_of(data) == ["c", "a", "b", "b"]
    assert data.split.tolist() == ["train"] * 4
    assert labels_of(load_data(path, subset="test")) == ["a", "c"]
    everything = load_data(path, subset="all")
    assert np.array_equal(everything.images, X)
    assert everything.split.tolist() == ["train"] * 4 + ["test"] * 2
    assert "c          1     1" in load_data(path, subset="all").DESCR
    assert "filenames" not in data


@pytest.mark.parametrize(
    ("extra", "labels"),
    [({}, ["2", "0", "1", "1", "0", "2"]), ({"target_names": ["x", "y", "z"]}, ["z", "x", "y", "y", "x", "z"])],
)
def test_npz_of_images_and_target(npz, extra, labels):
    data = load_data(npz(images=X, target=Y[:, None], **extra))
    assert np.array_equal(data.images, X)
    assert labels_of(data) == labels
    assert "split" not in data


def test_npz_of_text_labels_and_a_split(npz):
    path = npz(images=X, target=np.array(list("abcabc")), split=["train"] * 4 + ["valid", "Test"])
    assert labels_of(load_data(path)) == ["a", "b", "c", "a"]
    assert load_data(path, subset="all").split.tolist() == ["train"] * 4 + ["val", "test"]


def test_an_array_in_the_wanted_form_is_taken_as_it_is(npz):
    path = npz(images=X, target=Y)
    assert load_data(path, image_size=(4, 5), grey=True).images.shape == (6, 4, 5)
    with pytest.raises(ValueError, match=r"data\.npz holds pictures of shape \(4, 5\), which are used as they are"):
        load_data(path, image_size=(8, 8))


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": X}, "holds the arrays a, expected x_train and y_train"),
        ({"images": X}, "has images and no target, the labels: it holds images"),
        ({"images": X, "target": Y[:5]}, r"target has shape \(5,\) and dtype int64, expected one integer or string"),
        ({"images": X, "target": Y / 2}, "target has shape .* and dtype float64"),
        ({"images": X[0, 0], "target": Y[:5]}, r"images has shape \(5,\) and dtype uint8, expected numbers in shape"),
        ({"images": X, "target": Y, "target_names": ["a", "b"]}, "labels go from 0 to 2, but 2 classes have names"),
        ({"images": X, "target": Y, "target_names": ["a", "b", "b"]}, "expected different strings"),
        ({"images": X, "target": Y, "split": ["train"] * 5}, r"split has shape \(5,\)"),
        ({"images": X, "target": Y, "split": ["train"] * 5 + ["dev"]}, "split holds 'dev', expected"),
        ({"x_test": X, "y_test": Y}, "holds the arrays x_test, y_test, expected"),
        ({"images": np.array([None]), "target": Y}, "not a readable npz file of plain arrays"),
    ],
)
def test_other_npz_files_are_said(npz, arrays, message):
    with pytest.raises(ValueError, match=message):
        load_data(npz(**arrays))


def test_flat_pictures_of_an_npz_unfold(npz):
    data = load_data(npz(images=X.reshape(6, 20)[:, :16], target=Y))
    assert data.images.shape == (6, 4, 4)
    assert load_data(npz(images=X.reshape(6, 20), target=Y)).images.shape == (6, 1, 20)
    with pytest.raises(
        ValueError, match=r"images has shape \(6, 3072\), and 3072 columns .* Save them as \(n, h, w, c"
    ):
        load_data(npz(images=np.zeros((6, 3072)), target=Y))


@pytest.mark.parametrize("form", ["arrays", "column"])
def test_classes_of_an_npz_are_those_of_all_its_splits(npz, form):
    def write(train, test):
        if form == "arrays":
            return npz(x_train=X, y_train=train, x_test=X, y_test=test)
        return npz(images=np.concatenate([X, X]), target=train + test, split=["train"] * 6 + ["test"] * 6)

    path = write([3, 5, 7] * 2, [5, 7] * 3)
    for subset in ("train", "test", "all"):
        assert load_data(path, subset=subset).target_names.tolist() == ["3", "5", "7"]
    assert load_data(path, subset="test").target.tolist() == [1, 2] * 3
    path = write([5, 7] * 3, [3, 5, 7] * 2)
    for subset in ("train", "test"):
        with pytest.raises(ValueError, match=r"3 is in 'test', but not in 'train', which has 5, 7\. Nothing can"):
            load_data(path, subset=subset)


def test_splits_of_an_npz_have_one_dtype(npz):
    path = npz(x_train=X, y_train=Y, x_test=X / 255, y_test=Y.astype(np.uint8))
    with pytest.raises(ValueError, match=r"x_train has uint8, x_test has float64[.] All splits need one dtype"):
        load_data(path, subset="all")
    with pytest.raises(ValueError, match=r"y_train has int64, y_test has <U\d+. The labels of all splits are integers"):
        load_data(npz(x_train=X, y_train=Y, x_test=X, y_test=Y.astype(str)))


def test_a_damaged_npz_file_is_said(npz):
    path = npz(images=X, target=Y)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(ValueError, match=r"data\.npz is not a readable npz file"):
        load_data(path)
    path.write_bytes(b"")
    with pytest.raises(ValueError, match=r"data\.npz is not a readable npz file"):
        load_data(path)


# Tables


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_table(table, pictures, suffix):
    root = pictures("b.png", "deep/a.png", "c.png", "d.png")
    path = table(suffix, path=["b.png", "deep/a.png", str(root / "c.png"), "d.png"], label=["NA", "dog", "NA", "dog"])
    data = load_data(path)
    assert data.images[:, 0, 0, 0].tolist() == [40, 50, 60, 70]
    assert labels_of(data) == ["NA", "dog", "NA", "dog"]
    assert data.filenames.tolist() == [str(root / name) for name in ("b.png", "deep/a.png", "c.png", "d.png")]
    assert "split" not in data
    assert load_data(path, image_size=(5, 6), grey=True).images.shape == (4, 5, 6)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_table_with_splits_numbers_and_missing_files(table, pictures, suffix):
    root = pictures("a.png", "b.png", "c.png", "d.png")
    path = table(
        suffix,
        path=["a.png", "b.png", "c.png", "d.png", "gone.png"],
        label=[7, 8, 7, 8, 8],
        split=["Train", "training", "test", "valid", "train"],
        more=[1, 2, 3, 4, 5],
    )
    data = load_data(path)
    assert labels_of(data) == ["7", "8"]
    assert data.skipped == [(str(root / "gone.png"), "there is no such file")]
    assert data.notes == [f"1 file was skipped, of 3: {root / 'gone.png'}: there is no such file."]
    assert load_data(path, subset="all").split.tolist() == ["train", "train", "test", "val"]
    assert load_data(path, subset="val").filenames.tolist() == [str(root / "d.png")]


def test_a_csv_file_with_a_byte_order_mark_and_blanks(pictures):
    root = pictures("ä.png", "b.png")
    (root / "t.csv").write_text("path, label\nä.png, cat\nb.png, dog\n", encoding="utf-8-sig")
    assert labels_of(load_data(root / "t.csv")) == ["cat", "dog"]


@pytest.mark.parametrize("rows", ["a.png,cat,\nb.png,dog,\n", "a.png,cat,x,y\nb.png,dog,x,y\n"])
def test_rows_with_more_fields_than_the_header_are_said(pictures, rows):
    root = pictures("a.png", "b.png")
    (root / "t.csv").write_text("path,label\n" + rows, encoding="utf-8")
    with pytest.raises(ValueError, match=r"t\.csv: rows have more fields than the header, which names path, label; "):
        load_data(root / "t.csv")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"file": ["a.png"], "label": ["x"]}, "has the columns file, label, but no path: expected path and label"),
        ({"path": [], "label": []}, "has no rows"),
        ({"path": AB, "label": ["x", None]}, "row 2 has no label"),
        ({"path": AB, "label": ["x", "x"]}, "has a single class, 'x'"),
        ({"path": AB, "label": ["x", "y"], "split": ["train", "dev"]}, "split holds dev, expected train"),
        ({"path": AB, "label": ["x", "y"], "split": ["test", "test"]}, "has the splits test and no 'train'"),
        ({"path": AB, "label": ["x", "y"], "split": ["train", "test"]}, "y is in other splits, but not in 'train'"),
        ({"path": ["a.png", "n.png"], "label": ["x", "y"]}, "no picture of y can be read: 1 file was .*Paths count"),
    ],
)
def test_other_tables_are_said(table, pictures, columns, message):
    pictures("a.png", "b.png")
    for suffix in (".csv", ".parquet"):
        with pytest.raises(ValueError, match=message):
            load_data(table(suffix, **columns))


def test_tables_that_cannot_be_read_are_said(tmp_path):
    for name, content in (("a.csv", b""), ("b.csv", b"path,label\n\xff\xfe,1"), ("c.parquet", b"PAR1"), ("d.pq", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=f"{name} is no readable"):
            load_data(tmp_path / name)


def test_a_missing_pyarrow_is_named_with_what_brings_it(table, monkeypatch):
    path = table(".parquet", path=["a"], label=["b"])
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r'needs pyarrow, which is not installed: pip install "skimgrec\[parquet\]"'):
        load_data(path)
