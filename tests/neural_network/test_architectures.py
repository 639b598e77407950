"""Network architectures."""

import copy
import inspect
import random

import keras
import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

from skimgrec import KerasCNNClassifier
from skimgrec.neural_network import multilayer_perceptron, residual_cnn, sequential_cnn
from skimgrec.neural_network.architectures import ARCHITECTURES


def kinds(model):
    return [type(layer).__name__ for layer in model.layers]


def test_cats_and_dogs_net_of_the_tutorial():
    model = sequential_cnn((64, 64, 3), 1, filters=(32, 32), padding="valid", dense_units=128)
    assert model.count_params() == 813_217
    assert model.layers[-1].activation.__name__ == "sigmoid"


def test_mnist_net_of_the_tutorial():
    model = sequential_cnn(
        (28, 28, 1), 10, filters=(32, 64, 64), padding="valid", pooling=("max", "max", None), dense_units=(64,)
    )
    assert model.count_params() == 93_322


def test_lenet_with_average_pooling():
    model = sequential_cnn(
        (32, 32, 1),
        10,
        filters=(6, 16),
        kernel_size=5,
        padding="valid",
        pooling="average",
        activation="tanh",
        dense_units=(120, 84),
    )
    assert model.count_params() == 61_706
    assert kinds(model).count("AveragePooling2D") == 2


@pytest.mark.parametrize("shape", [(8, 8, 1), (1, 10, 1), (1, 1, 1), (3, 2, 4), (1, 3, 3)])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_small_pictures_pass_every_depth(shape, padding):
    model = sequential_cnn(shape, 3, filters=(2, 2, 2, 2), kernel_size=5, padding=padding)
    assert model(np.zeros((2, *shape), np.float32)).shape == (2, 3)


def test_sequences_give_each_block_its_own_value():
    model = sequential_cnn(
        (16, 16, 1),
        3,
        filters=(2, 3),
        kernel_size=[(1, 3), 5],
        pooling=(None, "average"),
        pool_size=(2, 4),
        dense_units=(7,),
        activation=("relu", "tanh", None),
        dropout=(None, 0.25, 0.5),
        batch_normalization=(True, None, False),
    )
    assert kinds(model) == [
        *("Conv2D", "BatchNormalization", "Activation"),
        *("Conv2D", "AveragePooling2D", "Dropout", "Flatten"),
        *("Dense", "Dropout", "Dense"),
    ]
    assert [layer.kernel_size for layer in model.layers if hasattr(layer, "kernel_size")] == [(1, 3), (5, 5)]
    assert [layer.rate for layer in model.layers if hasattr(layer, "rate")] == [0.25, 0.5]
    assert model.layers[-3].activation.__name__ == "linear"


def test_arrays_serve_as_sequences():
    model = sequential_cnn((8, 8, 1), 2, filters=np.array([2, 3]), kernel_size=np.int64(3), dense_units=np.array([4]))
    assert [layer.filters for layer in model.layers if hasattr(layer, "filters")] == [2, 3]


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"filters": (2.7,)}, "filters=.*: expected a positive integer"),
        ({"dense_units": 0}, "dense_units=0: expected a positive integer"),
        ({"kernel_size": (3, 3, 3)}, "kernel_size=.* has 3 entries, but filters make 2 blocks"),
        ({"dropout": (0.1,)}, "dropout=.* has 1 entries, but filters and dense_units make 3 blocks"),
        ({"pooling": ("max", "min")}, "pooling='min': expected 'max', 'average' or 'none'"),
    ],
)
def test_sequence_of_another_length_is_refused(parameters, words):
    with pytest.raises(ValueError, match=words):
        sequential_cnn((8, 8, 1), 2, **parameters)


def test_perceptron_has_its_hidden_layers_and_can_do_without():
    assert multilayer_perceptron((28, 28, 1), 10, hidden_layer_sizes=(100,)).count_params() == 79_510
    assert multilayer_perceptron((28, 28, 1), 10, hidden_layer_sizes=()).count_params() == 7_850


