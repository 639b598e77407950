"""Networks in the formats of others answer as they do here."""

import json
import subprocess
import sys
import zipfile
from functools import cache

import numpy as np
import onnx
import onnxruntime
import pytest
from sklearn.base import clone

from skimgrec import KerasCNNClassifier, KerasMLPClassifier, export_model
from skimgrec.neural_network import load_keras

GREY, COLOUR = (16, 12), (16, 16, 3)
NETWORKS = {
    "residual": (KerasCNNClassifier(filters=(4, 6, 8), dropout=0.3), ["a", "b", "c"], GREY),
    "residual, colour": (KerasCNNClassifier(filters=(4, 6), kernel_size=(3, 5), activation="silu"), [3, 1], COLOUR),
    "sequential": (KerasCNNClassifier(architecture="sequential", filters=(3, 5), dense_units=(7,)), range(4), COLOUR),
    "LeNet's manner": (
        KerasCNNClassifier(
            architecture="sequential",
            filters=(6, 8),
            kernel_size=(5, 3),
            activation="tanh",
            pooling="average",
            padding=("same", "valid"),
            batch_normalization=(True, True, False, True),
            dense_units=(12, 9),
        ),
        range(10),
        GREY,
    ),
    "perceptron": (KerasMLPClassifier(hidden_layer_sizes=(8, 5), batch_normalization=True), range(3), GREY),
    "linear": (KerasMLPClassifier(hidden_layer_sizes=()), range(3), COLOUR),
    "one unit": (
        KerasCNNClassifier(architecture="sequential", filters=3, dense_units=(), loss="binary_crossentropy"),
        ["cat", "dog"],
        COLOUR,
    ),
}
RANGES = {"uint8": (0.0, 255.0), "unit": (0.0, 1.0), "signed": (-3.0, 5.0)}


def pictures(n, shape, value_range, dtype="float32"):
    low, high = value_range
    return (low + (high - low) * np.random.default_rng(1).random((n, *shape))).astype(dtype)


@pytest.fixture(scope="session")
def network(as_trained):
    """Return a function that gives one of the networks above, made once."""

    @cache
    def make(name):
        net, classes, shape = NETWORKS[name]
        return as_trained(clone(net), sorted(classes), shape)

    return make


def run(path, X):
    return onnxruntime.InferenceSession(path).run(["probabilities"], {"pictures": X})[0]


@pytest.mark.parametrize("name", NETWORKS)
def test_onnx_answers_as_the_network(name, network, tmp_path):
    made, path = network(name), tmp_path / "net.onnx"
    X = pictures(5, made.image_shape_, (0, 255), "uint8")
    assert export_model(made, path, X=X) < 1e-5
    onnx.checker.check_model(onnx.load(path), full_check=True)
    for n in (1, 5):  # any number at once
        np.testing.assert_allclose(run(path, X[:n]), made.predict_proba(X[:n]), rtol=0, atol=1e-5)


@pytest.mark.parametrize("value_range", RANGES.values(), ids=RANGES)
@pytest.mark.parametrize("dtype", [None, "float32"])
def test_pictures_of_every_range(value_range, dtype, as_trained, tmp_path):
    net = as_trained(KerasMLPClassifier(hidden_layer_sizes=4), [0, 1, 2], (8, 8), value_range)
    taken = "uint8" if value_range == RANGES["uint8"] and dtype is None else "float32"
    X = pictures(4, (8, 8), value_range, taken)
    assert export_model(net, tmp_path / "net.onnx", X=X, dtype=dtype) < 1e-5
    np.testing.assert_allclose(run(tmp_path / "net.onnx", X), net.predict_proba(X), rtol=0, atol=1e-5)


def test_a_program_finds_what_it_has_to_know(as_trained, tmp_path):
    net = as_trained(KerasMLPClassifier(hidden_layer_sizes=4), ["cat", "dög"], (8, 6, 3), RANGES["unit"])
    export_model(net, tmp_path / "net.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx")
    about = session.get_modelmeta()
    told = {name: json.loads(value) for name, value in about.custom_metadata_map.items()}
    assert told == {
        "classes": ["cat", "dög"],
        "image_shape": [8, 6, 3],
        "value_range": [0.0, 1.0],
        "preprocessing": [],
        "estimator": "KerasMLPClassifier",
    }
    assert about.producer_name == "skimgrec"
    (taken,), (given,) = session.get_inputs(), session.get_outputs()
    assert (taken.name, taken.type, taken.shape) == ("pictures", "tensor(float)", ["batch", 8, 6, 3])
    assert (given.name, given.type, given.shape) == ("probabilities", "tensor(float)", ["batch", 2])


