"""What a search looks through: the model, its parameters and the settings that are to be measured, without pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import Any

from skimgrec.model_selection._arguments import named_estimators, seed_from
from skimgrec.model_selection._halving import halving_rounds
from skimgrec.model_selection._optuna import check_optuna
from skimgrec.model_selection._param_space import check_ranges, checked_space, full_names, grid_of, sample_of

METHODS = ("grid", "random", "halving", "optuna")
# How many settings are drawn where that is left open.
_N_ITER = 20


@dataclass(frozen=True, kw_only=True, eq=False)
class Search:
    """A model and what is to be tried of its parameters, checked. `plan_search` makes it.

    Parameters
    ----------
    model : estimator
        What is tuned.
    title : str
        What it is called.
    method : str
        How settings are found.
    parameters : dict of str to str
        The name by which each parameter was asked for, by its full name.
    space : dict of str to object
        What to try for each, by full name.
    planned : list of dict or None
        The settings, None if they are asked for one after the other.
    n_iter : int
        How many are.
    random_state : int, RandomState or None
        As it was given.
    seed : int
        Of everything that is drawn.
    resource, factor, min_resources : object
        As `tune` takes them.
    rounds : list of (int or None, int), or None
        What `halving_rounds` returns, None where there are none or they depend on how many pictures there are.
    notes : list of str
        What is to be said of the settings.
    """

    model: Any
    title: str
    method: str
    parameters: dict[str, str]
    space: dict[str, Any]
    planned: list[dict[str, Any]] | None
    n_iter: int
    random_state: Any
    seed: int
    resource: str
    factor: int
    min_resources: int | str
    rounds: list[tuple[int | None, int]] | None
    notes: list[str]


def plan_search(
    model: Any,
    params: Mapping[str, Any],
    *,
    method: str = "grid",
    n_iter: int | None = None,
    resource: str = "n_samples",
    factor: int = 3,
    min_resources: int | str = "exhaust",
    random_state: Any = None,
) -> Search:
    """Check what is to be searched, which takes no pictures.

    Parameters
    ----------
    model, params, method, n_iter, resource, factor, min_resources, random_state : object
        As `tune` takes them.

    Returns
    -------
    search : Search
        For `prepare_tuning`.

    Raises
    ------
    TypeError, ValueError
        If `tune` would raise them for these arguments, whatever the pictures.
    ImportError
        If the method needs Optuna, which is not installed.
    """
    if method not in METHODS:
        raise ValueError(f"method={method!r}, expected one of {', '.join(map(repr, METHODS))}.")
    if method == "optuna":
        check_optuna("tune(..., method='optuna')")
    if n_iter is not None and (method == "grid" or not _is_integer(n_iter, 1)):
        rule = (
            "method='grid' takes every combination: leave it out"
            if method == "grid"
            else "expected an integer from 1 up"
        )
        raise ValueError(f"n_iter={n_iter!r}: {rule}.")
    if not _is_integer(factor, 2):
        raise ValueError(f"factor={factor!r}, expected an integer from 2 up.")
    if min_resources not in ("exhaust", "smallest") and not _is_integer(min_resources, 1):
        raise ValueError(f"min_resources={min_resources!r}, expected 'exhaust', 'smallest' or a positive integer.")
    if method != "halving" and (resource, factor, min_resources) != ("n_samples", 3, "exhaust"):
        raise ValueError(
            f"method={method!r} has no rounds: resource, factor and min_resources are those of method='halving'."
        )
    # Those of NumPy would not go into JSON.
    factor, min_resources = int(factor), min_resources if isinstance(min_resources, str) else int(min_resources)
    seed = seed_from(random_state)
    title = model if isinstance(model, str) else " ".join(repr(model).split())
    (model,) = named_estimators([model if isinstance(model, str) else ("model", model)], seed).values()
    given = checked_space(params)
    full = full_names(model, given)
    space = {full[name]: values for name, values in given.items()}
    if method == "halving" and resource != "n_samples":
        ((_, resource),) = full_names(model, [resource]).items()
        if resource in space:
            raise ValueError(f"{resource} is the resource of the rounds and cannot be tuned at the same time.")
    parameters = {full[name]: name for name in given}
    check_ranges(model, space, parameters)
    planned = _planned(method, {parameters[name]: values for name, values in space.items()}, full, n_iter, seed)
    rounds = None
    if method == "halving" and resource != "n_samples":
        most = _most_of(model, resource)
        rounds = halving_rounds(
            len(planned or ()), most, 1, resource=resource, factor=factor, min_resources=min_resources
        )
    return Search(
        model=model,
        title=title,
        method=method,
        parameters=parameters,
        space=space,
        planned=planned,
        n_iter=_N_ITER if n_iter is None else int(n_iter),
        random_state=random_state,
        seed=seed,
        resource=resource,
        factor=factor,
        min_resources=min_resources,
        rounds=rounds,
        notes=_note_on_settings(planned, n_iter),
    )


def _is_integer(value: Any, least: int) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least


def _most_of(model: Any, resource: str) -> int:
    value = model.get_params()[resource]
    if not _is_integer(value, 1):
        raise ValueError(
            f"resource={resource!r} of the model is {value!r}, expected a positive integer: the most that a fit may "
            "have. Set it on the model."
        )
    return int(value)


def _planned(
    method: str, space: dict[str, Any], full: Mapping[str, str], n_iter: int | None, seed: int
) -> list[dict[str, Any]] | None:
    if method == "optuna":
        return None
    listed = all(isinstance(values, list) for values in space.values())
    if method == "grid" or (method == "halving" and listed and n_iter is None):
        settings = grid_of(space)
    else:
        settings = sample_of(space, _N_ITER if n_iter is None else n_iter, seed)
    return [{full[name]: setting[name] for name in space} for setting in settings]


def _note_on_settings(planned: list[dict[str, Any]] | None, n_iter: int | None) -> list[str]:
    if planned is None or n_iter is None or len(planned) >= n_iter:
        return []
    return [f"{n_iter} settings were asked for, and there are {len(planned)} different ones."]