def test_building_leaves_the_global_generators_alone():
    before = random.getstate(), np.random.get_state()[1].copy()  # noqa: NPY002
    sequential_cnn((8, 8, 1), 3, dropout=0.5, batch_normalization=True)
    assert random.getstate() == before[0]
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002


def test_classifier_with_a_binary_loss_is_the_tutorial_net_and_takes_uint8():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (8, 64, 64, 3)).astype(np.uint8)
    y = np.array(["cat", "dog"] * 4)
    net = KerasCNNClassifier(
        architecture="sequential", filters=(32, 32), padding="valid", loss="binary_crossentropy", epochs=1
    ).fit(X, y)
    assert net.model_.count_params() == 813_217
    assert net.predict_proba(X).shape == (8, 2)


def test_residual_net_has_the_size_that_is_said():
    assert residual_cnn((28, 28, 1), 10).count_params() == 117_210
    assert residual_cnn((32, 32, 3), 10).count_params() == 465_386


@pytest.mark.parametrize(
    ("shape", "filters"),
    [
        ((8, 8, 1), (16, 32)),
        ((1, 10, 1), (16, 32)),
        ((28, 28, 1), (16, 32, 64)),
        ((32, 32, 3), (32, 64, 128)),
        ((32, 33, 3), (16, 32, 64, 128)),
        ((64, 48, 3), (16, 32, 64, 128)),
        ((512, 512, 3), (16, 32, 64, 128, 256, 512)),
    ],
)
def test_depth_of_the_residual_net_follows_the_size_of_the_picture(shape, filters):
    model = residual_cnn(shape, 3)
    convolutions = [layer.filters for layer in model.layers if hasattr(layer, "filters")]
    assert convolutions == [filters[0], *np.repeat(filters[1:], 3)]


@pytest.mark.parametrize("shape", [(8, 8, 1), (1, 10, 1), (1, 1, 1), (3, 2, 4), (1, 3, 3)])
def test_residual_net_takes_small_pictures_at_any_depth(shape):
    model = residual_cnn(shape, 3, filters=(2, 3, 4, 5), kernel_size=5, activation=("elu", "relu", "relu", "tanh"))
    assert model(np.zeros((2, *shape), np.float32)).shape == (2, 3)


def test_no_pooling_can_be_said_in_a_word():
    assert "MaxPooling2D" not in kinds(sequential_cnn((8, 8, 1), 3, pooling="none"))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_architecture_takes_the_hyperparameters_that_searches_vary(architecture):
    taken = inspect.signature(ARCHITECTURES[architecture]).parameters
    assert {"filters", "kernel_size", "dropout", "activation"} <= set(taken)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_architecture_learns_digits_and_can_be_searched(architecture, digits):
    X, y = digits
    net = KerasCNNClassifier(architecture=architecture, epochs=8, learning_rate=0.01, random_state=0)
    search = GridSearchCV(net, {"filters": [(4,), (8, 16)]}, cv=2).fit(X, y)
    assert search.best_score_ > 0.8


def test_hyperparameter_that_the_architecture_does_not_use_is_refused(digits):
    net = KerasCNNClassifier(architecture="residual", dense_units=(16,), pooling="max")
    with pytest.raises(
        ValueError, match=r"pooling='max' is given, but architecture='residual' does not use it\. It use"
    ):
        net.fit(*digits)

    def own(input_shape, n_outputs, depth=1):
        raise AssertionError

    with pytest.raises(ValueError, match=r"filters=3 is given.* It uses depth\."):
        KerasCNNClassifier(architecture=own, filters=3).fit(*digits)


def own_net(input_shape, n_outputs, *, filters=4, dropout=0.0):
    """Build a net with layers whose variables have no initializer of their name, and no seeds."""
    inputs = keras.Input(input_shape)
    x = keras.layers.SeparableConv2D(filters, 3)(inputs)
    x = keras.layers.MultiHeadAttention(2, 2)(x, x)
    x = keras.layers.Dropout(dropout)(keras.layers.Flatten()(x))
    return keras.Model(inputs, keras.layers.Dense(n_outputs, activation="softmax")(x))


