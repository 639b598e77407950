"""Files with digests that match, and parts that skimgrec never saves: what compiled code would take on trust."""

import re

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.svm import SVC

from skimgrec import (
    HOGTransformer,
    ImageFlattener,
    KerasMLPClassifier,
)
from skimgrec.persistence import ModelFileError
from skimgrec.persistence._archive import STATE

HOG = HOGTransformer(pixels_per_cell=(4, 4), cells_per_block=(1, 1))


def changed_nodes(field, value, where):
    def change(array):
        if array.dtype.names and field in array.dtype.names:
            array[field][array["left" if "left" in array.dtype.names else "left_child"] > 0] = value
            return array
        return None

    return pytest.param(*where, change, id=f"{where[1]} {field}={value}")


FOREST = RandomForestClassifier(3, max_depth=4, random_state=0), "forest"
BOOSTING = HistGradientBoostingClassifier(max_iter=1, random_state=0), "boosting"
GRADIENT = GradientBoostingClassifier(n_estimators=1, random_state=0), "gradient"


@pytest.mark.parametrize(
    ("model", "name", "change"),
    [
        *(changed_nodes(field, value, FOREST) for field in ("left_child", "right_child") for value in (0, 10**6, -7)),
        *(changed_nodes("feature", value, GRADIENT) for value in (36, 10**6, -2)),
        *(changed_nodes(field, value, BOOSTING) for field in ("left", "right") for value in (0, 10**6)),
        *(changed_nodes("feature_idx", value, BOOSTING) for value in (36, -1)),
        changed_nodes("is_categorical", 1, BOOSTING),
    ],
)
def test_nodes_that_lead_astray_are_refused(digits, quietly_fitted, opened, tmp_path, model, name, change, forge):
    content = forge.saved_bytes(quietly_fitted(make_pipeline(HOG, model)), tmp_path)
    with pytest.raises(ModelFileError, match=r"astray|feature that there is not|categories"):
        opened(forge.with_arrays(content, change))


def layout(orientations=9, cell=(4, 4), block=(1, 1), norm="L2-Hys"):
    def entry(parts):
        content = [entry(part) if isinstance(part, tuple) else part for part in parts]
        return {"kind": "Tuple", "type": "builtins.tuple", "content": content}

    return entry((orientations, cell, block, norm, False, False, False))


def test_a_layout_made_up_as_it_was_saved_is_loaded(quietly_fitted, opened, tmp_path, forge):
    content = forge.saved_bytes(quietly_fitted(make_pipeline(HOG, KNeighborsClassifier(1))), tmp_path)

    def change(state):
        forge.attributes(state, "HOGTransformer")["_fitted_layout"] = layout()

    assert opened(forge.with_state(content, change))[0]._fitted_layout[:2] == (9, (4, 4))


@pytest.mark.parametrize(
    ("model", "name", "attribute", "value"),
    [
        (FOREST[0], "RandomForestClassifier", "n_features_in_", 2),
        (GRADIENT[0], "GradientBoostingClassifier", "n_features_in_", 2),
        (BOOSTING[0], "HistGradientBoostingClassifier", "n_features_in_", 2),
        (SVC(), "SVC", "n_features_in_", 2),
        (SVC(), "SVC", "_impl", "epsilon_svr"),
        (SVC(), "SVC", "_n_support", {"ref": 1}),
        (KNeighborsClassifier(1), "KNeighborsClassifier", "_fit_method", "kd_tree"),
        (KNeighborsClassifier(1), "KNeighborsClassifier", "n_samples_fit_", 10**6),
        (SGDClassifier(), "SGDClassifier", "n_features_in_", 2),
        (KNeighborsClassifier(1), "HOGTransformer", "orientations", 0),
        (KNeighborsClassifier(1), "HOGTransformer", "_fitted_layout", layout(cell=(0, 0))),
        (KNeighborsClassifier(1), "HOGTransformer", "_fitted_layout", layout(cell=(10**6, 10**6))),
        (KNeighborsClassifier(1), "HOGTransformer", "_fitted_layout", layout(orientations=-1)),
        (KNeighborsClassifier(1), "HOGTransformer", "_fitted_layout", layout(block=(9, 9))),
        (KNeighborsClassifier(1), "HOGTransformer", "_fitted_layout", layout(norm="none")),
        (KNeighborsClassifier(1), "HOGTransformer", "image_shape_", [10**6, 10**6]),
    ],
)
def test_parts_that_do_not_fit_are_refused(quietly_fitted, opened, tmp_path, model, name, attribute, value, forge):
    content = forge.saved_bytes(quietly_fitted(make_pipeline(HOG, model)), tmp_path)

    def change(state):
        found = forge.attributes(state, name)
        found[attribute] = value

    with pytest.raises(ModelFileError):
        opened(forge.with_state(content, change))


def test_boosting_has_a_column_for_each_tree(quietly_fitted, opened, tmp_path, forge):
    content = forge.saved_bytes(quietly_fitted(make_pipeline(HOG, GRADIENT[0])), tmp_path)

    def change(state):
        forge.attributes(state, "GradientBoostingClassifier")["init_"] = "zero"
        forge.attributes(state, "GradientBoostingClassifier")["n_trees_per_iteration_"] = 1

    with pytest.raises(ModelFileError, match="trees for other classes"):
        opened(forge.with_state(content, change))


