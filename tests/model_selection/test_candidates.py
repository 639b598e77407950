import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import clone, is_classifier
from sklearn.pipeline import FeatureUnion

from skimgrec import ImageFlattener, compare, load_digits_images
from skimgrec.model_selection import candidate_descriptions, candidate_features, candidates
from skimgrec.model_selection._budget import by_cost

NAMES = ["chance", "1nn", "forest", "logistic", "1nn+hog", "forest+hog", "mlp", "cnn"]
WITHOUT_KERAS = NAMES[:6]
MORE = ["majority", "knn", "boosting", "ridge", "linear-svm", "knn+hog", "boosting+hog", "logistic+hog"]
MORE += ["ridge+hog", "linear-svm+hog"]
MORE += ["rbf-svm", "rbf-svm+hog", "extra-trees", "extra-trees+hog", "cnn-sequential"]


def test_all_candidates_are_classifiers_with_a_description():
    built = candidates(random_state=0)
    assert list(built) == NAMES
    assert set(candidate_descriptions()) == {*NAMES, *MORE}
    assert all(is_classifier(estimator) for estimator in (built | candidates(MORE)).values())
    assert all(candidate_descriptions().values())


def test_they_come_in_the_order_asked_for():
    assert list(candidates(["forest", "chance"])) == ["forest", "chance"]


def test_the_seed_reaches_every_candidate_that_takes_one():
    for name, estimator in candidates(random_state=5).items():
        seeds = [value for key, value in estimator.get_params().items() if key.endswith("random_state")]
        assert all(seed in (5, None) for seed in seeds)
        if name in ("chance", "forest", "forest+hog", "mlp", "cnn"):
            assert 5 in seeds


def test_n_jobs_reaches_every_candidate_that_takes_one():
    parameters = candidates(["1nn", "forest", "1nn+hog", "forest+hog"], n_jobs=2).values()
    for estimator in parameters:
        steps = estimator.named_steps.values()
        jobs = [step.get_params()["n_jobs"] for step in steps if "n_jobs" in step.get_params()]
        assert set(jobs) == {2}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["forrest"], "Unknown candidate 'forrest', did you mean 'forest'.*Known are chance, majority"),
        (["zzz"], r"Unknown candidate 'zzz'\. Known are"),
        (["svn"], "did you mean 'svm'"),
        (["log+hog"], r"did you mean 'logistic\+hog'"),
        (["forest+mob"], r"did you mean 'forest\+mobilenet'"),
        (["forest+lpb"], r"did you mean 'forest\+lbp'.* any features of hog, lbp, color"),
        (["forrest+hog+colour"], r"did you mean 'forest\+hog\+color'"),
        (["forest+zzz"], r"Unknown candidate 'forest\+zzz'\. Known are"),
        (["forest+"], "Unknown candidate"),
        (["forest+hog+hog"], "names features twice"),
        (["cnn+hog"], "cnn takes no features"),
        ([3], "Unknown candidate 3"),
        (["1nn", "1nn"], "'1nn' is named twice"),
        ([], "No candidate is named"),
        ("1nn", r"one string: give a list of names, \['1nn'\]"),
    ],
)
def test_bad_names_are_refused(names, message):
    with pytest.raises(ValueError, match=message):
        candidates(names)


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 1), (64,)], ids=["3-D", "4-D", "flat"])
def test_they_learn_digits_without_a_warning(shape):
    X, y = load_digits_images(return_X_y=True)
    X, y = X[:600].reshape(-1, *shape), y[:600]
    result = compare(WITHOUT_KERAS, X, y, cv=2, random_state=0)
    assert [row.error for row in result.rows] == [None] * 12
    assert [row.warnings for row in result.rows] == [[]] * 12
    means = {standing.estimator: standing.mean["accuracy"] for standing in result.standings()}
    assert means.pop("chance") < 0.2
    assert min(means.values()) > 0.85


def test_the_others_learn_digits_without_a_warning():
    X, y = load_digits_images(return_X_y=True)
    result = compare(MORE, X[:300], y[:300], cv="holdout", random_state=0)
    assert [(row.error, row.warnings) for row in result.rows] == [(None, [])] * len(MORE)
    means = {standing.estimator: standing.mean["accuracy"] for standing in result.standings()}
    assert means.pop("majority") < 0.2
    assert min(means.values()) > 0.65


def test_classical_candidates_are_on_pixels_and_on_hog():
    names = set(candidate_descriptions())
    on_hog = {name.removesuffix("+hog") for name in names if name.endswith("+hog")}
    assert names - on_hog - {f"{name}+hog" for name in on_hog} == {"chance", "majority", "mlp", "cnn", "cnn-sequential"}
    assert on_hog <= names


def test_networks_leave_no_error_or_warning_and_their_library_is_named():
    X, y = load_digits_images(return_X_y=True)
    result = compare(["mlp", "cnn"], X[:100], y[:100], cv=2, random_state=0)
    assert [(row.error, row.warnings) for row in result.rows] == [(None, [])] * 4
    assert {"keras", "tensorflow"} <= set(result.versions)


