"""What is exported of an estimator: the part that takes pictures, and what has to be known of them."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skimgrec.persistence._card import words
from skimgrec.preprocessing import ImageLoader
from skimgrec.utils import UINT8_RANGE

# Where estimators keep those that they have fitted.
_MANY, _ONE = ("estimators_", "calibrated_classifiers_"), ("best_estimator_", "estimator_", "estimator")


@dataclass(frozen=True)
class Source:
    """A fitted classifier of pictures, without what no exported file can hold.

    Parameters
    ----------
    estimator : estimator object
        A Keras classifier, a pipeline that begins behind `ImageLoader`, or another classifier. A network that
        calculates in less is one in float32 here.
    shape : tuple of int
        Of one picture or row.
    dtype : dtype
        Of the pictures: uint8 or float32.
    value_range : tuple of two floats, or None
        Of their pixels, where the estimator knows it.
    classes : list
        The names of the classes, in the order of the probabilities.
    loading : str or None
        In words, what `ImageLoader` does before; None without one.
    preprocessing : list of str
        In words, what the exported model does itself before it classifies.
    """

    estimator: Any
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    value_range: tuple[float, float] | None
    classes: list[Any]
    loading: str | None
    preprocessing: list[str]

    @property
    def is_network(self) -> bool:
        return is_network(self.estimator)


def is_network(estimator: Any) -> bool:
    """Tell whether an estimator is one of our Keras classifiers."""
    from skimgrec.neural_network import BaseKerasClassifier

    return isinstance(estimator, BaseKerasClassifier)


def in_float32(net: Any) -> Any:
    """Return a Keras classifier itself, or a copy that predicts in float32 where it would in less."""
    if net._dtype_policy == "float32":
        return net
    precise = copy.copy(net)
    precise._dtype_policy = "float32"
    return precise


def source_of(estimator: Any, dtype: str | None) -> Source:
    """Return what is exported of an estimator.

    Parameters
    ----------
    estimator : estimator object
        Fitted.
    dtype : {"uint8", "float32"} or None
        Of the pictures; None for that of the training.

    Raises
    ------
    ValueError
        If it gives no probabilities, or no step of it says what shape its input has.
    """
    check_is_fitted(estimator)
    name = type(estimator).__name__
    steps = _unwrapped(estimator)
    loading = None
    if len(steps) > 1 and isinstance(steps[0], ImageLoader):
        loading, steps = words(steps[0]), steps[1:]
    if not hasattr(steps[-1], "predict_proba"):
        raise ValueError(
            f"{name} cannot be exported: {type(steps[-1]).__name__} gives no probabilities. Wrap it in "
            "sklearn.calibration.CalibratedClassifierCV, fit that, and export it."
        )
    entry = _entry(steps[0])
    shape = getattr(entry, "image_shape_", None)
    value_range = getattr(entry, "value_range_", None) if shape is not None else None
    if shape is None:
        n_features = getattr(entry, "n_features_in_", None)
        if n_features is None:
            raise ValueError(
                f"{name} cannot be exported: {type(entry).__name__}, which its pictures meet first, does not say what "
                "shape they have. Export a pipeline that begins with ImageFlattener, HOGTransformer or a Keras "
                "classifier (ImageLoader before it is left out)."
            )
        shape = (n_features,)
    return Source(
        estimator=_joined([*steps[:-1], in_float32(steps[-1]) if is_network(steps[-1]) else steps[-1]]),
        shape=tuple(map(int, shape)),
        dtype=_dtype(dtype, value_range, name),
        value_range=None if value_range is None else (float(value_range[0]), float(value_range[1])),
        classes=np.asarray(steps[-1].classes_).tolist(),
        loading=loading,
        preprocessing=[words(step) for step in steps[:-1]],
    )


def _dtype(dtype: str | None, value_range: Any, name: str) -> np.dtype[Any]:
    if dtype not in (None, "uint8", "float32"):
        raise ValueError(f"dtype={dtype!r}: expected 'uint8', 'float32' or None, for that of the training.")
    is_bytes = value_range == UINT8_RANGE
    if dtype == "uint8" and not is_bytes:
        seen = "rows of features" if value_range is None else f"values from {value_range[0]:g} to {value_range[1]:g}"
        raise ValueError(
            f"dtype='uint8' stands for values of 0 to 255, but {name} was fitted on {seen}. Use dtype='float32', or "
            "fit on uint8 pictures."
        )
    return np.dtype(dtype or ("uint8" if is_bytes else "float32"))


def _unwrapped(estimator: Any) -> list[Any]:
    """Return the steps of nested pipelines and searches one after another."""
    if hasattr(estimator, "best_estimator_"):
        return _unwrapped(estimator.best_estimator_)
    if hasattr(estimator, "steps"):
        return [
            part
            for _, step in estimator.steps
            if step is not None and step != "passthrough"
            for part in _unwrapped(step)
        ]
    return [estimator]


def _joined(steps: list[Any]) -> Any:
    if len(steps) == 1:
        return steps[0]
    from sklearn.pipeline import Pipeline

    return Pipeline([(f"{number}", step) for number, step in enumerate(steps)])


def members(estimator: Any) -> Iterator[Any]:
    """Yield an estimator and all fitted ones within it."""
    yield estimator
    if hasattr(estimator, "steps"):
        inner = [step for _, step in estimator.steps]
    elif hasattr(estimator, "transformer_list"):
        inner = [step for _, step in estimator.transformer_list]
    else:
        many: Any = next((getattr(estimator, name) for name in _MANY if hasattr(estimator, name)), None)
        one: Any = next((getattr(estimator, name) for name in _ONE if hasattr(estimator, name)), None)
        inner = [one] if many is None else list(np.ravel(np.asarray(many, dtype=object)))
    for part in inner:
        if hasattr(part, "get_params") or hasattr(part, "estimator"):
            yield from members(part)


def _entry(estimator: Any) -> Any:
    """Return the estimator that pictures meet first, within others that pass them on."""
    for part in members(estimator):
        # Others have a number of features too, and pass pictures on.
        if hasattr(part, "image_shape_"):
            return part
        holds_others = any(hasattr(part, name) for name in ("steps", "transformer_list", *_MANY))
        if hasattr(part, "transform") and not holds_others:
            return part
    return estimator
