"""A classifier with weights that were trained elsewhere: what training would have left behind, without training."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.neural_network._runtime import load_keras
from skimgrec.neural_network._stored_state import without_numbers
from skimgrec.utils import UINT8_RANGE

if TYPE_CHECKING:
    import keras

    from skimgrec.neural_network._training import TrainableNetwork


def prepare(
    net: TrainableNetwork, classes: NDArray[Any], image_shape: tuple[int, ...], value_range: tuple[float, float]
) -> None:
    """Set on an unfitted classifier what training learns of its data.

    Parameters
    ----------
    net : KerasCNNClassifier or KerasMLPClassifier
    classes : ndarray
        Sorted.
    image_shape : tuple of int
    value_range : tuple of two floats
        What becomes 0 and 1.
    """
    load_keras(net.n_threads)
    net._validate_params()
    net.n_features_in_ = math.prod(image_shape)
    net.image_shape_ = image_shape
    net.value_range_ = value_range
    net._fitted_on_pictures = True
    net._start(classes)
    net.history_ = {"loss": []}
    net._cycle = (0, int(net.epochs))
    net._best_rank = None
    net._input_dtype = "uint8" if value_range == UINT8_RANGE else "float32"


def untrained_core(net: Any) -> keras.Model:
    """Return the network of a prepared classifier, of Keras's own layers.

    That of a built-in architecture gets no numbers, so that its sizes, which may come from a file, cost no memory.
    """
    from skimgrec.neural_network._batch_normalization import keras_own_layers

    with keras_own_layers():
        if isinstance(net._fitted_architecture, str):
            with without_numbers():
                return net._build_core()
        return net._build_core()


def adopt(net: TrainableNetwork, weights: Sequence[NDArray[Any]]) -> None:
    """Give a prepared classifier its weights, and the state of an optimizer that has not begun.

    Raises
    ------
    ValueError
        If they are not those of its network.
    """
    with net._lend_trainable_network(net._input_dtype, resume=False, weights=weights) as network:
        net._store(network.state())


def reorder_outputs(weights: list[NDArray[Any]], order: NDArray[np.intp]) -> list[NDArray[Any]]:
    """Return weights whose last layer, a dense one with a bias, gives its outputs in another order.

    Parameters
    ----------
    weights : list of ndarray
    order : ndarray of int
        Of several outputs, the places that they are taken from. Of one sigmoid unit, [1, 0] for the other class.
    """
    *before, kernel, bias = weights
    if len(bias) == 1 and len(order) == 2:
        return [*before, -kernel, -bias]
    return [*before, kernel[:, order], bias[order]]


def scale_first(weights: list[NDArray[Any]], factor: float) -> list[NDArray[Any]]:
    """Return weights whose first layer, a dense one or a convolution, makes of x what it made of factor * x."""
    first, *others = weights
    return [(first * factor).astype(np.float32), *others]
