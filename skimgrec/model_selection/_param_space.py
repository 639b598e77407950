"""What a search may try: values and ranges for the parameters of a model, read, checked and drawn from."""

from __future__ import annotations

import ast
import difflib
import math
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils._param_validation import validate_parameter_constraints

_INTEGER = re.compile(r"[+-]?\d+")
# Numbers drawn from a range have so many significant digits, so that a setting's name tells all of it.
_DIGITS = 4
_CONSTANTS = ("None", "True", "False")
_CLOSING = {"(": ")", "[": "]", "{": "}"}
# Tries for each setting wanted, where a draw repeats an earlier one.
_PATIENCE = 20


@dataclass(frozen=True)
class ParameterRange:
    """All numbers from `low` to `high`, both included.

    Parameters
    ----------
    low, high : int or float
        Integers for a range of integers.
    log : bool
        Whether every order of magnitude is as likely as another.
    """

    low: int | float
    high: int | float
    log: bool = False

    @property
    def whole(self) -> bool:
        """Whether it is a range of integers."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    def rvs(self, random_state: Any = None) -> int | float:
        """Draw a number, as `sklearn.model_selection.ParameterSampler` asks for it."""
        # Half a unit beyond the ends, all integers are equally likely after rounding.
        margin = 0.5 if self.whole else 0.0
        low, high = self.low - margin, self.high + margin
        part = random_state.uniform()
        value = low * (high / low) ** part if self.log else low + (high - low) * part
        return self.nearest(value)

    def nearest(self, value: float) -> int | float:
        """Return the number of the range next to `value`, with few digits."""
        rounded = round(value) if self.whole else float(f"{value:.{_DIGITS}g}")
        return min(max(rounded, self.low), self.high)

    def __str__(self) -> str:
        return f"{self.low}:{self.high}{':log' if self.log else ''}"


def parse_params(texts: Iterable[str]) -> dict[str, Any]:
    """Read parameters as the command line has them.

    Parameters
    ----------
    texts : iterable of str
        Each as "name=values", the values separated by commas, or as "name=low:high", perhaps with ":log".

    Returns
    -------
    params : dict of str to list or ParameterRange
        What to try for each parameter.

    Raises
    ------
    ValueError
        If one cannot be read, or a parameter appears twice.

    Examples
    --------
    >>> parse_params(["filters=16,32", "learning_rate=1e-4:1e-1:log", "sizes=(10,),(50, 20)", "optimizer=adam,sgd"])
    {'filters': [16, 32], 'learning_rate': ParameterRange(low=0.0001, high=0.1, log=True),
     'sizes': [(10,), (50, 20)], 'optimizer': ['adam', 'sgd']}
    """
    params: dict[str, Any] = {}
    for text in texts:
        name, sign, values = text.partition("=")
        name = name.strip()
        if not sign or not name:
            raise ValueError(
                f"{text!r} is no parameter: expected NAME=VALUES, such as filters=16,32 or learning_rate=1e-4:1e-1:log."
            )
        if name in params:
            raise ValueError(f"{name} is given twice. Give all its values at once, separated by commas.")
        params[name] = parse_values(name, values)
    return params


def parse_values(name: str, text: str) -> list[Any] | ParameterRange:
    """Read the values of one parameter: a range, or Python literals and bare words separated by commas."""
    ends = [part.strip() for part in text.split(":")]
    if len(ends) in (2, 3) and all(_is_number(part) for part in ends[:2]):
        return _range(name, text, ends)
    parts = [part.strip() for part in _split(name, text)]
    if any(_looks_like_a_range(part) for part in parts):
        raise ValueError(
            f"{name}={text}: expected one range LOW:HIGH or LOW:HIGH:log of numbers, such as 1e-4:1e-1:log, or values "
            "separated by commas. A word with a colon in it goes in quotes."
        )
    return [_value(name, part) for part in parts]


def _is_number(text: str) -> bool:
    return _is_a_float(text) and math.isfinite(float(text)) and "_" not in text


def _is_a_float(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _looks_like_a_range(text: str) -> bool:
    first, colon, _ = text.partition(":")
    return bool(colon) and _is_number(first.strip())


def _range(name: str, text: str, parts: Sequence[str]) -> ParameterRange:
    if len(parts) == 3 and parts[2] != "log":
        raise ValueError(f"{name}={text}: after LOW:HIGH may come :log and nothing else, got {parts[2]!r}.")
    whole = all(_INTEGER.fullmatch(part) for part in parts[:2])
    low, high = (int(part) if whole else float(part) for part in parts[:2])
    return _checked_range(name, ParameterRange(low, high, log=len(parts) == 3))


def _checked_range(name: str, found: ParameterRange) -> ParameterRange:
    if not found.low < found.high:
        raise ValueError(f"{name}={found}: the first number of a range has to be below the second.")
    if found.log and found.low <= 0:
        raise ValueError(f"{name}={found}: a logarithmic range starts above 0. Leave :log out, or start higher.")
    return found


def _split(name: str, text: str) -> Iterator[str]:
    """Cut a text at the commas that stand outside of brackets and quotes."""
    expected: list[str] = []
    quote, start, escaped = "", 0, False
    for position, char in enumerate(text):
        if quote:
            quote = "" if char == quote and not escaped else quote
            escaped = char == "\\" and not escaped
        elif char in "\"'":
            quote = char
        elif char in _CLOSING:
            expected.append(_CLOSING[char])
        elif char in _CLOSING.values():
            if not expected or expected.pop() != char:
                raise ValueError(f"{name}={text}: the {char!r} at character {position + 1} closes nothing.")
        elif char == "," and not expected:
            yield text[start:position]
            start = position + 1
    if expected or quote:
        raise ValueError(f"{name}={text}: a closing {quote or expected[-1]} is missing.")
    yield text[start:]


def _value(name: str, text: str) -> Any:
    text = text.strip()
    if not text:
        raise ValueError(f"{name}: a value is empty. Write each value once, with single commas between them.")
    if text.capitalize() in _CONSTANTS and text not in _CONSTANTS:
        raise ValueError(f"{name}: {text} is written {text.capitalize()}; the word itself goes in quotes.")
    try:
        return int(text) if _INTEGER.fullmatch(text) else ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        if _is_a_float(text):  # inf and nan, which are no literals
            return float(text)
        if any(char in text for char in "()[]{}\"'"):
            raise ValueError(
                f"{name}: {text} is no Python literal, such as 0.5, True, None, 'word' or (32, 64)."
            ) from None
        return text


def checked_space(params: Any) -> dict[str, Any]:
    """Return what to try for each parameter: a list of different values, a range, or something that draws values.

    Parameters
    ----------
    params : dict of str to sequence, str or distribution
        A string is read as on the command line. A distribution has a method `rvs`, as SciPy's have.

    Returns
    -------
    space : dict of str to list, ParameterRange or distribution
        In the same order.

    Raises
    ------
    ValueError
        If there is nothing to try, or a value appears twice.
    TypeError
        If it is something else.
    """
    if not isinstance(params, Mapping):
        raise TypeError(
            f"params is a {type(params).__name__}, expected a dict of values by parameter, such as "
            "{'learning_rate': [0.001, 0.01]}."
        )
    if not params:
        raise ValueError("params is empty: name at least one parameter, such as {'learning_rate': [0.001, 0.01]}.")
    return {name: _checked_values(name, values) for name, values in params.items()}


def _checked_values(name: Any, values: Any) -> Any:
    if not isinstance(name, str):
        raise TypeError(f"params has the name {name!r}, expected a string.")
    if isinstance(values, str):
        values = parse_values(name, values)
    if isinstance(values, ParameterRange):
        return _checked_range(name, values)
    if hasattr(values, "rvs"):
        return values
    if not isinstance(values, (Sequence, np.ndarray)) or isinstance(values, bytes) or getattr(values, "ndim", 1) == 0:
        raise TypeError(
            f"params[{name!r}] is {values!r}, expected a list of values, a range such as '1e-4:1e-1:log', or a "
            "distribution such as scipy.stats.loguniform(1e-4, 1e-1)."
        )
    listed = [_plain(value) for value in values]
    if not listed:
        raise ValueError(f"params[{name!r}] has no values, expected at least one.")
    seen: set[str] = set()
    for value in listed:
        if repr(value) in seen:
            raise ValueError(f"{name} has the value {value!r} twice. Name each one once.")
        seen.add(repr(value))
    return listed


def _plain(value: Any) -> Any:
    """Return a NumPy scalar as Python's own number, anything else as it is."""
    return value.item() if isinstance(value, np.generic) else value


