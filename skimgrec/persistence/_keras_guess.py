"""From the network in a file of Keras to the parameters of a classifier that has the same."""

from __future__ import annotations

from typing import Any

from skimgrec.persistence._errors import ModelFileError
from skimgrec.persistence._keras_config import INPUT, Network, Step

# Names that are passed on to Keras as activations: functions of its own, whatever else may be registered there.
_ACTIVATION_NAMES = (
    "elu exponential gelu hard_sigmoid hard_silu leaky_relu linear mish relu relu6 selu sigmoid silu softplus softsign "
    "tanh"
)
_ACTIVATIONS = frozenset(_ACTIVATION_NAMES.split())
# No picture that this package takes has more values on a side, and no layer more units.
_LARGEST = 2**24


def guess_classifier(network: Network) -> Any:
    """Return an unfitted classifier that may have the same network, which remains to be compared.

    Raises
    ------
    ModelFileError
        If no built-in architecture has such layers.
    """
    from skimgrec.neural_network import KerasCNNClassifier, KerasMLPClassifier

    steps = network.steps
    kinds = [step.kind for step in steps]
    dense = [number for number, kind in enumerate(kinds) if kind == "Dense"]
    unknown = next((step for step in steps if "unknown" in step.settings), None)
    if unknown is not None:
        raise ModelFileError(f"its layer {unknown.name} is of the kind {unknown.kind[:80]}, which they do not use")
    if not dense:
        raise ModelFileError("it has no dense layer at its end, as all of skimgrec's architectures have")
    loss = "binary_crossentropy" if steps[dense[-1]].settings["units"] == 1 else None
    if "Conv2D" not in kinds:
        return KerasMLPClassifier(loss=loss, **_perceptron(network, dense))
    if "GlobalAveragePooling2D" in kinds:
        return KerasCNNClassifier(architecture="residual", loss=loss, **_residual(network))
    return KerasCNNClassifier(architecture="sequential", loss=loss, **_sequential(network, dense))


def _perceptron(network: Network, dense: list[int]) -> dict[str, Any]:
    blocks = [_block(network, number) for number in dense[:-1]]
    return {
        "hidden_layer_sizes": tuple(_size(network.steps[number].settings["units"]) for number in dense[:-1]),
        "activation": _each([block["activation"] for block in blocks], "relu"),
        "dropout": _each([block["dropout"] for block in blocks], None),
        "batch_normalization": _each([block["normalized"] for block in blocks], False),
    }


def _sequential(network: Network, dense: list[int]) -> dict[str, Any]:
    steps = network.steps
    convolutions = [number for number, step in enumerate(steps) if step.kind == "Conv2D"]
    layers = [*convolutions, *dense[:-1]]
    blocks = [_block(network, number) for number in layers]
    shapes = [steps[number].settings for number in convolutions]
    pools = [block["pool"] for block in blocks[: len(convolutions)]]
    return {
        "filters": tuple(_size(shape["filters"]) for shape in shapes),
        "kernel_size": _each([_sizes(shape["kernel_size"]) for shape in shapes], 3),
        "padding": _each([_either(shape["padding"]) for shape in shapes], "same"),
        "pooling": _each(["none" if pool is None else _pooling(pool) for pool in pools], "max"),
        "pool_size": _each([2 if pool is None else _sizes(pool.settings["pool_size"]) for pool in pools], 2),
        "dense_units": tuple(_size(steps[number].settings["units"]) for number in dense[:-1]),
        "activation": _each([block["activation"] for block in blocks], "relu"),
        "dropout": _each([block["dropout"] for block in blocks], None),
        "batch_normalization": _each([block["normalized"] for block in blocks], False),
    }


def _residual(network: Network) -> dict[str, Any]:
    convolutions = [number for number, step in enumerate(network.steps) if step.kind == "Conv2D"]
    # The first of each stage stands for the pair behind it, too.
    first = [convolutions[0], *convolutions[1::3]]
    shapes = [network.steps[number].settings for number in first]
    return {
        "filters": tuple(_size(shape["filters"]) for shape in shapes),
        "kernel_size": _each([_sizes(shape["kernel_size"]) for shape in shapes], 3),
        "activation": _each([_block(network, number)["activation"] for number in first], "relu"),
        "dropout": max(network.dropout.values(), default=None),
    }


