"""The best model of a comparison or a search, fitted once more and saved."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn.base import clone

from skimgrec.cli._model_file import data_entry, save_with_loader

if TYPE_CHECKING:
    from skimgrec import ComparisonResult
    from skimgrec.model_selection import Comparison


def save_winner(
    model: Any, result: ComparisonResult, name: str, comparison: Comparison, path: Path, **training: Any
) -> str | None:
    """Fit the winner on what it may learn from, and save it.

    Those are `Comparison.rows_to_refit`.

    Parameters
    ----------
    model : estimator
        Cloned before it is fitted.
    result : ComparisonResult
        With its scores.
    name : str
        Its name in there.
    comparison : Comparison
        With the pictures.
    path : Path
        The file to write.
    **training : object
        What the card says of the training besides.

    Returns
    -------
    note : str or None
        What the file cannot do, if anything.
    """
    rows = comparison.rows_to_refit
    X, y = comparison.X[rows], comparison.y[rows]
    model = clone(model)
    start = time.perf_counter()
    model.fit(X, y)
    seconds = time.perf_counter() - start
    (standing,) = (entry for entry in result.standings() if entry.estimator == name)
    scores: dict[str, Any] = dict(standing.mean)
    if result.n_folds > 1:
        scores["standard_deviations"] = dict(standing.std)
    card = {
        "data": data_entry(result.data_name or "", X, y),
        "training": {"model": name, "seed": result.seed, "seconds": round(seconds, 3), **training},
        "scores": {**scores, "measured_by": result.cv, "models_compared": len(result.estimators)},
    }
    return save_with_loader(model, path, X, card)
