"""PatchKMeansTransformer: its features against a plain computation, what it learns, its rules and its messages."""

import copy
import pickle
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_info

from skimgrec import PatchKMeansTransformer, load_digits_images
from skimgrec.feature_extraction._patches_layout import auto_patch
from skimgrec.utils import _lazy_images
from skimgrec.utils._blas import one_blas_thread


@pytest.fixture
def pictures(rng):
    return rng.integers(0, 256, size=(30, 16, 12, 3), dtype=np.uint8)


def patches_at(picture, height, width, step):
    """Return the patches of a picture (h, w, c), with their places, as (place, values)."""
    rows, cols = ((side - size) // step + 1 for side, size in zip(picture.shape, (height, width), strict=False))
    for i in range(rows):
        for j in range(cols):
            patch = picture[i * step : i * step + height, j * step : j * step + width]
            yield (i / rows, j / cols), patch.ravel()


def plainly(fitted, picture, *, height, width, step=1):
    """Return the features of one picture on the scale of 0 to 1, one patch after another, in double precision."""
    n_pools, n_filters = fitted.n_pools, len(fitted.components_)
    pooled = np.zeros((n_pools, n_pools, 2 if fitted.encoding == "relu" else 1, n_filters))
    looks = np.zeros((n_pools, n_pools))
    for looked_at in (picture, picture[:, ::-1]) if fitted.mirror else (picture,):
        for (down, across), values in patches_at(looked_at, height, width, step):
            normalised = (values - values.mean()) / np.sqrt(values.var() + fitted.min_contrast**2)
            whitened = (normalised - fitted.patch_mean_) @ fitted.whitening_
            part = int(down * n_pools + 1e-9), int(across * n_pools + 1e-9)
            looks[part] += 1
            if fitted.encoding == "relu":
                responses = fitted.components_ @ whitened
                pooled[part] += np.maximum([responses - fitted.threshold, -responses - fitted.threshold], 0)
            else:
                distances = np.linalg.norm(fitted.components_ - whitened, axis=1)
                pooled[part] += np.maximum(distances.mean() - distances, 0)
    features = (pooled / np.maximum(looks, 1)[..., None, None]).ravel()
    return (features - fitted.feature_mean_) / fitted.feature_scale_


@pytest.mark.parametrize("encoding", ["relu", "triangle"])
@pytest.mark.parametrize("settings", [{}, {"mirror": True, "n_pools": 3}, {"standardize": False, "patch_size": 5}])
def test_features_are_those_of_a_plain_computation(pictures, encoding, settings):
    # More filters than are multiplied at once.
    patches = PatchKMeansTransformer(270, dictionary="patches", encoding=encoding, random_state=0, **settings)
    # Not those that the filters come from: single precision knows the distance of what is the same to 1e-3 only.
    found = patches.fit(pictures[3:]).transform(pictures)
    side = settings.get("patch_size", 6)
    expected = [plainly(patches, picture / 255, height=side, width=side) for picture in pictures[:3]]
    np.testing.assert_allclose(found[:3], expected, atol=2e-5 * np.abs(expected).max())
    assert found.dtype == np.float32
    assert found.shape[1] == len(patches.get_feature_names_out()) == len(set(patches.get_feature_names_out()))


def test_steps_and_grey_pictures_and_other_ranges(rng):
    pictures = rng.normal(size=(9, 15, 11))
    patches = PatchKMeansTransformer(4, patch_size=4, step=3, random_state=0).fit(pictures)
    low, high = patches.value_range_
    scaled = ((pictures - low) / (high - low))[..., None]
    expected = [plainly(patches, picture, height=4, width=4, step=3) for picture in scaled]
    np.testing.assert_allclose(patches.transform(pictures), expected, atol=2e-5)


@pytest.mark.parametrize("encoding", ["relu", "triangle"])
def test_a_mirrored_picture_has_the_same_features_only_if_that_is_asked_for(pictures, encoding):
    mirrored = np.ascontiguousarray(pictures[:, :, ::-1])
    for mirror in (False, True):
        patches = PatchKMeansTransformer(7, encoding=encoding, mirror=mirror, random_state=0).fit(pictures)
        same = np.allclose(patches.transform(mirrored), patches.transform(pictures), atol=1e-5)
        assert same == mirror


def test_whitened_patches_have_no_direction_in_which_they_vary_more(rng):
    # Neighbouring pixels that are alike, as in pictures.
    smooth = rng.normal(size=(300, 20, 20)).cumsum(axis=1).cumsum(axis=2)
    patches = PatchKMeansTransformer(3, patch_size=3, whitening=1e-6, max_patches=30_000, random_state=0).fit(smooth)
    drawn = patches._sample(smooth[..., None], np.random.RandomState(1))
    variances = np.linalg.eigvalsh(np.cov((drawn - patches.patch_mean_) @ patches.whitening_, rowvar=False))
    # Their mean is taken off, and with it one direction.
    assert variances[0] < 0.01
    np.testing.assert_allclose(variances[1:], 1, atol=0.15)


def test_k_means_finds_the_patterns_that_there_are(rng):
    """Pictures are drawn from three patterns, each of which should be one of three filters."""
    patterns = rng.normal(size=(3, 4, 4))
    pictures = patterns[rng.integers(3, size=400)] + 0.01 * rng.normal(size=(400, 4, 4))
    patches = PatchKMeansTransformer(3, patch_size=4, encoding="triangle", random_state=0).fit(pictures)
    responses = patches.set_params(n_pools=1).fit(pictures).transform(patterns)
    assert sorted(responses.argmax(axis=1)) == [0, 1, 2]


def test_features_are_standardised(pictures):
    features = PatchKMeansTransformer(6, n_pools=2, random_state=0).fit_transform(pictures)
    np.testing.assert_allclose(features.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose((features**2).sum(axis=1).mean(), 4, rtol=1e-5)


def test_it_tells_digits_apart_better_than_their_pixels():
    X, y = load_digits_images(return_X_y=True)
    model = make_pipeline(PatchKMeansTransformer(100, random_state=0), RidgeClassifier(alpha=0.3))
    assert model.fit(X[:1000], y[:1000]).score(X[1000:], y[1000:]) > 0.95
    pixels = RidgeClassifier().fit(X[:1000].reshape(1000, -1), y[:1000])
    assert pixels.score(X[1000:].reshape(-1, 64), y[1000:]) < 0.93


@pytest.mark.parametrize("encoding", ["relu", "triangle"])
def test_numbers_depend_on_neither_threads_nor_company(pictures, encoding):
    patches = PatchKMeansTransformer(40, encoding=encoding, random_state=0).fit(pictures)
    expected = patches.transform(pictures)
    for n_jobs in (2, 3):
        other = clone(patches).set_params(n_jobs=n_jobs).fit(pictures)
        np.testing.assert_array_equal(other.components_, patches.components_)
        np.testing.assert_array_equal(other.transform(pictures), expected)
    np.testing.assert_array_equal(patches.transform(pictures[7:8]), expected[7:8])
    with joblib.parallel_config("threading", n_jobs=2):
        np.testing.assert_array_equal(patches.transform(pictures), expected)
    for again in (pickle.loads(pickle.dumps(patches)), copy.deepcopy(patches)):
        np.testing.assert_array_equal(again.transform(pictures), expected)


def test_the_limit_on_threads_is_lifted_whoever_is_the_last_to_leave():
    def threads():
        return sorted((library["user_api"], library["num_threads"]) for library in threadpool_info())

    before = threads()
    first_is_in = threading.Event()
    seen = []

    def second():
        first_is_in.wait(10)
        with one_blas_thread():
            seen.append(threads())

    working = threading.Thread(target=second)
    working.start()
    with one_blas_thread():
        first_is_in.set()
        assert {number for _, number in threads()} == {1}
        time.sleep(0.05)
        assert not seen
    working.join()
    assert {number for _, number in seen[0]} == {1}
    assert threads() == before


def test_filters_are_the_same_whoever_else_is_learning(pictures):
    patches = PatchKMeansTransformer(40, random_state=0)
    expected = clone(patches).fit(pictures).components_
    with ThreadPoolExecutor(3) as threads:
        found = list(threads.map(lambda _: clone(patches).fit(pictures).components_, range(6)))
    for components in found:
        np.testing.assert_array_equal(components, expected)


def test_pictures_in_files_are_read_in_chunks_and_give_the_same_features(pictures, as_in_files, monkeypatch):
    monkeypatch.setattr(_lazy_images, "_CHUNK_BYTES", 7 * pictures[0].nbytes)
    lazy, reads = as_in_files(pictures)
    patches = PatchKMeansTransformer(4, random_state=0).fit(pictures)
    np.testing.assert_array_equal(clone(patches).fit(lazy).transform(lazy), patches.transform(pictures))
    assert max(reads) == 7
    # Once for the patches, once for how the features are spread, and once for the features.
    assert sum(reads) == 3 * len(pictures)


def test_responses_are_held_for_one_picture_at_a_time(rng):
    pictures = rng.integers(0, 256, size=(200, 32, 32), dtype=np.uint8)
    patches = PatchKMeansTransformer(256, dictionary="patches", max_patches=2000, random_state=0).fit(pictures)
    tracemalloc.start()
    features = patches.transform(pictures)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # Responses of one picture are 700 KB; those of all would be 150 MB.
    assert peak < features.nbytes + 5 * pictures.nbytes + 2e6


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (3, 40), (7, 7)], ids=str)
def test_small_pictures_are_continued(rng, shape):
    pictures = rng.integers(0, 256, size=(40, *shape), dtype=np.uint8)
    for size in ("auto", 6):
        features = PatchKMeansTransformer(3, patch_size=size, random_state=0).fit_transform(pictures)
        assert np.isfinite(features).all()
        assert features.any() == (shape != (1, 1))


