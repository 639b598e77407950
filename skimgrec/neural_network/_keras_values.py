"""Keras objects among an estimator's parameters, as plain data for the journey to another process or file."""

from __future__ import annotations

import os
import sys
from typing import Any

from skimgrec.neural_network._runtime import load_keras

_MARK = "__keras__"
_HOMES = ("optimizers", "losses", "metrics")


def to_plain(value: Any) -> Any:
    """Return an optimizer, loss or metric of Keras's own as a dict of its class and configuration.

    A path becomes text. Everything else comes back as it is: classes of the user's own have to be pickled by
    themselves. Unpickling a Keras object would start TensorFlow in a worker before it has been told its share of the
    cores, and skops refuses it.
    """
    if isinstance(value, (list, tuple)):
        return type(value)(map(to_plain, value))
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if "keras" not in sys.modules or not hasattr(value, "get_config") or getattr(value, "built", False) is True:
        return value
    keras, kind = load_keras(), type(value)
    for home in _HOMES:
        if getattr(getattr(keras, home), kind.__name__, None) is kind:
            config = value.get_config()
            if _is_plain(config):
                return {_MARK: f"{home}.{kind.__name__}", "config": config}
    return value


def from_plain(value: Any, n_threads: int | None = None) -> Any:
    """Return what `to_plain` was given, as a new object; Keras may be loaded for it, with so many threads.

    Keras's own `from_config` is not used: it imports and calls what a configuration names.

    Raises
    ------
    ValueError
        If the value is not one that `to_plain` returns.
    """
    if isinstance(value, (list, tuple)):
        return type(value)(from_plain(part, n_threads) for part in value)
    if not (isinstance(value, dict) and _MARK in value):
        return value
    home, _, name = str(value[_MARK]).partition(".")
    config: Any = value.get("config")
    keras = load_keras(n_threads)
    kind = getattr(getattr(keras, home), name, None) if home in _HOMES and name.isidentifier() else None
    bases = (keras.optimizers.Optimizer, keras.losses.Loss, keras.metrics.Metric)
    if not (isinstance(kind, type) and issubclass(kind, bases)) or not _is_plain(config):
        raise ValueError(f"{value[_MARK]!r} is no optimizer, loss or metric of Keras.")
    return kind(**config)


def _is_plain(config: Any) -> bool:
    return isinstance(config, dict) and all(isinstance(part, (str, int, float, type(None))) for part in config.values())
