"""Dense layers over the pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from skimgrec.neural_network._runtime import load_keras
from skimgrec.neural_network.architectures._parts import Activation, Stack, as_sizes, per_block

if TYPE_CHECKING:
    import keras


def multilayer_perceptron(
    input_shape: tuple[int, int, int],
    n_outputs: int,
    *,
    hidden_layer_sizes: int | Sequence[int] = (100,),
    activation: Activation | Sequence[Activation] = "relu",
    dropout: float | Sequence[float | None] | None = None,
    batch_normalization: bool | Sequence[bool | None] | None = False,
) -> keras.Model:
    """Build a network of dense layers over the flattened picture.

    Parameters
    ----------
    input_shape : tuple of int (h, w, c)
        Shape of one picture, whose values are in 0..1.
    n_outputs : int
        Number of output units: 1 (sigmoid) for two classes, else one for each class (softmax).
    hidden_layer_sizes : int or sequence of int, default=(100,)
        Number of units of each hidden layer; () for a linear classifier.
    activation : str, callable, None or sequence of these, default="relu"
        Keras activation of each hidden layer. None is linear.
    dropout : float, None or sequence of these, default=None
        Part of a hidden layer's outputs that is set to zero in training, in [0, 1).
    batch_normalization : bool, None or sequence of these, default=False
        Whether to normalise between the linear part of a hidden layer and its activation.

    Returns
    -------
    model : keras.Model
        Not compiled.

    Raises
    ------
    ValueError
        If a sequence has another length than there are hidden layers.

    See Also
    --------
    KerasMLPClassifier : Builds and trains it.
    """
    keras = load_keras()
    sizes = as_sizes("hidden_layer_sizes", hidden_layer_sizes)
    activations = per_block("activation", activation, len(sizes), "hidden_layer_sizes")
    rates = per_block("dropout", dropout, len(sizes), "hidden_layer_sizes")
    normalized = per_block("batch_normalization", batch_normalization, len(sizes), "hidden_layer_sizes")
    stack = Stack(input_shape)
    stack.add(keras.layers.Flatten(data_format="channels_last"))
    stack.add_dense(sizes, activations, rates, normalized)
    return stack.to_classifier(n_outputs)