def test_flat_pictures_have_no_responses():
    flat = np.full((5, 8, 8), 7, np.uint8)
    # Not standardised, which would make 0 of anything that is the same in all pictures.
    features = PatchKMeansTransformer(2, min_contrast=0, standardize=False, random_state=0).fit_transform(flat)
    np.testing.assert_array_equal(features, 0)


def test_patches_without_contrast_are_not_learnt_from(rng):
    pictures = np.zeros((50, 20, 20), np.uint8)
    pictures[:, 8:12, 8:12] = rng.integers(0, 256, size=(50, 4, 4))
    patches = PatchKMeansTransformer(50, dictionary="patches", random_state=0).fit(pictures)
    assert (np.linalg.norm(patches.components_, axis=1) > 0.99).all()


def test_values_far_from_zero_keep_their_differences(rng):
    pictures = rng.normal(size=(20, 12, 12))
    patches = PatchKMeansTransformer(5, random_state=0)
    expected = patches.fit_transform(pictures)
    np.testing.assert_allclose(patches.fit_transform(pictures + 1e7), expected, atol=1e-3)


def test_large_pictures_are_looked_at_everywhere():
    for height, width in ((64, 64), (400, 500), (1080, 1920)):
        patch_height, patch_width, step = auto_patch(height, width)
        assert step <= min(patch_height, patch_width)


