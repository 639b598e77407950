"""From the entries of a model file to an estimator. Only what is written here is done, whatever a file asks for.

skops reads the files it writes, too. Its reader is not used: it imports all of scikit-learn, which takes longer than a
model may take to load, and it calls what a file names in more places than have to be (the types of a dict's keys, of an
array, of a random generator's parts), which it has had to mend in release after release.
"""

from __future__ import annotations

import functools
import math
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Iterator
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skimgrec.persistence._arrays import read_array
from skimgrec.persistence._errors import ModelFileError
from skimgrec.persistence._invariants import check_object, check_random_state, check_tree
from skimgrec.persistence._types import ALLOWED, KEYS, PLACES, TRUSTABLE
from skimgrec.persistence._writing import SHARED_SIZE

_DEEPEST = 100
# A generator's own numbers, and no more of them than it has.
_LARGEST_SEED = 2**512


def foreign_types(state: Any) -> list[str]:
    """Return the names of types and functions in a state that must be trusted by the caller, sorted.

    Raises
    ------
    ModelFileError
        If the state is no tree of entries, or holds a type where such a type never stands.
    """
    found, waiting = set(), [(state, 0)]
    while waiting:
        entry, depth = waiting.pop()
        if depth > 3 * _DEEPEST:
            raise ModelFileError("The state of the model is nested too deeply.")
        if isinstance(entry, list):
            waiting += [(part, depth + 1) for part in entry]
        elif isinstance(entry, dict) and "kind" in entry:
            kind, name = entry["kind"], entry.get("type")
            if not isinstance(kind, str) or kind not in ALLOWED or not isinstance(name, str):
                raise ModelFileError(f"The state of the model holds an entry that is none: {str(entry)[:80]!r}.")
            if name not in ALLOWED[kind]:
                if kind not in TRUSTABLE:
                    raise ModelFileError(f"{name[:200]!r} stands where such a type never stands: as {kind}.")
                found.add(name)
            waiting += [(part, depth + 1) for key, part in entry.items() if key != "keys"]
        elif isinstance(entry, dict):
            waiting += [(part, depth + 1) for part in entry.values()]
    return sorted(found)


