"""The command ``skimgrec tune``."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
from skimgrec.cli._values import folds_of, names_of, seconds_of

if TYPE_CHECKING:
    from skimgrec.cli._progress import Progress
    from skimgrec.model_selection import Comparison, FoldRow, TuneResult, Tuning


def tune(
    data: Annotated[
        str,
        data_argument("Pictures to tune on"),
    ],
    model: Annotated[str, typer.Option(metavar="NAME", help="Which model; 'skimgrec models' lists them.")],
    param: Annotated[
        list[str],
        typer.Option(
            metavar="NAME=VALUES",
            help="What to try for one parameter, once for each: values separated by commas, as in filters=16,32 or "
            "hidden_layer_sizes='(10,),(50,20)', or a range LOW:HIGH or LOW:HIGH:log, as in "
            "learning_rate=1e-4:1e-1:log.",
        ),
    ],
    method: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="How settings are found: grid (every combination), random, halving (many on few pictures, the best of "
            "them on more and more), or optuna.",
        ),
    ] = "grid",
    n_iter: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="How many settings are drawn; 20 without it.")
    ] = None,
    resource: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="What the rounds of halving have more and more of: n_samples, training pictures, or a parameter of "
            "the model, such as epochs.",
        ),
    ] = "n_samples",
    factor: Annotated[
        int,
        typer.Option(min=2, metavar="N", help="How many times more of it each round of halving has."),
    ] = 3,
    cv: Annotated[str, CV] = "5",
    train_score: Annotated[bool, typer.Option("--train-score", help="Also score the pictures learnt from.")] = False,
    metrics: Annotated[str, METRICS] = "accuracy",
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw every parameter against the score, as in tune.png.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Fit the model with the best setting, the first one of equals, once more, on all pictures, or on the "
            "training pictures with --cv own, and save it to this file, such as best.skimgrec.",
        ),
    ] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Save the result to this file.")] = None,
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
    seed: Annotated[int, SEED] = 0,
    n_jobs: Annotated[int | None, N_JOBS] = None,
    threads: Annotated[int | None, THREADS] = None,
    fit_timeout: Annotated[str | None, FIT_TIMEOUT] = None,
    run: Annotated[Path | None, RUN] = None,
    fresh: Annotated[bool, FRESH] = False,
) -> None:
    """Search for the parameters with which a model scores best, every setting on the same splits.

    The pictures of a data set with a published test split are those of its training split, unless --cv own says
    otherwise. A setting that fails, or takes up all memory, is listed with the reason. Ctrl-C ends the search and shows
    what is finished; the same command then goes on from there, as it does after a crash.

    Example: skimgrec tune digits --model knn --param n_neighbors=1,3,5,9 --train-score --plot neighbours.png

    Example: skimgrec tune pictures --model cnn --param learning_rate=1e-4:1e-1:log --param filters=16,32 --method
    random --n-iter 20
    """
    from skimgrec.cli._progress import progress
    from skimgrec.cli._tune_request import TuneRequest, prepare

    prepared, interrupted = None, False
    try:
        with progress() as shown:
            with bad_input_is_reported():
                check_can_save_all(("--output", output), ("--json", json), ("--plot", plot))
                if plot is not None:
                    check_can_draw("skimgrec tune", "--plot", plot)
                request = TuneRequest(
                    data=data,
                    model=model,
                    params=param,
                    method=method,
                    n_iter=n_iter,
                    resource=resource,
                    factor=factor,
                    train_score=train_score,
                    metrics=names_of(metrics),
                    limit=limit,
                    size=size,
                    grey=grey,
                    near_duplicates=near_duplicates.value,
                    cv=folds_of(cv),
                    seed=seed,
                    n_jobs=n_jobs,
                    threads=threads,
                    fit_timeout=seconds_of("--fit-timeout", fit_timeout),
                    run=run,
                    fresh=fresh,
                )
                prepared = prepare(request, shown)
            _measure(prepared.tuning, shown)
    except KeyboardInterrupt:
        interrupted = True
    if prepared is None or not prepared.tuning.n_measured:
        typer.echo("Interrupted before the first fit was finished.", err=True)
        raise typer.Exit(INTERRUPTED)
    tuning = prepared.tuning
    if interrupted:
        typer.echo(
            f"Interrupted after {tuning.n_measured} of {tuning.n_planned} fits."
            f"{' The same command goes on from there.' if prepared.folder.path else ''}",
            err=True,
        )
    result = prepared.result()
    # Files first: the program that reads what is printed may be gone.
    written = write_files((json, "Saved", result.to_json), (plot, "Drawn", partial(_draw, result)))
    show(result)
    if interrupted:
        if output is not None:
            typer.echo(f"No model is saved to {printable(output)}: the search is not finished.", err=True)
        raise typer.Exit(INTERRUPTED)
    if output is not None:
        best = result.best_
        winner = None if best is None else tuning.model_with(best)
        save_best(winner, result.rounds[-1], best, tuning.whole, output, tuned=model)
    if not written:
        raise typer.Exit(2)
    # Until now the same command would have gone on from here.
    prepared.folder.finish()
    if result.best_ is None and not any(ranked.standing.n_scored for ranked in result.ranking()):
        raise typer.Exit(1)


def _measure(tuning: Tuning, shown: Progress) -> None:
    on_row: Callable[[FoldRow], None] | None = None
    said = False

    def on_round(line: str, comparison: Comparison) -> None:
        nonlocal on_row, said
        if line:
            shown.say(line)
        if comparison.n_resumed and not said:
            said = True
            shown.say("Fits that an earlier run has finished are taken from there; --fresh measures all anew.")
        on_row = shown.begin(comparison)

    with closing(tuning.measure(on_round)) as rows:
        for row in rows:
            if on_row is not None:
                on_row(row)


def _draw(result: TuneResult, path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from skimgrec.inspection import TuningDisplay
    from skimgrec.inspection._matplotlib import save_figure

    save_figure(TuningDisplay.from_result(result).figure_, path)
