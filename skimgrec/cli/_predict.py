"""The command ``skimgrec predict``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from skimgrec.cli._errors import bad_input_is_reported
from skimgrec.cli._options import FILES_FROM, MODEL, TRUST
from skimgrec.cli._output import INTERRUPTED, printable


def predict(
    model: Annotated[Path, MODEL],
    pictures: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PICTURES...",
            help="Picture files, folders, which stand for all pictures in them, and patterns such as 'new/*.jpg'; "
            "- is one picture from standard input.",
        ),
    ] = None,
    top: Annotated[int, typer.Option(min=1, metavar="N", help="Give the N most probable classes of each.")] = 1,
    threshold: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=1.0,
            metavar="P",
            help="Give no class to a picture whose most probable class is less probable than this.",
        ),
    ] = None,
    csv: Annotated[
        bool, typer.Option("--csv", help="Print a CSV table: file, rank, class, probability, error.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON: a list with an entry for each file.")] = False,
    files_from: Annotated[
        Path | None,
        FILES_FROM,
    ] = None,
    trust: Annotated[
        list[str] | None,
        TRUST,
    ] = None,
) -> None:
    """Say what is on pictures.

    There is a line for each picture, in the order in which they are named: the file, the class, its probability. A file
    that cannot be read has a message in its place on standard error, and as "error" in CSV and JSON; the others are
    answered all the same.

    The exit status is 0 if every picture got an answer, 1 if a file could not be read, and 2 if there is no model or no
    picture at all.

    Example: skimgrec predict cats.skimgrec new/*.jpg

    Example: skimgrec predict cats.skimgrec photographs --top 3 --csv > answers.csv

    Example: curl -s https://example.org/cat.jpg | skimgrec predict cats.skimgrec -
    """
    with bad_input_is_reported():
        if csv and json:
            raise ValueError("--csv and --json: the answers are printed in one form. Give one of them.")
        if files_from is not None and str(files_from) == "-" and "-" in (pictures or []):
            raise ValueError("--files-from - and PICTURES -: standard input holds either names or one picture.")
    from skimgrec.cli._quick_start import quick_start

    with quick_start():
        _answer(model, trust or [], pictures or [], files_from, top=top, threshold=threshold, csv=csv, json=json)


def _answer(
    model: Path,
    trusted: list[str],
    pictures: list[str],
    files_from: Path | None,
    *,
    top: int,
    threshold: float | None,
    csv: bool,
    json: bool,
) -> None:
    """Print the answers."""
    from skimgrec.cli._answers import Answers, writer_for
    from skimgrec.cli._named_pictures import named_pictures

    with bad_input_is_reported():
        from skimgrec.cli._model_file import Model

        loaded = Model(model, trusted)
        named = named_pictures(pictures, files_from)
        answers = Answers(loaded, top=top, threshold=threshold)
    for note in named.notes:
        typer.echo(printable(note), err=True)
    writer = writer_for(named.files, csv=csv, json=json)
    n_failed = 0
    try:
        with bad_input_is_reported():  # the pictures may be none such as the model has learnt from
            for answer in answers.of(named.files):
                writer.write(answer)
                if answer.error is not None:
                    n_failed += 1
                    typer.echo(f"{printable(answer.file)}: {printable(answer.error)}", err=True)
    except KeyboardInterrupt:
        typer.echo("Interrupted before every picture was answered.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    finally:
        writer.close()
    if n_failed:
        typer.echo(f"{n_failed} of {len(named.files)} files could not be read.", err=True)
        raise typer.Exit(1)
