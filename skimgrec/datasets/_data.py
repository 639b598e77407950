"""Whatever the command line is given as DATA: a name, a folder, an npz file or a table of paths."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from sklearn.utils import Bunch

from skimgrec.datasets._data_npz import load_npz
from skimgrec.datasets._data_table import TABLE_SUFFIXES, read_table_of_files
from skimgrec.datasets._folder import checked_size, read_folder
from skimgrec.datasets._folder_reading import OnRead
from skimgrec.datasets._folder_words import (
    doubtful_in_words,
    ignored_in_words,
    sizes_in_words,
    skipped_in_words,
    twins_in_words,
)
from skimgrec.datasets._resolve import dataset_names, load_dataset
from skimgrec.utils._picture_format import PictureFormat

MIXED_SIZE = (64, 64)
# Decoded pictures of more than this stay in their files.
_MOST_BYTES = 2**30
_KINDS = "a folder with one folder for each class, an .npz file, or a .csv or .parquet table with columns path,label"


def load_data(
    data: str | os.PathLike[str],
    *,
    image_size: tuple[int, int] | None = None,
    grey: bool = False,
    resize: str = "stretch",
    subset: str = "train",
    data_home: str | os.PathLike[str] | None = None,
    n_jobs: int | None = -1,
    on_read: OnRead | None = None,
    most_bytes: int = _MOST_BYTES,
) -> Bunch:
    """Load labelled pictures from wherever they are: a built-in data set, a folder, an npz file, or a table.

    Parameters
    ----------
    data : str or path-like
        A name that `dataset_names` lists, as a str: a path-like is always a file or a folder; a folder as
        `load_image_folder` takes it; an npz file with `x_train` and `y_train`, perhaps `x_test`, `y_test` and
        `class_names`, or with `images` and `target`, perhaps `target_names` and `split`; a CSV or Parquet file with the
        columns `path`, from its own folder, and `label`, perhaps `split`.
    image_size : tuple of two ints, default=None
        (height, width) that pictures of a folder or a table are brought to. None keeps those that all have one size
        as they are, and brings those of different sizes to (64, 64).
    grey : bool, default=False
        Whether pictures of a folder or a table have one channel.
    resize : {"stretch", "crop", "fit"}, default="stretch"
        How pictures of other proportions are brought to `image_size`.
    subset : {"all", "train", "val", "test"}, default="train"
        Which split. Data without splits is all "train".
    data_home : path-like, default=None
        The folder of a built-in data set, as `load_dataset` takes it.
    n_jobs : int, default=-1
        Threads that decode.
    on_read : callable, default=None
        Called with how many files are read, of how many. It may start anew.
    most_bytes : int, default=1073741824
        Pictures from files that would take more, than 1 GiB by default, are a lazy batch, read when they are needed.

    Returns
    -------
    bunch : Bunch
        With the attributes

        - `images`: ndarray or `LazyImages` of shape (n, h, w) or (n, h, w, c).
        - `target`: ndarray of shape (n,), int64, each picture's position in `target_names`.
        - `target_names`: ndarray of str.
        - `filenames`: ndarray of n str, for folders and tables.
        - `split`: ndarray of n str, where the data has splits.
        - `skipped`: list of (filename, reason), the files that gave no picture.
        - `ignored`: list of str, folders that are no classes.
        - `notes`: list of str, sentences for whoever asked for the data: what was skipped, ignored or resized.
        - `DESCR`: str, what the data is.

    Raises
    ------
    ValueError
        If `data` is nothing of these, or nothing to learn from.
    FileNotFoundError
        If it names a file or a folder that is not there.
    ImportError
        If reading it needs a package that is not installed.

    See Also
    --------
    load_dataset : A built-in data set alone.
    load_image_folder : A folder alone.

    Notes
    -----
    Nothing is warned of: `notes` has it.

    Examples
    --------
    >>> from skimgrec.datasets import load_data
    >>> digits = load_data("digits")
    >>> digits.images.shape, digits.notes
    ((1797, 8, 8), [])
    """
    given_as_path = not isinstance(data, str)
    name = os.path.expanduser(os.fspath(data))
    size = checked_size(image_size)
    if subset not in ("all", "train", "val", "test"):
        raise ValueError(f"subset={subset!r}: expected 'all', 'train', 'val' or 'test'.")
    kind = _kind_of(name, given_as_path)
    if kind in ("name", "npz"):
        bunch = _named(name, subset, data_home) if kind == "name" else load_npz(name, subset)
        _check_is_as_wanted(name, bunch.images, size, grey)
        notes = [
            f"{name} is the built-in data set, not the folder or file beside you: that is {os.path.join('.', name)}."
        ]
        return Bunch(**{"skipped": [], "ignored": [], "notes": notes if _is_both(kind, name) else [], **bunch})
    read = read_folder if kind == "folder" else read_table_of_files
    bunch, findings = read(
        name,
        PictureFormat(size, grey=grey, resize=resize),
        subset=subset,
        mixed_size=MIXED_SIZE,
        lazy_above=most_bytes,
        n_jobs=n_jobs,
        on_read=on_read,
    )
    sizes = sizes_in_words(findings.sizes) if findings.sizes else ""
    notes = [
        f"The pictures have {sizes}: all are brought to {MIXED_SIZE[0]} x {MIXED_SIZE[1]}." if sizes else "",
        skipped_in_words(bunch.skipped, len(bunch.filenames) + len(bunch.skipped)),
        doubtful_in_words(findings.doubtful, bunch.split[0]) if findings.doubtful else ignored_in_words(bunch.ignored),
        twins_in_words(findings.twins) if findings.twins else "",
    ]
    return Bunch(**bunch, notes=[note for note in notes if note])


def _is_both(kind: str, name: str) -> bool:
    return kind == "name" and os.path.exists(name)


def _kind_of(name: str, given_as_path: bool) -> str:
    """Return "name", "folder", "npz" or "table"."""
    if name in dataset_names() and not given_as_path:
        return "name"
    suffix = os.path.splitext(name)[1].lower()
    if os.path.isdir(name):
        return "folder"
    if os.path.isfile(name):
        if suffix == ".npz":
            return "npz"
        if suffix in TABLE_SUFFIXES:
            return "table"
        hint = " Unpack it first." if suffix in (".zip", ".tar", ".gz", ".tgz", ".7z", ".rar") else ""
        raise ValueError(f"{name} is a file with the extension {suffix or '(none)'!r}, expected {_KINDS}.{hint}")
    if given_as_path or os.path.dirname(name) or suffix in (".npz", *TABLE_SUFFIXES):
        hint = f" For the built-in data set, give the str {name!r}." if name in dataset_names() else ""
        raise FileNotFoundError(f"There is no file or folder {name}; it is looked for from {os.getcwd()}.{hint}")
    try:
        load_dataset(name)
    except ValueError as error:
        raise ValueError(f"{error} Nor is there a file or folder {name}: DATA may also be {_KINDS}.") from None
    raise AssertionError(name)


def _named(name: str, subset: str, data_home: Any) -> Bunch:
    bunch = load_dataset(name, subset=subset, data_home=data_home)
    if "split" not in bunch and name != "digits":
        bunch.split = np.repeat(subset, len(bunch.target))
    return bunch


def _check_is_as_wanted(name: str, images: Any, image_size: tuple[int, int] | None, grey: bool) -> None:
    """Refuse to resize what is an array already, unless it is in the form asked for."""
    if (image_size is not None and image_size != images.shape[1:3]) or (grey and images.shape[3:] not in ((), (1,))):
        raise ValueError(
            f"{name} holds pictures of shape {images.shape[1:]}, which are used as they are: image_size (--size) and "
            "grey (--grey) are for pictures in files, from a folder or a table. Leave them out."
        )
