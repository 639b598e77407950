"""What the commands share in giving results out: the terminal, files, and the status after Ctrl-C."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

# What a shell reports of a command that was ended with Ctrl-C.
INTERRUPTED = 130


def show(result: Any) -> None:
    """Print a result to fit the terminal, or as plain text elsewhere."""
    from rich.console import Console

    console = Console()
    if console.is_terminal:
        console.print(result)
    else:
        typer.echo(str(result))


def write_files(*files: tuple[Path | None, str, Callable[[Path], object]]) -> bool:
    """Write the files asked for, and say so. One that cannot be written is said, and costs no other.

    Parameters
    ----------
    *files : tuple of (Path or None, str, callable)
        The file, if it is asked for; "Saved" or "Drawn"; and what takes its path and writes it.

    Returns
    -------
    all_written : bool
    """
    from skimgrec.cli._errors import bad_input_is_reported

    all_written = True
    for path, verb, write in files:
        if path is None:
            continue
        try:
            with bad_input_is_reported():
                write(path)
        except typer.Exit:
            all_written = False
        else:
            typer.echo(f"{verb} to {printable(path)}", err=True)
    return all_written


def check_can_save(option: str, path: Path | None) -> None:
    """Raise an OSError now rather than after the work if the file that an option names cannot be written."""
    from skimgrec.utils._files import descriptor_of

    if path is None or descriptor_of(path) is not None:
        return
    if path.is_dir():
        raise IsADirectoryError(f"{option} {path} is a folder, expected the name of a file.")
    if path.exists() and not path.is_file():
        if not os.access(path, os.W_OK):
            raise PermissionError(f"{option} {path} cannot be written to.")
        return
    # A link keeps its place: what it points to is written.
    folder = Path(os.path.realpath(path)).parent if path.is_symlink() else path.parent
    if not folder.is_dir():
        raise FileNotFoundError(f"{option} {path}: there is no folder {folder}. Make it first.")
    if not os.access(folder, os.W_OK):
        raise PermissionError(f"{option} {path}: the folder {folder} cannot be written to.")


def check_can_save_all(*files: tuple[str, Path | None]) -> None:
    """Raise an error now rather than after the work if a file cannot be written, or two options name the same one.

    Parameters
    ----------
    *files : tuple of (str, Path or None)
        Each option, and the file that it names.
    """
    from skimgrec.utils._files import descriptor_of

    taken: dict[str, str] = {}
    for option, path in files:
        check_can_save(option, path)
        if path is None or descriptor_of(path) is not None or (path.exists() and not path.is_file()):
            continue
        other = taken.setdefault(os.path.realpath(path), option)
        if other != option:
            raise ValueError(f"{other} and {option} both name {path}. Give each a file of its own.")


def check_can_draw(command: str, option: str, path: Path) -> None:
    """Raise now rather than after the work where there is no matplotlib, or it writes no such file."""
    from skimgrec.inspection._matplotlib import check_matplotlib

    check_matplotlib(f"{command} {option}")
    known = (".png", ".pdf", ".svg", ".jpg", ".jpeg", ".webp")
    if path.suffix.lower() not in known:
        raise ValueError(f"{option} {path}: expected a file name that ends in {', '.join(known)}.")


def printable(text: object) -> str:
    """Return text that a terminal takes for nothing but text."""
    from skimgrec.utils._shown import escaped

    return escaped(text)


def file_size(path: Path) -> str:
    """Return how large a file is, in words."""
    from skimgrec.utils._shown import file_size_text

    return file_size_text(path.stat().st_size)


def save_best(model: Any, result: Any, name: str | None, comparison: Any, path: Path, **training: Any) -> None:
    """Fit the best model once more and save it, and say so.

    Parameters
    ----------
    model : estimator or None
        The best model; None if there is none.
    result, name, comparison, path, **training : object
        As `save_winner` takes them.
    """
    if model is None:
        typer.echo(f"No model is saved to {printable(path)}: none has a score in every fold.", err=True)
        return
    from skimgrec.cli._errors import bad_input_is_reported
    from skimgrec.cli._winner import save_winner

    typer.echo(f"Fitting {printable(name)} once more, to be saved.", err=True)
    try:
        with bad_input_is_reported():
            note = save_winner(model, result, str(name), comparison, path, **training)
    except KeyboardInterrupt:
        typer.echo(f"Interrupted: no model is saved to {printable(path)}.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    if note is not None:
        typer.echo(note, err=True)
    typer.echo(f"Saved to {printable(path)}, {file_size(path)}.", err=True)
