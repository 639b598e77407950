"""A saved model without the loaders of picture files in it, so that the commands read the files themselves.

They read with several threads and a message for each file that cannot be read, and ask the model about the pictures.
"""

from __future__ import annotations

import copy
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import FeatureUnion, Pipeline

from skimgrec.preprocessing import ImageLoader

# The parameters that hold fitted estimators.
_FITTED_IN_PLACE = {Pipeline: "steps", FeatureUnion: "transformer_list", FrozenEstimator: "estimator"}


def without_loader(model: Any) -> tuple[Any, ImageLoader | None]:
    """Return a fitted model that takes pictures in place of files, and the loader that it had.

    Parameters
    ----------
    model : estimator
        A fitted one. It stays as it is. A loader is the first step of a pipeline, which may be the model or lie within
        others: in a wrapper such as `RejectingClassifier`, a search, or an ensemble.

    Returns
    -------
    model : estimator
        The model itself where there is no loader in it, else a copy that shares its arrays.
    loader : ImageLoader or None
        How it reads files.

    Raises
    ------
    ValueError
        If there are several, and they bring files to different pictures.
    """
    taker = _Taker()
    rest = taker.without(model)
    if not taker.loaders:
        return rest, None
    first, *others = taker.loaders
    for other in others:
        if other._format() != first._format():
            raise ValueError(
                f"The model reads picture files in two ways, {first!r} and {other!r}, and a file is read once. Save "
                "one whose loaders agree, or with a single loader in front of everything."
            )
    return rest, first


class _Taker:
    """Takes loaders out of estimators.

    Attributes
    ----------
    loaders : list of ImageLoader
        Those taken out.
    """

    def __init__(self) -> None:
        self.loaders: list[ImageLoader] = []
        self._done: dict[int, Any] = {}

    def without(self, value: Any) -> Any:
        """Return an estimator, or a list or tuple of some, without loaders: itself if there are none in it."""
        if isinstance(value, (list, tuple)):
            parts = [self.without(part) for part in value]
            same = all(part is old for part, old in zip(parts, value, strict=True))
            return value if same else type(value)(parts)
        # The parts of a CalibratedClassifierCV are no estimators.
        if not isinstance(value, BaseEstimator) and type(value).__name__ != "_CalibratedClassifier":
            return value
        if id(value) not in self._done:
            self._done[id(value)] = self._copied(value)
        return self._done[id(value)]

    def _copied(self, estimator: Any) -> Any:
        state = {name: part for name, part in vars(estimator).items() if name not in _cloned_parameters(estimator)}
        changed = {name: self.without(part) for name, part in state.items()}
        if isinstance(estimator, Pipeline):
            changed["steps"] = self._without_first(changed["steps"])
        changed = {name: part for name, part in changed.items() if part is not state[name]}
        if not changed:
            return estimator
        rest = copy.copy(estimator)
        vars(rest).update(changed)
        return rest

    def _without_first(self, steps: list[Any]) -> list[Any]:
        name, first = steps[0]
        if not isinstance(first, ImageLoader):
            return steps
        self.loaders.append(first)
        # A pipeline of a loader alone is itself a step of another one.
        return steps[1:] or [(name, "passthrough")]


def _cloned_parameters(estimator: Any) -> set[str]:
    """Return the names of parameters that were cloned before they were fitted, so that nothing asks them."""
    parameters = set(estimator.get_params(deep=False)) if hasattr(estimator, "get_params") else set()
    return parameters - {name for kind, name in _FITTED_IN_PLACE.items() if isinstance(estimator, kind)}
