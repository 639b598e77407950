"""ImageNeighbors, its search, and its file."""

import json
import pickle
import zipfile

import numpy as np
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skimgrec import (
    ConformalClassifier,
    HOGTransformer,
    ImageFlattener,
    ImageLoader,
    ImageNeighbors,
    RejectingClassifier,
    load_model,
    make_feature_union,
    open_index,
    save_index,
)
from skimgrec.neighbors import _search, model_features
from skimgrec.neighbors._features import vectors_of
from skimgrec.neighbors._matches import find_matches
from skimgrec.persistence import ModelFileError, save_model


@pytest.fixture
def pictures(rng):
    return rng.integers(256, size=(60, 16, 16, 3), dtype=np.uint8)


@pytest.fixture
def files(tmp_path, pictures):
    paths = []
    for number, picture in enumerate(pictures[:20]):
        paths.append(tmp_path / f"{number:02}.png")
        Image.fromarray(picture).save(paths[-1])
    return paths


def sorted_by(distances, *, farthest=False):
    return np.argsort(-distances if farthest else distances, axis=1, kind="stable")


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("farthest", [False, True])
@pytest.mark.parametrize("scale", [1.0, 1e-20, 1e18], ids=lambda scale: f"scale {scale:g}")
def test_the_search_is_exact_whatever_float32_makes_of_it(rng, metric, farthest, scale):
    # All alike but for the last digits, so that products in float32 cannot tell them apart; twins, and a zero.
    vectors = 100 + rng.normal(scale=1e-3, size=(300, 50))
    vectors[[7, 200, 250]] = vectors[40]
    vectors = (vectors * scale).astype(np.float32)
    vectors[299] = 0
    queries = np.concatenate([vectors[[40, 299, 3]], (vectors[:2] + vectors[2:4]) / 2])
    lengths = _search.lengths_of(vectors, metric)
    true = _search.distance_matrix(queries, vectors, metric)
    for n_threads in (1, 2):
        distances, rows = _search.search(
            vectors, lengths, queries, 9, metric=metric, farthest=farthest, n_threads=n_threads
        )
        np.testing.assert_array_equal(rows, sorted_by(true, farthest=farthest)[:, :9])
        np.testing.assert_array_equal(distances, np.take_along_axis(true, rows, axis=1))


def test_distances_are_those_of_scikit_learn(rng):
    vectors = rng.normal(size=(200, 30)).astype(np.float32)
    for metric in ("euclidean", "cosine"):
        expected = NearestNeighbors(metric=metric, algorithm="brute").fit(vectors.astype(float))
        found = _search.search(
            vectors, _search.lengths_of(vectors, metric), vectors[:20], 6, metric=metric, left_out=np.arange(20)
        )
        distances, rows = expected.kneighbors(vectors[:20].astype(float), 7)
        np.testing.assert_array_equal(found[1], rows[:, 1:])
        np.testing.assert_allclose(found[0], distances[:, 1:], rtol=1e-6)


def test_few_are_measured_twice(rng, monkeypatch):
    vectors = rng.normal(size=(5000, 64)).astype(np.float32)
    measured = []
    exact = _search.exact_distances
    monkeypatch.setattr(
        _search,
        "exact_distances",
        lambda vectors, rows, *rest: measured.append(len(rows)) or exact(vectors, rows, *rest),
    )
    lengths = _search.lengths_of(vectors, "euclidean")
    _search.search(vectors, lengths, vectors[:10], 5, metric="euclidean")
    assert max(measured) < 50


def test_equal_pictures_come_in_the_order_of_fit(pictures):
    pictures[[11, 30, 4]] = pictures[20]
    distances, rows = ImageNeighbors("pixels").fit(pictures).kneighbors(pictures[20:21], 4)
    assert rows.tolist() == [[4, 11, 20, 30]]
    assert (distances == 0).all()


def test_without_a_query_no_picture_is_its_own_neighbour(pictures):
    pictures[5] = pictures[9]
    neighbors = ImageNeighbors("pixels", n_neighbors=1).fit(pictures)
    distances, rows = neighbors.kneighbors()
    assert rows[5, 0] == 9
    assert rows[9, 0] == 5
    assert not (rows[:, 0] == np.arange(60)).any()
    assert (neighbors.kneighbors(return_distance=False) == rows).all()
    assert (neighbors.least_similar(return_distance=False)[:, 0] == neighbors.distance_matrix().argmax(1)).all()
    assert (distances[[5, 9]] == 0).all()


def test_hog_by_name_is_the_transformer(pictures):
    by_name = ImageNeighbors("hog").fit(pictures)
    np.testing.assert_array_equal(by_name.vectors_, HOGTransformer().fit_transform(pictures))
    assert (by_name.n_features_out_, by_name.n_samples_fit_, by_name.image_shape_) == (324, 60, (16, 16, 3))