def test_they_learn_colour_pictures():
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    X = rng.integers(0, 100, (40, 24, 24, 3), dtype=np.uint8)
    X[y == 1, :, 12:] += 150
    result = compare(WITHOUT_KERAS, X, y, cv=2, random_state=0)
    assert [row.error for row in result.rows] == [None] * 12
    assert all(standing.mean["accuracy"] > 0.9 for standing in result.standings()[:5])


def test_nearest_neighbours_search_uint8_pixels_in_float32():
    X, y = load_digits_images(return_X_y=True)
    model = clone(candidates(["1nn"])["1nn"]).fit(X[:50].astype(np.uint8), y[:50])
    assert model[-1]._fit_X.dtype == np.float32


def test_building_them_does_not_load_tensorflow():
    program = (
        "import sys; from skimgrec.model_selection import candidates; candidates(); "
        "print(sorted({'tensorflow', 'keras', 'scikeras'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("forest+lbp", "LBPTransformer RandomForestClassifier"),
        ("svm+color", "ColorHistogramTransformer RBFSVMClassifier"),
        ("knn+bovw", "BagOfVisualWords KNeighborsClassifier"),
        ("svm", "ImageFlattener RBFSVMClassifier"),
        ("svm+hog", "HOGTransformer RBFSVMClassifier"),
        ("knn+pixels", "ImageFlattener KNeighborsClassifier"),
        ("linear-svm+hog+lbp+color", "HOGTransformer LBPTransformer ColorHistogramTransformer LinearSVC"),
        ("linear-svm+lbp+hog", "LBPTransformer HOGTransformer LinearSVC"),
    ],
)
def test_classifiers_go_with_any_features(name, steps):
    model = candidates([name], n_jobs=2)[name]
    first = model[0]
    features = [step for _, step in first.transformer_list] if isinstance(first, FeatureUnion) else [first]
    assert " ".join(type(step).__name__ for step in [*features, model[-1]]) == steps
    assert {step.n_jobs for step in features if not isinstance(step, ImageFlattener)} <= {2}


def test_unions_of_features_learn_colour_pictures():
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    X = rng.integers(0, 100, (60, 16, 16, 3), dtype=np.uint8)
    X[np.arange(60), :, :, y] += 60
    result = compare(["linear-svm+hog+lbp+color", "forest+color", "forest+lbp"], X, y, cv=2, random_state=0)
    assert [(row.error, row.warnings) for row in result.rows] == [(None, [])] * 6
    means = {standing.estimator: standing.mean["accuracy"] for standing in result.standings()}
    # What tells them apart is their colour alone.
    assert means["forest+lbp"] < 0.6 < 0.95 < min(means["forest+color"], means["linear-svm+hog+lbp+color"])


def test_features_other_than_hog_come_among_the_candidates_where_the_cheapest_come_first():
    names = ["cnn", "forest+hog+lbp", "boosting+lbp", "1nn+lbp", "chance", "mine"]
    found = by_cost({name: None if name == "mine" else candidates([name])[name] for name in names})
    assert found == ["chance", "1nn+lbp", "forest+hog+lbp", "boosting+lbp", "mine", "cnn"]


@pytest.mark.parametrize("names", [("svm+hog", "rbf-svm+hog"), ("forest+hog+lbp", "forest+lbp+hog")])
def test_two_spellings_of_one_classifier_are_refused(names):
    with pytest.raises(ValueError, match="are the same classifier"):
        candidates(names)


def test_pretrained_features_say_what_they_need_and_where_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path))
    assert "needs its ImageNet weights" in candidate_features()["mobilenet"]
    model = candidates(["logistic+mobilenet"])["logistic+mobilenet"]
    assert list(model.named_steps) == ["pretrainedtransformer", "logisticregression"]
    X, y = load_digits_images(return_X_y=True)
    result = compare(["chance", "logistic+mobilenet"], X[:60], y[:60] % 2, cv=2, random_state=0)
    failed = [row.error for row in result.rows if row.estimator == "logistic+mobilenet"]
    assert all("ImageNet weights of MobileNetV3Small could not be had" in error for error in failed)
    assert all("give its path" in error for error in failed)


def test_pretrained_features_go_with_others_and_take_a_file(backbone_file):
    model = candidates(["svm+hog+mobilenet"])["svm+hog+mobilenet"]
    small = {"backbone": "MobileNet", "backbone_params": {"alpha": 0.1}, "image_size": (32, 32)}
    small["weights"] = backbone_file
    model.set_params(**{f"featureunion__mobilenet__{name}": value for name, value in small.items()})
    X, y = load_digits_images(return_X_y=True)
    assert model.fit(X[:60], y[:60]).predict(X[:3]).shape == (3,)
