"""The formats in which MNIST and CIFAR are published, read without unpacking to disk and without pickle."""

from __future__ import annotations

import gzip
import math
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]

_CIFAR_PIXELS = 3 * 32 * 32


@contextmanager
def _damage_is_named(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        raise ValueError(f"{path.name} is not the compressed file it should be: {error}") from error


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Return the array of bytes in a gzipped IDX file, the format of MNIST.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    array : ndarray, uint8
        In the shape that the file's header gives.
    """
    with _damage_is_named(path), gzip.open(path) as stream:
        content = stream.read()
    n_axes = content[3] if len(content) > 3 else 0
    # The type's code 8 is unsigned bytes; sizes are 32-bit, most significant byte first.
    if content[:3] != b"\0\0\x08" or len(content) < 4 + 4 * n_axes:
        raise ValueError(f"{path.name} starts with {content[:4].hex()}, expected an IDX header of bytes, 00 00 08 ...")
    shape = tuple(int(size) for size in np.frombuffer(content, ">u4", n_axes, offset=4))
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * n_axes)
    if values.size != math.prod(shape):
        raise ValueError(f"{path.name} holds {values.size} values, its header says {' x '.join(map(str, shape))}.")
    return values.reshape(shape)


def read_members(path: Path, names: list[str]) -> dict[str, bytes]:
    """Return the content of some files of a gzipped tar archive.

    Only plain files of exactly these names are read, and into memory: whatever else is in the archive, such as links or
    paths that lead elsewhere, has no effect.

    Parameters
    ----------
    path : Path
        The archive.
    names : list of str
        The files' names in it.

    Returns
    -------
    contents : dict of str to bytes
        What is in each.
    """
    contents = {}
    with _damage_is_named(path), tarfile.open(path, "r:gz") as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.name in names and member.isreg() else None
            if stream is not None:
                contents[member.name] = stream.read()
    missing = [name for name in names if name not in contents]
    if missing:
        raise ValueError(f"{path.name} has no file {', '.join(missing)}.")
    return contents


def mnist_arrays(paths: dict[str, Path]) -> Arrays:
    """Return the arrays of MNIST, or of a data set in its layout, from its four files.

    Parameters
    ----------
    paths : dict of str to Path
        The published name of each file, and where it lies.

    Returns
    -------
    arrays : dict of str to ndarray
        `x_train`, `y_train`, `x_test` and `y_test`.
    """
    arrays = {}
    for split, prefix in (("train", "train"), ("test", "t10k")):
        arrays[f"x_{split}"] = read_idx(paths[f"{prefix}-images-idx3-ubyte.gz"])
        arrays[f"y_{split}"] = read_idx(paths[f"{prefix}-labels-idx1-ubyte.gz"])
    return arrays


def cifar10_arrays(paths: dict[str, Path]) -> Arrays:
    """Return the arrays of CIFAR-10 from its binary version.

    Parameters
    ----------
    paths : dict of str to Path
        Where ``cifar-10-binary.tar.gz`` lies.

    Returns
    -------
    arrays : dict of str to ndarray
        `x_train`, `y_train`, `x_test`, `y_test` and `class_names`.
    """
    folder = "cifar-10-batches-bin"
    batches = {
        "train": [f"{folder}/data_batch_{number}.bin" for number in range(1, 6)],
        "test": [f"{folder}/test_batch.bin"],
    }
    names = f"{folder}/batches.meta.txt"
    contents = read_members(paths["cifar-10-binary.tar.gz"], [*batches["train"], *batches["test"], names])
    arrays = {}
    for split, members in batches.items():
        read = [_cifar_records(contents.pop(member), member, n_labels=1) for member in members]
        arrays[f"x_{split}"] = np.concatenate([pictures for pictures, _ in read])
        arrays[f"y_{split}"] = np.concatenate([labels[:, 0] for _, labels in read])
    return arrays | {"class_names": _lines(contents[names], names)}


def cifar100_arrays(paths: dict[str, Path]) -> Arrays:
    """Return the arrays of CIFAR-100 from its binary version.

    Parameters
    ----------
    paths : dict of str to Path
        Where ``cifar-100-binary.tar.gz`` lies.

    Returns
    -------
    arrays : dict of str to ndarray
        `x_train`, `y_train`, `y_coarse_train`, the same for the test split, `class_names` and `coarse_class_names`.
    """
    folder = "cifar-100-binary"
    names = {"class_names": f"{folder}/fine_label_names.txt", "coarse_class_names": f"{folder}/coarse_label_names.txt"}
    members = {split: f"{folder}/{split}.bin" for split in ("train", "test")}
    contents = read_members(paths["cifar-100-binary.tar.gz"], [*members.values(), *names.values()])
    arrays: Arrays = {key: _lines(contents[member], member) for key, member in names.items()}
    for split, member in members.items():
        arrays[f"x_{split}"], labels = _cifar_records(contents.pop(member), member, n_labels=2)
        arrays[f"y_coarse_{split}"], arrays[f"y_{split}"] = labels.T
    return arrays


def _cifar_records(content: bytes, name: str, *, n_labels: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return pictures of shape (n, 32, 32, 3) and their labels, (n, n_labels), from records of labels and planes."""
    length = n_labels + _CIFAR_PIXELS
    if not content or len(content) % length:
        raise ValueError(f"{name} holds {len(content)} bytes, expected a multiple of {length}, one record a picture.")
    records = np.frombuffer(content, np.uint8).reshape(-1, length)
    pictures = records[:, n_labels:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(pictures), records[:, :n_labels].copy()


def _lines(content: bytes, name: str) -> NDArray[np.str_]:
    try:
        return np.array(content.decode("ascii").split(), np.str_)
    except UnicodeDecodeError as error:
        raise ValueError(f"{name} is no list of names in ASCII: {error}") from error
