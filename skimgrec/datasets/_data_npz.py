"""Labelled pictures in an npz file."""

from __future__ import annotations

import zipfile
import zlib
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from skimgrec.datasets._bunch import picture_bunch
from skimgrec.datasets._folder_layout import SPLITS, TRAIN, split_of
from skimgrec.datasets._folder_words import describe, some
from skimgrec.utils._pictures import _shape_of_rows

_EXPECTED = (
    "x_train and y_train (and x_test, y_test, class_names where there are any), or images and target (and "
    "target_names, split)"
)


def load_npz(path: str, subset: str = "train") -> Bunch:
    """Load the pictures and labels of an npz file.

    Parameters
    ----------
    path : str
        The file.
    subset : {"all", "train", "val", "test"}, default="train"
        Which split; a file without splits is all "train".

    Returns
    -------
    bunch : Bunch
        `images`, `data`, `target`, `target_names`, `DESCR`, and `split` where the file has splits.

    Raises
    ------
    ValueError
        If the file holds something else.
    """
    try:
        # np.load leaves a file that it opened itself open where the archive is damaged.
        with open(path, "rb") as stream:
            file = np.load(stream, allow_pickle=False)
            if not hasattr(file, "files"):
                raise ValueError("it holds one array alone")
            found = _Arrays(path, file).parts(subset)
    except _LayoutError:
        raise
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(
            f"{path} is not a readable npz file of plain arrays: {error}. Expected {_EXPECTED}."
        ) from error
    _check_trained(path, found)
    images, splits = found.pictures, found.splits
    target, target_names = _classes(path, found)
    extra = {} if splits is None else {"split": splits}
    text = [str(name) for name in target_names]
    descr = describe(
        f"the file {path}",
        [text[code] for code in target],
        text,
        splits=None if splits is None else splits.tolist(),
        shape=images.shape[1:],
    )
    return picture_bunch(np.ascontiguousarray(images), target, target_names=text, descr=descr, **extra)


class _LayoutError(ValueError):
    """What is wrong is the choice of arrays, not the file."""


class _Found(NamedTuple):
    """Pictures, labels and splits of the subset, and what counts for the whole file."""

    pictures: NDArray[Any]
    labels: NDArray[Any]
    splits: NDArray[Any] | None
    names: NDArray[Any] | None
    all_labels: dict[str, NDArray[Any]]