@pytest.mark.parametrize("features", ["lbp", "color", "bovw", "hog+color", "lbp+pixels"])
def test_features_by_name_are_those_of_a_union(pictures, features):
    by_name = ImageNeighbors(features).fit(pictures)
    union = make_feature_union(features, random_state=0)
    np.testing.assert_array_equal(by_name.vectors_, union.fit_transform(pictures))
    np.testing.assert_array_equal(by_name.transform_queries(pictures[:3]), by_name.vectors_[:3])
    with pytest.raises(ValueError, match=r"Unknown features 'colour', did you mean 'color'\? Known are hog, lbp"):
        ImageNeighbors("hog+colour").fit(pictures)


def test_names_of_features_are_kept_in_the_file_of_an_index(pictures, tmp_path):
    neighbors = ImageNeighbors("color+bovw").fit(pictures)
    save_index(neighbors, tmp_path / "pictures.index")
    opened = open_index(tmp_path / "pictures.index")
    assert opened.features == "color+bovw"
    np.testing.assert_array_equal(opened.kneighbors(pictures[:3])[1], neighbors.kneighbors(pictures[:3])[1])


def test_a_transformer_is_copied_and_a_frozen_one_used_as_it_is(pictures):
    pca = make_pipeline(ImageFlattener(), PCA(4, random_state=0))
    neighbors = ImageNeighbors(pca).fit(pictures)
    assert not hasattr(pca[-1], "components_")
    fitted = clone(pca).fit(pictures[:30])
    np.testing.assert_allclose(
        ImageNeighbors(FrozenEstimator(fitted)).fit(pictures).vectors_, fitted.transform(pictures), rtol=1e-4
    )
    assert not np.allclose(neighbors.vectors_, fitted.transform(pictures), atol=1)
    with pytest.raises(NotFittedError):
        ImageNeighbors(FrozenEstimator(pca)).fit(pictures)


def test_pictures_in_files_are_those_of_an_array(files, pictures, monkeypatch):
    from_files = ImageNeighbors("pixels", image_size=(16, 16)).fit(files)
    from_array = ImageNeighbors("pixels").fit(pictures[:20])
    np.testing.assert_array_equal(from_files.vectors_, from_array.vectors_)
    assert from_files.paths_.tolist() == [str(file) for file in files]
    assert from_array.paths_ is None
    # An index of arrays takes paths as well, and one of paths takes arrays and lazy batches.
    lazy = ImageLoader((16, 16)).transform(files[3:5])
    for neighbors in (from_files, from_array):
        for X in (files[3:5], pictures[3:5], lazy, np.array(files[3:5], dtype=str)):
            assert neighbors.kneighbors(X, 1)[1].tolist() == [[3], [4]]


def test_files_are_never_read_all_at_once(files, monkeypatch):
    monkeypatch.setattr("skimgrec.neighbors._features._MOST_PICTURES", 3)
    transformer = ImageFlattener().fit(ImageLoader((16, 16)).transform(files))
    read = []
    transform = ImageFlattener.transform
    monkeypatch.setattr(ImageFlattener, "transform", lambda self, X: read.append(len(X)) or transform(self, X))
    vectors = vectors_of(transformer, ImageLoader((16, 16)).transform(files), "caller")
    assert read == [3] * 6 + [2]
    assert vectors.shape == (20, 768)
    assert vectors.dtype == np.float32


def test_a_loader_in_front_reads_the_files(files):
    pipeline = make_pipeline(ImageLoader((8, 8), grey=True), ImageFlattener())
    neighbors = ImageNeighbors(pipeline).fit(files)
    assert neighbors.image_shape_ == (8, 8)
    assert neighbors.kneighbors(files[2:3], 1)[1].tolist() == [[2]]


def test_model_features_are_what_its_classifier_sees(pictures, files):
    y = np.arange(20) % 2
    model = make_pipeline(ImageLoader((16, 16)), HOGTransformer(), LogisticRegression()).fit(files, y)
    neighbors = ImageNeighbors(model_features(model)).fit(files)
    np.testing.assert_allclose(neighbors.vectors_, HOGTransformer().fit_transform(pictures[:20]), atol=1e-6)
    with pytest.raises(ValueError, match="no features to compare pictures by"):
        model_features(model[-1])


