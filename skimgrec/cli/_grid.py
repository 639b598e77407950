"""A table of strings, for the terminal or as plain text."""

from __future__ import annotations

from typing import Any


class Grid:
    """A table of strings that are safe to print, as `show` takes it."""

    def __init__(self, title: str, header: list[str], rows: list[list[str]], *, right: bool) -> None:
        self._title = title
        self._header = header
        self._rows = rows
        self._right = right

    def __rich__(self) -> Any:
        from rich import box
        from rich.table import Table
        from rich.text import Text

        # Text, because Rich would read "[red]" in a plain string as markup.
        grid = Table(box=box.SIMPLE_HEAD, title=Text(self._title), title_justify="left", title_style="", pad_edge=False)
        for number, heading in enumerate(self._header):
            grid.add_column(Text(heading), justify="right" if number and self._right else "left", overflow="fold")
        for row in self._rows:
            grid.add_row(*map(Text, row))
        return grid

    def __str__(self) -> str:
        from skimgrec.utils._shown import rich_to_lines

        # Wide enough that nothing wraps, whatever the terminal: the text may end up in a file.
        width = max(sum(len(cell) + 8 for cell in row) for row in [[self._title], self._header, *self._rows])
        return "\n".join(rich_to_lines(self, 2 * width))
