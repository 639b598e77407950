"""Optimizer, loss and metrics as users give them: a key that two equal choices share, and fresh Keras objects."""

from __future__ import annotations

import json
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from skimgrec.neural_network._runtime import load_keras

if TYPE_CHECKING:
    import keras

_ONE_UNIT_LOSSES = ("binary_crossentropy", "binary_focal_crossentropy", "bce")
_DEFAULT_LOSS = "sparse_categorical_crossentropy"


def n_outputs(loss: Any, n_classes: int) -> int:
    """Return the number of output units that `loss` wants: 1 for the binary losses, else one for each class.

    Raises
    ------
    ValueError
        If the loss is for two classes and there are more.
    """
    if _loss_name(loss) not in _ONE_UNIT_LOSSES:
        return n_classes
    if n_classes != 2:
        raise ValueError(
            f"loss={loss!r} is for 2 classes, but y has {n_classes}. Use loss=None (cross-entropy over all classes)."
        )
    return 1


def wants_one_hot(loss: Any) -> bool:
    """Tell whether the targets of `loss` are one-hot rows rather than class codes."""
    name = _loss_name(loss)
    return not (name in _ONE_UNIT_LOSSES or name.startswith("sparse_"))


def make_optimizer(
    optimizer: Any, learning_rate: float | None, weight_decay: float | None = None, *, scheduled: bool = False
) -> keras.Optimizer:
    """Return a new optimizer of the kind that a name or an instance says; an instance itself is left untouched.

    Parameters
    ----------
    optimizer : str or keras.Optimizer
    learning_rate, weight_decay : float, optional
        None takes the optimizer's own.
    scheduled : bool
        Whether the learning rate will be set at every step.

    Raises
    ------
    ValueError
        If Keras knows no optimizer of that name, or the optimizer's rate is a schedule and may be none.
    """
    keras = load_keras()
    if isinstance(optimizer, str):
        try:
            optimizer = keras.optimizers.get(optimizer)
        except ValueError:
            known = sorted(
                name.lower()
                for name, kind in vars(keras.optimizers).items()
                if isinstance(kind, type) and issubclass(kind, keras.Optimizer) and kind is not keras.Optimizer
            )
            raise ValueError(
                f"optimizer={optimizer!r}: Keras has no optimizer of that name. It has {', '.join(known)}; or give an "
                "instance of keras.Optimizer."
            ) from None
    if not isinstance(optimizer, keras.Optimizer):
        raise ValueError(f"optimizer={optimizer!r}: expected the name of a Keras optimizer or an instance of one.")
    new = _copied(optimizer)
    if (learning_rate is not None or scheduled) and not isinstance(optimizer.get_config()["learning_rate"], float):
        seen = "a learning_rate_schedule" if learning_rate is None else f"learning_rate={learning_rate}"
        raise ValueError(f"{seen} and an optimizer whose rate is a schedule: give one of the two.")
    if learning_rate is not None:
        new.learning_rate = learning_rate
    if weight_decay is not None:
        new.weight_decay = float(weight_decay) or None
    return new


def make_loss(loss: Any, label_smoothing: float = 0.0) -> keras.losses.Loss:
    """Return a new loss whose value over a batch is divided by the sum of the row weights.

    Keras by default divides by the number of rows, so that a row of weight 2 would count for less than two rows.

    Raises
    ------
    ValueError
        If Keras knows no loss of that name, or it cannot be smoothed.
    """
    keras = load_keras()
    reduction = "mean_with_sample_weight"
    if label_smoothing:
        name = _loss_name(loss) if loss is None or isinstance(loss, str) else None
        if name == "sparse_categorical_crossentropy":
            from skimgrec.neural_network._losses import SmoothedCrossentropy

            return SmoothedCrossentropy(label_smoothing, reduction=reduction)
        if name == "categorical_crossentropy":
            return keras.losses.CategoricalCrossentropy(label_smoothing=label_smoothing, reduction=reduction)
        if name in _ONE_UNIT_LOSSES:
            kind = keras.losses.BinaryFocalCrossentropy if "focal" in name else keras.losses.BinaryCrossentropy
            return kind(label_smoothing=label_smoothing, reduction=reduction)
        raise ValueError(
            f"label_smoothing={label_smoothing} goes with a cross-entropy that is given by name, not with "
            f"loss={loss!r}. Use loss=None, or give a loss that smooths by itself and label_smoothing=0."
        )
    loss = loss() if isinstance(loss, type) else loss
    if isinstance(loss, keras.losses.Loss):
        # `copy.copy` would go by way of the configuration, in which a class of the user's own may not tell everything.
        new = object.__new__(type(loss))
        vars(new).update(vars(loss))
        if new.reduction == "sum_over_batch_size":
            new.reduction = reduction
        return new
    try:
        function = keras.losses.get(_DEFAULT_LOSS if loss is None else loss)
    except ValueError:
        raise ValueError(
            f"loss={loss!r}: Keras has no loss of that name. The usual ones are 'sparse_categorical_crossentropy' (the "
            "default), 'categorical_crossentropy', 'binary_crossentropy' and 'mean_squared_error'."
        ) from None
    if isinstance(function, keras.losses.Loss):
        return make_loss(function)

    from skimgrec.neural_network._losses import FunctionLoss

    name = _loss_name(loss)
    return FunctionLoss(function, name=name if name.isidentifier() else "loss", reduction=reduction)


