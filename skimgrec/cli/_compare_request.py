"""What ``skimgrec compare`` is asked for, and the comparison that this makes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from skimgrec.cli._labelled import Pictures
from skimgrec.cli._request import Request
from skimgrec.cli._run_folder import RunFolder

if TYPE_CHECKING:
    from skimgrec import ComparisonResult
    from skimgrec.cli._progress import Progress
    from skimgrec.model_selection import Comparison


@dataclass(frozen=True, kw_only=True)
class CompareRequest(Request):
    """The options of the command, parsed.

    Parameters
    ----------
    models : list of str or None
        By name; None for the default ones.
    repeats : int
        How often folds are made anew.
    train_sizes : list of int or float, or None
        For learning curves.
    keep_probabilities : bool
        Whether label errors are asked for.
    budget : float or None
        Seconds of all fits.

    Raises
    ------
    ValueError
        If options contradict each other.
    """

    command: ClassVar[str] = "compare"

    models: list[str] | None
    repeats: int
    train_sizes: list[int | float] | None
    keep_probabilities: bool
    budget: float | None

    def __post_init__(self) -> None:
        if self.repeats > 1 and not isinstance(self.cv, int):
            raise ValueError(f"--repeats {self.repeats}: only folds can be made anew, but --cv is {self.cv}.")
        if self.repeats > 1 and self.near_duplicates == "group":
            raise ValueError(
                f"--repeats {self.repeats}: repeated folds cannot keep groups together. Leave out --repeats, or "
                "--near-duplicates group."
            )


@dataclass(frozen=True)
class Prepared:
    """A comparison that is ready to be measured.

    Parameters
    ----------
    request : CompareRequest
        What it was made from.
    pictures : Pictures
        What it measures on.
    comparison : Comparison
        The comparison.
    folder : RunFolder
        Where it keeps what is measured.
    """

    request: CompareRequest
    pictures: Pictures
    comparison: Comparison
    folder: RunFolder

    def result(self) -> ComparisonResult:
        """Return what is measured so far, with the names of data and files."""
        result = self.comparison.result()
        self.pictures.name(result)
        return result


def prepare(request: CompareRequest, shown: Progress) -> Prepared:
    """Load the pictures and make the splits, without measuring anything.

    Parameters
    ----------
    request : CompareRequest
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
    folder, note = request.folder()
    pictures = request.load(shown)
    shown.doing("making the splits")
    if note is not None:
        shown.say(note)
    comparison = model_selection.prepare_comparison(
        estimators,
        pictures.X,
        pictures.y,
        train_sizes=request.train_sizes,
        random_state=request.seed,
        keep_probabilities=request.keep_probabilities,
        budget=request.budget,
        budget_start=start,
        **request.options(pictures, repeats=request.repeats),
    )
    if folder.path is not None:
        # An earlier run is forgotten only now that all options are known to be right.
        folder.begin(fresh=request.fresh)
        folder.mark()
        comparison.keep_in(folder.path)
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
