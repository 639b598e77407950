"""The command ``skimgrec check``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from skimgrec.cli._errors import bad_input_is_reported
from skimgrec.cli._output import INTERRUPTED, check_can_draw, check_can_save, printable, show

if TYPE_CHECKING:
    from skimgrec.datasets import ImageCheck


def check(
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            help="Pictures to check: the name of a data set, such as digits or mnist; a folder with one folder of "
            "pictures for each class, or with pictures alone; an .npz file; or a .csv or .parquet table with the "
            "columns path and label.",
        ),
    ],
    json: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Save the findings and groups to this file.")
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Save a contact sheet of the findings, such as sheet.png.")
    ] = None,
    size: Annotated[
        int, typer.Option(min=1, metavar="N", help="Show at most so many findings of each kind on the sheet.")
    ] = 12,
    near_duplicates: Annotated[
        bool, typer.Option("--near-duplicates/--no-near-duplicates", help="Look for near duplicates, too.")
    ] = True,
) -> None:
    """Find what is wrong with a set of pictures.

    Unreadable files; exact and near duplicates, within a class, across classes, and across training and test pictures;
    almost empty pictures; odd sizes, proportions and kinds of pixels; pictures turned by EXIF; tiny and rare classes.

    The exit status is 0 if nothing was found, 1 if something was, and 2 if DATA cannot be checked.

    Example: skimgrec check pictures --sheet sheet.png
    """
    with bad_input_is_reported():
        for option, path in (("--json", json), ("--sheet", sheet)):
            check_can_save(option, path)
        if sheet is not None:
            check_can_draw("skimgrec check", "--sheet", sheet)
        from skimgrec.datasets._check_data import check_data

        try:
            found, notes = check_data(data, near_duplicates=near_duplicates, verbose=int(sys.stderr.isatty()))
        except KeyboardInterrupt:
            typer.echo("Interrupted before the check was finished.", err=True)
            raise typer.Exit(INTERRUPTED) from None
    for note in notes:
        typer.echo(printable(note), err=True)
    _show(found)
    if json is not None:
        with bad_input_is_reported():
            found.to_json(json)
        typer.echo(f"Saved to {printable(json)}", err=True)
    if sheet is not None:
        _draw(found, sheet, size)
    if not found.is_clean:
        raise typer.Exit(1)


def _show(found: ImageCheck) -> None:
    show(found)
    if found.of_kind("exact_duplicate", "near_duplicate"):
        typer.echo("'skimgrec compare' and 'tune' keep all copies in one fold with --near-duplicates group.")


def _draw(found: ImageCheck, path: Path, size: int) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from skimgrec.inspection import ImageCheckDisplay
    from skimgrec.inspection._matplotlib import save_figure

    display = ImageCheckDisplay.from_check(found, n_each=size)
    with bad_input_is_reported():
        save_figure(display.figure_, path)
    typer.echo(f"Drawn to {printable(path)}", err=True)
