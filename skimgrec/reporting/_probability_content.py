"""What a template shows of a model's probabilities: calibration, ROC curves, and labels that are likely wrong."""

from __future__ import annotations

from typing import Any

from skimgrec.model_selection._label_errors import label_errors_of
from skimgrec.reporting._across_models import is_guessing
from skimgrec.reporting._calibration import calibration
from skimgrec.reporting._roc import Roc, RocCurve
from skimgrec.reporting._shots import Shots, answer_line
from skimgrec.reporting._source import OutOfFold, ReportSource
from skimgrec.reporting._unit_square import polyline, reliability_marks

# Differences between probability and what is right that are not worth a word.
_SMALL_EXCESS = 0.01
# With more classes, their mean and the worst few are drawn.
_MOST_CURVES = 6
_N_WORST = 3
# With more probabilities than these, only the best model's are searched for label errors: it takes several copies.
_MOST_SEARCHED = 5_000_000


def calibration_content(found: OutOfFold) -> dict[str, Any]:
    """Return the reliability diagram of a model whose probabilities were kept, and what it says in words."""
    assert found.probabilities is not None
    measured = calibration(found.true, found.probabilities)
    points = f"{100 * abs(measured.excess):.1f} points"
    if abs(measured.excess) < _SMALL_EXCESS:
        said = "On average its probabilities are about right."
    elif measured.excess > 0:
        said = f"It is too sure of itself: on average its probabilities are {points} too high."
    else:
        said = f"It is too modest: on average its probabilities are {points} too low."
    if (found.probabilities.argmax(axis=1) != found.predicted).any():
        said += " All of it is about the most probable class, which is not always the class that this model answers."
    return {
        "said": said,
        "brier": f"{measured.brier:.3f}",
        "error": f"{measured.error:.3f}",
        "bins": [
            {
                "between": f"{one.low:.1f} to {one.high:.1f}",
                "count": f"{one.count:,}",
                "stated": f"{one.stated:.3f}",
                "right": f"{one.right:.3f}",
            }
            for one in measured.bins
        ],
        **reliability_marks(measured),
    }


def roc_content(source: ReportSource, found: Roc, n_answers: int) -> dict[str, Any] | None:
    """Return the ROC curves to draw: all of few classes, else their mean and the worst; None where there are none."""
    if found.mean is None:
        return None
    binary = source.result.n_classes == 2
    curves: list[RocCurve] = list(found.curves)
    if len(curves) > _MOST_CURVES:
        curves = [found.mean, *sorted(curves, key=lambda curve: curve.auc)[:_N_WORST]]

    def name(curve: RocCurve) -> str:
        if curve.code is None:
            return f"mean of {len(found.curves)} classes"
        other = f" against {source.class_name(0)}" if binary else ""
        return f"{source.class_name(curve.code)}{other}"

    said = (
        f"Area under the curve {found.mean.auc:.3f}."
        if binary
        else f"Mean area under the curve {found.mean.auc:.3f}, each class against all others."
    )
    if len(found.curves) > _MOST_CURVES:
        said += f" Drawn are the mean and the {_N_WORST} lowest of {len(found.curves)} classes."
    said = f"{said}{_sample(found, n_answers)}"
    return {
        "said": said,
        "curves": [
            {"name": name(curve), "auc": f"{curve.auc:.3f}", "points": polyline(curve.points), "series": number}
            for number, curve in enumerate(curves, start=1)
        ],
    }


def roc_basis(source: ReportSource, found: Roc, n_answers: int) -> str:
    """Say what predictions areas under ROC curves were computed from."""
    pooled = (
        "All folds are taken together, so that a model whose probabilities mean one thing in one fold and another in "
        "the next has a smaller area here than in each of them."
        if source.result.n_folds > 1
        else "Computed from the test pictures."
    )
    return f"{pooled}{_sample(found, n_answers)}"


def _sample(found: Roc, n_answers: int) -> str:
    if found.n_used == n_answers:
        return ""
    return f" A random sample of {found.n_used:,} of {n_answers:,} predictions stands for all."


def _best_with_probabilities(source: ReportSource) -> str | None:
    for name in source.models():
        found = source.out_of_fold(name)
        if found is not None and found.probabilities is not None and not is_guessing(source, name):
            return name
    return None


def label_error_content(
    source: ReportSource, shots: Shots, name: str, found: OutOfFold, n_shown: int
) -> dict[str, Any] | None:
    """Return the gallery of likely label errors, with `why` it is not there where it cannot be told."""
    result = source.result
    if found.probabilities is None or is_guessing(source, name):
        return None
    if found.probabilities.size > _MOST_SEARCHED and name != _best_with_probabilities(source):
        return {"why": "Looked for with the best model that gives probabilities alone, because there are so many."}
    try:
        frame = label_errors_of(result, name, source.pairs)
    except ValueError as error:
        return {"why": f"They cannot be told: {error}"}
    if not len(frame):
        return {"why": "No label is likely to be wrong."}
    names = dict(zip(result.class_names, source.class_names, strict=True))
    some: list[Any] = list(frame.head(n_shown).itertuples(index=False))
    return {
        "why": "",
        "caution": frame.attrs["caution"],
        **shots.gallery(
            [
                shots.shot(
                    int(one.row),
                    f"label: {answer_line(names[one.target], one.proba_target)}",
                    f"rather: {answer_line(names[one.suggested], one.proba_suggested)}",
                )
                for one in some
            ],
            len(frame),
        ),
    }
