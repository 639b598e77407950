"""The one error of a model file that is not loaded."""

from __future__ import annotations


class ModelFileError(ValueError):
    """A model that cannot be saved, or a file that is refused; the message says why."""

    # Where users find it, as tracebacks and pickles should say.
    __module__ = "skimgrec.persistence"
