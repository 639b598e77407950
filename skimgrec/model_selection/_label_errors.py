"""Pictures whose label is likely wrong, by the probabilities predicted while they were not learnt from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from skimgrec.model_selection._guessing import guessing_caution
from skimgrec.model_selection._text import printable

if TYPE_CHECKING:
    import pandas as pd

    from skimgrec.model_selection._pairwise import Pair
    from skimgrec.model_selection._result import ComparisonResult


def confident_learning(
    probabilities: NDArray[np.floating], labels: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return which labels are likely wrong, and what would be right.

    A class is believed of a picture where it is given a probability at least as high as pictures labelled so have on
    average. A label is likely wrong where the most probable of the classes that are believed is another one.

    Parameters
    ----------
    probabilities : ndarray of shape (n, n_classes)
        Of each class, predicted by models that had not learnt from the picture.
    labels : ndarray of shape (n,)
        The given classes as positions.

    Returns
    -------
    rows : ndarray of int
        The likely errors, most certain first: by the normalised margin, that is the probability of the given label less
        the highest of the others.
    suggested : ndarray of int
        The class that is believed of each of them.

    References
    ----------
    Northcutt, C., Jiang, L. and Chuang, I. (2021). Confident learning: estimating uncertainty in dataset labels.
    Journal of Artificial Intelligence Research 70, 1373-1411. https://doi.org/10.1613/jair.1.12125

    Examples
    --------
    >>> import numpy as np
    >>> p = np.array([[0.9, 0.1], [0.8, 0.2], [0.95, 0.05], [0.1, 0.9], [0.3, 0.7]])
    >>> rows, suggested = confident_learning(p, np.array([0, 0, 1, 1, 1]))
    >>> rows.tolist(), suggested.tolist()
    ([2], [0])
    """
    n, n_classes = probabilities.shape
    whole = np.asarray(probabilities, dtype=np.float64)
    own = whole[np.arange(n), labels]
    counts = np.bincount(labels, minlength=n_classes)
    sums = np.bincount(labels, weights=own, minlength=n_classes)
    # A class that no picture is labelled with is believed of none.
    thresholds = np.divide(sums, counts, out=np.full(n_classes, np.inf), where=counts > 0)
    believed = np.where(whole >= thresholds - 1e-12, whole, -np.inf)
    suggested = believed.argmax(axis=1)
    # A label that is itself the most probable class is no error, even where it falls short of its own threshold.
    rows = np.flatnonzero(np.isfinite(believed.max(axis=1)) & (whole[np.arange(n), suggested] > own))
    order = np.argsort(margins(whole, labels)[rows], kind="stable")
    return rows[order], suggested[rows[order]]


def margins(probabilities: NDArray[np.floating], labels: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the probability of each given label less the highest of the other classes."""
    others = np.array(probabilities, dtype=np.float64)
    each = np.arange(len(labels))
    own = others[each, labels]
    others[each, labels] = -np.inf
    return own - others.max(axis=1)


def label_errors_of(
    result: ComparisonResult, estimator: str | None, pairs: Sequence[Pair] | None = None
) -> pd.DataFrame:
    """Return the likely label errors of a comparison, as `ComparisonResult` describes.

    Parameters
    ----------
    result : ComparisonResult
        The comparison.
    estimator : str or None
        Whose probabilities to go by.
    pairs : sequence of Pair, default=None
        Those of the comparison in its first metric, if they are there already.
    """
    import pandas as pd

    name = _with_probabilities(result, estimator)
    n_classes = len(result.class_names)
    target = np.asarray(result.target, dtype=np.intp)
    sums, counts = np.zeros((result.n_samples, n_classes)), np.zeros(result.n_samples)
    for row in result.rows:
        if row.estimator == name and row.probabilities is not None:
            tested = np.asarray(result.test_rows[row.fold])
            # A class that was not learnt has the probability 0, which says nothing of the pictures labelled so.
            not_taught = result.not_taught[row.fold] if result.not_taught else []
            known = ~np.isin(target[tested], not_taught)
            sums[tested[known]] += row.probabilities[known]
            counts[tested[known]] += 1
    seen = np.flatnonzero(counts)
    labels = target[seen]
    probabilities = sums[seen] / counts[seen, None]
    picked, suggested = confident_learning(probabilities, labels)
    given = labels[picked]
    frame = pd.DataFrame({"row": seen[picked]})
    if result.filenames is not None:
        frame["filename"] = pd.Series([result.filenames[row] for row in frame["row"]], dtype=object)
    frame["target"] = [result.class_names[code] for code in given]
    frame["suggested"] = [result.class_names[code] for code in suggested]
    frame["proba_target"] = probabilities[picked, given]
    frame["proba_suggested"] = probabilities[picked, suggested]
    frame["margin"] = margins(probabilities, labels)[picked]
    frame.attrs["caution"] = guessing_caution(result, name, pairs) or _certainty_caution(name, probabilities)
    return frame


def _certainty_caution(name: str, probabilities: NDArray[np.float64]) -> str | None:
    """Return a sentence where a classifier has no doubts, None where it has any."""
    if ((probabilities == 0) | (probabilities == 1)).all():
        return (
            f"{printable(name)} is always certain, with probabilities of 0 and 1 alone, so that every mistake of its "
            "own is listed as a likely error of the label. Go by a classifier that has doubts."
        )
    return None


def _with_probabilities(result: ComparisonResult, estimator: str | None) -> str:
    """Return the name of the estimator that is asked for, or the best one, which has probabilities in every fold."""
    if estimator is not None and estimator not in result.estimators:
        raise ValueError(f"estimator={estimator!r}: expected one of {', '.join(result.estimators)}.")
    scored = dict.fromkeys(result.estimators, 0)
    for row in result.rows:
        scored[row.estimator] += row.probabilities is not None
    if not any(scored.values()):
        raise ValueError(
            "No probabilities were kept. compare(..., keep_probabilities=True) keeps those of estimators that have "
            "predict_proba; a file of results does not hold them."
        )
    names = [standing.estimator for standing in result.standings()] if estimator is None else [estimator]
    for name in names:
        if scored[name] == result.n_folds:
            return name
    if estimator is None:
        raise ValueError("No estimator has probabilities in every fold: some folds failed.")
    raise ValueError(
        f"{estimator} has probabilities in {scored[estimator]} of {result.n_folds} folds, expected all: it lacks "
        f"predict_proba, or failed. {', '.join(name for name in scored if scored[name] == result.n_folds)} has them."
    )
