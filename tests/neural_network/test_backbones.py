"""The networks of keras.applications by name, their parameters, and the size of pictures they are given."""

import inspect

import keras
import numpy as np
import pytest

from skimgrec.neural_network._backbone_weights import weightless
from skimgrec.neural_network._backbones import backbone_named, network_size, plain_params
from skimgrec.neural_network._stored_state import without_numbers
from skimgrec.neural_network.architectures._backbone import backbone_cnn

OWN = [
    name
    for name, kind in vars(keras.applications).items()
    if inspect.isfunction(kind) and "include_top" in inspect.signature(kind).parameters
]


@pytest.mark.parametrize("name", OWN)
def test_every_network_of_keras_has_its_own_preprocessing(name):
    assert len(OWN) >= 35
    backbone = backbone_named(name)
    assert backbone.name == name
    assert backbone.kind is getattr(keras.applications, name)
    home = inspect.getmodule(backbone.kind)
    assert backbone.preprocess is home.preprocess_input
    assert backbone.preprocess(np.full((1, 2, 2, 3), 255.0, np.float32)).shape == (1, 2, 2, 3)


@pytest.mark.parametrize(
    "spelling", ["MobileNetV3Small", "mobilenet_v3_small", "MOBILENETV3SMALL", "mobilenet-v3-small"]
)
def test_capitals_and_underscores_do_not_matter(spelling):
    assert backbone_named(spelling).name == "MobileNetV3Small"


@pytest.mark.parametrize("name", ["imagenet_utils", "Sequential", "mobilenet_v3", "", "os.system"])
def test_what_is_no_network_is_refused(name):
    with pytest.raises(ValueError, match=r"backbone=.* is unknown.* a network of keras.applications: ConvNeXtBase"):
        backbone_named(name)


def test_a_misspelt_network_is_guessed():
    with pytest.raises(ValueError, match=r"backbone='resnet_05' is unknown, did you mean 'ResNet50'"):
        backbone_named("resnet_05")


def test_parameters_are_those_of_the_network_and_plain():
    backbone = backbone_named("MobileNetV3Small")
    assert plain_params(backbone, {"minimalistic": np.bool_(True), "alpha": np.float64(0.5)}) == (
        ("alpha", 0.5),
        ("minimalistic", True),
    )
    assert plain_params(backbone, (("alpha", 0.5),)) == (("alpha", 0.5),)
    assert plain_params(backbone, None) == ()
    with pytest.raises(ValueError, match=r"has 'depth', which MobileNetV3Small .* It takes alpha, minimalistic\."):
        plain_params(backbone, {"depth": 3})
    with pytest.raises(ValueError, match=r"'weights', which .* is set by skimgrec"):
        plain_params(backbone, {"weights": "imagenet"})
    with pytest.raises(ValueError, match=r"has alpha='0\.5': expected a finite number"):
        plain_params(backbone, {"alpha": "0.5"})
    for value in (float("inf"), np.float32("nan"), 10**400):
        with pytest.raises(ValueError, match=r"has alpha=.*: expected a finite number"):
            plain_params(backbone, {"alpha": value})
    with pytest.raises(ValueError, match="It takes none"):
        plain_params(backbone_named("ResNet50"), {"alpha": 1})


@pytest.mark.parametrize(
    ("shape", "image_size", "size"),
    [
        ((32, 32), "auto", (96, 96)),
        ((96, 96), "auto", (96, 96)),
        ((95, 200), "auto", (96, 202)),
        ((500, 100), "auto", (500, 100)),
        ((1, 9), "auto", (96, 384)),
        ((2, 700), "auto", (96, 700)),
        ((32, 32), (64, 48), (64, 48)),
        ((32, 32), [224, 224], (224, 224)),
    ],
)
def test_small_pictures_are_enlarged_in_proportion(shape, image_size, size):
    assert network_size(*shape, image_size) == size


@pytest.mark.parametrize("image_size", [(96,), (96, 96, 3), (0, 96), (96.5, 96), (10**5, 96), 96, "small"])
def test_what_is_no_size_is_refused(image_size):
    with pytest.raises(ValueError, match=r"image_size=.* expected"):
        network_size(32, 32, image_size)


@pytest.mark.parametrize("name", ["MobileNetV3Small", "ResNet50V2", "EfficientNetB0", "DenseNet121", "ConvNeXtTiny"])
def test_weights_of_a_classifier_begin_with_those_of_its_network_in_the_same_order(name):
    backbone, size = backbone_named(name), (96, 96)
    alone = weightless(backbone, (), size)
    with without_numbers():
        whole = backbone_cnn((24, 24, 1), 3, backbone=backbone, dropout=0.2)
    # Some have no name of their own, but a number behind "variable".
    named = [[(weight.name[:8], tuple(weight.shape)) for weight in model.weights] for model in (alone, whole)]
    assert named[0] == named[1][:-2]
    # Keras's own 0.999 in MobileNetV3 would take thousands of steps before prediction sees what training has seen.
    assert all(layer.momentum <= 0.9 for layer in whole.layers if hasattr(layer, "momentum"))
    assert whole.output_shape == (None, 3)
