"""The command ``skimgrec info``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from skimgrec.cli._errors import bad_input_is_reported
from skimgrec.cli._options import MODEL
from skimgrec.cli._output import file_size, printable

# In this order, whatever else there is behind them.
_FIRST = ("estimator", "classes", "image_shape", "preprocessing", "data", "scores", "training", "saved", "versions")
_MOST_CLASSES = 20


def info(
    model: Annotated[Path, MODEL],
    json: Annotated[bool, typer.Option("--json", help="Print the card as JSON.")] = False,
) -> None:
    """Print the card of a model: what it is, what it has learnt from, and how good it was.

    Classes, picture size, preprocessing, the name and fingerprint of the data, scores, versions, date, parameters, and
    size. The model itself is not loaded.

    Example: skimgrec info cats.skimgrec
    """
    with bad_input_is_reported():
        from skimgrec.persistence import read_card

        card = read_card(model)
    if json:
        import json as json_module

        typer.echo(json_module.dumps(card, indent=2))
        return
    card["size"] = file_size(model)
    parameters = card.pop("parameters", {})
    names = [*(name for name in _FIRST if name in card), *(name for name in card if name not in _FIRST)]
    width = max(map(len, names), default=0)
    for name in names:
        lines = list(_lines(name, card[name]))
        for number, line in enumerate(lines):
            typer.echo(f"{printable(name) if number == 0 else '':{width}}  {line}")
    if isinstance(parameters, Mapping) and parameters:
        typer.echo("parameters")
        for name, value in parameters.items():
            typer.echo(f"  {printable(name)}={printable(repr(value))}")


def _lines(name: str, value: Any) -> Iterator[str]:
    """Yield what stands beside an entry's name."""
    if name == "classes" and isinstance(value, list):
        shown = ", ".join(map(printable, value[:_MOST_CLASSES]))
        yield f"{len(value)}: {shown}{', ...' if len(value) > _MOST_CLASSES else ''}"
    elif name == "image_shape" and isinstance(value, list):
        yield f"{' x '.join(map(printable, value))} (height, width{', channels' if len(value) > 2 else ''})"
    elif isinstance(value, Mapping) and value:
        for key, part in value.items():
            if isinstance(part, Mapping):
                items = list(part.items())
                part = ", ".join(f"{name} {number}" for name, number in items[:_MOST_CLASSES])
                part += ", ..." if len(items) > _MOST_CLASSES else ""
            yield f"{printable(key)}: {f'{part:.4g}' if isinstance(part, float) else printable(part)}"
    elif isinstance(value, list):
        yield from map(printable, value or ["-"])
    else:
        yield "-" if value in (None, {}) else printable(value)
