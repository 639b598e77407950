"""KerasCNNClassifier."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar

from sklearn.utils._param_validation import Interval, StrOptions

from skimgrec.neural_network._backbone_weights import backbone_weights
from skimgrec.neural_network._backbones import backbone_named, network_size, plain_params
from skimgrec.neural_network._base import BaseKerasClassifier
from skimgrec.neural_network._docs import TEXTS
from skimgrec.neural_network._network import Arrays
from skimgrec.neural_network.architectures import is_backbone, used_hyperparameters
from skimgrec.utils._shared_texts import with_shared_texts

if TYPE_CHECKING:
    import keras

_FINE_TUNE_FACTOR = 0.1


@with_shared_texts({**TEXTS, "schedule": '"one_cycle"'})
class KerasCNNClassifier(BaseKerasClassifier):
    """Convolutional neural network for pictures, trained with Keras.

    The network ends in a softmax over the classes (a sigmoid for the binary losses). Pixel values are brought to 0..1
    inside the network, by the range seen at `fit`.

    Parameters
    ----------
    architecture : {"residual", "sequential"}, str or callable, default="residual"
        What the network is built like. "residual" is a stem and stages with shortcuts, batch-normalised, then the mean
        over all positions; it uses `filters`, `kernel_size`, `activation` and `dropout`. "sequential" is blocks of
        convolution and pooling, then dense layers. The name of any network of `keras.applications`, such as
        "mobilenet_v3_small", "efficientnet_b0" or "resnet50", is that network with an output layer for the classes; it
        uses `pooling` (over the places at its end, "average" if None), `dropout` (of what that gives), `image_size`,
        `backbone_params`, `weights`, `freeze_epochs` and `fine_tune_factor`. A function of your own takes
        (input_shape, n_outputs) and any of the parameters below by name, and returns a `keras.Model` of probabilities
        for pixel values in 0..1. It is called for every fit, has to make new layers each time, and weights that it has
        loaded are what training starts from.
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
    weights : "imagenet", str or path-like, default=None
        Weights that a network of `keras.applications` starts from, all but those of its output layer. "imagenet" are
        Keras's own, which `fit` downloads once and checks. A path is that of a file of Keras, ``.weights.h5``, ``.h5``
        or ``.keras``, of the network without its top. None draws them.
    freeze_epochs : int, default=None
        For how many of the first epochs only the output layer is trained, which would otherwise spoil what the
        `weights` know as long as it knows nothing itself. They count in `epochs`; as many as these train nothing
        else. None is a fifth of `epochs`, at least 1.
    fine_tune_factor : float, default=None
        Part of the learning rate that all layers but those of batch normalisation are trained with afterwards. None is
        0.1.
    image_size : "auto" or tuple of two ints, default=None
        (height, width) that a network of `keras.applications` brings pictures to. None is "auto", as in
        `PretrainedTransformer`: their own size, or in proportion 96 pixels on the shorter side.
    backbone_params : dict, default=None
        What a network of `keras.applications` is built with besides, such as ``{"alpha": 0.75}``.
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
    PretrainedTransformer : The features of a network of `keras.applications`, without training it.
    HOGTransformer : Features for scikit-learn's own classifiers.

    Notes
    -----
    A picture of weight 2 counts in the loss as the same picture given twice would. Batch normalisation, of which the
    residual architecture makes use, takes its means over the pictures of a batch, whatever they weigh.

    With `weights`, training has two parts, each with a schedule of the learning rate and an optimizer of its own: first
    the output layer alone, then all layers but batch normalisation, which goes by its stored means throughout, as
    Keras's guide to transfer learning advises. What was trained is all in the classifier: to predict, to go on
    training, or to load a model file, neither the file of the weights nor a connection is needed.

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

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseKerasClassifier._parameter_constraints,
        "architecture": [str, callable],
        "filters": ["array-like", Interval(Integral, 1, None, closed="left"), None],
        "kernel_size": ["array-like", Interval(Integral, 1, None, closed="left"), None],
        "activation": [str, callable, "array-like", None],
        "padding": [StrOptions({"same", "valid"}), "array-like", None],
        "pooling": [StrOptions({"max", "average", "none"}), "array-like", None],
        "pool_size": ["array-like", Interval(Integral, 1, None, closed="left"), None],
        "dense_units": ["array-like", Interval(Integral, 1, None, closed="left"), None],
        "weights": [str, os.PathLike, None],
        "freeze_epochs": [Interval(Integral, 0, None, closed="left"), None],
        "fine_tune_factor": [Interval(Real, 0, None, closed="neither"), None],
        "image_size": [StrOptions({"auto"}), tuple, list, None],
        "backbone_params": [Mapping, tuple, list, None],
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
        weights: Any = None,
        freeze_epochs: int | None = None,
        fine_tune_factor: float | None = None,
        image_size: Any = None,
        backbone_params: Any = None,
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
        self.weights = weights
        self.freeze_epochs = freeze_epochs
        self.fine_tune_factor = fine_tune_factor
        self.image_size = image_size
        self.backbone_params = backbone_params
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
            "image_size",
            "backbone_params",
        )
        given = {name: getattr(self, name) for name in names}
        self._check_fine_tuning()
        return self.architecture, used_hyperparameters(self.architecture, given)

    def _check_fine_tuning(self) -> None:
        for name in ("weights", "freeze_epochs", "fine_tune_factor"):
            value = getattr(self, name)
            if value is None:
                continue
            if not is_backbone(self.architecture):
                raise ValueError(
                    f"{name}={value!r} is given, but architecture={self.architecture!r} does not use it: it is for "
                    f"networks of keras.applications, such as 'mobilenet_v3_small'. Leave {name} at None, or choose "
                    "one of these."
                )
            if self.weights is None:
                raise ValueError(
                    f"{name}={value!r} is given, but weights=None leaves nothing to keep: all layers are new and have "
                    f"to be trained alike. Give weights, or leave {name} at None."
                )

    def _frozen_epochs(self) -> int:
        return max(1, int(self.epochs) // 5) if self.freeze_epochs is None else int(self.freeze_epochs)

    def _rate_part(self) -> float:
        if not self._is_pretrained or self.n_iter_ < self._n_frozen:
            return 1.0
        return _FINE_TUNE_FACTOR if self.fine_tune_factor is None else float(self.fine_tune_factor)

    def _pretrained_weights(self) -> Arrays:
        if self.weights is None:
            return ()
        backbone = backbone_named(str(self._fitted_architecture), "architecture")
        params = plain_params(backbone, self._hyperparameters.get("backbone_params"))
        return backbone_weights(backbone, params, self._size_in_network(), self.weights, seed=0)

    def _size_in_network(self) -> tuple[int, int]:
        size = super()._size_in_network()
        if not is_backbone(self._fitted_architecture):
            return size
        return network_size(*size, self._hyperparameters.get("image_size", "auto"))
