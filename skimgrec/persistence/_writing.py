"""From an estimator to the entries of a model file: skops takes it apart, and what is not needed is left out."""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from importlib import import_module
from typing import Any

from skimgrec.persistence._errors import ModelFileError
from skimgrec.persistence._types import KEYS, PLACES, SEARCH_TREES, SEARCHERS

# Arrays up to this size in bytes are kept once for all places where they stand.
SHARED_SIZE = 1024
# Kinds that are shared by identity: what changes one of two names must change the other.
_WITH_IDENTITY = {"Dict", "List", "Set", "Object", "Array", "Objects", "MaskedArray", "RandomState", "RandomGenerator"}
_KINDS = {
    **{f"{kind}Node": kind for kind in ("Dict", "List", "Tuple", "Set", "Slice", "Type", "Function", "Object", "Tree")},
    **{f"{kind}Node": kind for kind in ("Loss", "MaskedArray", "DType", "RandomState", "RandomGenerator", "Partial")},
    "NdArrayNode": "Array",
}


def take_apart(estimator: Any) -> tuple[Any, dict[str, bytes]]:
    """Return the state of an estimator as JSON values, and its arrays as the contents of .npy files by name.

    Raises
    ------
    ModelFileError
        If it holds what cannot be kept in a file.
    """
    import skops.io

    try:
        dumped = skops.io.dumps(estimator)
    except RecursionError:
        raise ModelFileError(f"{_name(estimator)} cannot be saved: it holds itself, or is nested too deeply.") from None
    except Exception as error:  # whatever an object's own __getstate__ or __reduce__ raises
        raise ModelFileError(f"{_name(estimator)} cannot be saved: {error}") from error
    with zipfile.ZipFile(io.BytesIO(dumped)) as archive:
        schema = json.loads(archive.read("schema.json"))
        writer = _Writer(archive)
        writer.count(schema)
        return writer.entry(schema), writer.arrays


def _name(estimator: Any) -> str:
    return type(estimator).__name__


