"""The report that ``skimgrec compare`` writes."""

from __future__ import annotations

import shlex
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import Any

import typer

from skimgrec.cli._labelled import Pictures


def save_report(result: Any, pictures: Pictures, context: typer.Context, path: Path) -> None:
    """Save the report of a comparison that the running command has made.

    Parameters
    ----------
    result : ComparisonResult
        What it found.
    pictures : Pictures
        The pictures that were compared on. What was said of them on the way, such as which files were skipped, stands
        in the report, too.
    context : typer.Context
        Of the command.
    path : Path
        The file.

    Raises
    ------
    ValueError
        If the report cannot be made. Whatever the reason, it must not cost the table, which is printed after it.
    OSError
        If it cannot be written.
    """
    try:
        told = replace(result, notes=[*pictures.notes, *result.notes])
        told.to_html(path, pictures=pictures.X, command=command_line(context))
    except OSError:
        raise
    except Exception as error:
        raise ValueError(f"--report {path}: it cannot be made: {type(error).__name__}: {error}") from error


def command_line(context: typer.Context) -> str:
    """Return a command that gives what was given to the running one, as a shell takes it.

    Parameters
    ----------
    context : typer.Context
        Of the running command.

    Returns
    -------
    text : str
        The options that were given, by their long names, and the arguments.
    """
    arguments: list[str] = []
    options: list[str] = []
    for parameter in context.command.params:
        name = parameter.name or ""
        source = context.get_parameter_source(name)
        # Some versions of Typer bring a Click of their own: its classes are not those of the package.
        if source is None or source.name != "COMMANDLINE":
            continue
        value = context.params[name]
        text = str(value.value if isinstance(value, Enum) else value)
        if parameter.param_type_name == "argument":
            arguments.append(text)
        else:
            options += [max(parameter.opts, key=len), *([] if value is True else [text])]
    # What begins with a hyphen would be taken for an option.
    first, last = (
        (options, ["--", *arguments]) if any(text.startswith("-") for text in arguments) else (arguments, options)
    )
    return shlex.join(["skimgrec", context.info_name or "", *first, *last])