@pytest.mark.parametrize("wrapper", [RejectingClassifier, ConformalClassifier])
def test_model_features_are_those_within_a_wrapper(pictures, wrapper):
    y = np.arange(60) % 2
    pipeline = make_pipeline(HOGTransformer(), LogisticRegression())
    expected = HOGTransformer().fit_transform(pictures)
    within = make_pipeline(FunctionTransformer(), wrapper(pipeline, validation_fraction=0.4, random_state=0))
    outside = wrapper(FrozenEstimator(pipeline.fit(pictures, y)), validation_fraction=0.4, random_state=0)
    for model in (within, outside):
        features = model_features(model.fit(pictures, y))
        np.testing.assert_allclose(ImageNeighbors(features).fit(pictures).vectors_, expected, atol=1e-6)
    with pytest.raises(ValueError, match="no features to compare pictures by"):
        model_features(wrapper(FrozenEstimator(pipeline[-1]), validation_fraction=0.4, random_state=0).fit(expected, y))


def test_a_classifier_is_not_trained_anew(pictures):
    model = make_pipeline(ImageFlattener(), LogisticRegression(max_iter=5))
    with pytest.raises(ValueError, match=r"is a classifier, which is not trained here.*model_features"):
        ImageNeighbors(model).fit(pictures, np.arange(60) % 2)


def test_find_matches_leaves_out_the_query_itself(files):
    neighbors = ImageNeighbors("pixels", image_size=(16, 16)).fit(files)
    matches = find_matches(neighbors, [files[3], files[0]], 2, 100)
    assert 3 not in matches.most[0]
    assert matches.least.shape == (2, 19)
    assert (np.diff(matches.least_distances, axis=1) <= 0).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X: (X.astype(float), None, np.full((1, 16, 16, 3), np.nan)), "NaN"),
        (lambda X: (X, None, X[:1, :8]), "fitted on"),
        (lambda X: (X, np.arange(59), X), "inconsistent numbers of samples"),
        (lambda X: (X, np.zeros((60, 2)), X), "labels of shape"),
    ],
    ids=["nan", "size", "labels", "two labels"],
)
def test_what_does_not_fit_is_refused(pictures, change, message):
    X, y, query = change(pictures)
    with pytest.raises(ValueError, match=message):
        ImageNeighbors("pixels").fit(X, y).kneighbors(query)


def test_features_that_are_no_finite_vectors_are_refused(pictures):
    class Broken(ImageFlattener):
        given = None

        def transform(self, X):
            return self.given(len(X))

    for given, message in (
        (lambda n: np.zeros((n, 2, 2)), "ImageFlattener if they are pictures"),
        (lambda n: np.full((n, 2), 1e39), "not finite in float32, the first time for picture 0"),
    ):
        Broken.given = staticmethod(given)
        with pytest.raises(ValueError, match=message):
            ImageNeighbors(Broken()).fit(pictures)


def test_numbers_of_neighbours(pictures):
    neighbors = ImageNeighbors("pixels").fit(pictures[:4])
    with pytest.raises(NotFittedError):
        ImageNeighbors().kneighbors(pictures)
    with pytest.raises(ValueError, match="n_neighbors=5, but there are 4 pictures in the index"):
        neighbors.kneighbors(pictures[:1])
    with pytest.raises(ValueError, match="n_neighbors=4, but there are 3 other pictures"):
        neighbors.kneighbors(n_neighbors=4)
    with pytest.raises(ValueError, match="n_neighbors=0: expected an integer of at least 1"):
        neighbors.kneighbors(pictures[:1], 0)
    with pytest.raises(ValueError, match="at most 8,192"):
        ImageNeighbors("pixels").fit(np.zeros((9000, 2, 2))).distance_matrix()


def test_a_failed_fit_leaves_the_index_as_it_was(pictures):
    neighbors = ImageNeighbors("pixels", n_neighbors=2).fit(pictures[:9])
    with pytest.raises(ValueError, match="inconsistent"):
        neighbors.fit(pictures[:, :8], np.arange(3))
    assert neighbors.kneighbors(pictures[:1])[1][0, 0] == 0


# Indexes in files.


@pytest.fixture
def index(tmp_path, pictures):
    path = tmp_path / "pictures.index"
    labels = np.where(np.arange(60) % 2, "dog", "cat")
    save_index(ImageNeighbors("hog", metric="cosine", n_neighbors=3).fit(pictures, labels), path)
    return path


