"""HOGTransformer as an estimator: its rules, its messages, its invariants."""

import copy
import io
import pickle
import subprocess
import sys
import tracemalloc

import joblib
import numpy as np
import pytest
import skops.io
from sklearn.base import clone
from sklearn.datasets import load_digits

from skimgrec import HOGTransformer


@pytest.fixture
def pictures(rng):
    return rng.integers(0, 256, size=(9, 32, 24, 3), dtype=np.uint8)


def histograms(pictures, **parameters):
    """Return the histogram of each cell, (n, rows, cols, orientations): blocks of one cell are the cells."""
    hog = HOGTransformer(cells_per_block=(1, 1), block_norm="L1", **parameters).fit(pictures)
    rows, cols = (side // cell for side, cell in zip(hog.image_shape_, hog.pixels_per_cell_, strict=False))
    return hog.transform(pictures).reshape(len(pictures), rows, cols, -1)


@pytest.mark.parametrize(
    ("shape", "block", "cell"),
    [
        ((512, 512), (3, 3), 128),
        ((128, 100), (3, 3), 16),
        ((64, 64), (3, 3), 16),
        ((63, 64), (3, 3), 8),
        ((32, 32), (3, 3), 8),
        ((31, 31), (3, 3), 4),
        ((31, 200), (3, 3), 4),
        ((28, 28), (3, 3), 4),
        ((16, 16), (3, 3), 4),
        ((15, 15), (3, 3), 2),
        ((8, 8), (3, 3), 2),
        ((7, 7), (3, 3), 1),
        ((3, 3), (3, 3), 1),
        ((32, 32), (5, 4), 4),
        ((8, 8), (1, 8), 1),
    ],
    ids=str,
)
def test_auto_cell(shape, block, cell):
    hog = HOGTransformer(cells_per_block=block).fit(np.zeros((1, *shape), np.uint8))
    assert hog.pixels_per_cell_ == (cell, cell)


@pytest.mark.parametrize("shape", [(23, 24), (24, 23)], ids=str)
def test_a_picture_smaller_than_a_block_is_named_with_the_smallest_that_would_do(shape):
    hog = HOGTransformer(pixels_per_cell=(8, 8))
    hog.fit(np.zeros((1, 24, 24)))
    with pytest.raises(ValueError, match=rf"{shape[0]} rows and {shape[1]} cols .* at least: 24 rows and 24 cols"):
        hog.fit(np.zeros((1, *shape)))


@pytest.mark.parametrize("parameter", ["pixels_per_cell", "cells_per_block"])
@pytest.mark.parametrize("value", [(0, 3), (3,), (2, 2, 2), (1.5, 2), ("a", "b")], ids=str)
def test_a_size_that_is_no_pair_of_positive_integers(pictures, parameter, value):
    with pytest.raises(ValueError, match=f"{parameter}=.*two positive integers"):
        HOGTransformer(**{parameter: value}).fit(pictures)


def test_square_roots_of_negative_pixels_raise_in_fit_and_in_transform():
    pictures = np.linspace(0, 1, 128).reshape(2, 8, 8)
    hog = HOGTransformer(transform_sqrt=True).fit(pictures)
    for call in (hog.transform, hog.fit):
        with pytest.raises(ValueError, match=r"transform_sqrt=True .* negative values, down to -0\.5"):
            call(pictures - 0.5)


@pytest.mark.parametrize("orientations", [4, 6, 8])
def test_a_picture_turned_by_90_degrees_has_its_histograms_turned(rng, orientations):
    pictures = rng.random(size=(3, 24, 32))
    straight = histograms(pictures, orientations=orientations, pixels_per_cell=(8, 8))
    turned = histograms(np.rot90(pictures, axes=(1, 2)), orientations=orientations, pixels_per_cell=(8, 8))
    # A quarter turn is half of the 180 degrees that the bins cover.
    expected = np.roll(np.rot90(straight, axes=(1, 2)), orientations // 2, axis=-1)
    np.testing.assert_allclose(turned, expected, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.int32])
def test_adding_a_constant_to_integers_changes_nothing(rng, dtype):
    pictures = rng.integers(0, 200, size=(4, 24, 24, 3)).astype(dtype)
    before, after = (HOGTransformer().fit_transform(batch) for batch in (pictures, pictures + dtype(55)))
    np.testing.assert_array_equal(before, after)


def test_a_channel_given_three_times_is_a_grey_picture(rng):
    pictures = rng.random(size=(4, 24, 24))
    coloured = np.repeat(pictures[..., None], 3, axis=3)
    np.testing.assert_array_equal(HOGTransformer().fit_transform(pictures), HOGTransformer().fit_transform(coloured))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("n_jobs", [2, 3, -1])
def test_threads_change_no_bit(rng, dtype, n_jobs):
    pictures = rng.integers(0, 256, size=(301, 32, 32, 3)).astype(dtype)
    serial = HOGTransformer().fit_transform(pictures)
    np.testing.assert_array_equal(HOGTransformer(n_jobs=n_jobs).fit_transform(pictures), serial)
    for backend in ("threading", "loky"):
        with joblib.parallel_config(backend=backend, n_jobs=2):
            np.testing.assert_array_equal(HOGTransformer().fit_transform(pictures), serial)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_a_picture_has_the_same_features_alone_and_in_a_batch(rng, dtype):
    pictures = rng.integers(0, 256, size=(200, 32, 32)).astype(dtype)
    hog = HOGTransformer().fit(pictures)
    alone = np.concatenate([hog.transform(picture[None]) for picture in pictures[::17]])
    np.testing.assert_array_equal(hog.transform(pictures)[::17], alone)


def test_memory_layout_and_writability_do_not_matter(pictures):
    expected = HOGTransformer().fit_transform(pictures)
    views = [
        np.asfortranarray(pictures),
        np.ascontiguousarray(np.moveaxis(pictures, -1, 1)).transpose(0, 2, 3, 1),
        np.repeat(pictures, 2, axis=0)[::2],
        np.ascontiguousarray(pictures[:, ::-1, ::-1])[:, ::-1, ::-1],
    ]
    read_only = pictures.copy()
    read_only.flags.writeable = False
    for view in [*views, read_only]:
        np.testing.assert_array_equal(HOGTransformer().fit_transform(view), expected)


def test_flattened_pictures_are_unfolded(pictures):
    expected = HOGTransformer().fit_transform(pictures)
    rows = pictures.reshape(len(pictures), -1)
    np.testing.assert_array_equal(HOGTransformer(image_shape=(32, 24, 3)).fit_transform(rows), expected)


@pytest.mark.parametrize("layout", ["contiguous", "channels first"])
@pytest.mark.parametrize("transform_sqrt", [False, True])
def test_a_batch_is_never_copied_as_a_whole(rng, layout, transform_sqrt):
    pictures = rng.integers(0, 256, size=(8000, 3, 32, 32), dtype=np.uint8).transpose(0, 2, 3, 1)
    if layout == "contiguous":
        pictures = np.ascontiguousarray(pictures)
    hog = HOGTransformer(transform_sqrt=transform_sqrt).fit(pictures)
    hog.transform(pictures[:10])
    tracemalloc.start()
    try:
        features = hog.transform(pictures)
        peak = tracemalloc.get_traced_memory()[1] - features.nbytes
    finally:
        tracemalloc.stop()
    assert peak < pictures.nbytes / 3


def test_names_say_block_cell_and_orientation(pictures):
    hog = HOGTransformer(orientations=5, pixels_per_cell=(8, 8), cells_per_block=(2, 1)).fit(pictures)
    blocks = hog.transform(pictures).reshape(len(pictures), 3, 3, 2, 1, 5)
    names = hog.get_feature_names_out()
    assert len(names) == len(set(names)) == blocks[0].size
    assert names[0] == "hog_block0_0_cell0_0_orientation0"
    position = np.ravel_multi_index((2, 1, 1, 0, 3), blocks.shape[1:])
    assert names[position] == "hog_block2_1_cell1_0_orientation3"
    frame = hog.set_output(transform="pandas").transform(pictures)
    np.testing.assert_array_equal(frame["hog_block2_1_cell1_0_orientation3"], blocks[:, 2, 1, 1, 0, 3])


def skops_round_trip(estimator):
    dumped = skops.io.dumps(estimator)
    return skops.io.loads(dumped, trusted=skops.io.get_untrusted_types(data=dumped))


def joblib_round_trip(estimator):
    file = io.BytesIO()
    joblib.dump(estimator, file)
    file.seek(0)
    return joblib.load(file)


@pytest.mark.parametrize(
    "round_trip",
    [lambda estimator: pickle.loads(pickle.dumps(estimator)), copy.deepcopy, joblib_round_trip, skops_round_trip],
    ids=["pickle", "deepcopy", "joblib", "skops"],
)
def test_round_trips(pictures, round_trip):
    hog = HOGTransformer(orientations=7).fit(pictures)
    np.testing.assert_array_equal(round_trip(hog).transform(pictures), hog.transform(pictures))
    np.testing.assert_array_equal(clone(hog).fit_transform(pictures), hog.transform(pictures))


def test_two_transformers_at_work_in_two_threads_do_not_disturb_each_other(pictures):
    hogs = [HOGTransformer(orientations=orientations).fit(pictures) for orientations in (7, 9)] * 4
    expected = [hog.transform(pictures) for hog in hogs]
    together = joblib.Parallel(n_jobs=4, prefer="threads")(joblib.delayed(hog.transform)(pictures) for hog in hogs)
    for features, alone in zip(together, expected, strict=True):
        np.testing.assert_array_equal(features, alone)


def test_digits_without_any_setting():
    images = load_digits().images
    assert HOGTransformer().fit_transform(images).shape == (1797, 324)


def test_importing_loads_no_compiler():
    code = "import sys, skimgrec.feature_extraction; print({'numba', 'skimage', 'matplotlib'} & {*sys.modules})"
    answer = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert answer.stdout.strip() == "set()"


def test_kernels_run_uncached_where_nothing_can_be_written(tmp_path):
    code = """
import numba.core.caching as caching
caching.CacheImpl._locator_classes = []
import numpy as np
from skimgrec import HOGTransformer
from skimgrec.feature_extraction import _hog_blocks
assert type(_hog_blocks.block_features._cache).__name__ == "NullCache"
print(HOGTransformer().fit_transform(np.eye(8)[None]).sum() > 0)
"""
    answer = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=tmp_path)
    assert answer.stdout.strip() == "True"
