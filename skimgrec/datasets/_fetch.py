"""Data sets that are downloaded once: MNIST, Fashion-MNIST, CIFAR-10 and CIFAR-100."""

from __future__ import annotations

import os
from typing import Any

from sklearn.utils import Bunch
from sklearn.utils._param_validation import StrOptions, validate_params

from skimgrec.datasets._stored import deliver, npz_path, read_npz
from skimgrec.utils._shared_texts import with_shared_texts

_FASHION_NAMES = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
]

_MNIST_DESCR = """\
MNIST: handwritten digits

60,000 training and 10,000 test pictures of the digits 0 to 9, written by employees of the United States Census Bureau
and by high school students; grey, 28 by 28 pixels, uint8 (0 is background, 255 is ink), centred by mass.

Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document recognition.
Proceedings of the IEEE 86(11), 1998.
"""

_FASHION_DESCR = """\
Fashion-MNIST: photographs of clothes, shoes and bags

60,000 training and 10,000 test pictures in ten classes, equally many of each, from Zalando's shop; grey, 28 by 28
pixels, uint8 (0 is background): a harder data set in the form of MNIST.

H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms.
2017, arXiv 1708.07747.
"""

_CIFAR10_DESCR = """\
CIFAR-10: small photographs of ten kinds of things

50,000 training and 10,000 test pictures, equally many of each class; colour, 32 by 32 pixels, uint8.
About 3.3 % of the test pictures have a near-duplicate among the training pictures (Barz and Denzler, 2019, arXiv
1902.00423), so a test score flatters a little.

A. Krizhevsky: Learning multiple layers of features from tiny images. Technical report, University of Toronto, 2009.
"""

_CIFAR100_DESCR = """\
CIFAR-100: small photographs of a hundred kinds of things

50,000 training and 10,000 test pictures, 500 and 100 of each class; colour, 32 by 32 pixels, uint8. The classes belong
to 20 coarse ones of five each. About 10 % of the test pictures have a near-duplicate among the training pictures (Barz
and Denzler, 2019, arXiv 1902.00423), so a test score flatters.

A. Krizhevsky: Learning multiple layers of features from tiny images. Technical report, University of Toronto, 2009.
"""

# What the docstrings share.
_TEXTS = {
    "where": """\
data_home : path-like, default=None
    The first folder to look in, and the one that a download goes to; it is made if it is not there. With None
    a download goes to the cache folder, ``pooch.os_cache("skimgrec")``: ``~/.cache/skimgrec`` on Linux.
subset : {"all", "train", "test"}, default="all"
    Which pictures: the published training or test split, or the first followed by the second.""",
    "form": """\
return_X_y : bool, default=False
    If True, return ``(images, target)`` instead of a Bunch.
download_if_missing : bool, default=True
    If False, raise an error instead of downloading.""",
    "failures": """\
FileNotFoundError
    If the file is nowhere, and cannot be downloaded or `download_if_missing` is False. The message says what was
    tried, and how to bring the data set to a machine without a network.
OSError
    If the folder to download into cannot be written to.""",
    "download": """\
A dropped connection is taken up again where it was lost. Only the npz file is kept, and it appears whole or not at
all, so that several processes may fetch at once.""",
}

_CONSTRAINTS: dict[str, Any] = {
    "data_home": [str, os.PathLike, None],
    "subset": [StrOptions({"all", "train", "test"})],
    "return_X_y": ["boolean"],
    "download_if_missing": ["boolean"],
}


