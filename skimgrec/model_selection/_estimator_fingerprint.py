"""Hashes that tell whether an estimator is the one that was measured before, by its parameters and its code."""

from __future__ import annotations

import functools
import hashlib
import inspect
import re
import types
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from pathlib import PurePath
from typing import Any

import joblib
import numpy as np

from skimgrec.model_selection._bytecode import all_names, global_names, hash_of_code, hashed, imports_of
from skimgrec.model_selection._code_origin import Origin, files_behind, origin_of

_PRIMITIVES = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis), range, slice)
# What `sklearn.base.clone` takes along beside the parameters.
_CLONED_ALONG = ("_metadata_request", "_sklearn_output_config")
# Kinds of values in modules and classes that hold settings. Others, such as loggers and locks, are not looked into.
_DATA = (
    *(list, dict, set, frozenset, tuple, types.SimpleNamespace),
    *(np.ndarray, np.generic, np.dtype, Enum, PurePath, functools.partial),
)
_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, np.ufunc)
# What a class has that changes no fit: scikit-learn's table of valid parameters.
_SAYS_NOTHING = ("_parameter_constraints",)
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
    bytecode: that of a class along all of its bases. Code of an installed package that states its version is told by
    that version, too, and code of a package that is worked on, in an editable installation, say, or that states none,
    by all of the package's Python files. From all other code, what it names is followed, in whichever module of the
    user's it stands: functions, classes, numbers and strings, lists, dicts, sets and arrays, estimators, and objects of
    the user's classes. Of modules that a function imports itself, the files count.

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
        self._origins: dict[str, Origin] = {}
        # Modules that are being looked into.
        self._within: list[int] = []
        # Numbers of objects must not be given to others while the walk lasts.
        self._alive: list[Any] = []

    def digest(self, value: Any, where: str) -> bytes:
        if type(value) in _PRIMITIVES:
            return hashed("primitive", type(value).__name__, repr(value))
        key = (id(value), self._with_state)
        if key in self._done:
            return self._done[key]
        if key in self._begun:
            return hashed("seen", str(self._begun[key]))
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
                return hashed(describe.__name__, *describe(self, value, where))
        if hasattr(value, "get_params"):
            return hashed("estimator", *self._estimator(value, where))
        if hasattr(value, "get_config"):
            return hashed("configured", *self._configured(value, where))
        if _is_plain(value):
            return hashed("object", *self._class_and(value, vars(value), where))
        return hashed("pickled", *self._pickled(value, where))

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
        named = self._named(value)
        return named if owner is None or isinstance(owner, types.ModuleType) else [*named, self.digest(owner, where)]

    def module(self, value: Any, where: str) -> list[bytes]:
        return [value.__name__.encode()]

    def function(self, value: Any, where: str) -> list[bytes]:
        code = value.__code__
        parts = [*self._named(value), hash_of_code(code)]
        parts += self._all((value.__defaults__, value.__kwdefaults__), where)
        for name, cell in zip(code.co_freevars, value.__closure__ or (), strict=True):
            try:
                content = cell.cell_contents
            except ValueError:  # a function that is defined later
                continue
            parts += [name.encode(), self.digest(content, _inside(where, name))]
        origin = self._origin(value)
        if not origin.released:
            for name in sorted(global_names(code)):
                if name in value.__globals__:
                    parts += self._used(name, value.__globals__[name], code, origin, where)
            top = (value.__module__ or "").partition(".")[0]
            imported = imports_of(code, str(value.__globals__.get("__package__") or ""))
            # Those of a package whose files are all hashed are among them.
            others = [name for name in imported if not (origin.sources and name.partition(".")[0] == top)]
            for name, content in files_behind(others):
                parts += [name.encode(), content]
        return parts

    def class_(self, value: Any, where: str) -> list[bytes]:
        parts = []
        for base in value.__mro__:
            if base is object:
                continue
            origin = self._origin(base)
            parts += self._named(base)
            if origin.released and not origin.version:  # of the standard library
                continue
            for name, attribute in sorted(vars(base).items()):
                function = _function_in(attribute)
                if function is not None:
                    parts += [name.encode(), *(self.digest(part, where) for part in function)]
                elif not _is_dunder(name) and _is_constant(attribute):
                    parts += [name.encode(), self.digest(attribute, where)]
                elif not (_is_dunder(name) or name in _SAYS_NOTHING or origin.released or origin.sources):
                    parts += self._content(name, attribute, where)
        return parts

    # What code names.

    def _origin(self, value: Any) -> Origin:
        module = value.__name__ if isinstance(value, types.ModuleType) else getattr(value, "__module__", None)
        module = module if isinstance(module, str) else "builtins"
        top = module.partition(".")[0]
        if top not in self._origins:
            self._origins[top] = origin_of(module)
        return self._origins[top]

    def _named(self, value: Any) -> list[bytes]:
        origin = self._origin(value)
        name = value.__name__.encode() if isinstance(value, types.ModuleType) else _name(value)
        return [name, origin.version.encode(), origin.sources.encode()]

    def _used(self, name: str, used: Any, code: types.CodeType, origin: Origin, where: str) -> list[bytes]:
        """Describe what a name stands for that some code looks up in its module, or in one that it looks up there."""
        if _is_dunder(name):
            return []
        target = _wrapped(used) or used
        is_code = isinstance(target, (type, types.ModuleType, *_FUNCTIONS))
        told = is_code and self._origin(target).released
        # Of what a package keeps in its modules, its files tell how it begins; what it becomes later is state.
        if origin.sources and (told or not is_code):
            return []
        if told:
            return [name.encode(), *self._named(target)]
        if isinstance(target, types.ModuleType):
            return [name.encode(), *self._named(target), *self._inside_of(target, code, where)]
        if is_code or _is_constant(target):
            return [name.encode(), self.digest(target, where)]
        return self._content(name, target, where)

    def _inside_of(self, module: types.ModuleType, code: types.CodeType, where: str) -> list[bytes]:
        """Describe what some code may look up in a module."""
        if id(module) in self._within:
            return []
        self._within.append(id(module))
        names = sorted(all_names(code).intersection(vars(module)))
        parts = [part for n in names for part in self._used(n, vars(module)[n], code, self._origin(module), where)]
        self._within.pop()
        return parts

    def _content(self, name: str, value: Any, where: str) -> list[bytes]:
        """Describe a value that stands in a module or a class, if it is of a kind that holds settings."""
        kind = value if isinstance(value, type) else type(value)
        origin = self._origin(kind)
        if isinstance(value, type):
            holds = not origin.released
        else:
            own = not (origin.released or origin.sources)
            holds = isinstance(value, _DATA) or hasattr(kind, "get_params") or (own and _is_plain(value))
        return [name.encode(), self.digest(value, _inside(where, name))] if holds else []


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


def _name(value: Any) -> bytes:
    module = getattr(value, "__module__", None)
    return f"{module}.{getattr(value, '__qualname__', getattr(value, '__name__', ''))}".encode()


def _inside(where: str, name: str) -> str:
    return f"{where} ({name})".strip()


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
    kind: Any = type(value)
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


def _wrapped(value: Any) -> types.FunctionType | None:
    """Return the function behind a compiled or cached one, None for all other values."""
    if isinstance(value, (type, types.ModuleType, *_FUNCTIONS)):
        return None
    try:
        wrapped = inspect.getattr_static(value, "__wrapped__", None)
        wrapped = getattr(value, "__wrapped__", None) if wrapped is not None else None
    except Exception:
        return None
    return wrapped if isinstance(wrapped, types.FunctionType) else None
