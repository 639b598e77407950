"""How TensorFlow is given the batches of a training. Imported where the backend is TensorFlow alone."""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

if TYPE_CHECKING:
    from skimgrec.neural_network._batches import TrainingBatches

# Batches that wait while the network works on another.
_AHEAD = 2
# Small batches are made several at a time, because Python takes as long for many of them as for one: so many at most,
# of so many bytes.
_TOGETHER, _BYTES_TOGETHER = 16, 2**20
# Pictures to judge by of no more bytes than this are read once, and not in every epoch.
_AT_ONCE = 2**25


def dataset_of_epochs(batches: TrainingBatches, epochs: range) -> tf.data.Dataset:
    """Return the batches of several epochs, one after the other, as one data set.

    Keras takes as many from it in each epoch as it is told to; after an epoch that a callback has cut short, the next
    one goes on where that ended. To begin a data set anew would take TensorFlow 30 ms, as long as a short epoch.

    Parameters
    ----------
    batches : TrainingBatches
        They must be kept for as long as the data set is used.
    epochs : range
        The numbers of the epochs, each of which has an order of its own.

    Returns
    -------
    dataset : tf.data.Dataset
    """
    return _with_options(_generated(batches, epochs))


def dataset_for_judging(batches: TrainingBatches) -> tf.data.Dataset:
    """Return batches as a data set that gives the same ones whenever it is begun.

    Parameters
    ----------
    batches : TrainingBatches
        They must be kept for as long as the data set is used. Where they are small, they are read at once.

    Returns
    -------
    dataset : tf.data.Dataset
    """
    if batches.n_replicas == 1 and batches.n_pictures * _bytes_of_one(batches) <= _AT_ONCE:
        dataset = tf.data.Dataset.from_tensor_slices(batches.read(batches.rows, 0, batches.n_pictures))
        dataset = dataset.batch(batches.batch_size)
    else:
        dataset = _generated(batches, None).apply(tf.data.experimental.assert_cardinality(len(batches)))
    return _with_options(dataset)


def _bytes_of_one(batches: TrainingBatches) -> int:
    return sum(part.itemsize * math.prod(part.shape[1:]) for part in batches.nothing())


def _generated(batches: TrainingBatches, epochs: range | None) -> tf.data.Dataset:
    """Return the batches of some epochs, or those of the rows as they come, made when they are asked for."""
    none = batches.nothing()
    n_bytes = batches.batch_size * _bytes_of_one(batches)
    # Of those that are divided among devices, each is filled up by itself.
    together = max(1, min(_TOGETHER, _BYTES_TOGETHER // n_bytes)) if batches.n_replicas == 1 else 1
    size = together * batches.batch_size

    # TensorFlow keeps the generator for as long as the process lives; the pictures must not stay with it.
    reference, n_pictures = weakref.ref(batches), batches.n_pictures

    def living() -> TrainingBatches:
        found = reference()
        if found is None:
            raise RuntimeError("The batches were let go of before the data set that reads them.")
        return found

    def read(order: NDArray[np.intp], start: int) -> Any:
        found = living()
        try:
            return found.read(order, start, start + size)
        except Exception as error:
            found.failure = error
            raise

    def generate() -> Iterator[Any]:
        # Other generators may be at other epochs of the same batches.
        for order in (living().rows,) if epochs is None else (living().order_of(epoch) for epoch in epochs):
            for start in range(0, n_pictures, size):
                yield read(order, start)

    # The last one of an epoch may be shorter.
    signature = tuple(tf.TensorSpec((None, *part.shape[1:]), part.dtype) for part in none)
    dataset = tf.data.Dataset.from_generator(generate, output_signature=signature)
    if size > batches.batch_size:
        sizes = [batches.batch_size] * len(batches)
        sizes[-1] = n_pictures - sum(sizes[:-1])
        dataset = dataset.rebatch(sizes)
    return dataset


def _with_options(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Return a data set of which some batches are made ahead of time, while the network works on others.

    Keras would make one by itself, but leave it to TensorFlow to tune how many batches wait. The thread that does so
    sleeps for up to half of the time since training began, and training does not end before it wakes: a fit that
    should take 2.7 s takes 5.1 s.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    options.threading.private_threadpool_size = 1
    # A generator has no files to divide among workers.
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
    return dataset.prefetch(_AHEAD).with_options(options)