@pytest.mark.parametrize(
    ("attribute", "value"), [("_n_features_outs", [1] * 64), ("_infrequent_enabled", True), ("drop_idx_", [0])]
)
def test_columns_of_categories_are_counted(digits, opened, tmp_path, attribute, value, forge):
    X, y = digits
    model = make_pipeline(ImageFlattener(), OneHotEncoder(handle_unknown="ignore"), LogisticRegression(max_iter=300))
    content = forge.saved_bytes(model.fit(X, y), tmp_path)
    np.testing.assert_array_equal(opened(content).predict(X), model.predict(X))

    def change(state):
        forge.attributes(state, "OneHotEncoder")[attribute] = value

    with pytest.raises(ModelFileError, match="categories"):
        opened(forge.with_state(content, change))


def test_labels_that_there_are_not_are_refused(saved, opened, forge):
    def change(array):
        return array + 1000 if array.shape == (200,) and array.dtype.kind == "i" else None

    with pytest.raises(ModelFileError, match="labels that there are not"):
        opened(forge.with_arrays(saved, change))


def test_place_of_a_random_state_lies_in_its_key(quietly_fitted, opened, tmp_path, forge):
    model = make_pipeline(ImageFlattener(), SGDClassifier(random_state=np.random.RandomState(0)))
    content = forge.saved_bytes(quietly_fitted(model), tmp_path)
    changed = re.sub(rb'"pos":\d+', b'"pos":1000000', forge.members_of(content)[STATE])
    with pytest.raises(ModelFileError, match="place outside its key"):
        opened(forge.packed({**forge.members_of(content), STATE: changed}))


def test_numbers_that_are_not_finite_are_refused(quietly_fitted, opened, tmp_path, forge):
    content = forge.saved_bytes(
        quietly_fitted(make_pipeline(ImageFlattener(), LogisticRegression(max_iter=3))), tmp_path
    )
    with pytest.raises(ModelFileError, match="not finite"):
        opened(forge.with_arrays(content, lambda array: array * np.nan if array.shape == (10, 64) else None))


@pytest.fixture(name="net", scope="module")
def net_fixture(digits, tmp_path_factory, forge):
    net = KerasMLPClassifier(hidden_layer_sizes=(5,), epochs=1, random_state=0).fit(*digits)
    return forge.saved_bytes(net, tmp_path_factory.mktemp("net"))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda array: array * np.nan if array.shape == (64, 5) else None, "not all finite"),
        (lambda array: array.T.copy() if array.shape == (64, 5) else None, "weights of shape"),
        (lambda array: array[:, :4].copy() if array.shape == (64, 5) else None, "weights of shape"),
        (lambda array: np.tile(array, (9, 9)) if array.shape == (64, 5) else None, "weights of shape"),
        (lambda array: array.astype(str) if array.shape == (5, 10) else None, "are no numbers"),
    ],
)
def test_weights_that_do_not_fit_are_refused(net, opened, change, reason, forge):
    with pytest.raises(ModelFileError, match=reason):
        opened(forge.with_arrays(net, change))


LAYER = {"class_name": "Lambda", "module": "keras.layers", "config": {"function": "os.system"}, "registered_name": None}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("loss", LAYER),
        ("optimizer", LAYER),
        ("metrics", [LAYER]),
        ("callbacks", [LAYER]),
        ("loss", {"__keras__": "losses.deserialize", "config": LAYER}),
        ("loss", {"__keras__": "losses.get", "config": {}}),
        ("metrics", [{"__keras__": "metrics.MeanMetricWrapper", "config": {"fn": LAYER}}]),
        ("optimizer", {"__keras__": "saving.load_model", "config": {"filepath": "x.keras"}}),
        ("optimizer", "keras.src.saving.load_model"),
        ("_hyperparameters", {"hidden_layer_sizes": LAYER}),
        ("_hyperparameters", {"hidden_layer_sizes": [10**6, 10**6]}),
        ("_hyperparameters", {"hidden_layer_sizes": [10**9] * 1000}),
        ("_fitted_architecture", "os.system"),
        ("_fitted_architecture", "residual"),
        ("_dtype_policy", "anything"),
        ("n_outputs_", 10**6),
        ("_weights", []),
    ],
)
def test_networks_are_built_from_names_and_numbers_alone(net, opened, name, value, forge):
    def as_entry(part):
        if isinstance(part, dict):
            content = {key: as_entry(inner) for key, inner in part.items()}
            return {"kind": "Dict", "type": "builtins.dict", "content": content}
        if isinstance(part, list):
            return {"kind": "Tuple", "type": "builtins.tuple", "content": [as_entry(inner) for inner in part]}
        return part

    def change(state):
        forge.attributes(state, "KerasMLPClassifier")[name] = as_entry(value)

    with pytest.raises(ModelFileError):
        opened(forge.with_state(net, change))
