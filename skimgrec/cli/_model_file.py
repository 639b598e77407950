"""Model files as the commands write and read them: with what turns picture files into what the model knows."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from skimgrec.persistence import ModelFileError, load_model, read_card, save_model
from skimgrec.preprocessing import ImageLoader


def save_with_loader(model: Any, path: Path, X: Any, card: dict[str, Any]) -> str | None:
    """Save a fitted model so that it takes picture files: with a loader of files in front.

    Parameters
    ----------
    model : estimator
        Fitted on arrays of pictures.
    path : Path
        The file to write.
    X : array-like of shape (n, h, w) or (n, h, w, c)
        Pictures such as it was fitted on.
    card : dict
        What the model card says besides.

    Returns
    -------
    note : str or None
        Why it takes arrays alone, if it does.
    """
    shape, dtype = X.shape[1:], X.dtype
    if dtype != np.uint8 or shape[2:] not in ((), (3,)):
        save_model(model, path, card=card)
        return (
            f"The model takes arrays alone, not picture files: it has learnt from pictures of shape {shape} and dtype "
            f"{dtype}, and files give (h, w) or (h, w, 3), uint8."
        )
    save_model(with_loader(model, shape), path, card=card)
    return None


def with_loader(model: Any, shape: tuple[int, ...]) -> Any:
    """Return a pipeline that reads picture files for a fitted model that takes arrays of pictures of a shape."""
    from sklearn.pipeline import Pipeline

    loader = ImageLoader(image_size=(int(shape[0]), int(shape[1])), grey=len(shape) == 2)
    steps = model.steps if isinstance(model, Pipeline) else [("classifier", model)]
    return Pipeline([("imageloader", loader), *steps])


def data_entry(data: str, X: Any, y: Any) -> dict[str, Any]:
    """Return what a model card says of the pictures learnt from: their name, number, classes and fingerprint."""
    from skimgrec.model_selection._fingerprint import data_fingerprint

    classes, codes, counts = np.unique(y, return_inverse=True, return_counts=True)
    return {
        # A path says more of this computer than of the pictures.
        "name": os.path.basename(os.path.normpath(data)),
        "n_pictures": len(y),
        "pictures_per_class": dict(zip(classes.tolist(), counts.tolist(), strict=True)),
        "fingerprint": data_fingerprint(X, classes, codes),
    }


class Model:
    """A model from a file, taken apart into the reading of files and what answers.

    Parameters
    ----------
    path : Path
        The file.
    trusted : list of str
        What `load_model` may import beside skimgrec and scikit-learn.

    Attributes
    ----------
    card : dict
        The model card.
    classifier : estimator
        Takes arrays of pictures.
    loader : ImageLoader
        How files become such arrays.
    names : list of str
        The classes.
    """

    def __init__(self, path: Path, trusted: list[str]) -> None:
        from skimgrec.cli._without_loader import without_loader

        self.path = path
        if path.is_dir():
            raise IsADirectoryError(
                f"{path} is a folder, expected a model file, as 'skimgrec train' writes it, and pictures after it."
            )
        if not path.exists():
            raise FileNotFoundError(f"There is no model file {path}.")
        self.card = read_card(path)
        model = load_model(path, trusted=trusted)
        if not hasattr(model, "classes_"):
            raise ModelFileError(f"{path} holds {self.card['estimator']}, which is no classifier.")
        self.names = [str(name) for name in model.classes_]
        try:
            self.classifier, loader = without_loader(model)
        except ValueError as error:
            raise ModelFileError(f"{path}: {error}") from error
        self.loader = loader or _loader_for(path, self.card["image_shape"])
        self._steps, self._last = _taken_apart(self.classifier)

    def probabilities(self, pictures: Any) -> Any:
        """Return the probability of each class, of shape (n, n_classes); None where the model gives none."""
        answer = getattr(self.classifier, "predict_proba", None)
        return None if answer is None else np.asarray(answer(pictures))

    def probabilities_and_known(self, pictures: Any) -> tuple[Any, Any]:
        """Return the probabilities, and which pictures are not rejected as unlike those that the model has learnt from.

        Parameters
        ----------
        pictures : array-like of shape (n, h, w) or (n, h, w, c)
            The pictures.

        Returns
        -------
        probabilities : ndarray of shape (n, n_classes) or None
            None where the model gives none.
        known : ndarray of bool of shape (n,)
            All True for a model that rejects nothing.
        """
        if not hasattr(self._last, "unknown_label_"):
            return self.probabilities(pictures), np.ones(len(pictures), dtype=bool)
        for step in self._steps:
            pictures = step.transform(pictures)
        return self._last._probabilities_and_known(pictures)


def _taken_apart(model: Any) -> tuple[list[Any], Any]:
    """Return the steps that a picture goes through, and the classifier behind them."""
    steps: list[Any] = []
    while hasattr(model, "steps") or hasattr(model, "best_estimator_"):
        if hasattr(model, "steps"):
            steps += [step for _, step in model.steps[:-1] if step is not None and step != "passthrough"]
            model = model.steps[-1][1]
        else:
            model = model.best_estimator_
    return steps, model


def _loader_for(path: Path, shape: list[int] | None) -> ImageLoader:
    if shape is None or len(shape) not in (2, 3) or (len(shape) == 3 and shape[2] != 3):
        raise ModelFileError(
            f"{path} does not say how picture files become what its model takes: that has the shape {shape}, and files "
            "give (h, w) or (h, w, 3). Save the model as a pipeline that begins with an ImageLoader."
        )
    return ImageLoader(image_size=(shape[0], shape[1]), grey=len(shape) == 2)
