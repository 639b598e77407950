"""A CSV or Parquet table that says where pictures lie and what they show."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from sklearn.utils import Bunch

from skimgrec.datasets._folder import Findings, files_bunch
from skimgrec.datasets._folder_layout import SPLITS, TRAIN, split_of
from skimgrec.datasets._folder_reading import OnRead, read_pictures
from skimgrec.datasets._folder_words import skipped_in_words, some
from skimgrec.utils._picture_format import PictureFormat

TABLE_SUFFIXES = (".csv", ".parquet", ".pq")


def read_table_of_files(
    path: str,
    wanted: PictureFormat,
    *,
    subset: str = "train",
    mixed_size: tuple[int, int] | None = None,
    lazy_above: int | None = None,
    n_jobs: int | None = None,
    on_read: OnRead | None = None,
) -> tuple[Bunch, Findings]:
    """Read the pictures that a table lists.

    Parameters
    ----------
    path : str
        The table.
    wanted : PictureFormat
        What to bring the pictures to.
    subset : {"all", "train", "val", "test"}, default="train"
        Which split; a table without the column `split` is all "train".
    mixed_size, lazy_above, n_jobs, on_read : object
        As `read_pictures` takes them.

    Returns
    -------
    table : Bunch
        As `load_image_folder` returns it, in the order of the table.
    findings : Findings
        What deserves a word.

    Raises
    ------
    ValueError
        If columns or entries are missing, or there are fewer than two classes.
    ImportError
        If it is a Parquet file and pyarrow is not installed.
    """
    columns = table_columns(path)
    labels, splits = columns["label"], splits_of_column(path, columns.get("split"))
    _check_classes(path, labels, splits)
    rows = _rows_of(path, subset, splits, len(labels))
    folder = os.path.dirname(path)
    filenames = np.array([os.path.join(folder, columns["path"][row]) for row in rows])
    read = read_pictures(
        filenames, wanted, mixed_size=mixed_size, lazy_above=lazy_above, n_jobs=n_jobs, on_read=on_read
    )
    kept = [rows[row] for row in read.rows]
    left, of_table = {labels[row] for row in kept}, {labels[row] for row in rows}
    if left < of_table:
        raise ValueError(
            f"{path}: no picture of {some(sorted(of_table - left))} can be read: "
            f"{skipped_in_words(read.skipped, len(rows))} Paths count from the folder of the table, "
            f"{os.path.abspath(folder)}. Correct the paths, or take these rows out."
        )
    bunch = files_bunch(
        f"the table {path}",
        filenames[read.rows],
        [labels[row] for row in kept],
        sorted(set(labels)),
        None if splits is None else [splits[row] for row in kept],
        read,
        ignored=[],
    )
    return bunch, Findings(read.sizes, [])


def table_columns(path: str) -> dict[str, list[str]]:
    """Return the columns as text."""
    import pandas as pd  # takes a second

    if path.lower().endswith(".csv"):
        try:
            # "NA" may be the name of a class.
            table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", skipinitialspace=True)
        except (ValueError, pd.errors.ParserError) as error:
            raise ValueError(f"{path} is no readable CSV file in UTF-8: {' '.join(str(error).split())}") from error
        if not isinstance(table.index, pd.RangeIndex):
            # pandas takes the first fields of such rows for the names of the rows.
            raise ValueError(
                f"{path}: rows have more fields than the header, which names {some(list(table.columns), 8)}; the first "
                f"row with a path starts {some(_as_fields(table.index[0]))}. Take out commas at the end of rows, and "
                'put quotes around a path or label with a comma in it, such as "a,b.png".'
            )
    else:
        table = _read_parquet(path)
    table.columns = [str(name).strip() for name in table.columns]
    missing = [name for name in ("path", "label") if name not in table.columns]
    if missing:
        raise ValueError(
            f"{path} has the columns {some(list(table.columns), 8)}, but no {' and no '.join(missing)}: expected "
            "path and label, and perhaps split, separated by commas, named in the first line of a CSV file."
        )
    if not len(table):
        raise ValueError(f"{path} has no rows: expected one for each picture, with its path and its label.")
    columns = {}
    for name in ("path", "label", "split"):
        if name in table.columns:
            values = ["" if pd.isna(value) else str(value).strip() for value in table[name].tolist()]
            if "" in values:
                raise ValueError(
                    f"{path}: row {values.index('') + 1} has no {name}. Each picture needs one: fill it in, or take "
                    "the row out."
                )
            columns[name] = values
    return columns


def _as_fields(entry: Any) -> list[Any]:
    return list(entry) if isinstance(entry, tuple) else [entry]


def _read_parquet(path: str) -> Any:
    import pandas as pd

    try:
        import pyarrow
    except ImportError as error:
        raise ImportError(
            f'Reading {path} needs pyarrow, which is not installed: pip install "skimgrec[parquet]". A CSV file needs '
            "nothing more."
        ) from error
    try:
        return pd.read_parquet(path, engine="pyarrow")
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise ValueError(f"{path} is no readable Parquet file: {' '.join(str(error).split())}") from error


def splits_of_column(path: str, given: list[str] | None) -> list[str] | None:
    """Return the splits that a column names, in any of their spellings, as "train", "val" or "test"."""
    if given is None:
        return None
    splits = [split_of(name) or name for name in given]
    odd = sorted(set(splits) - set(SPLITS))
    if odd:
        raise ValueError(f"{path}: the column split holds {some(odd)}, expected train, val or test.")
    return splits


def _check_classes(path: str, labels: list[str], splits: list[str] | None) -> None:
    classes = set(labels)
    if len(classes) < 2:
        raise ValueError(
            f"{path} has a single class, {labels[0]!r}: telling pictures apart needs at least two different labels."
        )
    if splits is None:
        return
    trained = {label for label, split in zip(labels, splits, strict=True) if split == TRAIN}
    if not trained:
        raise ValueError(f"{path} has the splits {some(sorted(set(splits)))} and no 'train' to learn from.")
    if trained < classes:
        raise ValueError(
            f"{path}: {some(sorted(classes - trained))} is in other splits, but not in 'train', which has "
            f"{some(sorted(trained))}. Nothing can be tested that was not trained."
        )


def _rows_of(path: str, subset: str, splits: list[str] | None, n: int) -> list[int]:
    if subset == "all" or (splits is None and subset == TRAIN):
        return list(range(n))
    present = [TRAIN] if splits is None else sorted(set(splits))
    if subset not in present:
        raise ValueError(
            f"{path} has the splits {', '.join(present)}: subset={subset!r} is not among them. Take one, or 'all'."
        )
    assert splits is not None
    return [row for row, split in enumerate(splits) if split == subset]
