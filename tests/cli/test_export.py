"""The command skimgrec export."""

import onnxruntime
import pytest
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skimgrec import ImageFlattener, save_model


@pytest.fixture
def saved(tmp_path):
    X, y = load_digits().images[:50], load_digits().target[:50]
    save_model(make_pipeline(ImageFlattener(), KNeighborsClassifier(1)).fit(X, y), tmp_path / "model.skimgrec")
    return tmp_path / "model.skimgrec"


def test_a_saved_model_becomes_onnx(run, saved, tmp_path):
    done = run("export", saved, tmp_path / "model.onnx")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(
        f"Saved to {tmp_path / 'model.onnx'}; its probabilities are those of the model within"
    )
    assert onnxruntime.InferenceSession(tmp_path / "model.onnx").get_outputs()[0].name == "probabilities"


@pytest.mark.parametrize(
    ("model", "out", "message"),
    [
        ("model.skimgrec", "model.pb", "Use .onnx, .tflite, .keras, .h5 or .weights.h5"),
        ("model.skimgrec", "nowhere/model.onnx", "there is no folder"),
        ("model.skimgrec", "model.keras", "holds a network alone"),
        ("missing.skimgrec", "model.onnx", "No such file"),
    ],
)
def test_bad_input_is_one_line(model, out, message, run, saved, tmp_path):
    done = run("export", tmp_path / model, tmp_path / out)
    assert done.exit_code == 2
    assert done.stderr.startswith("Error: ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
