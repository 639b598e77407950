"""Optuna's TPE sampler, asked for one setting after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from skimgrec.model_selection._param_space import as_range


def check_optuna(caller: str) -> None:
    """Raise an ImportError that names `caller` and the `pip install` that helps, where Optuna is missing."""
    try:
        import optuna  # noqa: F401  only whether it is there
    except ImportError as error:
        raise ImportError(
            f'{caller} searches with Optuna, which is not installed. Install it with: pip install "skimgrec[optuna]"'
        ) from error


class OptunaTrials:
    """A search that draws each setting from where earlier ones scored well.

    Parameters
    ----------
    space : dict of str to list, ParameterRange or distribution
        What to try for each parameter, by full name.
    given : dict of str to str
        The name by which each parameter was asked for, for messages.
    seed : int
        Of the sampler.
    """

    def __init__(self, space: Mapping[str, Any], given: Mapping[str, str], seed: int) -> None:
        import optuna

        self._space = {
            name: values if isinstance(values, list) else as_range(given[name], values)
            for name, values in space.items()
        }
        with _quiet_optuna():
            self._study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
        self._trial: Any = None
        self._scores: dict[str, float | None] = {}

    def ask(self) -> dict[str, Any]:
        """Return the next setting to try; perhaps an earlier one."""
        self._trial = self._study.ask()
        return {name: self._suggested(name, values) for name, values in self._space.items()}

    def _suggested(self, name: str, values: Any) -> Any:
        if isinstance(values, list):
            # Optuna takes numbers and strings only, values may be anything.
            return values[self._trial.suggest_categorical(name, range(len(values)))]
        suggest = self._trial.suggest_int if values.whole else self._trial.suggest_float
        return values.nearest(suggest(name, values.low, values.high, log=values.log))

    def known(self, setting: Mapping[str, Any]) -> bool:
        """Tell whether a setting was tried before."""
        return repr(setting) in self._scores

    def tell(self, setting: Mapping[str, Any], score: float | None) -> None:
        """Say what the setting that was last asked for scored, None if it failed."""
        import optuna

        self._scores[repr(setting)] = score
        with _quiet_optuna():
            if score is None:
                self._study.tell(self._trial, state=optuna.trial.TrialState.FAIL)
            else:
                self._study.tell(self._trial, score)

    def tell_known(self, setting: Mapping[str, Any]) -> None:
        """Say what the setting that was last asked for had scored before."""
        self.tell(setting, self._scores[repr(setting)])


@contextmanager
def _quiet_optuna() -> Iterator[None]:
    """Keep Optuna's notes on each step from stderr, and leave its logging as it was."""
    import optuna

    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(level)
