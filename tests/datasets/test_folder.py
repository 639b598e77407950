"""A folder of pictures as a data set."""

import io
import os
import time

import numpy as np
import pytest
from PIL import Image

from skimgrec import load_image_folder
from skimgrec.datasets import _folder_progress
from skimgrec.utils._decode import read_picture
from skimgrec.utils._picture_format import PictureFormat


def shades(images):
    return [int(image.flat[0]) for image in images]


@pytest.fixture
def damaged(pictures):
    """A folder with four good pictures, and six files that are none."""
    root = pictures("cat/1.png", "cat/2.JPG", "dog/1.png", "dog/deep/down/2")
    content = (root / "dog/1.png").read_bytes()
    (root / "cat/broken.png").write_bytes(content[:50])
    (root / "cat/empty.jpg").touch()
    (root / "cat/notes.txt").write_text("nothing to see", encoding="utf-8")
    (root / "dog/gone.jpg").symlink_to(root / "nowhere.jpg")
    large = Image.new("1", (14000, 14000))
    large.save(root / "dog/bomb.png")
    os.mkfifo(root / "dog/pipe")
    return root


SKIPPED = {
    "cat/broken.png": "it is broken",
    "cat/empty.jpg": "it is empty",
    "cat/notes.txt": "it is no picture of a kind that Pillow reads",
    "dog/bomb.png": "its pixels are more than the limit",
    "dog/gone.jpg": "there is no such file",
    "dog/pipe": "it is no regular file",
}


def test_pictures_of_one_size_are_loaded_as_they_are(pictures):
    root = pictures("dog/b.png", "dog/a.png", "cat/x/1.JPEG", size=(12, 16))
    folder = load_image_folder(root)
    assert folder.images.shape == (3, 12, 16, 3)
    assert (folder.images.dtype, folder.target.dtype) == (np.uint8, np.int64)
    assert folder.data.shape == (3, 12 * 16 * 3)
    assert np.shares_memory(folder.data, folder.images)
    assert folder.filenames.tolist() == [str(root / name) for name in ("cat/x/1.JPEG", "dog/a.png", "dog/b.png")]
    assert folder.target_names[folder.target].tolist() == ["cat", "dog", "dog"]
    assert shades(folder.images) == [60, 50, 40]
    assert (folder.skipped, folder.ignored) == ([], [])
    assert "split" not in folder
    assert "3 pictures of 2 classes, 12 x 16 pixels, colour." in folder.DESCR


@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize("resize", ["stretch", "crop", "fit"])
def test_pictures_are_those_of_the_decoder(pictures, grey, resize):
    root = pictures("cat/1.png", size=(30, 40))
    pictures("dog/1.png", size=(50, 20))
    folder = load_image_folder(root, image_size=(16, 12), grey=grey, resize=resize)
    wanted = PictureFormat((16, 12), grey=grey, resize=resize)
    assert np.array_equal(folder.images, [read_picture(name, wanted) for name in folder.filenames])
    assert folder.images.shape == ((2, 16, 12) if grey else (2, 16, 12, 3))


def test_sizes_are_those_of_upright_pictures(pictures):
    root = pictures("cat/1.jpg", size=(12, 16))
    (root / "dog").mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (12, 16)).save(root / "dog/turned.jpg", exif=exif)
    assert load_image_folder(root).images.shape == (2, 12, 16, 3)


@pytest.mark.parametrize("options", [{}, {"image_size": (8, 8)}, {"load_images": False}, {"n_jobs": 2}])
def test_files_that_are_no_pictures_are_skipped_and_listed(damaged, options):
    with pytest.warns(UserWarning, match="6 files were skipped, of 10: ") as caught:
        folder = load_image_folder(damaged, **options)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    text = str(caught[0].message)
    assert text.count("; ") == 3
    assert "cat/empty.jpg: it is empty; " in text
    assert text.endswith("All of them are in `skipped` of what load_image_folder returns without return_X_y.")
    assert [file.filename for file in folder.skipped] == [str(damaged / name) for name in sorted(SKIPPED)]
    for file, reason in zip(folder.skipped, SKIPPED.values(), strict=True):
        assert file.reason.startswith(reason)
    names = ["cat/1.png", "cat/2.JPG", "dog/1.png", "dog/deep/down/2"]
    assert folder.filenames.tolist() == [str(damaged / name) for name in names]
    assert folder.target.tolist() == [0, 0, 1, 1]
    assert ("images" in folder) == options.get("load_images", True)
    if "images" in folder:
        assert shades(folder.images) == [40, 50, 60, 70]
        assert folder.data.shape[0] == 4
    assert "6 files were skipped, of 10" in folder.DESCR


@pytest.mark.parametrize("name", list(SKIPPED))
@pytest.mark.parametrize("options", [{}, {"image_size": (8, 8)}, {"load_images": False}])
def test_on_error_raise_names_the_file(damaged, name, options):
    for other in SKIPPED:
        if other != name:
            (damaged / other).unlink()
    with pytest.raises(ValueError, match=name) as caught:
        load_image_folder(damaged, on_error="raise", **options)
    assert "leave such files out with on_error='skip'" in str(caught.value)


