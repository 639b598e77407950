"""Keras objects among an estimator's parameters, as plain data for the journey to another process or file."""

from __future__ import annotations

import sys
from typing import Any

from skimgrec.neural_network._runtime import load_keras

_MARK = "__keras__"
_HOMES = ("optimizers", "losses", "metrics")


def to_plain(value: Any) -> Any:
    """Return an optimizer, loss or metric of Keras's own as a dict of its class and configuration.

    Everything else comes back as it is: classes of the user's own have to be pickled by themselves. Unpickling a Keras
    object would start TensorFlow in a worker before it has been told its share of the cores, and skops refuses it.
    """
    if isinstance(value, (list, tuple)):
        return type(value)(map(to_plain, value))
    if "keras" not in sys.modules or not hasattr(value, "get_config") or getattr(value, "built", False) is True:
        return value
    keras, kind = load_keras(), type(value)
    for home in _HOMES:
        if getattr(getattr(keras, home), kind.__name__, None) is kind:
            config = value.get_config()
            if all(isinstance(part, (str, int, float, type(None))) for part in config.values()):
                return {_MARK: f"{home}.{kind.__name__}", "config": config}
    return value


def from_plain(value: Any, n_threads: int | None = None) -> Any:
    """Return what `to_plain` was given, as a new object; Keras may be loaded for it, with so many threads."""
    if isinstance(value, (list, tuple)):
        return type(value)(from_plain(part, n_threads) for part in value)
    if not (isinstance(value, dict) and _MARK in value):
        return value
    home, _, name = value[_MARK].partition(".")
    if home not in _HOMES or not name.isidentifier():
        raise ValueError(f"{value[_MARK]!r} is no optimizer, loss or metric of Keras.")
    return getattr(getattr(load_keras(n_threads), home), name).from_config(value["config"])
