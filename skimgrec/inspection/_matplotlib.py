"""Matplotlib is an extra: whoever draws asks for it here first."""

from __future__ import annotations


def check_matplotlib(caller: str) -> None:
    """Raise an ImportError that names `caller` and the `pip install` that helps, where matplotlib is missing."""
    try:
        import matplotlib  # noqa: F401  only whether it is there
    except ImportError as error:
        raise ImportError(
            f"{caller} draws with matplotlib, which is not installed. Install it with: pip install skimgrec[plots]"
        ) from error
