"""What ``skimgrec train`` does: fit a candidate on a part of the pictures, score it on the rest, and save it."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from skimgrec.cli._labelled import load_labelled
from skimgrec.cli._model_file import data_entry, save_with_loader
from skimgrec.cli._output import printable

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sklearn.utils import Bunch

    from skimgrec.cli._progress import Progress

# Options of the command that are parameters of networks alone.
_OF_NETWORKS = {"epochs": "--epochs", "augmentation": "--augment"}
# The share that is held out where the data has no test pictures of its own.
_HELD_OUT = 0.2
_MOST_NAMED = 12


@dataclass(kw_only=True)
class Training:
    """A model, the pictures it learns from, and those it is scored on.

    Parameters
    ----------
    name : str
        Of the candidate.
    model : estimator
        The candidate with its parameters, not fitted.
    data : str
        What the user calls the pictures.
    X : array-like of n rows
        The pictures.
    y : ndarray of shape (n,)
        The names of their classes.
    learnt, held_out : ndarray of int
        Rows to learn from, and to score on.
    words : str
        What the latter are, as in "2,000 test pictures".
    seed : int
        Of all random choices.

    Attributes
    ----------
    seconds : float
        How long the fit took.
    interrupted : bool
        Whether it was broken off after a whole epoch.
    scores : dict of str to float
        On the rows held out.
    """

    name: str
    model: Any
    data: str
    X: Any
    y: NDArray[np.str_]
    learnt: NDArray[np.intp]
    held_out: NDArray[np.intp]
    words: str
    seed: int
    seconds: float = field(init=False, default=0.0)
    interrupted: bool = field(init=False, default=False)
    scores: dict[str, float] = field(init=False, default_factory=dict)

    def plan(self) -> str:
        """Return in a line what is about to be done."""
        classes = np.unique(self.y[self.learnt])
        named = ", ".join(map(printable, classes)) if len(classes) <= _MOST_NAMED else f"{len(classes)} classes"
        return f"{self.name} learns from {len(self.learnt):,} pictures: {named}."

    def fit(self) -> list[str]:
        """Fit the model, and return what it warned of.

        A network that is interrupted after its first epoch keeps what it has learnt.
        """
        from skimgrec.model_selection._warning_log import logged_warnings

        network = is_network(self.model)
        if network:
            self.model.set_params(verbose=int(sys.stderr.isatty()))
        start = time.perf_counter()
        with logged_warnings() as messages:
            self.model.fit(self.X[self.learnt], self.y[self.learnt])
        self.seconds = time.perf_counter() - start
        # What was for this run alone does not go into the file.
        if network:
            self.model.set_params(verbose=0)
        self.model.set_params(**{name: None for name in self.model.get_params() if name.endswith("n_jobs")})
        self.interrupted = any("interrupted by user" in message for message in messages)
        return messages

    def score(self) -> list[str]:
        """Score the model on the rows held out, and return what is to be said of the training, in lines."""
        from skimgrec.model_selection._text import duration

        lines = [f"Learnt in {duration(self.seconds)}."]
        if not len(self.held_out):
            return [*lines, "No pictures were held out, so there is no score."]
        from sklearn.metrics import accuracy_score, f1_score

        predicted, truth = self.model.predict(self.X[self.held_out]), self.y[self.held_out]
        self.scores = {
            "accuracy": float(accuracy_score(truth, predicted)),
            "f1_macro": float(f1_score(truth, predicted, average="macro")),
        }
        return [
            *lines,
            f"Accuracy {self.scores['accuracy']:.4f}, macro F1 {self.scores['f1_macro']:.4f} on {self.words}.",
        ]

    def save(self, path: Path) -> str | None:
        """Save the model, with a loader of picture files in front. Return what the file cannot do, if anything."""
        card: dict[str, Any] = {
            "data": data_entry(self.data, self.X[self.learnt], self.y[self.learnt]),
            "training": {"model": self.name, "seed": self.seed, "seconds": round(self.seconds, 3)},
        }
        if self.scores:
            card["scores"] = {**self.scores, "measured_on": self.words}
        return save_with_loader(self.model, path, self.X, card)


def prepare(
    data: str,
    name: str,
    *,
    shown: Progress,
    size: int | None,
    grey: bool,
    options: Mapping[str, Any],
    params: Sequence[str],
    held_out: float | int | str | None,
    limit: int | None,
    threads: int | None,
    seed: int,
) -> Training:
    """Load the pictures, split them and set the model up, without fitting anything.

    Parameters
    ----------
    data : str
        What `load_data` takes.
    name : str
        Of a candidate.
    shown : Progress
        Is told what happens.
    size : int or None
        Height and width that picture files are brought to.
    grey : bool
        Whether they become grey.
    options : mapping of str to object
        Parameters of networks by name; those that are None are left out.
    params : sequence of str
        More parameters, each as "name=value".
    held_out : float, int, "own", "none" or None
        As `held_out_of` gives it.
    limit : int or None
        How many pictures to use, those held out included.
    threads : int or None
        Threads of the fit.
    seed : int
        Of all random choices.

    Returns
    -------
    training : Training

    Raises
    ------
    ValueError
        If the model has no such parameter, or the data cannot be split so.
    """
    model = model_with(name, options, params, threads=threads, seed=seed)
    image_size = None if size is None else (size, size)
    dataset = load_labelled(data, shown, image_size=image_size, grey=grey, subset="all")
    learnt, tested, words = _split(data, dataset, held_out, limit, seed)
    aside = len(dataset.target) - len(learnt) - len(tested) if limit is None else 0
    if aside:
        shown.say(f"{aside:,} other pictures, which are not among the training pictures of {data}, are left aside.")
    images = dataset.images
    return Training(
        name=name,
        model=model,
        data=data,
        # Grey pictures from files have no axis of channels.
        X=images[..., 0] if isinstance(images, np.ndarray) and images.shape[3:] == (1,) else images,
        y=dataset.target_names[dataset.target],
        learnt=learnt,
        held_out=tested,
        words=words,
        seed=seed,
    )


def is_network(model: Any) -> bool:
    """Return whether a candidate is a neural network."""
    return "epochs" in model.get_params(deep=False)


def model_with(name: str, options: Mapping[str, Any], params: Sequence[str], *, threads: int | None, seed: int) -> Any:
    """Return a candidate with parameters.

    Raises
    ------
    ValueError
        If there is no such candidate, it has no such parameter, or one is given twice.
    """
    from skimgrec import model_selection
    from skimgrec.model_selection._param_space import full_names

    (model,) = model_selection.candidates([name], random_state=seed, n_jobs=threads or -1).values()
    wanted = {parameter: value for parameter, value in options.items() if value is not None}
    network = is_network(model)
    for parameter, value in wanted.items():
        if not network:
            raise ValueError(
                f"{_OF_NETWORKS[parameter]} {value}: {name} is no neural network. Leave it out, or choose one, such as "
                "--model cnn."
            )
    for parameter, values in model_selection.parse_params(params).items():
        if not isinstance(values, list) or len(values) != 1:
            raise ValueError(
                f"--param {parameter} is to be one value; to find the best of several, use 'skimgrec tune'. A value "
                "with a comma in it needs quotes or brackets, such as hidden_layer_sizes='(100,50)'."
            )
        if parameter in wanted:
            raise ValueError(f"--param {parameter} and {_OF_NETWORKS[parameter]} are the same parameter. Give one.")
        wanted[parameter] = values[0]
    if network and threads is not None:
        wanted.setdefault("n_threads", threads)
    full = full_names(model, wanted)
    return model.set_params(**{full[parameter]: value for parameter, value in wanted.items()})


def _split(
    data: str, dataset: Bunch, held_out: float | int | str | None, limit: int | None, seed: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], str]:
    """Return the rows to learn from, those to score on, and what the latter are."""
    from skimgrec.datasets import stratified_subset

    parts = np.asarray(dataset["split"]) if "split" in dataset else np.repeat("train", len(dataset.target))
    rows = {part: np.flatnonzero(parts == part) for part in ("train", "test")}
    has_own = all(map(len, rows.values()))
    if held_out == "own" and not has_own:
        raise ValueError(
            f"--val own: {data} has no training and test pictures of its own. Use a share of them, such as --val 0.2."
        )
    if not len(rows["train"]):
        raise ValueError(f"{data} has no training pictures.")
    own = held_out == "own" or (held_out is None and has_own)
    if not own:
        rows["test"] = rows["test"][:0]
    if limit is not None:
        whole = np.concatenate([rows["train"], rows["test"]])
        if limit < len(whole):
            # The parts keep their shares, as the classes do.
            strata = 2 * dataset.target[whole] + (parts[whole] == "test" if own else 0)
            kept = whole[stratified_subset(strata, limit, random_state=seed)]
            rows = {part: kept[np.isin(kept, found)] for part, found in rows.items()}
    if own:
        return rows["train"], rows["test"], f"the {len(rows['test']):,} test pictures of {data}"
    learnt = rows["train"]
    if held_out == "none":
        return learnt, learnt[:0], ""
    n_held_out = _n_held_out(_HELD_OUT if held_out is None else held_out, dataset.target[learnt])
    places = stratified_subset(dataset.target[learnt], n_held_out, random_state=seed)
    words = f"{n_held_out:,} pictures of {data} that were held out"
    return np.delete(learnt, places), learnt[places], words


def _n_held_out(held_out: Any, target: NDArray[Any]) -> int:
    n_classes, n = len(np.unique(target)), len(target)
    # A share may be less than a picture of each class.
    wanted = held_out if isinstance(held_out, int) else max(round(held_out * n), n_classes)
    if not n_classes <= wanted <= n - n_classes or np.bincount(target)[np.unique(target)].min() < 2:
        raise ValueError(
            f"--val {held_out}: {wanted} of {n} pictures would be held out, but both parts need one of each of the "
            f"{n_classes} classes. Hold out another share, leave such classes out, or use --val none."
        )
    return int(wanted)
