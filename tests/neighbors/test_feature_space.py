"""Which features a wrapped classifier is judged by."""

import numpy as np
import pytest
import scipy.sparse
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from skimgrec import ImageFlattener, ImageLoader, KerasMLPClassifier
from skimgrec.neighbors._feature_space import as_rows, logits_and_features, take_apart


def features_of(model, X, n_classes=10):
    return logits_and_features(model, X, n_classes)[1]


def test_a_pipeline_sees_what_its_last_step_gets(digits, hog_pipe):
    X, y = digits
    hog_pipe.fit(X, y)
    np.testing.assert_array_equal(features_of(hog_pipe, X), hog_pipe[0].transform(X))
    for wrapped in (
        FrozenEstimator(hog_pipe),
        make_pipeline("passthrough", hog_pipe),
        make_pipeline(hog_pipe[0], FrozenEstimator(hog_pipe[-1])),
        GridSearchCV(hog_pipe, {"logisticregression__C": [1.0]}, cv=2).fit(X, y),
    ):
        logits, features = logits_and_features(wrapped, X[:50], 10)
        np.testing.assert_array_equal(features, hog_pipe[0].transform(X[:50]))
        np.testing.assert_allclose(np.exp(logits), wrapped.predict_proba(X[:50]), atol=1e-9)


def test_a_network_sees_its_last_layer_but_one(digits):
    X, y = digits
    network = KerasMLPClassifier(hidden_layer_sizes=(7,), epochs=1, random_state=0)
    pipe = make_pipeline(ImageFlattener(scale=True), network).fit(X, y)
    logits, features = logits_and_features(pipe, X[:50], 10)
    np.testing.assert_array_equal(features, pipe.transform(X[:50]))
    np.testing.assert_allclose(np.exp(logits), pipe.predict_proba(X[:50]), atol=1e-9)
    assert features.shape == (50, 7)


def test_a_classifier_that_transforms_is_asked_for_its_features(digits):
    X, y = digits
    pipe = make_pipeline(ImageFlattener(dtype=float), LinearDiscriminantAnalysis(n_components=4)).fit(X, y)
    np.testing.assert_array_equal(features_of(pipe, X), pipe.transform(X))


def test_answers_of_a_vote_are_no_features(digits):
    rows = digits[0].reshape(900, -1)
    vote = VotingClassifier([("a", GaussianNB()), ("b", GaussianNB())], voting="soft").fit(rows, digits[1])
    np.testing.assert_array_equal(features_of(vote, rows), rows)


def test_a_bare_classifier_sees_pixels(digits):
    rows = digits[0].reshape(900, -1)
    features = features_of(LogisticRegression(max_iter=2000).fit(rows / 255, digits[1]), rows / 255)
    assert features.dtype == np.float64
    np.testing.assert_array_equal(features, rows / 255)


def test_an_extractor_takes_the_place_of_all_of_these(digits, hog_pipe):
    X, y = digits
    hog_pipe.fit(X, y)
    _, features = logits_and_features(hog_pipe, X, 10, extractor=ImageFlattener().fit(X))
    np.testing.assert_array_equal(features, X.reshape(900, -1))


def test_what_is_not_wanted_is_not_computed(digits, hog_pipe):
    X, y = digits
    hog_pipe.fit(X, y)
    logits, features = logits_and_features(hog_pipe, X, 10, features=False)
    assert (logits.shape, features.size) == ((900, 10), 0)
    logits, features = logits_and_features(hog_pipe, X, 10, logits=False)
    assert (logits.size, features.shape) == (0, (900, hog_pipe[0].transform(X).shape[1]))


def test_files_are_read_once_and_in_pieces(photos, monkeypatch):
    from skimgrec.utils import _lazy_images

    paths, labels = photos
    network = KerasMLPClassifier(hidden_layer_sizes=(5,), epochs=1, random_state=0)
    pipe = make_pipeline(ImageLoader((6, 6)), network).fit(paths, labels)
    expected = pipe.predict_proba(paths), pipe.transform(paths)
    monkeypatch.setattr(_lazy_images, "_CHUNK_BYTES", 1)
    monkeypatch.setattr("skimgrec.neighbors._feature_space._PICTURES_PER_PIECE", 25)
    sizes = []
    reading = _lazy_images.LazyImages.__array__
    monkeypatch.setattr(
        _lazy_images.LazyImages,
        "__array__",
        lambda self, *args, **kwargs: sizes.append(len(self)) or reading(self, *args, **kwargs),
    )
    logits, features = logits_and_features(pipe, paths, 2)
    assert sizes == [25, 25, 10]
    np.testing.assert_allclose(np.exp(logits), expected[0], atol=1e-5)
    np.testing.assert_allclose(features, expected[1], atol=1e-4)


def test_steps_are_taken_apart_in_their_order(hog_pipe):
    steps, classifier = take_apart(make_pipeline(ImageFlattener(), FrozenEstimator(hog_pipe)))
    assert [type(step).__name__ for step in steps] == ["ImageFlattener", "HOGTransformer"]
    assert classifier is hog_pipe[-1]


def test_features_that_are_no_rows_of_finite_numbers_are_refused():
    with pytest.raises(ValueError, match="NaN"):
        as_rows(np.array([[1.0, np.nan]]))
    with pytest.raises(TypeError, match=r"[Ss]parse"):
        as_rows(scipy.sparse.csr_matrix(np.eye(3)))
    assert as_rows(np.ones((4, 3, 2), np.uint8)).shape == (4, 6)
