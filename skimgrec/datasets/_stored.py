"""Data sets in npz files: where they are looked for, how they are read, and what is said when they are missing."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from skimgrec.datasets._bunch import picture_bunch
from skimgrec.datasets._download import NotDownloadedError, make_npz
from skimgrec.datasets._sources import SOURCES

FOLDER_VARIABLE = "SKIMGREC_DATA"


def npz_path(name: str, data_home: str | os.PathLike[str] | None, download_if_missing: bool) -> Path:
    """Return where the npz file of a data set lies, after making it if it lies nowhere.

    Parameters
    ----------
    name : str
        A key of `SOURCES`.
    data_home : path-like or None
        The first folder to look in, and the one to download into.
    download_if_missing : bool
        Whether to download.

    Returns
    -------
    path : Path
        The file.

    Raises
    ------
    FileNotFoundError
        If it is nowhere, and cannot be or shall not be downloaded.
    OSError
        If the folder to download into cannot be written to.
    """
    if data_home is not None and not os.fspath(data_home):
        raise ValueError("data_home='' names no folder: give its path, or None for the cache folder.")
    looked = []
    for folder, origin in _places(data_home):
        path = folder / f"{name}.npz"
        if path.is_file():
            return path
        looked.append(f"{folder} ({origin}{'' if folder.is_dir() else ', which is no folder'})")
    # The folder that the variable names is often shared and read-only: it is read, and never written to.
    target = Path(data_home).expanduser() if data_home is not None else cache_folder()
    missing = f"{name}.npz is not on this machine: looked in {', '.join(looked)}."
    if not download_if_missing:
        raise FileNotFoundError(f"{missing} download_if_missing=False forbids the download. {_remedy(name, target)}")
    try:
        return make_npz(name, target)
    except NotDownloadedError as error:
        raise FileNotFoundError(f"{missing} The download did not succeed: {error}. {_remedy(name, target)}") from error
    except OSError as error:
        raise OSError(
            f"{missing} It cannot be downloaded into {target}: {error}. Pass a folder with free space that can be "
            "written to as data_home."
        ) from error


def _places(data_home: str | os.PathLike[str] | None) -> Iterator[tuple[Path, str]]:
    if data_home is not None:
        yield Path(data_home).expanduser(), "data_home"
    if folder := os.environ.get(FOLDER_VARIABLE):
        yield Path(folder).expanduser(), f"the environment variable {FOLDER_VARIABLE}"
    yield cache_folder(), "the cache folder"


def cache_folder() -> Path:
    import pooch

    return Path(pooch.os_cache("skimgrec"))


def _remedy(name: str, target: Path) -> str:
    archives = SOURCES[name].archives
    urls = "; ".join(" or ".join(f"{folder}{archive.name}" for folder in archive.folders[:1]) for archive in archives)
    return (
        f"Without a network: on a machine that has one, call skimgrec.fetch_{name}(data_home='.') and copy the "
        f"{name}.npz that it makes into {target}, or into the folder that {FOLDER_VARIABLE} names; or download {urls} "
        f"by any means into {target}, where fetch_{name} will find and convert "
        f"{'it' if len(archives) == 1 else 'them'}."
    )


def read_npz(path: Path, subset: str, label: str, *more: str) -> dict[str, NDArray[Any]]:
    """Read the arrays of the wanted splits from an npz file.

    Parameters
    ----------
    path : Path
        The file.
    subset : {"all", "train", "test"}
        Which splits.
    label : str
        What the names of the labels start with: "y", or "y_coarse".
    *more : str
        Further arrays, such as "class_names".

    Returns
    -------
    arrays : dict of str to ndarray
        By their names in the file, but labels as ``y_<split>``.
    """
    splits = ("train", "test") if subset == "all" else (subset,)
    stored = {f"{kind}_{split}": f"{key}_{split}" for split in splits for kind, key in (("x", "x"), ("y", label))}
    stored |= {key: key for key in more}
    try:
        # np.load leaves a file that it opened itself open where the archive is damaged.
        with path.open("rb") as stream:
            file = np.load(stream, allow_pickle=False)
            present = list(getattr(file, "files", []))
            missing = [key for key in stored.values() if key not in present]
            arrays = {key: file[name] for key, name in stored.items()} if not missing else {}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(
            f"{path} is not a readable npz file of plain arrays: {error}. Delete it, and it can be downloaded again."
        ) from error
    if missing:
        raise ValueError(
            f"{path} has no {', '.join(missing)}: it holds {', '.join(present) or 'nothing'}, expected "
            f"{', '.join(stored.values())}. Delete it, and it can be downloaded again."
        )
    return arrays


def deliver(
    arrays: dict[str, NDArray[Any]], path: Path, shape: tuple[int, ...], names: Any, descr: str, return_X_y: bool
) -> Bunch | tuple[Any, Any]:
    """Check the arrays of each split, and return them in the form the caller asked for.

    Parameters
    ----------
    arrays : dict of str to ndarray
        What `read_npz` returned.
    path : Path
        Where it lies, for messages.
    shape : tuple of int
        What a picture has to be.
    names : sequence of str
        The classes.
    descr : str
        What the data set is.
    return_X_y : bool
        Whether to return ``(images, target)``.

    Returns
    -------
    bunch : Bunch or tuple of ndarray
        With `split` where there are two.
    """
    splits = [key.removeprefix("x_") for key in arrays if key.startswith("x_")]
    names = np.asarray(names)
    if names.ndim != 1 or names.dtype.kind != "U" or len(names) == 0:
        raise ValueError(f"{path}: class_names has shape {names.shape} and dtype {names.dtype}, expected strings (n,).")
    for split in splits:
        _check_split(path, split, arrays[f"x_{split}"], arrays[f"y_{split}"], shape, len(names))
    one = len(splits) == 1
    images = arrays[f"x_{splits[0]}"] if one else np.concatenate([arrays[f"x_{split}"] for split in splits])
    target = np.concatenate([arrays[f"y_{split}"] for split in splits]).astype(np.int64)
    if return_X_y:
        return images, target
    extra = {} if one else {"split": np.repeat(splits, [len(arrays[f"y_{split}"]) for split in splits])}
    return picture_bunch(np.ascontiguousarray(images), target, target_names=names, descr=descr, **extra)


def _check_split(
    path: Path, split: str, images: NDArray[Any], target: NDArray[Any], shape: tuple[int, ...], n_classes: int
) -> None:
    if images.ndim != 1 + len(shape) or images.shape[1:] != shape or images.dtype != np.uint8:
        raise ValueError(
            f"{path}: x_{split} has shape {images.shape} and dtype {images.dtype}, expected "
            f"(n, {', '.join(map(str, shape))}) and uint8."
        )
    if target.shape != (len(images),) or target.dtype.kind not in "ui":
        raise ValueError(
            f"{path}: y_{split} has shape {target.shape} and dtype {target.dtype}, expected one integer for each of "
            f"the {len(images)} pictures in x_{split}, in shape ({len(images)},)."
        )
    if target.size and (int(target.min()) < 0 or int(target.max()) >= n_classes):
        raise ValueError(
            f"{path}: y_{split} holds values from {target.min()} to {target.max()}, expected 0 to {n_classes - 1}."
        )
