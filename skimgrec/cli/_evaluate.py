"""The command ``skimgrec evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skimgrec.cli._errors import bad_input_is_reported
from skimgrec.cli._options import MODEL, TRUST, data_argument
from skimgrec.cli._output import INTERRUPTED, check_can_save, printable, show

if TYPE_CHECKING:
    from skimgrec.cli._evaluation import Evaluation


def evaluate(
    model: Annotated[Path, MODEL],
    data: Annotated[
        str,
        data_argument("Labelled pictures"),
    ],
    part: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Which part of the data: train, val, test or all. Without it the test pictures, and all where there "
            "is no such part.",
        ),
    ] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Save the scores to this file.")] = None,
    trust: Annotated[
        list[str] | None,
        TRUST,
    ] = None,
) -> None:
    """Measure how good a model is on labelled pictures.

    Accuracy, macro F1, log loss, and a table of every class: precision, recall, F1 and number of pictures. It says so
    if the pictures are those that the model has learnt from.

    Example: skimgrec evaluate cats.skimgrec pictures
    """
    from skimgrec.cli._progress import progress

    try:
        with bad_input_is_reported():
            check_can_save("--json", json)
            from skimgrec.cli._evaluation import evaluation
            from skimgrec.cli._model_file import Model

            with progress() as shown:
                found: Evaluation = evaluation(Model(model, trust or []), data, part, shown)
    except KeyboardInterrupt:
        typer.echo("Interrupted before there was a score.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    for note in found.notes:
        typer.echo(printable(note), err=True)
    show(found)
    if json is not None:
        with bad_input_is_reported():
            _save(json, found.to_dict())
        typer.echo(f"Saved to {printable(json)}", err=True)


def _save(path: Path, content: dict[str, Any]) -> None:
    import json

    from skimgrec.utils._files import write_atomically

    write_atomically(path, json.dumps(content, indent=2) + "\n")
