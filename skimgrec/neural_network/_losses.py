"""Losses that Keras lacks: a function as a loss object, so that its reduction can be chosen, and smoothed labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras


class FunctionLoss(keras.losses.Loss):
    """The value of `function` for each row, reduced as `keras.losses.Loss` does."""

    def __init__(self, function: Callable[[Any, Any], Any], *, name: str, reduction: str) -> None:
        super().__init__(name=name, reduction=reduction)
        self._function = function

    def as_keras_own(self) -> keras.losses.Loss:
        """Return the same loss as an object of Keras's own class, which Keras can save; itself where there is none."""
        for kind in vars(keras.losses).values():
            if isinstance(kind, type) and issubclass(kind, keras.losses.Loss) and kind is not keras.losses.Loss:
                own = kind(reduction=self.reduction)
                if getattr(own, "fn", None) is self._function:
                    return own
        return self

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each row."""
        return self._function(y_true, y_pred)


class SmoothedCrossentropy(keras.losses.Loss):
    """Cross-entropy of class codes, a part of whose certainty is shared out evenly over all classes.

    The value is that of `keras.losses.CategoricalCrossentropy`, which wants one-hot rows.

    Parameters
    ----------
    label_smoothing : float
        The part, in [0, 1).
    reduction : str
        Keras's.
    """

    def __init__(self, label_smoothing: float, *, reduction: str) -> None:
        super().__init__(name="sparse_categorical_crossentropy", reduction=reduction)
        self._smoothing = label_smoothing

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each row."""
        epsilon = keras.config.epsilon()
        anywhere = -keras.ops.mean(keras.ops.log(keras.ops.clip(y_pred, epsilon, 1.0)), axis=-1)
        certain = keras.losses.sparse_categorical_crossentropy(y_true, y_pred)
        return (1.0 - self._smoothing) * certain + self._smoothing * anywhere
