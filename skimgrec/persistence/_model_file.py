"""Models in one file each."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from sklearn.utils.validation import check_is_fitted

from skimgrec.persistence._archive import CARD, STATE, Archive, write_archive
from skimgrec.persistence._card import describe
from skimgrec.persistence._errors import ModelFileError
from skimgrec.persistence._reading import Builder, foreign_types
from skimgrec.persistence._writing import check_importable, take_apart
from skimgrec.utils._files import open_atomically
from skimgrec.utils._json import parse_json, to_json


def save_model(estimator: Any, path: str | os.PathLike[str], *, card: Mapping[str, Any] | None = None) -> None:
    """Save a fitted estimator to one file, which :func:`load_model` opens without running code.

    Parameters
    ----------
    estimator : estimator object
        A fitted estimator or pipeline, made of those of skimgrec and scikit-learn, or of your own.
    path : str or path-like
        The file, by custom with the ending ``.skimgrec``. One that exists is replaced once the new one is whole.
    card : mapping, default=None
        More entries for the model card, such as ``{"scores": {"accuracy": 0.97}, "data": "digits"}``.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If the estimator is not fitted.
    ModelFileError
        A `ValueError`: if the estimator holds what no file can keep, such as a function of a notebook, sparse matrices,
        or weights that are not finite; or the file would be larger than 4 GiB.

    See Also
    --------
    load_model : The way back.
    read_card : What a file says about its model.

    Notes
    -----
    The file is a zip archive of arrays in NumPy's format and of JSON. ``Pipeline(memory=...)`` and
    ``ImageLoader(cache=...)`` are saved as None: they name places on this computer.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from skimgrec import ImageFlattener, load_digits_images, load_model, save_model
    >>> X, y = load_digits_images(return_X_y=True)
    >>> model = make_pipeline(ImageFlattener(), KNeighborsClassifier(1)).fit(X, y)
    >>> path = Path(tempfile.mkdtemp(), "digits.skimgrec")
    >>> save_model(model, path, card={"scores": {"accuracy": 0.98}})
    >>> load_model(path).predict(X[:5])
    array([0, 1, 2, 3, 4])
    """
    check_is_fitted(estimator)
    members = model_members(estimator, card)
    with open_atomically(path) as stream:
        write_archive(stream, members)


def model_members(estimator: Any, card: Mapping[str, Any] | None = None) -> dict[str, bytes]:
    """Return what a model file holds, by name.

    Parameters
    ----------
    estimator : estimator object
        As `save_model` takes it.
    card : mapping, default=None
        More entries for the model card.

    Raises
    ------
    ModelFileError
        As `save_model` raises it.
    """
    state, arrays = take_apart(estimator)
    foreign = foreign_types(state)
    for name in foreign:
        check_importable(name)
    _check_return(estimator, state, arrays, foreign)
    members = {CARD: to_json(describe(estimator, card, foreign)), STATE: to_json(state), **arrays}
    parse_json(members[STATE], "The state of the model")
    return members


def _check_return(estimator: Any, state: Any, arrays: dict[str, bytes], foreign: list[str]) -> None:
    """Check that what is to be saved can be loaded: better now than when the training is long over."""
    builder = Builder(arrays.__getitem__, {name: len(content) for name, content in arrays.items()}, foreign)
    try:
        _built(builder, state)
    except ModelFileError as error:
        name = type(estimator).__name__
        raise ModelFileError(f"{name} cannot be saved, because load_model would refuse it: {error}") from error


def load_model(path: str | os.PathLike[str], *, trusted: Iterable[str] = ()) -> Any:
    """Load a model that :func:`save_model` has saved. No code of the file is run, because it holds none.

    Parameters
    ----------
    path : str or path-like
        The file.
    trusted : iterable of str, default=()
        The import paths of classes and functions, beside those of skimgrec and scikit-learn, that may be imported and
        given what the file holds, such as ``["mymodule.MyTransformer"]``. The error that names what is missing, and
        the entry "trusted" of the model card, list them: name only those that you know.

    Returns
    -------
    estimator : estimator object
        It predicts what the saved one does, bit for bit where as many threads compute, and `partial_fit` goes on from
        where it stopped.

    Raises
    ------
    ModelFileError
        A `ValueError`: if the file is damaged, was made by a newer skimgrec, holds what is not trusted, or what
        `save_model` would not have written.
    OSError
        If the file cannot be read.

    Warns
    -----
    sklearn.exceptions.InconsistentVersionWarning
        If another version of scikit-learn has saved it.

    See Also
    --------
    read_card : What a file says about its model, without loading it.

    Notes
    -----
    Digests of everything in the file tell damage. They are no signature: whoever makes a file can make the digests. A
    file from a stranger cannot harm the computer; its answers are another matter.
    """
    try:
        with Path(path).open("rb") as stream:
            return read_model(stream, trusted)
    except ModelFileError as error:
        raise ModelFileError(f"{os.fspath(path)}: {error}") from error


def read_model(stream: BinaryIO, trusted: Iterable[str] = ()) -> Any:
    """Return the model of a file that is open.

    Parameters
    ----------
    stream : binary file
        The model file.
    trusted : iterable of str, default=()
        As `load_model` takes it.

    Raises
    ------
    ModelFileError
        As `load_model` raises it, without the name of the file.
    """
    if isinstance(trusted, str):
        trusted = [trusted]
    trusted = frozenset(trusted)
    archive = Archive(stream)
    state = parse_json(archive.read(STATE), "The state of the model")
    unknown = [name for name in foreign_types(state) if name not in trusted]
    if unknown:
        raise ModelFileError(
            f"The model needs {', '.join(name[:200] for name in unknown[:20])}, which is neither skimgrec's "
            "nor scikit-learn's, or not known to be harmless in a file from a stranger. If you know what that "
            f"is and trust it, load with trusted={unknown[:20]!r}."
        )
    sizes = {name: member.size for name, member in archive.members.items() if name.endswith(".npy")}
    return _built(Builder(archive.read, sizes, trusted), state)


def _built(builder: Builder, state: Any) -> Any:
    try:
        estimator = builder.build(state)
    except (ModelFileError, Warning):
        raise
    except RecursionError:
        raise ModelFileError("The state of the model is nested too deeply.") from None
    except Exception as error:  # an object's own __setstate__, or an entry that lacks something
        text = f"{type(error).__name__}: {str(error)[:300]}"
        raise ModelFileError(f"The model cannot be rebuilt from what the file holds ({text}).") from error
    if builder.unused():
        raise ModelFileError(f"The file holds arrays that no part of the model uses: {min(builder.unused())}.")
    if not hasattr(estimator, "get_params"):
        raise ModelFileError(f"The file holds no estimator, but {type(estimator).__name__}.")
    return estimator


def read_card(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return what a model file says about its model, without loading it.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    card : dict
        With the entries "estimator", "parameters", "classes", "image_shape", "preprocessing" in words, "versions",
        "saved" (date and time), "trusted" (what :func:`load_model` must be told to trust), "size" of the file in
        bytes, and those given to :func:`save_model`.

    Raises
    ------
    ModelFileError
        A `ValueError`: if the file is damaged, or was made by a newer skimgrec.
    OSError
        If the file cannot be read.
    """
    try:
        with Path(path).open("rb") as stream:
            archive = Archive(stream, only=CARD)
            card = parse_json(archive.read(CARD), "The model card")
            size = stream.seek(0, os.SEEK_END)
        if not isinstance(card, dict):
            raise ModelFileError("The model card is none.")
    except ModelFileError as error:
        raise ModelFileError(f"{os.fspath(path)}: {error}") from error
    return {**card, "size": size}
