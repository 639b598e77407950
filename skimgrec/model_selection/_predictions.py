"""The predictions of a comparison, picture by picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from skimgrec.model_selection._result import ComparisonResult


def predictions_of(result: ComparisonResult, name: str) -> pd.DataFrame:
    """Return an estimator's predictions of the pictures it had not learnt from, as `ComparisonResult` describes.

    Parameters
    ----------
    result : ComparisonResult
        The comparison.
    name : str
        An estimator that has predictions.

    Returns
    -------
    frame : DataFrame
        One row for each picture and fold.
    """
    import pandas as pd

    rows = [row for row in result.rows if row.estimator == name and row.predicted is not None]
    frame = pd.DataFrame(
        {
            "row": np.concatenate([result.test_rows[row.fold] for row in rows]),
            "fold": np.repeat([row.fold for row in rows], [row.n_test for row in rows]),
        }
    )
    predicted = [code for row in rows for code in row.predicted or []]
    labels = [*result.class_names, None]
    frame["target"] = column_of([labels[result.target[row]] for row in frame["row"]])
    frame["predicted"] = column_of([labels[code] for code in predicted], dtype=None if -1 not in predicted else object)
    if result.filenames is not None:
        frame["filename"] = column_of([result.filenames[row] for row in frame["row"]])
    if all(row.probabilities is not None for row in rows):
        whole = np.concatenate([row.probabilities for row in rows])
        for code, label in enumerate(result.class_names):
            frame[f"proba_{label}"] = whole[:, code]
    return frame.sort_values(["row", "fold"], kind="stable", ignore_index=True)


def column_of(values: list[Any], dtype: Any = None) -> Any:
    """Return values as a column; where a text is no Unicode, as names of files may be, one of objects."""
    import pandas as pd

    try:
        return pd.Series(values, dtype=dtype)
    except UnicodeEncodeError:
        return pd.Series(values, dtype=object)
