"""The command ``skimgrec compare``."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skimgrec.cli._errors import bad_input_is_reported
from skimgrec.cli._output import INTERRUPTED, check_can_save, show

if TYPE_CHECKING:
    from sklearn.utils import Bunch


def compare(
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            help="Pictures to compare on: the name of a data set, such as digits or mnist; a folder with one folder of "
            "pictures for each class; an .npz file; or a .csv or .parquet table with the columns path and label.",
        ),
    ],
    models: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="Which models, by name, separated by commas; 'skimgrec models' lists them. All of them without it.",
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Use only so many pictures, with the same share of every class."),
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Bring the pictures of a folder or a table to N x N pixels. Without it, pictures that have one size "
            "are kept as they are, others brought to 64 x 64.",
        ),
    ] = None,
    grey: Annotated[bool, typer.Option("--grey", help="Make the pictures of a folder or a table grey.")] = False,
    cv: Annotated[int, typer.Option(min=2, metavar="N", help="Number of folds.")] = 5,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, metavar="N", help="Seed of all random choices.")] = 0,
    n_jobs: Annotated[
        int | None, typer.Option(metavar="N", help="How many fits to run at the same time; -1: one for each processor.")
    ] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Save the result to this file.")] = None,
) -> None:
    """Compare models on the same stratified folds of a data set.

    The pictures of a data set with a published test split are those of its training split: the test pictures stay
    unseen, for a final measurement. So do those of a folder with a training and a test folder in it. Files that cannot
    be read are left out, and said. Ctrl-C ends the comparison and shows what is finished.

    Example: skimgrec compare mnist --models 1nn,forest+hog,cnn --limit 5000

    Example: skimgrec compare pictures --size 64
    """
    from skimgrec.cli._progress import progress

    names = None if models is None else [name.strip() for name in models.split(",") if name.strip()]
    comparison, interrupted = None, False
    try:
        with progress() as shown:
            with bad_input_is_reported():
                from skimgrec import model_selection
                from skimgrec.datasets import load_data

                check_can_save("--json", json)
                estimators = model_selection.candidates(names, random_state=seed)
                image_size = None if size is None else (size, size)
                dataset = load_data(data, image_size=image_size, grey=grey, on_read=shown.read)
                for note in dataset.notes:
                    shown.say(note)
                X, y, drawn_from = _pictures(dataset, limit, seed)
                comparison = model_selection.prepare_comparison(
                    estimators, X, y, cv=cv, n_jobs=n_jobs, random_state=seed
                )
            on_row = shown.begin(list(estimators), n_folds=cv, n_jobs=n_jobs)
            with closing(comparison.measure()) as rows:
                for row in rows:
                    on_row(row)
    except KeyboardInterrupt:
        interrupted = True
    if comparison is None or not comparison.rows:
        typer.echo("Interrupted before the first fit was finished.", err=True)
        raise typer.Exit(INTERRUPTED)
    if interrupted:
        typer.echo(f"Interrupted after {len(comparison.rows)} of {len(comparison.tasks)} fits.", err=True)
    result = comparison.result()
    result.data_name, result.drawn_from = data, drawn_from
    show(result)
    if json is not None:
        with bad_input_is_reported():
            result.to_json(json)
        typer.echo(f"Saved to {json}", err=True)
    if interrupted:
        raise typer.Exit(INTERRUPTED)
    if result.best is None and not any(standing.n_scored for standing in result.standings()):
        raise typer.Exit(1)


def _pictures(dataset: Bunch, limit: int | None, seed: int) -> tuple[Any, Any, str | None]:
    """Return pictures, the names of their classes, and what they are a part of, if they are."""
    from skimgrec.datasets import stratified_subset

    X, y = dataset.images, dataset.target_names[dataset.target]
    if limit is None or limit == len(y):
        return X, y, None
    rows = stratified_subset(y, limit, random_state=seed)
    return X[rows], y[rows], f"{len(y):,} {'training ' if 'split' in dataset else ''}pictures"
