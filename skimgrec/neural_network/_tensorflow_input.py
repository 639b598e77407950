"""How TensorFlow is given the batches of a training. Imported where the backend is TensorFlow alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf

# Batches that wait while the network works on another.
_AHEAD = 2


def as_dataset(batches: keras.utils.PyDataset) -> tf.data.Dataset:
    """Return batches as a data set of TensorFlow's, made while the network works on those before.

    Keras would make one by itself, but leave it to TensorFlow to tune how many batches wait. The thread that does so
    sleeps for up to half of the time since training began, and training does not end before it wakes: a fit that
    should take 2.7 s takes 5.1 s.

    Parameters
    ----------
    batches : keras.utils.PyDataset
        Gives (pictures, targets, weights) for each batch. It is asked anew in every epoch.

    Returns
    -------
    dataset : tf.data.Dataset
    """

    def generate() -> Iterator[Any]:
        for index in range(len(batches)):
            yield batches[index]

    # The last batch may be a shorter one.
    signature = tuple(tf.TensorSpec((None, *part.shape[1:]), part.dtype) for part in batches[0])
    dataset = tf.data.Dataset.from_generator(generate, output_signature=signature)
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(len(batches))).prefetch(_AHEAD)
    options = tf.data.Options()
    options.autotune.enabled = False
    options.threading.private_threadpool_size = 1
    # A generator has no files to divide among workers.
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
    return dataset.with_options(options)
