"""A search over parameters, step by step: which settings there are, and the comparisons that measure them."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from numbers import Integral
from pathlib import Path
from typing import Any

from sklearn.base import clone

from skimgrec.model_selection._arguments import named_estimators, seed_from
from skimgrec.model_selection._compare import prepare_comparison
from skimgrec.model_selection._comparison import Comparison
from skimgrec.model_selection._halving import halving_rounds
from skimgrec.model_selection._networks import with_n_threads
from skimgrec.model_selection._optuna import OptunaTrials, check_optuna
from skimgrec.model_selection._param_space import (
    check_ranges,
    checked_space,
    described,
    full_names,
    grid_of,
    sample_of,
    setting_name,
)
from skimgrec.model_selection._result import ComparisonResult
from skimgrec.model_selection._splits import nested_parts
from skimgrec.model_selection._standings import FoldRow, Standing, standings
from skimgrec.model_selection._store import RowStore
from skimgrec.model_selection._tune_result import TuneResult

METHODS = ("grid", "random", "halving", "optuna")
# How many settings are drawn where that is left open.
_N_ITER = 20

# A line about a round, "" for the only one, and the comparison that measures it.
OnRound = Callable[[str, Comparison], object]


@dataclass(kw_only=True)
class Tuning:
    """A search whose arguments are checked. `prepare_tuning` makes it.

    Parameters
    ----------
    model : estimator
        What is tuned.
    title : str
        What it is called.
    X : array-like of n rows
        The pictures.
    y : array-like of shape (n,)
        Their labels.
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
    seed : int
        Of everything that is drawn.
    resource, factor, min_resources : object
        As `tune` takes them.
    options : dict of str to object
        What `prepare_comparison` is called with.
    n_threads : int or None
        Threads of each network.
    notes : list of str
        What is to be said of the settings.
    run_dir : Path or None
        Where what is finished is kept.

    Attributes
    ----------
    settings : dict of str to dict
        Those made so far, by name.
    whole : Comparison
        The model as it was given, on the splits of the search.
    finished : bool
        Whether everything is measured.
    """

    model: Any
    title: str
    X: Any
    y: Any
    method: str
    parameters: dict[str, str]
    space: dict[str, Any]
    planned: list[dict[str, Any]] | None
    n_iter: int
    seed: int
    resource: str
    factor: int
    min_resources: int | str
    options: dict[str, Any]
    n_threads: int | None
    notes: list[str]
    run_dir: Path | None
    finished: bool = field(init=False, default=False)
    settings: dict[str, dict[str, Any]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._rounds: list[list[Comparison]] = []
        self._n_resources: list[int | None] = []
        self._n_settings: list[int] = []
        for setting in self.planned or ():
            self._name(setting)
        # The splits are made now, so that whatever is wrong with the data is said before anything is measured, and
        # once, whatever the splitter draws. Copies among the pictures are looked for once, too.
        self.whole = prepare_comparison(
            {"model": self.model}, self.X, self.y, random_state=self.seed, n_threads=self.n_threads, **self.options
        )
        self._schedule = self._halving_rounds() if self.method == "halving" else [(None, len(self.settings))]

    def model_with(self, name: str, **more: Any) -> Any:
        """Return the unfitted model with a setting, and with other parameters."""
        # An estimator among the values would be shared by all fits.
        values = {key: clone(value, safe=False) for key, value in {**self.settings[name], **more}.items()}
        model = clone(self.model).set_params(**values)
        return model if self.n_threads is None else with_n_threads(model, self.n_threads)

    def keep_in(self, run_dir: str | os.PathLike[str]) -> None:
        """Take over what a folder has of this search, and keep there what is measured from now on.

        Parameters
        ----------
        run_dir : path-like
            The folder.
        """
        self.run_dir = RowStore(run_dir).folder

    def measure(self, on_round: OnRound | None = None) -> Generator[FoldRow, None, None]:
        """Measure one setting after the other, and yield the row of each fold that is done.

        Parameters
        ----------
        on_round : callable, default=None
            Called before each round with a line about it, "" for the only one, and the comparison that measures it.

        Yields
        ------
        row : FoldRow
            Of a setting and a fold.
        """
        for line, comparison in self._comparisons():
            if on_round is not None:
                on_round(line, comparison)
            with closing(comparison.measure()) as rows:
                yield from rows
        self.finished = True

    @property
    def n_planned(self) -> int:
        """How many fits there are to measure in all."""
        n_folds = len(self.whole.splits)
        if self.planned is None:
            return self.n_iter * n_folds
        return sum(n_settings for _, n_settings in self._schedule) * n_folds

    @property
    def n_measured(self) -> int:
        """How many fits are measured."""
        return sum(len(comparison.rows) for comparisons in self._rounds for comparison in comparisons)

    def result(self) -> TuneResult:
        """Return what is measured so far, without the settings of which nothing is.

        Raises
        ------
        ValueError
            If nothing is.
        """
        rounds = []
        for comparisons in self._rounds:
            measured = [comparison for comparison in comparisons if comparison.rows]
            if measured:
                rounds.append(_result_of(measured))
        if not rounds:
            raise ValueError("Nothing is measured yet.")
        names = {name for result in rounds for name in result.estimators}
        return TuneResult(
            model=self.title,
            method=self.method,
            parameters=self.parameters,
            space={full: described(values) for full, values in self.space.items()},
            settings={name: setting for name, setting in self.settings.items() if name in names},
            rounds=rounds,
            n_settings=self._n_settings[: len(rounds)],
            resource=self.resource,
            n_resources=self._n_resources[: len(rounds)],
            finished=self.finished,
            notes=self.notes,
        )

    def _comparisons(self) -> Iterator[tuple[str, Comparison]]:
        if self.planned is None:
            yield from self._trials()
            return
        names = list(self.settings)
        several = len(self._schedule) > 1
        for number, (amount, n_settings) in enumerate(self._schedule, start=1):
            comparison = self._round(names[:n_settings], amount)
            words = "training pictures" if self.resource == "n_samples" else self.resource
            counted = f"{n_settings} setting{'s' if n_settings > 1 else ''} on {'all' if amount is None else amount}"
            yield f"Round {number} of {len(self._schedule)}: {counted} {words}." if several else "", comparison
            names = [standing.estimator for standing in _standings_of(comparison)]

    def _trials(self) -> Iterator[tuple[str, Comparison]]:
        """Ask Optuna for one setting after the other, and tell it how each did."""
        trials = OptunaTrials(self.space, self.parameters, self.seed)
        self._begin_round(None, self.n_iter)
        for number in range(self.n_iter):
            setting = trials.ask()
            if trials.known(setting):
                trials.tell_known(setting)
                continue
            name = self._name(setting)
            comparison = self._prepare_round([name], self.whole.splits, {})
            self._rounds[-1].append(comparison)
            yield f"Setting {number + 1} of {self.n_iter}", comparison
            (standing,) = _standings_of(comparison)
            trials.tell(setting, next(iter(standing.mean.values())) if standing.complete else None)

    def _name(self, setting: dict[str, Any]) -> str:
        given = {full: self.parameters[full] for full in self.space}
        name = setting_name(setting, given, self.settings)
        self.settings[name] = setting
        return name

    def _begin_round(self, amount: int | None, n_settings: int) -> None:
        self._rounds.append([])
        self._n_resources.append(amount)
        self._n_settings.append(n_settings)

    def _round(self, names: list[str], amount: int | None) -> Comparison:
        splits, more = self.whole.splits, {}
        if amount is not None and self.resource == "n_samples":
            sizes = [size for size, _ in self._schedule if size is not None]
            splits = [
                (nested_parts(train, sizes, self.whole.codes, seed=self.seed)[amount], test) for train, test in splits
            ]
        elif amount is not None:
            more = {self.resource: amount}
        comparison = self._prepare_round(names, splits, more)
        self._begin_round(amount, len(names))
        self._rounds[-1].append(comparison)
        return comparison

    def _prepare_round(self, names: Sequence[str], splits: list[Any], more: Mapping[str, Any]) -> Comparison:
        estimators = {name: self.model_with(name, **more) for name in names}
        return self.whole.with_estimators(estimators, splits, self.run_dir)

    def _halving_rounds(self) -> list[tuple[int | None, int]]:
        least = 2 * len(self.whole.measures.classes) if self.resource == "n_samples" else 1
        return halving_rounds(
            len(self.settings), self._most_resources(), least, factor=self.factor, min_resources=self.min_resources
        )

    def _most_resources(self) -> int:
        if self.resource == "n_samples":
            return min(len(train) for train, _ in self.whole.splits)
        value = self.model.get_params()[self.resource]
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ValueError(
                f"resource={self.resource!r} of the model is {value!r}, expected a positive integer: the most that a "
                "fit may have. Set it on the model."
            )
        return value


def prepare_tuning(
    model: Any,
    X: Any,
    y: Any,
    params: Mapping[str, Any],
    *,
    method: str = "grid",
    n_iter: int | None = None,
    resource: str = "n_samples",
    factor: int = 3,
    min_resources: int | str = "exhaust",
    scoring: Any = "accuracy",
    random_state: Any = None,
    run_dir: str | os.PathLike[str] | None = None,
    n_threads: int | None = None,
    **options: Any,
) -> Tuning:
    """Check the arguments of `tune` and make the folds, without measuring anything.

    Parameters
    ----------
    model, X, y, params, method, n_iter : object
        As `tune` takes them.
    resource, factor, min_resources, scoring, random_state, run_dir, n_threads : object
        Likewise.
    **options : object
        What else it takes and `prepare_comparison` too; None and False are left out.

    Returns
    -------
    tuning : Tuning
        Ready to be measured.
    """
    if method not in METHODS:
        raise ValueError(f"method={method!r}, expected one of {', '.join(map(repr, METHODS))}.")
    if method == "optuna":
        check_optuna("tune(..., method='optuna')")
    if n_iter is not None and (
        method == "grid" or isinstance(n_iter, bool) or not isinstance(n_iter, int) or n_iter < 1
    ):
        rule = "method='grid' takes every combination: leave it out" if method == "grid" else "expected at least 1"
        raise ValueError(f"n_iter={n_iter!r}: {rule}.")
    if not isinstance(factor, int) or factor < 2:
        raise ValueError(f"factor={factor!r}, expected an integer from 2 up.")
    if min_resources not in ("exhaust", "smallest") and (not isinstance(min_resources, int) or min_resources < 1):
        raise ValueError(f"min_resources={min_resources!r}, expected 'exhaust', 'smallest' or a positive integer.")
    if method != "halving" and (resource, factor, min_resources) != ("n_samples", 3, "exhaust"):
        raise ValueError(
            f"method={method!r} has no rounds: resource, factor and min_resources are those of method='halving'."
        )
    if run_dir is not None and not isinstance(random_state, Integral):
        raise ValueError(
            f"run_dir={os.fspath(run_dir)!r} with random_state={random_state!r}: other settings would be drawn "
            "at each call, and nothing found again. Give an integer, such as random_state=0."
        )
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
    options = {name: value for name, value in options.items() if value is not None and value is not False}
    return Tuning(
        model=model,
        title=title,
        X=X,
        y=y,
        method=method,
        parameters=parameters,
        space=space,
        planned=planned,
        n_iter=_N_ITER if n_iter is None else n_iter,
        seed=seed,
        resource=resource,
        factor=factor,
        min_resources=min_resources,
        options={"scoring": scoring, **options},
        n_threads=n_threads,
        notes=_note_on_settings(planned, n_iter),
        run_dir=None if run_dir is None else Path(run_dir),
    )


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


def _standings_of(comparison: Comparison) -> list[Standing]:
    # In the order of the folds, so that the sum of the scores does not depend on which fit was done first.
    rows = sorted(comparison.rows, key=lambda row: row.fold)
    metrics = tuple(comparison.measures.scorers)
    return standings(rows, metrics, list(comparison.estimators), len(comparison.splits))


def _result_of(comparisons: list[Comparison]) -> ComparisonResult:
    """Return the measurements of several comparisons on the same splits as those of one."""
    whole = copy.copy(comparisons[0])
    whole.estimators = {name: model for part in comparisons for name, model in part.estimators.items()}
    whole.tasks = [task for part in comparisons for task in part.tasks]
    whole.rows = [row for part in comparisons for row in part.rows]
    whole._versions = {name: version for part in comparisons for name, version in part._versions.items()}
    return whole.result()
