"""Check whatever the command line is given as DATA, by its files where it has any."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from skimgrec.datasets._check import check_images
from skimgrec.datasets._check_result import ImageCheck
from skimgrec.datasets._data import load_data
from skimgrec.datasets._data_table import TABLE_SUFFIXES, splits_of_column, table_columns
from skimgrec.datasets._folder_layout import folder_layout, is_litter
from skimgrec.datasets._resolve import dataset_names


class _Data(NamedTuple):
    images: Any
    target: Any
    target_names: Any = None
    split: Any = None
    notes: tuple[str, ...] = ()


def check_data(
    data: str | os.PathLike[str], *, near_duplicates: bool = True, n_jobs: int | None = -1, verbose: int = 0
) -> tuple[ImageCheck, list[str]]:
    """Check a built-in data set, a folder, an npz file or a table of paths, all of its splits together.

    Parameters
    ----------
    data : str or path-like
        As `load_data` takes it, or a folder of pictures without classes.
    near_duplicates, n_jobs, verbose : object
        As `check_images` takes them.

    Returns
    -------
    check : ImageCheck
        What was found.
    notes : list of str
        What was not looked at.

    Raises
    ------
    ValueError, FileNotFoundError, ImportError
        As `load_data` does.
    """
    name = os.fspath(data)
    found = _find(data)
    check = check_images(
        found.images,
        found.target,
        target_names=found.target_names,
        split=found.split,
        near_duplicates=near_duplicates,
        data_name=name,
        n_jobs=n_jobs,
        verbose=verbose,
    )
    return check, list(found.notes)


def _find(data: str | os.PathLike[str]) -> _Data:
    name = os.fspath(data)
    # A path-like is a path, whatever its name.
    if name not in dataset_names() or not isinstance(data, str):
        if os.path.isdir(name):
            return _of_folder(name)
        if os.path.isfile(name) and name.lower().endswith(TABLE_SUFFIXES):
            columns, folder = table_columns(name), os.path.dirname(name)
            paths = [os.path.join(folder, path) for path in columns["path"]]
            return _Data(paths, columns["label"], split=splits_of_column(name, columns.get("split")))
    bunch = load_data(data, subset="all")
    return _Data(bunch.images, bunch.target.tolist(), bunch.target_names, bunch.get("split"), tuple(bunch.notes))


def _of_folder(root: str) -> _Data:
    entries = sorted(os.scandir(root), key=lambda entry: entry.name)
    if not any(entry.is_dir() and not is_litter(entry.name) for entry in entries):
        files = [entry.path for entry in entries if entry.is_file() and not is_litter(entry.name)]
        if files:
            return _Data(files, None)
    layout = folder_layout(root, strict=False)
    notes = [f"Not looked at: the folder {layout.full(folder)}: {reason}." for folder, reason in layout.unreadable]
    for what, names in (("folders that are no classes", layout.ignored), ("files outside the classes", layout.loose)):
        if names:
            notes.append(f"Not looked at: {len(names)} {what}, such as {names[0]}.")
    paths = [layout.full(path) for path in layout.paths]
    code_of = {name: code for code, name in enumerate(layout.class_names)}
    # By number and name, so that a class without pictures is there to be found.
    codes = [code_of[label] for label in layout.labels]
    return _Data(paths, codes, layout.class_names, layout.splits, tuple(notes))
