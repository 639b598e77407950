"""What ``skimgrec compare`` is asked for, and the comparison that this makes."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skimgrec.cli._labelled import Pictures, load_labelled, pictures_of, splits_of
from skimgrec.cli._run_folder import RunFolder, place_of, run_folder

if TYPE_CHECKING:
    from skimgrec import ComparisonResult
    from skimgrec.cli._progress import Progress
    from skimgrec.model_selection import Comparison

# What the numbers do not depend on, so that a run goes on whatever these are.
_IMMATERIAL = {"n_jobs", "run", "fresh"}
# Fits run in processes of their own, so that one that takes up all memory costs its own line alone.
ISOLATE = True


@dataclass(frozen=True, kw_only=True)
class Request:
    """The options of the command, parsed.

    Parameters
    ----------
    data : str
        As the user calls it.
    models : list of str or None
        By name; None for the default ones.
    metrics : list of str
        By name.
    limit, size : int or None
        How many pictures, and their height and width.
    grey : bool
        Whether they are made grey.
    near_duplicates : {"say", "ignore", "group"}
        As `skimgrec.compare` takes it.
    cv : int, "holdout" or "own"
        The splits.
    repeats : int
        How often folds are made anew.
    seed : int
        Of all random choices.
    train_sizes : list of int or float, or None
        For learning curves.
    keep_probabilities : bool
        Whether label errors are asked for.
    n_jobs, threads : int or None
        Fits at the same time, and threads of each.
    fit_timeout, budget : float or None
        Seconds of one fit, and of all.
    run : Path or None
        The folder that the user has named.
    fresh : bool
        Whether an earlier run is forgotten.

    Raises
    ------
    ValueError
        If options contradict each other.
    """

    data: str
    models: list[str] | None
    limit: int | None
    size: int | None
    grey: bool
    near_duplicates: str
    cv: int | str
    repeats: int
    seed: int
    metrics: list[str]
    train_sizes: list[int | float] | None
    keep_probabilities: bool
    n_jobs: int | None
    threads: int | None
    fit_timeout: float | None
    budget: float | None
    run: Path | None
    fresh: bool

    def __post_init__(self) -> None:
        if self.repeats > 1 and not isinstance(self.cv, int):
            raise ValueError(f"--repeats {self.repeats}: only folds can be made anew, but --cv is {self.cv}.")
        if self.repeats > 1 and self.near_duplicates == "group":
            raise ValueError(
                f"--repeats {self.repeats}: repeated folds cannot keep groups together. Leave out --repeats, or "
                "--near-duplicates group."
            )

    def inputs(self) -> dict[str, Any]:
        """Return what the numbers depend on."""
        values = {name: value for name, value in asdict(self).items() if name not in _IMMATERIAL}
        return {**values, "data": place_of(self.data)}


@dataclass(frozen=True)
class Prepared:
    """A comparison that is ready to be measured.

    Parameters
    ----------
    request : Request
        What it was made from.
    pictures : Pictures
        What it measures on.
    comparison : Comparison
        The comparison.
    folder : RunFolder
        Where it keeps what is measured.
    """

    request: Request
    pictures: Pictures
    comparison: Comparison
    folder: RunFolder

    def result(self) -> ComparisonResult:
        """Return what is measured so far, with the names of data and files."""
        result = self.comparison.result()
        result.data_name, result.drawn_from = self.request.data, self.pictures.drawn_from
        if self.pictures.filenames is not None:
            result.filenames = self.pictures.filenames
        return result


def prepare(request: Request, shown: Progress) -> Prepared:
    """Load the pictures and make the splits, without measuring anything.

    Parameters
    ----------
    request : Request
        What is asked for.
    shown : Progress
        Is told what happens.

    Returns
    -------
    prepared : Prepared
    """
    start = time.monotonic()
    from skimgrec import model_selection

    estimators = model_selection.candidates(request.models, random_state=request.seed)
    own_split = request.cv == "own"
    dataset = load_labelled(
        request.data,
        shown,
        image_size=None if request.size is None else (request.size, request.size),
        grey=request.grey,
        subset="all" if own_split else "train",
    )
    pictures = pictures_of(dataset, name=request.data, limit=request.limit, seed=request.seed, own_split=own_split)
    shown.doing("making the splits")
    folder, note = run_folder(request.run, request.inputs(), fresh=request.fresh)
    if note is not None:
        shown.say(note)
    comparison = model_selection.prepare_comparison(
        estimators,
        pictures.X,
        pictures.y,
        cv=splits_of(request.cv, pictures, repeats=request.repeats, seed=request.seed),
        scoring=request.metrics,
        near_duplicates=request.near_duplicates,
        train_sizes=request.train_sizes,
        keep_probabilities=request.keep_probabilities,
        n_jobs=request.n_jobs,
        n_threads=request.threads,
        random_state=request.seed,
        run_dir=folder.path,
        fit_timeout=request.fit_timeout,
        isolate=ISOLATE,
        budget=request.budget,
        budget_start=start,
    )
    folder.mark()
    if comparison.n_resumed:
        shown.say(
            f"{comparison.n_resumed} of {len(comparison.tasks)} fits are taken from "
            f"{_origin(comparison, folder)}; --fresh measures all anew."
        )
    return Prepared(request, pictures, comparison, folder)


def _origin(comparison: Comparison, folder: RunFolder) -> str:
    if comparison.n_resumed == len(comparison.tasks) and folder.kept:
        return str(folder.path)
    return "an earlier run that was cut short"
