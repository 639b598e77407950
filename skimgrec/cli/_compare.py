"""The command ``skimgrec compare``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skimgrec.cli._errors import bad_input_is_reported

if TYPE_CHECKING:
    from sklearn.utils import Bunch


def compare(
    data: Annotated[
        str, typer.Argument(help="Pictures to compare on: digits, or mnist or cifar10 from the folder SKIMGREC_DATA.")
    ],
    models: Annotated[
        str | None, typer.Option(help="Which models, by name, separated by commas. All of them without it.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Use only so many pictures, with the same share of every class.")
    ] = None,
    cv: Annotated[int, typer.Option(min=2, help="Number of folds.")] = 5,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seed of all random choices.")] = 0,
    n_jobs: Annotated[
        int | None, typer.Option(help="How many fits to run at the same time; -1: one for each processor.")
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Save the result to this file.")] = None,
) -> None:
    """Compare models on the same stratified folds of a data set.

    The pictures of a data set with a published test split are those of its training split: the test pictures stay
    unseen, for a final measurement.
    """
    from rich.console import Console

    from skimgrec import model_selection
    from skimgrec.cli._progress import progress
    from skimgrec.datasets import load_dataset

    names = None if models is None else [name.strip() for name in models.split(",") if name.strip()]
    with bad_input_is_reported():
        _check_can_save(json)
        estimators = model_selection.candidates(names, random_state=seed)
        X, y = _pictures(load_dataset(data), limit, seed)
        with progress(list(estimators), n_folds=cv, n_jobs=n_jobs) as on_row:
            result = model_selection.compare(
                estimators, X, y, cv=cv, n_jobs=n_jobs, random_state=seed, on_row=on_row, data_name=data
            )
        if json is not None:
            result.to_json(json)
    console = Console()
    console.print(result)
    console.print()
    console.print(result.verdict(), markup=False, highlight=False, soft_wrap=True)
    if result.best is None and not any(standing.n_scored for standing in result.standings()):
        raise typer.Exit(1)


def _pictures(dataset: Bunch, limit: int | None, seed: int) -> tuple[Any, Any]:
    """Return pictures and the names of their classes."""
    from skimgrec.datasets import stratified_subset

    X, y = dataset.images, dataset.target_names[dataset.target]
    if limit is None:
        return X, y
    rows = stratified_subset(y, limit, random_state=seed)
    return X[rows], y[rows]


def _check_can_save(path: Path | None) -> None:
    """Raise an OSError now rather than after the comparison if `path` cannot be written."""
    if path is None:
        return
    if path.is_dir():
        raise IsADirectoryError(f"--json {path} is a folder, expected the name of a file.")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"--json {path}: there is no folder {path.parent}. Make it first.")
    if not os.access(path.parent, os.W_OK):
        raise PermissionError(f"--json {path}: the folder {path.parent} cannot be written to.")
