"""Pipelines in ONNX answer as they do here, histograms bin for bin; what cannot be exported says so."""

import json

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier, VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from skimgrec import (
    BagOfVisualWords,
    HOGTransformer,
    ImageFlattener,
    ImageLoader,
    KerasMLPClassifier,
    LBPTransformer,
    export_model,
    make_feature_union,
)
from skimgrec.persistence._onnx_graph import IR_VERSION, OPSET, Graph
from skimgrec.persistence._onnx_hog import add_hog


def run(path, X):
    return onnxruntime.InferenceSession(path).run(["probabilities"], {"pictures": X})[0]


def logistic():
    return LogisticRegression(max_iter=2000, tol=1e-3)


PIPELINES = {
    "pixels": lambda: make_pipeline(ImageFlattener(scale=True), logistic()),
    "float16": lambda: make_pipeline(ImageFlattener(dtype="float16", scale=True), logistic()),
    "components": lambda: make_pipeline(ImageFlattener(), StandardScaler(), PCA(9), logistic()),
    "forest+hog": lambda: make_pipeline(HOGTransformer(), RandomForestClassifier(9, random_state=0)),
    "both": lambda: make_pipeline(make_union(ImageFlattener(scale=True), HOGTransformer()), logistic()),
    "by name": lambda: make_pipeline(make_feature_union("pixels+hog"), logistic()),
    "nearest": lambda: make_pipeline(ImageFlattener(dtype="float32"), KNeighborsClassifier(1)),
    "weighted": lambda: make_pipeline(HOGTransformer(), KNeighborsClassifier(5, weights="distance")),
    "boosting": lambda: make_pipeline(ImageFlattener(), HistGradientBoostingClassifier(max_iter=1, max_leaf_nodes=4)),
    "calibrated": lambda: make_pipeline(HOGTransformer(), CalibratedClassifierCV(LinearSVC(), cv=2)),
    "vote": lambda: VotingClassifier(
        [("a", make_pipeline(ImageFlattener(), logistic())), ("b", make_pipeline(HOGTransformer(), logistic()))],
        voting="soft",
    ),
    "search": lambda: GridSearchCV(
        make_pipeline(HOGTransformer(), logistic()), {"logisticregression__C": [1, 2]}, cv=2
    ),
}


@pytest.mark.parametrize("name", PIPELINES)
def test_pipelines_answer_as_they_do_here(name, digits, tmp_path):
    X, y = digits
    model = PIPELINES[name]().fit(X, y.astype(str))
    path = tmp_path / "model.onnx"
    assert export_model(model, path, X=X) < 1e-5
    np.testing.assert_allclose(run(path, X[:7]), model.predict_proba(X[:7]), rtol=0, atol=1e-5)
    about = onnxruntime.InferenceSession(path).get_modelmeta().custom_metadata_map
    assert json.loads(about["classes"]) == [str(digit) for digit in range(10)]
    assert json.loads(about["image_shape"]) == [8, 8]


@pytest.mark.parametrize("dtype", ["float64", "int32"])
def test_pictures_that_are_no_bytes(dtype, digits, tmp_path):
    X = (digits[0] / 16).astype(dtype)
    model = make_pipeline(ImageFlattener(scale=True), logistic()).fit(X, digits[1])
    assert export_model(model, tmp_path / "model.onnx", X=X) < 1e-5
    assert json.loads(
        onnxruntime.InferenceSession(tmp_path / "model.onnx").get_modelmeta().custom_metadata_map["value_range"]
    ) == [0, X.max()]


def test_a_network_behind_other_steps(digits, tmp_path):
    X, y = digits
    model = make_pipeline(ImageFlattener(), StandardScaler(), KerasMLPClassifier(hidden_layer_sizes=5, epochs=1))
    model.fit(X, y)
    assert export_model(model, tmp_path / "model.onnx", X=X) < 1e-5


def test_rows_of_features(digits, tmp_path):
    rows = digits[0].reshape(len(digits[0]), -1) / 255
    model = logistic().fit(rows, digits[1])
    assert export_model(model, tmp_path / "model.onnx", X=rows) < 1e-5
    assert export_model(model, tmp_path / "model.onnx") < 1e-5


HOG = {
    "default": {},
    "signed": {"signed_gradient": True},
    "on the edges": {"orientations": 4, "cells_per_block": (2, 2)},
    "signed, on the edges": {"orientations": 8, "signed_gradient": True, "block_norm": "L1"},
    "one bin": {"orientations": 1},
    "soft": {"interpolation": "bilinear"},
    "soft, signed": {"interpolation": "bilinear", "signed_gradient": True, "orientations": 2, "block_norm": "L1-sqrt"},
    "roots": {"transform_sqrt": True, "block_norm": "L2"},
    "oblong": {"pixels_per_cell": (3, 5), "cells_per_block": (1, 2)},
}


@pytest.mark.parametrize("settings", HOG.values(), ids=HOG)
@pytest.mark.parametrize("kind", ["uint8", "of few levels", "unit"])
@pytest.mark.parametrize("shape", [(14, 17), (12, 13, 3)], ids=["grey", "colour"])
def test_histograms_are_those_of_the_transformer(settings, kind, shape, rng):
    X = rng.integers(0, 256, (6, *shape), np.uint8)
    if kind == "of few levels":
        X = X // 64 * 64  # gradients of equal length, and on the edges of bins
    elif kind == "unit":
        X = (X / 255).astype(np.float32)
    if kind == "of few levels" and "transform_sqrt" in settings:
        pytest.skip("roots of such numbers lie on the edges of bins but for rounding, and may fall to either side")
    hog = HOGTransformer(**settings).fit(X)
    graph = Graph()
    features = add_hog(graph, hog, "pictures", is_uint8=X.dtype == np.uint8)
    taken = helper.make_tensor_value_info("pictures", helper.np_dtype_to_tensor_dtype(X.dtype), ["n", *shape])
    given = helper.make_tensor_value_info(features, TensorProto.FLOAT, None)
    body = helper.make_graph(graph.nodes, "hog", [taken], [given], graph.constants)
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    [found] = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"pictures": X})
    np.testing.assert_allclose(found, hog.transform(X), rtol=0, atol=1e-6)


