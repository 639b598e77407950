"""RejectingClassifier: what it rejects, what it promises, and how it composes."""

import pickle

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from skimgrec import (
    ImageFlattener,
    ImageLoader,
    KerasMLPClassifier,
    RejectingClassifier,
    compare,
)

METHODS = ["combined", "distance", "softmax"]


@pytest.mark.parametrize("method", METHODS)
def test_classes_left_out_of_training_are_rejected_more_often(digits, known, method):
    X, y = digits
    pixels = make_pipeline(ImageFlattener(scale=True), LogisticRegression(tol=1e-2))
    model = RejectingClassifier(pixels, method=method, random_state=0).fit(known[0][:500], known[1][:500])
    new, labels = X[620:], y[620:]  # the first 620 digits hold those 500
    scores, rejected = model.score_samples(new), model.predict(new) == -1
    np.testing.assert_array_equal(rejected, scores < model.threshold_)
    assert roc_auc_score(labels < 8, scores) > 0.85
    assert rejected[labels >= 8].mean() > 0.6
    assert rejected[labels < 8].mean() < 0.15
    assert (model.predict(new)[~rejected & (labels < 8)] == labels[~rejected & (labels < 8)]).mean() > 0.95


@pytest.mark.parametrize("method", METHODS)
def test_pictures_of_known_kinds_are_answered_as_often_as_promised(digits, hog_pipe, method):
    X, y = digits
    fitted = FrozenEstimator(hog_pipe.fit(X[:300], y[:300]))
    answered, rng = [], np.random.default_rng(1)
    for seed in range(30):
        rows = 300 + rng.permutation(600)
        model = RejectingClassifier(fitted, coverage=0.9, method=method, validation_fraction=0.4, random_state=seed)
        model.fit(X[rows[:300]], y[rows[:300]])
        answered.append((model.predict(X[rows[300:]]) != -1).mean())
    # The 30 shares spread by about 0.03 each; their mean by a fifth of that.
    assert 0.885 < np.mean(answered) < 0.93


def test_threshold_is_the_conformal_quantile_of_what_was_held_out(known, hog_pipe):
    X, y = known
    hog_pipe.fit(X[:300], y[:300])
    model = RejectingClassifier(FrozenEstimator(hog_pipe), method="softmax", coverage=0.8)
    model.fit(X[300:400], y[300:400])
    # 81 of the 100 are answered: the rank is ceil(101 * 0.8).
    highest = hog_pipe.predict_proba(X[300:400]).max(axis=1)
    assert model.threshold_ == pytest.approx(np.sort(highest)[-81], rel=1e-9)
    assert (model.predict(X[300:400]) != -1).sum() == 81


def test_coverage_may_be_changed_after_the_fit(known, hog_pipe):
    X, y = known
    model = RejectingClassifier(hog_pipe, random_state=0).fit(X[:500], y[:500])
    shares = []
    for coverage in (0.5, 0.8, 0.95, 1.0):
        model.set_params(coverage=coverage)
        shares.append((model.predict(X[500:]) != -1).mean())
        refitted = clone(model).fit(X[:500], y[:500])
        assert refitted.threshold_ == model.threshold_
    assert shares == sorted(shares)
    assert shares[0] < 0.7
    assert shares[-1] == 1
    with pytest.raises(ValueError, match=r"coverage=0.999 needs 999 calibration pictures or more, and .* has 100"):
        model.set_params(coverage=0.999).predict(X[:1])


def test_too_few_pictures_are_an_error_of_the_fit(known, hog_pipe):
    with pytest.raises(ValueError, match=r"coverage=0.95 needs 19 calibration pictures or more"):
        RejectingClassifier(hog_pipe).fit(known[0][:80], known[1][:80])


def test_a_failed_fit_changes_nothing(known, hog_pipe):
    X, y = known
    model = RejectingClassifier(hog_pipe, random_state=0).fit(X[:400], y[:400])
    before = model.score_samples(X[400:])
    with pytest.raises(ValueError, match="needs 19"):
        model.fit(X[400:460], y[400:460])
    np.testing.assert_array_equal(model.score_samples(X[400:]), before)


def test_probabilities_are_calibrated_and_say_nothing_of_rejection(known):
    X, y = known
    naive = make_pipeline(ImageFlattener(scale=True), GaussianNB(var_smoothing=1e-3))
    model = RejectingClassifier(naive, random_state=0).fit(X[:450], y[:450])
    probabilities = model.predict_proba(X[450:])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert probabilities.shape == (len(X) - 450, 8)
    assert model.temperature_ > 1
    assert log_loss(y[450:], probabilities) < 0.5 * log_loss(y[450:], model.estimator_.predict_proba(X[450:]))
    answered = model.predict(X[450:]) != -1
    np.testing.assert_array_equal(
        model.predict(X[450:])[answered], model.classes_[probabilities.argmax(axis=1)][answered]
    )


