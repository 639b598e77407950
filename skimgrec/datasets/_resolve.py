"""From a data set's name to its pictures."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple

from sklearn.utils import Bunch

from skimgrec.datasets._digits import load_digits_images
from skimgrec.datasets._fetch import fetch_cifar10, fetch_cifar100, fetch_fashion_mnist, fetch_mnist
from skimgrec.utils._suggestion import did_you_mean


class _DataSet(NamedTuple):
    load: Callable[..., Any]
    has_splits: bool


_DATASETS = {
    "digits": _DataSet(load_digits_images, has_splits=False),
    "mnist": _DataSet(fetch_mnist, has_splits=True),
    "fashion_mnist": _DataSet(fetch_fashion_mnist, has_splits=True),
    "cifar10": _DataSet(fetch_cifar10, has_splits=True),
    "cifar100": _DataSet(fetch_cifar100, has_splits=True),
}


def dataset_names() -> list[str]:
    """Return the names that `load_dataset` knows.

    Returns
    -------
    names : list of str
        Those that the command line knows, too.

    Examples
    --------
    >>> from skimgrec.datasets import dataset_names
    >>> dataset_names()
    ['digits', 'mnist', 'fashion_mnist', 'cifar10', 'cifar100']
    """
    return list(_DATASETS)


def load_dataset(name: str, *, subset: str = "train", data_home: str | os.PathLike[str] | None = None) -> Bunch:
    """Load a data set by its name.

    Parameters
    ----------
    name : {"digits", "mnist", "fashion_mnist", "cifar10", "cifar100"}
        The data set.
    subset : {"all", "train", "test"}, default="train"
        Which of its published splits. A data set without published splits gives all its pictures for "all" and
        "train", and has no "test".
    data_home : path-like, default=None
        The first folder in which a data set that lies in a file is looked for, and the one that it is downloaded to;
        None downloads to the cache folder. The environment variable ``SKIMGREC_DATA`` names another one to look in.

    Returns
    -------
    dataset : Bunch
        As the data set's own function returns it.

    Raises
    ------
    ValueError
        If there is no data set of that name, or it has no such split.
    FileNotFoundError
        If its file is not there, and cannot be downloaded.

    See Also
    --------
    load_data : Also folders, npz files and tables.
    load_digits_images : "digits".
    fetch_mnist : "mnist".
    fetch_fashion_mnist : "fashion_mnist".
    fetch_cifar10 : "cifar10".
    fetch_cifar100 : "cifar100".

    Examples
    --------
    >>> from skimgrec.datasets import load_dataset
    >>> load_dataset("digits").images.shape
    (1797, 8, 8)
    >>> load_dataset("minst")
    Traceback (most recent call last):
        ...
    ValueError: Unknown data set 'minst', did you mean 'mnist'? Known are digits, mnist, fashion_mnist, ...
    """
    if name not in _DATASETS:
        raise ValueError(f"Unknown data set {name!r}{did_you_mean(name, _DATASETS)} Known are {', '.join(_DATASETS)}.")
    entry = _DATASETS[name]
    if entry.has_splits:
        return entry.load(subset=subset, data_home=data_home)
    if subset not in ("all", "train"):
        raise ValueError(
            f"{name} has no published splits: subset={subset!r} does not exist, only 'all' and 'train', both meaning "
            "all its pictures. Split them yourself, for example with sklearn.model_selection.train_test_split."
        )
    return entry.load()
