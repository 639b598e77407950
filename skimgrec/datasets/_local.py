"""Data sets read from files on this machine: MNIST and CIFAR-10."""

from __future__ import annotations

import os
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch
from sklearn.utils._param_validation import StrOptions, validate_params

from skimgrec.datasets._bunch import picture_bunch

FOLDER_VARIABLE = "SKIMGREC_DATA"

_SOURCES = {
    "mnist.npz": (
        'To get it: python -c "import keras; keras.datasets.mnist.load_data()" downloads it into ~/.keras/datasets, '
        f"which {FOLDER_VARIABLE} can name."
    ),
    "cifar10.npz": (
        "To make it: keras.datasets.cifar10.load_data() downloads the pictures; numpy.savez writes them as x_train, "
        "y_train, x_test and y_test, the labels flattened with ravel(), and the names of the classes as class_names."
    ),
}

_MNIST_DESCR = """\
MNIST: handwritten digits

60,000 training and 10,000 test pictures of the digits 0 to 9, written by employees of the United States Census Bureau
and by high school students; grey, 28 by 28 pixels, uint8 (0 is background, 255 is ink), centred by mass.

Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document recognition.
Proceedings of the IEEE 86(11), 1998.
"""

_CIFAR10_DESCR = """\
CIFAR-10: small photographs of ten kinds of things

50,000 training and 10,000 test pictures, equally many of each class; colour, 32 by 32 pixels, uint8.
About 3.3 % of the test pictures have a near-duplicate among the training pictures (Barz and Denzler, 2019, arXiv
1902.00423), so a test score flatters a little.

A. Krizhevsky: Learning multiple layers of features from tiny images. Technical report, University of Toronto, 2009.
"""