def test_labels_that_are_text_are_unknown_in_words(known, hog_pipe):
    X, y = known
    names = np.array([f"digit {label}" for label in y])
    model = RejectingClassifier(hog_pipe, coverage=0.8, random_state=0).fit(X[:500], names[:500])
    answers = model.predict(X[500:])
    assert set(answers) - set(names) == {"unknown"}
    assert model.score(X[500:], answers) == 1
    other = RejectingClassifier(hog_pipe, coverage=0.8, unknown_label="?", random_state=0).fit(X[:500], names[:500])
    np.testing.assert_array_equal(other.predict(X[500:]) == "?", answers == "unknown")


LAYOUTS = {
    "3-D": lambda X: X,
    "4-D": lambda X: X[..., None],
    "colour": lambda X: np.stack([X, X // 2, 255 - X], axis=-1),
    "flat": lambda X: X.reshape(len(X), -1),
}


@pytest.mark.parametrize(
    ("inner", "layout"), [*(("pipeline", layout) for layout in LAYOUTS), ("network", "colour"), ("network", "flat")]
)
def test_pictures_of_every_layout_are_taken(known, hog_pipe, inner, layout):
    X, y = LAYOUTS[layout](known[0]), known[1]
    network = KerasMLPClassifier(hidden_layer_sizes=(32,), epochs=8, learning_rate=0.01, random_state=0)
    model = RejectingClassifier(hog_pipe if inner == "pipeline" else network, random_state=0).fit(X[:500], y[:500])
    assert model.score(X[500:], y[500:]) > 0.8
    noise = np.random.default_rng(0).permuted(X[500:].reshape(len(X) - 500, -1), axis=1).reshape(X[500:].shape)
    assert (model.predict(noise) == -1).mean() > (model.predict(X[500:]) == -1).mean() + 0.2


def test_paths_are_taken_with_a_loader_within_or_in_front(photos):
    paths, labels = photos
    rest = [ImageFlattener(scale=True), LogisticRegression()]
    options = {"coverage": 0.8, "validation_fraction": 0.3, "random_state": 0}
    within = RejectingClassifier(make_pipeline(ImageLoader((8, 8)), *rest), **options).fit(list(paths), labels)
    in_front = make_pipeline(ImageLoader((8, 8)), RejectingClassifier(make_pipeline(*rest), **options))
    in_front.fit(paths, labels)
    np.testing.assert_array_equal(within.predict(paths), in_front.predict(paths))
    assert set(within.predict(paths)) == {"red", "blue", "unknown"}


def test_a_frozen_classifier_stays_as_it_was(known, hog_pipe):
    X, y = known
    hog_pipe.fit(X[:300], y[:300])
    weights = hog_pipe[-1].coef_.copy()
    model = RejectingClassifier(FrozenEstimator(hog_pipe), random_state=0).fit(X[300:500], y[300:500])
    np.testing.assert_array_equal(hog_pipe[-1].coef_, weights)
    assert len(model.calibration_scores_) == 40
    # Without distances there is no need for others.
    model.set_params(method="softmax").fit(X[300:500], y[300:500])
    assert len(model.calibration_scores_) == 200


def test_a_frozen_classifier_is_given_pictures_of_its_classes_only(digits, known, hog_pipe):
    fitted = FrozenEstimator(hog_pipe.fit(*known))
    with pytest.raises(ValueError, match=r"labels that the estimator does not know: \[8, 9\]"):
        RejectingClassifier(fitted, random_state=0).fit(*digits)


def test_pictures_to_hold_out_may_be_given(known, hog_pipe):
    X, y = known
    model = RejectingClassifier(hog_pipe).fit(X[:400], y[:400], X_val=X[400:500], y_val=y[400:500])
    np.testing.assert_array_equal(model.estimator_[-1].coef_, hog_pipe.fit(X[:400], y[:400])[-1].coef_)
    assert len(model.calibration_scores_) == 100
    with pytest.raises(ValueError, match="X_val is given without y_val"):
        RejectingClassifier(hog_pipe).fit(X, y, X_val=X)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        RejectingClassifier(hog_pipe).fit(X, y, X_val=X[:10], y_val=y[:9])


def test_a_class_too_small_to_be_divided_is_named_with_the_way_out(known, hog_pipe):
    X, y = known
    labels = np.where(np.arange(len(y)) == 3, 77, y)
    with pytest.raises(ValueError, match=r"class by class, which cannot be done: .*Give more pictures of each class"):
        RejectingClassifier(hog_pipe).fit(X, labels)


def test_distances_are_measured_to_no_more_pictures_than_asked_for(known, hog_pipe):
    X, y = known
    model = RejectingClassifier(hog_pipe, method="distance", max_samples=70, random_state=0).fit(X, y)
    assert model._neighbors.n_samples_fit_ == 70
    again = clone(model).fit(X, y)
    np.testing.assert_array_equal(again.score_samples(X[:20]), model.score_samples(X[:20]))
    many = RejectingClassifier(hog_pipe, method="distance", n_neighbors=50, max_samples=7, random_state=0).fit(X, y)
    assert many._neighbors.n_neighbors == 7


def test_features_of_your_own_are_fitted_and_judged_by(known, hog_pipe):
    X, y = known
    extractor = ImageFlattener(scale=True)
    model = RejectingClassifier(hog_pipe, method="distance", feature_extractor=extractor, random_state=0).fit(X, y)
    assert not hasattr(extractor, "image_shape_")
    assert model.feature_extractor_.image_shape_ == (8, 8)
    assert model._neighbors.n_features_in_ == 64


def test_a_classifier_with_decisions_alone_is_taken(known, hog_pipe):
    X, y = known
    machine = make_pipeline(hog_pipe[0], LinearSVC())
    model = RejectingClassifier(machine, random_state=0).fit(X[:500], y[:500])
    assert model.score(X[500:], y[500:]) > 0.8
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1)


def test_weights_reach_the_last_step_of_a_pipeline_and_zero_leaves_out(known, hog_pipe):
    X, y = known
    weights = np.where(y < 4, 1.0, 0.0)
    model = RejectingClassifier(hog_pipe, random_state=0).fit(X, y, sample_weight=weights)
    alone = RejectingClassifier(hog_pipe, random_state=0).fit(X[y < 4], y[y < 4])
    np.testing.assert_array_equal(model.classes_, [0, 1, 2, 3])
    np.testing.assert_allclose(model.predict_proba(X), alone.predict_proba(X))
    heavy = RejectingClassifier(hog_pipe, random_state=0).fit(X, y, sample_weight=np.where(y < 4, 1e4, 1e-4))
    assert (heavy.estimator_.predict(X)[y >= 4] >= 4).mean() < 0.5


def test_weights_that_the_estimator_cannot_take_are_an_error(known, hog_pipe):
    nearest = make_pipeline(hog_pipe[0], KNeighborsClassifier())
    with pytest.raises(ValueError, match=r"KNeighborsClassifier.fit takes none"):
        RejectingClassifier(nearest).fit(*known, sample_weight=np.ones(len(known[1])))
    with pytest.raises(ValueError, match="at least one non-zero number"):
        RejectingClassifier(hog_pipe).fit(*known, sample_weight=np.zeros(len(known[1])))


def test_metadata_are_routed_to_the_estimator(known):
    X, y = known[0].reshape(len(known[0]), -1) / 255, known[1]
    weights = np.where(y < 4, 1e4, 1e-4)
    with config_context(enable_metadata_routing=True):
        inner = LogisticRegression(max_iter=2000).set_fit_request(sample_weight=True)
        model = RejectingClassifier(inner, random_state=0).fit(X, y, sample_weight=weights)
        deaf = RejectingClassifier(
            LogisticRegression(max_iter=2000).set_fit_request(sample_weight=False), random_state=0
        )
        deaf.fit(X, y, sample_weight=weights)
    assert (model.estimator_.predict(X)[y >= 4] >= 4).mean() < 0.5
    assert (deaf.estimator_.predict(X)[y >= 4] >= 4).mean() > 0.9


def test_it_is_searched_cross_validated_and_compared(known, hog_pipe):
    X, y = known[0][:300], known[1][:300]
    model = RejectingClassifier(hog_pipe, coverage=0.9, random_state=0)
    assert cross_val_score(model, X, y, cv=2).mean() > 0.7
    assert cross_val_score(model, X, y, cv=2, scoring="neg_log_loss").mean() > -0.5
    search = GridSearchCV(model, {"coverage": [0.5, 0.9], "estimator__logisticregression__C": [1.0]}, cv=2).fit(X, y)
    assert search.best_params_["coverage"] == 0.9
    result = compare({"rejecting": model, "plain": hog_pipe}, X, y, cv=2, random_state=0)
    assert not any(row.error for row in result.rows)
    assert None in set(result.predictions("rejecting")["predicted"])


def test_answers_survive_a_pickle(known, hog_pipe):
    model = RejectingClassifier(hog_pipe, random_state=0).fit(*known)
    arrived = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(arrived.score_samples(known[0]), model.score_samples(known[0]))
    assert arrived.threshold_ == model.threshold_


@pytest.mark.parametrize("method", ["predict", "predict_proba", "score_samples"])
def test_nothing_is_answered_before_the_fit(known, hog_pipe, method):
    with pytest.raises(NotFittedError):
        getattr(RejectingClassifier(hog_pipe), method)(known[0])
    with pytest.raises(NotFittedError):
        RejectingClassifier(hog_pipe).threshold_  # noqa: B018
