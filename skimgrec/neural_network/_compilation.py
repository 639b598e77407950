"""Optimizer, loss and metrics as users give them: a key that two equal choices share, and fresh Keras objects."""

from __future__ import annotations

import inspect
import json
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import numpy as np

from skimgrec.neural_network._runtime import load_keras

if TYPE_CHECKING:
    import keras

_ONE_UNIT_LOSSES = ("binary_crossentropy", "binary_focal_crossentropy", "bce")
_DEFAULT_LOSS = "sparse_categorical_crossentropy"
_PLAIN = (str, int, float, tuple, type(None))
# "one_cycle" reaches its highest rate for a few steps only, which may be so many times that of a whole training.
_PEAK = 10.0
_WRAPPERS = ("lossscaleoptimizer", "multioptimizer")


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
    optimizer: Any, learning_rate: float | None, weight_decay: float | None = None, *, schedule: str = "constant"
) -> keras.Optimizer:
    """Return a new optimizer of the kind that a name or an instance says; an instance itself is left untouched.

    Parameters
    ----------
    optimizer : str or keras.Optimizer
    learning_rate, weight_decay : float, optional
        None takes the optimizer's own.
    schedule : {"constant", "cosine", "one_cycle"}, default="constant"
        How the learning rate will change.

    Raises
    ------
    ValueError
        If Keras knows no optimizer of that name, or the optimizer's rate is a schedule and may be none.
    """
    keras = load_keras()
    kinds = {
        name.lower(): kind
        for name, kind in vars(keras.optimizers).items()
        if isinstance(kind, type) and issubclass(kind, keras.Optimizer) and kind is not keras.Optimizer
    }
    wrappers = tuple(kinds.pop(name) for name in _WRAPPERS if name in kinds)
    if isinstance(optimizer, str):
        if optimizer.lower() not in kinds:
            raise ValueError(
                f"optimizer={optimizer!r}: Keras has no optimizer of that name. It has {', '.join(sorted(kinds))}; or "
                "give an instance of keras.Optimizer."
            )
        optimizer = kinds[optimizer.lower()]()
        if learning_rate is None and schedule == "one_cycle":
            learning_rate = _PEAK * float(optimizer.get_config()["learning_rate"])
    if isinstance(optimizer, wrappers):
        raise ValueError(
            f"optimizer={type(optimizer).__name__}(...) wraps other optimizers. Give a plain one: losses are scaled "
            "where dtype_policy='mixed_float16' needs it."
        )
    if not isinstance(optimizer, keras.Optimizer):
        raise ValueError(f"optimizer={optimizer!r}: expected the name of a Keras optimizer or an instance of one.")
    new = _copied(optimizer)
    is_set = learning_rate is not None or schedule != "constant"
    if is_set and not isinstance(optimizer.get_config()["learning_rate"], float):
        seen = "a learning_rate_schedule" if learning_rate is None else f"learning_rate={learning_rate}"
        raise ValueError(
            f"{seen} and an optimizer whose rate is a schedule: give one of the two. The optimizer's is followed with "
            "learning_rate=None and learning_rate_schedule='constant'."
        )
    if learning_rate is not None:
        new.learning_rate = learning_rate
    if weight_decay is not None:
        new.weight_decay = float(weight_decay) or None
    return new


def make_loss(loss: Any, label_smoothing: float = 0.0, reduction: str = "mean_with_sample_weight") -> keras.losses.Loss:
    """Return a new loss whose value over a batch is divided by the sum of the row weights.

    Keras by default divides by the number of rows, so that a row of weight 2 would count for less than two rows.

    Raises
    ------
    ValueError
        If Keras knows no loss of that name, or it cannot be smoothed.
    """
    keras = load_keras()
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
        return make_loss(function, reduction=reduction)

    from skimgrec.neural_network._losses import FunctionLoss

    name = _loss_name(loss)
    return FunctionLoss(function, name=name if name.isidentifier() else "loss", reduction=reduction)


