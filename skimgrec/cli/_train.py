"""The command ``skimgrec train``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from skimgrec.cli._errors import bad_input_is_reported
from skimgrec.cli._options import GREY, LIMIT, SEED, SIZE, data_argument
from skimgrec.cli._output import INTERRUPTED, check_can_save, file_size, printable
from skimgrec.cli._values import held_out_of


def train(
    data: Annotated[
        str,
        data_argument("Pictures to learn from"),
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help="The model file to write, such as cats.skimgrec."),
    ],
    model: Annotated[str, typer.Option(metavar="NAME", help="Which model; 'skimgrec models' lists them.")] = "cnn",
    size: Annotated[
        int | None,
        SIZE,
    ] = None,
    grey: Annotated[bool, GREY] = False,
    epochs: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="How often a network goes through the pictures.")
    ] = None,
    augment: Annotated[
        str | None,
        typer.Option(
            metavar="HOW", help="Let a network see its pictures changed at random in every epoch: flip or light."
        ),
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="Another parameter of the model, once for each, such as filters=32 or n_estimators=300.",
        ),
    ] = None,
    val: Annotated[
        str | None,
        typer.Option(
            metavar="HOW",
            help="Which pictures are held out for the score: a share, such as 0.2, or a number of them; own for the "
            "data's own test pictures; none to learn from all there are. Without it, own where there are such, "
            "and 0.2 elsewhere.",
        ),
    ] = None,
    limit: Annotated[
        int | None,
        LIMIT,
    ] = None,
    threads: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Threads of the fit; all processors without it. Networks come out the same, to the last bit, where "
            "their number is the same.",
        ),
    ] = None,
    seed: Annotated[int, SEED] = 0,
) -> None:
    """Train a model, score it on pictures that it has not seen, and save it to one file.

    The file holds everything that 'skimgrec predict' needs: how picture files are read and brought to size, the
    model, and the names of the classes. Files of DATA that cannot be read are left out, and said.

    Ctrl-C ends the training of a network after the last whole epoch, and what it has learnt is scored and saved. Other
    models are then not saved.

    Example: skimgrec train pictures --epochs 12 --augment light -o cats.skimgrec

    Example: skimgrec train pictures --model logistic --size 64 --val 0.2 -o baseline.skimgrec
    """
    from skimgrec.cli._progress import progress

    try:
        with bad_input_is_reported():
            check_can_save("--output", output)
            from skimgrec.cli._training import prepare

            with progress() as shown:
                training = prepare(
                    data,
                    model,
                    shown=shown,
                    size=size,
                    grey=grey,
                    options={"epochs": epochs, "augmentation": augment},
                    params=param or [],
                    held_out=held_out_of(val),
                    limit=limit,
                    threads=threads,
                    seed=seed,
                )
            typer.echo(training.plan(), err=True)
            messages = training.fit()
        for message in messages:
            typer.echo(f"Warning: {printable(message)}", err=True)
        # Whatever befalls the score, what is learnt is kept.
        with bad_input_is_reported():
            note = training.save(output)
    except KeyboardInterrupt:
        typer.echo("Interrupted: no model is saved.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    try:
        for line in training.score():
            typer.echo(line)
        if training.scores:
            training.save(output)
    except KeyboardInterrupt:
        training.interrupted = True
        typer.echo("Interrupted: the model is saved without its score.", err=True)
    if note is not None:
        typer.echo(note, err=True)
    typer.echo(f"Saved to {printable(output)}, {file_size(output)}.", err=True)
    if training.interrupted:
        raise typer.Exit(INTERRUPTED)