def _block(network: Network, number: int) -> dict[str, Any]:
    """Return what follows a layer up to the next one that has weights of its own or flattens."""
    block: dict[str, Any] = {"activation": "linear", "normalized": False, "pool": None}
    last = number
    for step in network.steps[number + 1 :]:
        if step.kind == "Activation":
            block["activation"] = _known(step)
        elif step.kind == "BatchNormalization":
            block["normalized"] = True
        elif step.kind in ("MaxPooling2D", "AveragePooling2D"):
            block["pool"] = step
        else:
            break
        last += 1
    block["dropout"] = next(
        (network.dropout[place] for place in range(last, number - 1, -1) if place in network.dropout), None
    )
    return block


def _each(values: list[Any], default: Any) -> Any:
    """Return one value where all are equal, as a person would write it; a pair would look like one for each of two."""
    if not values:
        return default
    are_equal = all(value == values[0] for value in values) and not isinstance(values[0], tuple)
    return values[0] if are_equal else tuple(values)


def _known(step: Step) -> str:
    name = step.settings["activation"]
    if name not in _ACTIVATIONS:
        raise ModelFileError(f"the layer {step.name} has the activation {name!r}, which is none of Keras's own")
    return name


def _size(value: int) -> int:
    if not 1 <= value <= _LARGEST:
        raise ModelFileError(f"it has a layer with {str(value)[:40]} units")
    return value


def _sizes(pair: tuple[int, int]) -> int | tuple[int, int]:
    rows, columns = _size(pair[0]), _size(pair[1])
    return rows if rows == columns else (rows, columns)


def _either(padding: str) -> str:
    if padding not in ("same", "valid"):
        raise ModelFileError(f"it has a layer with padding={padding!r}")
    return padding


def _pooling(step: Step) -> str:
    return "max" if step.kind == "MaxPooling2D" else "average"


def shape_of_pictures(network: Network | None, image_shape: Any) -> tuple[int, ...]:
    """Return the shape of a picture: what the caller says, or what the file does.

    Raises
    ------
    ValueError
        If neither does.
    """
    from skimgrec.utils import check_image_shape

    if image_shape is not None:
        return check_image_shape(image_shape)
    shape = None if network is None else network.shape
    if shape is not None and all(isinstance(side, int) for side in shape):
        if len(shape) == 3:
            return check_image_shape(shape)
        if len(shape) == 1:
            # All sides are integers, as the test above says; mypy does not follow it.
            side = round(shape[0] ** 0.5) if 0 < shape[0] <= _LARGEST else 0  # type: ignore[operator]
            if side and side * side == shape[0]:
                return (side, side)
    seen = "does not say" if shape is None else f"says {str(shape)[:80]}"
    raise ValueError(
        f"The shape of the pictures is unknown: the file {seen}. Pass image_shape=(height, width) for grey pictures or "
        "(height, width, channels), as the network was trained on."
    )


def ranges_of(
    network: Network | None, value_range: tuple[float, float], input_range: tuple[float, float] | None
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return what a network is given for the ends of `value_range`, and what reaches the layer behind its scaling.

    Raises
    ------
    ModelFileError
        If it scales each channel otherwise.
    """
    first = network.steps[0] if network is not None and network.steps else None
    if first is None or first.kind != "Rescaling" or first.inputs != (INPUT,):
        given = (0.0, 1.0) if input_range is None else input_range
        return given, given
    given = value_range if input_range is None else input_range
    scale, offset = first.settings["scale"], first.settings["offset"]
    if not all(isinstance(part, (int, float)) for part in (scale, offset)):
        raise ModelFileError(f"its first layer, {first.name}, scales each channel otherwise")
    return given, (scale * given[0] + offset, scale * given[1] + offset)
