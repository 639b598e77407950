"""Which devices a network is made for."""

from __future__ import annotations

from collections.abc import Hashable

from skimgrec.neural_network._runtime import load_keras


def placement() -> Hashable:
    """Return what decides, at this moment, on which devices the variables of new networks lie.

    A network that was made under another `tf.distribute` strategy or `keras.distribution` cannot serve here.
    """
    keras = load_keras()
    if keras.backend.backend() != "tensorflow":
        return keras.distribution.distribution()
    import tensorflow as tf

    return tf.distribute.get_strategy() if tf.distribute.has_strategy() else None
