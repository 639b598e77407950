"""Lazy batches: like an array to whoever takes rows, never read as a whole by any estimator, and to the same result."""

import copy
import pickle
import tracemalloc

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV, cross_validate, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.utils import _safe_indexing

from skimgrec import (
    ColorHistogramTransformer,
    HOGTransformer,
    ImageFlattener,
    KerasCNNClassifier,
    KerasMLPClassifier,
    LBPTransformer,
    compare,
)
from skimgrec.model_selection._fingerprint import data_fingerprint
from skimgrec.model_selection._picture_paths import paths_of
from skimgrec.utils import LazyImages, _lazy_images, read_chunks


class Memory:
    """Pictures in an array, as a source that notes how many were read at a time."""

    def __init__(self, pictures, reads):
        self.pictures, self.reads = pictures, reads

    @property
    def shape(self):
        return self.pictures.shape[1:]

    def __len__(self):
        return len(self.pictures)

    def take(self, rows):
        return Memory(self.pictures[rows], self.reads)

    def read(self):
        self.reads.append(len(self))
        return self.pictures.copy()

    def fingerprint(self):
        return self.pictures.tobytes()


class Pattern:
    """Pictures that are made when they are read, and take no memory before."""

    shape = (64, 64, 3)

    def __init__(self, rows):
        self.rows = np.asarray(rows)

    def __len__(self):
        return len(self.rows)

    def take(self, rows):
        return Pattern(self.rows[rows])

    def read(self):
        stripes = np.arange(64 * 64 * 3, dtype=np.uint8).reshape(1, *self.shape)
        return stripes * (self.rows % 7 + 1).astype(np.uint8)[:, None, None, None]


class Broken(Pattern):
    """Pictures that cannot be read."""

    reads = 0

    def take(self, rows):
        return Broken(self.rows[rows])

    def read(self):
        Broken.reads += 1
        raise OSError("the disk is gone")


@pytest.fixture(params=[(12, 12), (12, 12, 3)], ids=["grey", "colour"])
def pictures(request, rng):
    return rng.integers(256, size=(50, *request.param), dtype=np.uint8)


@pytest.fixture
def reads():
    return []


@pytest.fixture
def lazy(pictures, reads):
    return LazyImages(Memory(pictures, reads))


@pytest.fixture
def labels():
    return np.array(["cat", "dog"] * 25)


@pytest.fixture
def chunks_of_7(pictures, monkeypatch):
    monkeypatch.setattr(_lazy_images, "_CHUNK_BYTES", 7 * pictures[0].nbytes)


KEYS = {
    "slice": slice(3, 40, 2),
    "reversed": slice(None, None, -1),
    "rows": np.array([4, 1, 1, -1]),
    "list": [4, 1, 1],
    "mask": np.arange(50) % 3 == 0,
    "list of booleans": [True, False] * 25,
    "nothing": [],
    "scikit-learn's": ([3, 2], ...),
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS.keys())
def test_rows_are_taken_as_from_an_array_without_reading(pictures, lazy, reads, key):
    some = lazy[key]
    expected = pictures[np.empty(0, int) if isinstance(key, list) and not key else key]
    assert isinstance(some, LazyImages)
    assert (len(some), some.shape, some.ndim, some.nbytes) == (
        len(expected),
        expected.shape,
        expected.ndim,
        expected.nbytes,
    )
    assert not reads
    np.testing.assert_array_equal(np.asarray(some), expected)


def test_a_row_number_reads_one_picture(pictures, lazy, reads):
    np.testing.assert_array_equal(lazy[np.int64(-2)], pictures[-2])
    assert reads == [1]
    with pytest.raises(IndexError, match="picture 50 of 50"):
        lazy[50]


def test_an_array_of_no_dimension_is_a_row_number(pictures, lazy):
    np.testing.assert_array_equal(lazy[np.array(3)], pictures[3])


