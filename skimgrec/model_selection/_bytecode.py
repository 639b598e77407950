"""What the bytecode of functions and modules does and names."""

from __future__ import annotations

import dis
import hashlib
import types
from collections.abc import Iterator
from functools import lru_cache
from typing import Any


def hashed(kind: str, *parts: str | bytes) -> bytes:
    """Return a hash of a kind of value and its parts, 16 bytes."""
    digest = hashlib.blake2b(kind.encode(), digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.digest()


def hash_of_code(code: types.CodeType) -> bytes:
    """Return a hash of what a function does, wherever in its file it stands."""
    return hashed(
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
        return hash_of_code(value)
    if isinstance(value, tuple):
        return hashed("tuple", *map(_constant, value))
    # The order in a set depends on the process.
    if isinstance(value, frozenset):
        return hashed("set", *sorted(map(_constant, value)))
    return hashed(type(value).__name__, repr(value))


@lru_cache(maxsize=4096)
def imports_of(code: types.CodeType, package: str) -> tuple[str, ...]:
    """Return the full names of the modules that the statements in some code import, wherever they stand in it.

    Parameters
    ----------
    code : code
        Of a function or a module.
    package : str
        The package it is in, which relative imports start from.
    """
    found: set[str] = set()
    for part in _parts(code):
        level, module = 0, ""
        last: object = None
        for instruction in dis.get_instructions(part):
            if instruction.opname == "IMPORT_NAME":
                # Beneath the level and the names that are asked for.
                level = last if isinstance(last, int) else 0
                module = _absolute(str(instruction.argval), level, package)
                found.add(module)
            elif instruction.opname == "IMPORT_FROM":
                found.add(f"{module}.{instruction.argval}")  # perhaps a module, too
            if instruction.opname in ("LOAD_CONST", "LOAD_SMALL_INT") and isinstance(instruction.argval, int):
                last = instruction.argval
    return tuple(sorted(found))


@lru_cache(maxsize=4096)
def global_names(code: types.CodeType) -> frozenset[str]:
    """Return the names that some code looks up outside of itself."""
    return frozenset(
        str(instruction.argval)
        for part in _parts(code)
        for instruction in dis.get_instructions(part)
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME")
    )


@lru_cache(maxsize=4096)
def all_names(code: types.CodeType) -> frozenset[str]:
    """Return the names of what some code looks up anywhere, also in other objects."""
    return frozenset(name for part in _parts(code) for name in part.co_names)


def _parts(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _parts(constant)


def _absolute(name: str, level: int, package: str) -> str:
    if not level:
        return name
    parts = package.split(".")
    return ".".join([*parts[: len(parts) - level + 1], *([name] if name else [])])