def make_saveable_loss(loss: Any, label_smoothing: float = 0.0) -> keras.losses.Loss:
    """Return what `make_loss` does, as an object that Keras can save and load with a network, where there is one."""
    made = make_loss(loss, label_smoothing)

    from skimgrec.neural_network._losses import FunctionLoss

    return made.as_keras_own() if isinstance(made, FunctionLoss) else made


def averages(loss: Any, label_smoothing: float = 0.0) -> bool:
    """Tell whether a loss over a batch is a weighted mean, to which only the ratios of the weights matter."""
    return make_loss(loss, label_smoothing).reduction == "mean_with_sample_weight"


def make_metrics(metrics: Any) -> list[Any]:
    """Return the metrics to compile with: names and functions as they are, new objects for instances."""
    keras = load_keras()
    given = [] if metrics is None else [metrics] if isinstance(metrics, str) or callable(metrics) else list(metrics)
    given = [metric() if isinstance(metric, type) else metric for metric in given]
    return [_copied(metric) if isinstance(metric, keras.metrics.Metric) else metric for metric in given]


def compilation_key(optimizer: keras.Optimizer, loss: Any, metrics: Any, *settings: Hashable) -> Hashable:
    """Return what two compilations share if one compiled network can serve both, in this process.

    The learning rate is no part of it: it is a variable, set before every fit.
    """
    metric_keys = tuple(_metric_key(metric) for metric in make_metrics(metrics))
    # Another class may have the same name, in a notebook for example.
    return type(optimizer), optimizer_key(optimizer), _loss_key(loss), metric_keys, settings


def optimizer_key(optimizer: keras.Optimizer) -> str:
    """Return what two optimizers share if one can take over the state of the other: all but the learning rate."""
    config = optimizer.get_config()
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
    config = value.get_config()
    lost = [argument.name for argument in _own_arguments(type(value)) if _is_lost(argument, value, config)]
    try:
        new = type(value).from_config(config)
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


def _own_arguments(kind: type) -> list[inspect.Parameter]:
    """Return what the constructor of a class of the user's own takes; nothing for Keras's own constructors."""
    owner = next(cls for cls in kind.__mro__ if "__init__" in vars(cls))
    constructor = vars(owner)["__init__"]
    if is_keras_own(owner):
        return []
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [
        argument for argument in list(inspect.signature(constructor).parameters.values())[1:] if argument.kind in named
    ]


def _is_lost(argument: inspect.Parameter, value: Any, config: dict[str, Any]) -> bool:
    """Tell whether a copy would not be given an argument, unless it plainly has its default."""
    kept = vars(value).get(argument.name, vars(value).get(f"_{argument.name}", argument.empty))
    is_default = type(kept) is type(argument.default) and isinstance(kept, _PLAIN) and kept == argument.default
    return argument.name not in config and not is_default


def is_keras_own(kind: type) -> bool:
    """Tell whether a class comes with Keras or Python, so that Keras finds it again by its name."""
    return kind.__module__.partition(".")[0] in ("keras", "builtins")


def _metric_key(metric: Any) -> Hashable:
    # Instances are copied by their configuration, which therefore tells all of them.
    return (type(metric), _description(metric, metric.get_config())) if hasattr(metric, "get_config") else metric


def _loss_key(loss: Any) -> Hashable:
    """Return what tells losses apart: of a class of the user's own, which may keep anything, the object itself."""
    if not hasattr(loss, "get_config") or isinstance(loss, type) or not is_keras_own(type(loss)):
        return loss
    return _description(loss, loss.get_config())


def _description(value: Any, config: dict[str, Any]) -> str:
    """Return a text that tells objects of one class apart by their configuration."""
    # Keras counts objects in the names that it gives them.
    config = {name: setting for name, setting in config.items() if name != "name"}
    kind = type(value)
    return json.dumps([kind.__module__, kind.__qualname__, config], sort_keys=True, default=_in_full)


def _in_full(setting: Any) -> Any:
    # NumPy abbreviates long arrays in their repr.
    return setting.tolist() if isinstance(setting, np.ndarray) else repr(setting)


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