@pytest.mark.parametrize("key", [np.array([[0, 1], [2, 3]]), np.True_, True])
def test_rows_have_one_dimension(lazy, key):
    with pytest.raises(IndexError, match=r"takes rows in one dimension, got an index of shape"):
        lazy[key]


@pytest.mark.parametrize("key", [(slice(None), 0), None, ..., (0, ..., 0)])
def test_what_is_no_rows_is_refused_with_the_way_out(lazy, key):
    with pytest.raises(IndexError, match=r"takes rows only.*np\.asarray\(X\)"):
        lazy[key]


@pytest.mark.usefixtures("chunks_of_7")
def test_reading_all_goes_chunk_by_chunk(pictures, lazy, reads):
    for dtype in (None, np.float32):
        array = np.asarray(lazy, dtype=dtype)
        np.testing.assert_array_equal(array, pictures)
        assert array.dtype == (dtype or np.uint8)
    assert reads == [*[7] * 7, 1] * 2
    for picture, expected in zip(lazy, pictures, strict=True):
        np.testing.assert_array_equal(picture, expected)
    assert max(reads) == 7


def test_the_array_is_new_and_no_view_is_promised(pictures, lazy):
    array = np.asarray(lazy)
    array[:] = 0
    assert pictures.any()
    with pytest.raises(ValueError, match="always makes a copy"):
        np.asarray(lazy, copy=False)


