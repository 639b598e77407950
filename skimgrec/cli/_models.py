"""The command ``skimgrec models``."""

from __future__ import annotations


def models() -> None:
    """List the models that compare knows."""
    from rich.console import Console
    from rich.table import Table

    from skimgrec.model_selection import candidate_descriptions

    grid = Table.grid(padding=(0, 3))
    for name, description in candidate_descriptions().items():
        grid.add_row(name, description)
    Console().print(grid)
