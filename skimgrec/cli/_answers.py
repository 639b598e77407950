"""What a model answers about picture files, one after the other, and how it is written down."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from skimgrec.cli._named_pictures import read_named
from skimgrec.cli._output import printable

if TYPE_CHECKING:
    from skimgrec.cli._model_file import Model

# Enough to fill the processors, and few enough that the first answers come soon.
_AT_A_TIME = 256
_LONGEST_NAME = 100


@dataclass(frozen=True)
class Answer:
    """What a model says about one file.

    Parameters
    ----------
    file : str
        As it was named.
    classes : list of str
        The most probable ones, most probable first.
    probabilities : list of float or None
        Theirs; None if the model gives none.
    sure : bool
        Whether the first is as probable as was asked for, and the model does not reject the picture.
    error : str or None
        Why the file cannot be read.
    """

    file: str
    classes: list[str]
    probabilities: list[float] | None
    sure: bool = True
    error: str | None = None


class Answers:
    """A model that is asked about files.

    Parameters
    ----------
    model : Model
        The model.
    top : int
        How many classes to give.
    threshold : float or None
        The least probability of an answer.

    Raises
    ------
    ValueError
        If there is no probability to hold against the threshold, or to rank by.
    """

    def __init__(self, model: Model, *, top: int, threshold: float | None) -> None:
        if not hasattr(model.classifier, "predict_proba"):
            for option, given in (("--threshold", threshold is not None), ("--top", top > 1)):
                if given:
                    raise ValueError(
                        f"{option}: {model.card['estimator']} gives classes alone, without probabilities. Leave it out."
                    )
        self._model = model
        self._top = min(top, len(model.names))
        self._threshold = threshold

    def of(self, files: Sequence[str]) -> Iterator[Answer]:
        """Yield the answer about each file, in order."""
        for start in range(0, len(files), _AT_A_TIME):
            part = files[start : start + _AT_A_TIME]
            pictures, errors = read_named(part, self._model.loader._format())
            given = iter(self._answers(np.stack(pictures)) if pictures else ())
            for file in part:
                if file in errors:
                    yield Answer(file, [], None, error=errors[file])
                else:
                    classes, probabilities, familiar = next(given)
                    probable = self._threshold is None or probabilities is None or probabilities[0] >= self._threshold
                    yield Answer(file, classes, probabilities, familiar and probable)

    def _answers(self, pictures: Any) -> Iterator[tuple[list[str], list[float] | None, bool]]:
        probabilities, known = self._model.probabilities_and_known(pictures)
        if probabilities is None:
            for label in self._model.classifier.predict(pictures):
                yield [str(label)], None, True
            return
        # Equal ones in the order of the classes, as predict decides them.
        orders = np.argsort(-probabilities, axis=1, kind="stable")
        for row, order, is_known in zip(probabilities, orders, known, strict=True):
            best = order[: self._top]
            yield [self._model.names[place] for place in best], row[best].tolist(), bool(is_known)


class Writer(Protocol):
    """What writes answers to standard output."""

    def write(self, answer: Answer) -> None:
        """Write one."""

    def close(self) -> None:
        """Write what stands at the end."""


def writer_for(files: Sequence[str], *, csv: bool, json: bool) -> Writer:
    """Return what writes the answers about some files in a form."""
    return _CSV() if csv else _JSON() if json else _Lines(files)


class _Lines:
    def __init__(self, files: Sequence[str]) -> None:
        self._width = min(max(len(printable(file)) for file in files), _LONGEST_NAME)

    def write(self, answer: Answer) -> None:
        if answer.error is not None:
            return  # said on standard error
        words = [
            printable(name) if answer.probabilities is None else f"{printable(name)} {answer.probabilities[place]:.3f}"
            for place, name in enumerate(answer.classes)
        ]
        said = "  ".join(words) if answer.sure else f"unknown (if any, {words[0]})"
        print(f"{printable(answer.file):{self._width}}  {said}", flush=True)

    def close(self) -> None:
        pass


class _CSV:
    def __init__(self) -> None:
        self._writer = csv.writer(sys.stdout, lineterminator="\n")
        self._writer.writerow(["file", "rank", "class", "probability", "error"])

    def write(self, answer: Answer) -> None:
        if answer.error is not None:
            self._writer.writerow([answer.file, "", "", "", answer.error])
        for place, name in enumerate(answer.classes):
            probability = "" if answer.probabilities is None else f"{answer.probabilities[place]:.6g}"
            self._writer.writerow([answer.file, place + 1, name if answer.sure else "", probability, ""])
        sys.stdout.flush()

    def close(self) -> None:
        pass


class _JSON:
    def __init__(self) -> None:
        self._begun = False

    def write(self, answer: Answer) -> None:
        entry: dict[str, Any] = {"file": answer.file}
        if answer.error is not None:
            entry["error"] = answer.error
        else:
            entry["class"] = answer.classes[0] if answer.sure else None
            if answer.probabilities is not None:
                entry["probability"] = answer.probabilities[0]
                entry["top"] = [
                    {"class": name, "probability": probability}
                    for name, probability in zip(answer.classes, answer.probabilities, strict=True)
                ]
        print(",\n " if self._begun else "[", json.dumps(entry), sep="", end="", flush=True)
        self._begun = True

    def close(self) -> None:
        print("]" if self._begun else "[]", flush=True)
