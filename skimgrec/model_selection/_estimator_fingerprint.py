"""Hashes that tell whether an estimator is the one that was measured before, by its parameters and its code."""

from __future__ import annotations

import functools
import hashlib
import re
import sys
import types
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from pathlib import PurePath
from typing import Any

import joblib
import numpy as np

_PRIMITIVES = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis), range, slice)
# What `sklearn.base.clone` takes along beside the parameters.
_CLONED_ALONG = ("_metadata_request", "_sklearn_output_config")
# Keras numbers the names that it makes up, by what the process has made before.
_NUMBERED = re.compile(r"_\d+$")


class NoFingerprintError(TypeError):
    """A value whose content cannot be told.

    Parameters
    ----------
    where : str
        The parameter that holds it, "" for the estimator itself.
    reason : str
        Why not.
    """

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where}: {reason}" if where else reason)
        self.where = where
        self.reason = reason


def fingerprint_of(value: Any) -> str:
    """Return a hash that is the same in every process, and another one once the value or its code changes.

    Estimators are told by their class and parameters, classes and functions by their name and, beneath it, their
    bytecode: that of a class along all of its bases. Code of a package that states its version is told by that
    version, too; from all other code, the helpers and constants of its module that it names are followed.

    Parameters
    ----------
    value : object
        An estimator, or what stands in a parameter of one: numbers, strings, arrays, functions, random states,
        containers of these, objects of Keras's, and what joblib can hash.

    Returns
    -------
    fingerprint : str
        32 hexadecimal digits.

    Raises
    ------
    NoFingerprintError
        If a part cannot be told.
    """
    return _Walk().digest(value, "").hex()


