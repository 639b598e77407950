"""What ``skimgrec tune`` is asked for, and the search that this makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from skimgrec.cli._labelled import Pictures
from skimgrec.cli._request import Request
from skimgrec.cli._run_folder import RunFolder

if TYPE_CHECKING:
    from skimgrec import TuneResult
    from skimgrec.cli._progress import Progress
    from skimgrec.model_selection import Tuning


@dataclass(frozen=True, kw_only=True)
class TuneRequest(Request):
    """The options of the command, parsed.

    Parameters
    ----------
    model : str
        By name.
    params : list of str
        What to try, each as "name=values".
    method : str
        How settings are found.
    n_iter : int or None
        How many are drawn.
    resource : str
        What the rounds of successive halving have more and more of.
    factor : int
        How many times more in each round.
    train_score : bool
        Whether training pictures are scored too.
    """

    command: ClassVar[str] = "tune"

    model: str
    params: list[str]
    method: str
    n_iter: int | None
    resource: str
    factor: int
    train_score: bool


@dataclass(frozen=True)
class PreparedTuning:
    """A search that is ready to be measured.

    Parameters
    ----------
    request : TuneRequest
        What it was made from.
    pictures : Pictures
        What it measures on.
    tuning : Tuning
        The search.
    folder : RunFolder
        Where it keeps what is measured.
    """

    request: TuneRequest
    pictures: Pictures
    tuning: Tuning
    folder: RunFolder

    def result(self) -> TuneResult:
        """Return what is measured so far, with the names of data and files."""
        result = self.tuning.result()
        for comparison in result.rounds:
            self.pictures.name(comparison)
        return result


def prepare(request: TuneRequest, shown: Progress) -> PreparedTuning:
    """Load the pictures and make the splits, without measuring anything.

    Parameters
    ----------
    request : TuneRequest
        What is asked for.
    shown : Progress
        Is told what happens.

    Returns
    -------
    prepared : PreparedTuning
    """
    from skimgrec import model_selection

    search = model_selection.plan_search(
        request.model,
        model_selection.parse_params(request.params),
        method=request.method,
        n_iter=request.n_iter,
        resource=request.resource,
        factor=request.factor,
        random_state=request.seed,
    )
    folder, note = request.folder()
    pictures = request.load(shown)
    shown.doing("making the splits")
    if note is not None:
        shown.say(note)
    tuning = model_selection.prepare_tuning(
        search,
        pictures.X,
        pictures.y,
        return_train_score=request.train_score,
        **request.options(pictures),
    )
    if folder.path is not None:
        # An earlier run is forgotten only now that all options are known to be right.
        folder.begin(fresh=request.fresh)
        folder.mark()
        tuning.keep_in(folder.path)
    return PreparedTuning(request, pictures, tuning, folder)
