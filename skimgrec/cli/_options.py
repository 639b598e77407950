"""Arguments and options that several commands have."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import typer


class NearDuplicates(StrEnum):
    """What is done about pictures that are almost the same."""

    SAY = "say"
    IGNORE = "ignore"
    GROUP = "group"


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
CV: Any = typer.Option(
    metavar="HOW",
    help="Number of folds; or holdout: test once, on a fifth of the pictures; or own: learn from the data's training "
    "pictures, and test on its test pictures.",
)
METRICS: Any = typer.Option(
    metavar="NAMES", help="What is measured, by scikit-learn's names, separated by commas. The first one decides."
)
NEAR_DUPLICATES: Any = typer.Option(
    metavar="say|ignore|group",
    help="What to do about near duplicates, which make a test easy where one of them is learnt from: say how many "
    "there are, ignore them, or group them, so that each group is in one fold.",
)
N_JOBS: Any = typer.Option(metavar="N", help="How many fits to run at the same time; -1: one for each processor.")
THREADS: Any = typer.Option(
    min=1,
    metavar="N",
    help="Threads of each network; without it, Keras takes all processors. Networks come out the same, to the last "
    "bit, where their number is the same.",
)
FIT_TIMEOUT: Any = typer.Option(metavar="TIME", help="Give a fit up after this time: 90, 90s, 10m or 1h30m.")
RUN: Any = typer.Option(
    metavar="FOLDER",
    help="Keep every fit in this folder. The same command then prints the table at once. Without it, fits are kept in "
    "the cache folder until all are finished, so that the same command goes on where an earlier one was cut short.",
)
FRESH: Any = typer.Option("--fresh", help="Measure all anew, whatever an earlier run has left.")
