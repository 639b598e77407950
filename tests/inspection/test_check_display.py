"""The contact sheet of a check."""

import builtins

import numpy as np
import pytest
from PIL import Image

from skimgrec import ImageCheck, ImageCheckDisplay, check_images

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402


@pytest.fixture(autouse=True)
def _closed_figures():
    yield
    plt.close("all")


@pytest.fixture
def check(rng):
    X = rng.integers(0, 256, (30, 20, 30, 3), np.uint8)
    X[[20, 21]] = X[1]
    X[9] = X[0]
    X[5] = 7
    return check_images(X, np.arange(30) % 2, target_names=["cat", "dog"], split=np.repeat(["train", "test"], 15))


def texts(display):
    return [text.get_text() for text in display.figure_.texts]


def test_duplicates_stand_side_by_side_with_class_and_split(check):
    display = ImageCheckDisplay.from_check(check)
    shown = texts(display)
    assert shown[0] == "30 pictures, 2 classes, 15 train, 15 test: 3 findings"
    assert "Exact duplicates, across splits and classes (1)" in shown
    assert "3 equal pictures" not in shown
    for caption in ("picture 1", "dog · train", "picture 20", "cat · test", "picture 21", "dog · test"):
        assert caption in shown
    assert len(display.axes_) == 3 + 2 + 1
    assert display.ax_ is display.axes_[0]
    np.testing.assert_array_equal(display.axes_[0].images[0].get_array(), display.axes_[1].images[0].get_array())


def test_nothing_overlaps_and_all_lies_on_the_sheet(check):
    display = ImageCheckDisplay.from_check(check)
    display.figure_.canvas.draw()
    boxes = [ax.get_window_extent() for ax in display.axes_] + [t.get_window_extent() for t in display.figure_.texts]
    sheet = display.figure_.bbox
    for number, box in enumerate(boxes):
        assert box.x0 >= sheet.x0
        assert box.y0 >= sheet.y0
        assert box.x1 <= sheet.x1
        assert box.y1 <= sheet.y1
        for other in boxes[:number]:
            wide = min(box.x1, other.x1) - max(box.x0, other.x0)
            high = min(box.y1, other.y1) - max(box.y0, other.y0)
            assert wide <= 1 or high <= 1


def test_kinds_and_number_can_be_chosen(check):
    assert len(ImageCheckDisplay.from_check(check, kinds=["almost_empty"]).axes_) == 1
    assert len(ImageCheckDisplay(check).plot(kinds=["exact_duplicate"], n_each=1).axes_) == 5
    with pytest.raises(ValueError, match="kind='dups': there is no such kind of finding"):
        ImageCheckDisplay.from_check(check, kinds=["dups"])


def test_a_given_figure_is_drawn_into(check):
    figure = plt.figure()
    assert ImageCheckDisplay.from_check(check, figure=figure).figure_ is figure


def test_a_clean_set_gives_a_headline_alone(rng):
    display = ImageCheckDisplay.from_images(rng.integers(0, 256, (10, 16, 16), np.uint8))
    assert texts(display) == ["10 pictures: nothing found"]
    assert display.axes_ == []
    assert display.ax_ is None


def test_files_of_any_shape_name_and_state(tmp_path, rng):
    for number in range(8):
        Image.fromarray(rng.integers(0, 256, (40, 60, 3), np.uint8)).save(tmp_path / f"{number}.png")
    name = "$\\alpha$_" + "x" * 60 + "\n<b>.png"
    Image.fromarray(rng.integers(0, 256, (40, 400), np.uint8)).save(tmp_path / name)
    (tmp_path / "bad.jpg").write_bytes(b"")
    display = ImageCheckDisplay.from_images(sorted(tmp_path.iterdir()))
    display.figure_.canvas.draw()
    shown = texts(display)
    assert "bad.jpg" in shown
    assert max(len(text) for text in shown[1:]) <= 60
    assert not any("\n" in text for text in shown)
    assert "no picture" in [text.get_text() for text in display.axes_[0].texts]
    display.figure_.savefig(tmp_path / "sheet.png")


def test_a_loaded_result_shows_files_and_no_arrays(check, tmp_path):
    loaded = ImageCheck.from_dict(check.to_dict())
    display = ImageCheckDisplay.from_check(loaded)
    assert not any(ax.images for ax in display.axes_)
    paths = [tmp_path / f"{number}.png" for number in range(2)]
    for path in paths:
        Image.fromarray(np.arange(400, dtype=np.uint8).reshape(20, 20)).save(path)
    check_images(paths).to_json(tmp_path / "check.json")
    display = ImageCheckDisplay.from_check(ImageCheck.from_json(tmp_path / "check.json"))
    assert all(ax.images for ax in display.axes_)


def test_without_matplotlib_the_error_says_what_to_install(check, monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.split(".")[0] == "matplotlib":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r'ImageCheckDisplay.from_check draws .* pip install "skimgrec\[plots\]"'):
        ImageCheckDisplay.from_check(check)
