"""KerasCNNClassifier."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar

from sklearn.utils._param_validation import Interval, StrOptions

from skimgrec.neural_network._architectures import sequential_cnn
from skimgrec.neural_network._base import BaseKerasClassifier

if TYPE_CHECKING:
    import keras


class KerasCNNClassifier(BaseKerasClassifier):
    """Convolutional neural network for pictures, trained with Keras.

    Blocks of convolution and pooling are followed by dense layers and a softmax over the classes (a sigmoid for the
    binary losses). Pixel values are brought to 0..1 inside the network, by the range seen at `fit`.

    Parameters
    ----------
    filters : int or sequence of int, default=(32, 64)
        Number of filters of the convolution of each block; its length is the number of blocks.
    kernel_size : int or sequence, default=3
        Side of the convolution's window in pixels. Here and in `padding`, `pooling` and `pool_size`, a sequence has
        one entry for each block, and an entry may be a pair (rows, columns). A window larger than what reaches its
        layer is cut to that size, so that small pictures pass.
    activation : str, callable, None or sequence of these, default="relu"
        Keras activation of each block and dense layer; a sequence has one entry for each, blocks first. None is linear.
    padding : {"same", "valid"} or sequence of these, default="same"
        Whether a convolution keeps the size of the picture by zeros around it.
    pooling : {"max", "average"}, None or sequence of these, default="max"
        How each block shrinks the picture; None for not at all.
    pool_size : int or sequence, default=2
        Side of the pooling window in pixels, and its step.
    dense_units : int or sequence of int, default=(128,)
        Number of units of each dense layer between the blocks and the output; () for none.
    dropout : float, None or sequence of these, default=None
        Part of a block's or dense layer's outputs that is set to zero in training, in [0, 1).
    batch_normalization : bool, None or sequence of these, default=False
        Whether to normalise between the linear part of a block or dense layer and its activation.
    loss : str, callable, keras.Loss or None, default=None
        Keras loss. None is cross-entropy over all classes. The binary cross-entropies make the network end in one
        sigmoid unit and need two classes; losses whose name starts with ``sparse_`` get class codes, all others one-hot
        rows. The weighted mean of a batch is divided by the sum of the weights.
    metrics : str, callable, keras.Metric or sequence of these, default=("accuracy",)
        What `history_` records beside the loss.
    optimizer : str or keras.Optimizer, default="adam"
        Keras optimizer. An instance is copied and stays as it is.
    learning_rate : float, default=None
        Step size; None takes the optimizer's own.
    epochs : int, default=20
        Number of passes over the pictures in one `fit`.
    batch_size : int, default=32
        Number of pictures in a training step.
    class_weight : dict, "balanced" or None, default=None
        Weight of each class, multiplied with `sample_weight`; "balanced" is inverse to how often classes occur.
    warm_start : bool, default=False
        Whether `fit` goes on from the weights and the optimizer state of the last one.
    random_state : int, RandomState instance or None, default=None
        Seeds the initial weights, the order of the pictures and dropout. Equal seeds give bit-identical networks, in
        this process and in others, as long as TensorFlow runs with the same number of threads.
    verbose : int, default=0
        Keras's: 0 for silence, 1 for a progress bar, 2 for one line for each epoch.
    image_shape : tuple of int, default=None
        (h, w) or (h, w, c) of flattened pictures. None takes a perfect square of features for a square grey picture
        and any other number for a picture of one row.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    weights_ : list of ndarray
        Weights of the network, in the order of `keras.Model.get_weights`. The arrays are read-only; a new list may be
        assigned.
    model_ : keras.Model
        The trained network, built anew each time it is asked for.
    history_ : dict of str to list of float
        Loss and metrics of each epoch.
    n_iter_ : int
        Number of epochs trained.
    n_outputs_ : int
        Number of output units: 1 with a binary loss, else the number of classes.
    image_shape_ : tuple of int
        Shape of one picture.
    value_range_ : tuple of float
        Smallest and largest pixel value: (0, 255) for `uint8`, else as seen at `fit`.
    n_features_in_ : int
        Number of values in one picture.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Column names, if `fit` was given a data frame with string column names.

    See Also
    --------
    KerasMLPClassifier : Dense layers only.
    HOGTransformer : Features for scikit-learn's own classifiers.

    Notes
    -----
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
        "filters": ["array-like", Interval(Integral, 1, None, closed="left")],
        "kernel_size": ["array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [str, callable, "array-like", None],
        "padding": [StrOptions({"same", "valid"}), "array-like"],
        "pooling": [StrOptions({"max", "average"}), "array-like", None],
        "pool_size": ["array-like", Interval(Integral, 1, None, closed="left")],
        "dense_units": ["array-like", Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        *,
        filters: Any = (32, 64),
        kernel_size: Any = 3,
        activation: Any = "relu",
        padding: Any = "same",
        pooling: Any = "max",
        pool_size: Any = 2,
        dense_units: Any = (128,),
        dropout: Any = None,
        batch_normalization: Any = False,
        loss: Any = None,
        metrics: Any = ("accuracy",),
        optimizer: Any = "adam",
        learning_rate: float | None = None,
        epochs: int = 20,
        batch_size: int = 32,
        class_weight: Any = None,
        warm_start: bool = False,
        random_state: Any = None,
        verbose: int = 0,
        image_shape: tuple[int, ...] | None = None,
    ) -> None:
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
        self.metrics = metrics
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose
        self.image_shape = image_shape

    def _architecture(self) -> tuple[Callable[..., keras.Model], dict[str, Any]]:
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
        return sequential_cnn, {name: getattr(self, name) for name in names}
