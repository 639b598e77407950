"""Where the data sets are published, and the SHA-256 of what is there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from skimgrec.datasets._formats import Arrays, cifar10_arrays, cifar100_arrays, mnist_arrays


class Archive(NamedTuple):
    """A published file.

    Parameters
    ----------
    name : str
        Its name.
    folders : tuple of str
        The URLs of the places it is published at, each with a slash at its end, the first to try first.
    sha256 : str
        The hash of its content.
    """

    name: str
    folders: tuple[str, ...]
    sha256: str


class Source(NamedTuple):
    """What a data set is made of.

    Parameters
    ----------
    archives : tuple of Archive
        All its published files.
    read : callable
        Takes {name of the archive: path}, and returns the arrays of the npz file.
    """

    archives: tuple[Archive, ...]
    read: Callable[[dict[str, Path]], Arrays]


_MNIST = ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/")
# The first offers no HTTPS; the hash vouches for the content.
_FASHION_MNIST = (
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
)
_CIFAR = ("https://www.cs.toronto.edu/~kriz/",)

# The binary versions of CIFAR hold no pickles, which the Python versions do.
SOURCES = {
    "mnist": Source(
        (
            Archive(
                "train-images-idx3-ubyte.gz",
                _MNIST,
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            ),
            Archive(
                "train-labels-idx1-ubyte.gz",
                _MNIST,
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            ),
            Archive(
                "t10k-images-idx3-ubyte.gz",
                _MNIST,
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            ),
            Archive(
                "t10k-labels-idx1-ubyte.gz",
                _MNIST,
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            ),
        ),
        mnist_arrays,
    ),
    "fashion_mnist": Source(
        (
            Archive(
                "train-images-idx3-ubyte.gz",
                _FASHION_MNIST,
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            ),
            Archive(
                "train-labels-idx1-ubyte.gz",
                _FASHION_MNIST,
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            ),
            Archive(
                "t10k-images-idx3-ubyte.gz",
                _FASHION_MNIST,
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            ),
            Archive(
                "t10k-labels-idx1-ubyte.gz",
                _FASHION_MNIST,
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            ),
        ),
        mnist_arrays,
    ),
    "cifar10": Source(
        (
            Archive(
                "cifar-10-binary.tar.gz",
                _CIFAR,
                "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
            ),
        ),
        cifar10_arrays,
    ),
    "cifar100": Source(
        (
            Archive(
                "cifar-100-binary.tar.gz",
                _CIFAR,
                "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
            ),
        ),
        cifar100_arrays,
    ),
}