class _Walk:
    """One walk through a value, which meets itself where values hold one another."""

    def __init__(self) -> None:
        self._begun: dict[tuple[int, bool], int] = {}
        self._done: dict[tuple[int, bool], bytes] = {}
        # Of fitted parts that a class's own way of cloning takes along, the attributes count.
        self._with_state = False
        # Numbers of objects must not be given to others while the walk lasts.
        self._alive: list[Any] = []

    def digest(self, value: Any, where: str) -> bytes:
        if type(value) in _PRIMITIVES:
            return _hash("primitive", type(value).__name__, repr(value))
        key = (id(value), self._with_state)
        if key in self._done:
            return self._done[key]
        if key in self._begun:
            return _hash("seen", str(self._begun[key]))
        self._begun[key] = len(self._begun)
        self._alive.append(value)
        try:
            self._done[key] = self._object(value, where)
        except RecursionError as error:
            raise NoFingerprintError(where, f"a {type(value).__name__} that is nested too deeply") from error
        return self._done[key]

    def _object(self, value: Any, where: str) -> bytes:
        for kinds, describe in _KINDS:
            if isinstance(value, kinds):
                return _hash(describe.__name__, *describe(self, value, where))
        if hasattr(value, "get_params"):
            return _hash("estimator", *self._estimator(value, where))
        if hasattr(value, "get_config"):
            return _hash("configured", *self._configured(value, where))
        if _is_plain(value):
            return _hash("object", *self._class_and(value, vars(value), where))
        return _hash("pickled", *self._pickled(value, where))

    def _all(self, values: Iterable[Any], where: str) -> list[bytes]:
        return [self.digest(value, where) for value in values]

    def _items(self, values: Mapping[Any, Any], where: str) -> list[bytes]:
        pairs = []
        for key, value in values.items():
            inner = f"{where}[{key!r}]" if where else str(key)
            pairs.append(self.digest(key, where) + self.digest(value, inner))
        return sorted(pairs)

    def _class_and(self, value: Any, attributes: Mapping[str, Any], where: str) -> list[bytes]:
        parts = [self.digest(type(value), where)]
        for name in sorted(attributes):
            inner = f"{where}.{name}" if where else name
            parts += [name.encode(), self.digest(attributes[name], inner)]
        return parts

    def _estimator(self, value: Any, where: str) -> list[bytes]:
        if isinstance(value, type):
            return [self.digest(value, where)]
        own_cloning = _clones_in_its_own_way(value)
        outer, self._with_state = self._with_state, self._with_state or own_cloning
        try:
            attributes = getattr(value, "__dict__", {})
            kept = attributes if self._with_state else {n: attributes[n] for n in _CLONED_ALONG if n in attributes}
            parameters = _parameters(value, where)
            separator = "__" if where else ""
            parts = self._class_and(value, {name: kept[name] for name in kept if name not in parameters}, where)
            for name in sorted(parameters):
                parts += [name.encode(), self.digest(parameters[name], f"{where}{separator}{name}")]
        finally:
            self._with_state = outer
        return parts

    def _configured(self, value: Any, where: str) -> list[bytes]:
        """Describe an object of Keras's kind, which says itself what it is made from."""
        try:
            config = dict(value.get_config())
        except Exception as error:
            raise NoFingerprintError(where, f"{type(value).__name__}.get_config() failed: {error}") from error
        if isinstance(config.get("name"), str):
            config["name"] = _NUMBERED.sub("", config["name"])
        return [self.digest(type(value), where), self.digest(config, where)]

    def _pickled(self, value: Any, where: str) -> list[bytes]:
        try:
            return [self.digest(type(value), where), joblib.hash(value).encode()]
        except Exception as error:
            raise NoFingerprintError(where, f"a {type(value).__name__}, {error}") from error

    # The kinds of values, in the order in which they are tried.

    def sequence(self, value: Any, where: str) -> list[bytes]:
        parts = [f"{where}[{number}]" if where else "" for number in range(len(value))]
        return [_name(type(value)), *(self.digest(part, inner) for part, inner in zip(value, parts, strict=True))]

    def mapping(self, value: Any, where: str) -> list[bytes]:
        return [_name(type(value)), *self._items(value, where)]

    def unordered(self, value: Any, where: str) -> list[bytes]:
        return [_name(type(value)), *sorted(self._all(value, where))]

    def array(self, value: Any, where: str) -> list[bytes]:
        parts = [value.dtype.str.encode(), repr(value.dtype.descr).encode(), repr(value.shape).encode()]
        if value.dtype.hasobject:
            return [*parts, *self._all(value.ravel().tolist(), where)]
        return [*parts, hashlib.blake2b(np.ascontiguousarray(value).view(np.uint8).data, digest_size=16).digest()]

    def number(self, value: Any, where: str) -> list[bytes]:
        return [value.dtype.str.encode(), value.tobytes()]

    def dtype(self, value: Any, where: str) -> list[bytes]:
        return [repr(value).encode()]

    def member(self, value: Any, where: str) -> list[bytes]:
        return [_name(type(value)), value.name.encode()]

    def path(self, value: Any, where: str) -> list[bytes]:
        return [str(value).encode("utf-8", "surrogateescape")]

    def random_state(self, value: Any, where: str) -> list[bytes]:
        return [self.digest(value.get_state(legacy=False), where)]

    def generator(self, value: Any, where: str) -> list[bytes]:
        return [self.digest(getattr(value, "bit_generator", value).state, where)]

    def partial(self, value: Any, where: str) -> list[bytes]:
        return self._all((value.func, value.args, value.keywords), where)

    def bound(self, value: Any, where: str) -> list[bytes]:
        return self._all((value.__self__, value.__func__), where)

    def builtin(self, value: Any, where: str) -> list[bytes]:
        owner = getattr(value, "__self__", None)
        named = [_name(value), _version_of(value)]
        return named if owner is None or isinstance(owner, types.ModuleType) else [*named, self.digest(owner, where)]

    def module(self, value: Any, where: str) -> list[bytes]:
        return [value.__name__.encode()]

    def function(self, value: Any, where: str) -> list[bytes]:
        code = value.__code__
        parts = [_name(value), _version_of(value), _code(code)]
        parts += self._all((value.__defaults__, value.__kwdefaults__), where)
        for name, cell in zip(code.co_freevars, value.__closure__ or (), strict=True):
            try:
                content = cell.cell_contents
            except ValueError:  # a function that is defined later
                continue
            parts += [name.encode(), self.digest(content, f"{where} ({name})".strip())]
        if not _version_of(value):
            for name in sorted(_names(code)):
                used = value.__globals__.get(name)
                if name in value.__globals__ and _is_of_the_module(name, used, value.__module__):
                    parts += [name.encode(), self.digest(used, where)]
        return parts

    def class_(self, value: Any, where: str) -> list[bytes]:
        parts = []
        for base in value.__mro__:
            if base is object:
                continue
            parts += [_name(base), _version_of(base)]
            if base.__module__ == "builtins" or base.__module__.split(".")[0] in sys.stdlib_module_names:
                continue
            for name, attribute in sorted(vars(base).items()):
                function = _function_in(attribute)
                if function is not None:
                    parts += [name.encode(), *(self.digest(part, where) for part in function)]
                elif not _is_dunder(name) and _is_constant(attribute):
                    parts += [name.encode(), self.digest(attribute, where)]
        return parts


