"""A fitted network, opened between two layers: what a layer gives for a picture, and what follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skimgrec.inspection._gradients import as_numpy
from skimgrec.inspection._one_picture import as_taken, picture_behind_loader, unwrapped
from skimgrec.neural_network._base import BaseKerasClassifier
from skimgrec.neural_network._layers import find_layer, layer_names, layer_output, layers_of, nodes_of
from skimgrec.neural_network._runtime import load_keras
from skimgrec.neural_network._scaling import PixelScale
from skimgrec.utils import validate_pictures

if TYPE_CHECKING:
    import keras

_EPSILON = 1e-7
# Layers that only thin out, pad or rearrange the maps of another, whose own are as good and larger.
_FOLLOWERS = (
    "AveragePooling2D",
    "Cropping2D",
    "Dropout",
    "Flatten",
    "GaussianDropout",
    "GaussianNoise",
    "MaxPooling2D",
    "Normalization",
    "Permute",
    "Rescaling",
    "Reshape",
    "SpatialDropout2D",
    "UpSampling2D",
    "ZeroPadding2D",
)


def read_network(
    estimator: Any, image: Any, caller: str
) -> tuple[NDArray[Any], BaseKerasClassifier, NDArray[np.float32]]:
    """Return a picture, the network at the end of an estimator, and the picture as it reaches this network.

    Parameters
    ----------
    estimator : estimator object
        A fitted Keras classifier of ours, a pipeline that ends in one, or a fitted search for one.
    image : array-like of shape (h, w) or (h, w, c), or path-like
        One picture, or its file where a pipeline begins with an `ImageLoader`.
    caller : str
        Whom an error shall name.

    Returns
    -------
    picture : ndarray of shape (h, w) or (h, w, c)
        The picture as it is.
    network : BaseKerasClassifier
        The classifier.
    inputs : ndarray of float32, of shape (1, h, w, c)
        The picture behind all other steps, with values in 0..1.

    Raises
    ------
    TypeError
        If there is no network of ours at the end.
    """
    estimator = unwrapped(estimator)
    steps = estimator.steps if isinstance(estimator, Pipeline) else [("", estimator)]
    network = unwrapped(steps[-1][1])
    if not isinstance(network, BaseKerasClassifier):
        raise TypeError(
            f"{caller} got a {type(estimator).__name__}{f' that ends in {network!r}' if len(steps) > 1 else ''}: only "
            "networks have layers to look into. Give a fitted KerasCNNClassifier, a pipeline that ends in one, or a "
            "search for one. occlusion_map takes any classifier with predict_proba."
        )
    check_is_fitted(network)
    picture, behind = picture_behind_loader(estimator, image, caller)
    X: Any = picture[None]
    if isinstance(behind, Pipeline) and len(behind) > 1:
        X = behind[:-1].transform(as_taken(behind, X))
    pictures = np.asarray(validate_pictures(network, X, reset=False))
    low, high = network.value_range_
    return picture, network, PixelScale(low, high, "float32")(pictures)


class OpenNetwork:
    """A copy of a fitted network, whose last activation is taken off: it gives logits.

    Parameters
    ----------
    classifier : BaseKerasClassifier
        Fitted. It stays as it is.
    """

    def __init__(self, classifier: BaseKerasClassifier) -> None:
        self._keras = load_keras(classifier.n_threads)
        self._name = type(classifier).__name__
        self._core = classifier._build_core()
        self._core.set_weights(classifier._weights)
        self.layers = layers_of(self._core)
        self._names = layer_names(self._core)
        self._logits = self._without_activation()

    def layer(self, layer: int | str) -> keras.Layer:
        """Return a layer by its number or name, or raise a ValueError that lists them."""
        return find_layer(self._core, layer, "layer")

    def name(self, layer: keras.Layer) -> str:
        """Return the name by which `layer` finds a layer."""
        return self._names[self.layers.index(layer)]

    def has_maps(self, layer: keras.Layer) -> bool:
        """Tell whether a layer gives maps: numbers for several positions of the picture."""
        shape = self._output(layer).shape
        return len(shape) == 4 and tuple(shape[1:3]) != (1, 1)

    def check_maps(self, layer: keras.Layer) -> None:
        """Raise a ValueError that lists the layers with maps if this one has none."""
        if not self.has_maps(layer):
            raise ValueError(
                f"layer={self.name(layer)!r} gives numbers of shape {tuple(self._output(layer).shape[1:])}, no maps of "
                f"(rows, columns, channels). {self._with_maps()}"
            )

    def first_convolution(self) -> keras.Layer:
        """Return the first layer that slides filters over a picture."""
        for layer in self.layers:
            if self.has_maps(layer) and len(getattr(getattr(layer, "kernel", None), "shape", ())) == 4:
                return layer
        raise ValueError(f"The network of this {self._name} has no convolution. {self._with_maps()}")

    def maps(self, layer: keras.Layer, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what a layer gives for pictures, of shape (n, rows, columns, channels)."""
        return as_numpy(self._keras.Model(self._core.inputs[0], self._output(layer))(inputs, training=False))

    def filters(self, layer: keras.Layer) -> NDArray[np.float32] | None:
        """Return the weights of a convolution, of shape (rows, columns, n_inputs, n_channels); None of other layers."""
        kernel: Any = getattr(layer, "kernel", None)
        if len(getattr(kernel, "shape", ())) != 4 or kernel.shape[-1] != self._output(layer).shape[-1]:
            return None
        return as_numpy(kernel.value)

    def head(self, layer: keras.Layer) -> keras.Model:
        """Return what follows a layer, up to the logits, or raise a ValueError if more than this layer leads there."""
        try:
            return self._keras.Model(self._output(layer), self._logits)
        except ValueError as error:
            raise ValueError(
                f"layer={self.name(layer)!r}: other layers lead around it to the output, so that its maps do not "
                "decide alone. Choose a layer that everything passes through, such as the sum behind a shortcut."
            ) from error

    def last_maps(self) -> tuple[keras.Layer, keras.Model]:
        """Return the last layer with maps that everything passes through, and what follows it."""
        for layer in reversed(self.layers):
            if self.has_maps(layer) and type(layer).__name__ not in _FOLLOWERS:
                try:
                    return layer, self.head(layer)
                except ValueError:
                    continue
        raise ValueError(
            f"The network of this {self._name} has no layer with maps that everything passes through: there is no "
            "place in the picture that a number belongs to. occlusion_map takes any classifier with predict_proba."
        )

    def _with_maps(self) -> str:
        names = [self.name(layer) for layer in self.layers if self.has_maps(layer)]
        return f"Those with maps are {', '.join(names)}." if names else "No layer of this network has any."

    def _output(self, layer: keras.Layer) -> Any:
        return layer_output(self._core, layer)

    def _without_activation(self) -> Any:
        """Return the symbolic output before the last softmax or sigmoid."""
        keras, output = self._keras, self._core.outputs[0]
        node = next(node for node in nodes_of(self._core) if any(tensor is output for tensor in node.output_tensors))
        last = node.operation
        if getattr(last, "activation", None) in (keras.activations.softmax, keras.activations.sigmoid):
            last.activation = keras.activations.linear
            return output
        if isinstance(last, keras.layers.Softmax):
            return node.input_tensors[0]
        # The end is of another kind, such as a model within this one: what it gives is turned back.
        probability = keras.ops.clip(output, _EPSILON, 1 - _EPSILON)
        logarithm = keras.ops.log(probability)
        return logarithm - keras.ops.log(1 - probability) if output.shape[-1] == 1 else logarithm