def make_metrics(metrics: Any) -> list[Any]:
    """Return the metrics to compile with: names and functions as they are, new objects for instances."""
    keras = load_keras()
    given = [] if metrics is None else [metrics] if isinstance(metrics, str) or callable(metrics) else list(metrics)
    given = [metric() if isinstance(metric, type) else metric for metric in given]
    return [_copied(metric) if isinstance(metric, keras.metrics.Metric) else metric for metric in given]


def compilation_key(optimizer: keras.Optimizer, loss: Any, metrics: Any, *settings: Hashable) -> Hashable:
    """Return what two compilations share if one compiled network can serve both.

    The learning rate is no part of it: it is a variable, set before every fit.
    """
    metric_keys = tuple(_object_key(metric) for metric in make_metrics(metrics))
    return optimizer_key(optimizer), _object_key(loss), metric_keys, settings


def optimizer_key(optimizer: keras.Optimizer) -> str:
    """Return what two optimizers share if one can take over the state of the other: all but the learning rate."""
    config = optimizer.get_config()
    # Keras counts its optimizers in their names.
    del config["name"]
    if isinstance(config["learning_rate"], float):
        del config["learning_rate"]
    return _description(optimizer, config)


def _copied(value: Any) -> Any:
    """Return a new optimizer or metric with the settings of `value`, and none of its variables.

    Raises
    ------
    ValueError
        If its class does not tell all of its settings in its configuration, so that a copy would lose them.
    """
    try:
        new = type(value).from_config(value.get_config())
        lost = [name for name, setting in _settings(value).items() if _settings(new).get(name) != setting]
        reason = f"loses {', '.join(lost)}" if lost else ""
    except TypeError as error:
        reason = f"fails: {error}"
    if reason:
        raise ValueError(
            f"{type(value).__name__} is copied by its configuration, so that an instance serves any number of fits, "
            f"and the copy {reason}. Let its get_config return all arguments of its constructor, and register the "
            "classes in it with keras.saving.register_keras_serializable."
        )
    return new


def _object_key(value: Any) -> Hashable:
    if isinstance(value, type):
        value = value()
    return _description(value, value.get_config()) if hasattr(value, "get_config") else value


def _description(value: Any, config: dict[str, Any]) -> str:
    """Return a text that tells objects of one class apart by their settings."""
    kind = type(value)
    # A class of the user's own may keep settings that it does not tell in its configuration.
    own = {} if kind.__module__.startswith("keras.") else _settings(value)
    return json.dumps([kind.__module__, kind.__qualname__, config, own], sort_keys=True, default=repr)


def _settings(value: Any) -> dict[str, Any]:
    """Return the public attributes that hold plain values, but for what Keras itself counts or sets."""
    plain = (str, int, float, tuple, type(None))
    return {
        name: setting
        for name, setting in vars(value).items()
        if isinstance(setting, plain) and not name.startswith("_") and name not in ("name", "built")
    }


def _loss_name(loss: Any) -> str:
    """Return a loss's name in snake case, whichever way it is given."""
    keras = load_keras()
    if loss is None:
        return _DEFAULT_LOSS
    for kind, name in (
        (keras.losses.SparseCategoricalCrossentropy, "sparse_categorical_crossentropy"),
        (keras.losses.BinaryCrossentropy, "binary_crossentropy"),
        (keras.losses.BinaryFocalCrossentropy, "binary_focal_crossentropy"),
    ):
        if isinstance(loss, kind) or (isinstance(loss, type) and issubclass(loss, kind)):
            return name
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)
    if name in vars(keras.losses) and isinstance(getattr(keras.losses, name), type):
        name = getattr(keras.losses, name)().name
    return name
