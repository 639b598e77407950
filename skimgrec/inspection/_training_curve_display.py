"""Loss and metrics over the epochs of a training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skimgrec.inspection._matplotlib import check_matplotlib, roomy_layout
from skimgrec.utils._training_history import trained_part, training_history

_VALIDATION = "val_"


class TrainingCurveDisplay:
    """Loss and metrics of each epoch of a training.

    It is recommended to use :meth:`from_estimator` to create a `TrainingCurveDisplay`. All parameters are stored as
    attributes.

    Parameters
    ----------
    history : dict of str to list of float
        For each quantity, its value in each epoch. The names of those on validation pictures start with ``val_``.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure with the panels, after :meth:`plot`.
    axes_ : ndarray of matplotlib Axes
        One for each quantity.
    lines_ : dict of str to matplotlib Line2D
        By the names in `history`.

    See Also
    --------
    KerasCNNClassifier : Keeps the history of its training.
    sklearn.model_selection.LearningCurveDisplay : The score over the number of training pictures.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from skimgrec import KerasMLPClassifier, TrainingCurveDisplay, load_digits_images
    >>> digits = load_digits_images()
    >>> mlp = KerasMLPClassifier(epochs=5, early_stopping=True).fit(digits.images, digits.target)
    >>> display = TrainingCurveDisplay.from_estimator(mlp)
    >>> sorted(display.lines_)
    ['accuracy', 'loss', 'val_accuracy', 'val_loss']
    >>> plt.close("all")
    """

    def __init__(self, *, history: Mapping[str, Sequence[float]]) -> None:
        self.history = history

    @classmethod
    def from_estimator(cls, estimator: Any, *, quantities: str | Sequence[str] | None = None, ax: Any = None) -> Self:
        """Draw the history of a fitted network.

        Parameters
        ----------
        estimator : estimator object
            Fitted, with the attribute `history_`, or with `loss_curve_` as scikit-learn's `MLPClassifier`; a pipeline
            that ends in one, a search that has found one, or a classifier that wraps one.
        quantities : str or sequence of str, default=None
            What to draw, without ``val_``; None takes everything that is one number for each epoch.
        ax : matplotlib Axes or sequence of these, default=None
            One for each quantity; None makes a new figure.

        Returns
        -------
        display : TrainingCurveDisplay
            With its plot.

        Raises
        ------
        ValueError
            If the estimator keeps no history.
        """
        check_matplotlib("TrainingCurveDisplay.from_estimator")
        check_is_fitted(estimator)
        history = training_history(trained_part(estimator))
        if history is None:
            final = estimator[-1] if hasattr(estimator, "named_steps") else estimator
            raise ValueError(
                f"{type(final).__name__} keeps no history of its training. Give a fitted KerasCNNClassifier or "
                "KerasMLPClassifier, or a pipeline that ends in one."
            )
        return cls(history=history).plot(quantities=quantities, ax=ax)

    def plot(self, *, quantities: str | Sequence[str] | None = None, ax: Any = None) -> Self:
        """Draw one panel for each quantity, with a line for training and one for validation.

        Parameters
        ----------
        quantities : str or sequence of str, default=None
            What to draw, without ``val_``; None takes everything that is one number for each epoch.
        ax : matplotlib Axes or sequence of these, default=None
            One for each quantity; None makes a new figure.

        Returns
        -------
        display : TrainingCurveDisplay
            Itself.

        Raises
        ------
        ValueError
            If a quantity is not in the history, or there are not as many Axes as quantities.
        """
        check_matplotlib("TrainingCurveDisplay.plot")
        import matplotlib.pyplot as plt

        known = [name for name, values in self.history.items() if all(np.ndim(value) == 0 for value in values)]
        known = list(dict.fromkeys(name.removeprefix(_VALIDATION) for name in known))
        # The loss first: it is there in every training.
        known.sort(key=lambda name: name != "loss")
        wanted = known if quantities is None else [quantities] if isinstance(quantities, str) else list(quantities)
        unknown = [name for name in wanted if name not in known]
        if unknown:
            raise ValueError(f"quantities: {unknown[0]!r} is not in the history. It has {', '.join(known)}.")
        if ax is None:
            _, ax = plt.subplots(1, len(wanted), figsize=(4.8 * len(wanted), 3.6), squeeze=False, layout=roomy_layout())
        self.axes_ = np.ravel(np.asarray(ax, dtype=object))
        if len(self.axes_) != len(wanted):
            raise ValueError(
                f"ax: {len(self.axes_)} Axes for {len(wanted)} quantities, {', '.join(wanted)}: one for each."
            )
        self.figure_ = self.axes_[0].figure
        self.lines_ = {}
        for axes, name in zip(self.axes_, wanted, strict=True):
            for full, label, style in ((name, "training", "-"), (_VALIDATION + name, "validation", "--")):
                if full in self.history:
                    values = self.history[full]
                    epochs = np.arange(1, len(values) + 1)
                    (self.lines_[full],) = axes.plot(epochs, values, style, label=label)
            axes.set(xlabel="epoch", ylabel=name)
            axes.xaxis.get_major_locator().set_params(integer=True)
            axes.legend()
        return self
