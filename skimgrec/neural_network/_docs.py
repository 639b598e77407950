"""Texts that the docstrings of several classifiers share."""

from __future__ import annotations

_LOSS = """\
loss : str, callable, keras.Loss or None, default=None
    Keras loss. None is cross-entropy over all classes. The binary cross-entropies make the network end in one
    sigmoid unit and need two classes; losses whose name starts with ``sparse_`` get class codes, all others one-hot
    rows. The weighted mean of a batch is divided by the sum of the weights.
label_smoothing : float, default=0.0
    Part of the certainty of each label that is shared out over all classes, in [0, 1). For cross-entropies by name.
metrics : str, callable, keras.Metric or sequence of these, default=("accuracy",)
    What `history_` records beside the loss, weighted as the loss is.
optimizer : str or keras.Optimizer, default="adam"
    Keras optimizer. An instance is copied and stays as it is.
learning_rate : float, default=None
    Step size, the highest one where a schedule changes it. None takes the optimizer's own, and ten times as much for
    an optimizer by name with "one_cycle", which is that high for few steps only: 0.01 for Adam. Every `fit` and
    `partial_fit` starts from it, whatever callbacks have made of it before.
learning_rate_schedule : {"constant", "cosine", "one_cycle"}, default=[[schedule]]
    "cosine" lowers the rate, step by step, to a hundredth; "one_cycle" raises it from a twenty-fifth during the first 3
    tenths of the steps, then lowers it likewise. A schedule spans `epochs`. `partial_fit` goes on in it, and after its
    end keeps the last rate; `fit` begins a new one, with ``warm_start=True``, too.
weight_decay : float, default=None
    Part of each weight, times the learning rate, that is taken off in every step; biases and the scales of
    normalisation are spared. None takes the optimizer's own."""

_TRAINING = """\
batch_size : int or "auto", default="auto"
    Number of pictures in a training step. "auto" is 128, 64 or 32: the largest that makes 100 steps of an epoch, and 32
    where none does.
augmentation : {"flip", "light"}, dict or None, default=None
    Random changes of the training pictures, drawn anew in every epoch: "flip" mirrors half of them left to right,
    "light" also shifts them by up to an eighth of their size. Neither suits letters and digits. A dict gives amounts:
    flip ("horizontal", "vertical" or "both"), shift (part of the size), rotation (part of a full turn), zoom (0.2 is
    80 to 120 %), shear (pixels sideways for each pixel down), contrast (0.2 is 80 to 120 %). Validation and prediction
    see pictures as they are.
early_stopping : bool, default=False
    Whether `fit` stops when the score on validation pictures gets no better, and takes back the weights of the best
    epoch. Without `X_val`, a part of the training pictures is set aside for it, shuffled and stratified; they count
    by their `sample_weight`, not by `class_weight`. With ``warm_start=True``, what an earlier fit with
    early stopping came to is judged by the pictures set aside now, and stays in the running.
validation_fraction : float, default=0.1
    That part, in (0, 1).
n_iter_no_change : int, default=10
    How many epochs in a row may fail to better the score.
callbacks : keras.callbacks.Callback, callable, sequence of these or None, default=None
    Keras callbacks, or functions without arguments that return one. Each fit has its own: instances are copied. Those
    that set the learning rate need ``learning_rate_schedule="constant"``.
class_weight : dict, "balanced" or None, default=None
    Weight of each class, multiplied with `sample_weight`; "balanced" is inverse to how often classes occur.
feature_layer : int or str, default=-2
    Layer whose output `transform` returns: its number, from the end if negative, or its name. Those without a name of
    their own are called "conv2d", "conv2d_1" and so on, counted within the network.
dtype_policy : str, default=None
    Keras dtype policy, such as "float32" or "mixed_bfloat16"; "auto" is the latter on processors with instructions for
    it. None is the policy that Keras is set to, which it keeps for each thread apart: workers do not see it.
n_threads : int, default=None
    Number of threads of the backend. TensorFlow fixes it for the whole process at its first use, and a warning says if
    it is fixed to another number. Fits at equal numbers are bit-identical, at others they agree to a few digits.
warm_start : bool, default=False
    Whether `fit` goes on from the weights and the optimizer state of the last one.
random_state : int, RandomState instance or None, default=None
    Seeds the initial weights, the order of the pictures, augmentation, dropout and what is set aside. Equal seeds give
    bit-identical networks, in this process and in others, as long as TensorFlow runs with the same number of threads.
verbose : int, default=0
    0 for silence, 1 for a progress bar on stderr, 2 for one line for each epoch.
image_shape : tuple of int, default=None
    (h, w) or (h, w, c) of flattened pictures. None takes a perfect square of features for a square grey picture
    and any other number for a picture of one row."""

_ATTRIBUTES = """\
classes_ : ndarray of shape (n_classes,)
    Class labels.
weights_ : list of ndarray
    Weights of the network, in the order of `keras.Model.get_weights`. The arrays are read-only; a new list may be
    assigned.
model_ : keras.Model
    The trained network, built anew each time it is asked for.
history_ : dict of str to list of float
    Loss and metrics of each epoch; those on validation pictures start with ``val_``.
loss_curve_ : list of float
    Loss of each epoch.
loss_ : float
    Loss of the last epoch.
best_loss_ : float
    The smallest loss of an epoch.
validation_scores_ : list of float or None
    Accuracy of each epoch on the validation pictures, or their loss with a minus sign if `metrics` lacks "accuracy".
best_validation_score_ : float or None
    The highest of them.
best_epoch_ : int or None
    Number of the epoch, from 1, whose weights early stopping has taken back; None without early stopping, and where
    what a fit with ``warm_start=True`` went on from was better than all of its epochs.
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
    Column names, if `fit` was given a data frame with string column names."""

TEXTS = {"loss": _LOSS, "training": _TRAINING, "attributes": _ATTRIBUTES}
