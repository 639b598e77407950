"""The measurements of a comparison as data frames."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from skimgrec.model_selection._standings import standings

if TYPE_CHECKING:
    import pandas as pd

    from skimgrec.model_selection._result import ComparisonResult


def rows_frame(result: ComparisonResult) -> pd.DataFrame:
    """Return one row for each estimator and fold, as `ComparisonResult.to_frame` describes."""
    import pandas as pd

    whole = ["estimator", "fold", "n_train", "n_test"]
    measured = ["fit_time", "predict_time", "peak_memory", "model_size", "warnings"]
    frame = pd.DataFrame(
        [
            {
                **{name: getattr(row, name) for name in whole},
                **{f"test_{metric}": row.scores[metric] for metric in result.metrics},
                **{name: getattr(row, name) for name in measured},
            }
            for row in result.rows
        ],
        columns=[*whole, *(f"test_{metric}" for metric in result.metrics), *measured],
    )
    # Left to itself, pandas turns None into NaN beside strings.
    for name in ("error", "traceback"):
        frame[name] = pd.Series([getattr(row, name) for row in result.rows], dtype=object)
    return frame


def summary_frame(result: ComparisonResult) -> pd.DataFrame:
    """Return one row for each estimator, as `ComparisonResult.summary` describes."""
    import pandas as pd

    from skimgrec.model_selection._pairwise import interval_of

    columns = ["estimator"]
    for metric in result.metrics:
        spread = [f"{kind}_test_{metric}" for kind in ("low", "high")] if result.n_folds == 1 else []
        columns += [f"mean_test_{metric}", f"std_test_{metric}", *spread]
    columns += [f"{kind}_{time}" for time in ("fit_time", "predict_time") for kind in ("mean", "std")]
    columns += ["pictures_per_second", "peak_memory", "model_size", "n_folds", "n_failed"]
    records = []
    for standing in result.standings():
        record: dict[str, Any] = {"estimator": standing.estimator}
        for metric in result.metrics:
            record[f"mean_test_{metric}"] = standing.mean[metric]
            record[f"std_test_{metric}"] = standing.std[metric]
            if result.n_folds == 1:
                low, high = interval_of(result, standing.estimator, metric)
                record.update({f"low_test_{metric}": low, f"high_test_{metric}": high})
        for kind in ("fit_time", "predict_time"):
            record[f"mean_{kind}"], record[f"std_{kind}"] = getattr(standing, kind)
        record.update(pictures_per_second=standing.pictures_per_second, peak_memory=standing.peak_memory)
        record["model_size"] = standing.model_size
        records.append({**record, "n_folds": standing.n_scored, "n_failed": standing.n_failed})
    return pd.DataFrame(records, columns=columns).set_index("estimator")


def intervals_frame(result: ComparisonResult, metric: str) -> pd.DataFrame:
    """Return one row for each estimator, as `ComparisonResult.intervals` describes."""
    import pandas as pd

    from skimgrec.model_selection._pairwise import left_out, mean_interval

    means = {standing.estimator: standing.mean[metric] for standing in result.standings()}
    lacking = left_out(result, metric)
    names = sorted(means, key=lambda name: (name in lacking, math.isnan(means[name]), -means[name]))
    records = [(name, means[name], *mean_interval(result, name, metric), name not in lacking) for name in names]
    return pd.DataFrame(records, columns=["estimator", "mean", "low", "high", "complete"]).set_index("estimator")


def learning_curves_frame(result: ComparisonResult) -> pd.DataFrame:
    """Return one row for each estimator and size, as `ComparisonResult.learning_curves` describes."""
    import pandas as pd

    sizes = list(dict.fromkeys(row.train_size for row in [*result.partial_rows, *result.rows]))
    records = []
    # An estimator whose whole training sets were cut has a curve all the same.
    names = dict.fromkeys([*result.estimators, *(row.estimator for row in result.partial_rows)])
    for name in names:
        for size in sizes:
            rows = [
                row for row in [*result.partial_rows, *result.rows] if (row.estimator, row.train_size) == (name, size)
            ]
            if not rows:
                continue
            (standing,) = standings(rows, result.metrics, [name], result.n_folds)
            record = {
                "estimator": name,
                "train_size": size,
                "n_train": sum(row.n_train for row in rows) / len(rows),
            }
            for metric in result.metrics:
                record[f"mean_test_{metric}"] = standing.mean[metric]
                record[f"std_test_{metric}"] = standing.std[metric]
            records.append({**record, "mean_fit_time": standing.fit_time[0], "n_folds": standing.n_scored})
    scores = [f"{kind}_test_{metric}" for metric in result.metrics for kind in ("mean", "std")]
    columns = ["estimator", "train_size", "n_train", *scores, "mean_fit_time", "n_folds"]
    frame = pd.DataFrame(records, columns=columns)
    frame["train_size"] = pd.Series([record["train_size"] for record in records], dtype=object)
    return frame.sort_values(["estimator", "n_train"], kind="stable", ignore_index=True)


def pairs_frame(result: ComparisonResult, metric: str) -> pd.DataFrame:
    """Return one row for each pair of estimators, as `ComparisonResult.pairwise` describes."""
    import pandas as pd

    from skimgrec.model_selection._pairwise import left_out, pairs_of

    columns = ["first", "second", "difference", "low", "high", "p_value", "adjusted_p_value", "differ", "method"]
    records = [
        (
            pair.first,
            pair.second,
            pair.test.difference,
            pair.test.low,
            pair.test.high,
            pair.test.p_value,
            pair.adjusted_p_value,
            pair.differ,
            pair.test.method,
        )
        for pair in pairs_of(result, metric)
    ]
    frame = pd.DataFrame(records, columns=columns)
    frame.attrs["left_out"] = left_out(result, metric)
    return frame
