"""What the configuration in a file of Keras says of the network, read as data: nothing of it is imported or called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from skimgrec.persistence._errors import ModelFileError

_MOST_LAYERS, _DEEPEST = 2000, 8
# What does nothing when the network predicts.
_IDLE_NAMES = (
    "ActivityRegularization AlphaDropout Dropout GaussianDropout GaussianNoise RandomBrightness RandomContrast "
    "RandomFlip RandomRotation RandomTranslation RandomZoom SpatialDropout2D"
)
_IDLE = frozenset(_IDLE_NAMES.split())
_MODELS = frozenset({"Sequential", "Functional", "Model"})
INPUT = -1


@dataclass(frozen=True)
class Step:
    """A layer that has a part in the network's answers; an activation is a step of its own.

    Parameters
    ----------
    name : str
        Of the layer.
    kind : str
        Its class.
    settings : dict
        All that the answers depend on.
    inputs : tuple of int
        Numbers of the steps that it takes its input from; -1 for the pictures.
    """

    name: str
    kind: str
    settings: dict[str, Any]
    inputs: tuple[int, ...]


@dataclass
class Network:
    """The steps of a network in their order.

    Parameters
    ----------
    steps : list of Step
    shape : tuple or None
        Of one input, as far as the file tells it.
    dropout : dict of int to float
        Rates of dropout, by the number of the step before.
    """

    steps: list[Step] = field(default_factory=list)
    shape: tuple[int | None, ...] | None = None
    dropout: dict[int, float] = field(default_factory=dict)

    def without_first(self) -> Network:
        """Return the network behind its first step."""
        steps = [
            Step(step.name, step.kind, step.settings, tuple(max(INPUT, number - 1) for number in step.inputs))
            for step in self.steps[1:]
        ]
        return Network(steps, self.shape, {number - 1: rate for number, rate in self.dropout.items()})


def read_network(config: Any) -> Network:
    """Return the network that a configuration describes.

    Parameters
    ----------
    config : object
        What was read from JSON: a dict with "class_name" and "config", as Keras 2 and 3 write it.

    Raises
    ------
    ModelFileError
        If it is not as Keras writes it, or has several inputs or outputs.
    """
    network = Network()
    try:
        _add_model(network, config, [INPUT], 0)
    except (KeyError, IndexError, TypeError, AttributeError, ValueError, RecursionError) as error:
        if isinstance(error, ModelFileError):
            raise
        raise ModelFileError(
            f"The configuration of the network is not as Keras writes it ({type(error).__name__}: {str(error)[:100]})."
        ) from error
    return network


def _add_model(network: Network, entry: Any, inputs: list[int], depth: int) -> int:
    """Add the steps of a model, and return the number of the last."""
    kind, config = entry["class_name"], entry["config"]
    if kind not in _MODELS:
        raise ModelFileError(f"The network is a {str(kind)[:80]}, of which the file does not tell the layers.")
    if depth > _DEEPEST:
        raise ModelFileError("The models of the file are nested too deeply.")
    layers = config if isinstance(config, list) else config["layers"]
    if kind == "Sequential":
        (current,) = inputs
        for layer in layers:
            current = _add_layer(network, layer, [current], depth)
        return current
    outputs: dict[str, int] = {}
    for layer in layers:
        name = layer.get("name", layer["config"].get("name"))
        if layer["class_name"] == "InputLayer":
            outputs[name] = _add_layer(network, layer, inputs, depth)
            continue
        given = [outputs[before] for before in _inbound(layer["inbound_nodes"])]
        outputs[name] = _add_layer(network, layer, given, depth)
    if len(_ends(config["input_layers"])) != 1 or len(_ends(config["output_layers"])) != 1:
        raise ModelFileError("The network has several inputs or outputs, and a classifier of pictures has one of each.")
    return outputs[_ends(config["output_layers"])[0]]


def _ends(listed: Any) -> list[str]:
    """Return the names in "input_layers" or "output_layers", which Keras writes with or without a list around one."""
    return [listed[0]] if listed and isinstance(listed[0], str) else [end[0] for end in listed]


def _inbound(nodes: Any) -> list[str]:
    """Return the names of the layers before one, in their order."""
    if len(nodes) != 1:
        raise ModelFileError("A layer of the network is used several times.")
    found: list[str] = []

    def look(value: Any) -> None:
        if isinstance(value, dict):
            history = value.get("keras_history")
            if history is not None:
                found.append(history[0])
                return
            for part in value.values():
                look(part)
        elif isinstance(value, list):
            if len(value) >= 3 and isinstance(value[0], str) and isinstance(value[1], int):
                found.append(value[0])
                return
            for part in value:
                look(part)

    look(nodes[0])
    return found


def _add_layer(network: Network, entry: Any, inputs: list[int], depth: int) -> int:
    """Add the steps of a layer, and return the number of the last."""
    kind, config = entry["class_name"], entry["config"]
    if kind in _MODELS:
        (before,) = inputs
        return _add_model(network, entry, [before], depth + 1)
    if network.shape is None:
        shape = config.get("batch_shape", config.get("batch_input_shape"))
        network.shape = None if shape is None else tuple(shape[1:])
    if kind == "InputLayer":
        return inputs[0]
    if kind in _IDLE:
        (before,) = inputs
        if kind == "Dropout":
            network.dropout[before] = float(config["rate"])
        return before
    registered = entry.get("registered_name")
    if isinstance(registered, str) and ">" in registered:
        kind = registered
    name = str(config.get("name", kind))[:80]
    tell = _SETTINGS.get(kind)
    settings = {"unknown": True} if tell is None else tell(config)
    kind = {"ReLU": "Activation", "Softmax": "Activation"}.get(kind, kind) if "activation" in settings else kind
    activation = settings.pop("activation") if kind != "Activation" and "activation" in settings else "linear"
    current = inputs
    if not (kind == "Activation" and settings["activation"] == "linear"):
        current = [_append(network, Step(name, kind, settings, tuple(inputs)))]
    if activation != "linear":
        current = [_append(network, Step(name, "Activation", {"activation": activation}, tuple(current)))]
    return current[0]


def _append(network: Network, step: Step) -> int:
    network.steps.append(step)
    if len(network.steps) > _MOST_LAYERS:
        raise ModelFileError(f"The network has more than {_MOST_LAYERS} layers.")
    return len(network.steps) - 1


def _pair(value: Any) -> tuple[int, int]:
    rows, columns = value if isinstance(value, (list, tuple)) else (value, value)
    return int(rows), int(columns)


def _activation(config: dict[str, Any], key: str = "activation") -> str:
    """Return the name of one of Keras's functions; of others, what the file has."""
    value = config.get(key, "linear")
    if isinstance(value, dict) and isinstance(value.get("config"), str):
        value = value["config"]
    name = "linear" if value is None else str(value)[:80]
    return {"swish": "silu", "hard_swish": "hard_silu"}.get(name, name)


