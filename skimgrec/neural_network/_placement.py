"""Which devices a network is made for, and how many."""

from __future__ import annotations

from typing import Any

from skimgrec.neural_network._runtime import load_keras


def placement() -> Any:
    """Return what decides, at this moment, on which devices the variables of new networks lie.

    A network that was made under another `tf.distribute` strategy or `keras.distribution` cannot serve here.
    """
    keras = load_keras()
    if keras.backend.backend() != "tensorflow":
        return keras.distribution.distribution()
    import tensorflow as tf

    return tf.distribute.get_strategy() if tf.distribute.has_strategy() else None


def n_replicas() -> int:
    """Return how many equal parts a batch is divided into, one for each device or group of devices."""
    here = placement()
    if hasattr(here, "num_replicas_in_sync"):
        return int(here.num_replicas_in_sync)
    mesh, axis = getattr(here, "device_mesh", None), getattr(here, "batch_dim_name", None)
    return int(mesh.shape[mesh.axis_names.index(axis)]) if mesh is not None and axis in mesh.axis_names else 1
