"""The pictures that measurements work on; those that cannot be had are left out, with a word on what brings them."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from skimgrec import fetch_cifar10, fetch_mnist, load_digits_images, load_image_folder

FETCHERS = {"mnist": fetch_mnist, "cifar10": fetch_cifar10}


class LeftOut(SystemExit):
    """Why a row has no pictures. A script that has others goes on; one that has none ends with status 1."""


def go_through(rows: Iterable[Any], measure: Callable[[Any], None]) -> None:
    """Measure row by row, say which are left out, and end the script if all are."""
    left_out, rows = 0, list(rows)
    for row in rows:
        try:
            measure(row)
        except LeftOut as reason:
            print(reason, flush=True)
            left_out += 1
    if rows and left_out == len(rows):
        raise LeftOut("Nothing is left to measure.")


def part(name: str, subset: str) -> tuple[NDArray, NDArray]:
    """Return the "train", the "test" or "all" pictures of a data set, and their labels.

    They come from the folder that SKIMGREC_DATA names or from the cache, and are downloaded where they are in neither.
    """
    try:
        return FETCHERS[name](subset=subset, return_X_y=True)
    except OSError as error:
        raise LeftOut(f"{name} is left out: {error}") from error


def arrays(name: str) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Return the training pictures of a data set, their labels, its test pictures and theirs."""
    return *part(name, "train"), *part(name, "test")


def some_test_pictures(name: str, n: int, generate: Callable[[], NDArray]) -> NDArray:
    """Return the first test pictures of a data set, or generated ones where it cannot be had."""
    try:
        return part(name, "test")[0][:n]
    except LeftOut:
        print(f"{name} is not at hand and cannot be downloaded: generated pictures take its place")
        return generate()


def cats_and_dogs() -> Path:
    """Return the folder of photographs of cats and dogs, with training_set and test_set, which nothing downloads."""
    home = os.environ.get("SKIMGREC_DATA")
    folder = Path(home or ".", "cats_vs_dogs").resolve()
    if home and all(folder.joinpath(name).is_dir() for name in ("training_set", "test_set")):
        return folder
    where = f"SKIMGREC_DATA={home!r} is no folder with" if home else "SKIMGREC_DATA names no folder; it needs"
    raise LeftOut(f"cats and dogs are left out: {where} cats_vs_dogs/training_set and cats_vs_dogs/test_set.")


def in_parts(name: str) -> tuple[NDArray, NDArray, NDArray]:
    """Return the pictures of a data set, their labels, and "train" or "test" for each.

    Digits, which have no test set, are split in a fixed way, stratified. Photographs have 64 x 64 pixels.
    """
    if name == "digits":
        digits = load_digits_images()
        rows = np.arange(len(digits.target))
        _, test = train_test_split(rows, test_size=1 / 3, random_state=0, stratify=digits.target)
        # uint8 of 0 to 255, like the others: its features can be shared, and its greys fall into different bins.
        return (
            np.rint(digits.images * 255 / 16).astype(np.uint8),
            digits.target,
            np.where(np.isin(rows, test), "test", "train"),
        )
    if name == "cats-dogs":
        folder = load_image_folder(cats_and_dogs(), image_size=(64, 64), n_jobs=-1)
        return np.asarray(folder.images), folder.target, np.where(folder.split == "train", "train", "test")
    X, y, X_test, y_test = arrays(name)
    split = np.repeat(["train", "test"], [len(y), len(y_test)])
    return np.concatenate([X, X_test]), np.concatenate([y, y_test]), split
