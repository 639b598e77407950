import base64
from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skimgrec import ImageLoader
from skimgrec.reporting._shelf import LESS_SIDE, SIDE, PictureShelf, can_be_shown, limits_of, to_uint8


def shelf_of(pictures, **options):
    return PictureShelf(SimpleNamespace(pictures=pictures), **options)


def opened(shelf, key):
    kind, _, text = shelf.content()[key].partition(",")
    image = Image.open(BytesIO(base64.b64decode(text)))
    assert kind == f"data:image/{image.format.lower()};base64"
    return image


def test_a_small_picture_is_kept_pixel_for_pixel(rng):
    pictures = rng.integers(256, size=(3, 8, 9), dtype=np.uint8)
    shelf = shelf_of(pictures)
    image = opened(shelf, shelf.key(1))
    assert image.format == "PNG"
    assert np.array_equal(np.asarray(image), pictures[1])


@pytest.mark.parametrize(
    "pictures",
    [
        np.linspace(0, 16, 2 * 8 * 8).reshape(2, 8, 8),
        np.linspace(-1, 1, 2 * 8 * 8 * 3, dtype=np.float32).reshape(2, 8, 8, 3),
        np.arange(2 * 8 * 8).reshape(2, 8, 8, 1),
        np.linspace(0, 1, 2 * 64).reshape(2, 64),
        np.arange(128).reshape(2, 8, 8) % 2 == 0,
    ],
    ids=["floats", "signed colour", "integers", "flattened", "booleans"],
)
def test_pictures_of_any_range_reach_from_black_to_white(pictures):
    shelf = shelf_of(pictures)
    first, last = (np.asarray(opened(shelf, shelf.key(row))) for row in (0, 1))
    assert first.shape[:2] == (8, 8)
    assert (first.min(), last.max()) == (0, 255)


def test_the_range_is_that_of_all_pictures_and_not_of_each():
    pictures = np.array([np.full((4, 4), 2.0), np.full((4, 4), 4.0), np.zeros((4, 4))])
    shelf = shelf_of(pictures)
    assert np.asarray(opened(shelf, shelf.key(0))).max() == 128


def test_numbers_that_are_none_are_black():
    assert limits_of(np.array([np.nan, 1.0, 3.0, np.inf])) == (1.0, 3.0)
    assert limits_of(np.array([np.nan])) == (0.0, 1.0)
    assert to_uint8(np.array([np.nan, 1.0, 3.0, np.inf]), (1.0, 3.0)).tolist() == [0, 0, 255, 255]


def test_transparency_is_laid_over_white():
    picture = np.zeros((1, 4, 4, 4), np.uint8)
    picture[0, 0, 0] = (255, 0, 0, 255)
    shelf = shelf_of(picture)
    pixels = np.asarray(opened(shelf, shelf.key(0)).convert("RGB"))
    assert pixels[0, 0].tolist() == [255, 0, 0]
    assert pixels[1, 1].tolist() == [255, 255, 255]


def test_a_large_picture_is_made_small_and_keeps_its_proportions(rng):
    shelf = shelf_of(rng.integers(256, size=(1, 300, 600, 3), dtype=np.uint8))
    image = opened(shelf, shelf.key(0))
    assert image.size == (SIDE, SIDE // 2)
    assert image.format in ("WEBP", "JPEG")


def test_files_are_read_by_the_loader_in_their_proportions(tmp_path):
    Image.new("RGB", (400, 100), "navy").save(tmp_path / "wide.png")
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff no")
    paths = [tmp_path / "wide.png", str(tmp_path / "broken.jpg"), str(tmp_path / "absent.png")]
    shelf = shelf_of(paths)
    assert opened(shelf, shelf.key(0)).size == (SIDE, SIDE // 4)
    # What cannot be read is a placeholder, the same for all.
    assert shelf.key(1) == shelf.key(2)
    assert opened(shelf, shelf.key(1)).size == (9, 9)


def test_a_lazy_batch_is_read_picture_by_picture(tmp_path):
    Image.new("RGB", (30, 20), "navy").save(tmp_path / "a.png")
    (tmp_path / "broken.png").write_bytes(b"no")
    shelf = shelf_of(ImageLoader(image_size=(16, 16)).transform([tmp_path / "a.png", tmp_path / "broken.png"]))
    assert opened(shelf, shelf.key(0)).size == (16, 16)
    assert opened(shelf, shelf.key(1)).size == (9, 9)


@pytest.mark.parametrize("pictures", [[np.zeros((2, 3, 5, 7))], [object()], [np.array(["a"])], []])
def test_whatever_is_given_raises_nothing(pictures):
    assert shelf_of(pictures).key(0) is not None


def test_a_picture_is_embedded_once():
    pictures = np.zeros((3, 8, 8), np.uint8)
    pictures[2] = 9
    shelf = shelf_of(pictures)
    assert shelf.key(0) == shelf.key(0) == shelf.key(1) != shelf.key(2)
    assert len(shelf.content()) == 2


def test_pictures_get_by_with_less_once_many_are_there(rng):
    small = rng.integers(256, size=(60, 32, 32, 3), dtype=np.uint8)
    shelf = shelf_of(small, budget=60_000)
    keys = [shelf.key(row) for row in range(60)]
    formats = [opened(shelf, key).format for key in keys if key]
    n_exact = formats.count("PNG")
    assert formats == ["PNG"] * n_exact + ["WEBP"] * (len(formats) - n_exact)
    assert 8 < n_exact < len(formats) - n_exact
    assert sum(map(len, shelf.content().values())) <= 60_000
    # About the same colours; noise is the hardest there is.
    picture = np.asarray(opened(shelf, keys[n_exact]).convert("RGB"), dtype=float)
    assert np.abs(picture.mean(axis=(0, 1)) - small[n_exact].mean(axis=(0, 1))).max() < 12
    large = shelf_of(rng.integers(256, size=(30, 150, 300, 3), dtype=np.uint8), budget=60_000)
    sizes = [opened(large, key).size for row in range(30) if (key := large.key(row))]
    assert sizes[0] == (SIDE, SIDE // 2)
    assert sizes[-1] == (LESS_SIDE, LESS_SIDE // 2)
    assert sizes == sorted(sizes, reverse=True)


def test_nothing_is_embedded_beyond_the_budget(rng):
    shelf = shelf_of(rng.integers(256, size=(50, 8, 8), dtype=np.uint8), budget=2000)
    keys = [shelf.key(row) for row in range(50)]
    assert keys[0] is not None
    assert keys[-1] is None
    assert sum(map(len, shelf.content().values())) <= 2000
    assert shelf.n_refused == keys.count(None)
    # What is there already stays.
    assert shelf.key(0) == keys[0]


def test_without_pictures_there_are_no_keys():
    shelf = shelf_of(None)
    assert shelf.key(0) is None
    assert shelf.content() == {}


def test_what_can_be_shown():
    assert can_be_shown(np.zeros((2, 64)))
    assert can_be_shown(np.zeros((2, 192)))
    assert can_be_shown(["no/such/file.jpg"])
    assert not can_be_shown(pd.DataFrame({"a": [1, 2], "b": [3, 4]}))
    assert not can_be_shown(None)
    assert not can_be_shown([])