class Builder:
    """Builds objects from entries.

    Parameters
    ----------
    read : callable
        From the name of an array's file to its content.
    sizes : dict
        The sizes of these files, by name.
    trusted : collection of str
        The types and functions that are imported beside those of `ALLOWED`.
    """

    def __init__(self, read: Callable[[str], bytes], sizes: dict[str, int], trusted: Collection[str]) -> None:
        self._read = read
        self._sizes = sizes
        self._trusted = frozenset(trusted)
        self._known: dict[int, Any] = {}
        self._uses: Counter[str] = Counter()
        self._small: dict[str, NDArray[Any]] = {}
        self._depth = 0

    def build(self, entry: Any) -> Any:
        """Return what an entry stands for.

        Raises
        ------
        ModelFileError
            If it is not what `take_apart` makes of any object.
        """
        if entry is None or type(entry) in (str, int, float, bool):
            return entry
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ModelFileError("The state of the model is nested too deeply.")
        try:
            if type(entry) is list:
                return [self.build(part) for part in entry]
            if "ref" in entry:
                if len(entry) != 1 or type(entry["ref"]) is not int or entry["ref"] not in self._known:
                    raise ModelFileError("The state of the model refers to what it does not hold.")
                return self._known[entry["ref"]]
            kind, name = entry["kind"], entry["type"]
            if name not in ALLOWED[kind] and name not in self._trusted:
                raise ModelFileError(f"{name} is not trusted.")
            value = getattr(self, f"_{kind.lower()}")(entry, name)
            if "id" in entry:
                if type(entry["id"]) is not int or entry["id"] in self._known:
                    raise ModelFileError("The state of the model gives two objects the same number.")
                self._known[entry["id"]] = value
            return value
        finally:
            self._depth -= 1

    def unused(self) -> set[str]:
        """Return the names of the files that have not been read."""
        return set(self._sizes) - set(self._uses)

    def _dict(self, entry: dict[str, Any], name: str) -> Any:
        content = _typed(entry, "content", dict)
        keys = list(content)
        if "keys" in entry:
            types = _typed(entry, "keys", list)
            if len(types) != len(keys) or not all(isinstance(kind, str) and kind in KEYS for kind in types):
                raise ModelFileError("The state of the model holds a dict with keys of no known type.")
            keys = [_scalar_type(kind)(key) for kind, key in zip(types, keys, strict=True)]
        values = [self.build(value) for value in content.values()]
        pairs = zip(keys, values, strict=True)
        if name == "sklearn.utils._bunch.Bunch":
            return _imported(name)(**dict(pairs))
        return (OrderedDict if name == "collections.OrderedDict" else dict)(pairs)

    def _list(self, entry: dict[str, Any], name: str) -> list[Any]:
        return [self.build(part) for part in _typed(entry, "content", list)]

    def _tuple(self, entry: dict[str, Any], name: str) -> tuple[Any, ...]:
        return tuple(self._list(entry, name))

    def _set(self, entry: dict[str, Any], name: str) -> set[Any]:
        return set(self._list(entry, name))

    def _slice(self, entry: dict[str, Any], name: str) -> slice:
        parts = _typed(entry, "content", list)
        if len(parts) != 3 or not all(part is None or type(part) is int for part in parts):
            raise ModelFileError("The state of the model holds a slice that is none.")
        return slice(*parts)

    def _type(self, entry: dict[str, Any], name: str) -> Any:
        return _scalar_type(name) if name.startswith("builtins.") else _imported(name)

    def _function(self, entry: dict[str, Any], name: str) -> Any:
        return _imported(name)

    def _partial(self, entry: dict[str, Any], name: str) -> Any:
        function, args, kwds = self._list(entry, name)
        return functools.partial(function, *args, **kwds)

    def _array(self, entry: dict[str, Any], name: str) -> Any:
        file = _typed(entry, "file", str)
        if file not in self._sizes:
            raise ModelFileError(f"The state of the model names an array that the file does not hold: {file[:80]!r}.")
        self._uses[file] += 1
        array = self._small.get(file)
        if array is not None:
            array = array.copy(order="K")
        elif self._uses[file] > 1:
            raise ModelFileError(f"{file} stands for several arrays, and only small ones do.")
        else:
            array = read_array(self._read(file), file)
            if self._sizes[file] <= SHARED_SIZE:
                self._small[file] = array.copy(order="K")
        if name == "numpy.ndarray":
            return array
        if array.ndim or not isinstance(array[()], _imported(name)):
            raise ModelFileError(f"{file} is not the one {name} that it stands for.")
        return array[()]

    def _objects(self, entry: dict[str, Any], name: str) -> Any:
        shape, content = _typed(entry, "shape", list), _typed(entry, "content", list)
        is_shape = len(shape) <= 32 and all(type(side) is int and 0 <= side <= max(1, len(content)) for side in shape)
        if not is_shape or math.prod(shape) != len(content):
            raise ModelFileError("The state of the model holds an array of objects with another number of them.")
        array = np.empty(len(content), dtype=object)
        for i, part in enumerate(content):
            array[i] = self.build(part)
        return array.reshape(shape)

    def _maskedarray(self, entry: dict[str, Any], name: str) -> Any:
        data, mask = self.build(entry.get("data")), self.build(entry.get("mask"))
        if not isinstance(data, np.ndarray) or np.shape(mask) not in ((), data.shape):
            raise ModelFileError("The state of the model holds a masked array whose mask is none.")
        return np.ma.MaskedArray(data, mask)

    def _dtype(self, entry: dict[str, Any], name: str) -> Any:
        array = self.build(entry.get("content"))
        if not isinstance(array, np.ndarray):
            raise ModelFileError("The state of the model holds a dtype that is none.")
        return array.dtype

    def _randomstate(self, entry: dict[str, Any], name: str) -> Any:
        state = self.build(entry.get("content"))
        check_random_state(state)
        generator = np.random.RandomState(0)
        generator.set_state(state)
        return generator

    def _randomgenerator(self, entry: dict[str, Any], name: str) -> Any:
        state, seed = self.build(entry.get("bit_generator")), self.build(entry.get("seed_seq"))
        if not isinstance(state, dict) or state.get("bit_generator") != "PCG64" or not isinstance(seed, dict):
            raise ModelFileError("The state of the model holds a random generator other than NumPy's PCG64.")
        sizes: list[Any] = [seed.get("pool_size"), *_numbers(seed), *_numbers(state)]
        if sizes[0] != 4 or set(seed) - {"entropy", "spawn_key", "pool_size", "n_children_spawned"}:
            raise ModelFileError("The state of the model holds a random generator with a seed that is none.")
        if not all(0 <= number < _LARGEST_SEED for number in sizes):
            raise ModelFileError("The state of the model holds a random generator with numbers out of range.")
        generator: Any = np.random.PCG64(np.random.SeedSequence(**seed))
        generator.state = state
        return np.random.Generator(generator)

    def _object(self, entry: dict[str, Any], name: str) -> Any:
        kind: Any = _imported(name)
        is_class = isinstance(kind, type)
        if not is_class:
            raise ModelFileError(f"{name} is no class.")
        value: Any = kind.__new__(kind)
        state = self.build(entry.get("content"))
        if name not in ALLOWED["Object"]:
            _set_state(value, state)
            return value
        if not isinstance(state, dict) and state is not None:
            raise ModelFileError(f"{name} has a state that is none.")
        for attribute in state or {}:
            if not isinstance(attribute, str) or callable(getattr(kind, attribute, None)) or attribute[:2] == "__":
                raise ModelFileError(f"{name} has a state that hides what is its own: {attribute!r}.")
        for place in PLACES.get(name, ()):
            if (state or {}).get(place) is not None:
                raise ModelFileError(
                    f"{name} has {place}={str((state or {})[place])[:80]!r}: a file may name no place to write to."
                )
        _set_state(value, state)
        check_object(value, name)
        return value

    def _tree(self, entry: dict[str, Any], name: str) -> Any:
        args, state = self.build(entry.get("args")), self.build(entry.get("content"))
        check_tree(args, state)
        tree = _imported(name)(*args)
        tree.__setstate__(state)
        return tree

    def _loss(self, entry: dict[str, Any], name: str) -> Any:
        args = self.build(entry.get("args"))
        if not isinstance(args, tuple) or not all(type(number) in (int, float) for number in args) or len(args) > 2:
            raise ModelFileError(f"{name} has parameters that are none.")
        return _imported(name)(*args)


def _set_state(value: Any, state: Any) -> None:
    if state is None:
        return
    if hasattr(value, "__setstate__"):
        value.__setstate__(state)
    else:
        value.__dict__.update(state)


def _typed(entry: dict[str, Any], name: str, kind: type) -> Any:
    value = entry.get(name)
    if type(value) is not kind:
        raise ModelFileError(f"The state of the model has an entry whose {name} is no {kind.__name__}.")
    return value


def _numbers(value: Any) -> Iterator[int]:
    """Yield the integers in the state of a generator."""
    if isinstance(value, (dict, list, tuple)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _numbers(part)
    elif isinstance(value, (int, np.integer)):
        yield int(value)
    elif isinstance(value, np.ndarray) and value.dtype.kind in "iu":
        yield from value.ravel().tolist()
    elif value is not None and not isinstance(value, str):
        yield -1


def _scalar_type(name: str) -> Any:
    builtin = {"builtins.str": str, "builtins.int": int, "builtins.float": float, "builtins.bool": bool}
    return builtin[name] if name in builtin else _imported(name)


def _imported(name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ModelFileError(f"{name}, which the model needs, cannot be imported: {error}") from error
