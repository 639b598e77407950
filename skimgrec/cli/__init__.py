"""The command ``skimgrec``. Each command imports what it needs when it runs, so that help comes at once."""

from __future__ import annotations

from typing import Annotated

import typer

from skimgrec.cli._check import check
from skimgrec.cli._compare import compare
from skimgrec.cli._evaluate import evaluate
from skimgrec.cli._export import export
from skimgrec.cli._help import Command
from skimgrec.cli._info import info
from skimgrec.cli._models import models
from skimgrec.cli._predict import predict
from skimgrec.cli._similar import similar
from skimgrec.cli._train import train
from skimgrec.cli._tune import tune

__all__ = ["app"]

app = typer.Typer(
    name="skimgrec",
    help="Compare image classifiers, from 1-nearest-neighbour to a CNN, on the same splits.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command(cls=Command)(compare)
app.command(cls=Command)(tune)
app.command(cls=Command)(train)
app.command(cls=Command)(predict)
app.command(cls=Command)(evaluate)
app.command(cls=Command)(similar)
app.command(cls=Command)(info)
app.command(cls=Command)(models)
app.command(cls=Command)(check)
app.command(cls=Command)(export)


def _show_version(wanted: bool) -> None:
    if wanted:
        from skimgrec import __version__

        typer.echo(f"skimgrec {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass
