"""Where code comes from: whether its version tells it, and which files hold it."""

from __future__ import annotations

import hashlib
import importlib.machinery
import importlib.util
import os
import sys
import types
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from skimgrec.model_selection._bytecode import imports_of

# Where pip, conda and the systems' own package managers put what they install.
_INSTALLED = frozenset({"site-packages", "dist-packages"})


@dataclass(frozen=True)
class Origin:
    """Where the code of a package, or of a module that is in none, comes from.

    Parameters
    ----------
    version : str
        What the package states, "" if nothing.
    released : bool
        Whether that version alone tells the code. The standard library's is Python's own.
    sources : str
        A hash of all Python files of a package that states a version but lies outside of where packages are installed,
        such as an editable installation, or that is installed and states none. "" for others.
    """

    version: str = ""
    released: bool = False
    sources: str = ""


def origin_of(module: str) -> Origin:
    """Return where the package of a module comes from, as far as it is imported.

    Parameters
    ----------
    module : str
        The module's full name.
    """
    if _is_standard(module):
        return Origin(released=True)
    top = module.partition(".")[0]
    package = sys.modules.get(top)
    places = _places(package)
    if top == "__main__" or not places:  # a script, or what was never in a file
        return Origin()
    version = getattr(package, "__version__", "")
    version = version if isinstance(version, str) else ""
    installed = all(map(_is_installed, places))
    if installed and not version:
        with suppress(Exception):
            version = metadata.version(top)
    if installed and version:
        return Origin(version, released=True)
    return Origin(version, sources=_hash_of_files(places) if version or installed else "")


def files_behind(modules: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the content of modules, and of those that they import, without importing any.

    So the answer is the same before and after they are imported. The standard library and installed packages are left
    out.

    Parameters
    ----------
    modules : list of str
        Full names; what is no module is passed over.
    """
    waiting, seen = list(modules), set(modules)
    while waiting:
        name = waiting.pop(0)
        path = None if _is_standard(name) else _file_of(name)
        if path is None or _is_installed(path):
            continue
        with suppress(OSError, SyntaxError, ValueError):
            content = path.read_bytes()
            yield name, content
            package = name if path.name == "__init__.py" else name.rpartition(".")[0]
            more = imports_of(compile(content, str(path), "exec", dont_inherit=True), package)
            waiting += [module for module in more if module not in seen]
            seen.update(more)


def _is_standard(module: str) -> bool:
    top = module.partition(".")[0]
    return top in sys.stdlib_module_names or top in sys.builtin_module_names


def _is_installed(place: Path) -> bool:
    return not _INSTALLED.isdisjoint(place.resolve().parts)


def _places(package: types.ModuleType | None) -> list[Path]:
    """Return the folders of a package, or the file of a module."""
    folders = [str(folder) for folder in getattr(package, "__path__", None) or ()]
    file = getattr(package, "__file__", None)
    return [Path(place).resolve() for place in folders or ([file] if file else [])]


def _file_of(module: str) -> Path | None:
    """Return the source file of a module, None if it has none; no package is imported for it."""
    found, folders, name = None, None, ""
    for part in module.split("."):
        if name and folders is None:  # what it is asked for is no package
            return None
        name = f"{name}.{part}" if name else part
        spec = None
        with suppress(Exception):
            spec = importlib.machinery.PathFinder.find_spec(name, folders)
            spec = spec or (importlib.util.find_spec(name) if folders is None else None)
        if spec is None:
            return None
        found, folders = spec.origin, spec.submodule_search_locations
    path = Path(found) if found else None
    return path if path is not None and path.suffix == ".py" else None


def _hash_of_files(places: list[Path]) -> str:
    files = [place for place in places if place.is_file()]
    for place in places:
        for folder, inner, names in os.walk(place):
            inner[:] = sorted(name for name in inner if not name.startswith((".", "__pycache__")))
            files += [Path(folder, name) for name in sorted(names) if name.endswith(".py")]
    versions = []
    for file in files:
        with suppress(OSError):
            state = file.stat()
            versions.append((str(file), state.st_mtime_ns, state.st_size))
    return _hash_of_contents(tuple(versions))


@lru_cache(maxsize=16)
def _hash_of_contents(files: tuple[tuple[str, int, int], ...]) -> str:
    root = os.path.commonpath([name for name, *_ in files]) if files else ""
    digest = hashlib.blake2b(digest_size=16)
    for name, *_ in files:
        content = b""
        with suppress(OSError):
            content = Path(name).read_bytes()
        # Wherever the package lies, it is the same.
        digest.update(f"{os.path.relpath(name, root)} {len(content)} ".encode("utf-8", "surrogateescape") + content)
    return digest.hexdigest()