def test_own_architecture_is_reproducible_and_goes_on(digits, same_weights):
    X, y = digits
    before = random.getstate()
    parameters = {
        **{"architecture": own_net, "filters": 6, "dropout": 0.2, "random_state": 0},
        **{"learning_rate": 0.01, "learning_rate_schedule": "constant"},
    }
    net, again = (KerasCNNClassifier(**parameters, epochs=4).fit(X, y) for _ in range(2))
    assert same_weights(net, again)
    assert not same_weights(net, KerasCNNClassifier(**{**parameters, "random_state": 1}, epochs=4).fit(X, y))
    parts = KerasCNNClassifier(**parameters, epochs=2).fit(X, y).partial_fit(X, y)
    assert same_weights(net, copy.deepcopy(parts).partial_fit(X, y))
    assert net.model_.predict(X[:5, ..., None], verbose=0).shape == (5, 10)
    assert random.getstate() == before


def test_weights_that_an_own_architecture_loads_are_where_training_starts(digits):
    def pretrained(input_shape, n_outputs):
        layers = [keras.layers.Flatten(), keras.layers.Dense(n_outputs, "softmax", kernel_initializer="zeros")]
        model = keras.Sequential([keras.Input(input_shape), *layers])
        model.layers[-1].kernel.assign(np.full((64, 10), 0.125))
        return model

    net = KerasCNNClassifier(architecture=pretrained, learning_rate=1e-9, epochs=1).fit(*digits)
    np.testing.assert_allclose(net.weights_[0], 0.125, atol=1e-6)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda shape, n: "a net", "returned 'a net': it must return a keras.Model"),
        (lambda shape, n: multilayer_perceptron((9, 9, 1), n), r"inputs of shape \(None, 9, 9, 1\), but .*8, 8, 1"),
        (lambda shape, n: multilayer_perceptron(shape, 7), r"outputs of shape \(None, 7\), but .*\(None, 10\)"),
        (
            lambda shape, n: keras.Sequential([keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(n)]),
            "outputs are no probabilities.*softmax",
        ),
    ],
    ids=["no model", "input", "output", "logits"],
)
def test_own_architecture_that_does_not_fit_is_refused(build, words, digits):
    with pytest.raises(ValueError, match=words):
        KerasCNNClassifier(architecture=build).fit(*digits)


def test_another_architecture_cannot_go_on_training_but_the_fitted_one_still_predicts(cnn, digits):
    X, y = digits
    net = cnn(warm_start=True, dense_units=None).fit(X, y)
    expected = net.predict_proba(X[:9])
    net.set_params(architecture="residual")
    np.testing.assert_array_equal(net.predict_proba(X[:9]), expected)
    with pytest.raises(ValueError, match="architecture changed since it was fitted"):
        net.fit(X, y)


@pytest.mark.parametrize("kind", ["subclass", "sequential without input"])
def test_own_architecture_may_be_of_any_kind_of_model(kind, digits, same_weights):
    class Subclass(keras.Model):
        def __init__(self, n_outputs):
            super().__init__()
            self.flatten, self.dense = keras.layers.Flatten(), keras.layers.Dense(n_outputs, "softmax")

        def call(self, pictures):
            return self.dense(self.flatten(pictures))

    def build(input_shape, n_outputs):
        if kind == "subclass":
            return Subclass(n_outputs)
        return keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(n_outputs, "softmax")])

    X, y = digits
    parameters = {"architecture": build, "learning_rate": 0.02, "random_state": 0}
    net = KerasCNNClassifier(**parameters, epochs=10).fit(X, y)
    assert net.score(X, y) > 0.8
    assert same_weights(net, KerasCNNClassifier(**parameters, epochs=10).fit(X, y))
    assert net.set_params(feature_layer=-1).transform(X).shape == (300, 10)
    assert net.model_.count_params() == 650