def test_an_opened_index_answers_as_the_saved_one_did(index, pictures, files, tmp_path):
    opened, made = open_index(index), ImageNeighbors("hog", metric="cosine", n_neighbors=3).fit(pictures)
    for farthest in ("kneighbors", "least_similar"):
        for one, other in zip(
            getattr(opened, farthest)(pictures[:5]), getattr(made, farthest)(pictures[:5]), strict=True
        ):
            np.testing.assert_array_equal(one, other)
    assert opened.labels_[:2].tolist() == ["cat", "dog"]
    assert (opened.metric, opened.n_neighbors, opened.features) == ("cosine", 3, "hog")
    from_files = ImageNeighbors(ImageFlattener(), image_size=(16, 16)).fit(files, np.arange(20) / 4)
    save_index(from_files, tmp_path / "files.index")
    again = open_index(tmp_path / "files.index")
    assert again.paths_.tolist() == [str(file) for file in files]
    assert again.labels_.tolist() == (np.arange(20) / 4).tolist()
    assert again.kneighbors(files[7:8], 1)[1].tolist() == [[7]]
    save_index(again, tmp_path / "files.index")  # over itself, while it is mapped
    assert open_index(tmp_path / "files.index").kneighbors(files[7:8], 1)[1].tolist() == [[7]]


def test_the_vectors_stay_in_the_file_until_they_are_looked_through(index, pictures, monkeypatch):
    opened = open_index(index)
    base = opened.vectors_
    while base is not None and not isinstance(base, np.memmap):
        base = base.base
    assert isinstance(base, np.memmap)
    assert opened.vectors_.ctypes.data % 64 == 0
    assert not opened.vectors_.flags.writeable
    assert pickle.loads(pickle.dumps(opened)).kneighbors(pictures[:1])[1][0, 0] == 0


def test_numpy_and_zip_programs_read_an_index(index):
    with np.load(index) as content:
        assert content["vectors"].shape == (60, 324)
    with zipfile.ZipFile(index) as archive:
        assert archive.testzip() is None
        assert len(json.loads(archive.read("index.json"))["labels"]["values"]) == 60
    assert [path.name for path in index.parent.iterdir() if path.suffix == ".tmp"] == []


def test_damage_is_told_wherever_it_is(index, pictures):
    content = index.read_bytes()
    start = len(content) - 60 * 324 * 4 - 1000  # before the vectors, and what stands behind them
    told_when_opened = [*range(0, start, 311), *range(len(content) - 257, len(content))]
    for place in told_when_opened:
        damaged = bytearray(content)
        damaged[place] ^= 0x10
        index.write_bytes(damaged)
        with pytest.raises(ModelFileError, match="pictures\\.index: "):
            open_index(index)
    damaged = bytearray(content)
    damaged[-40_000] ^= 0x10
    index.write_bytes(damaged)
    opened = open_index(index)
    for _ in range(2):
        with pytest.raises(ModelFileError, match=r"vectors\.npy is not what was saved"):
            opened.kneighbors(pictures[:1])
    for length in (0, 10, 1000, len(content) - 1):
        index.write_bytes(content[:length])
        with pytest.raises(ModelFileError):
            open_index(index)


def test_an_index_and_a_model_are_told_apart(index, tmp_path, pictures):
    model = tmp_path / "model.skimgrec"
    save_model(HOGTransformer().fit(pictures), model)
    with pytest.raises(ModelFileError, match="no saved index of similar pictures"):
        open_index(model)
    with pytest.raises(ModelFileError, match="no saved model"):
        load_model(index)
    with pytest.raises(TypeError, match="save_model saves models"):
        save_index(HOGTransformer().fit(pictures), tmp_path / "x")
    with pytest.raises(NotFittedError):
        save_index(ImageNeighbors(), tmp_path / "x")


def test_labels_that_json_cannot_keep_are_refused(tmp_path, pictures):
    labels = np.array([1, "a"] * 30, dtype=object)
    with pytest.raises(ModelFileError, match="numbers alone or text alone"):
        save_index(ImageNeighbors("pixels").fit(pictures, labels), tmp_path / "x.index")
    assert not (tmp_path / "x.index").exists()


def test_what_save_index_would_not_write_is_refused(index, monkeypatch, pictures):
    from skimgrec.persistence import _index_file

    entries = _index_file._entries
    for change, message in (
        ({"labels": {"kind": "str", "values": ["a"]}}, "one path and one label for each picture"),
        ({"labels": {"kind": "object", "values": ["a"] * 60}}, "neither numbers nor text"),
        ({"image_shape": [16, 16, 5]}, "image_shape"),
        ({"parameters": {"metric": "euclidean"}}, "its parameters"),
        ({"shape": [10**6, 324]}, "not those that it lists"),
        ({"loader": {"image_size": [16, 16], "cache": "/anywhere"}}, "its loader's parameters"),
    ):
        monkeypatch.setattr(_index_file, "_entries", lambda neighbors, change=change: {**entries(neighbors), **change})
        save_index(ImageNeighbors("hog").fit(pictures), index)
        with pytest.raises(ModelFileError, match=message):
            open_index(index)
