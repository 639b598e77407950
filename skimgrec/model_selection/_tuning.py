"""A search over parameters, step by step: the comparisons that measure its settings."""

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

from skimgrec.model_selection._compare import prepare_comparison
from skimgrec.model_selection._comparison import Comparison
from skimgrec.model_selection._halving import halving_rounds
from skimgrec.model_selection._networks import with_n_threads
from skimgrec.model_selection._optuna import OptunaTrials
from skimgrec.model_selection._param_space import described, setting_name
from skimgrec.model_selection._result import ComparisonResult
from skimgrec.model_selection._search import Search
from skimgrec.model_selection._splits import nested_parts
from skimgrec.model_selection._standings import FoldRow, Standing, standings
from skimgrec.model_selection._store import RowStore
from skimgrec.model_selection._tune_result import TuneResult

# A line about a round, "" for the only one, and the comparison that measures it.
OnRound = Callable[[str, Comparison], object]


@dataclass(kw_only=True)
class Tuning:
    """A search on its pictures and folds. `prepare_tuning` makes it.

    Parameters
    ----------
    search : Search
        What is looked through.
    X : array-like of n rows
        The pictures.
    y : array-like of shape (n,)
        Their labels.
    options : dict of str to object
        What `prepare_comparison` is called with.
    n_threads : int or None
        Threads of each network.
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

    search: Search
    X: Any
    y: Any
    options: dict[str, Any]
    n_threads: int | None
    run_dir: Path | None
    finished: bool = field(init=False, default=False)
    settings: dict[str, dict[str, Any]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._rounds: list[list[Comparison]] = []
        self._n_resources: list[int | None] = []
        self._n_settings: list[int] = []
        for setting in self.search.planned or ():
            self._name(setting)
        # The splits are made now, so that whatever is wrong with the data is said before anything is measured, and
        # once, whatever the splitter draws. Copies among the pictures are looked for once, too.
        self.whole = prepare_comparison(
            {"model": self.search.model},
            self.X,
            self.y,
            random_state=self.search.seed,
            n_threads=self.n_threads,
            **self.options,
        )
        self._schedule: list[tuple[int | None, int]] = [(None, len(self.settings))]
        if self.search.method == "halving":
            self._schedule = self.search.rounds or self._rounds_of_pictures()

    def model_with(self, name: str, **more: Any) -> Any:
        """Return the unfitted model with a setting, and with other parameters."""
        # An estimator among the values would be shared by all fits.
        values = {key: clone(value, safe=False) for key, value in {**self.settings[name], **more}.items()}
        model = clone(self.search.model).set_params(**values)
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
        if self.search.planned is None:
            return self.search.n_iter * n_folds
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
            model=self.search.title,
            method=self.search.method,
            parameters=self.search.parameters,
            space={full: described(values) for full, values in self.search.space.items()},
            settings={name: setting for name, setting in self.settings.items() if name in names},
            rounds=rounds,
            n_settings=self._n_settings[: len(rounds)],
            resource=self.search.resource,
            n_resources=self._n_resources[: len(rounds)],
            finished=self.finished,
            notes=self.search.notes,
        )

    def _comparisons(self) -> Iterator[tuple[str, Comparison]]:
        if self.search.planned is None:
            yield from self._trials()
            return
        names = list(self.settings)
        several = len(self._schedule) > 1
        for number, (amount, n_settings) in enumerate(self._schedule, start=1):
            comparison = self._round(names[:n_settings], amount)
            words = "training pictures" if self.search.resource == "n_samples" else self.search.resource
            counted = f"{n_settings} setting{'s' if n_settings > 1 else ''} on {'all' if amount is None else amount}"
            yield f"Round {number} of {len(self._schedule)}: {counted} {words}." if several else "", comparison
            names = [standing.estimator for standing in _standings_of(comparison)]

    def _trials(self) -> Iterator[tuple[str, Comparison]]:
        """Ask Optuna for one setting after the other, and tell it how each did."""
        trials = OptunaTrials(self.search.space, self.search.parameters, self.search.seed)
        self._begin_round(None, self.search.n_iter)
        for number in range(self.search.n_iter):
            setting = trials.ask()
            if trials.known(setting):
                trials.tell_known(setting)
                continue
            name = self._name(setting)
            comparison = self._prepare_round([name], self.whole.splits, {})
            self._rounds[-1].append(comparison)
            yield f"Setting {number + 1} of {self.search.n_iter}", comparison
            (standing,) = _standings_of(comparison)
            trials.tell(setting, next(iter(standing.mean.values())) if standing.complete else None)

    def _name(self, setting: dict[str, Any]) -> str:
        given = {full: self.search.parameters[full] for full in self.search.space}
        name = setting_name(setting, given, self.settings)
        self.settings[name] = setting
        return name

    def _begin_round(self, amount: int | None, n_settings: int) -> None:
        self._rounds.append([])
        self._n_resources.append(amount)
        self._n_settings.append(n_settings)

    def _round(self, names: list[str], amount: int | None) -> Comparison:
        splits, more = self.whole.splits, {}
        if amount is not None and self.search.resource == "n_samples":
            sizes = [size for size, _ in self._schedule if size is not None]
            splits = [
                (nested_parts(train, sizes, self.whole.codes, seed=self.search.seed)[amount], test)
                for train, test in splits
            ]
        elif amount is not None:
            more = {self.search.resource: amount}
        comparison = self._prepare_round(names, splits, more)
        self._begin_round(amount, len(names))
        self._rounds[-1].append(comparison)
        return comparison

    def _prepare_round(self, names: Sequence[str], splits: list[Any], more: Mapping[str, Any]) -> Comparison:
        estimators = {name: self.model_with(name, **more) for name in names}
        return self.whole.with_estimators(estimators, splits, self.run_dir)

    def _rounds_of_pictures(self) -> list[tuple[int | None, int]]:
        return halving_rounds(
            len(self.settings),
            min(len(train) for train, _ in self.whole.splits),
            2 * len(self.whole.measures.classes),
            resource=self.search.resource,
            factor=self.search.factor,
            min_resources=self.search.min_resources,
        )


def prepare_tuning(
    search: Search,
    X: Any,
    y: Any,
    *,
    scoring: Any = "accuracy",
    run_dir: str | os.PathLike[str] | None = None,
    n_threads: int | None = None,
    **options: Any,
) -> Tuning:
    """Make the folds of a search, without measuring anything.

    Parameters
    ----------
    search : Search
        As `plan_search` returns it.
    X, y, scoring, run_dir, n_threads : object
        As `tune` takes them.
    **options : object
        What else it takes and `prepare_comparison` too; None and False are left out.

    Returns
    -------
    tuning : Tuning
        Ready to be measured.

    Raises
    ------
    TypeError, ValueError
        If pictures, labels or one of the options are not what `tune` takes, or do not suit the search.
    """
    if not isinstance(search, Search):
        raise TypeError(f"search is a {type(search).__name__}, expected what plan_search returns.")
    if run_dir is not None and not isinstance(search.random_state, Integral):
        raise ValueError(
            f"run_dir={os.fspath(run_dir)!r} with random_state={search.random_state!r}: other settings would be drawn "
            "at each call, and nothing found again. Give an integer, such as random_state=0."
        )
    options = {name: value for name, value in options.items() if value is not None and value is not False}
    return Tuning(
        search=search,
        X=X,
        y=y,
        options={"scoring": scoring, **options},
        n_threads=n_threads,
        run_dir=None if run_dir is None else Path(run_dir),
    )


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
