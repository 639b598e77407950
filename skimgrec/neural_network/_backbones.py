"""The networks of `keras.applications`: how one is named, what it may be given, and what it takes."""

from __future__ import annotations

import difflib
import inspect
import math
import re
import sys
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from skimgrec.neural_network._runtime import load_keras

if TYPE_CHECKING:
    import keras

# What this package decides by itself.
_OURS = frozenset(
    {
        *("include_top", "weights", "weights_name", "input_tensor", "input_shape", "pooling", "classes", "name"),
        *("classifier_activation", "include_preprocessing", "dropout", "dropout_rate"),
    }
)
# The smallest pictures for which keras.applications has published weights, those of MobileNet and MobileNetV2.
_SMALLEST_SIDE = 96
# How much longer than that the longer side becomes at most, where a narrow picture is enlarged.
_LONGEST_ENLARGED = 4
_LARGEST_SIDE = 4096

Params = tuple[tuple[str, Any], ...]


class Backbone(NamedTuple):
    """A network of `keras.applications`.

    Parameters
    ----------
    name : str
        As Keras spells it, such as "MobileNetV3Small".
    kind : callable
        Keras's function that builds it.
    preprocess : callable
        The `preprocess_input` of its module, which takes RGB values in 0..255.
    """

    name: str
    kind: Callable[..., keras.Model]
    preprocess: Callable[[Any], Any]

    def build(self, *, weights: str | None = None, params: Params = (), **inputs: Any) -> keras.Model:
        """Return the network without its classification layers.

        Parameters
        ----------
        weights : str, optional
            "imagenet", which Keras may download; None draws them.
        params : tuple of (str, object)
            What the function is given besides, as `plain_params` returns it.
        **inputs
            `input_shape` and `input_tensor`.
        """
        return self.kind(include_top=False, weights=weights, **dict(params), **inputs)


def backbone_named(name: str, parameter: str = "backbone", others: tuple[str, ...] = ()) -> Backbone:
    """Return the network of a name, whatever its capitals and underscores.

    Parameters
    ----------
    name : str
    parameter : str, default="backbone"
        Of the caller, for the message.
    others : tuple of str
        What this parameter may be besides, for the message.

    Raises
    ------
    ValueError
        If `keras.applications` has no such network.
    """
    keras = load_keras()
    kinds = {
        _folded(own): own
        for own, kind in vars(keras.applications).items()
        if inspect.isfunction(kind) and "include_top" in inspect.signature(kind).parameters
    }
    own = kinds.get(_folded(name))
    if own is None:
        close = difflib.get_close_matches(_folded(name), [*kinds, *others], n=1)
        hint = f", did you mean {kinds.get(close[0], close[0])!r}?" if close else "."
        more = f"{', '.join(map(repr, others))}, a function of your own, or " if others else ""
        raise ValueError(
            f"{parameter}={name!r} is unknown{hint} It is {more}a network of keras.applications: "
            f"{', '.join(kinds.values())}."
        )
    kind = getattr(keras.applications, own)
    # Some modules that Keras shows do not list their networks; each lies beside its own preprocessing.
    return Backbone(own, kind, sys.modules[kind.__module__].preprocess_input)


def plain_params(backbone: Backbone, given: Any) -> Params:
    """Return what a backbone is to be given besides, as pairs that can be hashed, sorted by name.

    Parameters
    ----------
    backbone : Backbone
    given : mapping, sequence of pairs or None

    Raises
    ------
    ValueError
        If the network takes no such parameter, or a value is neither a finite number nor a bool.
    """
    pairs = dict(given.items() if isinstance(given, Mapping) else given or ())
    taken = [name for name in inspect.signature(backbone.kind).parameters if name not in _OURS]
    for name, value in pairs.items():
        if name not in taken:
            own = f"It takes {', '.join(taken)}" if taken else "It takes none"
            ours = " That one is set by skimgrec." if name in _OURS else ""
            raise ValueError(f"backbone_params has {name!r}, which {backbone.name} does not take here.{ours} {own}.")
        if not isinstance(value, np.bool_) and not _is_finite(value):
            raise ValueError(f"backbone_params has {name}={value!r}: expected a finite number or a bool.")
    return tuple(
        (name, value.item() if isinstance(value, np.generic) else value) for name, value in sorted(pairs.items())
    )


def network_size(height: int, width: int, image_size: Any = "auto") -> tuple[int, int]:
    """Return the height and width that pictures are brought to before a backbone sees them.

    Parameters
    ----------
    height, width : int
        Of the pictures.
    image_size : "auto" or tuple of two ints
        "auto" is the pictures' own size, enlarged in proportion where the shorter side has less than 96 pixels, the
        longer one up to four times that.

    Examples
    --------
    >>> from skimgrec.neural_network._backbones import network_size
    >>> network_size(32, 32), network_size(64, 80), network_size(300, 200), network_size(1, 40)
    ((96, 96), (96, 120), (300, 200), (96, 384))
    """
    if isinstance(image_size, str):
        if image_size != "auto":
            raise ValueError(f"image_size={image_size!r}: expected (height, width), such as (96, 96), or 'auto'.")
        factor = max(1.0, _SMALLEST_SIDE / min(height, width))
        most = max(height, width, _LONGEST_ENLARGED * _SMALLEST_SIDE)
        return min(round(height * factor), most), min(round(width * factor), most)
    sides = tuple(image_size) if np.iterable(image_size) else (image_size,)
    if len(sides) != 2 or not all(isinstance(side, Integral) and 1 <= int(side) <= _LARGEST_SIDE for side in sides):
        raise ValueError(
            f"image_size={image_size!r}: expected two integers from 1 to {_LARGEST_SIDE}, (height, width), such as "
            "(96, 96), or 'auto'."
        )
    return int(sides[0]), int(sides[1])


def too_small_error(backbone: Backbone, size: tuple[int, int], error: Exception) -> ValueError:
    """Return the error for a network that Keras does not build for pictures of this size, or with such parameters."""
    return ValueError(
        f"{backbone.name} cannot be built for pictures of {size[0]} x {size[1]} pixels: {str(error)[:500]} Most "
        "networks take 32 x 32 and more; image_size= says what pictures are brought to, such as (96, 96)."
    )


def _is_finite(value: Any) -> bool:
    try:
        return isinstance(value, Real) and math.isfinite(value)
    except OverflowError:  # an int beyond all floats
        return False


def _folded(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()
