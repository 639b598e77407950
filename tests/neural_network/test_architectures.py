"""Network architectures."""

import random

import numpy as np
import pytest

from skimgrec import KerasCNNClassifier
from skimgrec.neural_network import multilayer_perceptron, sequential_cnn


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
        ({"pooling": ("max", "min")}, "pooling='min': expected 'max', 'average' or None"),
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
    net = KerasCNNClassifier(filters=(32, 32), padding="valid", loss="binary_crossentropy", epochs=1).fit(X, y)
    assert net.model_.count_params() == 813_217
    assert net.predict_proba(X).shape == (8, 2)
