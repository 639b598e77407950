"""BagOfVisualWords: its descriptors against scikit-image's, its counts, its rules and its messages."""

import copy
import pickle
import tracemalloc

import joblib
import numpy as np
import pytest
from skimage.feature import ORB, SIFT
from skimage.transform import resize
from sklearn.base import clone

from skimgrec import BagOfVisualWords
from skimgrec.feature_extraction._words_kernel import Words, dense_sift
from skimgrec.feature_extraction._words_layout import WordsLayout
from skimgrec.utils import _lazy_images


@pytest.fixture
def pictures(rng):
    return rng.integers(0, 256, size=(30, 16, 12, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def blobs():
    """Return pictures in which detectors find something, and one in which they find nothing."""
    rng = np.random.default_rng(0)
    coarse = rng.random((5, 16, 16))
    large = np.stack([resize(picture, (96, 80), order=3) for picture in coarse]) * 255
    return np.concatenate([large.clip(0, 255), np.full((1, 96, 80), 9)]).astype(np.uint8)


def layout(cell=4, step=4, levels=1, detector="dense-sift", norm=None):
    return WordsLayout(detector, cell, step, levels, norm)


@pytest.mark.parametrize("cell", [1, 2, 3, 4, 5])
def test_dense_descriptors_are_those_that_scikit_image_computes_at_their_places(rng, cell):
    picture = rng.random((60, 64))
    where = layout(cell, step=3)
    places = where.dense_places(60, 64)
    # scikit-image leaves the last row and column out of patches at the border.
    inside = (np.abs(places - [29.5, 31.5]) <= [28 - 2.5 * cell, 30 - 2.5 * cell]).all(axis=1)
    found = dense_sift(picture[None].astype(np.float32), where)[0][inside]
    n = int(inside.sum())
    assert n >= 20

    sift = SIFT(upsampling=1)
    sift.float_dtype, sift.n_octaves = np.float64, 1
    sift.positions, sift.octaves, sift.scales = places[inside], np.zeros(n, int), np.zeros(n, int)
    sift.sigmas, sift.orientations = np.full(n, 2 * cell / sift.lambda_descr), np.zeros(n)
    sift._compute_descriptor([[gradient[..., None] for gradient in np.gradient(picture)]])
    # It rounds 512 times a number down.
    difference = 512 * found - sift.descriptors
    assert difference.min() > -0.01
    assert difference.max() < 1.01


def test_descriptors_do_not_change_with_brightness_and_contrast_and_turn_with_the_picture(rng):
    picture = rng.random((1, 32, 32)).astype(np.float32)
    straight = dense_sift(picture, layout())
    np.testing.assert_allclose(dense_sift(0.3 * picture + np.float32(0.5), layout()), straight, atol=1e-5)
    turned = dense_sift(np.ascontiguousarray(np.rot90(picture, axes=(1, 2))), layout()).reshape(5, 5, 4, 4, 8)
    expected = np.rot90(np.rot90(straight.reshape(5, 5, 4, 4, 8)), axes=(2, 3))
    np.testing.assert_allclose(turned, np.roll(expected, 2, axis=-1), atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (15, 40), (16, 16), (17, 16)], ids=str)
def test_dense_descriptors_of_pictures_about_as_large_as_one(rng, shape):
    where = layout()
    found = dense_sift(rng.random((2, *shape)).astype(np.float32), where)
    assert found.shape[1] == len(where.dense_places(*shape)) == 1 + (max(shape[1], 16) - 16) // 4
    lengths = np.linalg.norm(found, axis=-1)
    np.testing.assert_allclose(lengths, 0 if shape == (1, 1) else 1, atol=1e-5)


def test_a_flat_place_has_zeros():
    picture = np.zeros((1, 16, 64), np.float32)
    picture[..., 50:] = np.linspace(0, 1, 14)
    found = dense_sift(picture, layout())[0]
    assert not found[0].any()
    np.testing.assert_allclose(np.linalg.norm(found[-1]), 1, atol=1e-5)


def test_words_are_the_nearest(rng):
    descriptors, vocabulary = (rng.random((n, 128)).astype(np.float32) for n in (300, 17))
    distances = ((descriptors[:, None] - vocabulary) ** 2).sum(axis=-1)
    np.testing.assert_array_equal(Words(vocabulary).nearest(descriptors), distances.argmin(axis=1))


def test_every_region_counts_its_words(pictures):
    settings = {"n_words": 5, "norm": None, "random_state": 0}
    words = BagOfVisualWords(spatial_pyramid=3, **settings).fit(pictures)
    counts = words.transform(pictures).reshape(30, 21, 5)
    n_descriptors = len(WordsLayout(*words._words_layout).dense_places(16, 12))
    np.testing.assert_allclose(counts[:, 0].sum(axis=1), n_descriptors / 4)
    np.testing.assert_allclose(counts[:, 1:5].sum(axis=1), counts[:, 0])
    np.testing.assert_allclose(counts[:, 5:].sum(axis=1), 2 * counts[:, 0])
    whole = BagOfVisualWords(**settings).fit(pictures)
    np.testing.assert_array_equal(whole.vocabulary_, words.vocabulary_)
    np.testing.assert_allclose(whole.transform(pictures), 4 * counts[:, 0])


def test_a_word_is_counted_in_the_region_where_it_stands():
    pictures = np.zeros((2, 32, 32), np.uint8)
    pictures[0, :14, 18:] = np.random.default_rng(0).integers(0, 256, (14, 14))
    settings = {"n_words": 2, "patch_size": 4, "step": 4, "norm": None, "random_state": 0}
    counts = BagOfVisualWords(spatial_pyramid=2, **settings).fit_transform(pictures).reshape(2, 5, 2)
    flat = counts[1, 0].argmax()
    np.testing.assert_array_equal(counts[0, 1:, 1 - flat] > 0, [False, True, False, False])


@pytest.mark.parametrize("norm", ["L1", "L1-sqrt", "L2"])
def test_norms(pictures, norm):
    settings = {"n_words": 6, "spatial_pyramid": 2, "random_state": 0}
    counts = BagOfVisualWords(norm=None, **settings).fit_transform(pictures).astype(float)
    shares = counts / counts.sum(axis=1, keepdims=True)
    expected = {"L1": shares, "L1-sqrt": np.sqrt(shares), "L2": counts / np.linalg.norm(counts, axis=1)[:, None]}
    np.testing.assert_allclose(
        BagOfVisualWords(norm=norm, **settings).fit_transform(pictures), expected[norm], rtol=1e-6
    )


@pytest.mark.parametrize(("detector", "kind", "length"), [("sift", SIFT, 128), ("orb", ORB, 256)])
def test_detectors_are_scikit_images(blobs, detector, kind, length):
    words = BagOfVisualWords(detector=detector, n_words=4, norm=None, random_state=0).fit(blobs)
    counts = words.transform(blobs)
    assert words.vocabulary_.shape == (4, length)
    for picture, found in zip(blobs[:-1], counts, strict=False):
        extractor = kind()
        extractor.detect_and_extract((picture / 255).astype(np.float32))
        descriptors = extractor.descriptors / (512 if detector == "sift" else 1)
        nearest = ((descriptors[:, None] - words.vocabulary_) ** 2).sum(axis=-1).argmin(axis=1)
        np.testing.assert_array_equal(found, np.bincount(nearest, minlength=4))
    assert not counts[-1].any()
    assert not BagOfVisualWords(detector=detector, n_words=4, random_state=0).fit(blobs).transform(blobs[-1:]).any()


@pytest.mark.parametrize("detector", ["sift", "orb"])
def test_detectors_that_find_nothing_say_what_to_do(detector):
    for shape in ((1, 9), (7, 9), (8, 8), (20, 20)):
        with pytest.raises(ValueError, match=r"cannot be learnt from 0 descriptors.* larger pictures.*dense-sift"):
            BagOfVisualWords(detector=detector).fit(np.zeros((3, *shape), np.uint8))


def test_fewer_descriptors_than_words(pictures):
    with pytest.raises(ValueError, match=r"n_words=256 .* from 99 descriptors, as many as max_descriptors=99\. Raise"):
        BagOfVisualWords(max_descriptors=99).fit(pictures)
    with pytest.raises(ValueError, match=r"all that detector='dense-sift' finds in 2 pictures of .* smaller step"):
        BagOfVisualWords().fit(pictures[:2])


def test_a_patch_that_cannot_be_divided_by_four(pictures):
    with pytest.raises(ValueError, match="patch_size=6: expected a multiple of 4"):
        BagOfVisualWords(patch_size=6).fit(pictures)


@pytest.mark.parametrize(("limit", "expected"), [(10, 10), (45, 45), (10**6, 30 * 117)])
def test_no_more_descriptors_are_drawn_than_wanted(pictures, limit, expected):
    words = BagOfVisualWords(n_words=3, max_descriptors=limit, random_state=0).fit(pictures)
    assert len(words._sample(pictures, np.random.RandomState(0))) == expected


def test_it_is_deterministic_and_leaves_the_global_random_state(pictures):
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    words = [BagOfVisualWords(n_words=7, random_state=seed).fit(pictures).vocabulary_ for seed in (5, 5, 6)]
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    np.testing.assert_array_equal(words[0], words[1])
    assert (words[0] != words[2]).any()
    with joblib.parallel_config(backend="threading", n_jobs=2):
        np.testing.assert_array_equal(BagOfVisualWords(n_words=7, random_state=5).fit(pictures).vocabulary_, words[0])


@pytest.mark.parametrize("limit", [10**5, 300])
def test_pictures_in_files_are_read_in_chunks_and_give_the_same_words(pictures, as_in_files, monkeypatch, limit):
    monkeypatch.setattr(_lazy_images, "_CHUNK_BYTES", 7 * pictures[0].nbytes)
    lazy, reads = as_in_files(pictures)
    settings = {"n_words": 4, "max_descriptors": limit, "random_state": 0}
    expected = BagOfVisualWords(**settings).fit(pictures)
    words = BagOfVisualWords(**settings).fit(lazy)
    np.testing.assert_array_equal(words.vocabulary_, expected.vocabulary_)
    # Of 30 pictures, each with 117 descriptors; 32 are taken from each where there are enough.
    assert reads == ([7, 7, 7, 7, 2] if limit == 10**5 else [7, 3])
    np.testing.assert_array_equal(words.transform(lazy), expected.transform(pictures))


@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
def test_threads_and_batches_change_no_bit(pictures, dtype):
    X = pictures.astype(dtype)
    words = BagOfVisualWords(n_words=9, spatial_pyramid=2, random_state=0).fit(X)
    expected = words.transform(X)
    np.testing.assert_array_equal(words.set_params(n_jobs=3).transform(X), expected)
    np.testing.assert_array_equal(words.transform(X[7:9]), expected[7:9])
    np.testing.assert_array_equal(words.transform(np.asfortranarray(X)), expected)


def test_names_say_level_region_and_word(pictures):
    words = BagOfVisualWords(n_words=3, spatial_pyramid=2, random_state=0).set_output(transform="pandas")
    frame = words.fit_transform(pictures)
    assert frame.columns[0] == "bovw_level0_region0_0_word0"
    assert frame.columns[7] == "bovw_level1_region0_1_word1"
    assert frame.columns.is_unique


def test_parameters_set_after_fit_wait_for_the_next_one(pictures):
    words = BagOfVisualWords(n_words=3, random_state=0).fit(pictures)
    expected = words.transform(pictures)
    words.set_params(detector="orb", n_words=9, spatial_pyramid=3, patch_size=8, step=8, norm=None)
    np.testing.assert_array_equal(words.transform(pictures), expected)
    assert len(words.get_feature_names_out()) == expected.shape[1]


def test_copies_answer_alike(pictures):
    words = BagOfVisualWords(n_words=4, random_state=0).fit(pictures)
    for arrived in (pickle.loads(pickle.dumps(words)), copy.deepcopy(words), clone(words).fit(pictures)):
        np.testing.assert_array_equal(arrived.transform(pictures), words.transform(pictures))


def test_descriptors_are_held_for_a_few_pictures_at_a_time(rng):
    pictures = rng.integers(0, 256, size=(1500, 32, 32), dtype=np.uint8)
    words = BagOfVisualWords(n_words=4, patch_size=4, step=1, max_descriptors=500, random_state=0).fit(pictures)
    words.transform(pictures[:2])
    tracemalloc.start()
    try:
        words.transform(pictures)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    descriptors = 1500 * 29 * 29 * 128 * 4
    assert peak < descriptors / 20


def test_further_pictures_make_up_for_those_in_which_little_is_found(blobs):
    flat = np.full((40, 96, 80), 9, np.uint8)
    pictures = np.concatenate([flat, blobs[:5]])
    # 32 descriptors are expected of a picture, so that one would do.
    words = BagOfVisualWords(detector="orb", n_words=8, max_descriptors=32, random_state=0).fit(pictures)
    assert len(words.vocabulary_) == 8
    assert words.transform(blobs[:5]).any(axis=1).all()
