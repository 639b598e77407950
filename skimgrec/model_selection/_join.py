"""Two comparisons on the same folds as one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from skimgrec.model_selection._result import ComparisonResult


def join(first: ComparisonResult, second: ComparisonResult) -> ComparisonResult:
    """Return two results as one, or raise an error that says what differs, as `ComparisonResult.join` describes."""
    differ = []
    for name, what in (("data_fingerprint", "the pictures or labels"), ("splits_fingerprint", "the splits")):
        ours, theirs = getattr(first, name), getattr(second, name)
        if ours is None or theirs is None:
            differ.append(
                f"{what} of one of them have no fingerprint, so that nobody can tell whether they are the same"
            )
        elif ours != theirs:
            differ.append(f"{what} differ ({name} {ours} and {theirs})")
    if first.metrics != second.metrics:
        differ.append(f"the metrics are {', '.join(first.metrics)} and {', '.join(second.metrics)}")
    sizes = [sorted({str(row.train_size) for row in result.partial_rows}) for result in (first, second)]
    if sizes[0] != sizes[1]:
        differ.append(f"the training sizes are {', '.join(sizes[0]) or 'none'} and {', '.join(sizes[1]) or 'none'}")
    both = [name for name in first.estimators if name in second.estimators]
    if both:
        differ.append(f"both have an estimator called {', '.join(map(repr, both))}")
    if differ:
        raise ValueError(f"These comparisons cannot be joined: {'; '.join(differ)}.")
    said = [*first.notes, *second.notes]
    if first.versions != second.versions:
        said.append(
            "Joined of two comparisons with other versions of Python or libraries, which may move scores and times."
        )
    return replace(
        first,
        rows=[*first.rows, *second.rows],
        partial_rows=[*first.partial_rows, *second.partial_rows],
        estimators={**first.estimators, **second.estimators},
        versions={**second.versions, **first.versions},
        date=min(first.date, second.date),
        filenames=second.filenames if first.filenames is None else first.filenames,
        cut=list(dict.fromkeys([*first.cut, *second.cut])),
        not_taught=first.not_taught or second.not_taught,
        groups=_groups_of_either(first.groups, second.groups),
        notes=list(dict.fromkeys(said)),
    )


def _groups_of_either(first: list[int] | None, second: list[int] | None) -> list[int] | None:
    """Return groups that hold together what either of two results does."""
    if first is None or second is None or first == second:
        return second if first is None else first
    from skimgrec.datasets._duplicates import connected

    n = len(first)
    pairs = np.concatenate(
        [
            np.column_stack([start[codes], np.arange(n)])
            for _, start, codes in (
                np.unique(groups, return_index=True, return_inverse=True) for groups in (first, second)
            )
        ]
    )
    return connected(pairs, n).tolist()