def test_patches_of_too_many_values_are_refused():
    with pytest.raises(ValueError, match=r"A patch has 64 x 64 x 3 values, and at most 2048.*smaller patch_size"):
        PatchKMeansTransformer(2, patch_size=64).fit(np.zeros((2, 70, 70, 3), np.uint8))


def test_alpha_is_left_out(pictures, rng):
    alpha = rng.integers(0, 256, size=(30, 16, 12, 1), dtype=np.uint8)
    patches = PatchKMeansTransformer(5, random_state=0)
    with_alpha = patches.fit_transform(np.concatenate([pictures, alpha], axis=-1))
    np.testing.assert_array_equal(with_alpha, patches.fit_transform(pictures))


def test_fewer_patches_than_filters(pictures):
    with pytest.raises(
        ValueError, match=r"n_components=100 filters cannot be learnt from 30 patches.*fewer components"
    ):
        PatchKMeansTransformer(100, patch_size=12, step=12, max_patches=90).fit(pictures)


def test_parameters_set_after_fitting_do_not_change_a_fitted_transformer(pictures):
    patches = PatchKMeansTransformer(5, random_state=0).fit(pictures)
    expected = patches.transform(pictures)
    patches.set_params(n_components=3, patch_size=3, n_pools=1, threshold=2.0, mirror=True, encoding="triangle")
    np.testing.assert_array_equal(patches.transform(pictures), expected)
    assert len(patches.get_feature_names_out()) == expected.shape[1]