def full_names(model: Any, names: Iterable[str]) -> dict[str, str]:
    """Return the name under which `model.set_params` takes each parameter.

    Parameters
    ----------
    model : estimator
        Whose parameters they are.
    names : iterable of str
        Full names, or, in a pipeline, names without the step where only one step has such a parameter.

    Returns
    -------
    full : dict of str to str
        The full name of each.

    Raises
    ------
    ValueError
        If a name is unknown or may be that of several steps, or two names are one parameter.
    """
    known = model.get_params(deep=True)
    full: dict[str, str] = {}
    for name in names:
        found = [name] if name in known else [other for other in known if other.endswith(f"__{name}")]
        # A parameter of a step goes before those nested deeper in it.
        depth = min((other.count("__") for other in found), default=0)
        found = [other for other in found if other.count("__") == depth]
        if len(found) > 1:
            raise ValueError(f"{name} may be {' or '.join(found)}: give the name with its step.")
        if not found:
            raise ValueError(_unknown(model, name, list(known)))
        if found[0] in full.values():
            raise ValueError(f"{name} is the same parameter as {found[0]}. Name it once.")
        full[name] = found[0]
    return full


def _unknown(model: Any, name: str, known: list[str]) -> str:
    kind = type(model).__name__
    if hasattr(model, "steps"):
        kind += f" of {' and '.join(type(step).__name__ for _, step in model.steps)}"
    words = list(dict.fromkeys([*known, *(other.rpartition("__")[2] for other in known)]))
    close = difflib.get_close_matches(name, words, n=3)
    if close:
        return f"Unknown parameter {name!r} of {kind}, did you mean {' or '.join(map(repr, close))}?"
    listed = ", ".join(other for other in words if "__" not in other)
    return f"Unknown parameter {name!r} of {kind}. It has {listed}."


