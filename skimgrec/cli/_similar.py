"""The command ``skimgrec similar``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skimgrec.cli._errors import bad_input_is_reported
from skimgrec.cli._options import GREY, SIZE, TRUST
from skimgrec.cli._output import INTERRUPTED, check_can_draw, check_can_save, file_size, printable

if TYPE_CHECKING:
    from skimgrec.cli._similar_answers import Found
    from skimgrec.cli._similar_index import Indexed


class Metric(StrEnum):
    """The distances."""

    euclidean = "euclidean"
    cosine = "cosine"


def similar(
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            help="Pictures to look through: a folder, with one folder for each class or without classes; the name of a "
            "data set, such as mnist; an .npz file; a .csv or .parquet table with the columns path and label; or an "
            "index that --save has written.",
        ),
    ],
    queries: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="QUERY...",
            help="Picture files to look for, folders, which stand for all pictures in them, and patterns such as "
            "'new/*.jpg'; - is one picture from standard input.",
        ),
    ] = None,
    features: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="What to compare pictures by: hog (the default), lbp, color, bovw, patches, pixels, several of them "
            "as in hog+color, or a model file: what its network, or the steps before its classifier, make of a "
            "picture.",
        ),
    ] = None,
    metric: Annotated[Metric | None, typer.Option(help="The distance; euclidean is the default.")] = None,
    most: Annotated[int, typer.Option(min=0, metavar="N", help="Find the N most similar pictures.")] = 5,
    least: Annotated[int, typer.Option(min=0, metavar="N", help="Find the N least similar pictures.")] = 3,
    sheet: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Save a sheet of the queries and what was found, such as similar.png."),
    ] = None,
    matrix: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Save a map of the distances among a sample of the pictures.")
    ] = None,
    sample: Annotated[int, typer.Option(min=2, metavar="N", help="How many pictures the map shows.")] = 100,
    save: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Save the index to this file, to be given as DATA in the place of pictures."),
    ] = None,
    size: Annotated[
        int | None,
        SIZE,
    ] = None,
    grey: Annotated[bool, GREY] = False,
    part: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which part of the data: train, val, test or all, the default.")
    ] = None,
    csv: Annotated[
        bool,
        typer.Option("--csv", help="Print a CSV table: query, similar, rank, file, class, distance, error."),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON: a list with an entry for each query.")] = False,
    files_from: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Take more queries from this file, one on each line; - is standard input."),
    ] = None,
    trust: Annotated[
        list[str] | None,
        TRUST,
    ] = None,
) -> None:
    """Find the pictures most and least similar to others.

    For each query the most similar pictures of DATA are printed, nearest first, and the least similar ones, farthest
    first: distance, file, class. A query that lies in DATA itself is not similar to itself.

    The exit status is 0 if every query got an answer, 1 if a file could not be read, and 2 if there is nothing to look
    through or to look for.

    Example: skimgrec similar photographs cat.jpg --sheet similar.png

    Example: skimgrec similar photographs --features cats.skimgrec --save photographs.index

    Example: skimgrec similar photographs.index new/*.jpg --most 10 --least 0 --csv > similar.csv
    """
    from skimgrec.cli._progress import progress

    try:
        with bad_input_is_reported():
            _check_options(queries, files_from, csv=csv, json=json, outputs=(sheet, matrix, save))
            from skimgrec.cli._named_pictures import named_pictures
            from skimgrec.cli._similar_answers import look_for
            from skimgrec.cli._similar_index import indexed

            named = None
            if queries or files_from is not None:
                named = named_pictures(queries or [], files_from)
            with progress() as shown:
                index = indexed(
                    data,
                    features=features,
                    metric=None if metric is None else metric.value,
                    size=size,
                    grey=grey,
                    part=part,
                    trusted=trust or [],
                    shown=shown,
                )
            if sheet is not None and index.images is None and index.neighbors.paths_ is None:
                raise ValueError(
                    f"--sheet: {data} knows no files of its pictures, which were arrays. Name the data in its place."
                )
            for note in [*index.notes, *(named.notes if named else [])]:
                typer.echo(printable(note), err=True)
            if save is not None:
                _save(index, save)
            if matrix is not None:
                _draw_matrix(index, matrix, sample)
            if named is None:
                return
            found = look_for(index, named.files, most, least)
    except KeyboardInterrupt:
        typer.echo("Interrupted before anything was found.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    from skimgrec.cli._similar_answers import write

    write(index, named.files, found, as_csv=csv, as_json=json)
    for file, reason in found.errors.items():
        typer.echo(f"{printable(file)}: {printable(reason)}", err=True)
    if sheet is not None and found.files:
        _draw_sheet(index, found, sheet)
    if found.errors:
        typer.echo(f"{len(found.errors)} of {len(named.files)} files could not be read.", err=True)
        raise typer.Exit(1)


def _check_options(queries: Any, files_from: Path | None, *, csv: bool, json: bool, outputs: Any) -> None:
    sheet, matrix, save = outputs
    if csv and json:
        raise ValueError("--csv and --json: the answers are printed in one form. Give one of them.")
    if files_from is not None and str(files_from) == "-" and "-" in (queries or []):
        raise ValueError("--files-from - and QUERY -: standard input holds either names or one picture.")
    for option, path in (("--sheet", sheet), ("--matrix", matrix), ("--save", save)):
        check_can_save(option, path)
        if path is not None and option != "--save":
            check_can_draw("skimgrec similar", option, path)
    if not queries and files_from is None:
        if sheet is not None:
            raise ValueError("--sheet shows queries: name a picture to look for.")
        if save is None and matrix is None:
            raise ValueError("No picture is named: give QUERY..., or --save or --matrix, which need none.")


def _save(index: Indexed, path: Path) -> None:
    from skimgrec.persistence import save_index

    save_index(index.neighbors, path)
    n = index.neighbors.n_samples_fit_
    typer.echo(f"Saved {n:,} pictures to {printable(path)}, {file_size(path)}.", err=True)


def _draw_matrix(index: Indexed, path: Path, sample: int) -> None:
    from skimgrec.inspection._matplotlib import save_figure

    display = _display().from_sample(index.neighbors, n_samples=sample, random_state=0)
    save_figure(display.figure_, path)
    typer.echo(f"Drawn to {printable(path)}", err=True)


def _draw_sheet(index: Indexed, found: Found, path: Path) -> None:
    from skimgrec.inspection._matplotlib import save_figure

    files = [None if file == "-" else file for file in found.files]
    paths = index.neighbors.paths_
    display = _display().from_matches(
        found.matches,
        # Files are drawn larger than they were compared.
        [picture if file is None else file for file, picture in zip(files, found.pictures, strict=True)],
        index.images if paths is None else paths,
        labels=index.labels,
        value_range=index.neighbors.value_range_,
        metric=index.neighbors._fitted_metric,
    )
    with bad_input_is_reported():
        save_figure(display.figure_, path)
    typer.echo(f"Drawn to {printable(path)}", err=True)


def _display() -> Any:
    import matplotlib

    matplotlib.use("Agg")
    from skimgrec.inspection import SimilarityDisplay

    return SimilarityDisplay
