"""What comes back from a file is what was saved: bit for bit, in another process, and when training goes on."""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    AdaBoostClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC, LinearSVC

from skimgrec import (
    BagOfVisualWords,
    ColorHistogramTransformer,
    HOGTransformer,
    ImageFlattener,
    KerasCNNClassifier,
    KerasMLPClassifier,
    LBPTransformer,
    PatchKMeansTransformer,
    load_model,
    save_model,
)
from skimgrec.model_selection import RBFSVMClassifier

HOG = HOGTransformer(pixels_per_cell=(4, 4), cells_per_block=(1, 1))
FLAT = ImageFlattener()
MODELS = {
    "forest+hog": make_pipeline(HOG, RandomForestClassifier(10, random_state=0)),
    "forest": make_pipeline(FLAT, RandomForestClassifier(5, oob_score=False, random_state=0)),
    "1nn": make_pipeline(FLAT, KNeighborsClassifier(1)),
    "kd_tree": make_pipeline(HOG, PCA(3), KNeighborsClassifier(3, algorithm="kd_tree", leaf_size=7)),
    "ball_tree": make_pipeline(HOG, KNeighborsClassifier(3, algorithm="ball_tree", metric="manhattan")),
    "logistic": make_pipeline(FLAT, StandardScaler(), LogisticRegression(max_iter=20)),
    "svc": make_pipeline(HOG, SVC()),
    "rbf svm": make_pipeline(HOG, RBFSVMClassifier()),
    "rbf svm on landmarks": make_pipeline(HOG, RBFSVMClassifier(max_exact=0, n_components=9, random_state=0)),
    "boosting": make_pipeline(HOG, HistGradientBoostingClassifier(max_iter=3, early_stopping=True, random_state=0)),
    "gradient_boosting": make_pipeline(HOG, GradientBoostingClassifier(n_estimators=2, random_state=0)),
    "adaboost": make_pipeline(HOG, AdaBoostClassifier(n_estimators=3, random_state=0)),
    "voting": VotingClassifier([("a", make_pipeline(HOG, LinearSVC())), ("b", make_pipeline(FLAT, GaussianNB()))]),
    "stacking": make_pipeline(HOG, StackingClassifier([("a", GaussianNB())], LogisticRegression(), cv=2)),
    "calibrated": CalibratedClassifierCV(make_pipeline(HOG, SVC()), method="isotonic", cv=2),
    "grid": GridSearchCV(
        make_pipeline(HOG, KNeighborsClassifier()),
        {"hogtransformer__orientations": [5, 9], "kneighborsclassifier": [KNeighborsClassifier(1), GaussianNB()]},
        cv=StratifiedKFold(2),
        scoring=["accuracy", "f1_macro"],
        refit="accuracy",
    ),
    "textures": make_pipeline(LBPTransformer(scales=((8, 1), (4, 2.5)), pixels_per_cell=None), GaussianNB()),
    "textures and greys": make_pipeline(
        make_union(LBPTransformer(method="uniform"), ColorHistogramTransformer(joint=True)), GaussianNB()
    ),
    "words": make_pipeline(BagOfVisualWords(n_words=9, spatial_pyramid=2, random_state=0), GaussianNB()),
    "patches": make_pipeline(PatchKMeansTransformer(9, mirror=True, random_state=0), GaussianNB()),
    "near filters": make_pipeline(PatchKMeansTransformer(9, encoding="triangle", random_state=0), GaussianNB()),
    "union": make_pipeline(HOG, make_union(PCA(2), SelectKBest(k=3), FunctionTransformer(np.sqrt)), GaussianNB()),
}
TRAINED_ON = {
    "sgd": SGDClassifier(loss="log_loss", average=True, random_state=np.random.RandomState(3)),
    "mlp": MLPClassifier((6,), max_iter=3, random_state=0),
    "naive_bayes": GaussianNB(),
}
SETTINGS = {"epochs": 2, "random_state": 0}
NETWORKS = {
    "residual": KerasCNNClassifier(filters=(4, 6), **SETTINGS),
    "sequential": KerasCNNClassifier(
        architecture="sequential",
        filters=(4,),
        dense_units=(8,),
        dropout=0.2,
        batch_normalization=True,
        augmentation="light",
        optimizer="rmsprop",
        **SETTINGS,
    ),
    "perceptron": KerasMLPClassifier(
        hidden_layer_sizes=(9,),
        optimizer=keras.optimizers.SGD(0.05, momentum=0.9),
        learning_rate_schedule="constant",
        metrics=[keras.metrics.SparseCategoricalAccuracy()],
        **SETTINGS,
    ),
    "mixed": KerasMLPClassifier(hidden_layer_sizes=(9,), dtype_policy="mixed_bfloat16", **SETTINGS),
}

