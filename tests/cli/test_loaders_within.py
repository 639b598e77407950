"""The commands and models that hold their loader of files within a wrapper, a search or an ensemble."""

import json

import numpy as np
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline

from skimgrec import (
    ConformalClassifier,
    HOGTransformer,
    ImageFlattener,
    ImageLoader,
    RejectingClassifier,
    open_index,
    save_model,
)
from skimgrec.cli._without_loader import without_loader

COLOURS = {"blue": (0, 40, 160), "green": (10, 130, 30), "red": (170, 10, 20)}


def draw(path, colour, rng):
    pixels = np.clip(np.array(colour) + rng.integers(0, 60, (12, 10, 3)), 0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture(scope="module", name="folder")
def folder_fixture(tmp_path_factory):
    """Return a folder with forty pictures of each of three colours."""
    rng = np.random.default_rng(0)
    root = tmp_path_factory.mktemp("data") / "colours"
    for name, colour in COLOURS.items():
        (root / name).mkdir(parents=True)
        for number in range(40):
            draw(root / name / f"{number:02}.png", colour, rng)
    return root


@pytest.fixture(name="files")
def files_fixture(folder):
    """Return its files and their classes."""
    paths = sorted(folder.glob("*/*.png"))
    return paths, [path.parent.name for path in paths]


@pytest.fixture(name="strange")
def strange_fixture(tmp_path, rng):
    return draw(tmp_path / "strange.png", (190, 190, 190), rng)


def nearest(*before):
    return make_pipeline(*before, ImageFlattener(), KNeighborsClassifier(3))


def rejecting(estimator, **parameters):
    return RejectingClassifier(estimator, coverage=0.9, method="distance", random_state=0, **parameters)


LOADER = ImageLoader((8, 8))
MODELS = {
    "a wrapper in a pipeline": make_pipeline(LOADER, rejecting(nearest())),
    "a wrapper as the last step": make_pipeline(LOADER, ImageFlattener(), rejecting(KNeighborsClassifier(3))),
    "a pipeline in a wrapper": rejecting(nearest(LOADER)),
    "a frozen pipeline in a wrapper": rejecting(FrozenEstimator(nearest(LOADER))),
    "a pipeline of pipelines": make_pipeline(make_pipeline(LOADER), rejecting(nearest())),
    "features from files": rejecting(nearest(LOADER), feature_extractor=make_pipeline(LOADER, ImageFlattener())),
    "a search in a wrapper": rejecting(GridSearchCV(nearest(LOADER), {"kneighborsclassifier__n_neighbors": [3]}, cv=2)),
    "a wrapper in a search": GridSearchCV(rejecting(nearest(LOADER)), {"n_neighbors": [5]}, cv=2),
    "sets": ConformalClassifier(nearest(LOADER), random_state=0),
    "an ensemble": VotingClassifier([("a", nearest(LOADER)), ("b", nearest(LOADER))], voting="soft"),
    "a calibration": CalibratedClassifierCV(nearest(LOADER), cv=2),
    "a union": make_pipeline(FeatureUnion([("a", make_pipeline(LOADER, ImageFlattener()))]), KNeighborsClassifier(3)),
}


@pytest.mark.parametrize("kind", MODELS)
def test_a_model_answers_as_it_does_in_python(run, files, strange, tmp_path, kind):
    paths, labels = files
    model = clone(MODELS[kind])
    if kind == "a frozen pipeline in a wrapper":
        model.estimator.estimator.fit(paths[::2], labels[::2])
    model.fit(paths, labels)
    save_model(model, tmp_path / "model")
    asked = [strange, tmp_path / "missing.png", *paths[::10]]
    done = run("predict", tmp_path / "model", *asked, "--json")
    assert done.exit_code == 1, done.output
    first, missing, *others = json.loads(done.stdout)
    assert "error" in missing
    there = [strange, *paths[::10]]
    answers = [None if label == "unknown" else label for label in model.predict(there)]
    assert [entry["class"] for entry in (first, *others)] == answers
    found = [entry["top"][0]["probability"] for entry in (first, *others)]
    np.testing.assert_allclose(found, model.predict_proba(there).max(axis=1))
    does_reject = "RejectingClassifier" in repr(model)
    assert (first["class"] is None) == does_reject
    assert answers.count(None) < 5


def test_evaluate_and_similar_take_such_a_model(run, files, folder, strange, tmp_path):
    paths, labels = files
    save_model(rejecting(nearest(ImageLoader((8, 8), grey=True))).fit(paths, labels), tmp_path / "model")
    done = run("evaluate", tmp_path / "model", folder)
    assert done.exit_code == 0, done.output
    assert "unknown" in done.stdout
    done = run("similar", folder, strange, "--features", tmp_path / "model", "--save", tmp_path / "index")
    assert done.exit_code == 0, done.output
    assert open_index(tmp_path / "index").image_shape_ == (8, 8)


def test_what_reads_files_in_two_ways_is_refused(run, files, strange, tmp_path):
    paths, labels = files
    extractor = make_pipeline(ImageLoader((16, 16)), HOGTransformer())
    model = rejecting(nearest(LOADER), feature_extractor=extractor).fit(paths, labels)
    save_model(model, tmp_path / "model")
    done = run("predict", tmp_path / "model", strange)
    assert done.exit_code == 2
    assert "model: The model reads picture files in two ways, ImageLoader(image_size=(8, 8)) and ImageL" in done.stderr


def test_the_model_itself_keeps_its_loaders(files):
    paths, labels = files
    model = rejecting(nearest(LOADER)).fit(paths, labels)
    rest, loader = without_loader(model)
    assert loader.image_size == (8, 8)
    assert [name for name, _ in rest.estimator_.steps] == ["imageflattener", "kneighborsclassifier"]
    assert (rest.predict(LOADER.transform(paths)) == model.predict(paths)).all()
    assert rest.estimator_[-1] is model.estimator_[-1]
    plain = nearest().fit(np.zeros((4, 8, 8)), [0, 0, 1, 1])
    assert without_loader(plain) == (plain, None)
