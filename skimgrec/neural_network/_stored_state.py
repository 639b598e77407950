"""The check of a network's state that comes from a file: it must be what training leaves behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from skimgrec.neural_network._augmentation import augmentation_amounts
from skimgrec.neural_network._runtime import load_keras
from skimgrec.neural_network.architectures import architecture_function

_DTYPE_POLICIES = ("float32", "float16", "bfloat16", "float64", "mixed_float16", "mixed_bfloat16")
# The moments that an optimizer of Keras keeps of each weight, at most, and one spare.
_MOST_MOMENTS = 4


def check_stored_state(net: Any) -> None:
    """Check that a network rebuilt from a file is one that training could have left behind.

    It loads Keras, and builds the network without giving it numbers, so that a file cannot ask for more memory than it
    fills. A user's own architecture is not called before it is used.

    Raises
    ------
    ValueError
        If the weights are not finite or not those of the architecture, or a parameter holds what Keras would have to
        deserialise.
    """
    name = type(net).__name__
    for parameter in ("optimizer", "loss", "metrics", "callbacks", "activation", "class_weight", "augmentation"):
        _check_plain(name, parameter, getattr(net, parameter, None))
    for architecture in (net._fitted_architecture, getattr(net, "architecture", None)):
        _check_plain(name, "architecture", architecture)
    if not isinstance(net._hyperparameters, dict):
        raise ValueError(f"{name} in the file has no hyperparameters.")
    for hyperparameter, value in net._hyperparameters.items():
        _check_plain(name, hyperparameter, value)
    weights, moments, generators = net._weights, net._optimizer_variables, net._generator_states
    for part in (weights, moments, generators):
        if not isinstance(part, tuple) or not all(isinstance(a, np.ndarray) and a.dtype.kind in "fiu" for a in part):
            raise ValueError(f"The weights of {name} in the file are no numbers.")
    if not all(np.isfinite(array).all() for array in (*weights, *moments) if array.dtype.kind not in "iu"):
        raise ValueError(
            f"The weights of {name} are not all finite: training has diverged, or the file was made up. Its "
            "predictions would be meaningless."
        )
    if net._dtype_policy not in _DTYPE_POLICIES or net._input_dtype not in ("uint8", "float32"):
        raise ValueError(f"{name} in the file has a dtype that is none.")
    if augmentation_amounts(dict(net._augmentation)) != net._augmentation:
        raise ValueError(f"{name} in the file has an augmentation that is none.")
    if len(net.classes_) < 2 or net.n_outputs_ not in (1, len(net.classes_)):
        raise ValueError(f"{name} in the file has {net.n_outputs_} outputs for {len(net.classes_)} classes.")
    if type(net._n_frozen) is not int or net._n_frozen < 0 or type(net._is_pretrained) is not bool:
        raise ValueError(f"{name} in the file has trained its outputs alone for {net._n_frozen!r} epochs.")
    sizes = [sum(array.size for array in part) for part in (moments, weights)]
    # Optimizers for matrices flatten or transpose what they keep; the network that is trained on refuses what is wrong.
    if sizes[0] > _MOST_MOMENTS * sizes[1] + 64 or not all(array.ndim <= 6 for array in moments):
        raise ValueError(f"{name} in the file has a state of the optimizer that is larger than its weights allow.")
    if not all(array.size <= 64 for array in generators):
        raise ValueError(f"{name} in the file has a state of its random generators that is none.")
    if isinstance(net._fitted_architecture, str):
        fault = weights_fault(_shapes_of_weights(net, name), weights)
        if fault:
            raise ValueError(f"{name} in the file has {fault}")


def weights_fault(wanted: list[tuple[int, ...]], weights: Any) -> str | None:
    """Return in words where arrays differ from the shapes of an architecture, None if they do not."""
    found = [array.shape for array in weights]
    if wanted == found:
        return None
    place = next((i for i, (a, b) in enumerate(zip(wanted, found, strict=False)) if a != b), None)
    what = f"{len(found)} arrays" if place is None else f"shape {found[place]} at place {place}"
    need = f"{len(wanted)} arrays" if place is None else f"{wanted[place]}"
    return f"weights of {what}, where its architecture has {need}."


def _shapes_of_weights(net: Any, name: str) -> list[tuple[int, ...]]:
    """Return the shapes of a built-in architecture's weights, none of which is made."""
    n = sum(len(array.shape) > 0 for array in net._weights)
    for value in net._hyperparameters.values():
        if isinstance(value, tuple) and len(value) > n:
            raise ValueError(
                f"{name} in the file has an architecture of {len(value)} layers, and weights for {n} only."
            )
    load_keras(net.n_threads)
    try:
        architecture_function(net._fitted_architecture)
        with without_numbers():
            core = net._build_core()
            return [tuple(int(side) for side in weight.shape) for weight in core.weights]
    except Exception as error:  # Keras has many ways to refuse an architecture
        raise ValueError(f"{name} in the file has an architecture that cannot be built: {str(error)[:300]}") from error


@contextmanager
def without_numbers() -> Iterator[None]:
    """Let variables that are made have a shape and no values."""
    from keras.src.backend.common import global_state
    from keras.src.backend.common.stateless_scope import StatelessScope

    waiting = "uninitialized_variables"
    before = list(global_state.get_global_attribute(waiting) or [])
    try:
        with StatelessScope(initialize_variables=False):
            yield
    finally:
        # Keras would give them values at the next occasion.
        global_state.set_global_attribute(waiting, before)


def _check_plain(name: str, parameter: str, value: Any) -> None:
    """Check that Keras finds nothing in a parameter but names and numbers.

    It takes a dict for a serialised object, and imports and calls what that names. Keras's own optimizers, losses and
    metrics are objects here, which `from_plain` has made from names and numbers; callables had to be trusted.
    """
    if value is None or isinstance(value, (bool, int, float, np.generic)) or callable(value):
        return
    if isinstance(value, str):
        if value.replace("_", "").replace("-", "").isalnum() and len(value) < 80:
            return
    elif isinstance(value, (list, tuple)):
        for part in value:
            _check_plain(name, parameter, part)
        return
    elif isinstance(value, dict) and parameter in ("class_weight", "augmentation"):
        for part in value.values():
            _check_plain(name, parameter, part)
        return
    elif type(value).__module__.startswith("keras.") or isinstance(value, np.ndarray):
        return
    raise ValueError(f"{name} in the file has {parameter}={str(value)[:120]!r}, which Keras would have to interpret.")
