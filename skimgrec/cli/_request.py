"""What commands that measure models are asked for: the pictures, the splits, and how the fits run."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from skimgrec.cli._labelled import Pictures, load_labelled, pictures_of, splits_of
from skimgrec.cli._run_folder import RunFolder, place_of, run_folder

if TYPE_CHECKING:
    from skimgrec.cli._progress import Progress

# What the numbers do not depend on, so that a run goes on whatever these are.
_IMMATERIAL = {"n_jobs", "run", "fresh"}
# Fits run in processes of their own, so that one that takes up all memory costs its own line alone.
ISOLATE = True


@dataclass(frozen=True, kw_only=True)
class Request:
    """The options that `skimgrec compare` and `skimgrec tune` share, parsed.

    Parameters
    ----------
    data : str
        As the user calls it.
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
    seed : int
        Of all random choices.
    n_jobs, threads : int or None
        Fits at the same time, and threads of each.
    fit_timeout : float or None
        Seconds of one fit.
    run : Path or None
        The folder that the user has named.
    fresh : bool
        Whether an earlier run is forgotten.
    """

    command: ClassVar[str]

    data: str
    metrics: list[str]
    limit: int | None
    size: int | None
    grey: bool
    near_duplicates: str
    cv: int | str
    seed: int
    n_jobs: int | None
    threads: int | None
    fit_timeout: float | None
    run: Path | None
    fresh: bool

    def folder(self) -> tuple[RunFolder, str | None]:
        """Return where fits are kept, named by all that they depend on, and what is to be said about it."""
        inputs = {name: value for name, value in asdict(self).items() if name not in _IMMATERIAL}
        inputs |= {"data": place_of(self.data), "command": self.command}
        return run_folder(self.run, inputs, fresh=self.fresh)

    def load(self, shown: Progress) -> Pictures:
        """Load the pictures with progress, which may take long, once the metrics are known to be right."""
        from skimgrec.model_selection._arguments import scorers_of

        scorers_of(self.metrics)
        own_split = self.cv == "own"
        dataset = load_labelled(
            self.data,
            shown,
            image_size=None if self.size is None else (self.size, self.size),
            grey=self.grey,
            subset="all" if own_split else "train",
        )
        return pictures_of(dataset, name=self.data, limit=self.limit, seed=self.seed, own_split=own_split)

    def options(self, pictures: Pictures, *, repeats: int = 1) -> dict[str, Any]:
        """Return the arguments that `prepare_comparison` and `prepare_tuning` have in common."""
        return {
            "cv": splits_of(self.cv, pictures, repeats=repeats, seed=self.seed),
            "scoring": self.metrics,
            "near_duplicates": self.near_duplicates,
            "n_jobs": self.n_jobs,
            "n_threads": self.threads,
            "fit_timeout": self.fit_timeout,
            "isolate": ISOLATE,
        }