def test_low_precision_is_exported_in_full(as_trained, tmp_path):
    net = as_trained(KerasMLPClassifier(hidden_layer_sizes=9, dtype_policy="mixed_bfloat16"), range(3), (8, 8))
    X = pictures(6, (8, 8), (0, 255), "uint8")
    assert export_model(net, tmp_path / "net.onnx", X=X) < 1e-5
    assert abs(run(tmp_path / "net.onnx", X) - net.predict_proba(X)).max() < 0.02


def of_many_layers(input_shape, n_outputs):
    layers = load_keras().layers
    x = inputs = load_keras().Input(input_shape)
    x = layers.Rescaling([1.0, 2.0, 0.5], offset=[0.0, 0.1, -0.1])(x)
    x = layers.Normalization(mean=[0.1, 0.2, 0.3], variance=[1.0, 2.0, 0.5])(x)
    x = layers.RandomFlip(seed=0)(x)
    x = layers.ZeroPadding2D(((1, 0), (2, 1)))(x)
    x = layers.Conv2D(6, 3, strides=2, padding="same", activation="relu6")(x)
    x = layers.ReLU(max_value=3.0)(x)
    x = layers.DepthwiseConv2D((3, 2), depth_multiplier=2, padding="same", activation="gelu")(x)
    x = layers.SeparableConv2D(8, 3, padding="same", depth_multiplier=2, activation="elu")(x)
    x = layers.Conv2D(8, 3, dilation_rate=2, groups=2, padding="same", activation="hard_sigmoid")(x)
    gate = layers.GlobalAveragePooling2D(keepdims=True)(x)
    gate = layers.Conv2D(8, 1, activation="sigmoid")(gate)
    x = layers.Multiply()([x, gate])
    x = layers.Concatenate()([x, layers.LeakyReLU(0.3)(x), layers.PReLU()(x)])
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    x = layers.UpSampling2D(2)(x)
    x = layers.Cropping2D(((1, 0), (0, 1)))(x)
    x = layers.Average()([x, layers.Maximum()([x, layers.Activation("mish")(x)])])
    x = layers.AveragePooling2D(3, strides=2, padding="same")(x)
    x = layers.BatchNormalization(center=False)(layers.Dense(5, activation="softmax")(x))
    inner = load_keras().Sequential([load_keras().Input(x.shape[1:]), layers.Conv2D(4, 2), layers.ELU(0.7)])
    x = inner(x)
    x = layers.Reshape((-1, 2))(x)
    x = layers.Dense(3, activation="hard_silu")(x)
    x = layers.Reshape((2, -1, 3))(x)
    x = layers.Subtract()([x, layers.Minimum()([x, layers.Activation("softsign")(x)])])
    x = layers.Dropout(0.1, seed=0)(layers.Flatten()(x))
    x = layers.Dense(6, activation="leaky_relu", use_bias=False)(x)
    x = layers.Add()([x, layers.Dense(6, activation="selu")(x), layers.Dense(6, activation="softplus")(x)])
    x = layers.Softmax()(layers.Dense(n_outputs, activation="exponential")(x))
    return load_keras().Model(inputs, x)


def test_layers_of_other_architectures(as_trained, tmp_path):
    net = as_trained(KerasCNNClassifier(architecture=of_many_layers), range(3), (13, 10, 3), RANGES["unit"])
    X = pictures(4, (13, 10, 3), RANGES["unit"])
    assert export_model(net, tmp_path / "net.onnx", X=X) < 1e-5
    onnx.checker.check_model(onnx.load(tmp_path / "net.onnx"), full_check=True)


def with_an_unknown_layer(input_shape, n_outputs):
    keras = load_keras()
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input(input_shape),
            layers.GroupNormalization(1, name="by_group"),
            layers.Flatten(),
            layers.Dense(n_outputs, "softmax"),
        ]
    )


