"""The estimators inside scikit-learn's own tools, on pictures of every layout and under joblib's backends."""

import copy
import pickle
from functools import cache

import joblib
import numpy as np
import pytest
import skops.io
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier, StackingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score, cross_validate
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline, make_union
from threadpoolctl import threadpool_limits

from skimgrec import HOGTransformer, ImageFlattener, KerasCNNClassifier, KerasMLPClassifier

LAYOUTS = {
    "3-D": lambda X: X,
    "4-D": lambda X: X[..., None],
    "colour": lambda X: np.stack([X, X // 2, 255 - X], axis=-1),
    "flat": lambda X: X.reshape(len(X), -1),
}


@pytest.fixture(scope="module")
def labels():
    return load_digits().target[:240]


@pytest.fixture(scope="module", params=LAYOUTS)
def pictures(request):
    return LAYOUTS[request.param]((load_digits().images[:240] * 15.9375).astype(np.uint8))


@pytest.fixture(scope="module")
def grey():
    return (load_digits().images[:240] * 15.9375).astype(np.uint8)


def candidates():
    # Without batch normalisation, which makes more of the rounding that depends on the number of threads.
    cnn = KerasCNNClassifier(
        **{"architecture": "sequential", "filters": (8,), "dense_units": (16,), "epochs": 6},
        **{"learning_rate": 0.01, "learning_rate_schedule": "constant", "random_state": 0},
    )
    return {
        "forest on HOG": make_pipeline(HOGTransformer(), RandomForestClassifier(50, random_state=0)),
        "nearest pixels": make_pipeline(ImageFlattener(), KNeighborsClassifier(1)),
        "regression on HOG and pixels": make_pipeline(
            make_union(HOGTransformer(), ImageFlattener(scale=True)), LogisticRegression(max_iter=500)
        ),
        "CNN": cnn,
        "perceptron": KerasMLPClassifier(hidden_layer_sizes=32, epochs=10, learning_rate=0.01, random_state=0),
    }


NAMES = list(candidates())
TRUSTED = ["skimgrec.neural_network._cnn.KerasCNNClassifier", "skimgrec.neural_network._mlp.KerasMLPClassifier"]
TRUSTED += ["skimgrec.feature_extraction._hog.HOGTransformer", "skimgrec.feature_extraction._flatten.ImageFlattener"]
TRUSTED += ["sklearn.tree._tree.Tree"]


@pytest.mark.parametrize("name", NAMES)
def test_every_candidate_is_cross_validated_in_every_layout(name, pictures, labels):
    scores = cross_validate(candidates()[name], pictures, labels, cv=3, scoring=["accuracy", "f1_macro"])
    assert scores["test_accuracy"].mean() > 0.6
    assert scores["test_f1_macro"].shape == (3,)


@pytest.fixture(scope="module")
def serial_probabilities(grey, labels):
    """Return a function that gives the out-of-fold probabilities of a candidate by its name, calculated once."""

    @cache
    def of(name):
        # As in workers: the linear algebra of scikit-learn's own estimators rounds by the number of threads.
        with threadpool_limits(1, "blas"):
            return cross_val_predict(candidates()[name], grey, labels, cv=3, method="predict_proba")

    return of


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("backend", ["threading", "loky", None])
def test_backends_give_the_numbers_of_a_serial_run(name, backend, grey, labels, serial_probabilities):
    serial = serial_probabilities(name)
    if backend is None:
        parallel = cross_val_predict(candidates()[name], grey, labels, cv=3, method="predict_proba", n_jobs=2)
    else:
        with joblib.parallel_config(backend, n_jobs=2), threadpool_limits(1, "blas"):
            parallel = cross_val_predict(candidates()[name], grey, labels, cv=3, method="predict_proba")
    # Networks are bit-identical at equal numbers of threads only.
    tolerance = 0 if backend == "threading" or name not in ("CNN", "perceptron") else 1e-4
    np.testing.assert_allclose(parallel, serial, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_grid_search_over_network_hyperparameters(n_jobs, grey, labels):
    search = GridSearchCV(candidates()["CNN"], {"filters": [(2,), (8, 8)], "epochs": [1, 6]}, cv=2, n_jobs=n_jobs)
    search.fit(grey, labels)
    assert search.best_params_ == {"filters": (8, 8), "epochs": 6}
    assert search.best_estimator_.score(grey, labels) > 0.75


def test_grid_search_over_hog_inside_a_pipeline(grey, labels):
    search = GridSearchCV(candidates()["forest on HOG"], {"hogtransformer__orientations": [1, 9]}, cv=2, n_jobs=2)
    assert search.fit(grey, labels).best_params_ == {"hogtransformer__orientations": 9}


def test_ensembles_take_pictures(pictures, labels):
    members = [(name.replace(" ", "-"), estimator) for name, estimator in candidates().items()]
    voting = VotingClassifier(members, voting="soft").fit(pictures, labels.astype(str))
    assert voting.score(pictures, labels.astype(str)) > 0.9
    stacking = StackingClassifier(members[:2], LogisticRegression(max_iter=500), cv=2)
    assert stacking.fit(pictures, labels).score(pictures, labels) > 0.9


@pytest.mark.parametrize("name", NAMES)
def test_calibration_and_roc_auc(name, grey, labels):
    two = labels < 2
    assert cross_val_score(candidates()[name], grey[two], labels[two], cv=3, scoring="roc_auc").mean() > 0.95
    calibrated = CalibratedClassifierCV(candidates()[name], cv=2).fit(grey, labels)
    np.testing.assert_allclose(calibrated.predict_proba(grey).sum(axis=1), 1)


@pytest.mark.parametrize("name", NAMES)
def test_fitted_candidates_survive_every_journey(name, grey, labels, tmp_path):
    fitted = candidates()[name].fit(grey, labels)
    expected = fitted.predict_proba(grey)
    joblib.dump(fitted, tmp_path / "model.joblib")
    for arrived in (
        pickle.loads(pickle.dumps(fitted)),
        copy.deepcopy(fitted),
        joblib.load(tmp_path / "model.joblib"),
        skops.io.loads(skops.io.dumps(fitted), trusted=TRUSTED),
    ):
        np.testing.assert_array_equal(arrived.predict_proba(grey), expected)
        assert not hasattr(clone(arrived), "classes_")


@pytest.mark.parametrize("transformer", [HOGTransformer(), ImageFlattener()])
def test_features_come_as_a_data_frame_on_request(transformer, pictures):
    frame = clone(transformer).set_output(transform="pandas").fit_transform(pictures)
    assert list(frame.columns) == list(transformer.fit(pictures).get_feature_names_out())
    np.testing.assert_array_equal(frame.to_numpy(), clone(transformer).fit_transform(pictures))


def test_a_network_stands_behind_steps_that_know_flat_features_only(grey, labels):
    flat_first = make_pipeline(ImageFlattener(scale=True), candidates()["CNN"])
    assert cross_val_score(flat_first, grey, labels, cv=3).mean() > 0.75


def test_html_diagram_shows_every_estimator(grey, labels):
    for name, estimator in candidates().items():
        assert type(estimator).__name__ in estimator._repr_html_(), name
