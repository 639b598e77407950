"""Indexes of similar pictures in one file each, opened without being read."""

from __future__ import annotations

import hashlib
import io
import os
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from skimgrec.feature_extraction import feature_descriptions
from skimgrec.neighbors import ImageNeighbors
from skimgrec.persistence._archive import Member, end_of_archive, local_header, read_directory, write_archive
from skimgrec.persistence._errors import ModelFileError
from skimgrec.persistence._model_file import model_members, read_model
from skimgrec.preprocessing import ImageLoader
from skimgrec.utils import check_image_shape
from skimgrec.utils._files import check_schema, open_atomically
from skimgrec.utils._json import parse_json, to_json

KIND, VERSION = "skimgrec index", 1
MANIFEST, FEATURES, INDEX, VECTORS = "manifest.json", "features.skimgrec", "index.json", "vectors.npy"
_MEMBERS = (FEATURES, INDEX, VECTORS)
_PARAMETERS = ("n_neighbors", "metric", "image_size", "grey", "image_shape", "n_jobs")
_LOADER_PARAMETERS = ("image_size", "grey", "resize", "on_error", "n_jobs")
_LABEL_KINDS = {"U": "str", "b": "bool", "i": "int", "u": "int", "f": "float"}
_MOST_BYTES = 2**32 - 2**20
# What BLAS likes an array to begin at a multiple of.
_ALIGNMENT = 64
_PIECE = 2**22


def save_index(neighbors: ImageNeighbors, path: str | os.PathLike[str]) -> None:
    """Save an index of similar pictures to one file, which :func:`open_index` opens without reading all of it.

    Parameters
    ----------
    neighbors : ImageNeighbors
        A fitted one.
    path : str or path-like
        The file, by custom with the ending ``.index``. One that exists is replaced once the new one is whole.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If it is not fitted.
    ModelFileError
        A `ValueError`: if its transformer cannot be kept in a file, its labels are neither numbers nor text, or the
        file would be larger than 4 GiB.

    See Also
    --------
    open_index : The way back.
    save_model : The same for classifiers.

    Notes
    -----
    The file is an uncompressed zip archive: the vectors in NumPy's format, the transformer as a model file, paths and
    labels as JSON, and digests of all. It holds no pictures and no code, and only the paths of the picture files.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skimgrec import ImageNeighbors, load_digits_images, open_index, save_index
    >>> X = load_digits_images().images
    >>> path = Path(tempfile.mkdtemp(), "digits.index")
    >>> save_index(ImageNeighbors().fit(X), path)
    >>> open_index(path).kneighbors(X[:1], n_neighbors=1, return_distance=False)
    array([[0]])
    """
    if not isinstance(neighbors, ImageNeighbors):
        raise TypeError(f"neighbors is {type(neighbors).__name__}: expected ImageNeighbors. save_model saves models.")
    check_is_fitted(neighbors)
    vectors = np.ascontiguousarray(neighbors.vectors_, "<f4")
    neighbors._check()
    transformer = neighbors.transformer_
    model = io.BytesIO()
    write_archive(model, model_members(transformer.estimator if _is_frozen(transformer) else transformer))
    features, index = model.getvalue(), to_json(_entries(neighbors))
    parse_json(index, "The list of pictures")
    header = _npy_header(vectors.shape)
    if len(features) + len(index) + len(header) + vectors.nbytes > _MOST_BYTES:
        raise ModelFileError(
            f"The index has {vectors.nbytes / 2**30:.1f} GiB, and an index file holds no more than 4 GiB. Choose "
            "features with fewer values, such as a HOGTransformer with larger cells, or put a PCA behind them."
        )
    body = vectors.data.cast("B")
    # White space at the end of the JSON brings the vectors to where they are to begin.
    manifest = _manifest(dict.fromkeys(_MEMBERS, "0" * 64))
    named = sum(len(local_header(name)) for name in (MANIFEST, *_MEMBERS))
    start = named + len(manifest) + len(features) + len(index) + len(header)
    index += b" " * (-start % _ALIGNMENT)
    contents: dict[str, tuple[Any, ...]] = {FEATURES: (features,), INDEX: (index,), VECTORS: (header, body)}
    contents = {MANIFEST: (_manifest({name: _digest(pieces) for name, pieces in contents.items()}),), **contents}
    with open_atomically(path) as stream:
        _write(stream, contents)


