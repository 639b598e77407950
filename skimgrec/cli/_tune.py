"""The command ``skimgrec tune``."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from skimgrec.cli._errors import bad_input_is_reported
from skimgrec.cli._labelled import load_labelled, pictures_of, splits_of
from skimgrec.cli._options import GREY, LIMIT, SEED, SIZE, data_argument
from skimgrec.cli._output import INTERRUPTED, check_can_draw, check_can_save, printable, save_best, show, write_files
from skimgrec.cli._values import folds_of

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
    cv: Annotated[
        str,
        typer.Option(
            metavar="N",
            help="Number of folds; holdout for one split, which tests on a fifth; own for the data's own training and "
            "test split.",
        ),
    ] = "5",
    train_score: Annotated[bool, typer.Option("--train-score", help="Also score the pictures learnt from.")] = False,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw every parameter against the score, as in tune.png.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Fit the model with the best setting once more, on all pictures, or on the training pictures with "
            "--cv own, and save it to this file, such as best.skimgrec.",
        ),
    ] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Save the result to this file.")] = None,
    run: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Keep what is finished here; the same command goes on where it ended."),
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
    n_jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "--n-jobs", metavar="N", help="How many fits to run at the same time; -1: one for each processor."
        ),
    ] = None,
    seed: Annotated[int, SEED] = 0,
) -> None:
    """Search for the parameters with which a model scores best, every setting on the same splits.

    The pictures of a data set with a published test split are those of its training split, unless --cv own says
    otherwise. A setting that fails is listed with the reason. Ctrl-C ends the search and shows what is finished.

    Example: skimgrec tune digits --model knn --param n_neighbors=1,3,5,9 --train-score --plot neighbours.png

    Example: skimgrec tune pictures --model cnn --param learning_rate=1e-4:1e-1:log --param filters=16,32 --method
    random --n-iter 20
    """
    from skimgrec.cli._progress import progress

    tuning, interrupted = None, False
    try:
        with progress() as shown:
            with bad_input_is_reported():
                from skimgrec import model_selection

                check_can_save("--output", output)
                check_can_save("--json", json)
                check_can_save("--plot", plot)
                if plot is not None:
                    check_can_draw("skimgrec tune", "--plot", plot)
                splits = folds_of(cv)
                params = model_selection.parse_params(param)
                image_size = None if size is None else (size, size)
                own = splits == "own"
                dataset = load_labelled(data, shown, image_size=image_size, grey=grey, subset="all" if own else "train")
                pictures = pictures_of(dataset, name=data, limit=limit, seed=seed, own_split=own)
                tuning = model_selection.prepare_tuning(
                    model,
                    pictures.X,
                    pictures.y,
                    params,
                    method=method,
                    n_iter=n_iter,
                    cv=splits_of(splits, pictures, repeats=1, seed=seed),
                    return_train_score=train_score,
                    n_jobs=n_jobs,
                    random_state=seed,
                    run_dir=run,
                )
            _measure(tuning, shown)
    except KeyboardInterrupt:
        interrupted = True
    if tuning is None or not tuning.n_measured:
        typer.echo("Interrupted before the first fit was finished.", err=True)
        raise typer.Exit(INTERRUPTED)
    if interrupted:
        typer.echo(f"Interrupted after {tuning.n_measured} of {tuning.n_planned} fits.", err=True)
    result = tuning.result()
    for comparison in result.rounds:
        comparison.data_name, comparison.drawn_from = data, pictures.drawn_from
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
    if result.best_ is None and not any(ranked.standing.n_scored for ranked in result.ranking()):
        raise typer.Exit(1)


def _measure(tuning: Tuning, shown: Progress) -> None:
    on_row: Callable[[FoldRow], None] | None = None

    def on_round(line: str, comparison: Comparison) -> None:
        nonlocal on_row
        if line:
            shown.say(line)
        on_row = shown.begin(comparison)

    with closing(tuning.measure(on_round)) as rows:
        for row in rows:
            if on_row is not None:
                on_row(row)


def _draw(result: TuneResult, path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from skimgrec.inspection import TuningDisplay

    display = TuningDisplay.from_result(result)
    display.figure_.savefig(path, dpi=150)
