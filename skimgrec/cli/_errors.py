"""Bad input ends a command with one line and exit code 2, as wrong options do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer


@contextmanager
def bad_input_is_reported() -> Iterator[None]:
    """Turn the errors that skimgrec raises for bad input into a line on stderr and exit code 2.

    It belongs around what checks and reads the input, and around nothing else: elsewhere such an error is a mistake of
    skimgrec's own, and has to show its traceback.
    """
    try:
        yield
    except (ValueError, TypeError, OSError, ImportError) as error:
        from skimgrec.utils._shown import escaped

        # Names of files may hold anything.
        typer.echo(f"Error: {escaped(' '.join(str(error).split()))}", err=True)
        raise typer.Exit(2) from error