def test_the_channel_axis_comes_without_reading(pictures, lazy, reads):
    four_d = lazy.with_channel_axis()[:3]
    assert four_d.shape == (3, 12, 12, pictures[0].size // 144)
    assert not reads
    assert np.asarray(four_d).shape == four_d.shape
    assert four_d[0].shape == four_d.shape[1:]


def test_representation_and_copies(lazy):
    assert repr(lazy) == f"LazyImages(shape={lazy.shape}, dtype=uint8)"
    for other in (pickle.loads(pickle.dumps(lazy)), copy.deepcopy(lazy)):
        np.testing.assert_array_equal(np.asarray(other), np.asarray(lazy))


@pytest.mark.usefixtures("chunks_of_7")
@pytest.mark.parametrize(("multiple", "lengths"), [(1, [*[7] * 7, 1]), (3, [*[9] * 5, 5]), (20, [20, 20, 10])])
def test_chunks_keep_to_a_multiple(pictures, lazy, multiple, lengths):
    assert [len(chunk) for _, chunk in read_chunks(lazy, multiple_of=multiple)] == lengths
    for rows, chunk in read_chunks(lazy, multiple_of=multiple):
        np.testing.assert_array_equal(chunk, pictures[rows])
    ((rows, chunk),) = read_chunks(pictures, multiple_of=multiple)
    assert rows == slice(0, 50)
    assert np.shares_memory(chunk, pictures)


def test_scikit_learn_splits_it_without_reading(pictures, lazy, labels, reads):
    train, test, *_ = train_test_split(lazy, labels, stratify=labels, random_state=0)
    expected = train_test_split(pictures, labels, stratify=labels, random_state=0)
    assert isinstance(_safe_indexing(lazy, [1, 2]), LazyImages)
    assert not reads
    np.testing.assert_array_equal(np.asarray(train), expected[0])
    np.testing.assert_array_equal(np.asarray(test), expected[1])


def test_scikit_learns_estimators_say_what_they_need(lazy, labels):
    with pytest.raises(ValueError, match=r"Found array with dim \d, while dim <= 2 is required by RandomForest"):
        RandomForestClassifier().fit(lazy, labels)


SMALL = {"pixels_per_cell": (3, 3), "cells_per_block": (2, 2)}
NETWORK = {"epochs": 2, "batch_size": 7, "random_state": 0}
TRANSFORMERS = {
    "hog": HOGTransformer(**SMALL),
    "hog of square roots": HOGTransformer(**SMALL, transform_sqrt=True),
    "soft hog": HOGTransformer(**SMALL, interpolation="bilinear"),
    "hog in threads": HOGTransformer(**SMALL, n_jobs=3),
    "lbp": LBPTransformer(),
    "lbp in threads": LBPTransformer(n_jobs=3),
    "colour": ColorHistogramTransformer(),
    "pixels": ImageFlattener(),
    "float pixels": ImageFlattener(dtype="float64"),
    "scaled pixels": ImageFlattener(scale=True),
}
CLASSIFIERS = {
    "cnn": KerasCNNClassifier(filters=(4, 8), **NETWORK),
    "perceptron": KerasMLPClassifier(hidden_layer_sizes=(8,), class_weight="balanced", **NETWORK),
}


@pytest.mark.usefixtures("chunks_of_7")
@pytest.mark.parametrize("name", TRANSFORMERS)
def test_transformers_fit_without_reading_and_transform_alike_in_chunks(pictures, lazy, reads, name):
    from_array = copy.deepcopy(TRANSFORMERS[name]).fit(pictures)
    from_lazy = copy.deepcopy(TRANSFORMERS[name]).fit(lazy)
    assert not reads
    assert vars(from_lazy) == vars(from_array)
    expected = from_array.transform(pictures)
    found = from_lazy.transform(lazy)
    assert (sum(reads), max(reads)) == (50, 7 if "threads" not in name else 5)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


@pytest.mark.usefixtures("chunks_of_7")
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_networks_train_by_batch_and_predict_in_chunks_to_the_same_numbers(pictures, lazy, labels, reads, name):
    weights = np.linspace(0, 1, 50)  # a weight of 0 leaves the picture out
    from_array = copy.deepcopy(CLASSIFIERS[name]).fit(pictures, labels, sample_weight=weights)
    from_lazy = copy.deepcopy(CLASSIFIERS[name]).fit(lazy, labels, sample_weight=weights)
    # Two epochs of seven batches. Keras itself, on other backends than TensorFlow, looks at a few of them before.
    assert set(reads) == {7}
    assert 14 <= len(reads) <= 18
    assert from_lazy.value_range_ == from_array.value_range_ == (0, 255)
    assert from_lazy.history_ == from_array.history_
    for found, expected in zip(from_lazy.weights_, from_array.weights_, strict=True):
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(from_lazy.predict_proba(lazy), from_array.predict_proba(pictures))


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_partial_fit_goes_on_alike(pictures, lazy, labels, name):
    both = []
    for X in (pictures, lazy):
        classifier = copy.deepcopy(CLASSIFIERS[name]).set_params(class_weight=None)
        classifier.partial_fit(X[:30], labels[:30], classes=["cat", "dog"]).partial_fit(X[30:], labels[30:])
        both.append(classifier.predict_proba(X))
    np.testing.assert_array_equal(*both)


def test_predictions_meet_the_same_batches_as_an_array(monkeypatch, reads, labels):
    X = np.random.default_rng(0).integers(256, size=(50, 512, 32), dtype=np.uint8)  # 16 pictures in a forward pass
    monkeypatch.setattr(_lazy_images, "_CHUNK_BYTES", 20 * X[0].nbytes)
    cnn = KerasCNNClassifier(filters=(2,), epochs=1, random_state=0).fit(X[:8], labels[:8])
    np.testing.assert_array_equal(cnn.predict_proba(LazyImages(Memory(X, reads))), cnn.predict_proba(X))
    assert reads == [20, 12, 18]  # two forward passes, and what is left


@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize("kind", [HOGTransformer, ImageFlattener])
def test_memory_holds_the_result_and_a_chunk(kind, n_jobs):
    X = LazyImages(Pattern(range(6000)))  # 70 MiB
    transformer = kind(n_jobs=n_jobs) if kind is HOGTransformer else kind(dtype="uint8")
    transformer.fit(X).transform(X[:2])
    tracemalloc.start()
    try:
        result = transformer.transform(X)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    chunk = 2**24
    # A read may hold what it decodes twice for a moment, as this source does.
    assert peak < result.nbytes + 2.5 * chunk * (n_jobs or 1)
    assert X.nbytes > 4 * chunk


def test_an_error_ends_the_work_of_all_threads():
    Broken.reads = 0
    X = LazyImages(Broken(range(20000)))
    hog = HOGTransformer(n_jobs=2).fit(X)
    with pytest.raises(OSError, match="the disk is gone"):
        hog.transform(X)
    assert Broken.reads <= 2


EVERYBODY = {**TRANSFORMERS, **CLASSIFIERS}


@pytest.mark.parametrize("name", EVERYBODY)
def test_what_arrays_are_refused_for_lazy_batches_are_too(pictures, lazy, labels, name):
    def refused(call, *args):
        with pytest.raises(ValueError, match=r"\w") as error:
            call(*args)
        return str(error.value)

    estimator = copy.deepcopy(EVERYBODY[name])
    fit = estimator.fit
    assert refused(fit, lazy[:0], labels[:0]) == refused(fit, pictures[:0], labels[:0])
    fit(pictures / 255.0, labels)
    use = estimator.predict if hasattr(estimator, "predict") else estimator.transform
    assert "with values from 0 to 255, but was fitted" in refused(use, lazy)
    assert refused(use, lazy) == refused(use, pictures)
    other = np.zeros((4, 9, 9), np.uint8)
    assert refused(use, LazyImages(Memory(other, []))) == refused(use, other)


def test_narrow_pictures_are_not_taken_for_one_colour_picture(labels):
    X = LazyImages(Memory(np.zeros((50, 12, 3), np.uint8), []))
    assert ImageFlattener().fit(X).transform(X).shape == (50, 36)


def test_image_shape_is_held_against_lazy_batches(lazy):
    with pytest.raises(ValueError, match=r"image_shape says \(6, 6\)"):
        ImageFlattener(image_shape=(6, 6)).fit(lazy)


def test_file_names_are_sent_to_the_loader():
    with pytest.raises(ValueError, match=r"make_pipeline\(ImageLoader\(\(64, 64\)\), HOGTransformer\(\)\)"):
        HOGTransformer().fit(["a.png", "b.png"])


def test_the_fingerprint_is_that_of_the_source(pictures, lazy):
    codes = np.arange(50) % 2
    classes = np.array(["cat", "dog"])
    prints = {
        data_fingerprint(lazy, classes, codes),
        data_fingerprint(lazy[::-1], classes, codes),
        data_fingerprint(lazy, classes, 1 - codes),
        data_fingerprint(lazy, np.array(["cat", "eel"]), codes),
    }
    assert None not in prints
    assert len(prints) == 4
    assert data_fingerprint(LazyImages(Memory(pictures.copy(), [])), classes, codes) in prints


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_scikit_learns_and_our_comparisons_take_it(pictures, lazy, labels, n_jobs):
    model = make_pipeline(HOGTransformer(**SMALL), RandomForestClassifier(5, random_state=0))
    scores = [cross_validate(model, X, labels, cv=2, n_jobs=n_jobs, error_score="raise") for X in (pictures, lazy)]
    np.testing.assert_array_equal(scores[0]["test_score"], scores[1]["test_score"])

    grid = {"hogtransformer__orientations": [4, 9]}
    searches = [GridSearchCV(model, grid, cv=2, n_jobs=n_jobs).fit(X, labels) for X in (pictures, lazy)]
    np.testing.assert_array_equal(*(search.cv_results_["mean_test_score"] for search in searches))

    # These have no files, among which copies could be looked for.
    settings = {"cv": 2, "n_jobs": n_jobs, "random_state": 0, "near_duplicates": "ignore"}
    results = [compare({"forest": model}, X, labels, **settings) for X in (pictures, lazy)]
    assert [row.error for row in results[1].rows] == [None, None]
    assert [row.scores for row in results[0].rows] == [row.scores for row in results[1].rows]
    assert results[1].picture_shape == pictures.shape[1:]
    assert results[1].data_fingerprint


def test_batches_without_files_have_no_file_names(lazy):
    assert paths_of(lazy) is None