def check_ranges(model: Any, space: Mapping[str, Any], given: Mapping[str, str]) -> None:
    """Raise an error if an end of a range is nothing that the parameter takes, by scikit-learn's own rules.

    Parameters
    ----------
    model : estimator
        What is tuned.
    space : dict of str to object
        What to try, by full name.
    given : dict of str to str
        The name by which each parameter was asked for.

    Raises
    ------
    ValueError
        With scikit-learn's reason.
    """
    for full, values in space.items():
        if not isinstance(values, ParameterRange):
            continue
        prefix, _, name = full.rpartition("__")
        owner = model.get_params()[prefix] if prefix else model
        constraints = getattr(type(owner), "_parameter_constraints", {})
        if name not in constraints:
            continue
        for end in (values.low, values.high):
            try:
                validate_parameter_constraints({name: constraints[name]}, {name: end}, type(owner).__name__)
            except ValueError as error:
                whole = " A range is one of integers if both ends are." if not values.whole else ""
                raise ValueError(f"{given[full]}={values}: {error}{whole}") from None


def grid_of(space: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return every combination of the values, which are all lists."""
    from sklearn.model_selection import ParameterGrid

    ranges = [name for name, values in space.items() if not isinstance(values, list)]
    if ranges:
        raise ValueError(
            f"{ranges[0]} is a range, {space[ranges[0]]}, and method='grid' tries every combination of listed values. "
            "List values, such as 0.001,0.01,0.1, or use the method 'random', 'halving' or 'optuna'."
        )
    return list(ParameterGrid(dict(space)))


def sample_of(space: Mapping[str, Any], n_settings: int, seed: int) -> list[dict[str, Any]]:
    """Return up to `n_settings` different combinations, drawn at random: fewer where there are no more."""
    from sklearn.model_selection import ParameterSampler

    n_draws = n_settings * _PATIENCE
    if all(isinstance(values, list) for values in space.values()):
        # Drawn without replacement by scikit-learn, which warns if more are asked for than there are.
        n_draws = min(n_settings, math.prod(len(values) for values in space.values()))
    drawn: dict[str, dict[str, Any]] = {}
    for setting in ParameterSampler(dict(space), n_draws, random_state=seed):
        plain = {name: _plain(setting[name]) for name in space}
        drawn.setdefault(repr(plain), plain)
        if len(drawn) == n_settings:
            break
    return list(drawn.values())


def as_range(name: str, distribution: Any) -> ParameterRange:
    """Return one of SciPy's uniform, loguniform or randint as a range, for a search that draws values itself."""
    if isinstance(distribution, ParameterRange):
        return distribution
    kind = getattr(getattr(distribution, "dist", None), "name", None)
    if kind not in ("uniform", "loguniform", "reciprocal", "randint"):
        raise ValueError(
            f"{name}: method='optuna' takes values, ranges such as '1e-4:1e-1:log', and SciPy's uniform, loguniform "
            f"and randint, got {distribution!r}."
        )
    number = int if kind == "randint" else float
    low, high = map(number, distribution.support())
    return _checked_range(name, ParameterRange(low, high, log=kind in ("loguniform", "reciprocal")))


def described(values: Any) -> list[Any] | str:
    """Return what is tried for a parameter in a form to keep: its values, or its range in words."""
    if isinstance(values, list):
        return values
    try:
        return str(as_range("", values))
    except ValueError:
        return repr(values)


def setting_name(setting: Mapping[str, Any], given: Mapping[str, str], taken: Container[str]) -> str:
    """Return a name for a setting, such as "filters=16, learning_rate=0.01": exact where the short one is taken.

    Parameters
    ----------
    setting : dict of str to object
        Values by full name.
    given : dict of str to str
        What to call each parameter, by its full name, in the order wanted.
    taken : container of str
        Names of other settings.
    """
    name = _joined(setting, given, shown_value)
    return _joined(setting, given, repr) if name in taken else name


def _joined(setting: Mapping[str, Any], given: Mapping[str, str], show: Any) -> str:
    return ", ".join(f"{name}={show(setting[full])}" for full, name in given.items())


def shown_value(value: Any) -> str:
    """Return a parameter's value as people write it.

    Examples
    --------
    >>> [shown_value(value) for value in (0.000123456, 16, (10,), "adam", None)]
    ['0.0001235', '16', '(10,)', 'adam', 'None']
    """
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:.{_DIGITS}g}"
    return " ".join(repr(value).split())
