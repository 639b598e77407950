"""What happens between the steps of a training: the learning rate, the watch over epochs, the user's own callbacks."""

from __future__ import annotations

import copy
from itertools import chain
from typing import Any

import keras
import numpy as np

from skimgrec.neural_network._network import Network, TrainingState
from skimgrec.neural_network._schedule import rate_factor

_RATE_SETTERS = (keras.callbacks.LearningRateScheduler, keras.callbacks.ReduceLROnPlateau)


class RateSchedule(keras.callbacks.Callback):
    """Sets the learning rate before each step.

    The rate depends on how many epochs and steps were done since the schedule began, and on nothing that is lost when
    training stops.

    Parameters
    ----------
    schedule : str
        As `rate_factor` takes it.
    peak : float
        The highest rate.
    first_epoch : int
        Number of the epoch in which the schedule began.
    n_epochs : int
        How many epochs it is planned for.
    """

    def __init__(self, schedule: str, peak: float, *, first_epoch: int, n_epochs: int) -> None:
        super().__init__()
        self._schedule = schedule
        self._peak = peak
        self._first_epoch = first_epoch
        self._n_epochs = n_epochs
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        done = self._epoch - self._first_epoch + batch / self.params["steps"]
        if keras.backend.backend() == "jax":
            # Within an epoch the numbers are not in the model; once put there, they are read anew.
            self.model.jax_state_sync()
        self.model.optimizer.learning_rate = self._peak * rate_factor(self._schedule, done / self._n_epochs)


class EpochWatch(keras.callbacks.Callback):
    """Keeps the numbers of the last finished epoch and of the best one, and stops where nothing gets better.

    Parameters
    ----------
    network : Network
        The one that is trained.
    n_iter_no_change : int or None
        How many epochs may pass without a better validation score. None never stops, and keeps no best epoch.
    judged_at_start : keras.utils.PyDataset or tf.data.Dataset, optional
        Validation pictures. What training starts from is judged by them, and is the best so far.
    """

    def __init__(
        self,
        network: Network,
        n_iter_no_change: int | None,
        *,
        judged_at_start: Any = None,
    ) -> None:
        super().__init__()
        self.best_rank: tuple[float, float] | None = None
        self.best: TrainingState | None = None
        self._judged_at_start = judged_at_start
        self._finished: tuple[TrainingState | None, list[dict[str, Any]]] = (None, [])
        self._network = network
        self._patience = n_iter_no_change
        self._waited = 0
        # Whether it is the one that has stopped the training.
        self.has_stopped = False

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        if self._judged_at_start is not None:
            results = self.model.evaluate(self._judged_at_start, verbose=0, return_dict=True)
            self.best_rank, self.best = _rank(results), self._network.snapshot()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        state = self._network.snapshot()
        # Most metrics give a number, some give one for each class.
        results = {name: np.asarray(value).tolist() for name, value in (logs or {}).items()}
        # In one step: Ctrl-C may come at any moment, and must not part the two.
        self._finished = (state, [*self._finished[1], results])
        if self._patience is not None and logs:
            self._judge(logs, state, self._patience)

    @property
    def last(self) -> TrainingState | None:
        """The numbers at the end of the last finished epoch; None before the first."""
        return self._finished[0]

    @property
    def history(self) -> dict[str, list[Any]]:
        """The loss and metrics of each finished epoch."""
        epochs = self._finished[1]
        return {name: [results.get(name, np.nan) for results in epochs] for name in dict.fromkeys(chain(*epochs))}

    def _judge(self, logs: dict[str, Any], state: TrainingState, patience: int) -> None:
        rank = _rank(logs, "val_")
        before = self.best_rank or (-np.inf, -np.inf)
        if rank > before:
            self.best_rank, self.best = rank, state
        self._waited = 0 if rank[0] > before[0] else self._waited + 1
        if self._waited >= patience:
            self.model.stop_training = self.has_stopped = True


def _rank(results: dict[str, Any], prefix: str = "") -> tuple[float, float]:
    # Few validation pictures make ties, which the loss decides.
    loss = float(results[f"{prefix}loss"])
    return float(results.get(f"{prefix}accuracy", -loss)), -loss


def own_callbacks(callbacks: Any, schedule: str) -> list[keras.callbacks.Callback]:
    """Return the user's callbacks for one fit: copies of instances, and what factories make.

    A callback holds its model and what it has counted, so that one instance cannot serve two fits.

    Raises
    ------
    ValueError
        If one is no callback of Keras and makes none, would set the learning rate beside a schedule, or would begin
        with another epoch.
    """
    given = [] if callbacks is None else list(callbacks) if np.iterable(callbacks) else [callbacks]
    own = [_own(callback) for callback in given]
    for callback in own:
        if schedule != "constant" and isinstance(callback, _RATE_SETTERS):
            raise ValueError(
                f"callbacks: {type(callback).__name__} would have no effect, because "
                f"learning_rate_schedule={schedule!r} sets the rate before every step. Leave the callback out, or use "
                "learning_rate_schedule='constant'."
            )
        if isinstance(callback, keras.callbacks.BackupAndRestore):
            raise ValueError(
                "callbacks: BackupAndRestore begins with the epoch in which another training ended, but a fit begins "
                "anew. Leave it out: partial_fit, or warm_start=True, goes on from a model that save_model has written."
            )
    return own


def _own(given: Any) -> keras.callbacks.Callback:
    if isinstance(given, keras.callbacks.Callback):
        bare = copy.copy(given)
        # Of one that has served elsewhere, the model is not copied along.
        bare._model = None
        return copy.deepcopy(bare)
    made = given() if callable(given) else given
    if not isinstance(made, keras.callbacks.Callback):
        raise ValueError(
            f"callbacks: {given!r} is no keras.callbacks.Callback and makes none. Give instances, which are copied for "
            "each fit, or functions without arguments that return one."
        )
    return made