def open_index(path: str | os.PathLike[str], *, trusted: Iterable[str] = ()) -> ImageNeighbors:
    """Open an index that :func:`save_index` has saved. No code of the file is run, because it holds none.

    The vectors stay in the file, and are read into memory, as far as there is room, when a picture is looked for.

    Parameters
    ----------
    path : str or path-like
        The file. It must not be changed in place while it is in use; replacing it does no harm.
    trusted : iterable of str, default=()
        Import paths of classes and functions that the transformer needs, as for :func:`load_model`.

    Returns
    -------
    neighbors : ImageNeighbors
        It finds what the saved one finds.

    Raises
    ------
    ModelFileError
        A `ValueError`: if the file is damaged, was made by a newer skimgrec, holds what is not trusted, or what
        `save_index` would not have written. Damage to the vectors is told by the first search, which reads them.
    OSError
        If the file cannot be read.

    See Also
    --------
    save_index : Makes the file.

    Notes
    -----
    Digests of everything in the file tell damage. They are no signature.
    """
    try:
        with Path(path).open("rb") as stream:
            digests = _read_manifest(stream)
            members = {member.name: member for member in read_directory(stream)}
            if [*members] != [MANIFEST, *_MEMBERS]:
                raise ModelFileError("The parts of the file are not those of an index.")
            features, index = (_content(stream, members[name], digests[name]) for name in (FEATURES, INDEX))
            transformer = read_model(io.BytesIO(features), trusted)
            entries = parse_json(index, "The list of pictures")
            start = members[VECTORS].start
            stream.seek(start)
            shape = _shape(entries)
            header = _npy_header(shape)
            if stream.read(len(header)) != header or members[VECTORS].size != len(header) + 4 * shape[0] * shape[1]:
                raise ModelFileError("The file is damaged: its vectors are not those that it lists.")
            vectors = np.asarray(np.memmap(stream, "<f4", "r", start + len(header), shape))
        neighbors = _rebuilt(entries, transformer, vectors)
    except ModelFileError as error:
        raise ModelFileError(f"{os.fspath(path)}: {error}") from error

    def check() -> None:
        if _digest((header, vectors.data.cast("B"))) != digests[VECTORS]:
            raise ModelFileError(f"{os.fspath(path)}: The file is damaged: {VECTORS} is not what was saved.")

    neighbors._check_vectors = check
    return neighbors


def is_index(path: str | os.PathLike[str]) -> bool:
    """Tell whether a file begins as an index does, or a model file: both are archives with a manifest."""
    beginning = local_header(MANIFEST)
    try:
        with Path(path).open("rb") as stream:
            found = stream.read(len(beginning))
    except OSError:
        return False
    return found[:4] == beginning[:4] and found[-len(MANIFEST) :] == MANIFEST.encode()


def _is_frozen(transformer: Any) -> bool:
    return isinstance(transformer, FrozenEstimator)


def _manifest(digests: dict[str, str]) -> bytes:
    return to_json({"schema": KIND, "schema_version": VERSION, "sha256": digests})


def _npy_header(shape: tuple[int, ...]) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f4", "fortran_order": False, "shape": shape})
    return stream.getvalue()


def _pieces(buffers: Iterable[Any]) -> Iterable[memoryview]:
    for buffer in buffers:
        view = memoryview(buffer)
        yield from (view[start : start + _PIECE] for start in range(0, len(view), _PIECE))


def _digest(buffers: Iterable[Any]) -> str:
    found = hashlib.sha256()
    for piece in _pieces(buffers):
        found.update(piece)
    return found.hexdigest()


def _write(stream: BinaryIO, contents: dict[str, tuple[Any, ...]]) -> None:
    place, members = 0, []
    for name, buffers in contents.items():
        crc = 0
        for piece in _pieces(buffers):
            crc = zlib.crc32(piece, crc)
        size = sum(len(memoryview(buffer)) for buffer in buffers)
        member = Member(name, place + len(local_header(name)), size, crc)
        stream.write(member.header)
        for piece in _pieces(buffers):
            stream.write(piece)
        place = member.start + size
        members.append(member)
    directory = b"".join(member.entry for member in members)
    stream.write(directory + end_of_archive(len(members), len(directory), place))


def _read_manifest(stream: BinaryIO) -> dict[str, str]:
    beginning = local_header(MANIFEST)
    header = stream.read(len(beginning))
    if header[:4] != beginning[:4] or header[-len(MANIFEST) :] != MANIFEST.encode() or len(header) != len(beginning):
        raise ModelFileError("This is no index of skimgrec, or its beginning is damaged.")
    size = int.from_bytes(header[22:26], "little")
    text = stream.read(size) if size < _PIECE else b""
    if len(text) != size or zlib.crc32(text) != int.from_bytes(header[14:18], "little"):
        raise ModelFileError("The file is damaged: its manifest is not what was saved.")
    manifest = parse_json(text, MANIFEST)
    try:
        check_schema(manifest, KIND, VERSION, "index of similar pictures")
    except ValueError as error:
        raise ModelFileError(str(error)) from None
    digests = manifest.get("sha256")
    if not isinstance(digests, dict) or [*digests] != [*_MEMBERS] or text != _manifest(digests):
        raise ModelFileError("The file is damaged: its manifest is not one that skimgrec has written.")
    return digests


def _content(stream: BinaryIO, member: Member, digest: str) -> bytes:
    stream.seek(member.start)
    content = stream.read(member.size)
    if _digest([content]) != digest:
        raise ModelFileError(f"The file is damaged: {member.name} is not what was saved.")
    return content