def test_a_layer_without_a_counterpart_is_named(as_trained, tmp_path):
    net = as_trained(KerasCNNClassifier(architecture=with_an_unknown_layer), range(3), (6, 6, 3))
    with pytest.raises(
        ValueError, match=r"by_group is a GroupNormalization of keras, .* It knows Keras's Activation, "
    ):
        export_model(net, tmp_path / "net.onnx")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["residual", "one unit"])
def test_tflite_answers_as_the_network(kind, network, tmp_path, capfd):
    tensorflow = pytest.importorskip("tensorflow")
    net, path = network(kind), tmp_path / "net.tflite"
    shape = net.image_shape_
    assert export_model(net, path) < 1e-5
    assert capfd.readouterr().err == ""
    with zipfile.ZipFile(path) as archive:
        assert archive.read("labels.txt").decode().split() == net.classes_.tolist()
    X = pictures(3, shape, (0, 255), "uint8")
    with pytest.warns(UserWarning, match="deprecated"):
        interpreter = tensorflow.lite.Interpreter(str(path))
    (taken,), (given,) = interpreter.get_input_details(), interpreter.get_output_details()
    assert (taken["dtype"], taken["shape_signature"].tolist()) == (np.uint8, [-1, *shape])
    interpreter.resize_tensor_input(taken["index"], X.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(taken["index"], X)
    interpreter.invoke()
    np.testing.assert_allclose(interpreter.get_tensor(given["index"]), net.predict_proba(X), rtol=0, atol=1e-5)


PLAIN_KERAS = """
import sys
sys.modules["skimgrec"] = None  # any import of it fails
import keras
import numpy as np
folder = sys.argv[1]
for name in ("residual", "perceptron"):
    X = np.load(f"{folder}/{name}.npy")
    models = [keras.saving.load_model(f"{folder}/{name}{ending}") for ending in (".keras", ".h5")]
    assert all(model.compiled for model in models)
    models.append(keras.models.clone_model(models[0]))
    models[-1].load_weights(f"{folder}/{name}.weights.h5")
    np.save(f"{folder}/{name}_out.npy", [model(X.astype("float32")).numpy() for model in models])
"""


def test_keras_loads_its_formats_without_skimgrec(network, tmp_path):
    wanted = {}
    for name in ("residual", "perceptron"):
        net = network(name)
        for ending in (".keras", ".h5", ".weights.h5"):
            assert export_model(net, tmp_path / f"{name}{ending}") is None
        X = pictures(3, net.image_shape_, (0, 255), "uint8")
        np.save(tmp_path / f"{name}.npy", X)
        wanted[name] = net.predict_proba(X)
    subprocess.run([sys.executable, "-c", PLAIN_KERAS, str(tmp_path)], check=True, capture_output=True)
    for name, probabilities in wanted.items():
        for found in np.load(tmp_path / f"{name}_out.npy"):
            np.testing.assert_allclose(found, probabilities, rtol=0, atol=1e-6)


@pytest.mark.filterwarnings("ignore:__array__ implementation", "ignore:Skipping variable loading")
@pytest.mark.parametrize("ending", [".keras", ".h5"])
@pytest.mark.parametrize("loss", [{}, {"loss": "binary_crossentropy", "label_smoothing": 0.1}])
def test_keras_goes_on_with_the_loss_of_the_model(loss, ending, as_trained, tmp_path):
    net = as_trained(KerasMLPClassifier(hidden_layer_sizes=3, **loss), range(2), (4, 4))
    export_model(net, tmp_path / f"net{ending}")
    net.model_.save(tmp_path / "model.keras")
    exported, saved = (load_keras().saving.load_model(tmp_path / name) for name in (f"net{ending}", "model.keras"))
    assert exported.loss.get_config() == saved.loss.get_config()


def test_a_loss_of_skimgrec_is_left_out(as_trained, tmp_path):
    net = as_trained(KerasMLPClassifier(hidden_layer_sizes=3, label_smoothing=0.1), range(3), (4, 4))
    export_model(net, tmp_path / "net.keras")
    assert not load_keras().saving.load_model(tmp_path / "net.keras").compiled


@pytest.mark.parametrize(("name", "seen"), [("net", "none is unknown"), ("net.pb", ".pb is unknown")])
def test_an_unknown_ending(name, seen, network, tmp_path):
    with pytest.raises(ValueError, match=f"{seen}. Use .onnx, .tflite"):
        export_model(network("linear"), tmp_path / name)
