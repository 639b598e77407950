"""Help texts that name arguments and nothing else: some versions of Typer add braces and the types of Python."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand


class Command(TyperCommand):
    """A command whose usage line reads ``[OPTIONS] DATA``, with or without braces of Typer's around ``DATA``."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the words of the usage line after the command's name."""
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]

    def get_help(self, ctx: Any) -> str:
        """Return the help text."""
        return super().get_help(ctx).replace(" <str>", " " * len(" <str>"))
