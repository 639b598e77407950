"""The labelled pictures of a command, and the splits of those that compare and tune."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sklearn.utils import Bunch

    from skimgrec import ComparisonResult
    from skimgrec.cli._progress import Progress


def load_labelled(
    data: str,
    shown: Progress,
    *,
    image_size: tuple[int, int] | None,
    grey: bool,
    subset: str,
    resize: str = "stretch",
) -> Bunch:
    """Load pictures with progress, and say what there is to say of them.

    Parameters
    ----------
    data, image_size, grey, subset, resize : object
        As `load_data` takes them.
    shown : Progress
        Is told what happens.

    Returns
    -------
    dataset : Bunch
        As `load_data` gives it.
    """
    from skimgrec.datasets import load_data
    from skimgrec.datasets._download import shown_in

    with shown_in(shown.downloading):
        dataset = load_data(data, image_size=image_size, grey=grey, subset=subset, resize=resize, on_read=shown.read)
    for note in dataset.notes:
        shown.say(note)
    return dataset


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """Labelled pictures.

    Parameters
    ----------
    X : array-like of n rows
        The pictures.
    y : ndarray of shape (n,)
        The names of their classes.
    split : ndarray of shape (n,) or None
        The data's own split, if it is to be used.
    filenames : list of str or None
        Their files.
    drawn_from : str or None
        What they are a part of, if they are, such as "60,000 training pictures".
    data : str
        What the user calls them.
    notes : list of str
        What there was to say when they were loaded, such as which files were skipped.
    """

    X: Any
    y: Any
    split: Any
    filenames: list[str] | None
    drawn_from: str | None
    data: str
    notes: list[str] = field(default_factory=list)

    def name(self, result: ComparisonResult) -> None:
        """Give a result the names of the data and of its files."""
        result.data_name, result.drawn_from = self.data, self.drawn_from
        if self.filenames is not None:
            result.filenames = self.filenames


def pictures_of(dataset: Bunch, *, name: str, limit: int | None, seed: int, own_split: bool) -> Pictures:
    """Return the pictures of a data set, or a part of them with the same share of every class.

    Parameters
    ----------
    dataset : Bunch
        As `load_data` gives it.
    name : str
        What the user calls it.
    limit : int or None
        How many pictures to use.
    seed : int
        Seeds the choice.
    own_split : bool
        Whether the data's own split is to be used. Its parts keep their shares, too.

    Returns
    -------
    pictures : Pictures

    Raises
    ------
    ValueError
        If the data has no split of its own, or no part of that size.
    """
    import numpy as np

    from skimgrec.datasets import stratified_subset

    X, y = dataset.images, dataset.target_names[dataset.target]
    split = _own_split(dataset, name) if own_split else None
    filenames = dataset.get("filenames")
    drawn_from = None
    if limit is not None and limit != len(y):
        drawn_from = f"{len(y):,} {'training ' if 'split' in dataset and split is None else ''}pictures"
        # Numbered, so that no name of a class can be mistaken for a part of the split.
        strata = y if split is None else np.unique(np.stack([split, y]), axis=1, return_inverse=True)[1].ravel()
        rows = stratified_subset(strata, limit, random_state=seed)
        X, y = X[rows], y[rows]
        split, filenames = (None if values is None else np.asarray(values)[rows] for values in (split, filenames))
    files = None if filenames is None else [str(filename) for filename in filenames]
    return Pictures(X=X, y=y, split=split, filenames=files, drawn_from=drawn_from, data=name, notes=list(dataset.notes))


def _own_split(dataset: Bunch, name: str) -> Any:
    parts = dataset.get("split", ())
    if "train" not in parts or "test" not in parts:
        raise ValueError(
            f"--cv own: {name} has no training and test pictures of its own. Without --cv own it is split into folds; "
            "--cv holdout tests once, on a fifth of it."
        )
    return parts


def splits_of(cv: int | str, pictures: Pictures, *, repeats: int, seed: int) -> Any:
    """Return the splits as `compare` takes them.

    Parameters
    ----------
    cv : int, "holdout" or "own"
        What is asked for.
    pictures : Pictures
        With their split for "own".
    repeats : int
        How often to make folds anew.
    seed : int
        Seeds repeated folds.

    Returns
    -------
    cv : int, str, splitter or ndarray

    Raises
    ------
    ValueError
        If a class has fewer pictures than there are repeated folds.
    """
    if cv == "own":
        return pictures.split
    if isinstance(cv, str) or repeats == 1:
        return cv
    import numpy as np
    from sklearn.model_selection import RepeatedStratifiedKFold

    classes, counts = np.unique(pictures.y, return_counts=True)
    if counts.min() < cv:
        raise ValueError(
            f"--cv {cv} needs at least {cv} pictures of every class, but class {str(classes[counts.argmin()])!r} has "
            f"{counts.min()}. Use fewer folds, more pictures, or leave such classes out."
        )
    return RepeatedStratifiedKFold(n_splits=cv, n_repeats=repeats, random_state=seed)
