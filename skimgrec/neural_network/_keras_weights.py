"""The weights in a file of Keras, put to those of a network layer by layer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.neural_network._keras_file import KerasFile
from skimgrec.neural_network._runtime import load_keras
from skimgrec.utils._hdf5 import StoredArray, StoredGroup
from skimgrec.utils._model_file_error import ModelFileError

_LAYERS = ("layers", "_layer_checkpoint_dependencies")
# Of what is not the network: the optimizer, the metrics, and what draws random numbers.
_OTHERS = re.compile(r"(^|/)(optimizer|_?metrics|compile_metrics|_?compile_\w+|loss_tracker|\w*seed_generator)(/|$)")


@dataclass(frozen=True)
class _Wanted:
    """A layer of the network, or all of them at once, and its variables."""

    name: str
    variables: list[Any]


@dataclass(frozen=True)
class StoredLayer:
    """A layer in the file, and its arrays."""

    name: str
    arrays: list[StoredArray]


def weights_of(file: KerasFile, model: Any) -> list[NDArray[np.float32]]:
    """Return the weights in a file, in the order of `keras.Model.weights`.

    Parameters
    ----------
    file : KerasFile
    model : keras.Model
        Of the same layers, trained or not.

    Raises
    ------
    ModelFileError
        If a layer is missing, left over, or has weights of another shape; the first such layer is named.
    """
    pairs = _by_order(file, model) if file.by_order else _by_name(file.weights, model)
    stored: dict[int, StoredArray] = {}
    for wanted, found in pairs:
        _check_shapes(wanted, found)
        stored.update({id(variable): array for variable, array in zip(wanted.variables, found.arrays, strict=True)})
    return [stored[id(variable)].read() for variable in model.weights]


def stored_layers(file: KerasFile) -> list[StoredLayer]:
    """Return the layers in a file that have weights."""
    if file.by_order:
        return [layer for layer in _layers_in_order(file.weights) if layer.arrays]
    return [layer for _, layer in _layers_by_path(file.weights)]


def _check_shapes(wanted: _Wanted, found: StoredLayer) -> None:
    shapes = [tuple(map(int, variable.shape)) for variable in wanted.variables]
    given = [array.shape for array in found.arrays]
    if shapes == given:
        return
    place = next((i for i, (a, b) in enumerate(zip(shapes, given, strict=False)) if a != b), None)
    where = f"{found.name} in the file differs from {wanted.name} of the architecture"
    if place is None:
        raise ModelFileError(f"{where}: it has {len(given)} arrays of weights, and {len(shapes)} are needed.")
    name, own, other = wanted.variables[place].name, given[place], shapes[place]
    hint = ""
    if len(own) == 2 and own[1:] == other[1:]:
        hint = (
            " A dense layer that is given another number of values tells of another image_shape, padding or pooling "
            "before it."
        )
    elif len(own) == 2 and own[0] == other[0] and 1 in (own[1], other[1]):
        hint = ' A network that ends in one sigmoid unit is that of loss="binary_crossentropy".'
    raise ModelFileError(f"{where}: its {name} has shape {own}, and {other} is needed.{hint}")


def _by_order(file: KerasFile, model: Any) -> list[tuple[_Wanted, StoredLayer]]:
    """Pair layers as Keras 2 stores them: in the order of the network."""
    found = stored_layers(file)
    wanted = [_Wanted(layer.name, _in_keras_2_order(layer)) for layer in model.layers if layer.weights]
    if len(found) == 1 and len(wanted) > 1:
        # A model within a model is stored as one layer.
        wanted = [_Wanted("all layers", _in_keras_2_order(model))]
    for one, other in zip(found, wanted, strict=False):
        _check_shapes(other, one)
    if len(found) != len(wanted):
        raise ModelFileError(
            f"The file has {len(found)} layers with weights ({_listed(layer.name for layer in found)}), and the "
            f"architecture {len(wanted)} ({_listed(layer.name for layer in wanted)})."
        )
    return list(zip(wanted, found, strict=True))


def _layers_in_order(group: StoredGroup) -> Iterator[StoredLayer]:
    for name in group.texts("layer_names") or []:
        layer = group.group(name)
        if layer is None:
            raise ModelFileError(f"The file names a layer {name[:80]!r} that it does not hold.")
        arrays = []
        for path in layer.texts("weight_names") or []:
            array = layer.get(path)
            if not isinstance(array, StoredArray):
                raise ModelFileError(f"The file names weights {path[:80]!r} of {name[:80]!r} that it does not hold.")
            arrays.append(array)
        yield StoredLayer(name[:80], arrays)


def _in_keras_2_order(layer: Any) -> list[Any]:
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _by_name(root: StoredGroup, model: Any) -> list[tuple[_Wanted, StoredLayer]]:
    """Pair layers as Keras 3 stores them: by their classes, counted."""
    found = _without_common_beginning(dict(_layers_by_path(root)))
    wanted = _without_common_beginning(dict(_wanted_by_path(model, "")))
    for path, layer in wanted.items():
        if path not in found:
            raise ModelFileError(
                f"The architecture has a layer {path}, and the file none of that name. It has {_listed(found)}."
            )
        _check_shapes(layer, found[path])
    left = [path for path in found if path not in wanted]
    if left:
        raise ModelFileError(
            f"The file has a layer {left[0]}, and the architecture none of that name. It has {_listed(wanted)}."
        )
    return [(layer, found[path]) for path, layer in wanted.items()]


def _layers_by_path(root: StoredGroup) -> Iterator[tuple[str, StoredLayer]]:
    for group in root.walk():
        path, _, last = group.name.rpartition("/")
        if last != "vars" or _OTHERS.search(path):
            continue
        arrays = []
        for number in range(len(group.names())):
            array = group.get(str(number))
            if not isinstance(array, StoredArray):
                raise ModelFileError(f"{group.name} does not hold the weights of a layer, numbered from 0 on.")
            arrays.append(array)
        if arrays:
            yield "/".join("layers" if part in _LAYERS else part for part in path.split("/")), StoredLayer(path, arrays)


def _wanted_by_path(model: Any, before: str) -> Iterator[tuple[str, _Wanted]]:
    seen: Counter[str] = Counter()
    for layer in model.layers:
        name = _snake_case(type(layer).__name__)
        path = f"{before}layers/{name}_{seen[name]}" if seen[name] else f"{before}layers/{name}"
        seen[name] += 1
        if isinstance(layer, load_keras().Model):
            yield from _wanted_by_path(layer, f"{path}/")
        elif layer.weights:
            yield path, _Wanted(layer.name, [*layer._trainable_variables, *layer._non_trainable_variables])


def _snake_case(name: str) -> str:
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def _without_common_beginning(layers: dict[str, Any]) -> dict[str, Any]:
    """Return layers without the names of the models that all of them lie in."""
    parts = [path.split("/") for path in layers]
    n = 0
    # The last two are "layers" and the layer.
    while parts and all(len(path) > n + 2 and path[n] == parts[0][n] for path in parts):
        n += 1
    return {
        "/".join(path[n:]).removeprefix("layers/"): layer for path, layer in zip(parts, layers.values(), strict=True)
    }


def _listed(names: Any) -> str:
    shown = [str(name)[:60] for name in names]
    return ", ".join(shown[:12]) + (" ..." if len(shown) > 12 else "") if shown else "none"
