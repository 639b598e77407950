"""From what a user names as architecture to the function that builds it, and the check of what a user's own returns."""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from skimgrec.neural_network._runtime import load_keras
from skimgrec.neural_network.architectures._backbone import backbone_architecture
from skimgrec.neural_network.architectures._perceptron import multilayer_perceptron
from skimgrec.neural_network.architectures._residual import residual_cnn
from skimgrec.neural_network.architectures._sequential import sequential_cnn

if TYPE_CHECKING:
    import keras

ARCHITECTURES: dict[str, Callable[..., Any]] = {"residual": residual_cnn, "sequential": sequential_cnn}
_STEPS = ("train_step", "test_step", "compute_loss", "compute_metrics")
_BUILT_IN = {**ARCHITECTURES, "multilayer_perceptron": multilayer_perceptron}


def architecture_function(architecture: Any) -> Callable[..., Any]:
    """Return the function of a built-in architecture or of one of Keras's, or a user's own as it is.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    if not isinstance(architecture, str):
        return architecture
    return _BUILT_IN[architecture] if architecture in _BUILT_IN else backbone_architecture(architecture)


def is_backbone(architecture: Any) -> bool:
    """Tell whether an architecture is a network of `keras.applications`, or else there is none of that name."""
    return isinstance(architecture, str) and architecture not in _BUILT_IN


def used_hyperparameters(architecture: Any, hyperparameters: dict[str, Any]) -> dict[str, Any]:
    """Return those hyperparameters that are not None, all of which the architecture must use.

    Parameters
    ----------
    architecture : str or callable
        A key of `ARCHITECTURES`, a network of `keras.applications`, or a function of their kind.
    hyperparameters : dict
        By name; None stands for the architecture's own value.

    Raises
    ------
    ValueError
        If a hyperparameter is given that the function does not take.
    """
    function = architecture_function(architecture)
    given = {name: value for name, value in hyperparameters.items() if value is not None}
    parameters = list(inspect.signature(function).parameters.values())
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return given
    used = [p.name for p in parameters[2:] if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)]
    unused = [name for name in given if name not in used]
    if unused:
        taken = f"It uses {', '.join(used)}" if used else "It uses none of the hyperparameters"
        raise ValueError(
            f"{unused[0]}={given[unused[0]]!r} is given, but architecture={architecture!r} does not use it. {taken}. "
            f"Leave {' and '.join(unused)} at None, or choose another architecture."
        )
    return given


def plain_hyperparameters(hyperparameters: dict[str, Any]) -> dict[str, Any]:
    """Return hyperparameters as values that compare and hash: sequences and dicts as tuples, plain numbers."""

    def plain(value: Any) -> Any:
        if isinstance(value, Mapping):
            return tuple((name, plain(part)) for name, part in sorted(value.items()))
        if isinstance(value, np.generic):
            return value.item()
        if np.iterable(value) and not isinstance(value, str):
            return tuple(plain(part) for part in value)
        return value

    return {name: plain(value) for name, value in hyperparameters.items()}


def check_core(core: Any, architecture: Any, input_shape: tuple[int, int, int], n_outputs: int) -> keras.Model:
    """Return what a user's own function has built, if it is a network that can be trained here.

    Raises
    ------
    ValueError
        If it is no Keras model, has its own way of training, takes or gives another shape, or gives values that are no
        probabilities.
    """
    keras = load_keras()
    name = f"architecture={getattr(architecture, '__name__', architecture)!r}"
    if not isinstance(core, keras.Model):
        raise ValueError(f"{name} returned {core!r}: it must return a keras.Model, not compiled.")
    own = [method for method in _STEPS if getattr(type(core), method) is not getattr(keras.Model, method)]
    if own:
        raise ValueError(
            f"{name} returned a {type(core).__name__}, which has a {own[0]} of its own: it would not be called "
            "where the model becomes a part of another that is trained. Use loss= or callbacks= for what it does."
        )
    if isinstance(core, keras.Sequential):
        if not core.built:
            core.build((None, *input_shape))
    elif not getattr(core, "inputs", None):
        # A subclass of keras.Model knows its shapes only once it is called.
        inputs = keras.Input(input_shape, dtype="float32")
        core = keras.Model(inputs, core(inputs))
    taken, given = getattr(core, "input_shape", None), getattr(core, "output_shape", None)
    if not _fits(taken, input_shape):
        raise ValueError(
            f"{name} returned a model for inputs of shape {taken}, but the pictures make (None, "
            f"{_listed(input_shape)}). Build it for its first argument, input_shape."
        )
    if not _fits(given, (n_outputs,)):
        raise ValueError(
            f"{name} returned a model with outputs of shape {given}, but the classes and the loss need (None, "
            f"{n_outputs}). End it in a Dense layer with as many units as its second argument says."
        )
    outputs = keras.ops.convert_to_numpy(core(np.full((1, *input_shape), 0.5, np.float32), training=False))
    sums = outputs.astype(np.float64).sum(axis=1)
    if (outputs < 0).any() or (outputs > 1).any() or (n_outputs > 1 and abs(sums[0] - 1) > 1e-2):
        raise ValueError(
            f"{name} returned a model whose outputs are no probabilities: {np.round(outputs[0, :5], 3).tolist()} for a "
            "grey picture. End it in activation='softmax', or 'sigmoid' if it has one unit."
        )
    return core


# The variables of all networks that users' own functions have built, by their identity.
_known: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()


def check_new_variables(core: keras.Model, architecture: Any) -> None:
    """Check that a network shares no variable with one that was built before.

    Raises
    ------
    ValueError
        If it does: training the one would change the other.
    """
    shared: list[Any] = [variable for variable in core.variables if _known.get(id(variable)) is variable]
    if shared:
        raise ValueError(
            f"architecture={getattr(architecture, '__name__', architecture)!r} returned a model with layers that it "
            f"has returned before, such as {shared[0].path!r}: the next fit would go on from this one's weights, and "
            "change them. Make new layers in every call: load saved weights inside the function, or copy a model there "
            "with keras.models.clone_model and set_weights."
        )
    _known.update({id(variable): variable for variable in core.variables})


def _fits(shape: Any, wanted: tuple[int, ...]) -> bool:
    if not isinstance(shape, tuple) or len(shape) != len(wanted) + 1:
        return False
    return all(side is None or side == other for side, other in zip(shape[1:], wanted, strict=True))


def _listed(shape: tuple[int, ...]) -> str:
    return ", ".join(map(str, shape))
