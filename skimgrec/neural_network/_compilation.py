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


def make_optimizer(optimizer: Any, learning_rate: float | None) -> keras.Optimizer:
    """Return a new optimizer of the kind that a name or an instance says; an instance itself is left untouched.

    Raises
    ------
    ValueError
        If Keras knows no optimizer of that name.
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
    config = optimizer.get_config()
    if learning_rate is not None:
        config["learning_rate"] = learning_rate
    return type(optimizer).from_config(config)


def make_loss(loss: Any) -> keras.losses.Loss:
    """Return a new loss whose value over a batch is divided by the sum of the row weights.

    Keras by default divides by the number of rows, so that a row of weight 2 would count for less than two rows.

    Raises
    ------
    ValueError
        If Keras knows no loss of that name.
    """
    keras = load_keras()
    reduction = "mean_with_sample_weight"
    if isinstance(loss, keras.losses.Loss):
        config = loss.get_config()
        if config["reduction"] == "sum_over_batch_size":
            config["reduction"] = reduction
        return type(loss).from_config(config)
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
    return [type(m).from_config(m.get_config()) if isinstance(m, keras.metrics.Metric) else m for m in given]


def compilation_key(optimizer: keras.Optimizer, loss: Any, metrics: Any) -> Hashable:
    """Return what two compilations share if one compiled network can serve both.

    The learning rate is no part of it: it is a variable, set before every fit.
    """
    config = optimizer.get_config()
    # Keras counts its optimizers in their names.
    del config["name"]
    if isinstance(config["learning_rate"], float):
        del config["learning_rate"]
    return (
        type(optimizer),
        json.dumps(config, sort_keys=True, default=repr),
        _object_key(loss),
        tuple(_object_key(metric) for metric in make_metrics(metrics)),
    )


def _object_key(value: Any) -> Hashable:
    if hasattr(value, "get_config"):
        return type(value), json.dumps(value.get_config(), sort_keys=True, default=repr)
    return value


def _loss_name(loss: Any) -> str:
    """Return a loss's name in snake case, whichever way it is given."""
    keras = load_keras()
    if loss is None:
        return _DEFAULT_LOSS
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)
    if name in vars(keras.losses) and isinstance(getattr(keras.losses, name), type):
        name = getattr(keras.losses, name)().name
    return name
