"""A folder of pictures, one folder for each class."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Sequence
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from skimgrec.datasets._folder_layout import FolderLayout, empty_class_message, folder_layout
from skimgrec.datasets._folder_progress import reading_bar
from skimgrec.datasets._folder_reading import OnRead, ReadPictures, SkippedFile, read_pictures
from skimgrec.datasets._folder_words import (
    describe,
    doubtful_in_words,
    ignored_in_words,
    sizes_in_words,
    skipped_in_words,
    some,
    twins_in_words,
)
from skimgrec.utils._decode import UnreadablePictureError, inspect_picture
from skimgrec.utils._picture_format import RESIZE_MODES, PictureFormat

# Between a warning of load_image_folder's and the line that calls it there is validate_params' wrapper.
_CALLER = 3


@validate_params(
    {
        "path": [str, os.PathLike],
        "image_size": [tuple, list, None],
        "grey": ["boolean"],
        "resize": [StrOptions(set(RESIZE_MODES))],
        "load_images": ["boolean"],
        "on_error": [StrOptions({"skip", "raise"})],
        "n_jobs": [Interval(Integral, None, -1, closed="right"), Interval(Integral, 1, None, closed="left"), None],
        "verbose": ["verbose"],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_image_folder(
    path: str | os.PathLike[str],
    *,
    image_size: tuple[int, int] | None = None,
    grey: bool = False,
    resize: str = "stretch",
    load_images: bool = True,
    on_error: str = "skip",
    n_jobs: int | None = -1,
    verbose: int = 0,
    return_X_y: bool = False,
) -> Bunch | tuple[Any, Any]:
    """Load a folder that holds one folder of pictures for each class, named after it.

    Parameters
    ----------
    path : str or path-like
        The folder.
    image_size : tuple of two ints, default=None
        (height, width) in pixels that every picture is brought to, smoothed where it shrinks. None keeps pictures that
        all have the same size as they are; of pictures of different sizes it gives the file names only, and warns.
    grey : bool, default=False
        Whether pictures have one channel rather than red, green and blue.
    resize : {"stretch", "crop", "fit"}, default="stretch"
        How a picture of other proportions is brought to `image_size`: by stretching it; by cutting off what is too
        much, on both sides alike; or by adding black borders.
    load_images : bool, default=True
        Whether to keep the pictures. If False every file is still decoded once, so that `filenames` holds readable
        pictures only.
    on_error : {"skip", "raise"}, default="skip"
        What becomes of a file that gives no picture: it is left out and listed in `skipped`, with one warning for all
        of them, or it is an error.
    n_jobs : int, default=-1
        Number of threads that decode. None means 1 unless in a :obj:`joblib.parallel_config` context, -1 all
        processors.
    verbose : int, default=0
        If above 0, show a progress bar on a terminal's stderr where it takes over a second.
    return_X_y : bool, default=False
        If True, return ``(images, target)`` instead of a Bunch, or ``(filenames, target)`` where no pictures are kept.

    Returns
    -------
    folder : Bunch
        With the attributes

        - `filenames`: ndarray of n str, `path` and what leads to the file from there, sorted.
        - `images`: ndarray of shape (n, h, w, 3), or (n, h, w) if `grey`, uint8; where pictures are kept.
        - `data`: ndarray of shape (n, n_features), a view of `images`; where pictures are kept.
        - `target`: ndarray of shape (n,), int64, each picture's position in `target_names`.
        - `target_names`: ndarray of str, the names of the classes, sorted.
        - `split`: ndarray of n str, "train", "val" or "test"; where the folder has such folders.
        - `skipped`: list of (filename, reason), the files that gave no picture.
        - `ignored`: list of str, folders beside the splits, which are no classes.
        - `DESCR`: str, what was found.
    (X, target) : tuple of ndarray
        If `return_X_y` is True.

    Raises
    ------
    FileNotFoundError, NotADirectoryError
        If there is no such folder.
    ValueError
        If there are fewer than two classes, a class without any picture that can be read, pictures that lie beside the
        class folders, or a class in a test folder that training lacks; or if `image_size` is not two positive integers.
    UnreadablePictureError
        If `on_error` is "raise" and a file gives no picture; it is a ValueError.

    Warns
    -----
    UserWarning
        If files were skipped, if the pictures have different sizes and `image_size` is None, or if folders that may be
        classes were left out because one beside them is called "train", or folders with the same classes as the splits
        because their names are no splits'.

    See Also
    --------
    ImageLoader : File names to pictures that are read when they are needed, for folders larger than memory.

    Notes
    -----
    Pictures lie in the folder of their class at any depth. Whatever their extension, files are told by their content.
    Left out without a word are files and folders whose name starts with a dot, and what systems leave behind:
    ``__MACOSX``, ``Thumbs.db`` and ``desktop.ini``. Links to folders are followed, but not in circles.

    Folders called train, training, val, valid, validation, test or testing, alone or with "set", "images" or "data" as
    in ``Training_Set``, are splits where they hold folders with files, rather than pictures; one is enough. The classes
    are then the folders in them, and other folders beside them are in `ignored`.

    Every kind of picture that Pillow decodes by itself is read, as by `ImageLoader`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from skimgrec import load_image_folder
    >>> root = Path(tempfile.mkdtemp())
    >>> for name, colour in (("sea", "navy"), ("sand", "khaki")):
    ...     (root / name).mkdir()
    ...     Image.new("RGB", (120, 80), colour).save(root / name / "1.png")
    >>> folder = load_image_folder(root, image_size=(32, 48))
    >>> folder.images.shape, folder.images.dtype
    ((2, 32, 48, 3), dtype('uint8'))
    >>> folder.target_names[folder.target].tolist()
    ['sand', 'sea']
    """
    root = os.path.expanduser(os.fspath(path))
    with reading_bar(verbose) as on_read:
        folder, findings = read_folder(
            root,
            PictureFormat(checked_size(image_size), grey=bool(grey), resize=resize),
            keep=load_images,
            on_error=on_error,
            n_jobs=n_jobs,
            on_read=on_read,
        )
    n_files = len(folder.filenames) + len(folder.skipped)
    if folder.skipped:
        where = "All of them are in `skipped` of what load_image_folder returns without return_X_y."
        warnings.warn(skipped_in_words(folder.skipped, n_files, where), UserWarning, stacklevel=_CALLER)
    if findings.doubtful:
        warnings.warn(
            f"{root}: {doubtful_in_words(findings.doubtful, folder.split[0])}",
            UserWarning,
            stacklevel=_CALLER,
        )
    if findings.twins:
        warnings.warn(f"{root}: {twins_in_words(findings.twins)}", UserWarning, stacklevel=_CALLER)
    if findings.sizes and load_images:
        warnings.warn(
            f"Only file names are returned: the pictures in {root} have {sizes_in_words(findings.sizes)}, "
            "and an array holds one. Give image_size=(height, width), such as image_size=(64, 64), or "
            "load_images=False for the names alone.",
            UserWarning,
            stacklevel=_CALLER,
        )
    if return_X_y:
        return (folder.images if "images" in folder else folder.filenames), folder.target
    return folder


class Findings(NamedTuple):
    """What deserves a word to whoever asked for the pictures.

    Parameters
    ----------
    sizes : Counter of (height, width)
        How many pictures have which size, where they differ and none was given; else empty.
    doubtful : list of str
        Folders left out that may be classes.
    twins : list of str, default=()
        Folders left out that may be another split.
    """

    sizes: Counter[tuple[int, int]]
    doubtful: list[str]
    twins: Sequence[str] = ()


def checked_size(image_size: Any) -> tuple[int, int] | None:
    """Return (height, width) as two integers, or None where it is None.

    Parameters
    ----------
    image_size : tuple of two ints or None
        As the caller gave it.

    Returns
    -------
    image_size : tuple of two ints or None
    """
    if image_size is None:
        return None
    if (
        not isinstance(image_size, (tuple, list))
        or len(image_size) != 2
        or not all(isinstance(side, Integral) and int(side) >= 1 for side in image_size)
    ):
        raise ValueError(
            f"image_size={image_size!r}: expected two positive integers, (height, width), such as (64, 64), or None."
        )
    return int(image_size[0]), int(image_size[1])


def read_folder(
    root: str,
    wanted: PictureFormat,
    *,
    keep: bool = True,
    subset: str = "all",
    mixed_size: tuple[int, int] | None = None,
    lazy_above: int | None = None,
    on_error: str = "skip",
    n_jobs: int | None = None,
    on_read: OnRead | None = None,
) -> tuple[Bunch, Findings]:
    """Read a folder of pictures without a warning.

    Parameters
    ----------
    root : str
        The folder.
    wanted : PictureFormat
        What to bring the pictures to.
    keep, mixed_size, lazy_above, on_error, n_jobs, on_read : object
        As `read_pictures` takes them.
    subset : {"all", "train", "val", "test"}, default="all"
        Which split to read; a folder without splits is all "train".

    Returns
    -------
    folder : Bunch
        As `load_image_folder` returns it.
    findings : Findings
        What deserves a word.
    """
    layout = folder_layout(root)
    _check_nothing_loose(layout)
    chosen = _rows_of(layout, subset)
    paths = np.array([layout.full(layout.paths[row]) for row in chosen])
    more = [SkippedFile(layout.full(folder), reason) for folder, reason in layout.unreadable]
    if layout.splits is not None:
        more += [SkippedFile(layout.full(file), "it lies in no class folder") for file in layout.loose]
    if more and on_error == "raise":
        raise UnreadablePictureError(*more[0])
    read = read_pictures(
        paths,
        wanted,
        keep=keep,
        mixed_size=mixed_size,
        lazy_above=lazy_above,
        on_error=on_error,
        n_jobs=n_jobs,
        on_read=on_read,
    )
    read.skipped = sorted([*read.skipped, *more])
    kept = [chosen[row] for row in read.rows]
    labels = [layout.labels[row] for row in kept]
    splits = None if layout.splits is None else [layout.splits[row] for row in kept]
    _check_no_class_is_gone(layout, subset, labels, splits, read)
    folder = files_bunch(
        f"the folder {root}", paths[read.rows], labels, layout.class_names, splits, read, ignored=layout.ignored
    )
    return folder, Findings(read.sizes, layout.doubtful, layout.twins)


def files_bunch(
    source: str,
    filenames: NDArray[Any],
    labels: list[str],
    class_names: list[str],
    splits: list[str] | None,
    read: ReadPictures,
    *,
    ignored: list[str],
) -> Bunch:
    """Return pictures that came from files in the form of a data set.

    Parameters
    ----------
    source : str
        Where they come from, in words.
    filenames : ndarray of n str
        The files that gave a picture.
    labels : list of n str
        Their classes.
    class_names : list of str
        The classes in order.
    splits : list of n str or None
        Their splits.
    read : ReadPictures
        What came of reading them.
    ignored : list of str
        Folders that are no classes.

    Returns
    -------
    bunch : Bunch
    """
    position = {name: code for code, name in enumerate(class_names)}
    images = read.images
    content: dict[str, Any] = {}
    if images is not None:
        content["images"] = images
        if isinstance(images, np.ndarray):
            content["data"] = images.reshape(len(images), -1)
    content["filenames"] = filenames
    content["target"] = np.array([position[label] for label in labels], np.int64)
    content["target_names"] = np.array(class_names)
    if splits is not None:
        content["split"] = np.array(splits)
    sentences = [
        f"The files have {sizes_in_words(read.sizes)}." if read.sizes else "",
        skipped_in_words(read.skipped, len(filenames) + len(read.skipped)),
        ignored_in_words(ignored),
    ]
    descr = describe(
        source,
        labels,
        class_names,
        splits=splits,
        shape=None if images is None else images.shape[1:],
        sentences=sentences,
    )
    return Bunch(**content, skipped=read.skipped, ignored=ignored, DESCR=descr)


def _rows_of(layout: FolderLayout, subset: str) -> list[int]:
    if subset == "all" or (layout.splits is None and subset == "train"):
        return list(range(len(layout.paths)))
    present = [] if layout.splits is None else sorted(set(layout.splits))
    if subset not in present:
        seen = f"has the splits {', '.join(present)}" if present else "has no splits, so that all of it is 'train'"
        raise ValueError(f"{layout.root} {seen}: subset={subset!r} is not among them. Take one of them, or 'all'.")
    assert layout.splits is not None
    return [row for row, split in enumerate(layout.splits) if split == subset]


def _check_nothing_loose(layout: FolderLayout) -> None:
    """Refuse pictures beside the class folders, whose class nobody knows; a text file may lie there."""
    if layout.splits is not None:
        layout.loose = [file for file in layout.loose if _is_picture(layout.full(file))]
        return
    loose = [file for file in layout.loose if _is_picture(layout.full(file))]
    if loose:
        raise ValueError(
            f"{layout.root} holds pictures beside its class folders {some(layout.class_names)}: {some(loose)}. A "
            "picture's class is the folder it lies in: move them into one of these folders, or away."
        )


def _is_picture(path: str) -> bool:
    try:
        inspect_picture(path)
    except UnreadablePictureError:
        return False
    return True


def _check_no_class_is_gone(
    layout: FolderLayout, subset: str, labels: list[str], splits: list[str] | None, read: ReadPictures
) -> None:
    if subset not in ("all", "train"):
        if not labels:
            skipped = skipped_in_words(read.skipped, len(read.skipped))
            raise ValueError(
                f"{layout.root}: no picture of the split {subset!r} can be read: {skipped} Put readable pictures into "
                "its folders, or take another subset."
            )
        return
    left = {label for row, label in enumerate(labels) if splits is None or splits[row] == "train"}
    gone = [name for name in layout.class_names if name not in left]
    if gone:
        why = f" that can be read ({skipped_in_words(read.skipped, len(labels) + len(read.skipped)).rstrip('.')})"
        raise ValueError(empty_class_message(layout.root, gone, why))
