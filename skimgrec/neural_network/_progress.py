"""A bar on stderr that shows how far training is."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


class ProgressBar(keras.callbacks.Callback):
    """One line for a fit: the epoch, its steps, the time, and the loss and metrics of the last finished epoch.

    It has a console of its own, because Rich allows one moving display for each, and several fits may run at a time.

    Parameters
    ----------
    first_epoch, last_epoch : int
        Numbers of the epochs to train, from 1.
    """

    def __init__(self, first_epoch: int, last_epoch: int) -> None:
        super().__init__()
        self._last_epoch = last_epoch
        self._results = ""
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[results]}", markup=False),
            console=Console(stderr=True),
        )
        self._task = self._bar.add_task(f"epoch {first_epoch}/{last_epoch}", total=None, results="")

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._bar.start()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        description = f"epoch {epoch + 1}/{self._last_epoch}"
        self._bar.reset(self._task, total=self.params["steps"], description=description, results=self._results)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._bar.update(self._task, completed=batch + 1)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        numbers = {name: value for name, value in (logs or {}).items() if np.ndim(value) == 0}
        self._results = "  ".join(f"{name} {float(value):.4f}" for name, value in numbers.items())
        self._bar.update(self._task, results=self._results)

    def close(self) -> None:
        """Leave the bar as it stands, whether training has ended or was broken off."""
        self._bar.stop()