def test_many_broken_files_move_the_others_up_in_place(pictures, rng):
    names = [f"{label}/{number:03}.png" for label in ("cat", "dog") for number in range(300)]
    root = pictures(*names, shade=7)
    broken = rng.choice(600, 250, replace=False)
    expected = np.full(600, 7)
    for row, name in enumerate(names):
        if row in broken:
            (root / name).write_bytes((root / name).read_bytes()[:50])
        elif row % 3 == 0:
            pictures(name, shade=row % 250)
            expected[row] = row % 250
    with pytest.warns(UserWarning, match="250 files were skipped, of 600"):
        folder = load_image_folder(root)
    assert shades(folder.images) == np.delete(expected, broken).tolist()
    assert folder.images.flags.c_contiguous
    assert folder.filenames.tolist() == [str(root / name) for row, name in enumerate(names) if row not in broken]


def test_mixed_sizes_give_names_and_say_why(pictures):
    root = pictures("cat/1.png", "cat/2.png", "dog/1.png", size=(12, 16))
    pictures("dog/2.png", size=(10, 10))
    pictures("dog/3.png", size=(20, 10))
    with pytest.warns(UserWarning, match="Only file names are returned") as caught:
        folder = load_image_folder(root)
    text = str(caught[0].message)
    assert (
        "have 3 different sizes, the smallest 10 x 10, the largest 20 x 10, the most common 12 x 16 (3 of 5), and an "
        "array holds one. Give image_size=(height, width), such as image_size=(64, 64)"
    ) in text
    assert caught[0].filename == __file__
    assert not {"images", "data"} & set(folder)
    assert len(folder.filenames) == len(folder.target) == 5
    assert "as file names" in folder.DESCR
    with pytest.warns(UserWarning, match="Only file names"):
        names, target = load_image_folder(root, return_X_y=True)
    assert (names.tolist(), target.tolist()) == (folder.filenames.tolist(), [0, 0, 1, 1, 1])
    assert load_image_folder(root, load_images=False).filenames.tolist() == names.tolist()
    assert load_image_folder(root, image_size=(8, 8)).images.shape == (5, 8, 8, 3)


def test_a_broken_file_of_another_size_makes_no_mixture(pictures):
    root = pictures("cat/1.png", "dog/1.png", size=(12, 16))
    pictures("cat/2.png", size=(200, 100))
    (root / "cat/2.png").write_bytes((root / "cat/2.png").read_bytes()[:-40])
    with pytest.warns(UserWarning, match="1 file was skipped, of 3"):
        folder = load_image_folder(root)
    assert folder.images.shape == (2, 12, 16, 3)


def test_splits_and_what_lies_beside_them(pictures):
    root = pictures(
        "training_set/cats/1.png", "training_set/cats/2.png", "training_set/dogs/1.png", "test_set/cats/1.png",
        "Predict/1.png", "sample.png",
    )  # fmt: skip
    (root / "training_set/labels.csv").write_text("a,b", encoding="utf-8")
    folder = load_image_folder(root)
    assert folder.split.tolist() == ["test", "train", "train", "train"]
    assert folder.target.tolist() == [0, 0, 0, 1]
    assert folder.ignored == ["Predict"]
    assert folder.DESCR.splitlines()[4:] == [
        "class  train  test",
        "cats       2     1",
        "dogs       1     0",
        "",
        "Predict is no class: it lies beside the splits.",
        "",
        "Without test pictures: dogs.",
    ]


def test_a_stray_picture_in_a_split_is_listed(pictures):
    root = pictures("train/cat/1.png", "train/dog/1.png", "train/stray.png", "test/cat/1.png")
    with pytest.warns(UserWarning, match=r"stray\.png: it lies in no class folder"):
        folder = load_image_folder(root)
    assert folder.skipped == [(str(root / "train/stray.png"), "it lies in no class folder")]
    with pytest.raises(ValueError, match=r"stray\.png: it lies in no class folder"):
        load_image_folder(root, on_error="raise")


def test_folders_that_may_be_classes_are_warned_of(pictures):
    root = pictures("train/steam/2.png", "train/diesel/2.png", "car/1.png", "bus/1.png")
    with pytest.warns(UserWarning, match="bus, car hold pictures and are left out, .* the split 'train'") as caught:
        folder = load_image_folder(root)
    assert folder.target_names.tolist() == ["diesel", "steam"]
    assert caught[0].filename == __file__


def test_a_folder_with_the_classes_of_the_splits_is_warned_of(pictures):
    root = pictures("training/cat/1.png", "training/dog/1.png", "evaluation/cat/1.png", "evaluation/dog/1.png")
    with pytest.warns(
        UserWarning, match="evaluation holds folders called as the classes are, and is left out"
    ) as caught:
        folder = load_image_folder(root)
    assert folder.ignored == ["evaluation"]
    assert [str(warning.filename) for warning in caught] == [__file__]


