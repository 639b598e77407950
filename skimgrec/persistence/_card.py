"""The model card: what a model is, where it comes from and how good it was, as plain JSON values."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np

from skimgrec.persistence._errors import ModelFileError
from skimgrec.utils._versions import versions

_LONGEST = 500
# Written by `save_model` itself.
_OWN = ("estimator", "parameters", "classes", "image_shape", "preprocessing", "versions", "saved", "trusted")


def describe(estimator: Any, given: Mapping[str, Any] | None, foreign: list[str]) -> dict[str, Any]:
    """Return the card of a fitted estimator.

    Parameters
    ----------
    estimator : object
        The fitted estimator.
    given : mapping or None
        What the caller adds, such as scores; NumPy's numbers and arrays become Python's.
    foreign : list of str
        The types and functions that the loading program must trust.

    Raises
    ------
    ModelFileError
        If what is given has a name that is taken, or cannot be kept as JSON.
    """
    taken = sorted(set(given or {}) & {*_OWN, "size"})
    if taken:
        raise ModelFileError(f"card={taken[0]!r}: that entry is written by save_model itself. Use another name.")
    best = getattr(estimator, "best_estimator_", estimator)
    steps = list(_steps(best))
    classes = _first(steps[::-1], "classes_")
    shape = _first(steps, "image_shape_")
    own = {
        "estimator": " -> ".join(map(_name, steps)),
        "parameters": _parameters(estimator),
        "classes": None if classes is None else _plain(classes, "classes"),
        "image_shape": None if shape is None else _plain(shape, "image_shape"),
        "preprocessing": _preprocessing(steps),
        "versions": versions(),
        "saved": datetime.now(UTC).isoformat(timespec="seconds"),
        "trusted": foreign,
    }
    return {**own, **{str(name): _plain(value, f"card={name!r}") for name, value in (given or {}).items()}}


def _steps(estimator: Any) -> Iterator[Any]:
    """Yield the steps of nested pipelines in their order."""
    if hasattr(estimator, "steps"):
        for _, step in estimator.steps:
            if step is not None and step != "passthrough":
                yield from _steps(step)
    else:
        yield estimator


def _wrapped(step: Any) -> list[Any]:
    """Return the steps of the classifier that one of our wrappers holds, none of any other step."""
    if not hasattr(step, "calibration_scores_"):
        return []
    inner = getattr(step.estimator_, "best_estimator_", step.estimator_)
    return list(_steps(inner.estimator if type(inner).__name__ == "FrozenEstimator" else inner))


def _name(step: Any) -> str:
    inner = _wrapped(step)
    return type(step).__name__ + (f"({' -> '.join(map(_name, inner))})" if inner else "")


def _preprocessing(steps: list[Any]) -> list[str]:
    inner = _wrapped(steps[-1])
    return [words(step) for step in steps[:-1]] + (_preprocessing(inner) if inner else _network_words(steps[-1]))


def _first(steps: list[Any], attribute: str) -> Any:
    for step in steps:
        value = getattr(step, attribute, None)
        if value is None:
            value = _first(_wrapped(step), attribute)
        if value is None:
            value = _first([part for _, part in getattr(step, "transformer_list", ())], attribute)
        inner = getattr(step, "estimator", None)
        if value is None and inner is not None and hasattr(step, "calibrated_classifiers_"):
            value = getattr(step.calibrated_classifiers_[0].estimator, attribute, None)
        if value is not None:
            return value
    return None


def _parameters(estimator: Any) -> dict[str, Any]:
    """Return every parameter, nested ones too: values that JSON has as they are, others as text."""
    parameters = estimator.get_params(deep=True) if hasattr(estimator, "get_params") else {}
    shown = {}
    for name, value in sorted(parameters.items()):
        if name.rpartition("__")[2] in ("steps", "transformers", "estimators") or hasattr(value, "get_params"):
            continue
        try:
            shown[name] = _plain(value, name)
        except ModelFileError:
            shown[name] = _short(repr(value))
    return shown


def words(step: Any) -> str:
    """Return in words what a step of preprocessing does."""
    tell = _WORDS.get(type(step).__name__)
    return _short(tell(step)) if tell else _short(" ".join(repr(step).split()))


def _loader(step: Any) -> str:
    height, width = step.image_size
    how = {"stretch": "stretched", "crop": "cropped to the proportions", "fit": "with black borders"}[step.resize]
    return f"picture files read as {'grey' if step.grey else 'RGB'}, brought to {height} x {width} pixels, {how}"


def _hog(step: Any) -> str:
    cell = step.pixels_per_cell if isinstance(step.pixels_per_cell, str) else " x ".join(map(str, step.pixels_per_cell))
    block = " x ".join(map(str, step.cells_per_block))
    return (
        f"histograms of {step.orientations} oriented gradients, {cell} pixels per cell, {block} cells per block, "
        f"normalised by {step.block_norm}"
    )


def _lbp(step: Any) -> str:
    scales = " and ".join(f"{points} points at {radius:g} pixels" for points, radius in step.scales)
    return f"histograms of local binary patterns ({step.method}), {scales}, {_cells(step)}, normalised by {step.norm}"


def _color(step: Any) -> str:
    bins = step.bins if isinstance(step.bins, int) else " x ".join(map(str, step.bins))
    kind = "joint histograms" if step.joint else "histograms"
    return f"{kind} of colours in {step.color_space}, {bins} bins, {_cells(step)}, normalised by {step.norm}"


def _visual_words(step: Any) -> str:
    levels = "" if step.spatial_pyramid == 1 else f", {step.spatial_pyramid} levels of a pyramid"
    return (
        f"how often each of {step.n_words} visual words of {step.detector} appears{levels}, normalised by {step.norm}"
    )


def _patches(step: Any) -> str:
    what = "centres of groups of patches" if step.dictionary == "kmeans" else "patches"
    mirrored = ", with the mirrored picture" if step.mirror else ""
    return (
        f"responses ({step.encoding}) to {step.n_components} filters, {what}, averaged over {step.n_pools} x "
        f"{step.n_pools} parts of the picture{mirrored}"
    )


def _cells(step: Any) -> str:
    cell = step.pixels_per_cell
    if cell is None:
        return "over the whole picture"
    return f"{cell if isinstance(cell, str) else ' x '.join(map(str, cell))} pixels per cell"


def _pretrained(step: Any) -> str:
    size = getattr(step, "image_size_", step.image_size)
    where = "their own size" if isinstance(size, str) else " x ".join(map(str, size)) + " pixels"
    kind = "random" if step.weights is None else "ImageNet" if step.weights == "imagenet" else "given"
    network = getattr(step, "backbone_", step.backbone)
    pooled = {"avg": "averaged", "max": "the highest"}[step.pooling]
    return f"features of {network} with {kind} weights for pictures of {where}, {pooled} over the picture"


_WORDS: dict[str, Callable[[Any], str]] = {
    "BagOfVisualWords": _visual_words,
    "ColorHistogramTransformer": _color,
    "FeatureUnion": lambda step: "; beside ".join(words(part) for _, part in step.transformer_list),
    "LBPTransformer": _lbp,
    "ImageLoader": _loader,
    "HOGTransformer": _hog,
    "ImageFlattener": lambda step: "pixels of each picture as one row",
    "PatchKMeansTransformer": _patches,
    "PretrainedTransformer": _pretrained,
    "StandardScaler": lambda step: "each feature brought to mean 0 and standard deviation 1",
    "MinMaxScaler": lambda step: "each feature brought to {} to {}".format(*step.feature_range),
    "PCA": lambda step: f"the first {getattr(step, 'n_components_', step.n_components)} principal components",
}


def _network_words(step: Any) -> list[str]:
    if not hasattr(step, "weights_") or not hasattr(step, "value_range_") or hasattr(step, "backbone_"):
        return []
    low, high = step.value_range_
    return [f"pixel values from {low:g} to {high:g} brought to 0 to 1"]


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def _plain(value: Any, name: str) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    elif isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(part, name) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part, name) for part in value]
    raise ModelFileError(
        f"{name} holds {type(value).__name__}, which a model card cannot keep: give numbers, text, lists and dicts."
    )
