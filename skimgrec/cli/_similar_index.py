"""The pictures that ``skimgrec similar`` looks through: those of DATA, or of an index that it has saved."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from skimgrec.feature_extraction import feature_descriptions
from skimgrec.neighbors import ImageNeighbors, model_features

if TYPE_CHECKING:
    from sklearn.utils import Bunch

    from skimgrec.cli._progress import Progress
    from skimgrec.preprocessing import ImageLoader

# What decides how an index is made; one that is there already has its own.
_OF_MAKING = ("--features", "--metric", "--size", "--grey", "--part")


@dataclass(frozen=True)
class Indexed:
    """An index with what its pictures are called.

    Parameters
    ----------
    neighbors : ImageNeighbors
        The index.
    images : array-like, LazyImages or None
        The pictures, where they lie in no files.
    labels : list of str or None
        Their classes.
    notes : list of str
        What is to be said of them.
    """

    neighbors: ImageNeighbors
    images: Any
    labels: list[str] | None
    notes: list[str]

    def name(self, row: int) -> str:
        """Return what a picture is called: its file, from the working folder if it lies there, else its number."""
        if self.neighbors.paths_ is None:
            return f"picture {row}"
        path = str(self.neighbors.paths_[row])
        here = os.path.join(os.getcwd(), "")
        return path.removeprefix(here)


def indexed(
    data: str,
    *,
    features: str | None,
    metric: str | None,
    size: int | None,
    grey: bool,
    part: str | None,
    trusted: list[str],
    shown: Progress,
) -> Indexed:
    """Open an index, or make one of pictures.

    Parameters
    ----------
    data : str
        The file of an index, a folder of pictures with or without classes, or what else `load_data` takes.
    features : str or None
        The names of features, joined by plus signs, or a model file; None for "hog".
    metric : {"euclidean", "cosine"} or None
        The distance; None is "euclidean".
    size : int or None
        The side that pictures in files are brought to.
    grey : bool
        Whether they are made grey.
    part : {"train", "val", "test", "all"} or None
        Which split; None for all.
    trusted : list of str
        What a model file may import.
    shown : Progress
        Is told what happens.

    Raises
    ------
    ValueError
        If there is nothing to look through, or an option does not go with the rest.
    """
    from skimgrec.persistence import open_index
    from skimgrec.persistence._index_file import is_index

    if os.path.isfile(data) and not data.lower().endswith(".npz") and is_index(data):
        given = (features is not None, metric is not None, size is not None, grey, part is not None)
        for option, is_given in zip(_OF_MAKING, given, strict=True):
            if is_given:
                raise ValueError(
                    f"{option}: {data} is an index, whose pictures have been compared already. Leave it out, or name "
                    "the pictures themselves to make another index."
                )
        neighbors = open_index(data, trusted=trusted)
        labels = None if neighbors.labels_ is None else [str(label) for label in neighbors.labels_]
        return Indexed(neighbors, None, labels, [])
    transformer, loader = _features(features or "hog", trusted, size, grey)
    dataset = _loaded(data, part, loader, size, grey, shown)
    images, target = dataset.images, dataset.get("target")
    labels = None if target is None else dataset.target_names[target]
    files = dataset.get("filenames")
    paths = None
    if files is not None:
        from skimgrec.preprocessing import ImageLoader

        loader = loader or ImageLoader((int(images.shape[1]), int(images.shape[2])), grey=grey)
        paths = [os.path.abspath(file) for file in files]
    shown.doing(f"comparing {len(images):,} pictures")
    neighbors = ImageNeighbors(transformer, metric=metric or "euclidean", n_jobs=-1)
    neighbors._fit(images, labels, paths=paths, loader=None if paths is None else loader)
    return Indexed(
        neighbors,
        None if paths is not None else images,
        None if labels is None else [str(label) for label in labels],
        list(dataset.notes),
    )


def _features(features: str, trusted: list[str], size: int | None, grey: bool) -> tuple[Any, ImageLoader | None]:
    """Return the features that an option asks for, and how a model reads files."""
    known = feature_descriptions()
    if set(features.split("+")) <= set(known):
        return features, None
    path = Path(features)
    if not path.is_file():
        raise ValueError(
            f"--features {features}: expected {', '.join(known)}, several of them joined by plus signs, or a model "
            "file; there is no such file."
        )
    if size is not None or grey:
        option = "--grey" if size is None else "--size"
        raise ValueError(f"{option}: a model takes pictures as it has learnt from them. Leave it out.")
    from skimgrec.cli._model_file import Model

    model = Model(path, trusted)
    return model_features(model.classifier), model.loader


def _loaded(
    data: str, part: str | None, loader: ImageLoader | None, size: int | None, grey: bool, shown: Progress
) -> Bunch:
    """Return the pictures; those of a folder without classes have no `target`."""
    from skimgrec.datasets import dataset_names, load_data
    from skimgrec.datasets._download import shown_in
    from skimgrec.utils._picture_format import PictureFormat

    if part not in (None, "train", "val", "test", "all"):
        raise ValueError(f"--part {part}: expected train, val, test or all.")
    wanted = PictureFormat(None if size is None else (size, size), grey=grey)
    if loader is not None:
        wanted = loader._format()
    if data in dataset_names() or data.lower().endswith(".npz"):
        # Arrays are used as they are; those that do not fit a model are refused by it.
        wanted = PictureFormat(None if loader is not None else wanted.image_size, grey=loader is None and grey)
    try:
        with shown_in(shown.downloading):
            return load_data(
                data,
                image_size=wanted.image_size,
                grey=wanted.grey,
                resize=wanted.resize,
                subset=part or "all",
                on_read=shown.read,
            )
    except ValueError as error:
        if part is not None or not os.path.isdir(data):
            raise
        return _without_classes(data, wanted, error, shown)


def _without_classes(folder: str, wanted: Any, error: ValueError, shown: Progress) -> Bunch:
    """Return all pictures in a folder that is not made of one folder for each class."""
    from sklearn.utils import Bunch

    from skimgrec.cli._named_pictures import named_pictures
    from skimgrec.datasets._data import MIXED_SIZE
    from skimgrec.datasets._folder_reading import read_pictures
    from skimgrec.datasets._folder_words import skipped_in_words

    named = named_pictures([folder])
    files = np.array(named.files)
    read = read_pictures(files, wanted, mixed_size=MIXED_SIZE, lazy_above=2**30, n_jobs=-1, on_read=shown.read)
    if read.images is None or not len(read.rows):
        raise ValueError(f"{folder}: none of its {len(files)} picture files can be read.") from error
    skipped = skipped_in_words(read.skipped, len(files))
    notes = [*named.notes, f"{folder} is taken for pictures without classes.", *([skipped] if skipped else [])]
    return Bunch(images=read.images, filenames=files[read.rows], notes=notes)
