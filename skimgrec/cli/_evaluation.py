"""The scores of a model from a file on labelled pictures."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from skimgrec.cli._grid import Grid
from skimgrec.cli._labelled import load_labelled
from skimgrec.cli._model_file import data_entry
from skimgrec.cli._output import printable

if TYPE_CHECKING:
    from skimgrec.cli._model_file import Model
    from skimgrec.cli._progress import Progress


@dataclass(frozen=True)
class ClassScores:
    """How a model does on the pictures of one class."""

    name: str
    precision: float
    recall: float
    f1: float
    n_pictures: int


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """How a model does on labelled pictures. It prints itself.

    Parameters
    ----------
    model, data : str
        What they are called.
    n_pictures : int
        How many were answered.
    accuracy, f1_macro : float
        Over all of them.
    log_loss : float or None
        Over those of classes that the model knows; None if it gives no probabilities.
    classes : list of ClassScores
        Sorted by name.
    notes : list of str
        What else is to be said.
    """

    model: str
    data: str
    n_pictures: int
    accuracy: float
    f1_macro: float
    log_loss: float | None
    classes: list[ClassScores]
    notes: list[str]

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return asdict(self)

    def __rich__(self) -> Any:
        from rich.console import Group
        from rich.text import Text

        return Group(self._grid().__rich__(), Text(self._sentence()))

    def __str__(self) -> str:
        return f"{self._grid()}\n\n{self._sentence()}"

    def _sentence(self) -> str:
        loss = "" if self.log_loss is None else f", log loss {self.log_loss:.4f}"
        return f"Accuracy {self.accuracy:.4f}, macro F1 {self.f1_macro:.4f}{loss}."

    def _grid(self) -> Grid:
        rows = [
            [
                printable(entry.name),
                *(f"{value:.3f}" for value in (entry.precision, entry.recall, entry.f1)),
                f"{entry.n_pictures:,}",
            ]
            for entry in self.classes
        ]
        title = f"{printable(self.model)} on {self.n_pictures:,} pictures of {printable(self.data)}"
        return Grid(title, ["class", "precision", "recall", "F1", "pictures"], rows, right=True)


def evaluation(model: Model, data: str, part: str | None, shown: Progress) -> Evaluation:
    """Let a model answer about labelled pictures, and score the answers.

    Parameters
    ----------
    model : Model
        From a file.
    data : str
        What `load_data` takes.
    part : {"train", "val", "test", "all"} or None
        Which pictures; None for those to test on, all where there is no such part.
    shown : Progress
        Is told what happens.

    Returns
    -------
    found : Evaluation

    Raises
    ------
    ValueError
        If there is no such part, or the model knows none of the classes.
    """
    from sklearn.metrics import accuracy_score, f1_score, log_loss, precision_recall_fscore_support

    images, truth, part = _labelled(model, data, part, shown)
    notes: list[str] = []
    shown.doing(f"{model.path.name} answers about {len(truth):,} pictures")
    names = np.array(model.names)
    known = np.isin(truth, names)
    if not known.any():
        raise ValueError(
            f"{data} has the classes {_listed(np.unique(truth))}, of which {model.path} knows none: it knows "
            f"{_listed(names)}. The names must be the same, to the letter."
        )
    if not known.all():
        strange = np.unique(truth[~known])
        notes.append(
            f"{(~known).sum():,} of {len(truth):,} pictures are of classes that the model does not know, and count as "
            f"wrong: {_listed(strange)}."
        )
    probabilities = model.probabilities(images)
    answers = np.asarray(model.classifier.predict(images)).astype(str)
    loss = None
    if probabilities is not None and len(names) > 1:
        places = {name: place for place, name in enumerate(names.tolist())}
        codes = np.array([places[name] for name in truth[known].tolist()])
        loss = float(log_loss(codes, probabilities[known], labels=np.arange(len(names))))
        loss = loss if math.isfinite(loss) else None
    labels = np.unique(np.concatenate([truth, answers]))
    columns = precision_recall_fscore_support(truth, answers, labels=labels, zero_division=0.0)
    return Evaluation(
        model=model.path.name,
        data=data,
        n_pictures=len(truth),
        accuracy=float(accuracy_score(truth, answers)),
        f1_macro=float(f1_score(truth, answers, average="macro", zero_division=0.0)),
        log_loss=loss,
        classes=[
            ClassScores(str(name), float(precision), float(recall), float(f1), int(number))
            for name, precision, recall, f1, number in zip(labels, *columns, strict=True)
        ],
        notes=[*notes, *_warnings(model, data, part, images, truth)],
    )


def _labelled(model: Model, data: str, part: str | None, shown: Progress) -> tuple[Any, Any, str]:
    """Return pictures in the form that the model takes, the names of their classes, and which part they are."""
    from skimgrec.datasets._resolve import dataset_names

    if part not in (None, "train", "val", "test", "all"):
        raise ValueError(f"--part {part}: expected train, val, test or all.")
    loader, in_files = model.loader, data not in dataset_names() and not data.lower().endswith(".npz")
    dataset = load_labelled(
        data,
        shown,
        image_size=loader._format().image_size if in_files else None,
        grey=loader.grey and in_files,
        resize=loader.resize,
        subset="all",
    )
    images, truth = dataset.images, dataset.target_names[dataset.target]
    parts = np.asarray(dataset.get("split", np.repeat("train", len(truth))))
    if part is None:
        part = "test" if "test" in parts else "all"
    if part != "all":
        rows = np.flatnonzero(parts == part)
        if not len(rows):
            there = ", ".join(np.unique(parts).tolist())
            raise ValueError(f"--part {part}: {data} has no such pictures, but {there}. Leave it out to take all.")
        images, truth = images[rows], truth[rows]
    if images.shape[3:] == (1,) and isinstance(images, np.ndarray) and loader.grey:
        images = images[..., 0]
    return images, truth, part


def _warnings(model: Model, data: str, part: str, images: Any, truth: Any) -> list[str]:
    learnt = model.card.get("data")
    if not isinstance(learnt, dict):
        return []
    own = data_entry(data, images, truth)
    if own["fingerprint"] is not None and own["fingerprint"] == learnt.get("fingerprint"):
        return ["The model has learnt from these very pictures: on new ones it is worse than this."]
    # What was held out of a folder in training is not told apart from the rest of it.
    if part != "test" and learnt.get("name") == own["name"]:
        return [
            f"The model has learnt from {learnt.get('n_pictures')} pictures of {own['name']}, most likely from some of "
            "these: on new ones it is worse than this. Its score on pictures held out is in 'skimgrec info'."
        ]
    return []


def _listed(names: Any) -> str:
    shown = ", ".join(map(repr, map(str, names[:10])))
    return f"{shown}, ..." if len(names) > 10 else shown
