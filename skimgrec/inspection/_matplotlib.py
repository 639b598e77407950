"""Matplotlib is an extra: whoever draws asks for it here first."""

from __future__ import annotations

import io
import os
from typing import Any

from skimgrec.utils._files import write_atomically


def check_matplotlib(caller: str) -> None:
    """Raise an ImportError that names `caller` and the `pip install` that helps, where matplotlib is missing."""
    try:
        import matplotlib  # noqa: F401  only whether it is there
    except ImportError as error:
        raise ImportError(
            f'{caller} draws with matplotlib, which is not installed. Install it with: pip install "skimgrec[plots]"'
        ) from error


def roomy_layout() -> Any:
    """Return a layout for a new figure that keeps labels a tenth of an inch away from its edges."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    return ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1)


def save_figure(figure: Any, path: str | os.PathLike[str]) -> None:
    """Save a figure as its file's name ends, whole or not at all."""
    buffer = io.BytesIO()
    suffix = os.path.splitext(path)[1].lstrip(".").lower()
    figure.savefig(buffer, dpi=150, format=suffix or None)
    write_atomically(path, buffer.getvalue())
