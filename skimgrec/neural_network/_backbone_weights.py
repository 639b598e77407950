"""The weights of a network of `keras.applications`: from Keras's own place, from a file, or drawn."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import sys
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from skimgrec.neural_network._backbones import Backbone, Params, too_small_error
from skimgrec.neural_network._network import Arrays, dtype_policy, frozen, keras_seeded, values_of
from skimgrec.neural_network._stored_state import without_numbers
from skimgrec.utils._model_file_error import ModelFileError

IMAGENET = "imagenet"


def backbone_weights(
    backbone: Backbone, params: Params, size: tuple[int, int], weights: str | os.PathLike[str] | None, seed: int
) -> Arrays:
    """Return the weights of a network without its classification layers, in the order of `keras.Model.get_weights`.

    Parameters
    ----------
    backbone : Backbone
    params : tuple of (str, object)
        What it is built with besides.
    size : tuple of two ints
        Height and width of the pictures that it will be given.
    weights : "imagenet", path-like or None
        Those that Keras downloads once and checks, those in a file of Keras, or new ones.
    seed : int
        Decides new ones.

    Raises
    ------
    OSError
        If a file cannot be read, or the download fails.
    ValueError
        If the file holds other weights, or the network cannot be built.
    """
    if weights is None:
        with dtype_policy("float32"), keras_seeded(seed):
            return values_of(_built(backbone, params, size).weights)
    if isinstance(weights, str) and weights == IMAGENET:
        return _of_imagenet(backbone, params, size)
    path = os.fspath(weights)
    try:
        state = os.stat(path)
    except OSError as error:
        raise type(error)(
            error.errno, f"weights={path!r} cannot be read: {error.strerror}. Give {IMAGENET!r}, or the path of a file"
        ) from error
    return _of_file(backbone, params, size, path, (state.st_mtime_ns, state.st_size))


def digest(weights: Arrays) -> str:
    """Return a text that is another one for other weights."""
    found = hashlib.blake2b(digest_size=16)
    for array in weights:
        found.update(f"{array.dtype.str}{array.shape}".encode())
        found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()


def weightless(backbone: Backbone, params: Params, size: tuple[int, int]) -> Any:
    """Return the network with variables that have a shape and no numbers, as a `keras.Model`."""
    with dtype_policy("float32"), without_numbers():
        return _built(backbone, params, size)


def _built(backbone: Backbone, params: Params, size: tuple[int, int]) -> Any:
    try:
        return backbone.build(params=params, input_shape=(*size, 3))
    except (ValueError, ArithmeticError) as error:
        raise too_small_error(backbone, size, error) from error


# The folds of a cross-validation want the same weights one after another, and a network that holds them keeps them.
@lru_cache(maxsize=1)
def _of_file(backbone: Backbone, params: Params, size: tuple[int, int], path: str, state: tuple[int, int]) -> Arrays:
    """Return the weights in a file; `state`, its time and size, is there to notice that it has changed."""
    from skimgrec.neural_network._keras_file import open_keras_file
    from skimgrec.neural_network._keras_weights import weights_of

    model = weightless(backbone, params, size)
    try:
        with open_keras_file(path) as file:
            # Some count, and are whole.
            pairs = zip(weights_of(file, model), model.weights, strict=True)
            return frozen(array.astype(str(variable.dtype)) for array, variable in pairs)
    except ModelFileError as error:
        given = "".join(f", {name}={value!r}" for name, value in params)
        raise ValueError(
            f"weights={path!r} are not those of {backbone.name}{f' with {given[2:]}' if given else ''}: {error} What "
            f"fits is what keras.applications.{backbone.name}(include_top=False{given}).save_weights('x.weights.h5') "
            "writes, or Keras's own file with no_top in its name."
        ) from error


@lru_cache(maxsize=1)
def _of_imagenet(backbone: Backbone, params: Params, size: tuple[int, int]) -> Arrays:
    try:
        # What Keras says of a download is no result, and not every size is the one that a network was trained for.
        with dtype_policy("float32"), contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = backbone.build(weights=IMAGENET, params=params, input_shape=(*size, 3))
    except (ValueError, ArithmeticError) as error:
        if "corrupted file" not in str(error):
            raise too_small_error(backbone, size, error) from error
        raise _not_had(backbone, error) from error
    except Exception as error:  # Keras raises a bare one where a download fails
        raise _not_had(backbone, error) from error
    return values_of(model.weights)


def _not_had(backbone: Backbone, error: Exception) -> OSError:
    home = os.environ.get("KERAS_HOME") or "~/.keras"
    found = re.search(r"https?://\S+", str(error))
    name = Path(found[0].rstrip(":.,")).name if found else "the file"
    return OSError(
        f"The ImageNet weights of {backbone.name} could not be had: {str(error).rstrip('.')[:500]}. Keras downloads "
        f"them once, into {home}/models. Without a network, fetch {name} elsewhere and put it there, or give its path: "
        "weights='path/to/file.h5'."
    )
