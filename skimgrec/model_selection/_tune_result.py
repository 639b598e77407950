"""What a search over parameters found: plain data that saves to JSON and shows itself as a table."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from skimgrec.model_selection._result import ComparisonResult
from skimgrec.model_selection._standings import Standing, standings
from skimgrec.utils._files import check_schema
from skimgrec.utils._saved_result import SavedResult

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "skimgrec.TuneResult"
SCHEMA_VERSION = 1
# What is left out of files, with what it is where a result was loaded from one.
_NOT_SAVED = {"best_estimator_": None}


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """A setting's place in a search.

    Parameters
    ----------
    standing : Standing
        Its means and spreads on the test pictures.
    train : Standing or None
        Those on the pictures learnt from, if they were measured.
    round : int
        The last round that it took part in, from 0.
    n_resources : int or None
        What each of its fits could use in that round: training pictures or epochs; None for all of them.
    in_last : bool
        Whether no setting came further, so that its scores may be held against the best one's.
    """

    standing: Standing
    train: Standing | None
    round: int
    n_resources: int | None
    in_last: bool


@dataclass(eq=False, repr=False, kw_only=True)
class TuneResult(SavedResult):
    """The result of `tune`: what every setting of a model's parameters scored, and the best one.

    It shows itself as a table, best setting first, in a terminal and in a notebook.

    Parameters
    ----------
    model : str
        What was tuned: the name of a candidate, or the estimator as it prints itself.
    method : {"grid", "random", "halving", "optuna"}
        How the settings were found.
    parameters : dict of str to str
        The name by which each parameter was asked for, by its full name.
    space : dict of str to list or str
        What was tried for each, by its full name: its values, or a range such as "0.0001:0.1:log".
    settings : dict of str to dict
        The values of each setting, by full name, by the setting's name; in the order in which they were made.
    rounds : list of ComparisonResult
        The measurements, one row for each setting and fold: one round, or those of successive halving.
    n_settings : list of int
        How many settings there were to measure in each round; more than were measured after an interruption.
    resource : str
        What rounds have more and more of: "n_samples", training pictures, or a parameter such as "epochs".
    n_resources : list of int or None
        How much of it each round had; None for all of it.
    finished : bool
        Whether all of them were measured; false after an interruption.
    notes : list of str
        What is to be said of the settings, such as that there were fewer than were asked for.
    best_estimator_ : estimator or None
        The model with the best setting, fitted on all pictures, of the data's own split on the training pictures; None
        without `refit`. It is not saved.

    See Also
    --------
    tune : Makes it.
    TuningDisplay : Draws it.

    Notes
    -----
    The best score is the highest of many on the same folds, and so a little higher than the model's on new pictures.

    Examples
    --------
    >>> from skimgrec import load_digits_images, tune
    >>> X, y = load_digits_images(return_X_y=True)
    >>> result = tune("knn", X[:500], y[:500], {"n_neighbors": [1, 5, 50]}, cv=3, random_state=0)
    >>> result.best_params_
    {'kneighborsclassifier__n_neighbors': 1}
    >>> result.to_frame()[["param_n_neighbors", "rank", "n_folds"]]
       param_n_neighbors  rank  n_folds
    0                  1     1        3
    1                  5     2        3
    2                 50     3        3
    """

    model: str
    method: str
    parameters: dict[str, str]
    space: dict[str, Any]
    settings: dict[str, dict[str, Any]]
    rounds: list[ComparisonResult]
    n_settings: list[int]
    resource: str = "n_samples"
    n_resources: list[int | None] = field(default_factory=lambda: [None])
    finished: bool = True
    notes: list[str] = field(default_factory=list)
    best_estimator_: Any = None

    @property
    def metrics(self) -> tuple[str, ...]:
        """What was measured. Settings are ranked by the first."""
        return self.rounds[0].metrics

    @property
    def n_folds(self) -> int:
        """How many folds there are."""
        return self.rounds[0].n_folds

    @property
    def data_name(self) -> str | None:
        """What the caller calls the data."""
        return self.rounds[0].data_name

    @property
    def best_(self) -> str | None:
        """Name of the best setting, None if none has a score in every fold.

        It has the highest mean of the first metric, the earlier one of equals; in successive halving, among those of
        the last round that was finished.
        """
        first = self.ranking()[0]
        return first.standing.estimator if first.standing.complete else None

    @property
    def best_params_(self) -> dict[str, Any] | None:
        """The best setting, as `set_params` of the model takes it."""
        return None if self.best_ is None else self.settings[self.best_]

    @property
    def best_score_(self) -> float | None:
        """Its mean of the first metric over the folds. It was chosen for that: expect less on new pictures."""
        first = self.ranking()[0]
        return first.standing.mean[self.metrics[0]] if first.standing.complete else None

    def ranking(self) -> list[Ranked]:
        """Return the settings, best first; of successive halving, those that came further first."""
        ranked: list[Ranked] = []
        placed: set[str] = set()
        first = True
        for number, result in self._comparable_rounds():
            names = [name for name in self.settings if name in result.estimators and name not in placed]
            train = self._train_standings(result, names)
            for standing in standings(result.rows, self.metrics, names, self.n_folds):
                placed.add(standing.estimator)
                ranked.append(
                    Ranked(
                        standing=standing,
                        train=train.get(standing.estimator),
                        round=number,
                        n_resources=self.n_resources[number],
                        in_last=first,
                    )
                )
            first = False
        return ranked

    def _comparable_rounds(self) -> Iterator[tuple[int, ComparisonResult]]:
        """Yield the rounds, the last one first, without one that an interruption left unfinished, if there are others.

        What such a round has measured first would otherwise be the best for having come first.
        """
        numbers = list(range(len(self.rounds)))
        if len(numbers) > 1 and len(self.rounds[-1].rows) < self.n_settings[len(numbers) - 1] * self.n_folds:
            numbers.pop()
        for number in reversed(numbers):
            yield number, self.rounds[number]

    def _train_standings(self, result: ComparisonResult, names: list[str]) -> dict[str, Standing]:
        rows = [replace(row, scores=row.train_scores) for row in result.rows if row.train_scores is not None]
        if not rows:
            return {}
        return {standing.estimator: standing for standing in standings(rows, self.metrics, names, self.n_folds)}

    def verdict(self) -> str:
        """Return a few plain sentences: the best setting, how sure that is, and what its score is worth."""
        from skimgrec.model_selection._tune_table import verdict

        return verdict(self)

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each setting, best first.

        Returns
        -------
        frame : DataFrame
            With the columns `setting`, `param_<name>` for each parameter as it was asked for, `rank` (from 1, the same
            for equal scores; NaN without a score in every fold), `mean_test_<metric>` and `std_test_<metric>` for each
            metric, `mean_train_<metric>` and `std_train_<metric>` if training scores were kept, `mean_fit_time` and
            `mean_predict_time` in seconds, `n_folds` (those with a score), `n_failed`, `round` (the last it took part
            in, from 0), `in_last_round`, and `n_resources` (of that round; None for all).
        """
        import pandas as pd

        ranking = self.ranking()
        records = []
        for place, ranked in enumerate(ranking):
            standing = ranked.standing
            record: dict[str, Any] = {"setting": standing.estimator}
            for full, name in self.parameters.items():
                record[f"param_{name}"] = self.settings[standing.estimator][full]
            record["rank"] = self._rank(ranking, place)
            for kind, found in (("test", standing), ("train", ranked.train)):
                if found is not None:
                    for metric in self.metrics:
                        record[f"mean_{kind}_{metric}"] = found.mean[metric]
                        record[f"std_{kind}_{metric}"] = found.std[metric]
            record.update(mean_fit_time=standing.fit_time[0], mean_predict_time=standing.predict_time[0])
            record.update(n_folds=standing.n_scored, n_failed=standing.n_failed)
            record.update(round=ranked.round, in_last_round=ranked.in_last, n_resources=ranked.n_resources)
            records.append(record)
        frame = pd.DataFrame(records)
        # Left to itself, pandas turns None into NaN, and some lists into arrays.
        for name in ("n_resources", *(f"param_{name}" for name in self.parameters.values())):
            if any(record[name] is None for record in records):
                frame[name] = pd.Series([record[name] for record in records], dtype=object)
        return frame

    def _rank(self, ranking: list[Ranked], place: int) -> float:
        standing = ranking[place].standing
        if not standing.complete:
            return math.nan
        metric = self.metrics[0]
        equal = [
            other
            for other, entry in enumerate(ranking)
            if entry.standing.mean[metric] == standing.mean[metric] and entry.round == ranking[place].round
        ]
        return equal[0] + 1

    def to_dict(self) -> dict[str, Any]:
        """Return the result as dicts, lists, strings and numbers that JSON can hold, without the fitted model.

        A parameter's value that is neither a number, a string, a boolean, None, nor made of these is kept as its text.
        """
        content: dict[str, Any] = {"schema": SCHEMA, "schema_version": SCHEMA_VERSION}
        for item in fields(self):
            if item.name not in _NOT_SAVED:
                content[item.name] = getattr(self, item.name)
        content["rounds"] = [result.to_dict() for result in self.rounds]
        for name in ("space", "settings"):
            content[name] = _to_plain(content[name])
        return content

    @classmethod
    def from_dict(cls, content: Any) -> TuneResult:
        """Return the result that `to_dict` gave, without the fitted model.

        Parameters
        ----------
        content : dict
            As `to_dict` returns it.

        Returns
        -------
        result : TuneResult
            Equal to the one that was written.

        Raises
        ------
        ValueError
            If `content` is no such result, or was written by a newer version of skimgrec.
        """
        check_schema(content, SCHEMA, SCHEMA_VERSION, "search")
        try:
            values = {item.name: content[item.name] for item in fields(cls) if item.name not in _NOT_SAVED}
            values["rounds"] = [ComparisonResult.from_dict(result) for result in values["rounds"]]
            for name in ("space", "settings"):
                values[name] = _from_plain(values[name])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"This saved search is damaged: {type(error).__name__}: {error}.") from error
        return cls(**values)

    def __repr__(self) -> str:
        from skimgrec.model_selection._table import to_text
        from skimgrec.model_selection._tune_table import table_of

        return to_text(table_of(self))

    def __rich__(self) -> Any:
        from skimgrec.model_selection._table import to_rich
        from skimgrec.model_selection._tune_table import table_of

        return to_rich(table_of(self))

    def _repr_html_(self) -> str:
        from skimgrec.model_selection._table import to_html
        from skimgrec.model_selection._tune_table import table_of

        return to_html(table_of(self))


def _to_plain(value: Any) -> Any:
    """Return a value in JSON's types; what JSON has no type for becomes an object that says what it is."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": str(value)}
    if isinstance(value, list):
        return [_to_plain(item) for item in value]
    if isinstance(value, tuple):
        return {"tuple": [_to_plain(item) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[_to_plain(key), _to_plain(item)] for key, item in value.items()]}
    return " ".join(repr(value).split())


def _from_plain(value: Any) -> Any:
    """Return the value that `_to_plain` was given."""
    if isinstance(value, list):
        return [_from_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    ((kind, held),) = value.items()
    if kind == "float":
        return float(held)
    if kind == "tuple":
        return tuple(_from_plain(item) for item in held)
    if kind == "dict":
        return {_from_plain(key): _from_plain(item) for key, item in held}
    raise ValueError(f"a value of the unknown kind {kind!r}")
