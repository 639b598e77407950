"""Labelled pictures in an npz file."""

from __future__ import annotations

import zipfile
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from skimgrec.datasets._bunch import picture_bunch
from skimgrec.datasets._folder_layout import SPLITS, TRAIN, split_of
from skimgrec.datasets._folder_words import describe

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
            images, labels, names, splits = _Arrays(path, file).parts(subset)
    except _LayoutError:
        raise
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(
            f"{path} is not a readable npz file of plain arrays: {error}. Expected {_EXPECTED}."
        ) from error
    target, target_names = _classes(path, labels, names)
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


class _Arrays:
    def __init__(self, path: str, file: Any) -> None:
        self._path = path
        self._file = file
        self._keys = list(file.files)

    def parts(self, subset: str) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any] | None, NDArray[Any] | None]:
        """Return pictures, labels, names of the classes, and splits."""
        if "x_train" in self._keys:
            return self._by_split(subset)
        if "images" in self._keys:
            return self._in_one(subset)
        raise _LayoutError(
            f"{self._path} holds the arrays {', '.join(self._keys) or '(none)'}, expected {_EXPECTED}. numpy.savez "
            "writes them."
        )

    def _by_split(self, subset: str) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any] | None, NDArray[Any] | None]:
        present = [split for split in SPLITS if f"x_{split}" in self._keys]
        wanted = present if subset == "all" else [subset]
        self._check_has(subset, present)
        pairs = [self._pair(f"x_{split}", f"y_{split}") for split in wanted]
        shapes = {pictures.shape[1:] for pictures, _ in pairs}
        if len(shapes) > 1:
            raise _LayoutError(f"{self._path}: the splits hold pictures of different shapes, {sorted(shapes)}.")
        names = self._file["class_names"] if "class_names" in self._keys else None
        # One split alone is handed on without a copy, which may not fit into memory.
        pictures = pairs[0][0] if len(pairs) == 1 else np.concatenate([pair[0] for pair in pairs])
        labels = np.concatenate([pair[1] for pair in pairs])
        splits = np.repeat(wanted, [len(pair[1]) for pair in pairs]) if len(present) > 1 else None
        return pictures, labels, names, splits

    def _in_one(self, subset: str) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any] | None, NDArray[Any] | None]:
        pictures, labels = self._pair("images", "target")
        names = self._file["target_names"] if "target_names" in self._keys else None
        if "split" not in self._keys:
            self._check_has(subset, [TRAIN])
            return pictures, labels, names, None
        given = self._file["split"]
        if given.shape != labels.shape or given.dtype.kind != "U":
            raise _LayoutError(
                f"{self._path}: split has shape {given.shape} and dtype {given.dtype}, expected one string for each of "
                f"the {len(labels)} pictures."
            )
        splits = np.array([split_of(name) or name for name in given.tolist()])
        odd = sorted(set(splits.tolist()) - set(SPLITS))
        if odd:
            raise _LayoutError(f"{self._path}: split holds {odd[0]!r}, expected 'train', 'val' or 'test'.")
        self._check_has(subset, sorted(set(splits.tolist())))
        if subset == "all":
            return pictures, labels, names, splits
        rows = np.flatnonzero(splits == subset)
        return pictures[rows], labels[rows], names, splits[rows]

    def _check_has(self, subset: str, present: list[str]) -> None:
        if subset != "all" and subset not in present:
            raise _LayoutError(
                f"{self._path} has the splits {', '.join(present)}: subset={subset!r} is not among them. Take one of "
                "them, or 'all'."
            )

    def _pair(self, x: str, y: str) -> tuple[NDArray[Any], NDArray[Any]]:
        if y not in self._keys:
            raise _LayoutError(
                f"{self._path} has {x} and no {y}, the labels: it holds {', '.join(self._keys)}, expected {_EXPECTED}."
            )
        pictures, labels = self._file[x], self._file[y]
        if labels.ndim == 2 and labels.shape[1] == 1:
            labels = labels[:, 0]
        if pictures.ndim not in (2, 3, 4) or pictures.dtype.kind not in "buif" or not len(pictures):
            raise _LayoutError(
                f"{self._path}: {x} has shape {pictures.shape} and dtype {pictures.dtype}, expected numbers in shape "
                "(n, h, w), (n, h, w, c) or (n, n_features)."
            )
        if labels.shape != (len(pictures),) or labels.dtype.kind not in "uibU":
            raise _LayoutError(
                f"{self._path}: {y} has shape {labels.shape} and dtype {labels.dtype}, expected one integer or string "
                f"for each of the {len(pictures)} pictures in {x}, in shape ({len(pictures)},)."
            )
        return pictures, labels


def _classes(path: str, labels: NDArray[Any], names: NDArray[Any] | None) -> tuple[NDArray[np.int64], list[Any]]:
    """Return each picture's position among the classes, and the classes."""
    if names is None or labels.dtype.kind == "U":
        classes, codes = np.unique(labels, return_inverse=True)
        return codes.astype(np.int64), classes.tolist()
    if names.ndim != 1 or names.dtype.kind != "U" or len(set(names.tolist())) < len(names):
        raise ValueError(
            f"{path}: the names of the classes have shape {names.shape} and dtype {names.dtype}, expected different "
            "strings in one dimension."
        )
    if int(labels.min()) < 0 or int(labels.max()) >= len(names):
        raise ValueError(
            f"{path}: the labels go from {labels.min()} to {labels.max()}, but {len(names)} classes have names: "
            f"expected 0 to {len(names) - 1}."
        )
    return labels.astype(np.int64), names.tolist()
