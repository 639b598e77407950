"""Networks as transformers."""

import keras
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skimgrec import KerasCNNClassifier


@pytest.mark.parametrize(("layer", "width"), [(-2, 16), (-1, 10), (0, 4 * 64), (1, 4 * 16)])
def test_features_are_the_outputs_of_the_layer(cnn, digits, layer, width):
    X, y = digits
    net = cnn(dropout=0.2).fit(X, y)
    features = net.set_params(feature_layer=layer).transform(X)
    assert features.shape == (len(X), width)
    assert features.dtype == np.float32
    # The first layer of the model brings pixels to 0..1.
    stack = net.model_.layers
    expected = keras.ops.convert_to_tensor(X[..., None].astype(np.float32))
    for part in stack[: stack.index(stack[1:][layer] if layer >= 0 else stack[layer]) + 1]:
        expected = part(expected, training=False) if isinstance(part, keras.layers.Dropout) else part(expected)
    expected = keras.ops.convert_to_numpy(expected).reshape(len(X), -1)
    np.testing.assert_allclose(features, expected, atol=1e-5)
    names = net.get_feature_names_out()
    assert (len(names), names[0]) == (width, "kerascnnclassifier0")


@pytest.mark.parametrize("architecture", ["sequential", "residual"])
def test_features_serve_every_dtype_and_unknown_layers_are_named(architecture, digits):
    X, y = digits
    net = KerasCNNClassifier(architecture=architecture, filters=(2, 3), epochs=1).fit(X, y)
    by_number = net.transform(X)
    np.testing.assert_allclose(net.transform(X.astype(float)), by_number, atol=1e-5)
    net.set_params(feature_layer="no such")
    with pytest.raises(
        ValueError, match=r"feature_layer='no such': the network has no such layer\. It has \d+, .*names"
    ):
        net.transform(X)
    with pytest.raises(ValueError, match="feature_layer=-99"):
        net.set_params(feature_layer=-99).transform(X)


def test_nearest_neighbours_on_features_and_the_layer_can_be_searched(network, digits):
    X, y = digits
    pipe = make_pipeline(network(epochs=12), KNeighborsClassifier(1))
    assert pipe.fit(X[:200], y[:200]).score(X[200:], y[200:]) > 0.7
    step = pipe.steps[0][0]
    search = GridSearchCV(pipe, {f"{step}__feature_layer": [-1, -2]}, cv=2).fit(X, y)
    assert search.best_score_ > 0.7


def test_features_come_as_a_data_frame(network, digits):
    X, y = digits
    net = network().set_output(transform="pandas")
    frame = net.fit_transform(X, y)
    assert frame.shape == (len(X), 16)
    assert list(frame.columns) == list(net.get_feature_names_out())
    with pytest.raises(NotFittedError):
        network().transform(X)


def named(input_shape, n_outputs):
    layers = [
        keras.layers.Flatten(),
        keras.layers.Dense(5, name="bottleneck"),
        keras.layers.Dense(n_outputs, "softmax"),
    ]
    return keras.Sequential([keras.Input(input_shape), *layers])


def test_layers_that_have_a_name_go_by_it(digits):
    net = KerasCNNClassifier(architecture=named, feature_layer="bottleneck", epochs=1).fit(*digits)
    assert net.transform(digits[0]).shape == (300, 5)
    np.testing.assert_array_equal(net.transform(digits[0]), net.set_params(feature_layer=1).transform(digits[0]))


def test_names_of_layers_do_not_depend_on_the_networks_before(digits):
    X, y = digits
    for _ in range(2):
        net = KerasCNNClassifier(architecture="sequential", filters=(4, 4), feature_layer="conv2d_1", epochs=1)
        by_name = net.fit(X, y).transform(X[:3])
        np.testing.assert_array_equal(by_name, net.set_params(feature_layer=2).transform(X[:3]))
