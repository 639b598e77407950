"""What several models say about the same pictures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from skimgrec.model_selection._verdict import guesses
from skimgrec.reporting._mistakes import PictureAnswers, picture_answers
from skimgrec.reporting._source import ReportSource


@dataclass(frozen=True)
class AcrossModels:
    """The answers of all models that learn, picture by picture.

    Parameters
    ----------
    source : ReportSource
        What is reported on.
    """

    source: ReportSource

    @cached_property
    def answers(self) -> dict[str, PictureAnswers]:
        """The answers of each model that has predictions, best first; not of one that guesses."""
        found = {}
        for name in self.source.models():
            of_model = self.source.out_of_fold(name)
            if of_model is not None and not is_guessing(self.source, name):
                found[name] = picture_answers(
                    of_model.true,
                    of_model.predicted,
                    of_model.probabilities,
                    of_model.rows,
                    self.source.result.n_samples,
                )
        return found

    @cached_property
    def target(self) -> NDArray[np.intp]:
        """The class of each picture."""
        return np.asarray(self.source.result.target, dtype=np.intp)


def is_guessing(source: ReportSource, name: str) -> bool:
    """Tell whether a model is scikit-learn's DummyClassifier, whose mistakes say nothing of a picture."""
    return guesses(source.result.estimators.get(name, ""))


def counted(n: int, noun: str = "picture") -> str:
    """Return a number of things.

    Examples
    --------
    >>> counted(1), counted(1200)
    ('1 picture', '1,200 pictures')
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def share_text(count: int, total: int) -> str:
    """Return a number of pictures with its share.

    Examples
    --------
    >>> share_text(3, 200)
    '3 of 200 pictures (1.5 %)'
    """
    return f"{count:,} of {total:,} pictures ({100 * count / total:.1f} %)" if total else counted(count)
