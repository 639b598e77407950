"""The networks among what is compared, also those inside pipelines and searches."""

from __future__ import annotations

from typing import Any

from sklearn.base import clone

from skimgrec.neural_network._base import BaseKerasClassifier
from skimgrec.neural_network._pretrained import PretrainedTransformer

_PACKAGES = ("keras", "scikeras", "skimgrec.neural_network")


def networks_in(estimator: Any) -> dict[str, BaseKerasClassifier]:
    """Return skimgrec's networks that an estimator is or trains, by the prefix of their parameters."""
    found = _parts(estimator).items()
    return {prefix: part for prefix, part in found if isinstance(part, BaseKerasClassifier)}


def _with_threads(estimator: Any) -> dict[str, BaseKerasClassifier | PretrainedTransformer]:
    """Return skimgrec's networks, trained here or elsewhere, by the prefix of their parameters."""
    found = _parts(estimator).items()
    return {prefix: part for prefix, part in found if isinstance(part, (BaseKerasClassifier, PretrainedTransformer))}


def _parts(estimator: Any) -> dict[str, Any]:
    found = {"": estimator, **_parameters(estimator)}
    return {f"{name}__" if name else "": part for name, part in found.items()}


def has_network(estimator: Any) -> bool:
    """Tell whether Keras takes part in an estimator."""
    return any(_is_of_keras(part) for part in (estimator, *_parameters(estimator).values()))


def has_unpinned_network(estimator: Any) -> bool:
    """Tell whether Keras takes part in an estimator, and the number of its threads is not fixed."""
    networks = _with_threads(estimator)
    pinned = networks and all(network.n_threads is not None for network in networks.values())
    return has_network(estimator) and not pinned


def with_n_threads(estimator: Any, n_threads: int) -> Any:
    """Return an estimator whose networks have `n_threads`, where they had none of their own.

    Parameters
    ----------
    estimator : estimator
        It is left as it is.
    n_threads : int
        The number of threads.

    Returns
    -------
    estimator : estimator
        A clone, or the same one if there is nothing to set.
    """
    missing = [prefix for prefix, network in _with_threads(estimator).items() if network.n_threads is None]
    return with_parameters(estimator, {f"{prefix}n_threads": n_threads for prefix in missing})


def with_parameters(estimator: Any, parameters: dict[str, Any]) -> Any:
    """Return a clone of an estimator with other parameters, or the same one if there are none."""
    return clone(estimator).set_params(**parameters) if parameters else estimator


def _parameters(estimator: Any) -> dict[str, Any]:
    try:
        return estimator.get_params(deep=True)
    except Exception:  # the fits fail likewise, and say so in their rows
        return {}


def _is_of_keras(part: Any) -> bool:
    modules = [base.__module__ for base in type(part).__mro__]
    return any(module == package or module.startswith(f"{package}.") for module in modules for package in _PACKAGES)
