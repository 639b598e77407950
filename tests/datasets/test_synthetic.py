import hashlib

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline

from skimgrec import HOGTransformer, ImageFlattener, KerasCNNClassifier
from skimgrec.datasets import make_image_classification
from skimgrec.datasets._synthetic import _N_CLASSES, _N_OF_FOUR, _figures


@pytest.mark.parametrize(
    ("options", "shape"),
    [
        ({}, (40, 32, 32)),
        ({"n_channels": 3}, (40, 32, 32, 3)),
        ({"image_size": (16, 16)}, (40, 16, 16)),
        ({"image_size": [20, 130], "n_channels": 3}, (40, 20, 130, 3)),
        ({"n_classes": 40, "noise": 0}, (40, 32, 32)),
    ],
)
def test_size_channels_and_classes_are_as_asked(options, shape):
    made = make_image_classification(40, random_state=0, **options)
    n_classes = options.get("n_classes", 10)
    assert made.images.shape == shape
    assert made.images.dtype == np.uint8
    assert made.images.flags.c_contiguous
    assert np.shares_memory(made.images, made.data)
    assert made.target.dtype == np.int64
    assert np.bincount(made.target).tolist() == [40 // n_classes] * n_classes
    assert len(made.target_names) == n_classes
    assert "Synthetic pictures" in made.DESCR


def test_the_seed_decides_everything_and_the_global_one_is_left_alone():
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    first, again, other = (make_image_classification(30, random_state=seed, return_X_y=True) for seed in (3, 3, 4))
    unseeded = make_image_classification(30)
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert (first[0] != other[0]).mean() > 0.9
    assert (first[0] != unseeded.images).mean() > 0.9
    np.testing.assert_array_equal(state, np.random.get_state()[1])  # noqa: NPY002


def test_a_random_state_goes_on():
    state = np.random.RandomState(0)
    first, second = (make_image_classification(10, random_state=state).images for _ in range(2))
    assert (first != second).any()
    np.testing.assert_array_equal(first, make_image_classification(10, random_state=np.random.RandomState(0)).images)


def test_blocks_do_not_show(monkeypatch):
    # One picture of a block that is larger than the budget.
    monkeypatch.setattr("skimgrec.datasets._synthetic._BLOCK_PIXELS", 100)
    assert make_image_classification(12, random_state=0).images.std(axis=(1, 2)).min() > 5


def test_all_classes_are_different_figures_and_come_in_turned_pairs():
    figures = _figures(True)
    assert len(set(figures)) == len(figures) == _N_CLASSES
    assert figures[:_N_OF_FOUR] == _figures(False)
    assert {len(figure) for figure in figures[:_N_OF_FOUR]} == {4}
    assert {len(figure) for figure in figures[_N_OF_FOUR:]} == {5}
    for figure, turned in zip(figures[::2], figures[1::2], strict=True):
        right, bottom = np.array(figure).max(axis=(0, 1))
        back = [tuple(sorted((right - x, bottom - y) for x, y in edge)) for edge in turned]
        assert tuple(sorted(back)) == figure


def test_class_k_is_the_same_figure_in_every_release():
    assert hashlib.sha256(repr(_figures(True)).encode()).hexdigest().startswith("e9fe0310cc2232e0")


def test_figures_of_four_and_five_strokes_are_drawn_together():
    made = make_image_classification(_N_OF_FOUR + 2, n_classes=_N_OF_FOUR + 2, image_size=(16, 16), random_state=0)
    assert made.images.shape == (_N_OF_FOUR + 2, 16, 16)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_size": (32,)}, r"image_size=\(32,\): expected \(rows, columns\)"),
        ({"image_size": (8, 32)}, r"at least 16"),
        ({"image_size": (32.0, 32)}, r"whole numbers"),
        ({"image_size": 32}, "'image_size' parameter of make_image_classification must be an array-like"),
        ({"n_channels": 2}, "'n_channels' parameter"),
        ({"n_classes": 1}, "'n_classes' parameter"),
        ({"n_classes": 7000}, "'n_classes' parameter"),
        ({"n_samples": 0}, "'n_samples' parameter"),
        ({"noise": -1.0}, "'noise' parameter"),
    ],
)
def test_bad_parameters_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        make_image_classification(**options)


def split(n_train, n_test, **options):
    X, y = make_image_classification(n_train + n_test, return_X_y=True, **options)
    return X[:n_train], y[:n_train], X[n_train:], y[n_train:]


@pytest.mark.parametrize("options", [{}, {"n_channels": 3, "image_size": (40, 48)}], ids=["grey", "colour"])
def test_edges_say_more_than_pixels(options):
    X, y, X_test, y_test = split(1000, 500, random_state=0, **options)
    forest = RandomForestClassifier(random_state=0, max_features=8)
    on_pixels = make_pipeline(ImageFlattener(), forest).fit(X, y).score(X_test, y_test)
    on_edges = make_pipeline(HOGTransformer(), forest).fit(X, y).score(X_test, y_test)
    assert on_pixels < 0.25
    assert on_edges > 0.35


def test_their_composition_says_most():
    X, y, X_test, y_test = split(1200, 600, random_state=0, n_classes=4)
    on_edges = make_pipeline(HOGTransformer(), RandomForestClassifier(random_state=0)).fit(X, y).score(X_test, y_test)
    cnn = KerasCNNClassifier(epochs=6, random_state=0).fit(X, y)
    composed = cnn.score(X_test, y_test)
    assert on_edges < 0.85
    assert composed > on_edges + 0.05