@with_shared_texts(_TEXTS)
@validate_params(_CONSTRAINTS, prefer_skip_nested_validation=True)
def fetch_mnist(
    *,
    data_home: str | os.PathLike[str] | None = None,
    subset: str = "all",
    return_X_y: bool = False,
    download_if_missing: bool = True,
) -> Bunch | tuple[Any, Any]:
    """Load MNIST: 70,000 grey pictures of 28 by 28 pixels, 10 digits; downloaded if missing.

    ``mnist.npz`` is looked for in `data_home`, then in the folder named by the environment variable
    ``SKIMGREC_DATA``, then in the cache folder. Where it is in none of them, its four files of 11 MB are downloaded,
    checked against their published SHA-256, and converted to that file.

    Parameters
    ----------
    [[where]]
    [[form]]

    Returns
    -------
    mnist : Bunch
        With the attributes

        - `images`: ndarray of shape (n, 28, 28), uint8; n is 60,000, 10,000 or both.
        - `data`: ndarray of shape (n, 784), a view of `images`.
        - `target`: ndarray of shape (n,), int64, 0 to 9.
        - `target_names`: ndarray of str, "0" to "9".
        - `split`: ndarray of n str, "train" or "test", where `subset` is "all".
        - `DESCR`: str, the data set's description.
    (images, target) : tuple of ndarray
        If `return_X_y` is True.

    Raises
    ------
    [[failures]]
    ValueError
        If the file is not MNIST in this layout: the arrays `x_train`, `y_train`, `x_test` and `y_test`.

    See Also
    --------
    load_digits_images : Smaller pictures of digits that need no download.
    fetch_fashion_mnist : The same size and number of pictures, harder.

    Notes
    -----
    [[download]]

    References
    ----------
    Y. LeCun et al., Gradient-based learning applied to document recognition, Proceedings of the IEEE 86(11), 1998.

    Examples
    --------
    >>> from skimgrec.datasets import fetch_mnist
    >>> mnist = fetch_mnist(subset="test")  # doctest: +SKIP
    >>> mnist.images.shape  # doctest: +SKIP
    (10000, 28, 28)
    """
    path = npz_path("mnist", data_home, download_if_missing)
    return deliver(
        read_npz(path, subset, "y"), path, (28, 28), [str(digit) for digit in range(10)], _MNIST_DESCR, return_X_y
    )


@with_shared_texts(_TEXTS)
@validate_params(_CONSTRAINTS, prefer_skip_nested_validation=True)
def fetch_fashion_mnist(
    *,
    data_home: str | os.PathLike[str] | None = None,
    subset: str = "all",
    return_X_y: bool = False,
    download_if_missing: bool = True,
) -> Bunch | tuple[Any, Any]:
    """Load Fashion-MNIST: 70,000 grey pictures of 28 by 28 pixels, 10 kinds of clothes; downloaded if missing.

    ``fashion_mnist.npz`` is looked for in `data_home`, then in the folder named by the environment variable
    ``SKIMGREC_DATA``, then in the cache folder. Where it is in none of them, its four files of 31 MB are downloaded,
    checked against their published SHA-256, and converted to that file.

    Parameters
    ----------
    [[where]]
    [[form]]

    Returns
    -------
    fashion_mnist : Bunch
        With the attributes

        - `images`: ndarray of shape (n, 28, 28), uint8; n is 60,000, 10,000 or both.
        - `data`: ndarray of shape (n, 784), a view of `images`.
        - `target`: ndarray of shape (n,), int64, 0 to 9.
        - `target_names`: ndarray of str, "T-shirt/top" to "Ankle boot".
        - `split`: ndarray of n str, "train" or "test", where `subset` is "all".
        - `DESCR`: str, the data set's description.
    (images, target) : tuple of ndarray
        If `return_X_y` is True.

    Raises
    ------
    [[failures]]
    ValueError
        If the file is not Fashion-MNIST in this layout: the arrays `x_train`, `y_train`, `x_test` and `y_test`.

    See Also
    --------
    fetch_mnist : Handwritten digits.

    Notes
    -----
    [[download]]

    References
    ----------
    H. Xiao, K. Rasul, R. Vollgraf, Fashion-MNIST, 2017, https://arxiv.org/abs/1708.07747

    Examples
    --------
    >>> from skimgrec.datasets import fetch_fashion_mnist
    >>> fashion_mnist = fetch_fashion_mnist(subset="test")  # doctest: +SKIP
    >>> fashion_mnist.images.shape  # doctest: +SKIP
    (10000, 28, 28)
    """
    path = npz_path("fashion_mnist", data_home, download_if_missing)
    return deliver(read_npz(path, subset, "y"), path, (28, 28), _FASHION_NAMES, _FASHION_DESCR, return_X_y)