def _convolution(config: dict[str, Any]) -> dict[str, Any]:
    return {
        "filters": int(config["filters"]),
        "kernel_size": _pair(config["kernel_size"]),
        "strides": _pair(config.get("strides", 1)),
        "padding": str(config["padding"]),
        "dilation_rate": _pair(config.get("dilation_rate", 1)),
        "groups": int(config.get("groups", 1)),
        "use_bias": bool(config["use_bias"]),
        **_layout(config),
        "activation": _activation(config),
    }


def _pooling(config: dict[str, Any]) -> dict[str, Any]:
    size, strides = _pair(config["pool_size"]), config.get("strides")
    return {
        "pool_size": size,
        "strides": size if strides is None else _pair(strides),
        "padding": str(config["padding"]),
        **_layout(config),
    }


def _layout(config: dict[str, Any]) -> dict[str, Any]:
    return {"data_format": str(config.get("data_format") or "channels_last")}


def _batch_normalization(config: dict[str, Any]) -> dict[str, Any]:
    axis = config.get("axis", -1)
    (axis,) = axis if isinstance(axis, list) else [axis]
    return {
        # Of pictures, 3 is the last one.
        "axis": -1 if axis == 3 else int(axis),
        "epsilon": float(config["epsilon"]),
        "center": bool(config["center"]),
        "scale": bool(config["scale"]),
    }


def _relu(config: dict[str, Any]) -> dict[str, Any]:
    slope = config.get("negative_slope") or 0
    largest, threshold = config.get("max_value"), config.get("threshold") or 0
    if slope == 0 and threshold == 0 and largest in (None, 6):
        return {"activation": "relu" if largest is None else "relu6"}
    return {"max_value": largest, "negative_slope": slope, "threshold": threshold}


_SETTINGS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "Activation": lambda config: {"activation": _activation(config)},
    "Add": lambda config: {},
    "AveragePooling2D": _pooling,
    "BatchNormalization": _batch_normalization,
    "Conv2D": _convolution,
    "Dense": lambda config: {
        "units": int(config["units"]),
        "use_bias": bool(config["use_bias"]),
        "activation": _activation(config),
    },
    "Flatten": _layout,
    "GlobalAveragePooling2D": lambda config: {**_layout(config), "keepdims": bool(config.get("keepdims", False))},
    "MaxPooling2D": _pooling,
    "ReLU": _relu,
    "Rescaling": lambda config: {"scale": config["scale"], "offset": config.get("offset", 0.0)},
    "Softmax": lambda config: {"activation": "softmax"} if config.get("axis", -1) == -1 else {"axis": config["axis"]},
}


def first_difference(found: Network, wanted: Network) -> str | None:
    """Return in words where a file's network first differs from an architecture; None if it answers as that would."""
    pairs: Sequence[tuple[Step | None, Step | None]] = list(zip_longest(found.steps, wanted.steps))
    for number, (own, other) in enumerate(pairs, 1):
        if own is None:
            assert other is not None
            return f"the file's network ends where the architecture goes on with {_described(other)}"
        if other is None:
            return f"the file's network goes on with {own.name} ({_described(own)}) where the architecture ends"
        where = f"layer {number} of the file, {own.name},"
        if own.kind != other.kind:
            return f"{where} is {_described(own)} where the architecture has {_described(other)}"
        for setting, value in own.settings.items():
            if value != other.settings.get(setting):
                return f"{where} has {setting}={value!r} where the architecture has {other.settings.get(setting)!r}"
        if sorted(own.inputs) != sorted(other.inputs):
            return f"{where} takes its input from other layers than in the architecture"
    return None


def _described(step: Step) -> str:
    settings = ", ".join(f"{name}={value!r}" for name, value in list(step.settings.items())[:2] if name != "unknown")
    return f"{step.kind[:80]}({settings[:120]})"
