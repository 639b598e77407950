"""The one module that touches SciKeras. It is imported by `load_keras` alone, once Keras can be imported quietly."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator
from typing import Any

import keras

# SciKeras replaces these methods on Keras's own classes when it is imported, for every user of Keras in the process.
_PATCHED = [
    (owner, method)
    for owner in (keras.Model, keras.losses.Loss, keras.metrics.Metric, keras.optimizers.Optimizer)
    for method in ("__reduce__", "__deepcopy__")
]
_originals = [(owner, method, vars(owner).get(method)) for owner, method in _PATCHED]

from scikeras.wrappers import BaseWrapper  # noqa: E402  the originals above must be read before this import

for _owner, _method, _original in _originals:
    if _original is not None:
        setattr(_owner, _method, _original)
    elif _method in vars(_owner):
        delattr(_owner, _method)


class NetworkTrainer(BaseWrapper):
    """SciKeras's training of one compiled network on batches that are already checked, encoded and weighted.

    SciKeras's own checks are skipped: they refuse a wider dtype than at the first fit, copy the pictures to drop rows
    without weight, and know no batches that are made when they are needed.
    """

    def _validate_data(
        self, X: Any = None, y: Any = None, reset: bool = False, y_numeric: bool = False
    ) -> tuple[Any, Any]:
        return X, y


def train(
    network: keras.Model,
    batches: Any,
    *,
    steps_per_epoch: int | None,
    validation: Any,
    epochs: int,
    initial_epoch: int,
    callbacks: list[keras.callbacks.Callback],
    verbose: int,
) -> None:
    """Train a compiled network.

    Parameters
    ----------
    network : keras.Model
        Compiled; trained in place.
    batches : keras.utils.PyDataset or tf.data.Dataset
        Gives (pictures, targets, weights) for each batch.
    steps_per_epoch : int or None
        How many batches are one epoch, where `batches` goes on through all of them; None if it begins anew in each.
    validation : keras.utils.PyDataset, tf.data.Dataset or None
        The same, for the loss and metrics at the end of each epoch.
    epochs : int
        Number of passes over `batches`.
    initial_epoch : int
        Number of epochs that the network was trained before.
    callbacks : list of keras.callbacks.Callback
        Given to Keras as they are.
    verbose : int
        Keras's.
    """
    trainer = NetworkTrainer(model=network, epochs=epochs, callbacks=callbacks, verbose=verbose, shuffle=False)
    with _without_advice_on_retracing():
        try:
            trainer.fit(
                batches,
                None,
                initial_epoch=initial_epoch,
                steps_per_epoch=steps_per_epoch,
                validation_data=validation,
            )
        finally:
            # Keras leaves its pass over the validation pictures behind when it is interrupted, and would take it up
            # again in the network's next training.
            if getattr(network, "_eval_epoch_iterator", None) is not None:
                del network._eval_epoch_iterator
            # A callback may have set it, and the network serves other estimators.
            network._initial_epoch = None


@contextlib.contextmanager
def _without_advice_on_retracing() -> Iterator[None]:
    """Hold back, in this thread, TensorFlow's advice not to trace functions in a loop.

    It counts the training steps of all networks together, so that a handful of short fits of different networks calls
    it forth, though each was traced once.
    """
    thread = threading.get_ident()

    def is_wanted(record: logging.LogRecord) -> bool:
        return record.thread != thread or "triggered tf.function retracing" not in record.getMessage()

    logger = logging.getLogger("tensorflow")
    logger.addFilter(is_wanted)
    try:
        yield
    finally:
        logger.removeFilter(is_wanted)
