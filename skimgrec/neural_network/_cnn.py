"""KerasCNNClassifier."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar

from sklearn.utils._param_validation import Interval, StrOptions

from skimgrec.neural_network._base import BaseKerasClassifier
from skimgrec.neural_network._docs import TEXTS
from skimgrec.neural_network.architectures import ARCHITECTURES, used_hyperparameters
from skimgrec.utils._shared_texts import with_shared_texts

if TYPE_CHECKING:
    import keras


@with_shared_texts({**TEXTS, "schedule": '"one_cycle"'})
class KerasCNNClassifier(BaseKerasClassifier):
    """Convolutional neural network for pictures, trained with Keras.

    The network ends in a softmax over the classes (a sigmoid for the binary losses). Pixel values are brought to 0..1
    inside the network, by the range seen at `fit`.

    Parameters
    ----------
    architecture : {"residual", "sequential"} or callable, default="residual"
        What the network is built like. "residual" is a stem and stages with shortcuts, batch-normalised, then the mean
        over all positions; it uses `filters`, `kernel_size`, `activation` and `dropout`. "sequential" is blocks of
        convolution and pooling, then dense layers. A function of your own takes (input_shape, n_outputs) and any of the
        parameters below by name, and returns a `keras.Model` of probabilities for pixel values in 0..1. It is called
        for every fit, has to make new layers each time, and weights that it has loaded are what training starts from.
    filters : int or sequence of int, default=None
        Number of filters of the convolution of each block; its length is the number of blocks. Here and in all that
        belong to the architecture, None is the architecture's own value, and a value that the architecture does not use
        raises an error. For "residual", that of the stem and of each stage: None is 16 in the stem (32 for pictures in
        colour of up to 32 pixels), doubled from stage to stage, of which there are as many as the size of the picture
        calls for. For "sequential", of each block: None is (32, 64).
    kernel_size : int or sequence, default=None
        Side of the convolution's window in pixels. Here and in `padding`, `pooling` and `pool_size`, a sequence has
        one entry for each block, and an entry may be a pair (rows, columns). A window larger than what reaches its
        layer is cut to that size, so that small pictures pass. None is 3.
    activation : str, callable or sequence of these, default=None
        Keras activation of each block and dense layer; a sequence has one entry for each, blocks first. None is "relu".
    padding : {"same", "valid"} or sequence of these, default=None
        Whether a convolution keeps the size of the picture by zeros around it. None is "same".
    pooling : {"max", "average", "none"} or sequence of these, default=None
        How each block shrinks the picture; "none", or None in a sequence, for not at all. None is "max".
    pool_size : int or sequence, default=None
        Side of the pooling window in pixels, and its step. None is 2.
    dense_units : int or sequence of int, default=None
        Number of units of each dense layer between the blocks and the output; () for none. None is (128,).
    dropout : float or sequence, default=None
        Part of a block's or dense layer's outputs that is set to zero in training, in [0, 1); None is 0. In "residual",
        part of the means.
    batch_normalization : bool or sequence, default=None
        Whether to normalise between the linear part of a block or dense layer and its activation. None is False.
    [[loss]]
    epochs : int, default=20
        Number of passes over the pictures in one `fit`.
    [[training]]

    Attributes
    ----------
    [[attributes]]

    See Also
    --------
    KerasMLPClassifier : Dense layers only.
    HOGTransformer : Features for scikit-learn's own classifiers.

    Notes
    -----
    A picture of weight 2 counts in the loss as the same picture given twice would. Batch normalisation, of which the
    residual architecture makes use, takes its means over the pictures of a batch, whatever they weigh.

    The network that is trained is shared by all classifiers of the same architecture in a process, one at a time, and
    only its numbers are kept here. So a second fit neither builds nor traces again, and pickling, `copy.deepcopy`,
    joblib and skops see plain arrays.

    Examples
    --------
    >>> from skimgrec import KerasCNNClassifier, load_digits_images
    >>> digits = load_digits_images()
    >>> X, y = digits.images, digits.target
    >>> cnn = KerasCNNClassifier(epochs=3, random_state=0).fit(X[:1000], y[:1000])
    >>> cnn.score(X[1000:], y[1000:]) > 0.8
    True
    """

    _parameter_constraints: ClassVar[dict] = {
        **BaseKerasClassifier._parameter_constraints,
        "architecture": [StrOptions(set(ARCHITECTURES)), callable],
        "filters": ["array-like", Interval(Integral, 1, None, closed="left"), None],
        "kernel_size": ["array-like", Interval(Integral, 1, None, closed="left"), None],
        "activation": [str, callable, "array-like", None],
        "padding": [StrOptions({"same", "valid"}), "array-like", None],
        "pooling": [StrOptions({"max", "average", "none"}), "array-like", None],
        "pool_size": ["array-like", Interval(Integral, 1, None, closed="left"), None],
        "dense_units": ["array-like", Interval(Integral, 1, None, closed="left"), None],
    }

    def __init__(
        self,
        *,
        architecture: Any = "residual",
        filters: Any = None,
        kernel_size: Any = None,
        activation: Any = None,
        padding: Any = None,
        pooling: Any = None,
        pool_size: Any = None,
        dense_units: Any = None,
        dropout: Any = None,
        batch_normalization: Any = None,
        loss: Any = None,
        label_smoothing: float = 0.0,
        metrics: Any = ("accuracy",),
        optimizer: Any = "adam",
        learning_rate: float | None = None,
        learning_rate_schedule: str = "one_cycle",
        weight_decay: float | None = None,
        epochs: int = 20,
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
        self.architecture = architecture
        self.filters = filters
        self.kernel_size = kernel_size
        self.activation = activation
        self.padding = padding
        self.pooling = pooling
        self.pool_size = pool_size
        self.dense_units = dense_units
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
        names = (
            "filters",
            "kernel_size",
            "activation",
            "padding",
            "pooling",
            "pool_size",
            "dense_units",
            "dropout",
            "batch_normalization",
        )
        given = {name: getattr(self, name) for name in names}
        return self.architecture, used_hyperparameters(self.architecture, given)
