"""The command ``skimgrec models``."""

from __future__ import annotations


def models() -> None:
    """List the models that compare knows."""
    from rich.console import Console
    from rich.table import Table

    from skimgrec.model_selection import candidate_descriptions, candidate_features

    console = Console()

    def listed(lines: dict[str, str]) -> None:
        grid = Table.grid(padding=(0, 3))
        for name, description in lines.items():
            grid.add_row(name, description)
        console.print(grid)

    listed(candidate_descriptions())
    console.print("\nWhere +hog is, any of these may be, and several: svm+hog+lbp+color\n")
    listed({f"+{name}": description for name, description in candidate_features().items()})
