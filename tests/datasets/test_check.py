"""check_images: each planted fault is found by its name, and nothing else is."""

import json
import os
import pickle
import re
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from skimgrec import ImageCheck, ImageLoader, check_images, load_digits_images
from skimgrec.datasets._check_rules import EMPTY_SPREAD

N = 24


def photograph(rng, height=60, width=80):
    """Return something like a photograph: large and small shapes, and a little noise."""
    picture = np.zeros((height, width, 3))
    for side, weight in ((4, 1.0), (12, 0.6), (40, 0.3)):
        part = Image.fromarray(rng.integers(0, 256, (side, side, 3), np.uint8))
        picture += weight * np.asarray(part.resize((width, height), Image.Resampling.BICUBIC), float)
    picture += rng.normal(scale=4, size=picture.shape)
    return np.clip(picture / 1.9, 0, 255).astype(np.uint8)


@pytest.fixture
def pictures(rng):
    return [Image.fromarray(photograph(rng)) for _ in range(N)]


@pytest.fixture
def folder(tmp_path, pictures):
    """Return 24 pictures in two classes, without any fault."""
    for number, picture in enumerate(pictures):
        place = tmp_path / "ab"[number % 2] / f"{number:02}.png"
        place.parent.mkdir(exist_ok=True)
        picture.save(place)
    return tmp_path


def check(folder, **options):
    paths = sorted(path for path in folder.glob("*/*") if path.is_file())
    return check_images(paths, [path.parent.name for path in paths], **options)


def found(result):
    """Return {(kind, scope): [base names of each finding]}."""
    names = {}
    for finding in result.findings:
        rows = names.setdefault((finding.kind, finding.scope), [])
        rows.append([os.path.basename(name) for name in finding.names] or list(finding.classes))
    return names


def test_a_clean_set_gives_no_finding(folder):
    result = check(folder)
    assert result.is_clean, result
    assert result.counts == {}
    assert str(result) == "24 pictures, 2 classes: nothing found"
    np.testing.assert_array_equal(result.groups, np.arange(N))
    assert result.to_frame().empty
    assert "nothing found" in result._repr_html_()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b"no picture at all", "it is no picture of a kind that Pillow reads"),
        (b"\xff\xd8\xff\xe0 broken", "it is broken"),
    ],
)
def test_unreadable_files(folder, content, reason):
    (folder / "a" / "bad.jpg").write_bytes(content)
    result = check(folder)
    assert found(result) == {("unreadable", ""): [["bad.jpg"]]}
    (finding,) = result.findings
    assert finding.detail.startswith(reason)
    assert finding.classes == ("a",)
    assert len(np.unique(result.groups)) == N + 1


