"""Labelled pictures to learn from: bundled, on this machine, downloaded, or generated."""

from skimgrec.datasets._check import check_images
from skimgrec.datasets._check_result import Finding, ImageCheck
from skimgrec.datasets._data import load_data
from skimgrec.datasets._digits import load_digits_images
from skimgrec.datasets._fetch import fetch_cifar10, fetch_cifar100, fetch_fashion_mnist, fetch_mnist
from skimgrec.datasets._folder import load_image_folder
from skimgrec.datasets._resolve import dataset_names, load_dataset
from skimgrec.datasets._subset import stratified_subset
from skimgrec.datasets._synthetic import make_image_classification

__all__ = [
    "Finding",
    "ImageCheck",
    "check_images",
    "dataset_names",
    "fetch_cifar10",
    "fetch_cifar100",
    "fetch_fashion_mnist",
    "fetch_mnist",
    "load_data",
    "load_dataset",
    "load_digits_images",
    "load_image_folder",
    "make_image_classification",
    "stratified_subset",
]