class _Writer:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.arrays: dict[str, bytes] = {}
        self._archive = archive
        self._shared: dict[bytes, str] = {}
        self._uses: Counter[Any] = Counter()
        self._numbers: dict[Any, int] = {}

    def count(self, node: Any) -> None:
        """Count in how many places each object stands."""
        if isinstance(node, dict):
            if "__loader__" in node:
                self._uses[node.get("__id__")] += 1
            for part in node.values():
                self.count(part)
        elif isinstance(node, list):
            for part in node:
                self.count(part)

    def entry(self, node: dict[str, Any]) -> Any:
        loader, type_name = node["__loader__"], f"{node['__module__']}.{node['__class__']}"
        if loader == "JsonNode":
            return json.loads(node["content"])
        kind = _KINDS.get(loader)
        if kind is None:
            raise ModelFileError(
                f"{type_name} cannot be kept in a model file, which has no place for a {loader.removesuffix('Node')}."
            )
        if kind == "Array" and node["type"] == "json":
            kind = "Objects"
        identity = node.get("__id__")
        if identity in self._numbers:
            return {"ref": self._numbers[identity]}
        entry = getattr(self, f"_{kind.lower()}")(node, type_name)
        identity_counts = kind in _WITH_IDENTITY and not (kind == "Array" and type_name != "numpy.ndarray")
        if identity_counts and self._uses[identity] > 1:
            self._numbers[identity] = len(self._numbers) + 1
            entry = {"id": self._numbers[identity], **(entry if isinstance(entry, dict) else {"content": entry})}
        return {"kind": kind, "type": type_name, **entry} if isinstance(entry, dict) else entry

    def _dict(self, node: dict[str, Any], type_name: str) -> dict[str, Any]:
        key_types = [f"{part['__module__']}.{part['__class__']}" for part in node["key_types"]["content"]]
        unkept = sorted(set(key_types) - KEYS)
        if unkept or len(key_types) != len(node["content"]):
            raise ModelFileError(
                f"A dict with keys {list(node['content'])[:5]} cannot be kept in a model file: its keys are of type "
                f"{', '.join(unkept) or 'str and int'}, and only text or numbers can be, no two of which are spelt "
                "alike."
            )
        keys = {} if set(key_types) <= {"builtins.str"} else {"keys": key_types}
        return {"content": {key: self.entry(value) for key, value in node["content"].items()}, **keys}

    def _list(self, node: dict[str, Any], type_name: str) -> Any:
        content = [self.entry(part) for part in node["content"]]
        return content if type_name == "builtins.list" else {"content": content}

    def _tuple(self, node: dict[str, Any], type_name: str) -> Any:
        return {"content": [self.entry(part) for part in node["content"]]}

    _set = _tuple

    def _slice(self, node: dict[str, Any], type_name: str) -> dict[str, Any]:
        return {"content": [node["content"][part] for part in ("start", "stop", "step")]}

    def _type(self, node: dict[str, Any], type_name: str) -> dict[str, Any]:
        return {}

    _function = _type

    def _partial(self, node: dict[str, Any], type_name: str) -> dict[str, Any]:
        return {"content": [self.entry(node["content"][part]) for part in ("func", "args", "kwds")]}

    def _array(self, node: dict[str, Any], type_name: str) -> dict[str, Any]:
        content = self._archive.read(node["file"])
        name = self._shared.get(content) if len(content) <= SHARED_SIZE else None
        if name is None:
            name = f"arrays/{len(self.arrays):05}.npy"
            self.arrays[name] = content
            if len(content) <= SHARED_SIZE:
                self._shared[content] = name
        return {"file": name}

    def _objects(self, node: dict[str, Any], type_name: str) -> dict[str, Any]:
        shape = [json.loads(side["content"]) for side in node["shape"]["content"]]
        return {"shape": shape, "content": [self.entry(part) for part in _leaves(node["content"], len(shape))]}

    def _maskedarray(self, node: dict[str, Any], type_name: str) -> dict[str, Any]:
        return {part: self.entry(node["content"][part]) for part in ("data", "mask")}

    def _dtype(self, node: dict[str, Any], type_name: str) -> dict[str, Any]:
        return {"content": self.entry(node["content"])}

    _randomstate = _dtype

    def _randomgenerator(self, node: dict[str, Any], type_name: str) -> dict[str, Any]:
        return {part: self.entry(node["content"][part]) for part in ("bit_generator", "seed_seq")}

    def _object(self, node: dict[str, Any], type_name: str) -> dict[str, Any]:
        state = node.get("content")
        if state is None:
            return {}
        attributes = state["content"] if state["__loader__"] == "DictNode" else {}
        for place in PLACES.get(type_name, ()):
            if place in attributes:
                attributes[place] = {"__loader__": "JsonNode", "__module__": "", "__class__": "", "content": "null"}
        if type_name in SEARCHERS and attributes.get("_tree", {}).get("__loader__") == "ObjectNode":
            tree = attributes["_tree"]
            name = SEARCH_TREES.get(f"{tree['__module__']}.{tree['__class__']}")
            if name is not None:
                attributes["_tree"] = {**tree, "__loader__": "JsonNode", "content": json.dumps(name)}
        return {"content": self.entry(state)}

    def _tree(self, node: dict[str, Any], type_name: str) -> dict[str, Any]:
        return {"args": self.entry(node["__reduce__"]["args"]), "content": self.entry(node["content"])}

    _loss = _tree


def _leaves(content: list[Any], depth: int) -> list[Any]:
    """Return the items of nested lists that go so deep."""
    if depth <= 1:
        return content
    return [leaf for part in content for leaf in _leaves(part["content"], depth - 1)]


def check_importable(name: str) -> None:
    """Check that a type or function that the loading program has to trust can be imported there by its name.

    Raises
    ------
    ModelFileError
        If it cannot, as that of a notebook, or one within a function.
    """
    module, _, attribute = name.rpartition(".")
    advice = "Put it into a module of its own, at the top level, and import it from there."
    if module == "__main__":
        raise ModelFileError(f"{name} was defined in the program or notebook itself, where no other finds it. {advice}")
    try:
        getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ModelFileError(f"{name} cannot be imported by that name ({error}). {advice}") from error