@validate_params(
    {
        "data_home": [str, os.PathLike, None],
        "subset": [StrOptions({"all", "train", "test"})],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_mnist(
    *, data_home: str | os.PathLike[str] | None = None, subset: str = "all", return_X_y: bool = False
) -> Bunch | tuple[Any, Any]:
    """Load MNIST from the file ``mnist.npz``: 70,000 grey pictures of 28 by 28 pixels, 10 classes.

    Parameters
    ----------
    data_home : path-like, default=None
        The folder that holds ``mnist.npz``, with the arrays `x_train`, `y_train`, `x_test` and `y_test`: the file that
        ``keras.datasets.mnist.load_data()`` leaves in ``~/.keras/datasets`` is one. None takes the folder named by the
        environment variable ``SKIMGREC_DATA``.
    subset : {"all", "train", "test"}, default="all"
        Which pictures: the published training or test split, or the first followed by the second.
    return_X_y : bool, default=False
        If True, return ``(images, target)`` instead of a Bunch.

    Returns
    -------
    mnist : Bunch
        With the attributes

        - `images`: ndarray of shape (n, 28, 28), uint8; n is 60,000, 10,000 or both.
        - `data`: ndarray of shape (n, 784), a view of `images`.
        - `target`: ndarray of shape (n,), int64, 0 to 9.
        - `target_names`: ndarray of 10 str.
        - `split`: ndarray of n str, "train" or "test", where `subset` is "all".
        - `DESCR`: str, the data set's description.
    (images, target) : tuple of ndarray
        If `return_X_y` is True.

    Raises
    ------
    FileNotFoundError
        If there is no such file, or no folder is named.
    ValueError
        If the file is not MNIST in this layout.

    See Also
    --------
    load_digits_images : Digits that need no file.

    Examples
    --------
    >>> from skimgrec.datasets import load_mnist
    >>> mnist = load_mnist(data_home="~/.keras/datasets", subset="train")  # doctest: +SKIP
    >>> mnist.images.shape  # doctest: +SKIP
    (60000, 28, 28)
    """
    path = _find("mnist.npz", data_home)
    arrays = _read(path, subset)
    return _deliver(arrays, path, (28, 28), [str(digit) for digit in range(10)], _MNIST_DESCR, return_X_y)


@validate_params(
    {
        "data_home": [str, os.PathLike, None],
        "subset": [StrOptions({"all", "train", "test"})],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_cifar10(
    *, data_home: str | os.PathLike[str] | None = None, subset: str = "all", return_X_y: bool = False
) -> Bunch | tuple[Any, Any]:
    """Load CIFAR-10 from the file ``cifar10.npz``: 60,000 colour pictures of 32 by 32 pixels, 10 classes.

    Parameters
    ----------
    data_home : path-like, default=None
        The folder that holds ``cifar10.npz``, with the arrays `x_train`, `y_train`, `x_test`, `y_test` and
        `class_names`. None takes the folder named by the environment variable ``SKIMGREC_DATA``.
    subset : {"all", "train", "test"}, default="all"
        Which pictures: the published training or test split, or the first followed by the second.
    return_X_y : bool, default=False
        If True, return ``(images, target)`` instead of a Bunch.

    Returns
    -------
    cifar10 : Bunch
        With the attributes

        - `images`: ndarray of shape (n, 32, 32, 3), uint8; n is 50,000, 10,000 or both.
        - `data`: ndarray of shape (n, 3072), a view of `images`.
        - `target`: ndarray of shape (n,), int64, 0 to 9.
        - `target_names`: ndarray of 10 str, "airplane" to "truck".
        - `split`: ndarray of n str, "train" or "test", where `subset` is "all".
        - `DESCR`: str, the data set's description.
    (images, target) : tuple of ndarray
        If `return_X_y` is True.

    Raises
    ------
    FileNotFoundError
        If there is no such file, or no folder is named.
    ValueError
        If the file is not CIFAR-10 in this layout.

    Examples
    --------
    >>> from skimgrec.datasets import load_cifar10
    >>> cifar10 = load_cifar10(data_home="data", subset="test")  # doctest: +SKIP
    >>> cifar10.images.shape  # doctest: +SKIP
    (10000, 32, 32, 3)
    """
    path = _find("cifar10.npz", data_home)
    arrays = _read(path, subset, "class_names")
    names = arrays.pop("class_names")
    if names.ndim != 1 or names.dtype.kind != "U" or len(names) == 0:
        raise ValueError(f"{path}: class_names has shape {names.shape} and dtype {names.dtype}, expected strings (n,).")
    return _deliver(arrays, path, (32, 32, 3), names, _CIFAR10_DESCR, return_X_y)


def _find(file_name: str, data_home: str | os.PathLike[str] | None) -> Path:
    """Return the path of a data file, or raise an error that says where it was looked for and how to provide it."""
    remedy = (
        f"Put {file_name} into a folder, and set {FOLDER_VARIABLE} to that folder, or in Python pass it as data_home. "
        f"{_SOURCES[file_name]}"
    )
    folder = os.environ.get(FOLDER_VARIABLE) if data_home is None else os.fspath(data_home)
    if not folder:
        raise FileNotFoundError(
            f"{file_name} was not looked for: the environment variable {FOLDER_VARIABLE} is not set. {remedy}"
        )
    source = f"the environment variable {FOLDER_VARIABLE}" if data_home is None else "data_home"
    path = Path(folder).expanduser() / file_name
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path} does not exist: {path.parent}, named by {source}, is no folder. {remedy}")
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist: looked in the folder named by {source}. {remedy}")
    return path


def _read(path: Path, subset: str, *more: str) -> dict[str, NDArray[Any]]:
    """Read the arrays of the wanted splits, and those named in `more`, from an npz file."""
    splits = ("train", "test") if subset == "all" else (subset,)
    wanted = [f"{kind}_{split}" for split in splits for kind in "xy"] + list(more)
    try:
        # np.load leaves a file that it opened itself open where the archive is damaged.
        with path.open("rb") as stream:
            file = np.load(stream, allow_pickle=False)
            present = list(getattr(file, "files", []))
            missing = [key for key in wanted if key not in present]
            arrays = {key: file[key] for key in wanted} if not missing else {}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{path} is not a readable npz file of plain arrays: {error}") from error
    if missing:
        raise ValueError(
            f"{path} has no {', '.join(missing)}: it holds {', '.join(present) or 'nothing'}, expected "
            f"{', '.join(wanted)}."
        )
    return arrays


def _deliver(
    arrays: dict[str, NDArray[Any]], path: Path, shape: tuple[int, ...], names: Any, descr: str, return_X_y: bool
) -> Bunch | tuple[Any, Any]:
    """Check the arrays of each split, and return them in the form the caller asked for."""
    splits = [key.removeprefix("x_") for key in arrays if key.startswith("x_")]
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
