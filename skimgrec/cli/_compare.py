"""The command ``skimgrec compare``."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from skimgrec.cli._compare_outputs import draw_curves, save_predictions, show_curves, show_label_errors
from skimgrec.cli._errors import bad_input_is_reported
from skimgrec.cli._options import (
    CV,
    FIT_TIMEOUT,
    FRESH,
    GREY,
    LIMIT,
    METRICS,
    N_JOBS,
    NEAR_DUPLICATES,
    RUN,
    SEED,
    SIZE,
    THREADS,
    NearDuplicates,
    data_argument,
)
from skimgrec.cli._output import (
    INTERRUPTED,
    check_can_draw,
    check_can_save_all,
    printable,
    save_best,
    show,
    write_files,
)
from skimgrec.cli._report_output import save_report
from skimgrec.cli._values import folds_of, names_of, seconds_of, train_sizes_of

if TYPE_CHECKING:
    from skimgrec.cli._compare_request import CompareRequest


def compare(
    context: typer.Context,
    data: Annotated[
        str,
        data_argument("Pictures to compare on"),
    ],
    models: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="Which models, by name, separated by commas; 'skimgrec models' lists them. Without it, some that "
            "are quick or strong.",
        ),
    ] = None,
    limit: Annotated[
        int | None,
        LIMIT,
    ] = None,
    size: Annotated[
        int | None,
        SIZE,
    ] = None,
    grey: Annotated[bool, GREY] = False,
    near_duplicates: Annotated[NearDuplicates, NEAR_DUPLICATES] = NearDuplicates.SAY,
    cv: Annotated[str, CV] = "5",
    repeats: Annotated[int, typer.Option(min=1, metavar="N", help="Make the folds so many times, each time anew.")] = 1,
    seed: Annotated[int, SEED] = 0,
    metrics: Annotated[str, METRICS] = "accuracy,f1_macro",
    train_sizes: Annotated[
        str | None,
        typer.Option(
            metavar="SIZES",
            help="Learn from smaller parts of the training pictures, too, and print the learning curves: shares or "
            "numbers of pictures, such as 0.1,0.3,1.",
        ),
    ] = None,
    n_jobs: Annotated[int | None, N_JOBS] = None,
    threads: Annotated[int | None, THREADS] = None,
    fit_timeout: Annotated[str | None, FIT_TIMEOUT] = None,
    budget: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Be done after this time, loading included: the cheapest models come first; what is cut is said.",
        ),
    ] = None,
    run: Annotated[Path | None, RUN] = None,
    fresh: Annotated[bool, FRESH] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Fit the best model once more, the first one of equals, on all pictures, or on the training pictures "
            "with --cv own, and save it to this file, such as best.skimgrec.",
        ),
    ] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Save the result to this file.")] = None,
    predictions: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Save what every model answered about each picture that it had not learnt from, as .csv.",
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write a report to this file, such as report.html: one page with the table, the charts, and what each "
            "model gets wrong, picture by picture.",
        ),
    ] = None,
    curves: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the learning curves of --train-sizes, such as curves.png.")
    ] = None,
    label_errors: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Print the N pictures whose label is most likely wrong, as the best model sees it."
        ),
    ] = None,
) -> None:
    """Compare models on the same splits of a data set.

    The pictures of a data set with a published test split are those of its training split: the test pictures stay
    unseen, for a final measurement with --cv own. So do those of a folder with a training and a test folder in it.
    Files that cannot be read are left out, and said. A model that fails, or takes up all memory, costs its own line
    alone. Ctrl-C ends the comparison and shows what is finished; the same command then goes on from there, as it does
    after a crash.

    Example: skimgrec compare mnist --models 1nn,forest+hog,cnn --limit 5000

    Example: skimgrec compare pictures --size 64 --cv own --budget 10m

    Example: skimgrec compare pictures --train-sizes 0.1,0.3,1 --curves curves.png
    """
    from skimgrec.cli._compare_request import CompareRequest, prepare
    from skimgrec.cli._progress import progress

    prepared, interrupted = None, False
    try:
        with progress() as shown:
            with bad_input_is_reported():
                check_can_save_all(
                    ("--output", output),
                    ("--json", json),
                    ("--predictions", predictions),
                    ("--report", report),
                    ("--curves", curves),
                )
                if report is not None and report.suffix.lower() not in (".html", ".htm"):
                    raise ValueError(f"--report {report}: expected a file name that ends in .html.")
                request = CompareRequest(
                    data=data,
                    models=None if models is None else names_of(models),
                    limit=limit,
                    size=size,
                    grey=grey,
                    near_duplicates=near_duplicates.value,
                    cv=folds_of(cv),
                    repeats=repeats,
                    seed=seed,
                    metrics=names_of(metrics),
                    train_sizes=train_sizes_of(train_sizes),
                    keep_probabilities=label_errors is not None or report is not None,
                    n_jobs=n_jobs,
                    threads=threads,
                    fit_timeout=seconds_of("--fit-timeout", fit_timeout),
                    budget=seconds_of("--budget", budget),
                    run=run,
                    fresh=fresh,
                )
                if curves is not None:
                    _check_curves(curves, request)
                prepared = prepare(request, shown)
            comparison = prepared.comparison
            on_row = shown.begin(comparison, budget=comparison.seconds_left)
            with closing(comparison.measure()) as rows:
                for row in rows:
                    on_row(row)
    except KeyboardInterrupt:
        interrupted = True
    # Fits on parts of the training pictures alone make no table.
    if prepared is None or all(row.train_size is not None for row in prepared.comparison.rows):
        typer.echo(
            f"{'Interrupted' if interrupted else 'The budget ended'} before the first fit was finished.", err=True
        )
        raise typer.Exit(INTERRUPTED if interrupted else 1)
    comparison = prepared.comparison
    if interrupted:
        typer.echo(
            f"Interrupted after {len(comparison.rows)} of {len(comparison.tasks)} fits."
            f"{' The same command goes on from there.' if prepared.folder.path else ''}",
            err=True,
        )
    result = prepared.result()
    # Files first: the program that reads what is printed may be gone.
    written = write_files(
        (json, "Saved", result.to_json),
        (predictions, "Saved", partial(save_predictions, result)),
        (curves, "Drawn", partial(draw_curves, result)),
        (report, "Saved", partial(save_report, result, prepared.pictures, context)),
    )
    show(result)
    if request.train_sizes is not None:
        show_curves(result)
    if label_errors is not None:
        show_label_errors(result, label_errors)
    if interrupted:
        if output is not None:
            typer.echo(f"No model is saved to {printable(output)}: the comparison is not finished.", err=True)
        raise typer.Exit(INTERRUPTED)
    if output is not None:
        best = result.best
        save_best(None if best is None else comparison.estimators[best], result, best, comparison, output)
    if not written:
        raise typer.Exit(2)
    # Until now the same command would have gone on from here.
    prepared.folder.finish()
    if result.best is None and not any(standing.n_scored for standing in result.standings()):
        raise typer.Exit(1)


def _check_curves(path: Path, request: CompareRequest) -> None:
    if request.train_sizes is None:
        raise ValueError(f"--curves {path}: there are no learning curves to draw without --train-sizes.")
    if request.train_sizes == [1.0]:
        raise ValueError(
            f"--curves {path}: --train-sizes names all pictures alone, which is no curve. Name a smaller part."
        )
    check_can_draw("skimgrec compare", "--curves", path)
