"""What a comparison found: plain data that saves to JSON and shows itself as a table."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from skimgrec.model_selection._standings import FoldRow, Standing, scored_throughout, standings
from skimgrec.model_selection._statistics import pareto_front
from skimgrec.utils._files import check_schema
from skimgrec.utils._saved_result import SavedResult

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "skimgrec.ComparisonResult"
SCHEMA_VERSION = 2
# What results saved by the first versions lack.
_ADDED_LATER: dict[str, Any] = {
    "drawn_from": None,
    "partial_rows": [],
    "target": [],
    "test_rows": [],
    "not_taught": [],
    "groups": None,
    "filenames": None,
    "notes": [],
    "cut": [],
}


@dataclass(eq=False, repr=False, kw_only=True)
class ComparisonResult(SavedResult):
    """The result of `compare`: one row for each estimator and fold, and what they were measured on.

    It shows itself as a table with its verdict, in a terminal and in a notebook; `to_html` writes a report.

    Parameters
    ----------
    rows : list of FoldRow
        The measurements, estimator by estimator, fold by fold; fewer than there were to be after an interruption.
    metrics : tuple of str
        What was measured. Estimators are ranked by the first.
    estimators : dict of str to str
        What each estimator is, by name.
    cv : str
        How the folds were made.
    n_folds : int
        How many there are.
    seed : int
        The seed of the folds and of the candidates that were asked for by name.
    n_samples : int
        How many pictures took part.
    picture_shape : tuple of int or None
        Shape of one picture, () for file paths, None if unknown.
    class_names : list of int, float, bool or str
        The classes, sorted.
    partial_rows : list of FoldRow
        The measurements on smaller training sets, for `learning_curves`.
    target : list of int
        Position of each picture's class in `class_names`.
    test_rows : list of list of int
        The rows of the test pictures of each fold.
    not_taught : list of list of int
        The classes that each fold tests on without a picture of them to learn from, as positions in `class_names`.
    groups : list of int or None
        The group of each picture, such as that of its copies, if any two share one. Tests and intervals on a single
        split take the pictures of a group together.
    filenames : list of str or None
        The file of each picture, if it has one.
    data_name : str or None
        What the caller calls the data.
    drawn_from : str or None
        What the pictures are a part of, if they are, such as "60,000 training pictures".
    data_fingerprint, splits_fingerprint : str or None
        Hashes that tell whether two results come from the same pictures, and from the same folds.
    versions : dict of str to str
        Versions of Python and of the libraries that took part.
    date : str
        When the comparison started, UTC, ISO 8601.
    notes : list of str
        What may be unfair in the comparison, as it was found before anything was fitted.
    cut : list of str
        Sentences about what was left out for want of time, if there was a budget.

    See Also
    --------
    compare : Makes it.

    Examples
    --------
    >>> from skimgrec import compare, load_digits_images
    >>> X, y = load_digits_images(return_X_y=True)
    >>> result = compare(["chance"], X[:100], y[:100], random_state=0)
    >>> result.best
    'chance'
    >>> result.to_frame()[["estimator", "fold", "n_train", "n_test"]].head(2)
      estimator  fold  n_train  n_test
    0    chance     0       80      20
    1    chance     1       80      20
    """

    rows: list[FoldRow]
    metrics: tuple[str, ...]
    estimators: dict[str, str]
    cv: str
    n_folds: int
    seed: int
    n_samples: int
    picture_shape: tuple[int, ...] | None
    class_names: list[Any]
    partial_rows: list[FoldRow] = field(default_factory=list)
    target: list[int] = field(default_factory=list)
    test_rows: list[list[int]] = field(default_factory=list)
    not_taught: list[list[int]] = field(default_factory=list)
    groups: list[int] | None = None
    filenames: list[str] | None = None
    data_name: str | None = None
    drawn_from: str | None = None
    data_fingerprint: str | None = None
    splits_fingerprint: str | None = None
    versions: dict[str, str] = field(default_factory=dict)
    date: str = ""
    notes: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)

    @property
    def n_classes(self) -> int:
        """How many classes there are."""
        return len(self.class_names)

    @property
    def best(self) -> str | None:
        """Name of the estimator with the highest mean of the first metric, among those that finished every fold.

        None if no estimator did.
        """
        ranking = self.standings()
        return ranking[0].estimator if ranking and ranking[0].complete else None

    def standings(self) -> list[Standing]:
        """Return each estimator's means and spreads, best first; those that did not finish every fold come last."""
        return standings(self.rows, self.metrics, list(self.estimators), self.n_folds)

    def verdict(self) -> str:
        """Return a few plain sentences: who leads, by how much, how sure that is, and at what cost in time."""
        from skimgrec.model_selection._verdict import verdict

        return verdict(self)

    def pairwise(self, metric: str | None = None) -> pd.DataFrame:
        """Test every pair of estimators that have a score in the metric in all folds.

        Parameters
        ----------
        metric : str, default=None
            Which of `metrics`; None takes the first.

        Returns
        -------
        frame : DataFrame
            One row for each pair, the better one on average `first`, with the columns `first`, `second`, `difference`
            (of the mean scores), `low` and `high` (its 95 % confidence interval), `p_value`, `adjusted_p_value` (by
            Holm's method over all pairs), `differ` (whether that is below 0.05) and `method`, which is the corrected
            resampled t-test of Nadeau and Bengio, whose spread is taken to be no smaller than rounding to the steps in
            which test pictures move a score. On a single split it is McNemar's exact test for accuracy, and a paired
            randomisation test for the averages of precision, recall and F1, for balanced accuracy and for Matthews'
            correlation, with an interval by paired bootstrap; for any other metric, all but the difference is NaN.
            Test pictures that share a group are exchanged and drawn together in it, and `method` says so.
            ``frame.attrs["left_out"]`` names the estimators that lack a score in some fold.

        Raises
        ------
        ValueError
            If there is no such metric.

        Examples
        --------
        >>> from skimgrec import compare, load_digits_images
        >>> X, y = load_digits_images(return_X_y=True)
        >>> result = compare(["chance", "1nn"], X[:300], y[:300], random_state=0)
        >>> bool(result.pairwise().loc[0, "differ"])
        True
        """
        from skimgrec.model_selection._frames import pairs_frame

        return pairs_frame(self, self._measured(metric))

    def pareto(self, metric: str | None = None, *, cost: str = "fit_time") -> list[str]:
        """Return the estimators that none other beats in score without costing more time.

        Parameters
        ----------
        metric : str, default=None
            Which of `metrics`; None takes the first.
        cost : {"fit_time", "predict_time"}, default="fit_time"
            Which mean time.

        Returns
        -------
        names : list of str
            Those that have a score in the metric in every fold, quickest first.

        Raises
        ------
        ValueError
            If there is no such metric or cost.

        Examples
        --------
        >>> from skimgrec import compare, load_digits_images
        >>> X, y = load_digits_images(return_X_y=True)
        >>> result = compare(["1nn", "forest"], X[:300], y[:300], random_state=0)
        >>> result.pareto()[0]
        '1nn'
        """
        if cost not in ("fit_time", "predict_time"):
            raise ValueError(f"cost={cost!r}, expected 'fit_time' or 'predict_time'.")
        metric = self._measured(metric)
        names = scored_throughout(self.rows, metric, list(self.estimators), self.n_folds)
        complete = [standing for standing in self.standings() if standing.estimator in names]
        scores = [standing.mean[metric] for standing in complete]
        front = pareto_front(scores, [getattr(standing, cost)[0] for standing in complete])
        return [complete[position].estimator for position in front]

    def join(self, other: ComparisonResult) -> ComparisonResult:
        """Return the estimators of two comparisons in one, if both measured the same on the same folds.

        Parameters
        ----------
        other : ComparisonResult
            Another comparison of the same pictures, with the same splits and metrics, of estimators with other names.

        Returns
        -------
        result : ComparisonResult
            This one with the rows of the other below its own.

        Raises
        ------
        ValueError
            If pictures, labels, splits, training sizes or metrics differ, or a name is in both; it says what differs.

        Examples
        --------
        >>> from skimgrec import compare, load_digits_images
        >>> X, y = load_digits_images(return_X_y=True)
        >>> first, second = (compare([name], X[:100], y[:100], random_state=0) for name in ("chance", "1nn"))
        >>> first.join(second).best
        '1nn'
        """
        from skimgrec.model_selection._join import join

        return join(self, other)

    def label_errors(self, estimator: str | None = None) -> pd.DataFrame:
        """Return the pictures whose label is likely wrong, by confident learning.

        A class is believed of a picture if its probability, predicted while the picture was not learnt from, reaches
        the mean that pictures labelled so are given. Where the most probable class that is believed is another than the
        label, and more probable than the label, the label is likely wrong. Look before you change it: what a
        classifier finds hard is listed as well. Pictures of a class that their fold had none of to learn from are left
        out, and `notes` has their number.

        Parameters
        ----------
        estimator : str, default=None
            Whose probabilities to go by; None takes the best estimator that has them. The better it is, the fewer
            pictures are listed without cause.

        Returns
        -------
        frame : DataFrame
            One row for each picture, the most certain first, with the columns `row` (of the picture in the data),
            `filename` where there are files, `target` (the label as given), `suggested`, `proba_target` and
            `proba_suggested` (their probabilities, averaged over repetitions) and `margin` (probability of the label
            less the highest of the other classes; lower is more certain). ``frame.attrs["caution"]`` is a sentence
            where the estimator is not shown to be better than guessing, and its list says little; else None.

        Raises
        ------
        ValueError
            If there is no such estimator, or no probabilities, which ``compare(..., keep_probabilities=True)`` keeps.

        References
        ----------
        Northcutt, C., Jiang, L. and Chuang, I. (2021). Confident learning: estimating uncertainty in dataset labels.
        Journal of Artificial Intelligence Research 70, 1373-1411. https://doi.org/10.1613/jair.1.12125

        Examples
        --------
        >>> from skimgrec import compare, load_digits_images
        >>> X, y = load_digits_images(return_X_y=True)
        >>> y[7] = (y[7] + 1) % 10
        >>> result = compare(["logistic"], X[:500], y[:500], keep_probabilities=True, random_state=0)
        >>> result.label_errors().loc[0, ["row", "target", "suggested"]].tolist()
        [7, 8, 7]
        """
        from skimgrec.model_selection._label_errors import label_errors_of

        return label_errors_of(self, estimator)

    def to_frame(self) -> pd.DataFrame:
        """Return the measurements as a data frame with one row for each estimator and fold.

        Returns
        -------
        frame : DataFrame
            With the columns `estimator`, `fold` (from 0), `n_train`, `n_test`, `test_<metric>` for each metric,
            `fit_time` and `predict_time` in seconds, `peak_memory` and `model_size` in bytes, `warnings` (list of str),
            and `error` and `traceback` (None where nothing failed). What failed measured NaN.
        """
        from skimgrec.model_selection._frames import rows_frame

        return rows_frame(self)

    def summary(self) -> pd.DataFrame:
        """Return one row for each estimator, best first.

        Returns
        -------
        frame : DataFrame
            Indexed by `estimator`, with the columns `mean_test_<metric>` and `std_test_<metric>` for each metric,
            `mean_fit_time`, `std_fit_time`, `mean_predict_time` and `std_predict_time` in seconds,
            `pictures_per_second` (predicted), `peak_memory` (the highest of the folds, in bytes), `model_size` (about
            how many bytes its model file has, the mean of the folds), `n_folds` (those with a score in the first
            metric) and `n_failed`. Spreads are sample standard deviations over the folds. With a
            single split, where a spread is NaN, `low_test_<metric>` and `high_test_<metric>` are the 95 % interval of
            the score over test pictures, or over their groups where they share one, NaN for metrics that do not follow
            from the predictions alone.
        """
        from skimgrec.model_selection._frames import summary_frame

        return summary_frame(self)

    def intervals(self, metric: str | None = None) -> pd.DataFrame:
        """Return each estimator's mean score and its 95 % confidence interval.

        Parameters
        ----------
        metric : str, default=None
            Which of `metrics`; None takes the first.

        Returns
        -------
        frame : DataFrame
            Indexed by `estimator`, the best in this metric first, with the columns `mean`, `low` and `high` (the
            interval) and `complete` (whether there is a score in every fold). Over folds, it is Student's t with the
            variance that Nadeau and Bengio correct for what training sets share, and within 0 to 1 for shares; on a
            single split, the interval over test pictures that `summary` has. Estimators that lack a score in some fold
            come last, and have none. Whether two estimators differ does not follow from whether their intervals
            overlap, but from `pairwise`.

        Raises
        ------
        ValueError
            If there is no such metric.

        References
        ----------
        Nadeau, C. and Bengio, Y. (2003). Inference for the generalization error. Machine Learning 52, 239-281.
        https://doi.org/10.1023/A:1024068626366

        Examples
        --------
        >>> from skimgrec import compare, load_digits_images
        >>> X, y = load_digits_images(return_X_y=True)
        >>> result = compare(["chance", "1nn"], X[:300], y[:300], random_state=0)
        >>> result.intervals().loc["1nn", ["mean", "low", "high"]].round(2).tolist()
        [0.99, 0.98, 1.0]
        """
        from skimgrec.model_selection._frames import intervals_frame

        return intervals_frame(self, self._measured(metric))

    def learning_curves(self) -> pd.DataFrame:
        """Return how each estimator does with less to learn from, as `train_sizes` of `compare` asked for.

        Returns
        -------
        frame : DataFrame
            One row for each estimator and training size, the whole included, smallest first, with the columns
            `estimator`, `train_size` (as asked for, None for the whole), `n_train` (mean number of pictures),
            `mean_test_<metric>` and `std_test_<metric>` for each metric, `mean_fit_time` in seconds and `n_folds`
            (those with a score in the first metric).
        """
        from skimgrec.model_selection._frames import learning_curves_frame

        return learning_curves_frame(self)

    def predictions(self, estimator: str | None = None) -> pd.DataFrame:
        """Return what an estimator answered about each picture while it had not learnt from it.

        Parameters
        ----------
        estimator : str, default=None
            Its name; None takes the best.

        Returns
        -------
        frame : DataFrame
            One row for each picture and fold that tested on it, in the order of the pictures, with the columns `row`
            (of the picture in the data), `fold`, `target` and `predicted` (labels; None for a predicted label that is
            no class), `filename` where there are files, and `proba_<class>` for each class where
            probabilities were kept.

        Raises
        ------
        ValueError
            If there is no such estimator, or it has no predictions.
        """
        from skimgrec.model_selection._predictions import predictions_of

        return predictions_of(self, self._with_predictions(estimator))

    def to_html(
        self, path: str | os.PathLike[str] | None = None, *, pictures: Any = None, command: str | None = None
    ) -> str | None:
        """Return a report about the comparison as one page of HTML, or save it to a file.

        The page needs no network and no other file. It holds the verdict, the table, and what lies behind them, for
        each estimator what it gets wrong, and for networks how they were trained. Names of files and classes are shown
        as text, whatever they hold.

        Parameters
        ----------
        path : path-like, default=None
            The file, which appears whole or not at all; one that exists is replaced. None returns the text.
        pictures : array-like of shape (n, h, w) or (n, h, w, c), default=None
            The pictures that were compared on, in their order, in memory, as `ImageLoader` gives them, or as paths.
            Those that the report shows are embedded, made small. None shows file names and row numbers in their place.
        command : str, default=None
            How to repeat the comparison, to be shown.

        Returns
        -------
        page : str or None
            The page, if no `path` is given.

        Raises
        ------
        ValueError
            If `pictures` are not as many as were compared on.

        Examples
        --------
        >>> from skimgrec import compare, load_digits_images
        >>> X, y = load_digits_images(return_X_y=True)
        >>> result = compare(["chance"], X[:100], y[:100], random_state=0)
        >>> page = result.to_html(pictures=X[:100])
        >>> page.splitlines()[0]
        '<!DOCTYPE html>'
        """
        from skimgrec.reporting import comparison_report
        from skimgrec.utils._files import write_atomically

        page = comparison_report(self, pictures=pictures, command=command)
        if path is None:
            return page
        write_atomically(path, page)
        return None

    def to_dict(self) -> dict[str, Any]:
        """Return the result as dicts, lists, strings and numbers that JSON can hold: NaN becomes None."""
        content: dict[str, Any] = {"schema": SCHEMA, "schema_version": SCHEMA_VERSION}
        for item in fields(self):
            value = getattr(self, item.name)
            content[item.name] = list(value) if isinstance(value, tuple) else value
        for name in ("rows", "partial_rows"):
            content[name] = [row.to_dict() for row in getattr(self, name)]
        return content

    @classmethod
    def from_dict(cls, content: Any) -> ComparisonResult:
        """Return the result that `to_dict` gave.

        Parameters
        ----------
        content : dict
            As `to_dict` returns it.

        Returns
        -------
        result : ComparisonResult
            Equal to the one that was written.

        Raises
        ------
        ValueError
            If `content` is no such result, or was written by a newer version of skimgrec.
        """
        check_schema(content, SCHEMA, SCHEMA_VERSION, "comparison")
        try:
            content = {**_ADDED_LATER, **content}
            values = {item.name: content[item.name] for item in fields(cls)}
            for name in ("rows", "partial_rows"):
                values[name] = [FoldRow.from_dict(row) for row in values[name]]
            values["metrics"] = tuple(values["metrics"])
            shape = values["picture_shape"]
            values["picture_shape"] = None if shape is None else tuple(shape)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"This saved comparison is damaged: {type(error).__name__}: {error}.") from error
        return cls(**values)

    def _measured(self, metric: str | None) -> str:
        """Return the metric that is asked for, or the first."""
        metric = self.metrics[0] if metric is None else metric
        if metric not in self.metrics:
            raise ValueError(f"metric={metric!r} was not measured, expected one of {', '.join(self.metrics)}.")
        return metric

    def _with_predictions(self, estimator: str | None) -> str:
        """Return the name of the estimator that is asked for, which has predictions."""
        if not self.estimators:
            raise ValueError("Nothing was measured, so that there are no predictions.")
        name = self.best if estimator is None else estimator
        if name not in self.estimators:
            known = ", ".join(self.estimators)
            raise ValueError(
                f"estimator={estimator!r}: expected one of {known}"
                f"{'; no estimator finished every fold, so that none is the best.' if estimator is None else '.'}"
            )
        if not any(row.predicted for row in self.rows if row.estimator == name):
            raise ValueError(f"{name} has no predictions: it failed in every fold, or an older skimgrec saved this.")
        return name

    def __repr__(self) -> str:
        from skimgrec.model_selection._table import table_of, to_text

        return to_text(table_of(self))

    def __rich__(self) -> Any:
        from skimgrec.model_selection._table import table_of, to_rich

        return to_rich(table_of(self))

    def _repr_html_(self) -> str:
        from skimgrec.reporting import first_sections

        return first_sections(self)