def test_return_X_y(pictures):
    root = pictures("cat/1.png", "dog/1.png")
    X, y = load_image_folder(root, return_X_y=True)
    assert (X.shape, y.tolist()) == ((2, 12, 16, 3), [0, 1])
    X, y = load_image_folder(root, load_images=False, return_X_y=True)
    assert (X.tolist(), y.tolist()) == ([str(root / "cat/1.png"), str(root / "dog/1.png")], [0, 1])


def test_loose_pictures_are_an_error_and_other_loose_files_are_not(pictures):
    root = pictures("cat/1.png", "dog/1.png")
    (root / "README.txt").write_text("hello", encoding="utf-8")
    assert len(load_image_folder(root).target) == 2
    pictures("cover.data")
    with pytest.raises(ValueError, match=r"pictures beside its class folders cat, dog: cover\.data\. A picture's"):
        load_image_folder(root)


def test_a_class_of_broken_files_is_an_error(pictures):
    root = pictures("cat/1.png", "dog/1.png")
    (root / "dog/1.png").write_bytes(b"no")
    (root / "dog/2.png").touch()
    with pytest.raises(ValueError, match=r"class 'dog' has no pictures that can be read \(2 files were skipped, of 3"):
        load_image_folder(root)
    (root / "cat/1.png").write_bytes(b"no")
    with pytest.raises(ValueError, match="classes cat, dog have no pictures that can be read"):
        load_image_folder(root, image_size=(8, 8))


@pytest.mark.parametrize("size", [(64,), (0, 64), (64, -1), (1.5, 2), (1, 2, 3)])
def test_bad_sizes_are_said(pictures, size):
    with pytest.raises(ValueError, match="expected two positive integers"):
        load_image_folder(pictures("cat/1.png", "dog/1.png"), image_size=size)


@pytest.mark.parametrize("options", [{"resize": "squash"}, {"on_error": "ignore"}, {"n_jobs": 0}, {"image_size": 64}])
def test_bad_parameters_are_said(pictures, options):
    with pytest.raises(ValueError, match=f"The '{next(iter(options))}' parameter of load_image_folder must be"):
        load_image_folder(pictures("cat/1.png", "dog/1.png"), **options)


def test_names_that_are_no_text(pictures):
    root = pictures("cat/1.png", "dog/1.png")
    name = os.fsdecode(b"dog/\xff.png")
    (root / name).write_bytes(b"no")
    with pytest.warns(UserWarning, match=r"dog/\\udcff\.png: it is no picture"):
        folder = load_image_folder(root)
    folder.DESCR.encode()
    assert folder.skipped[0].filename == str(root / name)


def test_a_tilde_is_the_home_folder(pictures, monkeypatch):
    root = pictures("pets/cat/1.png", "pets/dog/1.png")
    monkeypatch.setenv("HOME", str(root))
    assert load_image_folder("~/pets").filenames.tolist() == [
        str(root / f"pets/{name}/1.png") for name in ("cat", "dog")
    ]


def test_more_than_memory_holds_is_said(pictures):
    root = pictures("cat/1.png", "dog/1.png")
    with pytest.raises(MemoryError, match=r"2 pictures of 50000000 x 50000000 x 3 take .* GiB.*an ImageLoader"):
        load_image_folder(root, image_size=(50_000_000, 50_000_000))


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("terminal", "slow", "verbose"), [(1, 1, 1), (0, 1, 1), (1, 0, 1), (1, 1, 0)])
def test_a_bar_is_shown_on_a_terminal_for_long_work_only(pictures, monkeypatch, capsys, terminal, slow, verbose):
    root = pictures(*(f"{label}/{number}.png" for label in ("cat", "dog") for number in range(300)))
    screen = Terminal() if terminal else io.StringIO()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(_folder_progress, "_SHOWN_AFTER", 0.0 if slow else 60.0)
    load_image_folder(root, image_size=(8, 8), verbose=verbose)
    assert ("reading pictures" in screen.getvalue()) == bool(terminal and slow and verbose)
    assert capsys.readouterr().out == ""


def test_a_large_folder_takes_no_second_copy(pictures):
    """The result is 48 MB; anything like a second one would show."""
    import tracemalloc

    root = pictures(*(f"{label}/{number:03}.png" for label in ("cat", "dog") for number in range(100)), size=(8, 8))
    (root / "cat/000.png").write_bytes(b"no")
    tracemalloc.start()
    try:
        started = time.monotonic()
        with pytest.warns(UserWarning, match="1 file was skipped"):
            folder = load_image_folder(root, image_size=(280, 280))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert folder.images.nbytes > 45e6
    assert peak < 1.3 * folder.images.nbytes, time.monotonic() - started