_KINDS: tuple[tuple[Any, Callable[..., list[bytes]]], ...] = (
    (type, _Walk.class_),
    (Enum, _Walk.member),
    (np.ndarray, _Walk.array),
    (np.generic, _Walk.number),
    (np.dtype, _Walk.dtype),
    ((list, tuple), _Walk.sequence),
    ((dict, types.MappingProxyType), _Walk.mapping),
    ((set, frozenset), _Walk.unordered),
    (PurePath, _Walk.path),
    (np.random.RandomState, _Walk.random_state),
    ((np.random.Generator, np.random.BitGenerator), _Walk.generator),
    (functools.partial, _Walk.partial),
    (types.MethodType, _Walk.bound),
    (types.FunctionType, _Walk.function),
    ((types.BuiltinFunctionType, np.ufunc), _Walk.builtin),
    (types.ModuleType, _Walk.module),
)


def _hash(kind: str, *parts: str | bytes) -> bytes:
    digest = hashlib.blake2b(kind.encode(), digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.digest()


def _name(value: Any) -> bytes:
    module = getattr(value, "__module__", None)
    return f"{module}.{getattr(value, '__qualname__', getattr(value, '__name__', ''))}".encode()


def _version_of(value: Any) -> bytes:
    """Return the version that the package of a class or function states, b"" if it states none."""
    package = sys.modules.get((getattr(value, "__module__", None) or "").split(".")[0])
    version = getattr(package, "__version__", None)
    return version.encode() if isinstance(version, str) else b""


def _parameters(value: Any, where: str) -> Mapping[str, Any]:
    try:
        return value.get_params(deep=False)
    except TypeError:  # not of scikit-learn's kind, but with a method of that name
        return {}
    except Exception as error:
        raise NoFingerprintError(where, f"{type(value).__name__}.get_params() failed: {error}") from error


def _clones_in_its_own_way(value: Any) -> bool:
    method = getattr(type(value), "__sklearn_clone__", None)
    return method is not None and getattr(method, "__qualname__", "") != "BaseEstimator.__sklearn_clone__"


def _is_plain(value: Any) -> bool:
    """Return whether an object is what its attributes are."""
    kind = type(value)
    own = any(name in vars(base) for base in kind.__mro__[:-1] for name in ("__reduce__", "__reduce_ex__", "__slots__"))
    return hasattr(value, "__dict__") and kind.__reduce__ is object.__reduce__ and not own


def _function_in(attribute: Any) -> list[Any] | None:
    """Return the functions that a class attribute consists of, None if it is no function."""
    if isinstance(attribute, (staticmethod, classmethod)):
        attribute = attribute.__func__
    if isinstance(attribute, types.FunctionType):
        return [attribute]
    if isinstance(attribute, property):
        return [part for part in (attribute.fget, attribute.fset, attribute.fdel) if isinstance(part, _FUNCTION)]
    if isinstance(attribute, functools.cached_property):
        return [attribute.func]
    wrapped = getattr(attribute, "__wrapped__", None)
    return [wrapped] if isinstance(wrapped, types.FunctionType) else None


_FUNCTION = types.FunctionType


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _is_constant(value: Any) -> bool:
    if isinstance(value, (tuple, frozenset)):
        return all(map(_is_constant, value))
    return type(value) in _PRIMITIVES


def _is_of_the_module(name: str, value: Any, module: str) -> bool:
    """Return whether a global name stands for something that was written in the module itself."""
    if _is_dunder(name):
        return False
    written_here = isinstance(value, (type, types.FunctionType)) and value.__module__ == module
    return written_here or _is_constant(value)


def _names(code: types.CodeType) -> set[str]:
    inner = (part for part in code.co_consts if isinstance(part, types.CodeType))
    return set(code.co_names).union(*map(_names, inner))


def _code(code: types.CodeType) -> bytes:
    """Return a hash of what a function does, wherever in its file it stands."""
    return _hash(
        "code",
        code.co_code,
        *map(_constant, code.co_consts),
        "names",
        *code.co_names,
        *code.co_varnames,
        *code.co_freevars,
        repr((code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)),
    )


def _constant(value: Any) -> bytes:
    if isinstance(value, types.CodeType):
        return _code(value)
    if isinstance(value, tuple):
        return _hash("tuple", *map(_constant, value))
    # The order in a set depends on the process.
    if isinstance(value, frozenset):
        return _hash("set", *sorted(map(_constant, value)))
    return _hash(type(value).__name__, repr(value))