@with_shared_texts(_TEXTS)
@validate_params(_CONSTRAINTS, prefer_skip_nested_validation=True)
def fetch_cifar10(
    *,
    data_home: str | os.PathLike[str] | None = None,
    subset: str = "all",
    return_X_y: bool = False,
    download_if_missing: bool = True,
) -> Bunch | tuple[Any, Any]:
    """Load CIFAR-10: 60,000 colour pictures of 32 by 32 pixels, 10 classes; downloaded if missing.

    ``cifar10.npz`` is looked for in `data_home`, then in the folder named by the environment variable
    ``SKIMGREC_DATA``, then in the cache folder. Where it is in none of them, its archive's 170 MB are downloaded,
    checked against its SHA-256, and converted to that file.

    Parameters
    ----------
    [[where]]
    [[form]]

    Returns
    -------
    cifar10 : Bunch
        With the attributes

        - `images`: ndarray of shape (n, 32, 32, 3), uint8; n is 50,000, 10,000 or both.
        - `data`: ndarray of shape (n, 3072), a view of `images`.
        - `target`: ndarray of shape (n,), int64, 0 to 9.
        - `target_names`: ndarray of str, "airplane" to "truck".
        - `split`: ndarray of n str, "train" or "test", where `subset` is "all".
        - `DESCR`: str, the data set's description.
    (images, target) : tuple of ndarray
        If `return_X_y` is True.

    Raises
    ------
    [[failures]]
    ValueError
        If the file is not CIFAR-10 in this layout: the arrays `x_train`,
        `y_train`, `x_test`, `y_test` and `class_names`.

    See Also
    --------
    fetch_cifar100 : A hundred kinds of things.

    Notes
    -----
    [[download]] The archive is the binary version, which holds no pickles.

    References
    ----------
    A. Krizhevsky, Learning multiple layers of features from tiny images, University of Toronto, 2009.
    https://www.cs.toronto.edu/~kriz/cifar.html

    Examples
    --------
    >>> from skimgrec.datasets import fetch_cifar10
    >>> cifar10 = fetch_cifar10(subset="test")  # doctest: +SKIP
    >>> cifar10.images.shape  # doctest: +SKIP
    (10000, 32, 32, 3)
    """
    path = npz_path("cifar10", data_home, download_if_missing)
    arrays = read_npz(path, subset, "y", "class_names")
    names = arrays.pop("class_names")
    return deliver(arrays, path, (32, 32, 3), names, _CIFAR10_DESCR, return_X_y)


@with_shared_texts(_TEXTS)
@validate_params(_CONSTRAINTS | {"coarse": ["boolean"]}, prefer_skip_nested_validation=True)
def fetch_cifar100(
    *,
    data_home: str | os.PathLike[str] | None = None,
    subset: str = "all",
    coarse: bool = False,
    return_X_y: bool = False,
    download_if_missing: bool = True,
) -> Bunch | tuple[Any, Any]:
    """Load CIFAR-100: 60,000 colour pictures of 32 by 32 pixels, 100 classes; downloaded if missing.

    ``cifar100.npz`` is looked for in `data_home`, then in the folder named by the environment variable
    ``SKIMGREC_DATA``, then in the cache folder. Where it is in none of them, its archive's 169 MB are downloaded,
    checked against its SHA-256, and converted to that file.

    Parameters
    ----------
    [[where]]
    coarse : bool, default=False
        If True, the classes are the 20 coarse ones, each of which joins five of the 100.
    [[form]]

    Returns
    -------
    cifar100 : Bunch
        With the attributes

        - `images`: ndarray of shape (n, 32, 32, 3), uint8; n is 50,000, 10,000 or both.
        - `data`: ndarray of shape (n, 3072), a view of `images`.
        - `target`: ndarray of shape (n,), int64, 0 to 99, or 0 to 19 if `coarse` is True.
        - `target_names`: ndarray of str, "apple" to "worm", or "aquatic_mammals" to "vehicles_2".
        - `split`: ndarray of n str, "train" or "test", where `subset` is "all".
        - `DESCR`: str, the data set's description.
    (images, target) : tuple of ndarray
        If `return_X_y` is True.

    Raises
    ------
    [[failures]]
    ValueError
        If the file is not CIFAR-100 in this layout: the arrays `x_train`,
        `y_train`, `x_test`, `y_test` and `class_names`; if `coarse` is True also `y_coarse_train`, `y_coarse_test` and
        `coarse_class_names`.

    See Also
    --------
    fetch_cifar10 : Ten kinds of things.

    Notes
    -----
    [[download]] The archive is the binary version, which holds no pickles.

    References
    ----------
    A. Krizhevsky, Learning multiple layers of features from tiny images, University of Toronto, 2009.
    https://www.cs.toronto.edu/~kriz/cifar.html

    Examples
    --------
    >>> from skimgrec.datasets import fetch_cifar100
    >>> cifar100 = fetch_cifar100(subset="test")  # doctest: +SKIP
    >>> cifar100.images.shape  # doctest: +SKIP
    (10000, 32, 32, 3)
    """
    path = npz_path("cifar100", data_home, download_if_missing)
    label, key = ("y_coarse", "coarse_class_names") if coarse else ("y", "class_names")
    arrays = read_npz(path, subset, label, key)
    names = arrays.pop(key)
    return deliver(arrays, path, (32, 32, 3), names, _CIFAR100_DESCR, return_X_y)
