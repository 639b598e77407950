"""Arguments and options that several commands have."""

from __future__ import annotations

from typing import Any

import typer


def data_argument(what: str) -> Any:
    """Return the argument DATA, labelled pictures, of a command that uses them for what is said."""
    return typer.Argument(
        metavar="DATA",
        help=f"{what}: the name of a data set, such as digits or mnist; a folder with one folder of pictures for each "
        "class; an .npz file; or a .csv or .parquet table with the columns path and label.",
    )


MODEL: Any = typer.Argument(metavar="MODEL", help="A model file, as 'skimgrec train' writes it.")
SIZE: Any = typer.Option(
    min=1,
    metavar="N",
    help="Bring the pictures of a folder or a table to N x N pixels. Without it, pictures that have one size are kept "
    "as they are, others brought to 64 x 64.",
)
GREY: Any = typer.Option("--grey", help="Make the pictures of a folder or a table grey.")
LIMIT: Any = typer.Option(min=1, metavar="N", help="Use only so many pictures, with the same share of every class.")
SEED: Any = typer.Option(min=0, max=2**32 - 1, metavar="N", help="Seed of all random choices.")
FILES_FROM: Any = typer.Option(
    metavar="FILE", help="Take more names from this file, one on each line; - is standard input."
)
TRUST: Any = typer.Option(
    metavar="NAME",
    help="Import this class or function of somebody else's, which a model needs; 'skimgrec info' lists them.",
)