def _entries(neighbors: ImageNeighbors) -> dict[str, Any]:
    """Return everything but the vectors and the transformer as JSON values."""
    parameters = {name: _plain(getattr(neighbors, name)) for name in _PARAMETERS}
    loader, names = neighbors.loader_, getattr(neighbors, "feature_names_in_", None)
    return {
        "shape": list(neighbors.vectors_.shape),
        "parameters": {**parameters, "metric": neighbors._fitted_metric},
        "features": neighbors.features if isinstance(neighbors.features, str) else None,
        "image_shape": _plain(neighbors.image_shape_),
        "value_range": _plain(neighbors.value_range_),
        "are_pictures": bool(neighbors._fitted_on_pictures),
        "feature_names": None if names is None else [str(name) for name in names],
        "loader": None
        if loader is None
        else {name: _plain(value) for name, value in loader.get_params().items() if name in _LOADER_PARAMETERS},
        "labels": None if neighbors.labels_ is None else _label_entry(neighbors.labels_),
        "paths": None if neighbors.paths_ is None else [_as_latin(path) for path in neighbors.paths_],
    }


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    return [_plain(part) for part in value] if isinstance(value, (tuple, list)) else value


def _label_entry(labels: NDArray[Any]) -> dict[str, Any]:
    array = labels
    if labels.dtype == object:
        array = np.array(labels.tolist())
    kind = _LABEL_KINDS.get(array.dtype.kind)
    values = array.tolist()
    if kind is None or (labels.dtype == object and values != labels.tolist()):
        raise ModelFileError(
            f"The labels have dtype {labels.dtype}, expected numbers alone or text alone: an index file keeps nothing "
            "else."
        )
    return {"kind": kind, "values": [_as_latin(value) for value in values] if kind == "str" else values}


def _labels(kind: Any, values: Any) -> NDArray[Any]:
    known = {"str": str, "bool": bool, "int": int, "float": float}
    if kind not in known or not isinstance(values, list) or any(type(value) is not known[kind] for value in values):
        raise ValueError("its labels are neither numbers nor text")
    return np.array([_from_latin(value) for value in values] if kind == "str" else values)


def _as_latin(text: str) -> str:
    """Return text that JSON can keep, whose characters are the bytes of a name that may be no valid UTF-8."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def _from_latin(text: str) -> str:
    return text.encode("latin-1").decode("utf-8", "surrogateescape")


def _is_name_or_none(features: Any) -> bool:
    return features is None or (isinstance(features, str) and set(features.split("+")) <= set(feature_descriptions()))


def _shape(entries: Any) -> tuple[int, int]:
    try:
        n, n_values = entries["shape"]
    except (KeyError, TypeError, ValueError):
        n = n_values = None
    if type(n) is not int or type(n_values) is not int or n < 1 or n_values < 1:
        raise ModelFileError("The file is damaged: it does not say how many vectors it holds.")
    return n, n_values


def _rebuilt(entries: Any, transformer: Any, vectors: NDArray[np.float32]) -> ImageNeighbors:
    """Return the estimator, if the entries are such as `_entries` makes."""
    try:
        parameters = {name: _as_tuple(value) for name, value in entries["parameters"].items()}
        if set(parameters) != set(_PARAMETERS) or not _is_name_or_none(entries["features"]):
            raise ValueError("its parameters are not those of an index")
        if not hasattr(transformer, "transform"):
            raise ValueError(f"{type(transformer).__name__} gives no vectors")
        neighbors = ImageNeighbors(entries["features"] or FrozenEstimator(transformer), **parameters)
        neighbors._validate_params()
        neighbors.image_shape_ = check_image_shape(entries["image_shape"])
        low, high = entries["value_range"]
        neighbors.value_range_ = (float(low), float(high))
        neighbors.n_features_in_ = int(np.prod(neighbors.image_shape_, dtype=np.int64))
        neighbors._fitted_on_pictures = entries["are_pictures"] is True
        if entries["feature_names"] is not None:
            neighbors.feature_names_in_ = np.array(entries["feature_names"], dtype=object)
        loader = None
        if entries["loader"] is not None:
            if set(entries["loader"]) != set(_LOADER_PARAMETERS):  # such as a cache, a place to write to
                raise ValueError("its loader's parameters are not those of an index")
            loader = ImageLoader(**{name: _as_tuple(value) for name, value in entries["loader"].items()})
            loader._validate_params()
            loader._format()
        labels, paths = entries["labels"], entries["paths"]
        if labels is not None:
            labels = _labels(labels["kind"], labels["values"])
        if paths is not None:
            paths = [_from_latin(path) for path in paths]
        if any(of_each is not None and np.shape(of_each) != (len(vectors),) for of_each in (labels, paths)):
            raise ValueError("there is not one path and one label for each picture")
        neighbors._take_over(vectors, transformer, loader, paths, labels)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise ModelFileError(f"The file is not one that skimgrec has written: {str(error)[:300]}.") from error
    return neighbors


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
