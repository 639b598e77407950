"""What can be saved, what the card says, and that a broken file never stands under the real name."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime

import numpy as np
import pytest
import sklearn
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import skimgrec
from skimgrec import (
    HOGTransformer,
    ImageFlattener,
    ImageLoader,
    KerasMLPClassifier,
    load_model,
    read_card,
    save_model,
)
from skimgrec.persistence import ModelFileError

MODULE = """
import keras
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

calls = []

def narrow(input_shape, n_outputs):
    calls.append(input_shape)
    layers = [keras.Input(input_shape), keras.layers.Flatten(), keras.layers.Dense(n_outputs, activation="softmax")]
    return keras.Sequential(layers)

class Halver(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.factor_ = 0.5
        return self

    def transform(self, X):
        return np.asarray(X) * self.factor_
"""


@pytest.fixture
def own_module(tmp_path, monkeypatch):
    (tmp_path / "own_parts.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    import own_parts

    yield own_parts
    del sys.modules["own_parts"]


def test_card_tells_what_the_model_is(digits, tmp_path):
    X, y = digits
    hog = HOGTransformer(orientations=7, pixels_per_cell=(4, 4), cells_per_block=(2, 2))
    model = make_pipeline(hog, KNeighborsClassifier(3)).fit(X, np.array(list("abcdefghij"))[y])
    given = {"scores": {"accuracy": np.float64(0.97)}, "data": {"fingerprint": "abc", "n": np.int64(200)}}
    save_model(model, tmp_path / "model", card=given)
    card = read_card(tmp_path / "model")
    assert card["estimator"] == "HOGTransformer -> KNeighborsClassifier"
    assert card["classes"] == list("abcdefghij")
    assert card["image_shape"] == [8, 8]
    assert "7 oriented gradients, 4 x 4 pixels per cell, 2 x 2 cells per block" in card["preprocessing"][0]
    assert card["parameters"]["kneighborsclassifier__n_neighbors"] == 3
    assert card["versions"]["scikit-learn"] == sklearn.__version__
    assert card["versions"]["skimgrec"] == skimgrec.__version__
    assert abs((datetime.now(UTC) - datetime.fromisoformat(card["saved"])).total_seconds()) < 300
    assert card["scores"] == {"accuracy": 0.97}
    assert card["data"] == {"fingerprint": "abc", "n": 200}
    assert card["size"] == (tmp_path / "model").stat().st_size
    assert card["trusted"] == []


def test_card_is_read_without_scikit_learns_models_or_skops(nearest, tmp_path):
    save_model(nearest, tmp_path / "model")
    code = (
        "import sys, skimgrec; skimgrec.read_card(sys.argv[1]); print(*({'skops', 'sklearn.svm'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "model")]
    assert not subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def test_card_takes_plain_values_under_free_names(nearest, tmp_path):
    with pytest.raises(ModelFileError, match="written by save_model itself"):
        save_model(nearest, tmp_path / "model", card={"classes": []})
    with pytest.raises(ModelFileError, match="holds Pipeline, which a model card cannot keep"):
        save_model(nearest, tmp_path / "model", card={"scores": nearest})
    assert not list(tmp_path.iterdir())


def test_unfitted_estimator_is_not_saved(tmp_path):
    with pytest.raises(NotFittedError):
        save_model(LogisticRegression(), tmp_path / "model")
    assert not list(tmp_path.iterdir())


class Unfinished(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.part_ = self.make()
        return self


def with_part(make):
    model = Unfinished()
    model.make = make
    model.fit([[0]], [0])
    del model.make
    return model


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        (lambda: lambda x: x, "cannot be imported by that name"),
        (lambda: sparse.eye(3, format="csr"), "has no place for a SparseMatrix"),
        (lambda: {True: 1}, "keys are of type builtins.bool"),
        (lambda: {1: 1, "1": 2}, "no two of which are spelt alike"),
        (lambda: {(1, 2): 1}, "cannot be saved"),
        (lambda: b"bytes", "has no place for a Bytes"),
        (lambda: (part for part in "generator"), "cannot be saved"),
    ],
)
def test_what_no_file_can_keep_is_named(tmp_path, part, reason):
    (tmp_path / "model").write_text("old")
    model = with_part(part)
    with pytest.raises(ModelFileError, match=reason):
        save_model(model, tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert (tmp_path / "model").read_text() == "old"


def test_what_would_be_refused_is_not_saved(digits, tmp_path):
    X, y = digits
    boosting = HistGradientBoostingClassifier(max_iter=1, categorical_features=[0]).fit(X.reshape(200, -1) % 8, y)
    with pytest.raises(ModelFileError, match=r"load_model would refuse it: .* categories"):
        save_model(boosting, tmp_path / "model")
    net = KerasMLPClassifier(hidden_layer_sizes=(4,), epochs=1).fit(X, y)
    net.weights_ = [np.full_like(weights, np.nan) for weights in net.weights_]
    with pytest.raises(ModelFileError, match="weights of KerasMLPClassifier are not all finite"):
        save_model(net, tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_places_of_this_computer_stay_here(digits, tmp_path):
    model = make_pipeline(ImageFlattener(), KNeighborsClassifier(1), memory=str(tmp_path / "memory")).fit(*digits)
    save_model(model, tmp_path / "model")
    assert load_model(tmp_path / "model").memory is None
    assert model.memory == str(tmp_path / "memory")
    loader = ImageLoader((8, 8), cache=tmp_path / "cache")
    assert load_model_of(loader, tmp_path).cache is None


def load_model_of(model, folder):
    save_model(model, folder / "other")
    return load_model(folder / "other")


def test_own_types_load_only_when_trusted(digits, own_module, tmp_path):
    X, y = digits
    model = make_pipeline(ImageFlattener(), own_module.Halver(), KNeighborsClassifier(1)).fit(X, y)
    save_model(model, tmp_path / "model")
    assert read_card(tmp_path / "model")["trusted"] == ["own_parts.Halver"]
    with pytest.raises(ModelFileError, match=r"trusted=\['own_parts.Halver'\]"):
        load_model(tmp_path / "model")
    with pytest.raises(ModelFileError, match=r"own_parts\.Halver"):
        load_model(tmp_path / "model", trusted=["own_parts", "own_parts.narrow"])
    for trusted in (["own_parts.Halver"], "own_parts.Halver"):
        arrived = load_model(tmp_path / "model", trusted=trusted)
        np.testing.assert_array_equal(arrived.predict(X), model.predict(X))


def test_own_architecture_is_a_path_and_weights(digits, own_module, tmp_path):
    X, y = digits
    from skimgrec import KerasCNNClassifier

    net = KerasCNNClassifier(architecture=own_module.narrow, epochs=1, random_state=0).fit(X, y)
    save_model(net, tmp_path / "model")
    own_module.calls.clear()
    with pytest.raises(ModelFileError, match=r"own_parts\.narrow"):
        load_model(tmp_path / "model")
    arrived = load_model(tmp_path / "model", trusted=["own_parts.narrow"])
    assert not own_module.calls
    np.testing.assert_array_equal(arrived.predict_proba(X), net.predict_proba(X))
    arrived.partial_fit(X, y)
    np.testing.assert_array_equal(arrived.predict_proba(X), net.partial_fit(X, y).predict_proba(X))


def test_functions_of_numpy_need_no_trust_and_others_do(digits, tmp_path):
    X, y = digits
    for function, name in ((np.sqrt, None), (np.savetxt, "savetxt")):
        model = make_pipeline(ImageFlattener(), FunctionTransformer(), KNeighborsClassifier(1)).fit(X, y)
        model[1].func = function
        save_model(model, tmp_path / "model")
        if name is None:
            assert load_model(tmp_path / "model")[1].func is np.sqrt
        else:
            with pytest.raises(ModelFileError, match=name):
                load_model(tmp_path / "model")


KILLED = """
import os, signal, sys
import numpy as np
from sklearn.neighbors import KNeighborsClassifier
from skimgrec import save_model
from skimgrec.persistence import _archive
from skimgrec.utils import _files
path, moment = sys.argv[1:]

def die(*args):
    os.kill(os.getpid(), signal.SIGKILL)

def write_half(stream, members):
    stream.write(members["state.json"] * 100)
    stream.flush()
    die()

if moment == "writing":
    import skimgrec.persistence._model_file as module
    module.write_archive = write_half
elif moment == "written":
    _files.to_disk = die
elif moment == "synced":
    os.replace = die
elif moment == "moved":
    _files.sync_folder = die
save_model(KNeighborsClassifier(1).fit(np.eye(4), [0, 1, 2, 3]), path, card={"title": "new"})
"""


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
@pytest.mark.parametrize("moment", ["writing", "written", "synced", "moved"])
def test_a_kill_while_saving_leaves_the_old_file_or_the_new_one(nearest, tmp_path, moment):
    path = tmp_path / "model.skimgrec"
    save_model(nearest, path, card={"title": "old"})
    killed = subprocess.run([sys.executable, "-c", KILLED, str(path), moment], capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    load_model(path)
    assert read_card(path)["title"] == ("new" if moment == "moved" else "old")
    assert [found.name for found in tmp_path.glob("*")].count("model.skimgrec") == 1


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_a_first_file_that_was_not_finished_is_not_there(tmp_path):
    path = tmp_path / "model.skimgrec"
    killed = subprocess.run([sys.executable, "-c", KILLED, str(path), "writing"], capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not path.exists()