PREDICT = """
import json, sys, numpy as np
from skimgrec import load_model
folder, names, needs_keras, epochs = json.loads(sys.argv[1])
with np.load(folder + "/data.npz") as data:
    X, y = data["X"], data["y"]
answers = {}
for name in names:
    for n in epochs:
        model = load_model(f"{folder}/{name}.skimgrec")
        for _ in range(n):
            model.partial_fit(X, y)
        answers[f"{name} after {n} epochs"] = getattr(model, "predict_proba" if hasattr(model, "predict_proba")
            else "decision_function" if hasattr(model, "decision_function") else "predict")(X)
loaded = {"tensorflow", "keras", "scikeras", "skops", "matplotlib"} & set(sys.modules)
assert needs_keras or not loaded, loaded
np.savez(folder + "/answers.npz", **answers)
"""


def answers_elsewhere(folder, names, X, y, *, needs_keras, epochs):
    np.savez(folder / "data.npz", X=X, y=y)
    arguments = json.dumps([str(folder), [*names], needs_keras, epochs])
    finished = subprocess.run([sys.executable, "-c", PREDICT, arguments], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr[-2000:]
    with np.load(folder / "answers.npz") as answers:
        return dict(answers)


def answer(model, X):
    names = ("predict_proba", "decision_function", "predict")
    return getattr(model, next(name for name in names if hasattr(model, name)))(X)


def test_another_process_predicts_the_same_without_tensorflow(digits, quietly_fitted, tmp_path):
    fitted = {name: quietly_fitted(model) for name, model in MODELS.items()}
    for name, model in fitted.items():
        save_model(model, tmp_path / f"{name}.skimgrec")
    found = answers_elsewhere(tmp_path, fitted, *digits, needs_keras=False, epochs=[0])
    for name, model in fitted.items():
        np.testing.assert_array_equal(found[f"{name} after 0 epochs"], answer(model, digits[0]), err_msg=name)


def test_networks_predict_and_train_on_elsewhere_as_they_would_here(digits, tmp_path):
    X, y = digits
    for name, net in NETWORKS.items():
        save_model(net.fit(X, y), tmp_path / f"{name}.skimgrec")
    found = answers_elsewhere(tmp_path, NETWORKS, X, y, needs_keras=True, epochs=[2, 0])
    for epochs in (0, 2):
        for name, net in NETWORKS.items():
            for _ in range(epochs):
                net.partial_fit(X, y)
            case = f"{name} after {epochs} epochs"
            np.testing.assert_array_equal(found[case], net.predict_proba(X), err_msg=case)


@pytest.mark.parametrize("name", TRAINED_ON)
def test_partial_fit_goes_on_exactly(digits, tmp_path, name):
    X, y = digits[0].reshape(200, -1) / 255.0, digits[1]
    model = TRAINED_ON[name]
    model.partial_fit(X, y, classes=np.unique(y))
    save_model(model, tmp_path / "model")
    arrived = load_model(tmp_path / "model")
    for _ in range(3):
        model.partial_fit(X, y)
        arrived.partial_fit(X, y)
    np.testing.assert_array_equal(arrived.predict_proba(X), model.predict_proba(X))


def test_history_and_parameters_of_a_network_arrive(digits, tmp_path):
    net = NETWORKS["perceptron"].fit(*digits)
    save_model(net, tmp_path / "net")
    arrived = load_model(tmp_path / "net")
    assert arrived.history_ == net.history_
    assert arrived.optimizer.get_config() == net.optimizer.get_config()
    assert arrived.get_params()["hidden_layer_sizes"] == (9,)
    with pytest.raises(ValueError, match="read-only"):
        arrived.weights_[0][:] = 0


@pytest.mark.parametrize("kind", [int, str, float, bool, np.int16])
def test_labels_keep_their_type(digits, tmp_path, kind):
    X, y = digits
    labels = (y < 5 if kind is bool else y).astype(kind)
    model = make_pipeline(FLAT, GaussianNB()).fit(X, labels)
    save_model(model, tmp_path / "model")
    found = load_model(tmp_path / "model").predict(X)
    assert found.dtype == model.predict(X).dtype
    np.testing.assert_array_equal(found, model.predict(X))


def test_what_two_names_share_is_still_shared(digits, quietly_fitted, tmp_path):
    generator = np.random.RandomState(0)
    pair = [(name, SGDClassifier(max_iter=2, tol=None, random_state=generator)) for name in "ab"]
    model = quietly_fitted(make_pipeline(FLAT, VotingClassifier(pair)))
    save_model(model, tmp_path / "model")
    voting = load_model(tmp_path / "model")[-1]
    assert voting.estimators[0][1].random_state is voting.estimators[1][1].random_state
    assert voting.named_estimators_["a"] is voting.estimators_[0]


def test_keys_of_dicts_keep_their_type(digits, tmp_path):
    X, y = digits
    weights = {int(label): 1.0 + label for label in np.unique(y)}
    model = make_pipeline(FLAT, SVC(class_weight=weights)).fit(X, y)
    save_model(model, tmp_path / "model")
    assert load_model(tmp_path / "model")[-1].class_weight == weights


def test_order_of_elements_is_kept(digits, tmp_path):
    model = make_pipeline(FLAT, FunctionTransformer(), KNeighborsClassifier(1)).fit(*digits)
    model[-1]._fit_X = np.asfortranarray(model[-1]._fit_X)
    save_model(model, tmp_path / "model")
    assert load_model(tmp_path / "model")[-1]._fit_X.flags.f_contiguous
