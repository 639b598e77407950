"""Which file of a folder of pictures belongs to which class and which split. Nothing is opened here."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field

TRAIN, VALIDATION, TEST = "train", "val", "test"
SPLITS = (TRAIN, VALIDATION, TEST)

_SPLIT_NAMES = re.compile(
    r"(?:(train|training)|(val|valid|validation)|(test|testing))(?:[ _-]?(?:set|images|data))?", re.IGNORECASE
)
# What operating systems leave behind. Whatever starts with a dot is left out too.
_LITTER = frozenset({"__macosx", "thumbs.db", "desktop.ini"})
# What lies beside splits, and is no class even where pictures are in it.
_NO_CLASS = re.compile(r"(?:single[ _-]?)?predict(?:ions?)?|(?:saved[ _-]?)?models?", re.IGNORECASE)
# Only to tell a class that is called "train" from a split: whether a file is a picture is decided by its content.
_PICTURE_NAME = re.compile(
    r".*\.(avif|bmp|dib|gif|ico|icns|j2k|jfif|jp2|jpe|jpeg|jpg|pbm|pcx|pgm|png|pnm|ppm|tga|tif|tiff|webp)",
    re.IGNORECASE | re.DOTALL,
)


@dataclass
class FolderLayout:
    """What lies where in a folder of pictures.

    Parameters
    ----------
    root : str
        The folder.
    paths : list of str
        The files of all classes, relative to `root` with slashes between, sorted.
    labels : list of str
        The class of each file.
    splits : list of str or None
        "train", "val" or "test" for each file; None where the folder has no splits.
    class_names : list of str
        The classes, sorted.
    ignored : list of str
        Folders beside the splits, which are no classes.
    loose : list of str
        Files that lie in no class folder.
    doubtful : list of str
        Those of `ignored` that may be classes after all: with pictures at any depth, beside a single split.
    twins : list of str
        Those of `ignored` that may be another split: with pictures in folders that are called as classes are.
    unreadable : list of (str, str)
        Folders that could not be listed, and why.
    """

    root: str
    paths: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    splits: list[str] | None = None
    class_names: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    loose: list[str] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)
    twins: list[str] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)

    def full(self, path: str) -> str:
        """Return a path that can be opened."""
        return os.path.join(self.root, *path.split("/"))


def split_of(name: str) -> str | None:
    """Return "train", "val" or "test" for a name such as "Training_Set", None for any other.

    Parameters
    ----------
    name : str
        Name of a folder, or entry of a table.

    Returns
    -------
    split : str or None
    """
    found = _SPLIT_NAMES.fullmatch(name.strip())
    return None if found is None else SPLITS[next(place for place, part in enumerate(found.groups()) if part)]


def has_name_of_picture(name: str) -> bool:
    """Return whether a file is called as pictures are, whatever is in it.

    Examples
    --------
    >>> has_name_of_picture("cat.JPG"), has_name_of_picture("notes.txt")
    (True, False)
    """
    return _PICTURE_NAME.fullmatch(name) is not None


def folder_layout(root: str, *, strict: bool = True) -> FolderLayout:
    """Find the classes, the splits and the files of a folder.

    Parameters
    ----------
    root : str
        The folder.
    strict : bool, default=True
        Whether the classes must be such that one can learn from them and test on them.

    Returns
    -------
    layout : FolderLayout

    Raises
    ------
    FileNotFoundError, NotADirectoryError
        If there is no such folder.
    ValueError
        If it holds no files; if `strict`, also if it has a single class, a class without files, or a class in a test
        split that training lacks.
    """
    _check_is_folder(root)
    layout = FolderLayout(root)
    walk = _Walk(layout)
    folders, loose = walk.entries("")
    if not folders:
        raise ValueError(_no_folders(root, loose))
    splits = _split_folders(walk, folders)
    if splits:
        _take_splits(layout, splits)
        layout.ignored = [name for name in folders if name not in splits]
        _look_at_ignored(layout, walk, n_splits=len(splits))
    else:
        layout.loose = loose
        _take_classes(layout, {name: walk.files(name) for name in folders}, None)
        _check_no_data_set_below(layout)
        _check_no_splits_below(layout)
    order = sorted(range(len(layout.paths)), key=layout.paths.__getitem__)
    layout.paths = [layout.paths[row] for row in order]
    layout.labels = [layout.labels[row] for row in order]
    if layout.splits is not None:
        layout.splits = [layout.splits[row] for row in order]
    layout.class_names.sort()
    if not layout.paths:
        raise ValueError(
            f"{layout.root} holds no pictures: its folders {_some(layout.class_names)} are empty. Each class needs "
            "pictures in its folder."
        )
    if strict:
        _check_classes(layout, walk, splits)
    return layout


class _Walk:
    """List folders: sorted, without litter, through links but not in circles."""

    def __init__(self, layout: FolderLayout) -> None:
        self._layout = layout

    def entries(self, folder: str) -> tuple[list[str], list[str]]:
        """Return the names of the folders and of the files in a folder."""
        folders: list[str] = []
        files: list[str] = []
        parents = self._with_parents(folder)
        try:
            with os.scandir(self._layout.full(folder) if folder else self._layout.root) as listing:
                for entry in listing:
                    if is_litter(entry.name):
                        continue
                    if not _is_folder(entry):
                        files.append(entry.name)
                    elif not entry.is_symlink() or self._identity(_below(folder, entry.name)) not in parents:
                        folders.append(entry.name)
        except OSError as error:
            refused = (folder, f"the folder cannot be listed ({error.strerror})")
            if refused not in self._layout.unreadable:
                self._layout.unreadable.append(refused)
        return sorted(folders), sorted(files)

    def files(self, folder: str) -> list[str]:
        """Return the files at any depth below a folder."""
        # A folder that is met twice below one class, or that holds the class, is a link in a circle or a repetition.
        seen = self._with_parents(folder)
        found: list[str] = []
        waiting = [folder]
        while waiting:
            here = waiting.pop()
            folders, files = self.entries(here)
            found += [f"{here}/{name}" for name in files]
            for name in reversed(folders):
                identity = self._identity(f"{here}/{name}")
                if identity not in seen:
                    seen.add(identity)
                    waiting.append(f"{here}/{name}")
        return found

    def _with_parents(self, folder: str) -> set[object]:
        parts = folder.split("/") if folder else []
        return {self._identity("/".join(parts[:depth])) for depth in range(len(parts) + 1)}

    def _identity(self, folder: str) -> object:
        path = self._layout.full(folder) if folder else self._layout.root
        try:
            status = os.stat(path)
        except OSError:
            return path
        return (status.st_dev, status.st_ino)


def _below(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def is_litter(name: str) -> bool:
    """Return whether a file or folder is left out for its name alone."""
    return name.startswith(".") or name.lower() in _LITTER


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle of links
        return False


def _has_pictures(files: list[str]) -> bool:
    return any(_PICTURE_NAME.fullmatch(file) for file in files)


_Tree = dict[str, list[str]]


def _split_folders(walk: _Walk, folders: list[str]) -> dict[str, tuple[_Tree, list[str]]]:
    """Return the folders that are splits, each with the files of its subfolders and with those directly in it."""
    found = {}
    clear = False
    for name in folders:
        if split_of(name) is None:
            continue
        inner, loose = walk.entries(name)
        trees = {label: walk.files(f"{name}/{label}") for label in inner}
        if not any(trees.values()):
            continue
        found[name] = (trees, [f"{name}/{file}" for file in loose])
        clear |= not _has_pictures(loose)
    # A class called "train" may have subfolders beside its pictures; splits do not all have stray pictures.
    return found if clear else {}


def _take_splits(layout: FolderLayout, splits: dict[str, tuple[_Tree, list[str]]]) -> None:
    layout.splits = []
    for name, (trees, loose) in splits.items():
        layout.loose += loose
        _take_classes(layout, trees, split_of(name))


def _take_classes(layout: FolderLayout, trees: _Tree, split: str | None) -> None:
    for label, files in trees.items():
        if label not in layout.class_names:
            layout.class_names.append(label)
        layout.paths += files
        layout.labels += [label] * len(files)
        if layout.splits is not None and split is not None:
            layout.splits += [split] * len(files)


def _look_at_ignored(layout: FolderLayout, walk: _Walk, *, n_splits: int) -> None:
    """Find the folders beside the splits that may be more than that."""
    for name in layout.ignored:
        # An unlabelled test folder is a split without classes, and no class.
        if _NO_CLASS.fullmatch(name) or split_of(name) is not None:
            continue
        with_pictures = [path for path in walk.files(name) if _has_pictures([path])]
        inner = {path.split("/")[1] for path in with_pictures if path.count("/") > 1}
        if inner & set(layout.class_names):
            layout.twins.append(name)
        elif with_pictures and n_splits == 1:
            layout.doubtful.append(name)


def _check_is_folder(root: str) -> None:
    if os.path.isdir(root):
        return
    if os.path.exists(root):
        hint = " Unpack it first." if root.lower().endswith((".zip", ".tar", ".gz", ".tgz", ".7z", ".rar")) else ""
        raise NotADirectoryError(f"{root} is a file, expected a folder that holds one folder for each class.{hint}")
    raise FileNotFoundError(f"There is no folder {root}. It is looked for from {os.getcwd()}; check the spelling.")


def _no_folders(root: str, loose: list[str]) -> str:
    seen = f"{len(loose)} files, the first of them {loose[0]}, and no folders" if loose else "nothing"
    return (
        f"{root} holds {seen}: expected one folder for each class, named after it, such as "
        f"{os.path.join(root, 'cat', '1.jpg')} and {os.path.join(root, 'dog', '1.jpg')}. Move the pictures into such "
        "folders, or list them in a CSV file with the columns path,label; if this folder is one class, name the folder "
        "above it."
    )


def _check_classes(layout: FolderLayout, walk: _Walk, splits: dict[str, tuple[_Tree, list[str]]]) -> None:
    if layout.splits is not None:
        _check_splits(layout, splits)
    if len(layout.class_names) == 1:
        only = next(iter(splits)) + "/" + layout.class_names[0] if splits else layout.class_names[0]
        below = walk.entries(only)[0]
        hint = (
            f"If the classes, or the splits, are the folders in it, {_some(below)}, use {layout.full(only)}."
            if below
            else "Add a folder for another class beside it."
        )
        raise ValueError(
            f"{layout.root} has a single class, {layout.class_names[0]!r}: telling pictures apart needs at least two "
            f"folders, one for each class. {hint}"
        )
    present = set(layout.labels)
    empty = [name for name in layout.class_names if name not in present]
    if empty:
        raise ValueError(empty_class_message(layout.root, empty))


def _check_no_data_set_below(layout: FolderLayout) -> None:
    """Refuse a folder of data sets, which by its shape is a folder of classes."""
    splits: dict[str, dict[str, str]] = {}
    for path in layout.paths:
        parts = path.split("/")
        split = split_of(parts[1]) if len(parts) > 3 else None
        if split is not None:
            splits.setdefault(parts[0], {})[split] = parts[1]
    for name, found in splits.items():
        if TRAIN in found and len(found) > 1:
            raise ValueError(
                f"{layout.root}: {name} holds {_some(sorted(found.values()))} with folders of files in them, so that "
                f"it is a data set of its own rather than a class. Use {layout.full(name)}."
            )


def _check_no_splits_below(layout: FolderLayout) -> None:
    """Refuse classes that hold the splits, which would mix test pictures into training."""
    below: dict[str, dict[str, str]] = {}
    for path in layout.paths:
        parts = path.split("/")
        split = split_of(parts[1]) if len(parts) > 2 else None
        if split is not None:
            below.setdefault(parts[0], {}).setdefault(split, parts[1])
    for name, found in below.items():
        if TRAIN in found and len(found) > 1:
            folders = [found[split] for split in SPLITS if split in found]
            raise ValueError(
                f"{layout.root}: the classes hold {' and '.join(folders)} folders, such as {name}/{folders[0]}; "
                f"expected {', '.join(f'{folder}/{name}' for folder in folders)}, because splits lie above the "
                "classes. Move the folders, or list the files in a CSV file with the columns path,label,split."
            )


def empty_class_message(root: str, names: list[str], why: str = "") -> str:
    """Return what is said of classes that have no picture."""
    if len(names) == 1:
        return (
            f"{root}: the class {names[0]!r} has no pictures{why}. Each class needs at least one: put pictures into "
            "its folder, or remove the folder."
        )
    return (
        f"{root}: the classes {_some(names)} have no pictures{why}. Each class needs at least one: put pictures into "
        "their folders, or remove the folders."
    )


def _check_splits(layout: FolderLayout, splits: dict[str, tuple[_Tree, list[str]]]) -> None:
    """Hold the other splits' classes to those of training."""
    assert layout.splits is not None
    training = [name for name in splits if split_of(name) == TRAIN]
    if not training:
        raise ValueError(
            f"{layout.root} has {_some(list(splits))} and no folder to train on, which is called train, training or "
            f"training_set. To use one split alone, name its folder: {layout.full(next(iter(splits)))}."
        )
    known = {label for name in training for label in splits[name][0]}
    for name, (trees, _) in splits.items():
        unknown = [label for label, files in trees.items() if files and label not in known]
        if unknown:
            raise ValueError(
                f"{layout.root}: {name} has pictures of {_some(unknown)}, of which {training[0]} has none; it has "
                f"{_some(sorted(known))}. Nothing can be tested that was not trained: add such pictures to "
                f"{training[0]}, remove the folder, or give it the same spelling."
            )
    # An empty folder in a test split is no class that training lacks.
    layout.class_names = [label for label in layout.class_names if label in known]
    trained = {label for label, split in zip(layout.labels, layout.splits, strict=True) if split == TRAIN}
    empty = [label for label in layout.class_names if label not in trained]
    if empty:
        raise ValueError(empty_class_message(layout.full(training[0]), empty))


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