def test_a_truncated_picture_is_unreadable(folder, pictures):
    pictures[0].save(folder / "b" / "cut.jpg")
    whole = (folder / "b" / "cut.jpg").read_bytes()
    (folder / "b" / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    assert found(check(folder, near_duplicates=False)) == {("unreadable", ""): [["cut.jpg"]]}


def odd_size(rng):
    return Image.fromarray(photograph(rng, 300, 400))


def odd_proportions(rng):
    return Image.fromarray(photograph(rng, 40, 120))


def grey(rng):
    return Image.fromarray(photograph(rng)).convert("L")


def cmyk(rng):
    return Image.fromarray(photograph(rng)).convert("CMYK")


def alpha(rng):
    return Image.fromarray(photograph(rng)).convert("RGBA")


def empty(rng):
    return Image.fromarray(rng.integers(100, 103, (60, 80, 3), np.uint8))


@pytest.mark.parametrize(
    ("make", "kind", "seen"),
    [
        (odd_size, "odd_size", "300 x 400 pixels; 60 x 80 is the most common size"),
        (odd_proportions, "odd_proportions", "40 x 120 pixels, 3 times as wide as high; 60 x 80 is"),
        (grey, "odd_mode", "grey; 24 of 25 are RGB"),
        (cmyk, "odd_mode", "CMYK; 24 of 25 are RGB"),
        (alpha, "odd_mode", "RGB with alpha; 24 of 25 are RGB"),
        (empty, "almost_empty", "its values vary by 0."),
    ],
)
def test_odd_pictures(folder, rng, make, kind, seen):
    make(rng).save(folder / "a" / "odd.tif")
    result = check(folder)
    assert found(result) == {(kind, ""): [["odd.tif"]]}
    assert result.findings[0].detail.startswith(seen)


def test_several_common_sizes_are_not_odd(folder, rng):
    for number in range(10):
        Image.fromarray(photograph(rng, 300, 400)).save(folder / "ab"[number % 2] / f"large{number}.png")
    assert check(folder).is_clean


def test_an_animation(folder, rng):
    frames = [Image.fromarray(photograph(rng)) for _ in range(3)]
    frames[0].save(folder / "a" / "moving.webp", save_all=True, append_images=frames[1:], lossless=True)
    result = check(folder)
    assert found(result) == {("animated", ""): [["moving.webp"]]}
    assert result.findings[0].detail.startswith("it has 3 frames")


@pytest.mark.parametrize(("orientation", "words"), [(2, "mirrored"), (3, "rotated by 180°"), (6, "rotated by 90°")])
def test_turned_by_exif(folder, rng, orientation, words):
    exif = Image.Exif()
    exif[0x0112] = orientation
    shape = (80, 60) if orientation == 6 else (60, 80)
    Image.fromarray(photograph(rng, *shape)).save(folder / "b" / "turned.jpg", exif=exif)
    result = check(folder)
    assert found(result) == {("exif_orientation", ""): [["turned.jpg"]]}
    assert result.findings[0].detail == f"{words} (EXIF orientation {orientation})"


def test_exact_duplicates_are_equal_pixels_in_whatever_file(folder, pictures):
    pictures[2].save(folder / "a" / "copy.bmp")
    pictures[3].save(folder / "a" / "other.bmp")
    result = check(folder)
    assert found(result) == {
        ("exact_duplicate", "across classes"): [["other.bmp", "03.png"]],
        ("exact_duplicate", ""): [["02.png", "copy.bmp"]],
    }
    same = result.of_kind("exact_duplicate")[1].rows
    assert result.groups[same[0]] == result.groups[same[1]]
    assert len(np.unique(result.groups)) == N


def test_copies_of_large_files_are_exact(tmp_path, rng, monkeypatch):
    monkeypatch.setattr("skimgrec.datasets._fingerprints._LARGE_PICTURE", 1000)
    for number in range(6):
        Image.fromarray(photograph(rng, 600, 800)).save(tmp_path / f"{number}.jpg")
    (tmp_path / "9.jpg").write_bytes((tmp_path / "2.jpg").read_bytes())
    result = check_images(sorted(tmp_path.iterdir()))
    assert found(result) == {("exact_duplicate", ""): [["2.jpg", "9.jpg"]]}


def recompressed(picture, path):
    picture.save(path.with_suffix(".jpg"), quality=60)


def smaller(picture, path):
    picture.resize((60, 45), Image.Resampling.LANCZOS).save(path)


def brighter(picture, path):
    picture.point(lambda value: min(255, int(1.15 * value))).save(path)


def cropped(picture, path):
    picture.crop((2, 2, 77, 58)).save(path)


def without_colour(picture, path):
    picture.convert("L").convert("RGB").save(path)


@pytest.mark.parametrize("change", [recompressed, smaller, brighter, cropped, without_colour])
def test_near_duplicates(folder, pictures, change):
    change(pictures[4], folder / "a" / "zz.png")
    result = check(folder)
    ((kind, scope),) = found(result)
    (finding,) = result.findings
    assert (kind, scope) == ("near_duplicate", "")
    assert [os.path.basename(name)[:2] for name in finding.names] == ["04", "zz"]
    assert result.similarity_threshold <= finding.similarity <= 1
    assert check(folder, near_duplicates=False).is_clean
    assert check(folder, near_duplicates=False).similarity_threshold is None


def test_copies_across_classes_and_splits(rng):
    X = np.stack([photograph(rng) for _ in range(N)])
    X[20] = X[1]
    X[9] = X[0]
    X[22] = np.clip(X[2] * 0.9, 0, 255)
    split = np.repeat(["train", "test"], N // 2)
    result = check_images(X, np.arange(N) % 2, target_names=["cat", "dog"], split=split)
    assert [(finding.kind, finding.scope, finding.rows) for finding in result.findings] == [
        ("exact_duplicate", "across splits and classes", (1, 20)),
        ("exact_duplicate", "across classes", (0, 9)),
        ("near_duplicate", "across splits", (2, 22)),
    ]
    assert result.findings[0].names == ("picture 1", "picture 20")
    assert result.findings[0].classes == ("dog", "cat")
    assert result.findings[0].splits == ("train", "test")
    assert result.n_leaked == 4
    assert result.split_counts == {"train": 12, "test": 12}


def test_a_near_copy_of_equal_pictures_leaks_from_each_split(rng):
    X = np.stack([photograph(rng) for _ in range(N)])
    X[20] = X[1]
    X[5] = np.clip(X[1] * 0.9, 0, 255)
    result = check_images(X, split=np.repeat(["train", "test"], N // 2))
    near = [(finding.scope, finding.rows) for finding in result.of_kind("near_duplicate")]
    assert sorted(near) == [("", (1, 5)), ("across splits", (5, 20))]
    assert result.groups[1] == result.groups[5] == result.groups[20]
    assert Counter(result.groups.tolist()).most_common(1)[0][1] == 3


def test_pictures_that_are_only_simple_are_no_duplicates():
    X, y = load_digits_images(return_X_y=True)
    result = check_images(X, y)
    assert result.is_clean, result
    assert result.similarity_threshold > 0.95
    copied = X.copy()
    copied[7] = np.maximum(X[300] - 1, 0)
    result = check_images(copied, y)
    assert [(finding.kind, finding.rows) for finding in result.findings] == [("near_duplicate", (7, 300))]


def test_nearly_constant_pictures_are_empty_but_no_near_duplicates(rng):
    X = np.stack([photograph(rng) for _ in range(10)])
    X[:3] = rng.integers(200, 203, (3, 60, 80, 3))
    result = check_images(X)
    assert result.counts == {"almost_empty": 3}
    assert EMPTY_SPREAD == 3


def test_classes(rng):
    X = np.stack([photograph(rng, 32, 32) for _ in range(100)])
    y = ["many"] * 78 + ["few"] * 20 + ["tiny"] * 2
    split = ["train"] * 70 + ["test"] * 30
    result = check_images(X, y, split=split)
    assert [(finding.kind, finding.classes[0]) for finding in result.findings] == [
        ("missing_class", "few"),
        ("missing_class", "tiny"),
        ("tiny_class", "tiny"),
        ("imbalanced_class", "few"),
    ]
    assert result.findings[-1].detail == "few: 20 pictures, 3.9 times fewer than many with 78"
    assert result.class_counts == {"few": 20, "many": 78, "tiny": 2}


def test_a_named_class_without_pictures_is_tiny(rng):
    X = np.stack([photograph(rng, 32, 32) for _ in range(20)])
    result = check_images(X, np.arange(20) % 2, target_names=["a", "b", "c"])
    assert [(finding.kind, finding.classes) for finding in result.findings] == [("tiny_class", ("c",))]


@pytest.mark.parametrize("dtype", [np.float64, np.int16])
def test_values_of_any_range(rng, dtype):
    X = np.stack([photograph(rng) for _ in range(12)]).astype(dtype)
    X = X / 255 if dtype is np.float64 else X - 100
    X[5] = X[2]
    assert found(check_images(X)) == {("exact_duplicate", ""): [["picture 2", "picture 5"]]}


def test_a_lazy_batch_is_checked_by_its_files(folder):
    (folder / "a" / "bad.png").write_bytes(b"")
    lazy = ImageLoader((16, 16)).transform(sorted(folder.glob("*/*")))
    assert found(check_images(lazy)) == {("unreadable", ""): [["bad.png"]]}


HOSTILE = [
    "a'b\".png",
    "<script>alert(1)<",
    "new\nline.png",
    "[red]x[bold].png",
    "$x_1$ \\a.png",
    "é\u202eb.png",
    "x" * 240,
]


@pytest.mark.parametrize("name", [*HOSTILE, b"caf\xe9.png"])
def test_hostile_names_are_shown_safely(folder, name):
    path = os.path.join(os.fsencode(folder), b"a", os.fsencode(name))
    try:
        with open(path, "wb"):
            pass
    except OSError:
        pytest.skip("the file system takes no such name")
    paths = [*sorted(folder.glob("*/*.png"))][:N]
    result = check_images([*paths, path, *paths[:1]], data_name=os.fsdecode(name))
    assert "unreadable" in result.counts
    text, html = str(result), result._repr_html_()
    assert max(map(len, text.splitlines()[1:])) <= 80
    for shown in (text, html):
        shown.encode("utf-8")
        assert not re.search(r"[\x00-\x09\x0b-\x1f\u202e]", shown)
    assert "<script" not in html
    assert ImageCheck.from_dict(json.loads(result.to_json())) == result


def test_json_round_trip(folder, pictures, tmp_path):
    recompressed(pictures[4], folder / "a" / "zz.png")
    (folder / "b" / "bad.png").write_bytes(b"")
    result = check(folder, data_name="mine")
    text = result.to_json(tmp_path / "check.json")
    assert ImageCheck.from_json(tmp_path / "check.json") == result
    with pytest.raises(ValueError, match="Got JSON itself, expected the name of a file"):
        ImageCheck.from_json(text)
    assert json.loads(text)["counts"] == {"unreadable": 1, "near_duplicate": 1}
    assert len(json.loads(text)["groups"]) == result.n_pictures
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["check.json"]
    assert pickle.loads(pickle.dumps(result)) == result
    frame = result.to_frame()
    assert frame["kind"].tolist() == ["unreadable", "near_duplicate"]
    assert np.isnan(frame["similarity"][0])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", "no entry schema='skimgrec.ImageCheck'"),
        ('{"schema": "skimgrec.ImageCheck", "schema_version": 9}', "saved by a newer skimgrec, in schema_version=9"),
        ('{"schema": "skimgrec.ImageCheck", "schema_version": 1}', "damaged: KeyError"),
    ],
)
def test_what_is_no_saved_check(tmp_path, content, message):
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(ValueError, match=message):
        ImageCheck.from_json(tmp_path / "x.json")


def test_bad_input(rng):
    X = np.stack([photograph(rng, 16, 16) for _ in range(6)])
    with pytest.raises(ValueError, match="target has 5 entries for 6 pictures: expected one for each"):
        check_images(X, np.arange(5))
    with pytest.raises(ValueError, match="target holds 2, expected positions in target_names, 0 to 1"):
        check_images(X, [0, 1, 2, 0, 0, 0], target_names=["a", "b"])
    with pytest.raises(TypeError, match="file names and 3 of type int"):
        check_images(["a.png", 3])
    with pytest.raises(TypeError, match="expected pictures, or a list of file names"):
        check_images("folder")
    with pytest.raises(ValueError, match="at least one"):
        check_images([])
    with pytest.raises(ValueError, match="kind='dup': there is no such kind of finding"):
        check_images(X).of_kind("dup")


def test_the_result_does_not_depend_on_n_jobs(folder, pictures):
    recompressed(pictures[4], folder / "a" / "zz.png")
    assert check(folder, n_jobs=1) == check(folder, n_jobs=2)
