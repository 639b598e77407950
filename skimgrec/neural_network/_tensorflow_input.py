"""How TensorFlow is given the batches of a training. Imported where the backend is TensorFlow alone."""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import tensorflow as tf

if TYPE_CHECKING:
    from skimgrec.neural_network._batches import TrainingBatches

# Batches that wait while the network works on another.
_AHEAD = 2
# Small batches are made several at a time, because Python takes as long for many of them as for one: so many at most,
# of so many bytes.
_TOGETHER, _BYTES_TOGETHER = 16, 2**20


def as_dataset(batches: TrainingBatches) -> tf.data.Dataset:
    """Return batches as a data set of TensorFlow's, made while the network works on those before.

    Keras would make one by itself, but leave it to TensorFlow to tune how many batches wait. The thread that does so
    sleeps for up to half of the time since training began, and training does not end before it wakes: a fit that
    should take 2.7 s takes 5.1 s.

    Parameters
    ----------
    batches : TrainingBatches
        They are asked anew in every epoch, and must be kept for as long as the data set is used.

    Returns
    -------
    dataset : tf.data.Dataset
    """
    none = batches.nothing()
    n_bytes = batches.batch_size * sum(part.itemsize * math.prod(part.shape[1:]) for part in none)
    # Of those that are divided among devices, each is filled up by itself.
    together = max(1, min(_TOGETHER, _BYTES_TOGETHER // n_bytes)) if batches.n_replicas == 1 else 1
    size = together * batches.batch_size

    # TensorFlow keeps the generator for as long as the process lives; the pictures must not stay with it.
    reference, n_pictures = weakref.ref(batches), batches.n_pictures

    def read(start: int) -> Any:
        living = reference()
        if living is None:
            raise RuntimeError("The batches were let go of before the data set that reads them.")
        try:
            return living.read(start, min(start + size, n_pictures))
        except Exception as error:
            living.failure = error
            raise

    def generate() -> Iterator[Any]:
        yield from map(read, range(0, n_pictures, size))

    # The last one may be shorter.
    signature = tuple(tf.TensorSpec((None, *part.shape[1:]), part.dtype) for part in none)
    dataset = tf.data.Dataset.from_generator(generate, output_signature=signature)
    if size > batches.batch_size:
        dataset = dataset.rebatch(batches.batch_size)
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(len(batches))).prefetch(_AHEAD)
    options = tf.data.Options()
    options.autotune.enabled = False
    options.threading.private_threadpool_size = 1
    # A generator has no files to divide among workers.
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
    return dataset.with_options(options)
