"""A file of Keras as data: the configuration of the network, and where its weights lie."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from skimgrec.utils._hdf5 import StoredGroup, open_hdf5
from skimgrec.utils._json import parse_json
from skimgrec.utils._model_file_error import ModelFileError

_CONFIG, _WEIGHTS = "config.json", "model.weights.h5"
_LARGEST_CONFIG = 16 * 2**20


@dataclass(frozen=True)
class KerasFile:
    """An open file.

    Parameters
    ----------
    config : object
        The configuration as read from JSON; None where there is none.
    weights : StoredGroup
        The group that holds the weights.
    by_order : bool
        Whether layers follow one another in an order that is told, as Keras 2 writes ``.h5``; else they have names by
        their classes.
    """

    config: Any
    weights: StoredGroup
    by_order: bool


@contextmanager
def open_keras_file(path: str | os.PathLike[str]) -> Iterator[KerasFile]:
    """Open a file that Keras 2 or 3 has written.

    Raises
    ------
    ModelFileError
        If it is none, or holds what Keras does not write.
    OSError
        If it cannot be read.
    """
    with Path(path).open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(0)
        beginning = stream.read(4)
        stream.seek(0)
        if beginning == b"PK\3\4":
            config, weights = _members(stream, size)
            root = open_hdf5(weights, len(weights.getbuffer()))
            yield KerasFile(parse_json(config, _CONFIG), _layers(root), by_order=False)
        else:
            yield _opened(open_hdf5(stream, size))


def _members(stream: BinaryIO, size: int) -> tuple[bytes, io.BytesIO]:
    """Return the configuration and the weights in a ``.keras`` file."""
    try:
        with zipfile.ZipFile(stream) as archive:
            parts = []
            for name, most in ((_CONFIG, _LARGEST_CONFIG), (_WEIGHTS, size)):
                if name not in archive.namelist():
                    raise ModelFileError(f"It is no file of Keras: {name} is missing.")
                member = archive.getinfo(name)
                if member.compress_type != zipfile.ZIP_STORED or member.file_size != member.compress_size:
                    raise ModelFileError(
                        f"{name} is compressed, and Keras compresses nothing: save it anew with Keras."
                    )
                if member.file_size > most:
                    raise ModelFileError(f"{name} is too large: {member.file_size} bytes.")
                parts.append(archive.read(member))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, UnicodeError) as error:
        raise ModelFileError(f"The file is damaged: {str(error)[:200]}") from error
    return parts[0], io.BytesIO(parts[1])


def _opened(root: StoredGroup) -> KerasFile:
    text = root.texts("model_config")
    config = None
    if text is not None:
        encoded = text[0].encode("utf-8", "surrogateescape")
        if len(encoded) > _LARGEST_CONFIG:
            raise ModelFileError(f"The configuration of the network is too large: {len(encoded)} bytes.")
        config = parse_json(encoded, "The configuration of the network")
    inner = root.group("model_weights")
    if inner is not None:
        return KerasFile(config, inner, by_order=True)
    if root.texts("layer_names") is not None:
        return KerasFile(config, root, by_order=True)
    return KerasFile(config, _layers(root), by_order=False)


def _layers(root: StoredGroup) -> StoredGroup:
    # Keras 2.12 had another name.
    if root.group("layers") is None and root.group("_layer_checkpoint_dependencies") is None:
        raise ModelFileError(
            "It holds no weights of Keras: there is neither a group model_weights, as Keras 2 writes, nor layers, as "
            f"Keras 3 does. It has {', '.join(name[:40] for name in root.names()[:5]) or 'nothing'}."
        )
    return root
