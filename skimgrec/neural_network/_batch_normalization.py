"""Batch normalisation as one operation where TensorFlow has one, which halves the time of a normalised network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import keras
from keras import ops

# Kinds of numbers that TensorFlow's operation takes.
_FUSED = ("float32", "float16", "bfloat16")


@keras.saving.register_keras_serializable(package="skimgrec")
class BatchNormalization(keras.layers.BatchNormalization):
    """Keras's layer, with the same numbers to rounding; the channels come last.

    Keras spells out mean, variance and scaling one by one, and TensorFlow goes through memory for each of them. Its
    fused operation goes twice. Other backends fuse by themselves what Keras spells out, and are left to it.

    Parameters
    ----------
    **settings
        Those of `keras.layers.BatchNormalization`, but for `axis`, `center`, `scale` and `synchronized`.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Return the inputs of shape (n, h, w, c) or (n, c), normalised."""
        dtype = keras.backend.standardize_dtype(inputs.dtype)
        fused = keras.backend.backend() == "tensorflow" and len(inputs.shape) == 4 and dtype in _FUSED
        if mask is not None or not fused:
            return super().call(inputs, training=training, mask=mask)
        from tensorflow.compat.v1.nn import fused_batch_norm

        scale, offset = (ops.convert_to_tensor(variable) for variable in (self.gamma, self.beta))
        if not (training and self.trainable):
            mean, variance = (ops.convert_to_tensor(part) for part in (self.moving_mean, self.moving_variance))
            return fused_batch_norm(inputs, scale, offset, mean, variance, self.epsilon, is_training=False)[0]
        outputs, mean, variance = fused_batch_norm(inputs, scale, offset, epsilon=self.epsilon, is_training=True)
        # TensorFlow's is the estimate of the population's variance, Keras's that of the batch.
        n = ops.cast(ops.prod(ops.shape(inputs)[:-1]), variance.dtype)
        variance = variance * (n - 1) / n
        for moving, new in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + new * (1 - self.momentum))
        return outputs


_kind: ContextVar[type[keras.layers.BatchNormalization]] = ContextVar("_kind", default=BatchNormalization)


def normalization(**settings: Any) -> keras.Layer:
    """Return a new layer that normalises: one of ours, or of Keras's own within `keras_own_layers`."""
    return _kind.get()(**settings)


@contextmanager
def keras_own_layers() -> Iterator[None]:
    """Let Keras's own layers normalise in models built here: they are saved and loaded without this package."""
    token = _kind.set(keras.layers.BatchNormalization)
    try:
        yield
    finally:
        _kind.reset(token)
