"""A loss function as a loss object, so that its reduction can be chosen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras


class FunctionLoss(keras.losses.Loss):
    """The value of `function` for each row, reduced as `keras.losses.Loss` does."""

    def __init__(self, function: Callable[[Any, Any], Any], *, name: str, reduction: str) -> None:
        super().__init__(name=name, reduction=reduction)
        self._function = function

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each row."""
        return self._function(y_true, y_pred)
