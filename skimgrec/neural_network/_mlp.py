"""KerasMLPClassifier."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar

from sklearn.utils._param_validation import Interval

from skimgrec.neural_network._base import BaseKerasClassifier
from skimgrec.neural_network._docs import TEXTS
from skimgrec.utils._shared_texts import with_shared_texts

if TYPE_CHECKING:
    import keras


@with_shared_texts({**TEXTS, "schedule": '"constant"'})
class KerasMLPClassifier(BaseKerasClassifier):
    """Multilayer perceptron over the pixels of a picture, trained with Keras.

    Dense hidden layers are followed by a softmax over the classes (a sigmoid for the binary losses). Pixel values are
    brought to 0..1 inside the network, by the range seen at `fit`.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(100,)
        Number of units of each hidden layer; () for a linear classifier.
    activation : str, callable, None or sequence of these, default="relu"
        Keras activation of each hidden layer. None is linear.
    dropout : float, None or sequence of these, default=None
        Part of a hidden layer's outputs that is set to zero in training, in [0, 1).
    batch_normalization : bool, None or sequence of these, default=False
        Whether to normalise between the linear part of a hidden layer and its activation.
    [[loss]]
    epochs : int, default=30
        Number of passes over the pictures in one `fit`.
    [[training]]

    Attributes
    ----------
    [[attributes]]

    See Also
    --------
    KerasCNNClassifier : With convolutions, which know which pixels are neighbours.
    sklearn.neural_network.MLPClassifier : The same kind of network without Keras.

    Examples
    --------
    >>> from skimgrec import KerasMLPClassifier, load_digits_images
    >>> digits = load_digits_images()
    >>> X, y = digits.images, digits.target
    >>> mlp = KerasMLPClassifier(epochs=5, random_state=0).fit(X[:1000], y[:1000])
    >>> mlp.score(X[1000:], y[1000:]) > 0.8
    True
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseKerasClassifier._parameter_constraints,
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [str, callable, "array-like", None],
    }

    def __init__(
        self,
        *,
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        dropout: Any = None,
        batch_normalization: Any = False,
        loss: Any = None,
        label_smoothing: float = 0.0,
        metrics: Any = ("accuracy",),
        optimizer: Any = "adam",
        learning_rate: float | None = None,
        learning_rate_schedule: str = "constant",
        weight_decay: float | None = None,
        epochs: int = 30,
        batch_size: int | str = "auto",
        augmentation: Any = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        callbacks: Any = None,
        class_weight: Any = None,
        feature_layer: int | str = -2,
        dtype_policy: str | None = None,
        n_threads: int | None = None,
        warm_start: bool = False,
        random_state: Any = None,
        verbose: int = 0,
        image_shape: tuple[int, ...] | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.dropout = dropout
        self.batch_normalization = batch_normalization
        self.loss = loss
        self.label_smoothing = label_smoothing
        self.metrics = metrics
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.learning_rate_schedule = learning_rate_schedule
        self.weight_decay = weight_decay
        self.epochs = epochs
        self.batch_size = batch_size
        self.augmentation = augmentation
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.callbacks = callbacks
        self.class_weight = class_weight
        self.feature_layer = feature_layer
        self.dtype_policy = dtype_policy
        self.n_threads = n_threads
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose
        self.image_shape = image_shape

    def _architecture(self) -> tuple[str | Callable[..., keras.Model], dict[str, Any]]:
        names = ("hidden_layer_sizes", "activation", "dropout", "batch_normalization")
        return "multilayer_perceptron", {name: getattr(self, name) for name in names}