class _Arrays:
    def __init__(self, path: str, file: Any) -> None:
        self._path = path
        self._file = file
        self._keys = list(file.files)

    def parts(self, subset: str) -> _Found:
        """Return what the arrays hold."""
        if "x_train" in self._keys:
            return self._by_split(subset)
        if "images" in self._keys:
            return self._in_one(subset)
        raise _LayoutError(
            f"{self._path} holds the arrays {', '.join(self._keys) or '(none)'}, expected {_EXPECTED}. numpy.savez "
            "writes them."
        )

    def _by_split(self, subset: str) -> _Found:
        present = [split for split in SPLITS if f"x_{split}" in self._keys]
        wanted = present if subset == "all" else [subset]
        self._check_has(subset, present)
        all_labels = {split: self._labels(f"x_{split}", f"y_{split}") for split in present}
        self._check_one_kind(all_labels)
        parts = [self._pictures(f"x_{split}", f"y_{split}", all_labels[split]) for split in wanted]
        shapes = {part.shape[1:] for part in parts}
        if len(shapes) > 1:
            raise _LayoutError(f"{self._path}: the splits hold pictures of different shapes, {sorted(shapes)}.")
        if len({part.dtype for part in parts}) > 1:
            seen = ", ".join(f"x_{split} has {part.dtype}" for split, part in zip(wanted, parts, strict=True))
            raise _LayoutError(
                f"{self._path}: {seen}. All splits need one dtype, and one range of values: convert them before they "
                "are saved."
            )
        names = self._file["class_names"] if "class_names" in self._keys else None
        # One split alone is handed on without a copy, which may not fit into memory.
        pictures = parts[0] if len(parts) == 1 else np.concatenate(parts)
        labels = np.concatenate([all_labels[split] for split in wanted])
        splits = np.repeat(wanted, [len(all_labels[split]) for split in wanted]) if len(present) > 1 else None
        return _Found(pictures, labels, splits, names, all_labels)

    def _in_one(self, subset: str) -> _Found:
        labels = self._labels("images", "target")
        pictures = self._pictures("images", "target", labels)
        names = self._file["target_names"] if "target_names" in self._keys else None
        if "split" not in self._keys:
            self._check_has(subset, [TRAIN])
            return _Found(pictures, labels, None, names, {TRAIN: labels})
        given = self._file["split"]
        if given.shape != labels.shape or given.dtype.kind != "U":
            raise _LayoutError(
                f"{self._path}: split has shape {given.shape} and dtype {given.dtype}, expected one string for each of "
                f"the {len(labels)} pictures."
            )
        splits = np.array([split_of(name) or name for name in given.tolist()])
        present = sorted(set(splits.tolist()))
        odd = sorted(set(present) - set(SPLITS))
        if odd:
            raise _LayoutError(f"{self._path}: split holds {odd[0]!r}, expected 'train', 'val' or 'test'.")
        self._check_has(subset, present)
        all_labels = {split: labels[splits == split] for split in present}
        if subset == "all":
            return _Found(pictures, labels, splits, names, all_labels)
        rows = np.flatnonzero(splits == subset)
        return _Found(pictures[rows], labels[rows], splits[rows], names, all_labels)

    def _check_has(self, subset: str, present: list[str]) -> None:
        if subset != "all" and subset not in present:
            raise _LayoutError(
                f"{self._path} has the splits {', '.join(present)}: subset={subset!r} is not among them. Take one of "
                "them, or 'all'."
            )

    def _check_one_kind(self, labels: dict[str, NDArray[Any]]) -> None:
        if len({"i" if part.dtype.kind in "ui" else part.dtype.kind for part in labels.values()}) > 1:
            seen = ", ".join(f"y_{split} has {part.dtype}" for split, part in labels.items())
            raise _LayoutError(
                f"{self._path}: {seen}. The labels of all splits are integers, or all are strings: convert them before "
                "they are saved."
            )

    def _labels(self, x: str, y: str) -> NDArray[Any]:
        if y not in self._keys:
            raise _LayoutError(
                f"{self._path} has {x} and no {y}, the labels: it holds {', '.join(self._keys)}, expected {_EXPECTED}."
            )
        labels = self._file[y]
        if labels.ndim == 2 and labels.shape[1] == 1:
            labels = labels[:, 0]
        if labels.ndim != 1 or labels.dtype.kind not in "uibU":
            raise _LayoutError(
                f"{self._path}: {y} has shape {labels.shape} and dtype {labels.dtype}, expected one integer or string "
                f"for each of the pictures in {x}, in shape (n,)."
            )
        return labels

    def _pictures(self, x: str, y: str, labels: NDArray[Any]) -> NDArray[Any]:
        pictures = self._file[x]
        if pictures.ndim not in (2, 3, 4) or pictures.dtype.kind not in "buif" or not pictures.size:
            raise _LayoutError(
                f"{self._path}: {x} has shape {pictures.shape} and dtype {pictures.dtype}, expected numbers in shape "
                "(n, h, w), (n, h, w, c) or (n, n_features)."
            )
        if len(labels) != len(pictures):
            raise _LayoutError(
                f"{self._path}: {y} has shape {labels.shape} and dtype {labels.dtype}, expected one integer or string "
                f"for each of the {len(pictures)} pictures in {x}, in shape ({len(pictures)},)."
            )
        if pictures.ndim > 2:
            return pictures
        try:
            shape = _shape_of_rows(pictures.shape[1], None, x)
        except ValueError as error:
            raise _LayoutError(
                f"{self._path}: {x} has shape {pictures.shape}, and {pictures.shape[1]} columns may be square colour "
                "pictures, channels last or first, or something else. Save them as (n, h, w, c), such as "
                f"{x}={x}.reshape(len({x}), h, w, c), or as (n, h, w)."
            ) from error
        return pictures.reshape(len(pictures), *shape)


def _check_trained(path: str, found: _Found) -> None:
    """Refuse classes of other splits that training lacks."""
    if TRAIN not in found.all_labels:
        raise ValueError(f"{path} has the splits {', '.join(found.all_labels)} and no 'train' to learn from.")
    trained = np.unique(found.all_labels[TRAIN])
    for split, labels in found.all_labels.items():
        unknown = np.setdiff1d(labels, trained).tolist()
        if unknown:
            raise ValueError(
                f"{path}: {some(unknown)} is in {split!r}, but not in 'train', which has {some(trained.tolist())}. "
                "Nothing can be tested that was not trained: add such pictures to 'train', or take these out."
            )


def _classes(path: str, found: _Found) -> tuple[NDArray[np.int64], list[Any]]:
    """Return each picture's position among the classes, and the classes, which are those of all splits."""
    labels, names, trained = found.labels, found.names, found.all_labels[TRAIN]
    if names is None or labels.dtype.kind == "U":
        classes = np.unique(trained)
        return np.searchsorted(classes, labels).astype(np.int64), classes.tolist()
    if names.ndim != 1 or names.dtype.kind != "U" or len(set(names.tolist())) < len(names):
        raise ValueError(
            f"{path}: the names of the classes have shape {names.shape} and dtype {names.dtype}, expected different "
            "strings in one dimension."
        )
    if int(trained.min()) < 0 or int(trained.max()) >= len(names):
        raise ValueError(
            f"{path}: the labels go from {trained.min()} to {trained.max()}, but {len(names)} classes have names: "
            f"expected 0 to {len(names) - 1}."
        )
    return labels.astype(np.int64), names.tolist()