def test_a_picture_met_again_is_alone_to_vote(digits, tmp_path):
    X, y = digits
    model = make_pipeline(ImageFlattener(), KNeighborsClassifier(3, weights="distance")).fit(X, y)
    export_model(model, tmp_path / "model.onnx", X=X)
    assert (run(tmp_path / "model.onnx", X).argmax(axis=1) == y).all()


def test_the_loader_is_left_out_and_told(tmp_path, rng):
    from PIL import Image

    paths = []
    for number in range(12):
        paths.append(str(tmp_path / f"{number}.png"))
        Image.fromarray(rng.integers(0, 256, (20, 24, 3), np.uint8)).save(paths[-1])
    model = make_pipeline(ImageLoader((16, 16)), HOGTransformer(), logistic()).fit(paths, np.arange(12) % 2)
    pictures = np.asarray(model[0].transform(paths))
    assert export_model(model, tmp_path / "model.onnx", X=pictures) < 1e-5
    about = onnxruntime.InferenceSession(tmp_path / "model.onnx").get_modelmeta().custom_metadata_map
    assert json.loads(about["loading"]).startswith("picture files read as RGB, brought to 16 x 16 pixels")
    assert json.loads(about["preprocessing"])[0].startswith("histograms of 9 oriented gradients")


def test_a_file_that_would_answer_otherwise_is_not_written(digits, tmp_path):
    X, y = digits
    model = make_pipeline(ImageFlattener(), logistic()).fit(X, y)
    path = tmp_path / "model.onnx"
    path.write_text("as it was")
    with pytest.raises(ValueError, match=r"on 3 of 3 pictures of X, probabilities differ by more than tolerance=0, by"):
        export_model(model, path, X=X[10:13], tolerance=0)
    assert path.read_text() == "as it was"
    assert [file.name for file in tmp_path.iterdir()] == ["model.onnx"]


REFUSED = {
    "no probabilities": (
        lambda: make_pipeline(ImageFlattener(), LinearSVC()),
        "LinearSVC gives no probabilities. Wrap",
    ),
    "no converter": (
        lambda: make_pipeline(ImageFlattener(), DummyClassifier()),
        "It holds Pipeline, .*DummyClassifier",
    ),
    "textures": (
        lambda: make_pipeline(LBPTransformer(), logistic()),
        "The step LBPTransformer has no counterpart in ONNX.* HOGTransformer .* ImageFlattener .* save_model",
    ),
    "colours within a union": (
        lambda: make_pipeline(make_feature_union("hog+color"), logistic()),
        "The step ColorHistogramTransformer has no counterpart in ONNX",
    ),
    "words in a vote": (
        lambda: VotingClassifier(
            [("a", make_pipeline(BagOfVisualWords(n_words=5, random_state=0), logistic()))], voting="soft"
        ),
        "The step BagOfVisualWords has no counterpart in ONNX",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_onnx_cannot_express_is_named(name, digits, tmp_path):
    make, message = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        export_model(make().fit(*digits), tmp_path / "model.onnx")


def test_a_network_in_the_middle_is_refused(digits, tmp_path):
    X, y = digits
    model = make_pipeline(KerasMLPClassifier(hidden_layer_sizes=4, epochs=1), logistic()).fit(X, y)
    with pytest.raises(ValueError, match=r"The step .*, a KerasMLPClassifier whose features a later step takes"):
        export_model(model, tmp_path / "model.onnx")


@pytest.mark.parametrize("ending", [".tflite", ".keras", ".h5", ".weights.h5"])
def test_formats_of_networks_refuse_pipelines(ending, digits, tmp_path):
    model = make_pipeline(ImageFlattener(), logistic()).fit(*digits)
    with pytest.raises(
        ValueError, match=r"holds a network alone: .* \(ImageFlattener, LogisticRegression\). Use .*\.onnx"
    ):
        export_model(model, tmp_path / f"model{ending}")


def test_bad_arguments(digits, tmp_path):
    X, y = digits
    path = tmp_path / "model.onnx"
    with pytest.raises(NotFittedError):
        export_model(make_pipeline(ImageFlattener(), logistic()), path)
    model = make_pipeline(ImageFlattener(), logistic()).fit(X / 255, y)
    with pytest.raises(
        ValueError, match=r"dtype='uint8' stands for values of 0 to 255, but .* from 0 to 1. Use dtype="
    ):
        export_model(model, path, dtype="uint8")
    with pytest.raises(ValueError, match="dtype='int8': expected 'uint8', 'float32'"):
        export_model(model, path, dtype="int8")
    model.fit(X, y)
    with pytest.raises(ValueError, match="X has dtype float64, but the exported model takes uint8"):
        export_model(model, path, X=X / 1.0)
    assert not path.exists()


def test_missing_packages_are_named(nearest, tmp_path, monkeypatch):
    monkeypatch.setattr("skimgrec.persistence._export.find_spec", lambda name: None if name == "skl2onnx" else name)
    with pytest.raises(ImportError, match=r'needs skl2onnx to write ONNX. Install .* pip install "skimgrec\[export\]"'):
        export_model(nearest, tmp_path / "model.onnx")
